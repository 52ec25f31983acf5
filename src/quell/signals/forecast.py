"""When a series will reach a limit if it goes on as it does now."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from quell.signals.series import Array, Values, ordered

TOO_FEW = 8
"""Fewer points than this have no trend."""

MOST_POINTS = 300
"""A longer series is thinned evenly to this many points: the trend is over all pairs of points."""

STEADY = 1e-12

WALK = 0.6
"""Noise whose neighbours are correlated by more than this may be a walk that never returns to the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Seconds from `now` until the limit is reached."""

    in_s: float
    """0 when already there."""
    low_s: float
    high_s: float | None
    """None: there is no upper bound, the trend may be none."""
    method: str
    """In words, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through the recent part of a series, with what is not known about it."""

    slope: float
    """Per second."""
    level: float
    """At the middle of its points."""
    middle_s: float
    noise: float
    """Standard deviation of a point about the line."""
    independent: float
    """How many independent points the correlated ones are worth, >= 3."""
    wander: float
    """Standard deviation of a walk's steps, per square root of a second; 0 when the noise returns to the line."""
    newest_s: float
    newest: float
    spread: float
    """Standard deviation of the times of its points, s."""
    lasts_s: float
    points: int


def time_to(
    times: Values,
    values: Values,
    limit: float,
    *,
    level: float = 0.9,
    now: float,
    horizon_s: float,
    direction: str = "above",
) -> Outlook | None:
    """
    Forecast when a series reaches a limit, from the trend of its most recent straight part.

    Args:
        times: (n,) Unix seconds; any order, gaps allowed.
        values: (n,); what is not a number is left out.
        limit: in the unit of the values.
        level: probability that the limit is reached within [low_s, high_s], in (0, 1).
        now: Unix seconds; what the answer counts from.
        horizon_s: a later time than this is not forecast.
        direction: `above` when growing is what hurts, `below` when shrinking is.

    Returns: None when it has fewer than 8 points, is not heading there, or not within the horizon; zeros when it is
        there already. Low <= in <= high.
    Source: Theil (1950) and Sen (1968) for the slope; Fieller (1954) for the interval of a ratio; the number of
        independent points of correlated noise after Bayley and Hammersley (1946).
    """
    t, v = ordered(times, values)
    if t.size < TOO_FEW:
        return None
    if direction == "below":
        v, limit = -v, -limit
    if float(np.median(v[-3:])) >= limit:
        return Outlook(in_s=0.0, low_s=0.0, high_s=0.0, method="already there")
    trend = recent_trend(t, v)
    if trend.slope <= STEADY:
        return None
    at = trend.middle_s + (limit - trend.level) / trend.slope
    low, high = _interval(trend, limit, level)
    in_s = max(at - now, 0.0)
    if in_s > horizon_s:
        return None
    low_s = min(max(low - now, 0.0), in_s)
    high_s = None if high is None else max(high - now, in_s)
    return Outlook(in_s=in_s, low_s=low_s, high_s=high_s, method=_method(trend, level))


def recent_trend(t: Array, v: Array) -> Trend:
    """
    Fit a line to the last straight part of a series.

    Args:
        t: (n,) seconds, rising, n >= 8.
        v: (n,) finite.
    """
    if t.size > MOST_POINTS:
        keep = np.unique(np.linspace(0, t.size - 1, MOST_POINTS).round().astype(np.int64))
        t, v = t[keep], v[keep]
    begin = _last_bend(t, v)
    t, v = t[begin:], v[begin:]
    slope = _theil_sen(t, v)
    middle = float(t.mean())
    level = float(np.median(v - slope * (t - middle)))
    residuals = v - level - slope * (t - middle)
    noise = max(1.4826 * float(np.median(np.abs(residuals))), float(np.sqrt(residuals @ residuals / (t.size - 2))))
    correlation = _correlation(residuals)
    steps = (np.diff(v) - slope * np.diff(t)) / np.sqrt(np.diff(t))
    return Trend(
        slope=slope,
        level=level,
        middle_s=middle,
        noise=noise,
        independent=max(3.0, t.size * (1 - correlation) / (1 + correlation)),
        wander=float(steps.std()) if correlation > WALK else 0.0,
        newest_s=float(t[-1]),
        newest=float(np.median(v[-3:])),
        spread=float(t.std()),
        lasts_s=float(t[-1] - t[0]),
        points=int(t.size),
    )


def _theil_sen(t: Array, v: Array) -> float:
    """Return the median slope over all pairs of points."""
    i, j = np.triu_indices(t.size, k=1)
    return float(np.median((v[j] - v[i]) / (t[j] - t[i])))


def _last_bend(t: Array, v: Array) -> int:
    """
    Return the index where the last straight part begins: 0, or where a line that bends there explains the points
    so much better that the two more parameters are paid for (Bayesian information criterion, with correlated noise
    counted as fewer points).
    """
    n, least = t.size, max(TOO_FEW, t.size // 10)
    if n < 2 * least:
        return 0
    x = (t - t[0]) / max(float(t[-1] - t[0]), 1e-9)
    straight = np.stack([np.ones(n), x], axis=1)
    whole, residuals = _squares(straight, v)
    worth = _independent(residuals) if whole > 0 else float(n)
    best, at = whole, 0
    for k in np.unique(np.linspace(least, n - least, 40).astype(np.int64)):
        after = x >= x[k]
        bent = np.stack([np.ones(n), x, np.maximum(x - x[k], 0.0), after.astype(np.float64)], axis=1)
        squares, left = _squares(bent, v)
        if squares < best:
            best, at, worth = squares, int(k), _independent(left)
    floor = 1e-18 * float(v @ v) + 1e-300
    gain = max(worth, TOO_FEW) * float(np.log((whole + floor) / (best + floor)))
    return at if gain > 3 * float(np.log(n)) else 0


def _squares(design: Array, v: Array) -> tuple[float, Array]:
    """Return the sum of squared residuals of a least-squares fit, and the residuals."""
    weights, *_ = np.linalg.lstsq(design, v, rcond=None)
    residuals = v - design @ weights
    return float(residuals @ residuals), residuals


def _correlation(residuals: Array) -> float:
    """
    Return the correlation of neighbouring residuals, in [0, 0.99], with the bias that fitting a line brings undone.

    Source: Kendall (1954), Note on bias in the estimation of autocorrelation; (2 + 4 rho) / n with a trend.
    """
    square = float(residuals @ residuals)
    if square <= 0:
        return 0.0
    rho = float(residuals[1:] @ residuals[:-1]) / square
    return min(max(rho + (2 + 4 * max(rho, 0.0)) / residuals.size, 0.0), 0.99) if rho > 0 else 0.0


def _independent(residuals: Array) -> float:
    """Return how many independent points correlated ones are worth, in [3, n]."""
    rho = _correlation(residuals)
    return max(3.0, residuals.size * (1 - rho) / (1 + rho))


def _interval(trend: Trend, limit: float, level: float) -> tuple[float, float | None]:
    """
    Return the earliest and latest time at which the limit lies within the band of the trend.

    The band at distance d from the middle is  level + slope d +- q noise sqrt(1 + 1/n + (d / spread)^2 / n). Where
    the values may wander off the line for good it is also  newest + slope d +- q wander sqrt(d + d^2 / lasts)  from
    the newest point on, and the wider of both counts.
    """
    q = _student(0.5 + level / 2, max(trend.independent - 2, 1.0))
    n = trend.independent
    variance = (q * trend.noise) ** 2 * n / max(n - 2, 1.0)
    low, high = _within(
        limit - trend.level, trend.slope, variance * (1 + 1 / n), 0.0, variance / (n * max(trend.spread, 1e-9) ** 2)
    )
    earliest, latest = trend.middle_s + low, None if high is None else trend.middle_s + high
    if trend.wander > 0:
        variance = (NormalDist().inv_cdf(0.5 + level / 2) * trend.wander) ** 2
        low, high = _within(limit - trend.newest, trend.slope, 0.0, variance, variance / max(trend.lasts_s, 1e-9))
        earliest = min(earliest, trend.newest_s + low)
        latest = None if latest is None or high is None else max(latest, trend.newest_s + high)
    return earliest, latest


def _within(gap: float, slope: float, fixed: float, linear: float, square: float) -> tuple[float, float | None]:
    """
    Solve  (gap - slope d)^2 <= fixed + linear d + square d^2  for d.

    Returns: the ends; no upper one when the left side never wins again, no finite lower one when it holds at once.
    """
    a, b, c = slope**2 - square, -2 * gap * slope - linear, gap**2 - fixed
    root = float(np.sqrt(max(b * b - 4 * a * c, 0.0)))
    # The smaller root in the form that stays exact as the slope's interval touches zero.
    low = -float(np.inf) if c <= 0 else 2 * c / (root - b)
    return low, None if a <= 0 else (root - b) / (2 * a)


def _student(probability: float, degrees: float) -> float:
    """
    Return a quantile of Student's t.

    Source: Cornish and Fisher expansion, Abramowitz and Stegun (1964), 26.7.5; exact for 1 and 2 degrees of freedom.
    """
    if degrees < 1.5:
        return float(np.tan(np.pi * (probability - 0.5)))
    if degrees < 2.5:
        return (2 * probability - 1) * float(np.sqrt(2 / (4 * probability * (1 - probability))))
    z = NormalDist().inv_cdf(probability)
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    )


def _method(trend: Trend, level: float) -> str:
    return (
        f"straight line through the last {trend.points} points (median of all pairwise slopes), "
        f"{level:.0%} prediction band for correlated noise"
    )
