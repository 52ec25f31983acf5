"""How often the weekly word says Improved or Worse in a quarter in which nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

import numpy as np

from quell.outcomes.timeline import DAY_S, Timeline
from quell.outcomes.trend import WINDOW, Word, weekly
from quell_bench.outcomes.coverage import WORKERS
from quell_bench.outcomes.populations import Array, Population

WEEKS = 13
"""Decisions in a quarter."""
AIM = 0.08
DISPERSION = 2.0
"""Variance of the weekly counts over their mean: incidents come in clusters (GitHub's public ones: 1.8)."""
VOLUMES = (10, 25)
"""Incidents a week, on average."""
SHARES = (0.2, 0.5, 0.3)
"""Of three severities that say nothing about the duration: the strata."""
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """Incidents that resemble their neighbours, though nothing has changed."""

    day_sd: float = 0.0
    """Of a log factor that all incidents of one day share."""
    week_sd: float = 0.0
    """Of one that all incidents of one week share."""


ALIKE = Unlike()
UNLIKE = {
    "each day its own factor, sd 0.5": Unlike(day_sd=0.5),
    "each week its own factor, sd 0.1": Unlike(week_sd=0.1),
    "each week its own factor, sd 0.2": Unlike(week_sd=0.2),
}
"""What the rule is up against in practice; the aim is for incidents that are all alike."""

Job = tuple[Population, int, int, tuple[int, ...], Unlike]


def run(
    populations: Sequence[Population],
    *,
    replicates: int,
    seed: int,
    volumes: Sequence[int] = VOLUMES,
    workers: int = WORKERS,
) -> dict[str, Any]:
    """
    Return, by population and volume, the share of quiet quarters with a false word, and of weeks with any decision.

    Args:
        replicates: quarters for each population and volume.
    """
    named = [(population.name, population, ALIKE) for population in populations]
    named += [(f"{populations[0].name}, {name}", populations[0], unlike) for name, unlike in UNLIKE.items()]
    jobs = [
        (population, volume, replicates, (seed, i, volume), unlike)
        for i, (_, population, unlike) in enumerate(named)
        for volume in volumes
    ]
    cells = iter(spread(_cell, jobs, workers))
    found = {name: {str(volume): next(cells) for volume in volumes} for name, _, _ in named}
    return {
        "aim": AIM,
        "quarters": replicates,
        "weeks": WEEKS,
        "dispersion": DISPERSION,
        "by_population": {population.name: found[population.name] for population in populations},
        "neighbours_alike": {
            name: cell for name, cell in found.items() if name not in {one.name for one in populations}
        },
    }


def spread(work: Any, jobs: Sequence[Any], workers: int) -> list[Any]:
    """Do the jobs in so many processes, and return the results in order."""
    if workers == 1:
        return [work(job) for job in jobs]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, jobs))


def _cell(job: Job) -> dict[str, float]:
    population, volume, replicates, seed, unlike = job
    rng = np.random.default_rng(seed)
    false = decided = 0
    for _ in range(replicates):
        words = quarter(population, volume, rng, unlike)
        false += any(word in (Word.IMPROVED, Word.WORSE) for word in words)
        decided += sum(word is not Word.NOT_ENOUGH for word in words)
    return {"false": round(false / replicates, 4), "decided": round(decided / replicates / WEEKS, 4)}


def quarter(population: Population, volume: float, rng: np.random.Generator, unlike: Unlike = ALIKE) -> list[Word]:
    """Return the words of the quarter's Mondays; nothing changes in it, nor in the eight weeks before."""
    weeks = 2 * WINDOW // timedelta(weeks=1) + WEEKS
    began = arrivals(weeks, volume, rng)
    lasted = population.duration_s[rng.integers(0, population.duration_s.size, began.size)]
    if unlike != ALIKE:
        day = ((began - MONDAY.timestamp()) // DAY_S).astype(np.int64)
        shared = unlike.day_sd * rng.standard_normal(7 * weeks)[day]
        lasted = lasted * np.exp(shared + unlike.week_sd * rng.standard_normal(weeks)[day // 7])
    names = rng.choice(["SEV1", "SEV2", "SEV3"], size=began.size, p=SHARES)
    timeline = Timeline.of(began, began + lasted, list(names))
    first = MONDAY + 2 * WINDOW
    return [weekly(timeline, as_of=first + timedelta(weeks=week), quality=1.0, rng=rng).word for week in range(WEEKS)]


def arrivals(weeks: int, volume: float, rng: np.random.Generator) -> Array:
    """Unix seconds of incidents whose weekly counts are negative binomial: `volume` on average, twice as variable."""
    counts = rng.negative_binomial(volume / (DISPERSION - 1.0), 1.0 / DISPERSION, size=weeks)
    week = np.repeat(np.arange(weeks), counts)
    return np.asarray(MONDAY.timestamp() + WEEK_S * (week + rng.random(week.size)))
