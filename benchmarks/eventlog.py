"""
Durable events a second of the event log on SQLite, beside raw sqlite3 with the same tables and PRAGMAs.

`python -m benchmarks.eventlog` prints the table; `--json FILE` writes it as well. Each append carries one event of
about 400 bytes and an idempotency key, and counts once its caller knows it durable. Raw sqlite3 writes the same rows
with executemany, a commit for as many as there are callers: no queue, no checks, no loop. Rounds alternate between
the cases; medians are compared. `--folder` names the disk to measure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from quell.eventlog.codec import encode
from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.eventlog.sqlite_file import open_file
from quell.incident.events import NoteAdded

EVENT = NoteAdded(by="agent:diagnosis", text="x" * 365)
STREAMS = 1_000
INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to append."""

    callers: int
    subscribers: int = 0

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.callers} callers" + (f", {self.subscribers} subscribers" if self.subscribers else "")


CASES = (Case(callers=1), Case(callers=32), Case(callers=32, subscribers=20), Case(callers=256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of a case gave."""

    events_per_s: float
    events_per_commit: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The medians of one case."""

    case: str
    events_per_s: float
    raw_events_per_s: float
    ratio: float
    events_per_commit: float
    p50_ms: float
    p99_ms: float


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def raw(path: Path, *, batch: int, seconds: float) -> float:
    """Return events a second of executemany with a commit for every `batch` rows."""
    name, body = encode(EVENT)
    file = open_file(path, readers=0)
    done, lengths, began = 0, dict[int, int](), time.perf_counter()
    while time.perf_counter() - began < seconds:
        rows = []
        for position in range(done + 1, done + batch + 1):
            number = position % STREAMS
            lengths[number] = offset = lengths.get(number, 0) + 1
            stream = f"incident/INC-{number}"
            rows.append((position, stream, offset, time.time_ns() // 1000, name, body, f"key/{position}", 1))
        file.writer.execute("BEGIN IMMEDIATE")
        file.writer.executemany(INSERT, rows)
        file.writer.execute("COMMIT")
        done += batch
    rate = done / (time.perf_counter() - began)
    file.close()
    return rate


async def appended(path: Path, case: Case, *, seconds: float) -> Round:
    """Append from `case.callers` tasks, each waiting for its last append before the next."""
    log = await SqliteEventLog.open(path, clock=now)
    took_ms: list[float] = []
    began = time.perf_counter()

    async def call(caller: int) -> None:
        count = caller
        while (start := time.perf_counter()) - began < seconds:
            stream = f"incident/INC-{count % STREAMS}"
            await log.append([Write(stream=stream, events=[EVENT])], key=f"key/{count}")
            took_ms.append((time.perf_counter() - start) * 1e3)
            count += case.callers

    async def follow() -> int:
        return sum([len(batch) async for batch in log.subscribe(after=0)])

    following = [asyncio.create_task(follow()) for _ in range(case.subscribers)]
    await asyncio.gather(*(call(caller) for caller in range(case.callers)))
    elapsed_s = time.perf_counter() - began
    commits, head = log.commits, log.head
    await log.close()
    assert all(seen == head == len(took_ms) for seen in await asyncio.gather(*following))
    cuts = statistics.quantiles(took_ms, n=100)
    return Round(events_per_s=head / elapsed_s, events_per_commit=head / commits, p50_ms=cuts[49], p99_ms=cuts[98])


def measure(folder: Path, *, rounds: int, seconds: float) -> list[Row]:
    """Run every case and its raw counterpart in turn, `rounds` times."""
    floors: dict[Case, list[float]] = {case: [] for case in CASES}
    found: dict[Case, list[Round]] = {case: [] for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                floors[case].append(raw(Path(place) / "raw.db", batch=case.callers, seconds=seconds))
                found[case].append(asyncio.run(appended(Path(place) / "quell.db", case, seconds=seconds)))
    return [row_of(case, found[case], statistics.median(floors[case])) for case in CASES]


def row_of(case: Case, rounds: list[Round], raw_events_per_s: float) -> Row:
    """Return the medians of a case's rounds."""
    events_per_s = statistics.median(one.events_per_s for one in rounds)
    return Row(
        case=case.name,
        events_per_s=events_per_s,
        raw_events_per_s=raw_events_per_s,
        ratio=events_per_s / raw_events_per_s,
        events_per_commit=statistics.median(one.events_per_commit for one in rounds),
        p50_ms=statistics.median(one.p50_ms for one in rounds),
        p99_ms=statistics.median(one.p99_ms for one in rounds),
    )


def settings_of(folder: Path) -> dict[str, int | str]:
    """Return the PRAGMAs that both sides run with."""
    with tempfile.TemporaryDirectory(dir=folder) as place, closing(open_file(Path(place) / "x.db", readers=0)) as file:
        names = ("journal_mode", "synchronous", "page_size", "wal_autocheckpoint")
        return {name: file.writer.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eventlog", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each case, each round")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = measure(asked.folder, rounds=asked.rounds, seconds=asked.seconds)
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "pragmas": settings_of(asked.folder),
        "event_bytes": len(encode(EVENT)[1]),
        "rounds": asked.rounds,
        "seconds": asked.seconds,
    }
    print(machine)
    print(f"{'':28}{'events/s':>10}{'raw':>10}{'ratio':>8}{'per commit':>12}{'p50 ms':>9}{'p99 ms':>9}")
    for row in rows:
        print(
            f"{row.case:28}{row.events_per_s:10,.0f}{row.raw_events_per_s:10,.0f}{row.ratio:8.2f}"
            f"{row.events_per_commit:12.1f}{row.p50_ms:9.2f}{row.p99_ms:9.2f}"
        )
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
