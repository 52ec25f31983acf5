"""Numbers of things in words."""

from __future__ import annotations


def say_count(count: int, one: str, many: str = "") -> str:
    """Return `1 alert`, `3 alerts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
