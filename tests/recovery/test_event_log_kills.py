"""
A process that writes the event log is killed with SIGKILL, a hundred times, at moments nobody chose.

This proves what a dying process can break. Against a dying machine stands synchronous=FULL, which no test here can
switch the power off for.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from select import select
from time import monotonic

import pytest

from quell.eventlog.log import Recorded, Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident.events import NoteAdded

KILLS = 100
KILLS_PER_FILE = 20
EARLY = 0.2
"""Share of kills that come while the writer starts or opens the file."""
SEED = 20260304


@dataclass
class Life:
    """What a writer said before it was killed."""

    opened: bool = False
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)


class Writers:
    """Starts writers, one at a time, and kills them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._rest = b""

    def one_life(self, path: Path, number: int, *, acks: int, then_s: float) -> Life:
        """Start a writer, kill it that long after that many acknowledgements and return what it had said."""
        self._stdin.write(f"{path} {number} {SEED}{number}\n".encode())
        self._stdin.flush()
        life, pid, kill_at, deadline = Life(), None, None, monotonic() + 60
        while True:
            assert monotonic() < deadline, "the writer did not start, append or end"
            for line in self._lines(max((kill_at or deadline) - monotonic(), 0)):
                word, *rest = line.split()
                if word == "pid":
                    pid = int(rest[0])
                elif word == "open":
                    life.opened = True
                elif word == "ack":
                    life.acknowledged[rest[0]] = (int(rest[1]), int(rest[2]))
                elif word == "ended":
                    assert pid is None, "the writer ended by itself"
                    return life
            if pid is None:
                continue
            if kill_at is None and len(life.acknowledged) >= acks:
                kill_at = monotonic() + then_s
            if kill_at is not None and monotonic() >= kill_at:
                os.kill(pid, signal.SIGKILL)
                pid, kill_at = None, None

    def _lines(self, wait_s: float) -> list[str]:
        if not select([self._stdout], [], [], wait_s)[0]:
            return []
        *lines, self._rest = (self._rest + os.read(self._stdout.fileno(), 65536)).split(b"\n")
        return [line.decode() for line in lines]


@pytest.fixture
def writers() -> Iterator[Writers]:
    command = [sys.executable, "-m", "tests.recovery.event_log_writer"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as process:
        yield Writers(process)


@dataclass
class Kept:
    """What the log was seen to hold; grows with every look."""

    position: int = 0
    lengths: dict[str, int] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    """First and last position by key."""

    def look_at(self, records: list[Recorded]) -> None:
        seen: dict[str, list[tuple[int, int, int]]] = {}
        for record in records:
            assert record.position == self.position + 1
            assert record.offset == self.lengths.get(record.stream, 0) + 1
            self.position, self.lengths[record.stream] = record.position, record.offset
            assert isinstance(record.event, NoteAdded)
            key, index, size = record.event.by.split()
            seen.setdefault(key, []).append((record.position, int(index), int(size)))
        for key, parts in seen.items():
            first, _, size = parts[0]
            assert parts == [(first + i, i, size) for i in range(size)], f"{key} is there in part, or twice"
            assert key not in self.spans, f"{key} is there twice"
            self.spans[key] = (first, first + size - 1)


async def test_a_hundred_kills_lose_nothing_acknowledged_and_double_nothing(tmp_path: Path, writers: Writers) -> None:
    chance = random.Random(SEED)
    acknowledged: dict[str, tuple[int, int]] = {}
    unacknowledged = killed_before_open = 0
    for number in range(KILLS):
        path = tmp_path / f"{number // KILLS_PER_FILE}.db"
        if number % KILLS_PER_FILE == 0:
            kept, epoch = Kept(), None
        acks = 0 if chance.random() < EARLY else chance.randint(1, 300)
        life = writers.one_life(path, number, acks=acks, then_s=chance.uniform(0, 0.005 if acks else 0.02))

        log = await SqliteEventLog.open(path, clock=lambda: datetime.now(UTC))
        assert epoch in (None, log.epoch)
        epoch, before = log.epoch, len(kept.spans)
        while records := await log._read_on(kept.position, 5_000):
            kept.look_at(records)
        await log.close()

        assert kept.position == log.head
        assert life.acknowledged.items() <= kept.spans.items()
        unacknowledged += len(kept.spans) - before - len(life.acknowledged)
        killed_before_open += not life.opened
        acknowledged |= life.acknowledged
    # The kills did hit writers at work, some of them with an append in flight, and some at their start.
    assert len(acknowledged) > 50 * KILLS
    assert unacknowledged > 0
    assert killed_before_open > 0


async def test_what_was_acknowledged_before_a_kill_is_known_by_its_key_after_it(
    tmp_path: Path, writers: Writers
) -> None:
    path = tmp_path / "events.db"
    acknowledged = writers.one_life(path, 0, acks=100, then_s=0).acknowledged

    log = await SqliteEventLog.open(path, clock=lambda: datetime.now(UTC))
    for key, (first, last) in acknowledged.items():
        again = await log.append([Write(stream="s0", events=[NoteAdded(by=key, text="again")])], key=key)
        assert (again.first, again.last, again.fresh) == (first, last, False)
    await log.close()
