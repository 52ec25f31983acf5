"""Lengths of time as people read them."""

from __future__ import annotations

SECONDS = (1.0, 60.0, 3600.0, 86_400.0)
NAMES = ("second", "minute", "hour", "day")
UPTO_S = (90.0, 5_400.0, 129_600.0)
"""Seconds are used below the first, minutes below the second (90 min), hours below the third (36 h), else days."""


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it: `76 minutes`, `1 hour`, `2.5 days`."""
    unit = _unit(seconds)
    number = _number(seconds / SECONDS[unit])
    return f"{number} {NAMES[unit]}{'' if number == '1' else 's'}"


def between(low: float, high: float | None, value: float) -> str:
    """Two lengths of time in the unit of a value between them, so that the three can be compared at a glance."""
    unit = SECONDS[_unit(value)]
    return f"{_number(low / unit)} or more" if high is None else f"{_number(low / unit)} to {_number(high / unit)}"


def _unit(seconds: float) -> int:
    return sum(seconds >= bound for bound in UPTO_S)


def _number(value: float) -> str:
    """Whole from 10 on, one decimal below, two below 1."""
    if value >= 9.95:
        return f"{value:.0f}"
    text = f"{value:.1f}" if value >= 0.95 else f"{value:.2g}"
    return text.removesuffix(".0")
