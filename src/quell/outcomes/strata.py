"""
The same figures over incidents of known kinds: restored by Quell in minutes, or by a person in hours.

A mixture of two shapes is neither of them: one log-normal fitted to both bends the mean. The weights are the observed
shares of the strata, and their uncertainty is part of the interval, so without open incidents each value is that of all
incidents together. A stratum in which fewer than 6 ended joins the other small ones; if that is still too few, all are
taken together. An incident that is still open counts in the stratum that the caller knows it to be in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from quell.outcomes import lognormal, tails, times
from quell.outcomes.estimate import Estimate
from quell.outcomes.posterior import Posterior, posterior_of, spread_points
from quell.outcomes.survival import Array, Durations, LifeTable, Moments, influence, moments_of, pooled, together

TAKEN_TOGETHER = "too few of one kind: all kinds are taken together"


def stratified_median(strata: Mapping[str, Durations], *, level: float = 0.95) -> Estimate:
    """Of all incidents together: an order statistic needs no shape, and the observed shares are in the sample."""
    return times.median(pooled(strata.values()), level=level)


def stratified_percentile(strata: Mapping[str, Durations], share: float, *, level: float = 0.95) -> Estimate:
    """As `stratified_median`."""
    return times.percentile(pooled(strata.values()), share, level=level)


def stratified_geometric_mean(strata: Mapping[str, Durations], *, level: float = 0.95) -> Estimate:
    """As `times.geometric_mean`, with a curve of its own for each stratum that has open incidents."""
    return stratified_geometric_mean_of(tables(strata), level=level)


def stratified_capped_mean(
    strata: Mapping[str, Durations], *, cap_s: float = times.CAP_S, level: float = 0.95
) -> Estimate:
    """
    As `times.capped_mean`, with a log-normal for each stratum, as long as one of them has fewer than 200.

    Raises: ValueError: `cap_s` is not above zero.
    """
    return stratified_capped_mean_of(tables(strata), cap_s=cap_s, level=level)


def tables(strata: Mapping[str, Durations]) -> list[LifeTable]:
    """One for each stratum."""
    return [part.table() for part in strata.values()]


def stratified_geometric_mean_of(strata: Sequence[LifeTable], *, level: float = 0.95) -> Estimate:
    """As `stratified_geometric_mean`, of counts."""
    parts, whole = _parts(strata), together(strata)
    if len(parts) < 2:
        return _together(times.geometric_mean_of(whole, level=level), split=len(strata) > 1)
    logs = [np.log(part.at_s) for part in parts]
    found = _joined(parts, logs, [tails.rest_of_log(part) for part in parts])
    return times.geometric_mean_of(whole, level=level, logs=found)


def stratified_capped_mean_of(
    strata: Sequence[LifeTable], *, cap_s: float = times.CAP_S, level: float = 0.95
) -> Estimate:
    """As `stratified_capped_mean`, of counts."""
    parts, whole = _parts(strata), together(strata)
    if len(parts) < 2 or not cap_s > 0:
        return _together(times.capped_mean_of(whole, cap_s=cap_s, level=level), split=len(strata) > 1)
    within = [part.capped(cap_s) for part in parts]
    found = _joined(within, [part.at_s for part in within], [tails.rest_capped(part, cap_s) for part in parts])
    few = min(part.n_ended for part in parts) < times.FEW
    return times.capped_mean_from(
        whole,
        found,
        _mixture(parts, cap_s) if few else None,
        cap_s=cap_s,
        level=level,
        method="capped_mean_stratified",
    )


def _parts(strata: Sequence[LifeTable]) -> list[LifeTable]:
    """One for each stratum with enough in it; fewer than two when they cannot be told apart."""
    some = [part for part in strata if part.n_ended + part.n_open > 0]
    large = [part for part in some if part.n_ended >= times.FEWEST]
    small = [part for part in some if part.n_ended < times.FEWEST]
    if not small:
        return large
    rest = together(small)
    return [*large, rest] if rest.n_ended >= times.FEWEST else []


def _together(found: Estimate, *, split: bool) -> Estimate:
    return replace(found, says=found.says or TAKEN_TOGETHER) if split else found


def _joined(parts: Sequence[LifeTable], values: Sequence[Array], rests: Sequence[tails.Rest]) -> tuple[Moments, ...]:
    """As `times.log_moments`, of the weighted mean."""
    likely = _weighted(parts, values, [rest.likely for rest in rests])
    if all(rest == tails.NO_REST for rest in rests):
        return (likely,)
    least = _weighted(parts, values, [rest.least for rest in rests])
    return likely, least, _weighted(parts, values, [rest.most for rest in rests])


def _weighted(parts: Sequence[LifeTable], values: Sequence[Array], beyond: Sequence[float]) -> Moments:
    """Moments within the strata, and between them, as the shares are observed too."""
    found = [influence(part, value, more) for part, value, more in zip(parts, values, beyond, strict=True)]
    sizes = np.array([float(part.ended.sum() + part.open.sum()) for part in parts])
    total = float(sizes.sum())
    mean = float((sizes * np.array([one.mean for one in found])).sum() / total)
    second = third = 0.0
    for part, one in zip(parts, found, strict=True):
        for count, moved in ((part.ended, one.ended), (part.open, one.open)):
            away = moved + one.mean - mean
            second += float((count * away**2).sum()) / total
            third += float((count * away**3).sum()) / total
    n = sum(part.n_ended for part in parts)
    return moments_of(n=n, total=total, mean=mean, second=second, third=third)


def _mixture(parts: Sequence[LifeTable], cap_s: float) -> Posterior:
    """
    Posterior of the weighted mean: a log-normal for each stratum, and a Dirichlet for their shares.

    The Dirichlet's prior is Jeffreys's; a stratum whose durations are all equal counts with them.
    """
    points = spread_points(2 * len(parts))
    top, bottom = np.zeros(len(points)), np.zeros(len(points))
    for i, part in enumerate(parts):
        posterior = lognormal.posterior(lognormal.log_sample(part), cap_s)
        equal = min(float(part.at_s[0]), cap_s)
        value = equal if posterior is None else posterior.at(points[:, 2 * i])
        weight = special.gammaincinv(part.n_ended + part.n_open + 0.5, points[:, 2 * i + 1])
        top += weight * value
        bottom += weight
    return posterior_of(top / bottom)
