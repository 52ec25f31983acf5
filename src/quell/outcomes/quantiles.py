"""
Medians and percentiles, with intervals that hold whatever the shape of the durations.

With no incident open it is the interpolated order-statistics interval of Hettmansperger and Sheather (1986),
in Nyblom's (1992) form for any percentile. The chance that the k-th shortest of n lies beyond the percentile
is that a Beta(n - k + 1, k) lies below one minus it. With open incidents that Beta becomes a product of one
Beta(at risk, 1) for each incident that ended, matched by its first two moments (Fay, Brittain and Proschan 2013), and
the interpolation stays: one method, which does not jump when the first incident opens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from quell.outcomes.survival import Array, LifeTable

GAP = 0.5
"""A hole in the data wider than this share of the interval is not interpolated into, but taken in whole: nothing is
known of where in it the percentile lies (incidents mended in minutes or in hours, and none between)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """Seconds; None where the data do not reach so far."""

    value: float | None
    low: float | None
    """None: there is no lower bound but zero."""
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Steps:
    """One row for each time at which an incident ended."""

    at_s: Array
    first: Array
    """Chance that the percentile lies before the first of those that ended at this time."""
    last: Array
    """The same, of the last of them."""
    survival: Array
    """Kaplan-Meier, after this time."""


def quantile(table: LifeTable, share: float, level: float) -> Quantile:
    """
    Args:
        table: at least one ended.
        share: of incidents that are over by then: 0.5 is the median.
        level: coverage of the interval, in (0, 1).
    """
    steps = _steps(table, share)
    alpha = (1.0 - level) / 2.0
    lower = _lower(steps, share, alpha)
    upper = _upper(steps, share, alpha)
    whole = np.log(upper[0] / lower[0]) if lower and upper else np.inf
    return Quantile(
        value=_value(steps, share),
        low=None if lower is None else _inward(*lower, whole=whole),
        high=None if upper is None else _inward(*upper, whole=whole),
    )


def _steps(table: LifeTable, share: float) -> _Steps:
    some = table.ended > 0
    risk, ended = table.at_risk()[some], table.ended[some]
    # Of the product of Betas up to each time: logarithms of its mean and of its mean square.
    mean = np.cumsum(np.log((risk - ended + 1) / (risk + 1)))
    square = np.cumsum(np.log((risk - ended + 1) * (risk - ended + 2) / ((risk + 1) * (risk + 2))))
    mean_before, square_before = np.append(0.0, mean[:-1]), np.append(0.0, square[:-1])
    return _Steps(
        at_s=table.at_s[some],
        first=_below(
            mean_before + np.log(risk / (risk + 1)),
            square_before + np.log(risk / (risk + 2)),
            1.0 - share,
        ),
        last=_below(mean, square, 1.0 - share),
        survival=table.survival()[some],
    )


def _below(log_mean: Array, log_square: Array, bound: float) -> Array:
    """Chance that the Beta with these moments lies below a bound."""
    mean, square = np.exp(log_mean), np.exp(log_square)
    variance = np.maximum(square - mean**2, 1e-300)
    size = np.maximum(mean - square, 1e-300) / variance
    return np.asarray(special.betainc(size * mean, size * (1.0 - mean), bound))


def _value(steps: _Steps, share: float) -> float | None:
    """The middle between two times when the curve is level exactly there, as a median of an even number is."""
    left = 1.0 - share
    close = 1e-9
    reached = np.flatnonzero(steps.survival <= left + close)
    if reached.size == 0:
        return None
    at = int(reached[0])
    if steps.survival[at] < left - close:
        return float(steps.at_s[at])
    return float(steps.at_s[at] + steps.at_s[at + 1]) / 2.0 if at + 1 < steps.at_s.size else float(steps.at_s[at])


def _lower(steps: _Steps, share: float, alpha: float) -> tuple[float, float, float] | None:
    """The outer and the inner time, and how far to go from the one to the other."""
    over = np.flatnonzero(steps.first > alpha)
    if over.size == 0:
        return float(steps.at_s[-1]), float(steps.at_s[-1]), 0.0
    inner = int(over[0])
    if inner == 0:
        return None
    outer = inner - 1
    if steps.last[outer] > alpha:  # among those that ended at the same time
        return float(steps.at_s[outer]), float(steps.at_s[outer]), 0.0
    part = (alpha - steps.last[outer]) / (steps.first[inner] - steps.last[outer])
    ended = 1.0 - float(steps.survival[outer])
    return float(steps.at_s[outer]), float(steps.at_s[inner]), _nyblom(part, ended / share, (1 - ended) / (1 - share))


def _upper(steps: _Steps, share: float, alpha: float) -> tuple[float, float, float] | None:
    beyond = 1.0 - alpha
    over = np.flatnonzero(steps.last >= beyond)
    if over.size == 0:
        return None
    outer = int(over[0])
    if steps.first[outer] < beyond or outer == 0:
        return float(steps.at_s[outer]), float(steps.at_s[outer]), 0.0
    inner = outer - 1
    part = (steps.first[outer] - beyond) / (steps.first[outer] - steps.last[inner])
    left = float(steps.survival[inner])
    return float(steps.at_s[outer]), float(steps.at_s[inner]), _nyblom(part, left / (1 - share), (1 - left) / share)


def _nyblom(part: float, outside: float, inside: float) -> float:
    """
    Args:
        part: how far the wanted chance lies from the outer one's to the inner one's.
        outside, inside: shares of the incidents on the two sides of the outer one, over those of the percentile.
    """
    if part <= 0.0:
        return 0.0
    return float(1.0 / (1.0 + outside * (1.0 - part) / (inside * part))) if inside > 0 else 0.0


def _inward(outer_s: float, inner_s: float, part: float, *, whole: float) -> float:
    if outer_s == inner_s or abs(np.log(inner_s / outer_s)) > GAP * whole:
        return outer_s
    return float(outer_s * (inner_s / outer_s) ** part)
