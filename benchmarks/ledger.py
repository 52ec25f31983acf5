"""
The report of the business metrics at a thousand and at a million incidents: how long it takes, to build too; memory.

`make bench-ledger` prints the table; `JSON=FILE` writes it as well. Log-normal durations over a year of sixty services
are taken in as an import is. A correction of one incident is measured too, as it reaches into the sums.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.result import Row, row, show, write
from quell.errors import QuellError
from quell.eventlog.sqlite import SqliteEventLog
from quell.gateway.outcomes import OutcomeDesk
from quell.incident import events as ev
from quell.incident.events import PastIncident
from quell.outcomes.record import Origin

NOW = datetime(2026, 11, 26, tzinfo=UTC)
A_REQUEST = 500
AIM_MS = 50.0
TREND_MS = 200.0
TIMES = 9


def incidents(count: int) -> Iterator[PastIncident]:
    """Yield made-up incidents of a year, in the order in which they began."""
    rng = np.random.default_rng(1)
    days, lasted_s = np.sort(rng.uniform(0, 365, count))[::-1], rng.lognormal(8, 1.3, count)
    for number in range(count):
        begun = NOW - timedelta(days=float(days[number]))
        yield PastIncident(
            id=str(number),
            title="Checkout is slow",
            service=f"s{number % 60}",
            severity=f"SEV{1 + number % 5}",
            started_at=begun,
            detected_at=begun + timedelta(seconds=30),
            restored_at=begun + timedelta(seconds=60 + float(lasted_s[number])),
            restored_by=("person", "quell")[number % 2],
        )


class Now:
    """A clock that a measurement moves, so that no answer is one that was kept."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


async def measured(count: int, log: SqliteEventLog) -> list[Row]:
    """Return the rows for so many incidents."""
    clock = Now()
    desk = OutcomeDesk(log, clock=clock)
    first = next(incidents(count))
    past = incidents(count)
    began = time.perf_counter()
    while batch := tuple(itertools.islice(past, A_REQUEST)):
        desk.take_now(ev.PastIncidentsImported(source="made-up", incidents=batch, by="benchmark"), NOW)
    desk.ledger.totals()
    built_s = time.perf_counter() - began
    await desk.report(days=365, origin=Origin.REAL, by="")
    name = f"{count:,} incidents"
    rows = [
        row(f"{name}: taken in", [built_s], unit="s"),
        row(f"{name}: report of 28 days", await timed(lambda: desk.report(days=28, origin=Origin.REAL, by=""), clock)),
        row(
            f"{name}: report of 365 days",
            await timed(lambda: desk.report(days=365, origin=Origin.REAL, by=""), clock),
            under=AIM_MS,
        ),
        row(f"{name}: trend", await timed(lambda: desk.trend(origin=Origin.REAL), clock), under=TREND_MS),
    ]
    change = ev.RecordCorrected(
        incident_id="made-up/0", changes={"severity": "SEV1"}, before=first, by="benchmark", reason="measured"
    )
    began = time.perf_counter()
    desk.take_now(change, NOW)
    rows.append(row(f"{name}: one correction", [(time.perf_counter() - began) * 1e3]))
    rows.append(row(f"{name}: most memory", [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024], unit="MB"))
    return rows


async def timed(ask: Callable[[], Awaitable[object]], clock: Now) -> list[float]:
    """Return the milliseconds of answers that are computed each time."""
    took_ms = []
    for _ in range(TIMES):
        clock.at += timedelta(minutes=2)
        began = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - began) * 1e3)
    return took_ms


async def run(counts: list[int]) -> list[Row]:
    """Return the rows of each count; the desk needs a log, and asks it nothing here."""
    with tempfile.TemporaryDirectory() as folder:
        log = await SqliteEventLog.open(Path(folder) / "log.db", clock=lambda: NOW)
        try:
            return [one for count in counts for one in await measured(count, log)]
        finally:
            await log.close()


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--incidents", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    try:
        rows = asyncio.run(run(asked.incidents))
    except QuellError as error:
        raise SystemExit(str(error)) from error
    show(rows)
    if asked.json:
        write(asked.json, rows, incidents=asked.incidents)


if __name__ == "__main__":
    main()
