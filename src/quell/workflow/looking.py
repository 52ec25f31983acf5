"""
Looks again at incidents that were handed over for want of a sign or a cause.

A look is cheap and leaves one event; only where it shows something new does a whole response follow. When it is due is
computed from the log, so what is kept here may be lost with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from quell.errors import QuellError
from quell.eventlog.incidents import Incidents
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event, Phase
from quell.incident.look_again import RHYTHM, Rhythm, due_at, waits_for_a_look, why_now
from quell.incident.state import Incident
from quell.workflow.work import Agents

logger = structlog.get_logger()

AT_ONCE = 2
"""Looks at the same time; responses come first."""

TIMEOUT_S = 45.0
TELEMETRY_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look came to."""

    verdict: str
    says: str
    news: bool = False


def compared(incident: Incident, detection: ev.Detection, diagnosis: ev.Diagnosis | None) -> Finding:
    """Say what a look shows, and whether the last response did not know it."""
    before = incident.phases.get(Phase.DETECT)
    if detection.verdict == "confirmed" and (before is None or before.word != "confirmed"):
        return Finding(verdict="confirmed", says=detection.says, news=True)
    if diagnosis is None:
        return Finding(verdict=detection.verdict, says=detection.says)
    if _cause(diagnosis) is None:
        verdict = "abstained" if detection.verdict == "confirmed" else detection.verdict
        return Finding(verdict=verdict, says=diagnosis.says)
    return Finding(verdict="found", says=diagnosis.says, news=_cause(diagnosis) != _cause(incident.diagnosis))


def _cause(diagnosis: ev.Diagnosis | None) -> tuple[str, ev.Cause] | None:
    if diagnosis is None or diagnosis.abstained or not diagnosis.hypotheses:
        return None
    return diagnosis.hypotheses[0].service, diagnosis.hypotheses[0].cause


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    at: datetime
    severity: IncidentSeverity
    last_at: datetime
    lacks: frozenset[str]
    """Sources that gave nothing."""
    blind: bool
    """No telemetry could be looked at."""
    why: str = ""
    """What made it due before its time."""


class Looking:
    """
    Keeps what is to be looked at again, and looks.

    Args:
        telemetry: what there is to look at now, in words like `prometheus: metric`; what is new among them is a reason
            to look.
    """

    def __init__(
        self,
        incidents: Incidents,
        agents: Agents,
        *,
        clock: Callable[[], datetime],
        rhythm: Rhythm = RHYTHM,
        telemetry: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._incidents = incidents
        self._agents = agents
        self._clock = clock
        self._rhythm = rhythm
        self._telemetry = telemetry
        self._due: dict[str, _Due] = {}
        self._looking: set[str] = set()
        self._changed = asyncio.Event()

    def waits(self, incident_id: str) -> bool:
        """Return whether an incident is to be looked at again, or is just now."""
        return incident_id in self._due or incident_id in self._looking

    def plan(self, incident: Incident) -> None:
        """Plan the next look at an incident as it stands; none when it is to have none."""
        at = due_at(incident, self._rhythm)
        if at is None:
            self._due.pop(incident.id, None)
            return
        if incident.id in self._looking:
            return  # planned again once that look is over
        planned = _Due(
            at=at,
            severity=incident.severity,
            last_at=incident.looks.last_at or incident.opened_at,
            lacks=frozenset(incident.missing),
            blind=incident.detection is None or incident.detection.verdict == "no_data",
        )
        known = self._due.get(incident.id)
        if known is not None and known.why and known.last_at == planned.last_at:
            planned = replace(planned, at=min(at, known.at), why=known.why)
        self._due[incident.id] = planned
        self._changed.set()

    def hasten(self, why: str, *, source: str | None = None) -> None:
        """
        Look soon where it may show more by now.

        Args:
            source: which telemetry came back; then only where it was missing.
        """
        soon = self._clock() + timedelta(seconds=self._rhythm.joined_s)
        for incident_id, due in self._due.items():
            if source is None or due.blind or source in due.lacks:
                at = max(soon, due.last_at + timedelta(seconds=self._rhythm.apart_s))
                if at < due.at:
                    self._due[incident_id] = replace(due, at=at, why=why)
        self._changed.set()

    async def run(self) -> None:
        """Look at what is due, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_telemetry())
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def _watch_telemetry(self) -> None:
        known = self._telemetry()
        while True:
            await asyncio.sleep(TELEMETRY_EVERY_S)
            there = self._telemetry()
            if new := sorted(there - known):
                self.hasten(f"there is more to look at: {', '.join(new[:3])}")
            known = there

    async def _work(self) -> None:
        while True:
            self._changed.clear()
            now = self._clock()
            ready = [pair for pair in self._due.items() if pair[1].at <= now]
            if not ready:
                await self._sleep(now)
                continue
            incident_id, due = min(ready, key=lambda pair: (pair[1].severity, pair[1].at))
            del self._due[incident_id]
            self._looking.add(incident_id)
            try:
                await self._look(incident_id, due.why)
            except QuellError as error:
                logger.warning("look_not_recorded", incident=incident_id, error=str(error))
                again = now + timedelta(seconds=self._rhythm.apart_s)
                self._due.setdefault(incident_id, replace(due, at=again))
            finally:
                self._looking.discard(incident_id)

    async def _sleep(self, now: datetime) -> None:
        soonest = min((due.at for due in self._due.values()), default=None)
        left_s = None if soonest is None else (soonest - now).total_seconds()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await self._changed.wait()

    async def _look(self, incident_id: str, why: str) -> None:
        incident = await self._incidents.load(incident_id)
        if not waits_for_a_look(incident):
            return
        why, joined = why or why_now(incident, self._clock()), incident.looks.joined
        found = await self._glance(incident)

        def decide(now: Incident) -> Sequence[Event]:
            if not waits_for_a_look(now):
                return ()
            if now.looks.joined > joined:
                wait_s = self._rhythm.apart_s  # the look may not have seen those
            else:
                wait_s = self._rhythm.wait_s(0 if joined else now.looks.in_vain + 1)
            at = None if found.news else self._clock() + timedelta(seconds=wait_s)
            return [ev.LookedAgain(why=why, verdict=found.verdict, says=found.says, news=found.news, look_again_at=at)]

        after = await self._incidents.change(incident_id, decide)
        self._looking.discard(incident_id)
        self.plan(after)

    async def _glance(self, incident: Incident) -> Finding:
        """Look; whatever breaks is a look that found nothing, and the next one is due all the same."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return compared(incident, *await self._agents.glance(incident))
        except Exception as error:  # noqa: BLE001 like the step runner: a look that breaks takes no other with it
            says = f"no result within {TIMEOUT_S:g} s" if isinstance(error, TimeoutError) else f"{error}"
            logger.warning("look_failed", incident=incident.id, error=f"{type(error).__name__}: {error}")
            return Finding(verdict="failed", says=says)
