from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quell.errors import Malformed, StorageBusy, StorageError, TooLarge, WrongOffset
from quell.eventlog import sqlite_rows
from quell.eventlog.append import MAX_EVENT_BYTES
from quell.eventlog.log import Recorded, Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.eventlog.sqlite_rows import CHUNK_ROWS
from quell.incident.events import Reading, Verified
from tests.eventlog.given import note, now, texts, write


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    opened = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    yield opened
    await opened.close()


class HeldWriter:
    """Keeps the writer from its next batch until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self._go = threading.Event(), threading.Event()
        insert = sqlite_rows.insert

        def held(*args: object) -> None:
            self.reached.set()
            assert self._go.wait(20)
            insert(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(sqlite_rows, "insert", held)

    async def hold(self, log: SqliteEventLog) -> asyncio.Task[object]:
        first = asyncio.create_task(log.append(write("held", "first")))
        assert await asyncio.to_thread(self.reached.wait, 20)
        return first

    def let_go(self) -> None:
        self._go.set()


async def test_appends_at_once_share_commits(log: SqliteEventLog) -> None:
    await asyncio.gather(*(log.append(write(f"s{i}", str(i)), key=f"k{i}") for i in range(1000)))

    assert log.head == 1000
    assert log.commits <= 100


async def test_an_append_alone_is_one_commit(log: SqliteEventLog) -> None:
    for i in range(10):
        await log.append(write("a", str(i)))

    assert log.commits == 10


async def test_refused_and_repeated_appends_commit_nothing(log: SqliteEventLog) -> None:
    await log.append(write("a"), key="k")

    await log.append(write("a"), key="k")
    with pytest.raises(WrongOffset):
        await log.append(write("a", expected_offset=0))
    assert log.commits == 1


@pytest.mark.parametrize("count", [1, 2, 3, 31, 33, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 5 * CHUNK_ROWS + 7])
async def test_an_append_of_any_size_is_one_commit(log: SqliteEventLog, count: int) -> None:
    numbers = [str(i) for i in range(count)]

    done = await log.append(write("a", *numbers), key="k")

    assert (done.first, done.last, log.commits) == (1, count, 1)
    assert texts(await log.read_stream("a", limit=count)) == numbers
    assert (await log.append(write("a"), key="k")).last == count


async def test_a_full_queue_refuses_and_takes_again_when_it_has_drained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await SqliteEventLog.open(tmp_path / "events.db", clock=now, queue_events=10)
    writer = HeldWriter(monkeypatch)
    first = await writer.hold(log)
    queued = [asyncio.create_task(log.append(write("a", str(i)))) for i in range(9)]
    await asyncio.sleep(0)

    with pytest.raises(StorageBusy, match="10 events"):
        await log.append(write("a", "too much"))
    writer.let_go()
    await asyncio.gather(first, *queued)
    await log.append(write("a", "again"))

    assert texts(await log.read_stream("a")) == [*map(str, range(9)), "again"]
    assert log.events_waiting == 0
    await log.close()


async def test_a_queue_is_bounded_in_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = await SqliteEventLog.open(tmp_path / "events.db", clock=now, queue_bytes=5000)
    writer = HeldWriter(monkeypatch)
    first = await writer.hold(log)

    with pytest.raises(StorageBusy):
        await log.append(write("a", "x" * 5000))
    writer.let_go()
    await first
    await log.append(write("a", "x" * 6000))  # alone, one over the bound is taken: it could never be otherwise

    await log.close()


async def test_an_append_cancelled_while_queued_is_not_written(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = HeldWriter(monkeypatch)
    first = await writer.hold(log)
    cancelled = asyncio.create_task(log.append(write("a", "cancelled")))
    kept = asyncio.create_task(log.append(write("a", "kept", expected_offset=0)))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    writer.let_go()

    await asyncio.gather(first, kept)
    assert texts(await log.read()) == ["first", "kept"]
    assert log.events_waiting == 0


async def test_an_append_cancelled_while_written_is_durable(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = HeldWriter(monkeypatch)
    first = await writer.hold(log)
    first.cancel()
    await asyncio.wait([first])
    writer.let_go()

    await log.append(write("a", "next"))
    assert texts(await log.read()) == ["first", "next"]


async def test_closing_finishes_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    queued = [asyncio.create_task(log.append(write("a", str(i)))) for i in range(300)]
    await asyncio.sleep(0)
    await asyncio.gather(log.close(), log.close())

    assert all(task.done() and task.exception() is None for task in queued)
    for call in (log.append(write()), log.read(), log.read_stream("a"), log.check()):
        with pytest.raises(StorageError, match="closed"):
            await call
    again = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    assert again.head == 300
    await again.close()


async def test_closing_leaves_nothing_but_the_file_and_its_lock(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    await log.append(write())
    await log.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.db", "events.db.lock"]
    assert stat.S_IMODE((tmp_path / "events.db").stat().st_mode) == 0o600
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("eventlog")]


async def test_a_subscription_ends_when_the_log_closes(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    seen: list[Recorded] = []

    async def follow() -> None:
        async for batch in log.subscribe(after=0):
            seen.extend(batch)

    following = [asyncio.create_task(follow()) for _ in range(3)]
    await log.append(write("a", "1"))
    await log.close()
    async with asyncio.timeout(10):
        await asyncio.gather(*following)
    assert texts(seen) == ["1"] * 3


async def test_live_subscribers_do_not_read_the_disk(log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    await log.append(write("a", "before"))
    seen = [0] * 200
    done = asyncio.Event()

    async def follow(number: int) -> None:
        async for batch in log.subscribe(after=1):
            seen[number] += len(batch)
            if all(count == 500 for count in seen):
                done.set()

    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("a live subscriber read the disk")

    monkeypatch.setattr(sqlite_rows, "page_of_all", refuse)
    following = [asyncio.create_task(follow(number)) for number in range(200)]
    for _ in range(5):
        await asyncio.gather(*(log.append(write("a")) for _ in range(100)))
    async with asyncio.timeout(20):
        await done.wait()
    for task in following:
        task.cancel()
    await asyncio.wait(following)


async def test_a_subscriber_that_fell_behind_the_tail_reads_on_from_the_disk(log: SqliteEventLog) -> None:
    subscription = log.subscribe(after=0)
    await log.append(write("a", "0"))
    seen = await anext(subscription)
    for start in range(1, 20_001, 2000):
        await log.append(write("a", *(str(i) for i in range(start, start + 2000))))
    assert log._tail.after(1, limit=1) is None

    while seen[-1].position < log.head:
        seen += await anext(subscription)
    assert [record.position for record in seen] == list(range(1, 20_002))
    assert texts(seen) == [str(i) for i in range(20_001)]


async def test_a_value_that_could_not_be_read_back_is_refused(log: SqliteEventLog) -> None:
    reading = Reading(
        service="a", series="b", unit="s", value=1.0, normal_low=float("nan"), normal_high=1.0, in_range=True
    )
    lying = Verified(verdict="unknown", says="", readings=(reading,), took_s=1.0)

    with pytest.raises(Malformed, match="Verified"):
        await log.append([Write(stream="a", events=[lying])])
    assert log.head == 0


@pytest.mark.parametrize(
    ("writes", "key"),
    [
        ([], None),
        ([Write(stream="a", events=[])], None),
        (write(""), None),
        (write("s" * 256), None),
        (write("a\0b"), None),
        (write("\ud800"), None),
        (write("a", "\ud800"), None),
        (write("a"), ""),
        (write("a"), "k" * 256),
        (write("a"), "k\0"),
        ([Write(stream="a", events=["no event"])], None),  # type: ignore[list-item]
    ],
)
async def test_an_append_that_cannot_be_kept_is_refused_before_it_is_queued(
    log: SqliteEventLog, writes: list[Write], key: str | None
) -> None:
    with pytest.raises(Malformed):
        await log.append(writes, key=key)
    assert log.events_waiting == 0


async def test_an_event_over_the_limit_is_refused(log: SqliteEventLog) -> None:
    with pytest.raises(TooLarge):
        await log.append(write("a", "x" * MAX_EVENT_BYTES))


async def test_a_write_without_events_only_checks_its_offset(log: SqliteEventLog) -> None:
    await log.append(write("a", "1"))

    with pytest.raises(WrongOffset):
        await log.append([Write(stream="a", events=[], expected_offset=0), Write(stream="b", events=[note()])])
    await log.append([Write(stream="a", events=[], expected_offset=1), Write(stream="b", events=[note()])])
    assert [record.stream for record in await log.read()] == ["a", "b"]


async def test_large_events_are_read_in_pages_that_sqlite_can_give(log: SqliteEventLog) -> None:
    for i in range(12):
        await log.append(write("a", str(i), "x" * 1_000_000))

    assert len(await log.read_stream("a")) == 24
    assert [len(text) for text in texts(await log._read_on(0, 24))][1::2] == [1_000_000] * 12


async def test_a_writer_that_ends_by_a_fault_fails_all_who_wait(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fault(BaseException):
        pass

    def broken(*args: object) -> None:
        raise Fault

    monkeypatch.setattr(sqlite_rows, "insert", broken)
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    subscription = log.subscribe(after=0)
    async with asyncio.timeout(20):
        failed = await asyncio.gather(*(log.append(write()) for _ in range(5)), return_exceptions=True)
        with pytest.raises(StorageError, match="stopped"):
            await anext(subscription)
    assert all(isinstance(failure, StorageError) for failure in failed)
    with pytest.raises(StorageError, match="stopped"):
        await log.append(write())
    with pytest.raises(StorageError, match="stopped"):
        await log.check()
