"""What a fault is: how it begins, how one can tell that it was mended, and that its end always undoes it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from quell_lab.operations import Operations
from quell_lab.supervisor import Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a fault works with."""

    supervisor: Supervisor
    operations: Operations
    rng: random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A fault that is in place."""

    mended: Callable[[], bool] | None
    """Whether someone ended its cause; None: there is nothing to mend."""


Inject = Callable[[Scene, str], AbstractAsyncContextManager[Break]]
"""Breaks a service for the length of a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way for the shop to break, and the truth about it."""

    name: str
    services: tuple[str, ...]
    """Which can be its victim."""
    cause: str | None
    """A word of `quell.incident.events.Cause`; None when nothing is wrong."""
    actions: tuple[str, ...]
    """What mends it; any of these."""
    inject: Inject
