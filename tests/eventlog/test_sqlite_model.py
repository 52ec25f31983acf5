"""Any sequence of appends, refusals, repeats and restarts leaves the log as a simple model says."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from quell.errors import WrongOffset
from quell.eventlog.log import Appended, Write
from quell.eventlog.sqlite import SqliteEventLog
from tests.eventlog.given import note, now, texts

STREAMS = st.sampled_from(["a", "b", "incident/1"])
KEYS = st.none() | st.sampled_from(["k1", "k2", "k3", "k4"])
PARTS = st.lists(st.tuples(STREAMS, st.integers(0, 3), st.none() | st.integers(0, 4)), min_size=1, max_size=3)

BATCHES = st.lists(st.tuples(PARTS, st.booleans(), KEYS), min_size=1, max_size=8)
"""Appends made at once; the boolean makes their expected offsets true instead of any number."""


class Model:
    """A log as one list."""

    def __init__(self) -> None:
        self.records: list[tuple[str, int, str]] = []
        self.keys: dict[str, tuple[int, int]] = {}

    def length(self, stream: str) -> int:
        return sum(name == stream for name, _, _ in self.records)

    def append(self, writes: list[tuple[str, list[str], int | None]], key: str | None) -> Appended | None:
        """Return what the log must answer; None: refused."""
        if key in self.keys:
            first, last = self.keys[key]
            return Appended(first=first, last=last, fresh=False)
        before = list(self.records)
        for stream, contents, expected in writes:
            if expected not in (None, self.length(stream)):
                self.records = before
                return None
            for content in contents:
                self.records.append((stream, self.length(stream) + 1, content))
        span = (len(before) + 1, len(self.records))
        if key is not None:
            self.keys[key] = span
        return Appended(first=span[0], last=span[1], fresh=True)


class LogAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.count = 0
        self.log = self.run(self.opened())
        self.epoch = self.log.epoch

    def run(self, task: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(task)

    async def opened(self) -> SqliteEventLog:
        return await SqliteEventLog.open(Path(self.folder.name) / "events.db", clock=now)

    @rule(chosen=BATCHES)
    def append_at_once(self, chosen: list[tuple[list[tuple[str, int, int | None]], bool, str | None]]) -> None:
        asked, answers = [], []
        for parts, relative, key in chosen:
            writes = []
            for stream, size, expected in parts:
                if relative and expected is not None:
                    before = sum(len(contents) for name, contents, _ in writes if name == stream)
                    expected = self.model.length(stream) + before
                writes.append((stream, [f"{self.count + i}" for i in range(size)], expected))
                self.count += size
            if not any(contents for _, contents, _ in writes):
                continue
            asked.append((writes, key))
            answers.append(self.model.append(writes, key))
        assert self.run(self.append_all(asked)) == answers

    async def append_all(self, asked: list[Any]) -> list[Appended | None]:
        calls = [
            self.log.append(
                [Write(stream=s, events=[note(c) for c in contents], expected_offset=e) for s, contents, e in writes],
                key=key,
            )
            for writes, key in asked
        ]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        for outcome in outcomes:
            assert isinstance(outcome, Appended | WrongOffset), outcome
        return [outcome if isinstance(outcome, Appended) else None for outcome in outcomes]

    @rule()
    def restart(self) -> None:
        self.run(self.log.close())
        self.log = self.run(self.opened())
        assert self.log.epoch == self.epoch

    @rule(after=st.integers(0, 30), limit=st.integers(1, 10))
    def read_a_page(self, after: int, limit: int) -> None:
        expected = [content for _, _, content in self.model.records[after : after + limit]]
        assert texts(self.run(self.log.read(after=after, limit=limit))) == expected
        assert texts(self.run(self.log._read_on(after, limit))) == expected

    @rule(stream=STREAMS, after=st.integers(0, 8))
    def read_a_stream(self, stream: str, after: int) -> None:
        held = [content for name, _, content in self.model.records if name == stream]
        assert texts(self.run(self.log.read_stream(stream, after=after))) == held[after:]

    @invariant()
    def the_log_holds_what_the_model_holds(self) -> None:
        records = self.run(self.log.read(limit=10_000))
        assert self.log.head == len(self.model.records)
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        assert [(r.stream, r.offset, t) for r, t in zip(records, texts(records), strict=True)] == self.model.records

    def teardown(self) -> None:
        self.run(self.log.close())
        self.runner.close()
        self.folder.cleanup()


TestLogAgainstModel = pytest.mark.timeout(60)(LogAgainstModel.TestCase)
TestLogAgainstModel.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],  # every example makes a file: shrinking took minutes
)
