"""The event log in one SQLite file: the store that needs no server."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Self, TypeVar

from quell.errors import StorageBusy, StorageError
from quell.eventlog import sqlite_rows
from quell.eventlog.append import Append, check_name, prepare
from quell.eventlog.log import Appended, Recorded, Write
from quell.eventlog.sqlite_file import OpenFile, open_file, translated
from quell.eventlog.sqlite_writer import Mark, Probe, SqliteWriter, Written
from quell.eventlog.tail import Tail

READERS = 2
SUBSCRIPTION_PAGE = 500
TAIL_EVENTS = 8_192
TAIL_BYTES = 32 * 1024 * 1024

Answer = TypeVar("Answer")


class SqliteEventLog:
    """
    An event log in a file that one process owns, with the checkpoints of its subscribers.

    WAL, synchronous=FULL, one writing thread with group commit.

    It belongs to the event loop it was opened on. An append that is cancelled may or may not happen; with its key
    it can be tried again. Subscriptions end when the log is closed.
    """

    def __init__(
        self, file: OpenFile, *, head: int, clock: Callable[[], datetime], queue_events: int, queue_bytes: int
    ) -> None:
        """Wrap a file that is already owned; `open` is the way in."""
        self._file = file
        self._clock = clock
        self._queue_events = queue_events
        self._queue_bytes = queue_bytes
        self._loop = asyncio.get_running_loop()
        self._preparing = asyncio.Lock()
        """Held while an append is encoded, so that all are queued in the order in which they were asked for."""
        self._waiting: set[Append | Probe | Mark] = set()
        self._events_waiting = self._bytes_waiting = 0
        self._stopped = self._loop.create_future()
        self._closing: asyncio.Task[None] | None = None
        self._tail = Tail(head=head, max_events=TAIL_EVENTS, max_bytes=TAIL_BYTES)
        self._reading = ThreadPoolExecutor(len(file.readers), thread_name_prefix="eventlog-reader")
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for connection in file.readers:
            self._readers.put(connection)
        self._writer = SqliteWriter(
            file.writer,
            file.path,
            loop=self._loop,
            written=self._on_written,
            answered=self._on_answered,
            stopped=self._on_stopped,
        )
        self._writer.start()

    @classmethod
    async def open(
        cls,
        path: Path | str,
        *,
        clock: Callable[[], datetime],
        queue_events: int = 50_000,
        queue_bytes: int = 64 * 1024 * 1024,
    ) -> Self:
        """
        Own the file and start to write, making the file if it is not there; its folder must be.

        Args:
            clock: gives the aware time of each append.
            queue_events: appends are refused while more events than this wait to be written.
            queue_bytes: the same for their encoded size.

        Raises: StorageLocked: another process owns the file. StorageError.
        """
        file, head = await asyncio.to_thread(_open, Path(path))
        return cls(file, head=head, clock=clock, queue_events=queue_events, queue_bytes=queue_bytes)

    @property
    def epoch(self) -> str:
        """Names this log for good; made with the file."""
        return self._file.epoch

    @property
    def head(self) -> int:
        """The position of the newest durable event, 0 when empty."""
        return self._tail.head

    @property
    def commits(self) -> int:
        """How many transactions with events were made since the log was opened."""
        return self._writer.commits

    @property
    def events_waiting(self) -> int:
        """How many events are queued and not yet durable."""
        return self._events_waiting

    async def append(self, writes: Sequence[Write], *, key: str | None = None) -> Appended:
        """
        Append all writes in one step and return once they are durable; appends are decided in the order of the calls.

        Raises: WrongOffset. StorageBusy: the queue is full. StorageError. Malformed, TooLarge: it cannot be kept.
        """
        self._check_open()
        async with self._preparing:
            append = await prepare(writes, key=key, clock=self._clock, done=self._loop.create_future())
            self._queue(append)
        return await append.done

    def _queue(self, append: Append) -> None:
        self._check_open()  # it may have been closed while a long append was encoded
        if self._waiting and (
            self._events_waiting + append.events > self._queue_events
            or self._bytes_waiting + append.body_bytes > self._queue_bytes
        ):
            raise StorageBusy(
                f"the queue of the event log is full: {self._events_waiting} events "
                f"({self._bytes_waiting} bytes) wait to be written; nothing was added"
            )
        self._waiting.add(append)
        self._events_waiting += append.events
        self._bytes_waiting += append.body_bytes
        self._writer.put(append)

    async def find(self, key: str) -> Appended | None:
        """Return the durable append that an idempotency key stands for; None when there is none."""
        self._check_open()
        span = (await self._read(lambda reader: sqlite_rows.known(reader, [key]))).get(key)
        return Appended(first=span[0], last=span[1], fresh=False) if span else None

    async def read(self, *, after: int = 0, limit: int = 1000) -> list[Recorded]:
        """Return events past position `after`, in order, at most `limit`."""
        self._check_open()
        held = self._tail.after(after, limit=limit)
        if held is not None:
            return held
        return await self._read_on(after, limit)

    async def read_stream(self, stream: str, *, after: int = 0, limit: int = 10_000) -> list[Recorded]:
        """Return the events of a stream past its offset `after`, in order, at most `limit`."""
        self._check_open()
        return await self._read(lambda reader: sqlite_rows.page_of_stream(reader, stream, after=after, limit=limit))

    async def subscribe(self, *, after: int) -> AsyncIterator[list[Recorded]]:
        """Yield every event past `after` in order, in batches: history first, then live, until the log closes."""
        while True:
            batch = self._tail.after(after, limit=SUBSCRIPTION_PAGE)
            if not batch:
                if self._closing is not None and self._tail.closed:
                    return
                self._check_writer()
                if batch is not None:
                    await self._tail.grown()
                    continue
                batch = await self._read_on(after, SUBSCRIPTION_PAGE)
            after = batch[-1].position
            yield batch
            await asyncio.sleep(0)  # whoever follows a long append from memory waits for nothing else between its pages

    async def check(self) -> None:
        """Prove that the store can be written now, by writing to it; raise `StorageError` if not."""
        self._check_open()
        probe = Probe(done=self._loop.create_future())
        self._waiting.add(probe)
        self._writer.put(probe)
        await probe.done

    async def checkpoint(self, subscriber: str) -> int:
        """Return the position that a subscriber has reached, 0 for a new one; never past the head of the log."""
        self._check_open()
        return await self._read(lambda reader: sqlite_rows.checkpoint(reader, subscriber))

    async def reached(self, subscriber: str, position: int) -> None:
        """
        Keep that a subscriber has done all up to a position; one that it had passed before changes nothing.

        Raises: Malformed: the name is none that can be kept. StorageError: it may not be kept.
        """
        self._check_open()
        check_name(subscriber, "subscriber")
        mark = Mark(subscriber=subscriber, position=position, done=self._loop.create_future())
        self._waiting.add(mark)
        self._writer.put(mark)
        await mark.done

    async def close(self) -> None:
        """Finish what is queued, end the subscriptions and let go of the file; doing it twice is harmless."""
        if self._closing is None:
            self._closing = self._loop.create_task(self._close())
        # Shielded: who waits may be cancelled, the file must be let go of all the same.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._writer.stop()
        await self._stopped
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        self._writer.join()
        self._reading.shutdown()
        self._file.close()

    async def _read_on(self, after: int, limit: int) -> list[Recorded]:
        return await self._read(lambda reader: sqlite_rows.page_of_all(reader, after=after, limit=limit))

    async def _read(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        def read() -> Answer:
            reader = self._readers.get()
            try:
                return question(reader)
            except sqlite3.Error as error:
                raise translated(error, doing="reading", path=self._file.path) from error
            finally:
                self._readers.put(reader)

        return await self._loop.run_in_executor(self._reading, read)

    def _check_open(self) -> None:
        if self._closing is not None:
            raise StorageError(f"the event log {self._file.path} is closed")
        self._check_writer()

    def _check_writer(self) -> None:
        if self._stopped.done():
            raise StorageError(f"the writer of the event log {self._file.path} has stopped; start Quell again")

    def _on_written(self, written: Written) -> None:
        if written.plan is not None and written.plan.recorded:
            self._tail.extend(written.plan.recorded, written.plan.sizes)
        for append, outcome in zip(written.appends, written.outcomes, strict=True):
            self._waiting.discard(append)
            self._events_waiting -= append.events
            self._bytes_waiting -= append.body_bytes
            if append.done.done():
                continue
            if isinstance(outcome, Appended):
                append.done.set_result(outcome)
            elif outcome is not None:
                append.done.set_exception(outcome)

    def _on_answered(self, work: Probe | Mark, failure: StorageError | None) -> None:
        self._waiting.discard(work)
        if work.done.done():
            return
        if failure is None:
            work.done.set_result(None)
        else:
            work.done.set_exception(failure)

    def _on_stopped(self) -> None:
        for work in self._waiting:
            if not work.done.done():
                work.done.set_exception(StorageError("the writer of the event log stopped before it was written"))
        self._waiting.clear()
        self._events_waiting = self._bytes_waiting = 0
        self._tail.close()
        self._stopped.set_result(None)


def _open(path: Path) -> tuple[OpenFile, int]:
    file = open_file(path, readers=READERS)
    try:
        return file, sqlite_rows.head(file.writer)
    except sqlite3.Error as error:
        file.close()
        raise translated(error, doing="reading", path=path) from error
