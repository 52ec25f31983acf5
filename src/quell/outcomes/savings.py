"""
What Quell saved: minutes, and money where the customer has said what a minute costs.

S = speed + prevention - what it cost, as draws from a posterior. It is signed and never clipped at zero: clipped, it
would claim a saving more than half of the time when there is none. Speed needs something to compare with: incidents
that were held out by lot, or an earlier period, which differs by a random factor (`periods`). Without either there are
no savings to show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from quell.outcomes import lognormal, tails
from quell.outcomes.assumptions import Assumptions
from quell.outcomes.matching import matched
from quell.outcomes.money import P95, Range, money, prices, quantiles_of, range_of
from quell.outcomes.periods import effect
from quell.outcomes.survival import Array, Durations, pooled
from quell.outcomes.times import CAP_S, FEWEST

DRAWS = 4_000
CLAIMED_AT = 0.99
"""P(S > 0) from which a saving may be claimed; without one it is then claimed in 3 % of cases at most,
as the tails of durations are longer than any model of them says."""
DAYS_PER_MONTH = 365.25 / 12
MINUTE_S = 60.0
WIDEST = 10.0
"""Of the logs of a price: far beyond it nothing else matters, and its square leaves the range of a float."""


class Counterfactual(StrEnum):
    """What would have been without Quell, and how one knows."""

    HOLD_OUT = "hold_out"
    """Incidents in which, by lot, it only recommended."""
    BASELINE = "baseline"
    """An earlier period."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Incidents without Quell."""

    kind: Counterfactual
    durations: Mapping[str, Durations]
    """By stratum; of a baseline, all periods together."""
    periods: Sequence[Durations] = ()
    """Of a baseline: the same, one for each past period as long as this one; how they differ is learnt from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevention:
    """Breaches that were forecast and acted upon, and what such forecasts are worth."""

    prevented: int
    came_true: int
    """Shadow record: of the forecasts that nobody acted upon, those that came true."""
    did_not: int


NO_PREVENTION = Prevention(prevented=0, came_true=0, did_not=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Shares of the amounts, added up without their signs, by how they are known; they add up to 1, or are all 0."""

    measured: float
    """Speed against a hold-out, and metered spend on models and services."""
    modelled: float
    """Speed against an earlier period, and prevention as far as the shadow record backs it."""
    assumed: float
    """Running cost as given, and the prior's part of prevention. The price of a minute is always assumed, and is not in
    here: what it does to the width stands in the drivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What was saved in a window; signed."""

    counterfactual: Counterfactual
    minutes: Range | None
    """Minutes of incidents saved; None: nothing to compare with."""
    money: Range | None
    """After costs, in `currency`; None: no price of a minute was given, or nothing to compare with."""
    currency: str
    p_positive: float | None
    """P(S > 0) of the money, or of the minutes where there is no money."""
    claimed: bool
    """It is at least `CLAIMED_AT`: a saving may be said."""
    drivers: Mapping[str, float]
    """Shares of the variance: `speed`, `prevention`, `cost_per_minute`, `period`; they add up to 1, or are all 0."""
    split: Split
    minutes_quantiles: tuple[float, ...]
    """401 equally likely amounts of minutes saved, rising, before any cost: `money.py` says how they become money at
    any price. Empty without `minutes`."""
    cost: float
    """Running cost and spend on models and services in the window, in `currency`, as far as given."""
    lasted_min: float
    """What the incidents of the window lasted, open ones so far."""
    n: int
    """Incidents handled with Quell, open ones among them."""
    n_compared: int
    """Incidents without it."""
    prevented: int
    assumptions: Assumptions
    says: tuple[str, ...]
    """What is missing or limits it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Draws:
    """Minutes saved, by where they come from, in so many draws."""

    without: Array
    """(d,) what the incidents would have lasted without Quell, in an average period."""
    with_it: Array
    """(d,) what incidents like these last with it."""
    period: Array
    """(d,) the factor of this period on the former."""
    prevention: Array

    def total(self) -> Array:
        return np.asarray(self.without * self.period - self.with_it + self.prevention)


def savings(
    treated: Mapping[str, Durations],
    comparison: Comparison | None,
    *,
    prevention: Prevention = NO_PREVENTION,
    assumptions: Assumptions,
    days: float,
    ai_cost_usd: float | None,
    rng: np.random.Generator,
) -> Savings:
    """
    Return what was saved.

    Args:
        treated: durations with Quell by stratum, held-out ones left out; strata are known when an incident begins.
        days: length of the window; running cost is counted for it.
        ai_cost_usd: of models and services in the window; None: not metered.

    Raises: ValueError: a comparison of kind `none`, a negative count, or no days.
    """
    _check(comparison, prevention, days)
    everything = pooled(treated.values())
    cost, missing = _cost(assumptions, days, ai_cost_usd)
    found = Savings(
        counterfactual=Counterfactual.NONE,
        minutes=None,
        money=None,
        currency=assumptions.currency,
        p_positive=None,
        claimed=False,
        drivers=dict.fromkeys(DRIVERS, 0.0),
        split=Split(measured=0.0, modelled=0.0, assumed=0.0),
        minutes_quantiles=(),
        cost=cost,
        lasted_min=float(everything.ended_s.sum() + everything.open_s.sum()) / MINUTE_S,
        n=everything.ended_s.size + everything.open_s.size,
        n_compared=0 if comparison is None else sum(one.ended_s.size for one in comparison.durations.values()),
        prevented=prevention.prevented,
        assumptions=assumptions,
        says=missing,
    )
    lacks = _lacks(everything, comparison, found.n_compared)
    if comparison is None or lacks:
        return replace(found, says=(lacks, *missing))
    return _compared(found, treated, comparison, prevention, ai_cost_usd or 0.0, rng)


def _check(comparison: Comparison | None, prevention: Prevention, days: float) -> None:
    if comparison is not None and comparison.kind is Counterfactual.NONE:
        raise ValueError("a comparison is a hold-out or a baseline")
    if min(prevention.prevented, prevention.came_true, prevention.did_not) < 0 or not days > 0:
        raise ValueError("counts are not below zero, and a window has days")


def _cost(assumptions: Assumptions, days: float, ai_cost_usd: float | None) -> tuple[float, tuple[str, ...]]:
    """What it cost in the window, and what of it is not known."""
    cost, missing = 0.0, []
    if assumptions.running_cost_month is None:
        missing.append("running cost not given: not subtracted")
    else:
        cost += assumptions.running_cost_month * days / DAYS_PER_MONTH
    if ai_cost_usd is None:
        missing.append("spend on models and services not metered: not subtracted")
    elif assumptions.currency == "USD":
        cost += ai_cost_usd
    elif ai_cost_usd > 0:
        missing.append(f"spend on models and services is in USD, not in {assumptions.currency}: not subtracted")
    return cost, tuple(missing)


def _lacks(treated: Durations, comparison: Comparison | None, compared: int) -> str:
    if comparison is None:
        return "nothing to compare with: neither held-out incidents nor an earlier period"
    if compared < FEWEST:
        return f"fewer than {FEWEST} resolved incidents without Quell to compare with"
    return f"fewer than {FEWEST} resolved incidents with Quell" if treated.ended_s.size < FEWEST else ""


def _compared(
    found: Savings,
    treated: Mapping[str, Durations],
    comparison: Comparison,
    prevention: Prevention,
    ai_cost: float,
    rng: np.random.Generator,
) -> Savings:
    draws, says = _drawn(treated, comparison, prevention, rng)
    total = draws.total()
    points = quantiles_of(total)
    minutes, priced = range_of(points), None
    span = found.assumptions.cost_per_minute
    if span is None:
        says.append("cost per minute not given: minutes and no money")
    else:
        priced = money(points, prices(*span), found.cost)
    shown = minutes if priced is None else priced
    metered = ai_cost if found.currency == "USD" else 0.0
    costs = (metered, found.cost - metered) if priced else (0.0, 0.0)
    return replace(
        found,
        counterfactual=comparison.kind,
        minutes=minutes,
        money=priced,
        p_positive=shown.p_positive,
        claimed=shown.p_positive >= CLAIMED_AT,
        drivers=_drivers(draws, span),
        split=_split(draws, float(np.sqrt(span[0] * span[1])) if span else 1.0, costs, comparison.kind, prevention),
        minutes_quantiles=tuple(float(point) for point in points),
        says=(*says, *found.says) if priced else tuple(says),
    )


def _drawn(
    treated: Mapping[str, Durations], comparison: Comparison, prevention: Prevention, rng: np.random.Generator
) -> tuple[_Draws, list[str]]:
    says: list[str] = []
    without, with_it = np.zeros(DRAWS), np.zeros(DRAWS)
    for pair in matched(comparison.durations, treated):
        handled = pair.second.ended_s.size + pair.second.open_s.size
        without += handled * _mean(pair.first, rng)
        with_it += handled * _mean(pair.second, rng)
    period = np.ones(DRAWS)
    if comparison.kind is Counterfactual.BASELINE:
        period = np.exp(effect(comparison.periods, DRAWS, rng))
        if len(comparison.periods) < 3:
            says.append("compared with an earlier period: how much periods differ is mostly assumed")
    came = np.zeros(DRAWS)
    if prevention.prevented and prevention.came_true + prevention.did_not == 0:
        says.append("prevented incidents are not counted: no forecast was left alone to see whether it came true")
    elif prevention.prevented:
        share = rng.beta(prevention.came_true + 0.5, prevention.did_not + 0.5, DRAWS)
        came = rng.binomial(prevention.prevented, share).astype(float)
    worth = _mean(pooled(comparison.durations.values()), rng) * period if came.any() else np.zeros(DRAWS)
    return _Draws(without=without, with_it=with_it, period=period, prevention=came * worth), says


def _mean(durations: Durations, rng: np.random.Generator) -> Array:
    """
    Draws of the mean of durations capped at 24 h, in minutes.

    The sample speaks for the short ones, and a Pareto tail for the long ones: on log-normal durations it is hardly
    wider than a log-normal, and on Pareto ones it holds where a log-normal is too sure. Where no tail can be told
    apart, or it begins beyond the cap, the log-normal.
    """
    table = durations.table()
    found = tails.pareto_posterior(table, CAP_S) or lognormal.posterior(lognormal.log_sample(table), CAP_S)
    if found is None:  # all equal
        return np.full(DRAWS, min(float(durations.ended_s[-1]), CAP_S) / MINUTE_S)
    return found.at(rng.random(DRAWS)) / MINUTE_S


DRIVERS = ("speed", "prevention", "cost_per_minute", "period")


def _drivers(draws: _Draws, span: tuple[float, float] | None) -> dict[str, float]:
    """
    By how much the variance falls when one of them is held at its mean, as shares of all falls.

    The price C is independent of the minutes M, so holding it takes E[M2] var(C) away, and holding a part of M takes
    E[C2] times what var(M) loses.
    """
    held = {
        "speed": replace(draws, without=_level(draws.without), with_it=_level(draws.with_it)),
        "prevention": replace(draws, prevention=_level(draws.prevention)),
        "period": replace(draws, period=_level(draws.period)),
    }
    minutes = draws.total()
    # Of a log-normal with median 1: mean square exp(2 w2), variance exp(2 w2) - exp(w2). The median cancels in shares.
    width = min(np.log(span[1] / span[0]) / (2.0 * P95), WIDEST) if span else 0.0
    square = float(np.exp(2.0 * width**2))
    falls = {name: square * max(float(minutes.var() - one.total().var()), 0.0) for name, one in held.items()}
    falls["cost_per_minute"] = float((minutes**2).mean()) * (square - float(np.exp(width**2)))
    total = sum(falls.values())
    return {name: falls[name] / total if total > 0 else 0.0 for name in DRIVERS}


def _level(value: Array) -> Array:
    return np.full(value.size, float(value.mean()))


def _split(
    draws: _Draws, price: float, costs: tuple[float, float], kind: Counterfactual, prevention: Prevention
) -> Split:
    """
    Args:
        price: median, of one minute; 1 where minutes are split.
        costs: metered, and as given.
    """
    speed = abs(float((draws.without * draws.period - draws.with_it).mean())) * price
    prevented = float(draws.prevention.mean()) * price
    prior = 1.0 / (prevention.came_true + prevention.did_not + 1)
    held = kind is Counterfactual.HOLD_OUT
    amounts = np.array(
        [
            (speed if held else 0.0) + costs[0],
            (0.0 if held else speed) + prevented * (1.0 - prior),
            costs[1] + prevented * prior,
        ]
    )
    if amounts.sum() <= 0:
        return Split(measured=0.0, modelled=0.0, assumed=0.0)
    measured, modelled, assumed = (float(share) for share in amounts / amounts.sum())
    return Split(measured=measured, modelled=modelled, assumed=assumed)
