"""
What a body costs as it grows, and how long everything else waits meanwhile, at a whole `quell serve`.

`python -m benchmarks.longbody` sends one request of 1,000, 2,000, 4,000 and 8,000 alerts that wait below the threshold,
each size to a service of its own, and asks `/healthz` all the while.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks import result
from benchmarks.server import Line, serving

SIZES = (1_000, 2_000, 4_000, 8_000)
ROUNDS = 5


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.longbody", description=__doc__)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quell-bench-") as folder, serving(Path(folder)) as running:
        rows = asyncio.run(measure(running.port))
    result.show(rows)
    if asked.json:
        result.write(asked.json, rows)


async def measure(port: int) -> list[result.Row]:
    """Return, for each size, what one alert costs and the longest that `/healthz` took while they were taken."""
    sender, beside = await Line.open(port), await Line.open(port)
    each_us: dict[int, list[float]] = {size: [] for size in SIZES}
    waited_ms: dict[int, list[float]] = {size: [] for size in SIZES}
    for number in range(ROUNDS):
        for size in SIZES:
            asking = asyncio.create_task(_longest_ms(beside))
            began = time.perf_counter()
            await sender.post("/ingest/alerts", {"alerts": list(_alerts(size, f"service-{number}-{size}"))})
            each_us[size].append((time.perf_counter() - began) / size * 1e6)
            asking.cancel()
            waited_ms[size].append(await asking)
    rows = [result.row(f"{size:,} alerts: each", each_us[size], unit="us") for size in SIZES]
    return rows + [result.row(f"{size:,} alerts: longest /healthz", waited_ms[size], unit="ms") for size in SIZES]


def _alerts(count: int, service: str) -> list[dict[str, object]]:
    own = {"name": "Scaled", "service": service, "severity": "info"}
    return [{**own, "labels": {"pod": f"pod-{number}"}} for number in range(count)]


async def _longest_ms(line: Line) -> float:
    """Ask until cancelled; return the longest that an answer took, an unfinished one included."""
    longest_s = 0.0
    while True:
        began = time.perf_counter()
        answer = asyncio.ensure_future(line.get("/healthz"))
        try:
            await asyncio.shield(answer)
        except asyncio.CancelledError:
            await answer
            return max(longest_s, time.perf_counter() - began) * 1e3
        longest_s = max(longest_s, time.perf_counter() - began)


if __name__ == "__main__":
    main()
