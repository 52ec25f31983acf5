"""
Times of incidents in one figure each, with an interval that holds.

Durations are heavy-tailed: the mean plus and minus 1.96 standard errors holds the truth in 42 to 74 % of samples. Which
method is used at which number of incidents is written here; how often each interval holds the truth is measured by
`quell bench outcomes`. All durations in seconds. Nothing here draws at random: the same data give the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from quell.outcomes import lognormal, tails
from quell.outcomes.estimate import Estimate
from quell.outcomes.means import hall, hull, student
from quell.outcomes.posterior import Posterior
from quell.outcomes.quantiles import quantile
from quell.outcomes.survival import Array, Durations, LifeTable, Moments, moments

CAP_S = 86_400.0
FEWEST = 6
"""Below this many that ended there is no figure."""
FEW = 200
"""From this many on the sample speaks for itself about means."""
SKEWED = 50
"""Below this many the t interval on logs is widened for skewness and for what has not been seen."""

LARGEST_LOG = 700.0
"""An upper bound beyond this many logs of a second is none: it leaves the range of a float."""

TOO_FEW = f"fewer than {FEWEST}: see the list"
STILL_OPEN = "the longest are still open: how long they will last is estimated"
ALL_EQUAL = "all durations are equal: nothing is known of their spread"


def median(durations: Durations, *, level: float = 0.95) -> Estimate:
    """Half of the incidents are over within this time; interval by interpolated order statistics (`quantiles`)."""
    return percentile(durations, 0.5, level=level)


def percentile(durations: Durations, share: float, *, level: float = 0.95) -> Estimate:
    """
    The time within which a share of the incidents is over.

    Raises: ValueError: `share` is not in (0, 1).
    """
    return percentile_of(durations.table(), share, level=level)


def geometric_mean(durations: Durations, *, level: float = 0.95) -> Estimate:
    """
    The mean on the scale of logarithms: what typical incidents take, long ones counted by their order of size.

    The t interval on logs; below 50 incidents its hull with Hall's, as logs of Pareto durations are skewed, and with
    the Pareto tail's, as the slow kind of a mixture may not have been seen. With open incidents the Kaplan-Meier mean
    of the logs and Greenwood's variance; where the longest is open, `tails` says how much is to come, and the interval
    holds for the least and the most of it.
    """
    return geometric_mean_of(durations.table(), level=level)


def capped_mean(durations: Durations, *, cap_s: float = CAP_S, level: float = 0.95) -> Estimate:
    """
    The mean, where longer than the cap counts as the cap: what incidents cost in time.

    The interval is the hull of Hall's, the Pareto tail's and, below 200 incidents, the log-normal's. With open
    incidents the Kaplan-Meier mean up to the cap and Greenwood's variance, and beyond the longest open one as in
    `geometric_mean`.

    Raises: ValueError: `cap_s` is not above zero.
    """
    return capped_mean_of(durations.table(), cap_s=cap_s, level=level)


def mtbf(exposure_s: float, failures: int, weekly_counts: Sequence[int], *, level: float = 0.95) -> Estimate:
    """
    Mean time between failures of a service: exposure over failures.

    The interval is the exact one of a Poisson count (Garwood 1936), its logs widened by the root of the dispersion
    (variance over mean of the weekly counts, at least 1): failures come in clusters.

    Args:
        exposure_s: time watched, above zero.
        failures: in that time.
        weekly_counts: failures of each whole week in it; fewer than two weeks say nothing of the dispersion.

    Raises: ValueError: a negative count, or no exposure.
    """
    weeks = np.asarray(weekly_counts, float)
    if not exposure_s > 0 or failures < 0 or (weeks < 0).any():
        raise ValueError("exposure is above zero, and counts are not negative")
    method = "mtbf"
    if failures < FEWEST:
        return nothing(failures, 0, level, method, TOO_FEW)
    value = exposure_s / failures
    tail = (1.0 - level) / 2.0
    low = exposure_s / float(special.gammaincinv(failures + 1, 1.0 - tail))
    high = exposure_s / float(special.gammaincinv(failures, tail))
    known = weeks.size >= 2 and weeks.sum() > 0
    root = float(np.sqrt(max(weeks.var(ddof=1) / weeks.mean(), 1.0))) if known else 1.0
    return Estimate(
        value=value,
        low=value * (low / value) ** root,
        high=value * (high / value) ** root,
        unit="s",
        n=failures,
        level=level,
        method=method,
        says="" if known else "fewer than two weeks: failures are taken to come one by one, not in clusters",
    )


def nothing(n: int, still: int, level: float, method: str, says: str) -> Estimate:
    """No value, no interval, and why."""
    return Estimate(value=None, low=None, high=None, unit="s", n=n, open=still, level=level, method=method, says=says)


def percentile_of(table: LifeTable, share: float, *, level: float = 0.95) -> Estimate:
    """As `percentile`, of counts."""
    if not 0 < share < 1:
        raise ValueError("a percentile is a share above 0 and below 1")
    method = "median_order_statistics" if share == 0.5 else "percentile_order_statistics"
    n, still = table.n_ended, table.n_open
    if n < FEWEST:
        return nothing(n, still, level, method, TOO_FEW)
    found = quantile(table, share, level)
    says = ""
    if found.high is None:
        says = "too many are still open for an upper bound" if still else "too few for an upper bound"
    return Estimate(
        value=found.value,
        low=0.0 if found.low is None else found.low,
        high=found.high,
        unit="s",
        n=n,
        open=still,
        level=level,
        method=method,
        says=says,
    )


def geometric_mean_of(table: LifeTable, *, level: float = 0.95, logs: tuple[Moments, ...] | None = None) -> Estimate:
    """
    As `geometric_mean`, of counts.

    Args:
        logs: moments of the logs where they are known better than from the table; the first gives the value.
    """
    method = "geometric_mean_t"
    n, still = table.n_ended, table.n_open
    if n < FEWEST:
        return nothing(n, still, level, method, TOO_FEW)
    found = logs or log_moments(table)
    value = float(np.exp(found[0].mean))
    if min(one.error for one in found) <= 0:
        return _equal(value, table, level, method)
    spans = [student(one, level) for one in found]
    if n < SKEWED:
        spans += [hall(one, level) for one in found]
        tail = tails.pareto_posterior(table, None)
        spans += [tail.central(level)] if tail is not None else []
    low, high = hull(*spans)
    return Estimate(
        value=value,
        low=float(np.exp(low)),
        high=float(np.exp(high)) if high < LARGEST_LOG else None,
        unit="s",
        n=n,
        open=still,
        level=level,
        method=method,
        says=STILL_OPEN if len(found) > 1 else "",
    )


def capped_mean_of(
    table: LifeTable, *, cap_s: float = CAP_S, level: float = 0.95, exact: Moments | None = None
) -> Estimate:
    """
    As `capped_mean`, of counts.

    Args:
        exact: moments of the capped durations where they are known better than from the table.
    """
    if not cap_s > 0:
        raise ValueError("the cap is above zero seconds")
    method = "capped_mean_hull"
    if table.n_ended < FEWEST:
        return nothing(table.n_ended, table.n_open, level, method, TOO_FEW)
    found = capped_moments(table, cap_s) if exact is None else (exact,)
    normal = lognormal.posterior(lognormal.log_sample(table), cap_s) if table.n_ended < FEW else None
    return capped_mean_from(table, found, normal, cap_s=cap_s, level=level, method=method)


def capped_mean_from(
    table: LifeTable, found: tuple[Moments, ...], normal: Posterior | None, *, cap_s: float, level: float, method: str
) -> Estimate:
    """The hull of what the sample (the first of its moments is likely), a Pareto tail and a log-normal say."""
    value = found[0].mean
    if min(one.error for one in found) <= 0:
        return _equal(value, table, level, method)
    spans = [hall(one, level) for one in found]
    posteriors = (normal, tails.pareto_posterior(table, cap_s))
    spans += [posterior.central(level) for posterior in posteriors if posterior is not None]
    low, high = hull(*spans)
    shortest = min(float(table.at_s[0]), cap_s)
    return Estimate(
        value=value,
        low=min(max(low, shortest), value),
        high=max(min(high, cap_s), value),
        unit="s",
        n=table.n_ended,
        open=table.n_open,
        level=level,
        method=method,
        says=STILL_OPEN if len(found) > 1 else "",
    )


def log_moments(table: LifeTable) -> tuple[Moments, ...]:
    """Moments of log seconds: the likely ones first, then those with the least and the most still to come."""
    return _for_each(table, np.log(table.at_s), tails.rest_of_log(table))


def capped_moments(table: LifeTable, cap_s: float) -> tuple[Moments, ...]:
    """Moments of min(duration, cap), in seconds; as `log_moments`."""
    within = table.capped(cap_s)
    return _for_each(within, within.at_s, tails.rest_capped(table, cap_s))


def _for_each(table: LifeTable, value: Array, rest: tails.Rest) -> tuple[Moments, ...]:
    if rest == tails.NO_REST:
        return (moments(table, value, 0.0),)
    return tuple(moments(table, value, beyond) for beyond in (rest.likely, rest.least, rest.most))


def _equal(value: float, table: LifeTable, level: float, method: str) -> Estimate:
    return Estimate(
        value=value,
        low=None,
        high=None,
        unit="s",
        n=table.n_ended,
        open=table.n_open,
        level=level,
        method=method,
        says=ALL_EQUAL,
    )
