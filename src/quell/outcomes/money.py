"""
From minutes to money, in a form that the dashboard can do again for other prices of a minute.

Minutes saved are held as `POINTS` quantiles, at the shares (i + 0.5) / POINTS, all equally likely. A price is a
log-normal between its 5th and its 95th percentile, taken at `PRICES` quantiles at the shares (j + 0.5) / PRICES. The
money is every product of the two, minus what it cost: POINTS * PRICES equally likely amounts, sorted; a quantile at
share q is their element number floor(q * (count - 1) + 0.5), and the probability of a saving is the share of them above
zero. The dashboard does exactly this when a slider moves, and so gets exactly the figures of the server.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from quell.outcomes.survival import Array

POINTS = 401
PRICES = 41
P95 = float(special.ndtri(0.95))


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Where an amount lies; never a bare value."""

    middle: float
    """Median."""
    low80: float
    high80: float
    low95: float
    high95: float
    p_positive: float
    """Probability that it is above zero."""


def quantiles_of(draws: Array) -> Array:
    """Return the POINTS quantiles of draws."""
    return np.asarray(np.quantile(draws, (np.arange(POINTS) + 0.5) / POINTS))


def prices(low: float, high: float) -> Array:
    """
    Return the PRICES quantiles of a price per minute.

    Args:
        low, high: 5th and 95th percentile, above zero.

    Raises: ValueError: not 0 < low <= high.
    """
    if not 0 < low <= high < np.inf:
        raise ValueError("a price range goes from its 5th percentile, above zero, up to its 95th")
    middle, width = np.log(low * high) / 2.0, np.log(high / low) / (2.0 * P95)
    return np.asarray(np.exp(middle + width * special.ndtri((np.arange(PRICES) + 0.5) / PRICES)))


def money(minutes: Array, price: Array, cost: float) -> Range:
    """
    Return the money of minutes at a price, minus a cost.

    Args:
        minutes: equally likely.
        price: equally likely, of one minute.
        cost: of running it, in the same currency.
    """
    return range_of(np.multiply.outer(minutes, price).ravel() - cost)


def range_of(equally_likely: Array) -> Range:
    """Return the range of equally likely amounts, in any order."""
    amounts = np.sort(equally_likely)
    at = np.floor(np.array([0.5, 0.1, 0.9, 0.025, 0.975]) * (amounts.size - 1) + 0.5).astype(np.int64)
    middle, low80, high80, low95, high95 = (float(each) for each in amounts[at])
    above = float(np.count_nonzero(amounts > 0)) / amounts.size
    return Range(middle=middle, low80=low80, high80=high80, low95=low95, high95=high95, p_positive=above)


def two_figures(amount: float) -> float:
    """Return an amount with two significant figures: more would say that more is known."""
    return float(f"{amount:.1e}") if np.isfinite(amount) else amount
