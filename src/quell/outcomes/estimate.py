"""A figure with what it rests on, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value and its interval; without enough to go on, neither, and a word why."""

    value: float | None
    """In `unit`; None when too little is known."""
    low: float | None
    """Interval at `level`; None where there is none."""
    high: float | None
    """None with a number in `low`: no upper bound is known, as too many incidents are still open."""
    unit: str
    """`s`, `share`, `ratio`, `incidents`, or a currency."""
    n: int
    """Observations that it rests on, open ones left out."""
    open: int = 0
    """Incidents still open that it took into account as lasting at least so long."""
    level: float = 0.95
    method: str
    """Key of the method's definition: `median_order_statistics`."""
    says: str = ""
    """Why there is no value or interval, or what limits it; empty when nothing does."""
