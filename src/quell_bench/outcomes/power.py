"""How often one weekly decision sees a change that is there, by its size and the number of incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from quell.outcomes.timeline import Timeline
from quell.outcomes.trend import WINDOW, Word, weekly
from quell_bench.outcomes.badges import MONDAY, arrivals, spread
from quell_bench.outcomes.coverage import WORKERS
from quell_bench.outcomes.populations import Population

RATIOS = (0.8, 0.65, 0.5, 0.35)
VOLUMES = (10, 25, 50, 100)
"""Incidents a week, on average."""

Job = tuple[Population, int, int, tuple[int, ...]]


def run(
    populations: Sequence[Population],
    *,
    replicates: int,
    seed: int,
    volumes: Sequence[int] = VOLUMES,
    workers: int = WORKERS,
) -> dict[str, Any]:
    """
    Return, by population and volume, the share of decisions that say Improved for each ratio, and the median of the
    ratio that the decision itself said would show.

    All durations of the later 28 days are those of the earlier ones times the ratio.
    """
    jobs = [
        (population, volume, replicates, (seed, i, volume))
        for i, population in enumerate(populations)
        for volume in volumes
    ]
    found: dict[str, dict[str, Any]] = {}
    for (population, volume, _, _), cell in zip(jobs, spread(_cell, jobs, workers), strict=True):
        found.setdefault(population.name, {})[str(volume)] = cell
    return {"decisions": replicates, "ratios": list(RATIOS), "by_population": found}


def _cell(job: Job) -> dict[str, Any]:
    population, volume, replicates, seed = job
    rng = np.random.default_rng(seed)
    improved = dict.fromkeys(RATIOS, 0)
    shown: list[float] = []
    for ratio in RATIOS:
        for _ in range(replicates):
            began = arrivals(8, volume, rng)
            lasted = population.duration_s[rng.integers(0, population.duration_s.size, began.size)]
            later = began >= (MONDAY + WINDOW).timestamp()
            timeline = Timeline.of(began, began + np.where(later, lasted * ratio, lasted))
            decision = weekly(timeline, as_of=MONDAY + 2 * WINDOW + timedelta(days=1), quality=1.0, rng=rng)
            improved[ratio] += decision.word is Word.IMPROVED
            if decision.detectable is not None:
                shown.append(decision.detectable)
    return {
        "improved": {f"{ratio:g}": round(count / replicates, 4) for ratio, count in improved.items()},
        "detectable": round(float(np.median(shown)), 3) if shown else None,
    }
