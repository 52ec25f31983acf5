"""What every reader of a log must do, beside the process that owns it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from quell.errors import NotFound, StorageCorrupt
from quell.eventlog.log import EventLog, Write
from quell.eventlog.reader import Reader
from quell.eventlog.sqlite import SqliteEventLog
from quell.eventlog.sqlite_reader import PAGE, SqliteReader
from tests.eventlog.given import note, now, texts


@dataclass(frozen=True)
class Pair:
    """A log, and a reader of it."""

    log: EventLog
    reader: Reader


@pytest.fixture(params=["sqlite"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    reader = SqliteReader(tmp_path / "log.db")
    yield Pair(log, reader)
    reader.close()
    await log.close()


async def filled(log: EventLog, count: int, stream: str = "a") -> None:
    await log.append([Write(stream=stream, events=[note(str(number)) for number in range(count)])])


async def test_an_empty_log_is_read_as_one(pair: Pair) -> None:
    found = pair.reader.inspect()

    assert list(pair.reader.replay()) == pair.reader.after(0) == []
    assert pair.reader.epoch == pair.log.epoch
    assert (found.events, found.damaged, found.unchecked) == (0, (), 0)
    assert found.owner is not None


async def test_everything_is_replayed_in_order_page_after_page(pair: Pair) -> None:
    await filled(pair.log, PAGE + 3)
    await filled(pair.log, 2, "b")

    assert [one.position for one in pair.reader.replay()] == list(range(1, PAGE + 6))
    assert texts(list(pair.reader.replay(stream="b"))) == ["0", "1"]
    assert list(pair.reader.replay(stream="c")) == []
    assert list(pair.reader.replay()) == await pair.log.read(limit=PAGE * 2)


async def test_what_is_appended_meanwhile_is_followed_page_by_page(pair: Pair) -> None:
    pair.reader.changed()
    assert not pair.reader.changed()
    await filled(pair.log, PAGE + 1)

    assert pair.reader.changed()
    first = pair.reader.after(0)
    assert len(first) == PAGE
    assert [one.position for one in pair.reader.after(first[-1].position)] == [PAGE + 1]
    assert not pair.reader.changed()
    assert pair.reader.inspect().events == PAGE + 1


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no event log at"):
        SqliteReader(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("hello, I am no database, whoever asks")
    with pytest.raises(StorageCorrupt):
        SqliteReader(tmp_path / "text.db")
