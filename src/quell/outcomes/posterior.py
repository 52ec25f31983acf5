"""Posterior distributions as points, made without chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quell.outcomes.survival import Array

DRAWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """A distribution on points."""

    value: Array
    """(k,) rising."""
    upto: Array
    """(k,) probability of lying below each, and half of its own."""

    def at(self, share: float | Array) -> Array:
        """Its quantiles."""
        return np.asarray(np.interp(share, self.upto, self.value))

    def central(self, level: float) -> tuple[float, float]:
        """The interval that leaves as much out below as above."""
        low, high = self.at(np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0]))
        return float(low), float(high)


def posterior_of(value: Array, mass: Array | None = None) -> Posterior:
    """
    Args:
        value: (k,) points in any order.
        mass: (k,) of each, in any unit; None: all alike.
    """
    order = np.argsort(value)
    weight = np.ones(value.size) if mass is None else mass[order]
    upto = np.cumsum(weight)
    return Posterior(value=value[order], upto=(upto - weight / 2) / upto[-1])


def spread_points(dimensions: int, count: int = DRAWS) -> Array:
    """
    (count, dimensions) points that fill the unit cube evenly: draws without chance.

    Source: Roberts (2018), The Unreasonable Effectiveness of Quasirandom Sequences (generalised golden ratio).
    """
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1.0)
    return np.asarray((0.5 + np.arange(1.0, count + 1.0)[:, None] * steps) % 1.0)
