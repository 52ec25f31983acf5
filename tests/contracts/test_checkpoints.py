"""What every store of checkpoints must do, and what a subscriber with side effects is given upon it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest

from quell.errors import Malformed
from quell.eventlog.checkpoints import Checkpoints, deliver
from quell.eventlog.log import EventLog, Recorded, Write
from quell.eventlog.sqlite import SqliteEventLog
from tests.eventlog.given import note, now
from tests.fakes.event_log import MemoryEventLog


class Store(EventLog, Checkpoints, Protocol):
    """A log with its checkpoints."""


async def open_sqlite(folder: Path) -> Store:
    return await SqliteEventLog.open(folder / "log.db", clock=now)


async def open_memory(folder: Path) -> Store:
    return MemoryEventLog(clock=now)


STORES: dict[str, Callable[[Path], Awaitable[Store]]] = {"sqlite": open_sqlite, "memory": open_memory}


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await STORES[request.param](tmp_path)
    yield opened
    await opened.close()


async def filled(store: Store, *numbers: int) -> None:
    for number in numbers:
        await store.append([Write(stream="a", events=[note(str(number))])])


class Told:
    """A subscriber that remembers what it was given, and breaks once of one event."""

    def __init__(self, breaks_at: int = 0) -> None:
        self.given: list[int] = []
        self.breaks_at = breaks_at

    async def __call__(self, recorded: Recorded) -> None:
        self.given.append(recorded.position)
        if recorded.position == self.breaks_at:
            self.breaks_at = 0
            raise ConnectionError("nobody answers")


async def delivered(store: Store, told: Told, *, until: int) -> None:
    """Deliver until the subscriber was given an event, and its checkpoint is kept."""
    task = asyncio.create_task(deliver(store, store, "mail", told))
    async with asyncio.timeout(20):
        while not task.done() and await store.checkpoint("mail") < until:
            await asyncio.sleep(0.005)
    if task.done():
        task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_subscriber_stands_where_it_was_left_and_never_steps_back(store: Store) -> None:
    await filled(store, 1, 2, 3)

    assert await store.checkpoint("mail") == 0
    await store.reached("mail", 2)
    await store.reached("mail", 1)
    await store.reached("字'; --", 3)
    assert await store.checkpoint("mail") == 2
    assert await store.checkpoint("字'; --") == 3
    assert store.head == 3, "a checkpoint is no event"


async def test_a_checkpoint_past_the_log_stands_at_its_head(store: Store) -> None:
    # An older copy of the log was put back: what follows it is new, whatever had been done with the positions before.
    await filled(store, 1)
    await store.reached("mail", 900)
    assert await store.checkpoint("mail") == 1


@pytest.mark.parametrize("name", ["", "x" * 256, "a\0b", "\ud800"])
async def test_a_name_that_cannot_be_kept_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Malformed, match="subscriber"):
        await store.reached(name, 1)


async def test_each_event_is_given_once_in_order_over_two_starts(store: Store) -> None:
    await filled(store, *range(1, 8))
    told = Told()
    await delivered(store, told, until=7)
    await filled(store, 8, 9)
    await delivered(store, told, until=9)

    assert told.given == list(range(1, 10))


async def test_an_event_whose_handling_broke_is_given_again_after_the_next_start(store: Store) -> None:
    await filled(store, 1, 2)
    told = Told()
    await delivered(store, told, until=2)
    await filled(store, 3, 4)
    told.breaks_at = 3
    with pytest.raises(ConnectionError):
        await deliver(store, store, "mail", told)
    await delivered(store, told, until=4)

    assert told.given == [1, 2, 3, 3, 4]


async def test_checkpoints_are_there_after_the_file_was_opened_again(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    await filled(log, 1, 2)
    await log.reached("mail", 2)
    await log.close()

    again = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    assert await again.checkpoint("mail") == 2
    await again.close()


async def test_a_file_from_before_there_were_checkpoints_gets_a_place_for_them(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    await filled(log, 1)
    await log.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("DROP TABLE checkpoints")
        file.commit()

    again = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    await again.reached("mail", 1)
    assert await again.checkpoint("mail") == 1
    await again.close()
