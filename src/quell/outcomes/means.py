"""Intervals for means of skewed durations."""

from __future__ import annotations

import numpy as np
from scipy import special

from quell.outcomes.survival import Moments


def student(found: Moments, level: float) -> tuple[float, float]:
    """The t interval."""
    reach = float(special.stdtrit(found.n - 1, (1.0 + level) / 2.0)) * found.error
    return found.mean - reach, found.mean + reach


def hall(found: Moments, level: float) -> tuple[float, float]:
    """
    The t interval, transformed by Hall's cubic so that the skewness of the sample is taken out.

    It is the bootstrap-t to second order (coverage error 1/n instead of 1/root n), without chance, from three sums.
    Source: Hall (1992), On the Removal of Skewness by Transformation, J. R. Stat. Soc. B 54, eq. 1.4.
    """
    if found.error <= 0:
        return found.mean, found.mean
    if abs(found.skewness) < 1e-6:
        return student(found, level)
    root = np.sqrt(found.n)
    quantile = float(special.stdtrit(found.n - 1, (1.0 + level) / 2.0))
    skew = found.skewness
    turned = np.array([quantile, -quantile]) / root - skew / (6 * found.n)
    bound = 3.0 / skew * (np.cbrt(1.0 + skew * turned) - 1.0)
    low, high = found.mean - found.error * root * bound
    return float(low), float(high)


def hull(*intervals: tuple[float, float]) -> tuple[float, float]:
    """The shortest interval that holds all of them."""
    return min(low for low, _ in intervals), max(high for _, high in intervals)
