"""How an event that an older Quell wrote becomes the event of today: one step for each schema number, over plain JSON.

An event's schema number begins at 1 and grows by one with each step here, so that a step cannot be forgotten. A step
is never changed once a Quell with it was released: logs hold what it reads for ever. A new field with a default needs
no step; a renamed or removed field, a changed unit or meaning, and a new value of an enumeration do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes an event's fields at one schema number and returns them at the next; pure, and it may change what it takes."""

UPCASTERS: dict[str, tuple[Upcaster, ...]] = {}
"""By wire name; the first step leads from schema 1 to 2."""
