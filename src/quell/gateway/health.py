"""
How Quell itself is doing, computed from what happened: each component says what was measured, and since when.

Nothing here is constant: a component nobody has heard of yet is `unknown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quell.errors import QuellError
from quell.eventlog.log import EventLog
from quell.eventlog.projections.agents import AgentHealth
from quell.eventlog.projections.faults import DisplayFaults
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.quantities import say_counts, say_duration
from quell.eventlog.projections.unknown import UnknownEvents
from quell.evidence.source import EvidenceSource
from quell.gateway.counts import Rate
from quell.gateway.live import Hub
from quell.incident.counting import say_count

STORE_EVERY = timedelta(seconds=1)
SOURCES_EVERY = timedelta(seconds=5)
ANSWER_WITHIN_S = 3.0
"""A store or source that does not answer a check within this long is down."""
STUCK_AFTER = timedelta(seconds=5)
"""Read models that are behind the log and do not move for so long are stuck."""
QUEUE_DEGRADED = 0.5
"""Share of a queue's bound from which on it is degraded."""

FAULTS_NAMED = 10
"""Parts whose faults are counted one by one in what health measured."""

_AGENT_STATES = {"healthy": "ok", "degraded": "degraded", "failing": "down", "unknown": "unknown"}
_VITAL = frozenset({"store", "queue"})
"""Kinds without which nothing can be taken in or shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """How a component is right now."""

    name: str
    kind: str
    """`agent`, `queue`, `store`, `source`, `socket` or `workflow`."""
    state: str
    """`ok`, `degraded`, `down` or `unknown`."""
    says: str
    measured: Mapping[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """How a component is, and since when it has been so."""

    name: str
    kind: str
    state: str
    says: str
    since: datetime
    """When this state was first seen by this process."""
    measured: dict[str, float | int | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """How the whole is."""

    state: str
    """`ok`, `degraded` or `down`."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How the whole is, and each part."""

    state: str
    says: str
    as_of: datetime
    components: tuple[Component, ...]


Probe = Callable[[], Iterable[Observation]]


@dataclass(slots=True, kw_only=True)
class _Checked:
    """The last result of something that is asked no more often than it should be."""

    at: datetime
    says: str
    took_s: float
    error: str | None


class Health:
    """Looks at every component when asked."""

    def __init__(
        self,
        models: ReadModels,
        log: EventLog,
        *,
        clock: Callable[[], datetime],
        sources: Sequence[EvidenceSource] = (),
        probes: Sequence[Probe] = (),
    ) -> None:
        """
        Take what can be looked at.

        Args:
            sources: asked with their own `check`, at most every 5 s.
            probes: what else there is; see `queue_probe`, `display_probe`, `unknown_probe`, `sockets_probe`,
                `workflow_probe`.
        """
        self._models, self._log, self._clock = models, log, clock
        self._sources, self._probes = sources, probes
        self._checked: dict[str, _Checked] = {}
        self._checking: dict[str, asyncio.Task[_Checked]] = {}
        self._seen: dict[str, tuple[str, datetime]] = {}
        self._moved = (-1, clock())
        self._caught_up = False

    async def components(self) -> tuple[Component, ...]:
        """Return every component: the store first, then queues, workflow, sockets, agents, sources."""
        now = self._clock()
        found = [await self._store(), self._read_models(now)]
        for probe in self._probes:
            found.extend(probe())
        found.extend(map(_agent, self._models.agents.all()))
        found.extend(await asyncio.gather(*map(self._source, self._sources)))
        found.extend(self._failed_targets())
        return tuple(self._dated(observation, now) for observation in found)

    async def report(self) -> HealthReport:
        """Return how everything is."""
        components = await self.components()
        overall = overall_of(components)
        return HealthReport(state=overall.state, says=overall.says, as_of=self._clock(), components=components)

    async def unready(self) -> list[str]:
        """Return why this process cannot do its work now; empty when it can."""
        found = (await self._store(), self._read_models(self._clock()))
        return [observation.says for observation in found if observation.state == "down"]

    async def _store(self) -> Observation:
        checked = await self._check("event log", STORE_EVERY, self._check_log)
        return Observation(
            name="event log",
            kind="store",
            state="down" if checked.error else "ok",
            says=checked.error or checked.says,
            measured={"head": self._log.head, "check_s": round(checked.took_s, 4)},
        )

    async def _check_log(self) -> str:
        await self._log.check()
        return f"can be written; {say_count(self._log.head, 'event')}"

    def _read_models(self, now: datetime) -> Observation:
        position, behind = self._models.position, max(0, self._log.head - self._models.position)
        if position != self._moved[0] or not behind:
            self._moved = (position, now)
        self._caught_up = self._caught_up or not behind
        stuck_s = (now - self._moved[1]).total_seconds()
        stuck = behind > 0 and stuck_s >= STUCK_AFTER.total_seconds()
        if stuck:
            state, says = "down", f"stuck {say_count(behind, 'event')} behind the log for {say_duration(stuck_s)}"
        elif not self._caught_up:
            state, says = "down", f"reading what happened before: {say_count(behind, 'event')} to go"
        else:
            state, says = "ok", f"{say_count(behind, 'event')} behind the log" if behind else "up to date"
        return Observation(
            name="read models", kind="queue", state=state, says=says, measured={"position": position, "behind": behind}
        )

    async def _source(self, source: EvidenceSource) -> Observation:
        checked = await self._check(f"source/{source.name}", SOURCES_EVERY, source.check)
        return Observation(
            name=source.name,
            kind="source",
            state="down" if checked.error else "ok",
            says=checked.error or checked.says,
            measured={"check_s": round(checked.took_s, 4)},
        )

    def _failed_targets(self) -> list[Observation]:
        """Return what the log says has failed and is no source as a whole: one target of many."""
        known = {source.name for source in self._sources}
        return [
            Observation(
                name=view.source,
                kind="source",
                state="ok" if view.answers else "down",
                says=view.detail or view.reason,
            )
            for view in self._models.sources.all()
            if view.source not in known
        ]

    async def _check(self, name: str, every: timedelta, ask: Callable[[], Awaitable[object]]) -> _Checked:
        """Return the last result while it is fresh; those who ask at the same time wait for the same answer."""
        last = self._checked.get(name)
        if last is not None and self._clock() - last.at < every:
            return last
        task = self._checking.get(name)
        if task is None:
            task = self._checking[name] = asyncio.create_task(self._ask(ask))
            task.add_done_callback(lambda _: self._checking.pop(name, None))
        # Shielded: one who asked and left must not take the answer from the others.
        checked = self._checked[name] = await asyncio.shield(task)
        return checked

    async def _ask(self, ask: Callable[[], Awaitable[object]]) -> _Checked:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        says, error = "", None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await ask()
            says = str(answer or "")
        except TimeoutError:
            error = f"no answer within {say_duration(ANSWER_WITHIN_S)}"
        except QuellError as failure:
            error = str(failure)
        return _Checked(at=self._clock(), says=says, took_s=loop.time() - begun, error=error)

    def _dated(self, observation: Observation, now: datetime) -> Component:
        state, since = self._seen.get(observation.name, ("", now))
        if state != observation.state:
            since = now
            self._seen[observation.name] = (observation.state, now)
        return Component(
            name=observation.name,
            kind=observation.kind,
            state=observation.state,
            says=observation.says,
            since=since,
            measured=dict(observation.measured),
        )


def overall_of(components: Sequence[Component]) -> Overall:
    """Return how the whole is: down when nothing can be taken in or shown, degraded when any part is not well."""
    ill = [part for part in components if part.state in ("down", "degraded")]
    if not ill:
        unknown = sum(part.state == "unknown" for part in components)
        well = say_count(len(components) - unknown, "component")
        return Overall(state="ok", says=f"{well} well" + (f", {unknown} not heard of yet" if unknown else ""))
    down = any(part.state == "down" and part.kind in _VITAL for part in ill)
    said = "; ".join(f"{part.name}: {part.says}" for part in ill[:3])
    more = f"; and {len(ill) - 3} more" if len(ill) > 3 else ""
    return Overall(state="down" if down else "degraded", says=said + more)


def _agent(health: AgentHealth) -> Observation:
    return Observation(
        name=health.agent,
        kind="agent",
        state=_AGENT_STATES[health.state],
        says=health.says,
        measured={
            "running": len(health.running),
            "completed": health.completed,
            "failed": health.failed,
            "timed_out": health.timed_out,
            "abstained": health.abstained,
            "median_s": health.median_s,
            "p95_s": health.p95_s,
        },
    )


def queue_probe(waiting: Callable[[], int], *, bound: int, name: str = "event log queue") -> Probe:
    """Return a probe of a queue that refuses more than `bound`."""

    def look() -> list[Observation]:
        count = waiting()
        state = "down" if count >= bound else "degraded" if count >= bound * QUEUE_DEGRADED else "ok"
        return [
            Observation(
                name=name,
                kind="queue",
                state=state,
                says=f"{count:,} of at most {bound:,} wait",
                measured={"waiting": count, "bound": bound},
            )
        ]

    return look


def display_probe(faults: DisplayFaults) -> Probe:
    """Return a probe of what is only shown: degraded once something of it could not be folded or published."""

    def look() -> list[Observation]:
        count = faults.counts.total()
        says = f"{say_count(count, 'fault')} since the start, the last in {faults.last}" if count else "complete"
        return [
            Observation(
                name="views",
                kind="queue",
                state="degraded" if count else "ok",
                says=says,
                measured={"faults": count, **dict(faults.counts.most_common(FAULTS_NAMED))},
            )
        ]

    return look


def unknown_probe(unknown: UnknownEvents) -> Probe:
    """Return a probe of what a newer Quell wrote into the log: degraded when there is any, since views lack it."""

    def look() -> list[Observation]:
        count = unknown.counts.total()
        says = "every event is known"
        if count:
            kinds = say_counts(unknown.counts, total=count, kinds=len(unknown.counts))
            says = f"a newer Quell wrote {kinds}: taken for nothing, the last at position {unknown.last_position}"
        return [
            Observation(
                name="newer events",
                kind="queue",
                state="degraded" if count else "ok",
                says=says,
                measured={"unknown": count, **dict(unknown.counts.most_common(FAULTS_NAMED))},
            )
        ]

    return look


def sockets_probe(hub: Hub) -> Probe:
    """Return a probe of the live connections: degraded when some cannot keep up or the bound is reached."""

    deliveries = Rate()

    def look() -> list[Observation]:
        counts, count, lagging = hub.counts, len(hub.connections), hub.lagging
        bound = hub.bounds.connections
        says = f"{say_count(count, 'connection')}, {lagging} behind" if count else "nobody is connected"
        rate = deliveries.per_s(counts.deliveries, hub.clock())
        return [
            Observation(
                name="live connections",
                kind="socket",
                state="degraded" if lagging or count >= bound else "ok",
                says=says,
                measured={
                    "connections": count,
                    "bound": bound,
                    "subscriptions": hub.subscriptions,
                    "behind": lagging,
                    "deliveries_per_s": None if rate is None else round(rate, 1),
                    "queue_bytes": hub.queue_bytes,
                    "conflated": counts.conflated,
                    "resets": counts.resets,
                    "resumes": counts.resumes,
                    "refused": counts.refused,
                },
            )
        ]

    return look


def workflow_probe(
    *, running: Callable[[], int], waiting: Callable[[], int], at_once: int, mended: Callable[[], str] = lambda: ""
) -> Probe:
    """
    Return a probe of the responses under way: degraded while more wait for their turn than can have one.

    Args:
        running: responses that have not ended.
        waiting: responses that have not begun yet, and phases that wait for their turn.
        at_once: phases that may run at a time.
        mended: what was put right at the start, in a sentence; empty for nothing.
    """

    def look() -> list[Observation]:
        under_way, in_line = running(), waiting()
        said = f"{under_way} under way, {in_line} waiting for their turn, {at_once} at a time"
        return [
            Observation(
                name="responses",
                kind="workflow",
                state="degraded" if in_line > at_once else "ok",
                says="; ".join(filter(None, [said, mended()])),
                measured={"running": under_way, "waiting": in_line, "at_once": at_once},
            )
        ]

    return look
