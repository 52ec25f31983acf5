"""How good a share or a probability is: intervals of shares, Brier score, calibration error, reliability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from quell.signals.series import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Predictions of about the same probability, and how often they came true."""

    low: float
    high: float
    count: int
    mean_probability: float
    share_right: float
    low95: float
    high95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What remains when predictions below a probability are withheld."""

    threshold: float
    coverage: float
    """Share of predictions that are made."""
    error: float
    """Share of those that are wrong."""


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """
    Return the score interval of a share.

    Args:
        successes: 0 <= successes <= n.
        level: coverage, in (0, 1).

    Returns: low <= successes / n <= high, in [0, 1]; (0, 1) for n = 0: nothing is known.
    Source: Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference.
    """
    if n <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, weight = successes / n, 1 + z * z / n
    center = (share + z * z / (2 * n)) / weight
    half = z / weight * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, min(center - half, share)), min(1.0, max(center + half, share))


def brier(probabilities: Sequence[float] | Array, outcomes: Sequence[bool] | Array) -> float:
    """
    Return the mean square of probability less outcome: 0 is perfect, 0.25 is what always saying one half gets.

    Args:
        probabilities: (n,) in [0, 1], n >= 1.
        outcomes: (n,) 0 or 1.

    Raises: ValueError: n is 0, or the lengths differ.
    Source: Brier (1950), Verification of Forecasts Expressed in Terms of Probability.
    """
    p, y = _pairs(probabilities, outcomes)
    return float(np.mean((p - y) ** 2))


def reliability(probabilities: Sequence[float] | Array, outcomes: Sequence[bool] | Array, bins: int = 10) -> list[Bin]:
    """
    Return the bins of equal width over [0, 1] that hold a prediction, from low to high.

    Raises: ValueError: there is no prediction, or the lengths differ.
    Source: Murphy and Winkler (1977), Reliability of Subjective Probability Forecasts; intervals by `wilson`.
    """
    p, y = _pairs(probabilities, outcomes)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    found = []
    for i in np.unique(place):
        inside = place == i
        count, right = int(inside.sum()), int(y[inside].sum())
        low95, high95 = wilson(right, count)
        found.append(
            Bin(
                low=int(i) / bins,
                high=(int(i) + 1) / bins,
                count=count,
                mean_probability=float(p[inside].mean()),
                share_right=right / count,
                low95=low95,
                high95=high95,
            )
        )
    return found


def ece(probabilities: Sequence[float] | Array, outcomes: Sequence[bool] | Array, bins: int = 10) -> float:
    """
    Return the expected calibration error: the mean gap between probability and share that came true, by bins of
    equal width, weighted by how many predictions are in each.

    Raises: ValueError: there is no prediction, or the lengths differ.
    Source: Naeini, Cooper and Hauskrecht (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning.
    """
    found = reliability(probabilities, outcomes, bins)
    total = sum(one.count for one in found)
    return sum(one.count / total * abs(one.mean_probability - one.share_right) for one in found)


def coverage_curve(probabilities: Sequence[float] | Array, outcomes: Sequence[bool] | Array) -> list[Covered]:
    """
    Return what is covered, and how often it is wrong, for every threshold that makes a difference, rising.

    Raises: ValueError: there is no prediction, or the lengths differ.
    Source: El-Yaniv and Wiener (2010), On the Foundations of Noise-free Selective Classification.
    """
    p, y = _pairs(probabilities, outcomes)
    curve = []
    for threshold in np.unique(p):
        made = p >= threshold
        curve.append(Covered(threshold=float(threshold), coverage=float(made.mean()), error=1 - float(y[made].mean())))
    return curve


def _pairs(probabilities: Sequence[float] | Array, outcomes: Sequence[bool] | Array) -> tuple[Array, Array]:
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if p.shape != y.shape or p.ndim != 1 or not p.size:
        raise ValueError(f"{p.size} probabilities and {y.size} outcomes: as many of both are needed, at least one")
    return p, y
