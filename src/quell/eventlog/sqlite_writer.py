"""The one thread that writes the SQLite event log: it takes what has queued up and makes it durable in one commit."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from asyncio import AbstractEventLoop, Future
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from quell.errors import StorageError, WrongOffset
from quell.eventlog import sqlite_rows
from quell.eventlog.append import Append
from quell.eventlog.log import Appended
from quell.eventlog.plan import Plan
from quell.eventlog.sqlite_file import translated

BATCH_EVENTS = 2_000
BATCH_BYTES = 8 * 1024 * 1024
"""A batch takes no further append once it is past either."""
STREAMS_HELD = 20_000
"""Streams whose length is kept in memory; the others are looked up."""
PROBE_BYTES = 16 * 1024
PROBE_BYTES_MAX = 1024 * 1024


class Stop:
    """The wish that the writer ends."""


STOP = Stop()

Outcome = Appended | WrongOffset | StorageError | None
"""None for an append that its caller gave up before it was written."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probe:
    """A wish to know whether the store can be written now."""

    done: Future[None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """A checkpoint on its way to the store."""

    subscriber: str
    position: int
    done: Future[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A batch of appends with what became of each; `plan` is None when the store failed."""

    appends: Sequence[Append]
    outcomes: Sequence[Outcome]
    plan: Plan | None


class SqliteWriter:
    """Owns the writing connection from `start` until `stopped` was told; all else reaches it through its queue."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        loop: AbstractEventLoop,
        written: Callable[[Written], None],
        answered: Callable[[Probe | Mark, StorageError | None], None],
        stopped: Callable[[], None],
    ) -> None:
        """Take over the connection; the three calls are made on `loop`."""
        self.commits = 0
        self._connection = connection
        self._path = path
        self._loop = loop
        self._written = written
        self._answered = answered
        self._stopped = stopped
        self._queue: SimpleQueue[Append | Probe | Mark | Stop] = SimpleQueue()
        self._head: int | None = None
        self._lengths: OrderedDict[str, int] = OrderedDict()
        self._probe_bytes = PROBE_BYTES
        self._thread = threading.Thread(target=self._run, name="eventlog-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, work: Append | Probe | Mark) -> None:
        """Queue work; the owner bounds how much."""
        self._queue.put(work)

    def stop(self) -> None:
        """End after all that is queued."""
        self._queue.put(STOP)

    def join(self) -> None:
        """Block until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            work = self._queue.get()
            while work is not STOP:
                work = self._do(work) or self._queue.get()
        finally:
            self._tell(self._stopped)

    def _do(self, work: Append | Probe | Mark | Stop) -> Append | Probe | Mark | Stop | None:
        """Do the work, and with an append those queued behind it; return what else was taken off the queue."""
        if isinstance(work, Append):
            batch, following = self._drain(work)
            self._tell(self._written, self._write(batch))
            return following
        if isinstance(work, Probe):
            self._tell(self._answered, work, self._probe())
        if isinstance(work, Mark):
            self._tell(self._answered, work, self._mark(work))
        return None

    def _drain(self, first: Append) -> tuple[list[Append], Append | Probe | Mark | Stop | None]:
        batch, events, body_bytes = [first], first.events, first.body_bytes
        while events < BATCH_EVENTS and body_bytes < BATCH_BYTES:
            try:
                work = self._queue.get_nowait()
            except Empty:
                break
            if not isinstance(work, Append):
                return batch, work
            batch.append(work)
            events += work.events
            body_bytes += work.body_bytes
        return batch, None

    def _write(self, batch: list[Append]) -> Written:
        try:
            plan, outcomes = self._plan(batch)
            if plan.values:
                sqlite_rows.insert(self._connection, plan.values)
        except sqlite3.Error as error:
            self._forget()
            body_bytes = sum(append.body_bytes for append in batch)
            self._probe_bytes = min(max(PROBE_BYTES, body_bytes), PROBE_BYTES_MAX)
            doing = f"appending {sum(append.events for append in batch)} events to"
            failures = [self._translated(error, doing) for _ in batch]
            return Written(appends=batch, outcomes=failures, plan=None)
        self._remember(plan)
        return Written(appends=batch, outcomes=outcomes, plan=plan)

    def _plan(self, batch: list[Append]) -> tuple[Plan, list[Outcome]]:
        if self._head is None:
            self._head = sqlite_rows.head(self._connection)
        keys = {append.key for append in batch if append.key is not None}
        streams = {part.stream for append in batch for part in append.parts}
        lengths = {stream: self._lengths[stream] for stream in streams if stream in self._lengths}
        if missing := streams - lengths.keys():
            lengths |= sqlite_rows.lengths(self._connection, missing)
        known = sqlite_rows.known(self._connection, keys) if keys else {}
        plan = Plan(head=self._head, lengths=lengths, known=known)
        return plan, [None if append.done.cancelled() else plan.add(append) for append in batch]

    def _remember(self, plan: Plan) -> None:
        if plan.values:
            self.commits += 1
            self._probe_bytes = PROBE_BYTES
        self._head = plan.head
        for stream, length in plan.lengths.items():
            self._lengths[stream] = length
            self._lengths.move_to_end(stream)
        while len(self._lengths) > STREAMS_HELD:
            self._lengths.popitem(last=False)

    def _forget(self) -> None:
        """Take back an unfinished transaction; what the store now holds is looked up again."""
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self._head = None
        self._lengths.clear()

    def _probe(self) -> StorageError | None:
        # Filled and emptied in two commits: in one, SQLite would need no new page and a full disk would not show.
        try:
            self._connection.execute("INSERT INTO probe VALUES (zeroblob(?))", (self._probe_bytes,))
            self._connection.execute("DELETE FROM probe")
        except sqlite3.Error as error:
            self._forget()
            return self._translated(error, f"proving with {self._probe_bytes} bytes that one can write to")
        self._probe_bytes = PROBE_BYTES
        return None

    def _mark(self, mark: Mark) -> StorageError | None:
        try:
            sqlite_rows.keep_checkpoint(self._connection, mark.subscriber, mark.position)
        except sqlite3.Error as error:
            self._forget()
            return self._translated(error, f"keeping a checkpoint of {mark.subscriber} in")
        return None

    def _translated(self, error: sqlite3.Error, doing: str) -> StorageError:
        ours = translated(error, doing=doing, path=self._path)
        ours.__cause__ = error
        return ours

    def _tell(self, call: Callable[..., None], *args: object) -> None:
        # RuntimeError: the loop was closed and the log was not, so there is nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *args)
