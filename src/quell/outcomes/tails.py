"""
The longest incidents: what they say of those that the sample has not shown.

A mean hangs on a few long incidents. Two things are read from the longest few (about root n): a Pareto
tail's posterior of the mean, which widens the interval to what may not have been seen yet; and, when the very longest
is still open, how much longer it is expected to last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from quell.outcomes import lognormal
from quell.outcomes.posterior import Posterior, posterior_of, spread_points
from quell.outcomes.survival import Array, LifeTable

FEWEST = 3
"""Ended above the threshold, for a tail of its own."""
WIDE, NARROW = 2.0, 1.0
"""The longest few are this times the root of n: for what may be unseen, and for how long the open ones last. By
simulation: fewer lose Pareto shapes, more take the quick kind of a mixture for the slow kind's tail."""
NOT_RULED_OUT = 0.05
"""Models of the tail with at least this weight bound the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Top:
    """What lies above a threshold."""

    edge: int
    """Row of the table that is the threshold."""
    edge_s: float
    ended: float
    open: float
    log_excess: float
    """Sum of log(duration / threshold), open ones as far as they have come."""
    excess_s: float


def _top(table: LifeTable, roots: float) -> _Top | None:
    """Above so short a time that about so many roots of n lie above it; None: too few, or they do not spread."""
    n = table.n_ended
    above = round(roots * np.sqrt(n)) if n >= 16 else n // 2
    down = np.cumsum(table.ended[::-1])[::-1]
    reach = np.flatnonzero(down > above)
    if reach.size == 0:
        return None
    edge = int(reach[-1])
    edge_s = float(table.at_s[edge])
    rows = slice(edge + 1, None)
    at_s, both = table.at_s[rows], (table.ended + table.open)[rows]
    top = _Top(
        edge=edge,
        edge_s=edge_s,
        ended=float(table.ended[rows].sum()),
        open=float(table.open[rows].sum()),
        log_excess=float((both * np.log(at_s / edge_s)).sum()),
        excess_s=float((both * (at_s - edge_s)).sum()),
    )
    return top if top.ended >= FEWEST and top.log_excess > 0 else None


def pareto_posterior(table: LifeTable, cap_s: float | None) -> Posterior | None:
    """
    What the data say of the capped mean if the longest incidents are only the nearest part of a Pareto tail.

    Above the threshold the log excess is exponential, so its rate has a gamma posterior; the share above has a Beta
    posterior; below the threshold the data speak for themselves. The excess beyond the cap counts: the tail does not
    end there.

    Returns: of seconds; without a cap, of the mean of the logarithms of seconds. None: too few, or the threshold is
        beyond the cap.
    Source: Hill (1975) for the tail.
    """
    top = _top(table, WIDE)
    if top is None or (cap_s is not None and top.edge_s >= cap_s):
        return None
    points = spread_points(3)
    rate = special.gammaincinv(top.ended, points[:, 0]) / top.log_excess
    n, above = table.n_ended, float(table.survival()[top.edge])
    share = special.betaincinv(above * n + 0.5, (1 - above) * n + 0.5, points[:, 1])
    value = np.log(table.at_s) if cap_s is None else table.at_s
    edge = float(value[top.edge])
    rest = 1.0 / rate if cap_s is None else _pareto_rest(rate, top.edge_s, cap_s)
    body, error = _body(table, value, top.edge)
    below = np.clip(body + error * special.ndtri(points[:, 2]), value[0], edge)
    return posterior_of((1.0 - share) * below + share * (edge + rest))


def _body(table: LifeTable, value: Array, edge: int) -> tuple[float, float]:
    """Mean value of those at or below the threshold, and its standard error."""
    rows = slice(edge + 1)
    mass = -np.diff(table.survival()[rows], prepend=1.0)
    mass = mass / mass.sum()
    mean = float((mass * value[rows]).sum())
    count = float(table.ended[rows].sum())
    return mean, float(np.sqrt((mass * (value[rows] - mean) ** 2).sum() / max(count - 1.0, 1.0)))


def _pareto_rest(shape: Array, age_s: float, cap_s: float) -> Array:
    """Mean of min(duration, cap) - age of Pareto durations above the age."""
    rise = 1.0 - shape
    reach = np.log(cap_s / age_s)
    near = np.abs(rise) < 1e-9
    return np.asarray(age_s * np.where(near, reach, np.expm1(rise * reach) / np.where(near, 1.0, rise)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How much more is expected of the longest incident, which is open: the least, what is likely, the most."""

    least: float
    likely: float
    most: float


NO_REST = Rest(least=0.0, likely=0.0, most=0.0)


def rest_of_log(table: LifeTable) -> Rest:
    """Of the logarithm of its seconds; none when the longest incident is over."""
    return _rest(table, None)


def rest_capped(table: LifeTable, cap_s: float) -> Rest:
    """Of its seconds, counted up to the cap."""
    return _rest(table, cap_s)


def _rest(table: LifeTable, cap_s: float | None) -> Rest:
    """
    A log-normal of all, and a Pareto and an exponential tail of the longest few, by how likely each makes those few.

    The weights are those of the Bayesian information criterion (Schwarz 1978).
    """
    age_s = float(table.at_s[-1])
    if table.open[-1] == 0 or (cap_s is not None and age_s >= cap_s):
        return NO_REST
    mu, sigma = lognormal.fit(lognormal.log_sample(table))
    top = _top(table, NARROW)
    rests = np.array([lognormal.rest(mu, sigma, age_s, cap_s)])
    weights = np.ones(1)
    if top is not None and sigma > 0:
        rate, mean_s = top.ended / top.log_excess, top.excess_s / top.ended
        rests = np.append(rests, [_pareto(rate, age_s, cap_s), _exponential(mean_s, age_s, cap_s)])
        likely = _likelihoods(table, top, mu, sigma, rate, mean_s)
        weights = np.exp(likely - likely.max())
        weights /= weights.sum()
    bound = rests[weights >= NOT_RULED_OUT]
    return Rest(least=0.0, likely=float((weights * rests).sum()), most=float(bound.max()))


def _likelihoods(table: LifeTable, top: _Top, mu: float, sigma: float, rate: float, mean_s: float) -> Array:
    """Log likelihoods of what lies above the threshold, given that it does; log-normal, Pareto, exponential."""
    rows = slice(top.edge + 1, None)
    at_s, ended, still = table.at_s[rows], table.ended[rows], table.open[rows]
    z, z_edge = (np.log(at_s) - mu) / sigma, (np.log(top.edge_s) - mu) / sigma
    density = -(z**2) / 2 - np.log(2 * np.pi) / 2 - np.log(sigma * at_s)
    normal = (ended * density + still * special.log_ndtr(-z)).sum() - (top.ended + top.open) * special.log_ndtr(-z_edge)
    pareto = top.ended * np.log(rate) - (ended * np.log(at_s)).sum() - rate * top.log_excess
    exponential = -top.ended * np.log(mean_s) - top.excess_s / mean_s
    penalty = np.log(top.ended) / 2
    return np.array([float(normal), float(pareto) - penalty, float(exponential) - penalty])


def _pareto(rate: float, age_s: float, cap_s: float | None) -> float:
    return 1.0 / rate if cap_s is None else float(_pareto_rest(np.array([rate]), age_s, cap_s)[0])


def _exponential(mean_s: float, age_s: float, cap_s: float | None) -> float:
    if cap_s is not None:
        return float(-mean_s * np.expm1(-(cap_s - age_s) / mean_s))
    ratio = age_s / mean_s
    # e^x E1(x), the mean of log(1 + rest / age); 1/x far out, where its factors leave the range of a float
    return float(np.exp(ratio) * special.exp1(ratio)) if ratio < 500 else 1.0 / ratio
