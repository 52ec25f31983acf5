"""How often savings are claimed when there are none, and how often their range holds what was truly saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quell.outcomes.assumptions import Assumptions
from quell.outcomes.money import P95
from quell.outcomes.savings import CLAIMED_AT, Comparison, Counterfactual, savings
from quell.outcomes.survival import Durations
from quell.outcomes.times import CAP_S
from quell_bench.outcomes.badges import spread
from quell_bench.outcomes.coverage import WORKERS
from quell_bench.outcomes.populations import Array, Population

AIM = 0.03
RATIO = 0.5
"""Of durations with Quell to those without, where there is a saving."""
PERIOD_SD = 0.2
"""Of the log factors by which 28-day periods differ."""
PAST = 6
PRICE = (50.0, 500.0)
"""5th and 95th percentile of what a minute costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is compared with what."""

    name: str
    kind: Counterfactual
    treated: int
    compared: int
    """Held out, or in each of the past periods."""
    past: int = 1


SETTINGS = (
    Setting(name="hold-out, 12 of 72", kind=Counterfactual.HOLD_OUT, treated=60, compared=12),
    Setting(name="hold-out, 40 of 160", kind=Counterfactual.HOLD_OUT, treated=120, compared=40),
    Setting(name="one earlier period", kind=Counterfactual.BASELINE, treated=60, compared=60),
    Setting(name="six earlier periods", kind=Counterfactual.BASELINE, treated=60, compared=60, past=PAST),
)

Job = tuple[Population, Setting, int, tuple[int, ...]]


def run(
    populations: Sequence[Population],
    *,
    replicates: int,
    seed: int,
    settings: Sequence[Setting] = SETTINGS,
    workers: int = WORKERS,
) -> dict[str, Any]:
    """
    Return by population and setting: the share of windows with no true saving in which one is claimed, and, with
    durations halved, the share in which it is claimed and those in which the ranges hold the true amount.

    The true amount is incidents x (mean without - mean with Quell) x the price, whose truth is drawn from the
    customer's range each time. Running and AI cost are zero, the hardest case.
    """
    jobs = [
        (population, setting, replicates, (seed, i, j))
        for i, population in enumerate(populations)
        for j, setting in enumerate(settings)
    ]
    found: dict[str, dict[str, Any]] = {}
    for (population, setting, _, _), cell in zip(jobs, spread(_cell, jobs, workers), strict=True):
        found.setdefault(population.name, {})[setting.name] = cell
    return {
        "aim": AIM,
        "windows": replicates,
        "claimed_at": CLAIMED_AT,
        "ratio": RATIO,
        "period_sd": PERIOD_SD,
        "by_population": found,
    }


def _cell(job: Job) -> dict[str, float]:
    population, setting, replicates, seed = job
    rng = np.random.default_rng(seed)
    none = np.array([_window(population, setting, 1.0, rng) for _ in range(replicates)])
    some = np.array([_window(population, setting, RATIO, rng) for _ in range(replicates)])
    return {
        "claimed_without": round(float(none[:, 0].mean()), 4),
        "holds_95_without": round(float(none[:, 2].mean()), 4),
        "claimed_with": round(float(some[:, 0].mean()), 4),
        "holds_80_with": round(float(some[:, 1].mean()), 4),
        "holds_95_with": round(float(some[:, 2].mean()), 4),
    }


def _window(
    population: Population, setting: Setting, ratio: float, rng: np.random.Generator
) -> tuple[bool, bool, bool]:
    """Whether a saving was claimed, and whether the 80 and the 95 % range held the truth."""
    baseline = setting.kind is Counterfactual.BASELINE
    factors = np.exp(PERIOD_SD * rng.standard_normal(setting.past + 1)) if baseline else np.ones(2)
    past = [_sample(population, setting.compared, factor, rng) for factor in factors[1:]]
    treated = _sample(population, setting.treated, factors[0] * ratio, rng)
    price = float(np.exp(np.log(PRICE[0] * PRICE[1]) / 2 + np.log(PRICE[1] / PRICE[0]) / (2 * P95) * rng.normal()))
    found = savings(
        {"": Durations.of(treated)},
        Comparison(
            kind=setting.kind,
            durations={"": Durations.of(np.concatenate(past))},
            periods=[Durations.of(one) for one in past] if baseline else (),
        ),
        assumptions=Assumptions(version=1, cost_per_minute_low=PRICE[0], cost_per_minute_high=PRICE[1]),
        days=28.0,
        ai_cost_usd=0.0,
        rng=rng,
    )
    if found.money is None:
        return False, False, False
    saved_min = setting.treated * (_mean_s(population, factors[0]) - _mean_s(population, factors[0] * ratio)) / 60.0
    truth = saved_min * price
    return (
        found.claimed,
        found.money.low80 <= truth <= found.money.high80,
        found.money.low95 <= truth <= found.money.high95,
    )


def _sample(population: Population, count: int, factor: float, rng: np.random.Generator) -> Array:
    return np.asarray(population.duration_s[rng.integers(0, population.duration_s.size, count)] * factor)


def _mean_s(population: Population, factor: float) -> float:
    return float(np.minimum(population.duration_s * factor, CAP_S).mean())
