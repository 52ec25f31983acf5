"""
How far the business metrics can be trusted, where the truth is known: one JSON that docs/metrics.md is made from.

`python -m benchmarks.outcomes` counts how often intervals hold the truth, how often the weekly word is wrong and how
often it sees what is there, how often savings are claimed without there being any, and what open incidents do.
`--durations CSV` takes a file's column `duration_minutes` as one more population. Rare mistakes are counted in twice
as many replicates as the rest, power in a quarter; `--replicates 4000` is the full run.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.result import machine
from quell.outcomes.rolling import rolling
from quell.outcomes.timeline import Timeline
from quell.outcomes.trend import weekly
from quell_bench.outcomes import badges, coverage, money, populations, power
from quell_bench.outcomes.populations import Population

CHOSEN = ("log-normal 1.1", "Pareto 1.1", "30% by a person")
"""Of the made-up populations, those for what takes long to simulate."""
OPEN_SHARE = 0.055
OPEN_SIZES = (50, 200)
INCIDENTS = 10_000


def measure(durations: Path | None, *, replicates: int, seed: int, workers: int) -> dict[str, Any]:
    """Return everything, by what was measured."""
    made = populations.made_up()
    real = () if durations is None else (populations.read(durations),)
    chosen = (*(one for one in made if one.name in CHOSEN), *real)
    return {
        "replicates": replicates,
        "seed": seed,
        "coverage": _coverage((*made, *real), replicates=replicates, seed=seed, workers=workers),
        "censoring": {
            "open_share": OPEN_SHARE,
            "by_population": _coverage(
                chosen, replicates=replicates, seed=seed, workers=workers, sizes=OPEN_SIZES, open_share=OPEN_SHARE
            ),
        },
        "badges": badges.run(chosen, replicates=2 * replicates, seed=seed, workers=workers),
        "power": power.run(chosen, replicates=max(replicates // 4, 1), seed=seed, workers=workers),
        "money": money.run(chosen, replicates=2 * replicates, seed=seed, workers=workers),
        "speed": {"incidents": INCIDENTS, "trend_ms": round(trend_ms(INCIDENTS, seed), 1)},
    }


def _coverage(
    chosen: Sequence[Population],
    *,
    replicates: int,
    seed: int,
    workers: int,
    sizes: Sequence[int] = coverage.SIZES,
    open_share: float = 0.0,
) -> dict[str, Any]:
    cells = coverage.measure(
        chosen, sizes=sizes, replicates=replicates, seed=seed, open_share=open_share, workers=workers
    )
    return {
        one.name: coverage.report([cell for cell in cells if cell.population == one.name], with_bias=open_share > 0)
        for one in chosen
    }


def trend_ms(incidents: int, seed: int) -> float:
    """Return the median milliseconds of a weekly decision and the line of 90 days."""
    rng = np.random.default_rng(seed)
    as_of = datetime(2026, 3, 2, 12, tzinfo=UTC)
    began = as_of.timestamp() - 90 * 86_400.0 * rng.random(incidents)
    names = rng.choice(["SEV1", "SEV2", "SEV3"], incidents)
    timeline = Timeline.of(began, began + rng.lognormal(7.8, 1.2, incidents), list(names))
    took_ms = []
    for _ in range(5):
        start = perf_counter()
        weekly(timeline, as_of=as_of, quality=1.0, rng=rng)
        rolling(timeline, as_of=as_of)
        took_ms.append((perf_counter() - start) * 1_000.0)
    return statistics.median(took_ms)


def said(found: dict[str, Any]) -> str:
    """Return the lines that a person looks for: the worst of each, beside its aim."""
    false = [cell["false"] for one in found["badges"]["by_population"].values() for cell in one.values()]
    claimed = [cell["claimed_without"] for one in found["money"]["by_population"].values() for cell in one.values()]
    biases = [cell["capped_mean_bias"] for one in found["censoring"]["by_population"].values() for cell in one.values()]
    lines = (
        f"a false word in a quiet quarter: {max(false):.3f} at worst, {statistics.mean(false):.3f} on average "
        f"(aim {found['badges']['aim']})",
        f"a saving claimed without one: {max(claimed):.3f} at worst, {statistics.mean(claimed):.3f} on average "
        f"(aim {found['money']['aim']})",
        f"bias of the capped mean with {OPEN_SHARE:.1%} open: {max(biases, key=abs):+.3f} at worst (aim 0.03)",
        f"trend of {INCIDENTS:,} incidents: {found['speed']['trend_ms']} ms (aim 200)",
    )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outcomes", description=__doc__)
    parser.add_argument("--durations", type=Path, help="CSV file with a column duration_minutes: one more population")
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=coverage.WORKERS)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    start = perf_counter()
    found = measure(asked.durations, replicates=asked.replicates, seed=asked.seed, workers=asked.workers)
    print(said(found))
    print(f"{asked.replicates} replicates in {perf_counter() - start:.0f} s")
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine(), **found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
