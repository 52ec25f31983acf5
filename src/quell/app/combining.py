"""Faults of settings, gathered: who mends one wants to see the others too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from quell.errors import ConfigError

T = TypeVar("T")


def all_of(makers: Iterable[Callable[[], T]]) -> list[T]:
    """Return what each makes. Raises: ConfigError: with every fault of all of them, each once."""
    made, faults = list[T](), dict[str, None]()
    for make in makers:
        try:
            made.append(make())
        except ConfigError as error:
            faults |= dict.fromkeys(error.faults)
    if faults:
        raise ConfigError(*faults)
    return made
