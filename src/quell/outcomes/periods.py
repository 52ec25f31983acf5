"""
How much one stretch of time differs from another when nothing was changed.

An earlier period is no twin of this one: other releases, other traffic, other faults. Its typical duration differs by a
random factor, whose width is learnt from past periods as far as there are any; before that it is the prior's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quell.outcomes.survival import Array, Durations
from quell.outcomes.times import FEWEST, log_moments

PRIOR_SD = 0.3
"""Scale of the half-normal prior of the spread, in logs: typical durations of two periods differ by a factor
of 1.3 or so. For 28-day periods of four years of GitHub's public incidents it is 0.23 beyond chance."""
LARGEST_SD = 1.5
GRID = 301


def spread(past: Sequence[Durations]) -> tuple[Array, Array]:
    """
    Return the standard deviation of period effects, in logs, as points and their probabilities.

    The likelihood is that of the periods' mean logs, normal around a common mean that has a flat prior: the
    random-effects model of Gelman (2006), Prior distributions for variance parameters, with his half-normal prior.

    Args:
        past: durations of past periods before anything was changed; those with fewer than 6 resolved say nothing.
    """
    sigma = np.linspace(0.0, LARGEST_SD, GRID)
    likelihood = -((sigma / PRIOR_SD) ** 2) / 2.0
    seen = [log_moments(one.table())[0] for one in past if one.ended_s.size >= FEWEST]
    if len(seen) >= 2:
        mean = np.array([one.mean for one in seen])
        variance = np.maximum(np.array([one.error for one in seen]), 1e-3) ** 2 + sigma[:, None] ** 2
        weight = 1.0 / variance
        total = weight.sum(axis=1)
        middle = (weight * mean).sum(axis=1) / total
        likelihood = likelihood - (np.log(variance).sum(axis=1) + np.log(total)) / 2.0
        likelihood = likelihood - (weight * (mean - middle[:, None]) ** 2).sum(axis=1) / 2.0
    mass = np.exp(likelihood - likelihood.max())
    return sigma, mass / mass.sum()


def effect(past: Sequence[Durations], count: int, rng: np.random.Generator) -> Array:
    """
    Draw the log factor between this period and the mean of `len(past)` earlier ones (at least one).

    Returns: (count,) logs, around zero.
    """
    sigma, mass = spread(past)
    chosen = rng.choice(sigma, size=count, p=mass)
    return np.asarray(chosen * np.sqrt(1.0 + 1.0 / max(len(past), 1)) * rng.standard_normal(count))
