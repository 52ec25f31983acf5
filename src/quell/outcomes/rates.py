"""Shares of attempts that succeeded, with intervals that hold near 0 and near 1 too."""

from __future__ import annotations

import numpy as np
from scipy import special

from quell.outcomes.estimate import Estimate

FEWEST = 6


def success_rate(successes: int, attempts: int, *, level: float = 0.95) -> Estimate:
    """
    Share of attempts that succeeded, with Wilson's interval (1927); unknown outcomes stay in `attempts`.

    Below 6 attempts there is no figure.
    Raises: ValueError: not 0 <= successes <= attempts.
    """
    low, high = wilson(successes, attempts, level=level)
    enough = attempts >= FEWEST
    return Estimate(
        value=successes / attempts if enough else None,
        low=low if enough else None,
        high=high if enough else None,
        unit="share",
        n=attempts,
        level=level,
        method="success_rate_wilson",
        says="" if enough else f"fewer than {FEWEST}: see the list",
    )


def wilson(successes: int, attempts: int, *, level: float = 0.95) -> tuple[float, float]:
    """
    Wilson's score interval of a share; (0, 1) without attempts.

    Raises: ValueError: not 0 <= successes <= attempts.
    """
    _check(successes, attempts)
    if attempts == 0:
        return 0.0, 1.0
    z = float(special.ndtri((1.0 + level) / 2.0))
    share, damping = successes / attempts, z * z / attempts
    middle = (share + damping / 2.0) / (1.0 + damping)
    reach = z / (1.0 + damping) * np.sqrt(share * (1.0 - share) / attempts + damping / (4.0 * attempts))
    low = 0.0 if successes == 0 else max(float(middle - reach), 0.0)
    high = 1.0 if successes == attempts else min(float(middle + reach), 1.0)
    return low, high


def share_posterior(
    successes: int, attempts: int, *, level: float = 0.95, prior: tuple[float, float] = (0.5, 0.5)
) -> tuple[float, float, float]:
    """
    Mean and central interval of the Beta posterior of a share; the prior is Jeffreys's unless given.

    Raises: ValueError: not 0 <= successes <= attempts, or a prior that is not above zero.
    """
    _check(successes, attempts)
    if min(prior) <= 0:
        raise ValueError("a Beta prior is above zero")
    won, lost = successes + prior[0], attempts - successes + prior[1]
    tail = (1.0 - level) / 2.0
    low, high = special.betaincinv(won, lost, tail), special.betaincinv(won, lost, 1.0 - tail)
    return float(won / (won + lost)), float(low), float(high)


def _check(successes: int, attempts: int) -> None:
    if not 0 <= successes <= attempts:
        raise ValueError(f"{successes} of {attempts} cannot have succeeded")
