"""The line through 90 days of incidents: the 7-day geometric mean with a band. Drawn, never tested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
from scipy import special

from quell.outcomes.survival import Array, Durations
from quell.outcomes.timeline import DAY_S, Timeline
from quell.outcomes.trend import expected_log

Days = npt.NDArray[np.int64]

DAYS = 90
SPAN_DAYS = 7
FEWEST = 6
"""Incidents in the span, below which there is no point of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingDay:
    """A point of the line: the days up to this one, it included."""

    day: date
    """UTC."""
    value_s: float | None
    """Geometric mean; None with fewer than 6 incidents in the span."""
    low_s: float | None
    high_s: float | None
    n: int
    """Incidents that began in the span, open ones among them."""
    open: int


def rolling(
    timeline: Timeline, *, as_of: datetime, days: int = DAYS, span_days: int = SPAN_DAYS, level: float = 0.95
) -> tuple[RollingDay, ...]:
    """
    Return a point for each of so many days, the day of `as_of` last.

    An open incident counts as long as those that lasted longer than it, on average, and the band reaches from what it
    would be if they all ended now to what it would be if they all lasted as long as the longest: otherwise the line
    would bend down at its end, where the long incidents are still open.
    """
    known = timeline.known_at(as_of)
    last = as_of.astimezone(UTC).date()
    first = last - timedelta(days=days + span_days - 2)
    start_s = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    from_here = int(np.searchsorted(known.began_s, start_s))
    began, ended = known.began_s[from_here:], known.ended_s[from_here:]
    over = np.isfinite(ended)
    lasted = np.where(over, ended, as_of.timestamp()) - began
    day = ((began - start_s) // DAY_S).astype(np.int64)
    rows = days + span_days - 1
    count = _sums(day, np.ones(day.size), rows, span_days)
    still = _sums(day, (~over).astype(float), rows, span_days)
    least, middle, most = _fills(lasted, over)
    low, _ = _band(least, day, count, rows, span_days, level)
    _, high = _band(most, day, count, rows, span_days, level)
    value = _sums(day, middle, rows, span_days) / np.maximum(count, 1.0)
    return tuple(
        _day(first + timedelta(days=span_days - 1 + i), count[i], still[i], low[i], value[i], high[i])
        for i in range(days)
    )


def _fills(lasted: Array, over: npt.NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Logs of seconds, with the open ones as short as they can be, as expected, and as long as the longest."""
    so_far = np.log(np.maximum(lasted, 1e-3))
    if over.all():
        return so_far, so_far, so_far
    table = Durations(ended_s=lasted[over], open_s=lasted[~over]).table()
    middle, most = so_far.copy(), so_far.copy()
    middle[~over] = expected_log(table, lasted[~over])
    most[~over] = np.log(table.at_s[-1])
    return so_far, middle, most


def _band(logs: Array, day: Days, count: Array, rows: int, span_days: int, level: float) -> tuple[Array, Array]:
    centre = logs.mean() if logs.size else 0.0
    away = logs - centre
    n = np.maximum(count, 2.0)
    mean = _sums(day, away, rows, span_days) / n
    square = _sums(day, away**2, rows, span_days) / n
    error = np.sqrt(np.maximum(square - mean**2, 0.0) / (n - 1))
    reach = special.stdtrit(n - 1, (1.0 + level) / 2.0) * error
    return centre + mean - reach, centre + mean + reach


def _sums(day: Days, value: Array, rows: int, span_days: int) -> Array:
    """Sums over the span that ends on each day."""
    return np.asarray(np.convolve(np.bincount(day, value, rows), np.ones(span_days), mode="valid"))


def _day(day: date, n: float, still: float, low: float, value: float, high: float) -> RollingDay:
    count, waiting = round(n), round(still)
    if count < FEWEST:
        return RollingDay(day=day, value_s=None, low_s=None, high_s=None, n=count, open=waiting)
    low, value, high = (float(np.exp(each)) for each in (min(low, value), value, max(high, value)))
    return RollingDay(day=day, value_s=value, low_s=low, high_s=high, n=count, open=waiting)
