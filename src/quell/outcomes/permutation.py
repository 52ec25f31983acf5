"""
Would the difference be there if it were left to chance which window each incident fell into?

Labels are shuffled within strata, so a change in the mix of strata is not taken for a change of their durations.
Drawing stops as soon as the answer is clear (Besag and Clifford 1991), and the p value is valid wherever it stops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy import special

from quell.outcomes.survival import Array

ENOUGH_BEYOND = 25
"""Draws at least as extreme as what was seen, after which no more are needed: p is then known to a fifth of itself."""
MOST_DRAWS = 4_999
"""At p = 0.005 so many hold 25 that are as extreme: the two bounds meet there."""
MOST_VALUES = 1_000
"""Beyond so many values the shuffled sum is as good as normal (Hoeffding 1951), and nothing is drawn."""
MOST_EXACT = 5_000
"""Ways to choose that are gone through one by one."""
BLOCK = 250
CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """One stratum: the values of both windows."""

    before: Array
    after: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Centred:
    """Values around the mean of their stratum, and how many to choose."""

    value: Array
    choose: int
    sign: float
    """-1 when those before are chosen, as they are fewer; the sums of the two are opposite."""


def two_sided(groups: Sequence[Group], rng: np.random.Generator) -> float:
    """
    Return the probability of a difference at least so large, either way, if nothing but chance made it.

    The statistic is the sum over strata of (mean after - mean before) * n_b * n_a / (n_b + n_a), which is the sum of
    what lies in the later window, each value around the mean of its stratum. One with an empty window is left out.

    Returns: in (0, 1]; 1 when there is nothing to compare.
    """
    parts = [_centred(group) for group in groups if group.before.size and group.after.size]
    seen = sum(part.sign * float(part.value[-part.choose :].sum()) for part in parts)
    if not parts or all(np.ptp(part.value) == 0 for part in parts):
        return 1.0
    bound = abs(seen) * (1.0 - CLOSE)
    ways = 1
    for part in parts:
        ways = min(ways * comb(part.value.size, part.choose), MOST_EXACT + 1)
    if ways <= MOST_EXACT:
        sums = _every(parts)
        return float(np.count_nonzero(np.abs(sums) >= bound) / sums.size)
    if sum(part.value.size for part in parts) > MOST_VALUES:
        return _normal(parts, seen)
    return _drawn(parts, bound, rng)


def _centred(group: Group) -> _Centred:
    """Those to choose stand last."""
    middle = np.concatenate([group.before, group.after]).mean()
    before, after = group.before - middle, group.after - middle
    if after.size <= before.size:
        return _Centred(value=np.concatenate([before, after]), choose=after.size, sign=1.0)
    return _Centred(value=np.concatenate([after, before]), choose=before.size, sign=-1.0)


def _every(parts: Sequence[_Centred]) -> Array:
    sums = np.zeros(1)
    for part in parts:
        chosen = np.array(list(combinations(range(part.value.size), part.choose)))
        sums = np.add.outer(sums, part.sign * part.value[chosen].sum(axis=1)).ravel()
    return sums


def _normal(parts: Sequence[_Centred], seen: float) -> float:
    variance = sum(
        float(part.value.var(ddof=1)) * part.choose * (part.value.size - part.choose) / part.value.size
        for part in parts
        if part.value.size > 1
    )
    return float(max(2.0 * special.ndtr(-abs(seen) / np.sqrt(variance)), np.finfo(float).tiny))


def _drawn(parts: Sequence[_Centred], bound: float, rng: np.random.Generator) -> float:
    beyond = drawn = 0
    for sums in _blocks(parts, rng):
        extreme = np.cumsum(np.abs(sums) >= bound) + beyond
        if extreme[-1] >= ENOUGH_BEYOND:
            at = int(np.argmax(extreme >= ENOUGH_BEYOND))
            return ENOUGH_BEYOND / (drawn + at + 1)
        beyond, drawn = int(extreme[-1]), drawn + sums.size
    return (beyond + 1) / (drawn + 1)


def _blocks(parts: Sequence[_Centred], rng: np.random.Generator) -> Iterator[Array]:
    left, size = MOST_DRAWS, BLOCK
    while left > 0:
        size = min(size, left)
        sums = np.zeros(size)
        for part in parts:
            order = np.argpartition(rng.random((size, part.value.size), dtype=np.float32), part.choose - 1, axis=1)
            sums += part.sign * part.value[order[:, : part.choose]].sum(axis=1)
        yield sums
        left -= size
        size = min(2 * size, 2_000)
