"""
The way of an alert: verify > parse > silence > de-duplicate > correlate > append.

Decisions are taken in memory, one request after the other; what they need to know is the fold of the log. A long
request is decided in slices, between which others of the process get their turn; the next request waits until all of
it is decided. Requests wait together for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from quell.errors import Malformed, NotFound, Overloaded, StorageError, Unauthenticated, WrongOffset
from quell.eventlog.log import Appended, EventLog, Recorded, Write
from quell.incident import events as ev
from quell.incident.correlation import CorrelationRules
from quell.incident.nearness import Topology
from quell.ingest.batch import Batch
from quell.ingest.correlate import BY, Correlator
from quell.ingest.counts import Counts
from quell.ingest.fold import Fold
from quell.ingest.source import AlertSource, Parsed
from quell.ingest.tail import Tail
from quell.ingest.text import clean
from quell.ingest.way import SLICE, Way

logger = structlog.get_logger()

PAGE = 2_000
TICK_S = 1.0
OWN = "quell"
"""The source under which what time brings is recorded: no alert is counted there."""
LONG_BODY_BYTES = 262_144
"""A body of more is read in a thread: reading it takes tens of milliseconds in one piece."""
DETAIL_CHARACTERS = 2_000

Edges = Collection[tuple[str, str]]
Decide = Callable[[Batch], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Bounds on what intake keeps and does at once."""

    rejected_characters: int = 4_096
    """How much of a body that could not be taken is kept."""
    in_flight: int = 1_024
    """Requests that may wait for the disk together; one more is told to come back."""
    alerts_in_flight: int = 20_000
    """The same for their alerts; a single request may hold more."""
    tries: int = 3
    """How often a request is decided again when what it rested on was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a request's alerts, once that is durable."""

    counts: Counts
    incidents: tuple[str, ...]
    """Incidents that an alert was put into."""


class Intake:
    """Takes alerts from every source and writes what follows from them."""

    def __init__(
        self,
        log: EventLog,
        sources: Mapping[str, AlertSource],
        *,
        limits: IntakeLimits,
        rules: CorrelationRules,
        topology: Callable[[], Edges],
        clock: Callable[[], datetime],
    ) -> None:
        self._log = log
        self._sources = dict(sources)
        self._limits = limits
        self._rules = rules
        self._topology = topology
        self._edges: Edges | None = None
        self._clock = clock
        self._tail = Tail()
        self._pending: set[Batch] = set()
        self._requests = self._alerts = 0
        """Under way, those that wait for a rebuilt ledger too."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._turn = asyncio.Lock()
        """Held while a request is decided, and while what was lost is written again."""
        self._deciding = False
        self._lost: dict[int, Batch] = {}
        """Decided and folded, and not known to be in the log; by how many events `intake` holds before each."""
        self._torn = True
        """Whether what is known here is no fold of any log: nothing was folded yet, or a decision broke off."""
        self._late: dict[str, int] = {}
        self._adopt(Fold(rules))

    async def start(self, fold: Fold | None = None) -> None:
        """
        Go on where intake stopped: by what was folded of the log already, and the rest of it.

        Raises: StorageError.
        """
        async with self._turn:
            await self._fold_anew(fold)
        self._take_in_others()

    @property
    def _stale(self) -> bool:
        """Whether what is known here is not what the log says."""
        return self._torn or bool(self._lost)

    @property
    def position(self) -> int:
        """The log is folded up to here."""
        return self._tail.position

    @property
    def sources(self) -> Collection[str]:
        """The names under which alerts can be sent."""
        return self._sources.keys()

    def counts(self) -> tuple[Counts, Mapping[str, Counts]]:
        """Return how many alerts ended their way at each stage since the log began: overall, and by source."""
        return self._totals.read()

    async def take(self, source: str, headers: Mapping[str, str], body: bytes, received_at: datetime) -> Taken:
        """
        Take one request and return once everything that follows from it is durable.

        Args:
            headers: names in lower case.

        Raises: NotFound: no such source. Unauthenticated. Malformed: nothing in it could be read; that is recorded.
            Overloaded. StorageError: it is not on disk now and may be later, the sender should try again.
        """
        reader = self._sources.get(source)
        if reader is None:
            raise NotFound(f"there is no source {clean(source, most=80)!r}; known: {', '.join(sorted(self._sources))}")
        reader.verify(headers, body)
        try:
            if len(body) > LONG_BODY_BYTES:
                parsed = await asyncio.to_thread(reader.parse, body, received_at)
            else:
                parsed = reader.parse(body, received_at)
        except Malformed as error:
            await self._reject(source, error.reason, str(error), body, len(body), received_at)
            raise
        alerts = len(parsed.alerts)
        return await self._commit(lambda batch: self._decide(parsed, body, batch), source, alerts, received_at)

    async def refuse(self, source: str, headers: Mapping[str, str], start: bytes, body_bytes: int, reason: str) -> None:
        """
        Record a request whose body was too large to read, if its sender can be known without the rest of it.

        Args:
            start: what was read of the body.
            body_bytes: how large it is, or at least is.
        """
        reader = self._sources.get(source)
        if reader is None:
            return
        try:
            reader.verify(headers, start)
        except Unauthenticated:
            return
        await self._reject(source, "too_large", reason, start, body_bytes, self._clock())

    async def note(self, source: str, reason: str, detail: str, start: bytes, body_bytes: int) -> None:
        """
        Record a body that could not be taken by another door, for telemetry: it is kept beside ours, and is no alert.

        Raises: Overloaded, StorageError.
        """

        async def decide(batch: Batch) -> None:
            self._emit(batch, self._rejected(source, reason, detail, start, body_bytes, 0))

        await self._commit(decide, source, 0, self._clock())

    async def _decide(self, parsed: Parsed, body: bytes, batch: Batch) -> None:
        batch.received = len(parsed.alerts) + len(parsed.rejected)
        batch.rejected = len(parsed.rejected)
        if parsed.rejected:
            detail = "; ".join(parsed.rejected)
            self._emit(batch, self._rejected(batch.source, "alert", detail, body, len(body), len(parsed.rejected)))
        for index, alert in enumerate(parsed.alerts, start=1):
            if index % SLICE == 0:
                await asyncio.sleep(0)
            self._way.take(alert, batch)
        batch.not_sent = parsed.not_sent
        self._correlator.say_not_sent(await self._homes(parsed), parsed, batch)

    async def _homes(self, parsed: Parsed) -> Collection[str]:
        """Return the incidents that the alerts of a request are in, if it matters how many were left out of it."""
        if not parsed.alerts or (not parsed.alerts[0].group and not parsed.not_sent):
            return ()
        homes: dict[str, None] = {}
        for index, alert in enumerate(parsed.alerts, start=1):
            if index % SLICE == 0:
                await asyncio.sleep(0)
            track = self._ledger.tracks.get(self._ledger.recognise(alert)[0].fingerprint)
            if track is not None and not track.waiting:
                homes[track.group] = None
        return homes

    async def keep_time(self) -> None:
        """Do what time alone brings, for ever: end tests, and let through what a silence that is over kept back."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.look_at_the_time()
            except (StorageError, WrongOffset, Overloaded) as error:
                logger.warning("intake_timer_failed", error=str(error))

    async def look_at_the_time(self) -> None:
        """Do what is due by now. Raises: StorageError, WrongOffset, Overloaded: it is due still."""
        now = self._clock()
        if self._lost:
            async with self._turn:
                await self._repair()
        if self._deciding or self._stale or not self._ledger.due(now.timestamp()):
            return
        await self._commit(lambda batch: self._way.go_on(batch), OWN, 0, now)

    async def _reject(
        self, source: str, reason: str, detail: str, body: bytes, body_bytes: int, received_at: datetime
    ) -> None:
        async def decide(batch: Batch) -> None:
            batch.received = batch.rejected = 1
            self._emit(batch, self._rejected(source, reason, detail, body, body_bytes, 1))

        await self._commit(decide, source, 1, received_at)

    def _rejected(
        self, source: str, reason: str, detail: str, body: bytes, body_bytes: int, alerts: int
    ) -> ev.BodyRejected:
        most = self._limits.rejected_characters
        text = body[: most * 4].decode("utf-8", "replace")
        return ev.BodyRejected(
            source=source,
            reason=reason,
            detail=clean(detail, most=DETAIL_CHARACTERS),
            body=clean(text, most=most, lines=True),
            body_bytes=body_bytes,
            alerts=alerts,
        )

    def _emit(self, batch: Batch, event: ev.Event) -> None:
        batch.add(ev.INTAKE_STREAM, event)
        self._ledger.fold(ev.INTAKE_STREAM, event, batch.now_s)

    async def _commit(self, decide: Decide, source: str, alerts: int, received_at: datetime) -> Taken:
        """Decide and append, within the bounds on what may be under way."""
        if self._requests >= self._limits.in_flight or self._alerts > self._limits.alerts_in_flight:
            waiting = f"{self._alerts} alerts in {self._requests} requests wait for the disk already"
            raise Overloaded(waiting, retry_after_s=1.0)
        self._requests += 1
        self._alerts += alerts
        try:
            return await self._try(decide, source, received_at)
        finally:
            self._requests -= 1
            self._alerts -= alerts

    async def _try(self, decide: Decide, source: str, received_at: datetime) -> Taken:
        """Decide and append; decide again when the log is not what the decision rested on."""
        for attempt in range(1, self._limits.tries + 1):
            async with self._turn:
                batch = await self._decide_whole(decide, source, received_at.timestamp())
            try:
                # Nothing comes between the decision and this: appends are queued in the order of their decisions.
                await self._append(batch)
            except WrongOffset:
                async with self._turn:
                    await self._repair()
                if not batch.durable:
                    if attempt == self._limits.tries:
                        raise
                    continue
            break
        counts = Counts()
        counts.add(batch.summary)
        return Taken(counts=counts, incidents=tuple(batch.joined))

    async def _decide_whole(self, decide: Decide, source: str, now_s: float) -> Batch:
        await self._repair()
        batch = Batch(source=source, now_s=now_s)
        self._deciding = True
        whole = False
        try:
            self._ledger.prune(now_s)
            self._look_at_topology()
            await decide(batch)
            batch.close()
            self._emit(batch, batch.summary)
            whole = True
        finally:
            self._deciding = False
            self._torn = self._torn or not whole
        return batch

    async def _append(self, batch: Batch) -> None:
        # A decision is folded at once, so that requests in flight together see each other and share one fsync. If an
        # append is lost, later ones that rest on it must be lost too: each names how many events `intake` holds
        # before it, so the log refuses them. They are kept, and written again in their order before anything else.
        offset = self._intake_offset
        self._intake_offset += batch.intake_events
        self._pending.add(batch)
        self._idle.clear()
        try:
            appended = await self._log.append(batch.writes(offset))
            self._written(batch, appended)
        except WrongOffset:
            batch.refused = True
            raise
        finally:
            self._pending.discard(batch)
            if not batch.durable:
                self._lost[offset] = batch
            if not self._pending:
                self._idle.set()
        # What was delivered while this was under way has waited for its answer; nothing else may come to wake `follow`.
        self._take_in_others()
        if self._late:
            await self._reopen_late()

    def _written(self, batch: Batch, appended: Appended) -> None:
        batch.durable = True
        self._totals.add(batch.summary)
        self._tail.acknowledged(appended)
        for incident_id in batch.joined:
            case = self._ledger.cases.get(incident_id)
            if case is not None:
                case.appended = appended.last

    async def _repair(self) -> None:
        """
        Bring what is known here and the log together again; to be called by whoever has the turn.

        Raises: StorageError: the store fails still.
        """
        while self._stale:
            await self._idle.wait()
            # A store that fails says so here, before anything is read for nothing.
            await self._log.check()
            if not await self._write_lost() or self._torn:
                await self._fold_anew()
            self._take_in_others()

    async def _write_lost(self) -> bool:
        """Write what was lost, in the order of its decisions; return whether the log had nothing else in its place."""
        for offset in sorted(self._lost):
            batch = self._lost[offset]
            try:
                appended = await self._log.append(batch.writes(offset))
            except WrongOffset:
                found = None if batch.refused else await self._found(batch, offset)
                if found is None:
                    self._lost.clear()
                    return False
                appended = found
            self._written(batch, appended)
            del self._lost[offset]
        return True

    async def _found(self, batch: Batch, offset: int) -> Appended | None:
        """Return where the log has a batch whose append was not answered; None when something else stands there."""
        streams = [write.stream for write in batch.writes(offset) for _ in write.events]
        ours = [event for write in batch.writes(offset) if write.stream == ev.INTAKE_STREAM for event in write.events]
        records = await self._log.read_stream(ev.INTAKE_STREAM, after=offset, limit=len(ours))
        if [record.event for record in records] != ours:
            return None
        first = records[0].position - streams.index(ev.INTAKE_STREAM)
        return Appended(first=first, last=first + len(streams) - 1, fresh=False)

    async def _fold_anew(self, fold: Fold | None = None) -> None:
        """Fold the log, from its start or from where `fold` stands."""
        fold = fold or Fold(self._rules)
        while records := await self._log.read(after=fold.position, limit=PAGE):
            fold.take(records)
        self._adopt(fold)
        self._tail.restart(fold.position)
        self._torn = False

    def _adopt(self, fold: Fold) -> None:
        self._ledger, self._totals, self._intake_offset = fold.ledger, fold.totals, fold.intake_events
        self._correlator = Correlator(fold.ledger)
        self._way = Way(fold.ledger, self._correlator)
        self._edges = None

    def _look_at_topology(self) -> None:
        edges = self._topology()
        if edges is not self._edges or not isinstance(edges, (frozenset, tuple)):
            self._edges = edges
            self._correlator.topology = Topology(edges)

    def apply(self, recorded: Recorded) -> None:
        """Take in an event from the log, ours or another's, in order; one that is known already changes nothing."""
        self._tail.deliver([recorded])
        self._take_in_others()

    async def follow(self) -> None:
        """Take in what others append, for ever. Raises: StorageError: the log can no longer be read."""
        async for records in self._log.subscribe(after=self.position):
            self._tail.deliver(records)
            self._take_in_others()
            await self._reopen_late()

    def _take_in_others(self) -> None:
        if self._stale or self._deciding:
            return
        for recorded in self._tail.others(under_way=bool(self._pending)):
            self._ledger.fold(recorded.stream, recorded.event, recorded.at.timestamp())
            event = recorded.event
            if isinstance(event, ev.BatchTaken):
                self._totals.add(event)
            if isinstance(event, ev.StateChanged) and event.after in (ev.State.RESOLVED, ev.State.CLOSED):
                self._note_late(recorded.stream.removeprefix("incident/"), recorded.position)

    def _note_late(self, incident_id: str, position: int) -> None:
        """See whether an alert of ours went into an incident just after it was resolved."""
        case = self._ledger.cases.get(incident_id)
        under_way = any(incident_id in batch.joined for batch in self._pending)
        if case is not None and (case.appended > position or under_way):
            self._late[incident_id] = position

    async def _reopen_late(self) -> None:
        """Reopen incidents that an alert joined in the moment they were resolved: nobody would look at it else."""
        for incident_id, position in list(self._late.items()):
            case = self._ledger.cases.get(incident_id)
            if case is not None and case.done_s is not None:
                event = ev.IncidentReopened(by=BY, reason="An alert joined in the moment it was resolved.")
                write = Write(stream=ev.incident_stream(incident_id), events=[event])
                try:
                    await self._log.append([write], key=f"intake/late/{incident_id}/{position}")
                except StorageError:
                    return
            self._late.pop(incident_id, None)
