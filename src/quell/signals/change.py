"""When a series left its normal range and stayed out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quell.signals.anomaly import Normal, outside
from quell.signals.series import Array, Values, ordered

LOOK_BACK = 30
"""How many points before the crossing the change itself may lie."""

LOOK_AHEAD = 30
"""How many points after the crossing are used to place the change."""

_SLOPE_STEPS = (0, 3, 6, 12)
"""How many steps a series may take to its new level: a rate over a window turns a step into a slope."""

_BOUND = 3.0
"""Residuals count in full up to this many scales, and linearly beyond (Huber)."""

_LIKELY = 3.84 / 2
"""Places whose log-likelihood is this close to the best cannot be told apart at 95 % (chi-square, 1 degree)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """The time of a change, give or take."""

    at_s: float
    """Unix seconds."""
    error_s: float
    """Half width of the stretch in which it may lie, > 0 unless there is one point only."""


def onset(
    times: Values, values: Values, normal: Normal, *, direction: str = "either", min_points: int = 3
) -> Onset | None:
    """
    Find when a series left its normal range and stayed out.

    Of several stretches out of range the one that still lasts at the end counts, else the one with the most excess.
    Stretches with fewer than `min_points` points between them are one. The change is then placed, before or after
    the crossing of the range, where a step or a bend (the better of both) explains the points best.

    Args:
        times: (n,) Unix seconds; any order, gaps allowed.
        values: (n,); what is not a number is left out.
        direction: `above`, `below` or `either`.
        min_points: a stretch out of range with fewer points out is an outlier, not an onset.

    Returns: None when it did not leave its range. The error comes from the step of sampling and from the noise.
    Source: Hinkley (1970), Inference about the change-point in a sequence of random variables.
    """
    t, v = ordered(times, values)
    run = _stretch(v, normal, direction, min_points)
    if run is None:
        return None
    begin, end = run
    first, last = max(0, begin - LOOK_BACK), min(end, begin + LOOK_AHEAD) + 1
    first = _after_earlier_stretch(v, normal, direction, first, begin, min_points)
    return _place(t[first:last], v[first:last], normal, begin - first)


def _stretch(values: Array, normal: Normal, direction: str, min_points: int) -> tuple[int, int] | None:
    """Return first and last index of the stretch that counts, or None."""
    out = np.flatnonzero(outside(values, normal, direction=direction))
    if not out.size:
        return None
    breaks = np.flatnonzero(np.diff(out) > min_points) + 1
    long_enough = [part for part in np.split(out, breaks) if part.size >= min_points]
    if not long_enough:
        return None
    newest = long_enough[-1]
    if newest[-1] < values.size - 1 - min_points:
        newest = max(long_enough, key=lambda part: float(np.abs(values[part] - normal.center).sum()))
    return int(newest[0]), int(newest[-1])


def _after_earlier_stretch(
    values: Array, normal: Normal, direction: str, first: int, begin: int, min_points: int
) -> int:
    """Return where to look from, so that an earlier stretch out of range does not pull the change to itself."""
    out = np.flatnonzero(outside(values[first:begin], normal, direction=direction))
    if out.size >= min_points:
        return min(first + int(out[-1]) + 1, begin)
    return first


def _place(t: Array, v: Array, normal: Normal, crossing: int) -> Onset:
    """Return the most likely place of the change: between the points `k - 1` and `k`."""
    step = float(np.median(np.diff(t))) if t.size > 1 else 0.0
    places = np.arange(min(crossing + 1, t.size - 1) + 1)
    starts = np.concatenate([[t[0] - step], t[:-1]])[places]
    cost = _costs(t, v, normal, crossing, starts, step)
    # Ties go to the crossing: with no evidence for another place the range itself is the yardstick.
    cost = cost + 1e-6 * np.abs(places - crossing)
    best = int(np.argmin(cost))
    likely = places[cost <= cost[best] + _LIKELY]
    early, late = float(starts[likely.min()]), float(t[likely.max()])
    at = (float(starts[best]) + float(t[best])) / 2
    return Onset(at_s=at, error_s=max(at - early, late - at, step / 2))


def _costs(t: Array, v: Array, normal: Normal, crossing: int, starts: Array, step: float) -> Array:
    """
    Return the negative log-likelihood of a change after each of the places.

    Args:
        t, v: (n,) the points around the crossing.
        starts: (k,) time of the last point before each place.

    Returns: (k,), the best over the shapes: slopes to a new level that take 0 to 12 steps, and a bend without end.
    """
    after = np.arange(t.size)[None, :] >= np.arange(starts.size)[:, None]
    noise = _noise(v[crossing:], normal)
    calm = _huber((v - normal.center) / normal.scale)[None, :]
    since = np.maximum(t[None, :] - starts[:, None], 0.0)
    rise = v - normal.center
    shapes = []
    for steps in _SLOPE_STEPS:
        level = float(np.median(rise[min(crossing + steps, rise.size - 1) :]))
        reached = np.minimum(since / (steps * step), 1.0) if steps and step > 0 else (since > 0).astype(np.float64)
        shapes.append(level * reached)
    square = np.where(after, since**2, 0.0).sum(axis=1)
    slope = np.where(after, since * rise, 0.0).sum(axis=1) / np.maximum(square, 1e-12)
    shapes.append(slope[:, None] * since)
    extra = after.sum(axis=1) * float(np.log(noise / normal.scale))
    costs = np.array([np.where(after, _huber((rise - shape) / noise), calm).sum(axis=1) for shape in shapes])
    return np.asarray(costs.min(axis=0) + extra)


def _huber(residuals: Array) -> Array:
    size = np.abs(residuals)
    return np.where(size <= _BOUND, 0.5 * size**2, _BOUND * (size - 0.5 * _BOUND))


def _noise(v: Array, normal: Normal) -> float:
    """Return the scale of the noise after a change, from the differences between neighbours."""
    if v.size < 3:
        return normal.scale
    return max(normal.scale, float(np.median(np.abs(np.diff(v)))) / 0.954)
