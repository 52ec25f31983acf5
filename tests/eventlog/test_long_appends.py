"""A long append is encoded and followed in slices, and is one step of the log all the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from quell.errors import StorageError
from quell.eventlog import append as appending
from quell.eventlog.append import BYTES_AT_ONCE, EVENTS_AT_ONCE
from quell.eventlog.sqlite import SUBSCRIPTION_PAGE, SqliteEventLog
from tests.eventlog.given import now, texts, write

LONG = [f"event {number}" for number in range(EVENTS_AT_ONCE * 10)]


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    opened = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    yield opened
    await opened.close()


class Turns:
    """Counts how often everything else on the event loop had its turn."""

    def __init__(self) -> None:
        self.count = 0

    async def take(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)


@contextmanager
def counted() -> Iterator[Turns]:
    turns = Turns()
    beside = asyncio.create_task(turns.take())
    try:
        yield turns
    finally:
        beside.cancel()


@pytest.mark.parametrize(
    ("said", "most"), [(LONG, EVENTS_AT_ONCE), (["x" * (BYTES_AT_ONCE // 2)] * 8, 2)], ids=["many", "large"]
)
async def test_everything_else_gets_its_turn_while_a_long_append_is_encoded(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch, said: list[str], most: int
) -> None:
    encode, in_turn = appending.encode, Counter[int]()
    with counted() as turns:

        def noted(event: appending.Event) -> tuple[str, bytes]:
            in_turn[turns.count] += 1
            return encode(event)

        monkeypatch.setattr(appending, "encode", noted)
        await log.append(write("a", *said))

    assert max(in_turn.values()) <= most
    assert sum(in_turn.values()) == len(said)


async def test_appends_are_decided_in_the_order_of_their_calls_however_long_each_is(log: SqliteEventLog) -> None:
    long, short, last = await asyncio.gather(
        log.append(write("a", *LONG, expected_offset=0)),
        log.append(write("a", "short", expected_offset=len(LONG))),
        log.append(write("b", "last")),
    )

    assert (long.first, long.last, short.first, last.first) == (1, len(LONG), len(LONG) + 1, len(LONG) + 2)
    assert log.commits <= 2


async def test_who_follows_a_long_append_lets_everything_else_have_its_turn(log: SqliteEventLog) -> None:
    await log.append(write("a", *LONG))
    seen, in_turn = 0, Counter[int]()
    with counted() as turns:
        async for batch in log.subscribe(after=0):
            in_turn[turns.count] += len(batch)
            seen += len(batch)
            if seen == len(LONG):
                break

    assert max(in_turn.values()) <= SUBSCRIPTION_PAGE


async def test_a_long_append_that_is_given_up_or_cannot_be_kept_leaves_nothing_and_holds_up_nobody(
    log: SqliteEventLog,
) -> None:
    given_up = asyncio.create_task(log.append(write("a", *LONG)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)

    await log.append(write("a", "next", expected_offset=0))
    assert texts(await log.read()) == ["next"]


async def test_a_log_that_is_closed_while_an_append_is_encoded_refuses_it(log: SqliteEventLog) -> None:
    late = asyncio.create_task(log.append(write("a", *LONG)))
    await asyncio.sleep(0)

    closing = asyncio.create_task(log.close())
    with pytest.raises(StorageError, match="closed"):
        await asyncio.wait_for(late, 5)
    await closing
