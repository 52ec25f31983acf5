"""Series as arrays: counters to rates, buckets to quantiles, values onto a grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Sequence[float | None] | Sequence[float] | Array

GAP_SPANS = 3.0
"""A rate reaches back over a hole in the data at most this many times its own span."""


def as_array(values: Values) -> Array:
    """Return float64; None and infinities become NaN."""
    array = np.array(values, dtype=np.float64)
    array[~np.isfinite(array)] = np.nan
    return array


def ordered(times: Values, values: Values) -> tuple[Array, Array]:
    """
    Return the usable points of a series in rising time: what is not a number is left out, of points at the same
    time the first stays.

    Raises: ValueError: the lengths differ.
    """
    t, v = as_array(times), as_array(values)
    if t.shape != v.shape:
        raise ValueError(f"{t.size} times and {v.size} values")
    usable = np.isfinite(t) & np.isfinite(v)
    t, v = t[usable], v[usable]
    _, first = np.unique(t, return_index=True)
    return t[first], v[first]


def rolling_median(values: Array, width: int = 3) -> Array:
    """
    Smooth with a centred median; single outliers vanish, steps stay where they are.

    Args:
        values: (n,), NaN ignored.
        width: odd, at most n; the ends use the values mirrored, so an outlier there vanishes too.

    Returns: (n,), NaN where the input is NaN.
    """
    if width < 3 or values.size < width:
        return values.copy()
    half = width // 2
    padded = np.pad(values, half, mode="reflect")
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    count = np.isfinite(windows).sum(axis=1)
    rows = np.arange(values.size)
    last = np.maximum(count - 1, 0)
    smooth: Array = (windows[rows, last // 2] + windows[rows, (last + 1) // 2]) / 2
    smooth[~np.isfinite(values)] = np.nan
    return smooth


def unreset(counts: Array) -> Array:
    """
    Make a counter rise for ever: after a drop it goes on from where it was, plus its new value.

    Args:
        counts: (n,) or (n, k), rising time; NaN (not seen) repeats the last value seen.

    Returns: the same shape, never falling; NaN before the first value.
    """
    if not counts.size:
        return counts.copy()
    column = counts.reshape(counts.shape[0], -1)
    seen = np.isfinite(column)
    rows = np.where(seen, np.arange(column.shape[0])[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)
    filled = np.where(last >= 0, np.take_along_axis(column, np.maximum(last, 0), axis=0), np.nan)
    step = np.diff(filled, axis=0)
    step = np.where(step < 0, filled[1:], step)
    step = np.maximum(np.where(np.isfinite(step), step, 0.0), 0.0)
    risen = np.concatenate([np.zeros((1, column.shape[1])), np.cumsum(step, axis=0)])
    base = column[seen.argmax(axis=0), np.arange(column.shape[1])]
    return np.where(last >= 0, risen + base, np.nan).reshape(counts.shape)


def spans(times: Array, span_s: float) -> tuple[Array, NDArray[np.int64]]:
    """
    Pair each time with the one it is compared to: the earliest at most `span_s` before it, else the one just before.

    Args:
        times: (n,) seconds, rising.

    Returns: (n,) seconds between the pair, NaN where there is no partner; (n,) index of the partner.
    """
    here = np.arange(times.size)
    earliest = np.searchsorted(times, times - span_s * (1 + 1e-9), side="left")
    partner = np.where(earliest < here, earliest, here - 1)
    known = partner >= 0
    partner = np.maximum(partner, 0)
    apart = np.where(known, times - times[partner], np.nan) if times.size else times.copy()
    apart[~(apart > 0) | (apart > GAP_SPANS * span_s)] = np.nan
    return apart, partner


def increases(times: Array, counts: Array, span_s: float) -> Array:
    """
    How much a counter rose over the `span_s` before each time.

    Args:
        times: (n,) seconds, rising.
        counts: (n,) or (n, k); resets are handled, NaN is "not seen".

    Returns: the shape of `counts`, never negative; NaN where there is nothing to compare to.
    """
    apart, partner = spans(times, span_s)
    risen = unreset(counts)
    if not times.size:
        return risen
    known = np.isfinite(apart)
    rise = risen - risen[partner]
    return np.where(known if counts.ndim == 1 else known[:, None], np.maximum(rise, 0.0), np.nan)


def rates(times: Array, counts: Array, span_s: float) -> Array:
    """
    Turn a counter into a rate per second over the `span_s` before each time.

    Returns: the shape of `counts`, 1/s, never negative; NaN where there is nothing to compare to.
    """
    apart, _ = spans(times, span_s)
    rise = increases(times, counts, span_s)
    return rise / (apart if counts.ndim == 1 else apart[:, None])


def quantiles(bounds: Array, counts: Array, level: float) -> Array:
    """
    Estimate a quantile from cumulative histogram buckets, linear within a bucket.

    Args:
        bounds: (k,) upper bounds, rising, the last one infinite.
        counts: (n, k) observations at or below each bound.
        level: in (0, 1).

    Returns: (n,), NaN where nothing was observed; the highest finite bound when the quantile lies above it.
    Source: Prometheus, `histogram_quantile`.
    """
    if bounds.size < 2 or not counts.size:
        return np.full(counts.shape[0], np.nan)
    below = np.maximum.accumulate(np.nan_to_num(counts), axis=1)
    total = below[:, -1]
    rank = level * total
    at = np.minimum((below < rank[:, None]).sum(axis=1), bounds.size - 1)
    rows = np.arange(counts.shape[0])
    lower = np.where(at > 0, bounds[np.maximum(at - 1, 0)], np.minimum(0.0, bounds[0]))
    under = np.where(at > 0, below[rows, np.maximum(at - 1, 0)], 0.0)
    inside = below[rows, at] - under
    share = np.divide(rank - under, inside, out=np.ones_like(rank), where=inside > 0)
    upper = np.where(np.isfinite(bounds[at]), bounds[at], lower)
    return np.where(total > 0, lower + (upper - lower) * share, np.nan)


def aligned(times: Values, values: Values, grid: Array, *, max_age_s: float) -> Array:
    """
    Read a series at other times: the newest value not older than `max_age_s`.

    Args:
        grid: (m,) seconds, rising.

    Returns: (m,), NaN where there is none.
    """
    t, v = ordered(times, values)
    if not t.size:
        return np.full(grid.shape, np.nan)
    newest = np.searchsorted(t, grid, side="right") - 1
    at = np.maximum(newest, 0)
    return np.where((newest >= 0) & (grid - t[at] <= max_age_s), v[at], np.nan)


def spread(count: int, most: int) -> list[int]:
    """
    Pick `most` of `count` (>= `most`) positions evenly, one in each of as many equal parts.

    The place within the part moves with the golden ratio, so that lines which come at a fixed beat are neither all
    picked nor all missed.
    """
    edges = [i * count // most for i in range(most + 1)]
    return [low + int((high - low) * (i * 0.6180339887498949 % 1)) for i, (low, high) in enumerate(pairwise(edges))]
