"""From a score in [0, 1] to a probability that means what it says, learned from answers known to be right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from quell.signals.series import Array

PRIOR_SHARE = 0.8
PRIOR_WEIGHT = 4.0
"""
Every stretch of scores starts as if so many answers had been seen, that share of them right: a handful of right
answers is no certainty, and the methods were chosen with the development cases in view.
"""

LEAST_PAIRS = 8
"""Fewer answers than this teach nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A map that never falls, straight between its knots and level beyond them."""

    scores: tuple[float, ...]
    """Rising, each in [0, 1]."""
    probabilities: tuple[float, ...]
    """Not falling, as many."""
    pairs: int
    """Answers it was learned from."""

    @classmethod
    def fit(cls, scores: Sequence[float] | Array, outcomes: Sequence[bool] | Array) -> Self:
        """
        Learn a map by isotonic regression on blocks of scores, each drawn towards `PRIOR_SHARE`.

        Args:
            scores: (n,) in [0, 1], any order, n >= 8.
            outcomes: (n,) whether the answer was right.

        Raises: ValueError: fewer than 8, or the lengths differ.
        Source: Ayer et al. (1955), An Empirical Distribution Function for Sampling with Incomplete Information (pool
            adjacent violators); Zadrozny and Elkan (2002), Transforming Classifier Scores into Accurate Probabilities.
        """
        x, y = np.asarray(scores, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
        if x.shape != y.shape or x.size < LEAST_PAIRS:
            raise ValueError(f"{x.size} scores and {y.size} outcomes: at least {LEAST_PAIRS} of both are needed")
        order = np.argsort(x, kind="stable")
        blocks = _pooled(x[order], y[order])
        # A score of 0 is no answer at all, and is never right.
        return cls(
            scores=(0.0, *(round(max(block.score, 1e-4), 4) for block in blocks)),
            probabilities=(0.0, *(round(block.probability, 4) for block in blocks)),
            pairs=int(x.size),
        )

    def apply(self, score: float) -> float:
        """Return the probability of a score."""
        return float(np.interp(score, self.scores, self.probabilities))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    total: float
    right: float
    count: float

    @property
    def score(self) -> float:
        return self.total / self.count

    @property
    def probability(self) -> float:
        return (self.right + PRIOR_SHARE * PRIOR_WEIGHT) / (self.count + PRIOR_WEIGHT)

    def with_(self, other: _Block) -> _Block:
        return _Block(total=self.total + other.total, right=self.right + other.right, count=self.count + other.count)


def _pooled(scores: Array, outcomes: Array) -> list[_Block]:
    """Pool neighbours until shares rise; start from stretches of about the square root of n answers."""
    size = max(LEAST_PAIRS // 2, round(scores.size**0.5))
    blocks: list[_Block] = []
    for part in np.array_split(np.arange(scores.size), max(scores.size // size, 1)):
        blocks.append(
            _Block(total=float(scores[part].sum()), right=float(outcomes[part].sum()), count=float(part.size))
        )
        while len(blocks) > 1 and blocks[-2].probability >= blocks[-1].probability:
            last = blocks.pop()
            blocks[-1] = blocks[-1].with_(last)
    return blocks
