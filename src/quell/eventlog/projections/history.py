"""What past incidents teach the next response: when the system was disturbed, and which action helped against what."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from quell.eventlog.log import Recorded
from quell.incident import events as ev
from quell.incident.events import Cause, State, TrackRecord, Window

KEPT = 500
"""Incidents whose time is remembered; telemetry older than them is gone anyway."""

BEFORE = timedelta(seconds=45)
"""Trouble begins this much before its incident opens, at most, for want of a measured onset."""

AFTER = timedelta(seconds=20)
"""And echoes this long after it was resolved."""


@dataclass(slots=True, kw_only=True)
class _Past:
    since: datetime
    until: datetime | None = None
    cause: Cause | None = None
    action: str | None = None
    plan_id: str | None = None
    tried: bool = False


class History:
    """Folds the log into what agents ask of the past."""

    def __init__(self) -> None:
        self._past: OrderedDict[str, _Past] = OrderedDict()
        self._records: dict[tuple[str, Cause], TrackRecord] = {}

    def apply(self, record: Recorded) -> None:
        """Take in one event."""
        incident_id = record.stream.removeprefix("incident/")
        if incident_id == record.stream:
            return
        if isinstance(record.event, ev.IncidentOpened):
            self._past[incident_id] = _Past(since=record.at - BEFORE)
            while len(self._past) > KEPT:
                self._past.popitem(last=False)
        past = self._past.get(incident_id)
        if past is not None:
            self._take(past, record)

    def _take(self, past: _Past, record: Recorded) -> None:
        match record.event:
            case ev.Detected(finding=found) if found.onset is not None:
                past.since = min(past.since, found.onset - AFTER / 2)
            case ev.StateChanged(after=State.RESOLVED):
                past.until = record.at + AFTER
            case ev.IncidentMerged():
                past.until = record.at
            case ev.IncidentReopened():
                past.until = None
            case ev.Diagnosed(finding=found) if found.hypotheses:
                past.cause = found.hypotheses[0].cause
            case ev.PlanProposed(plan=plan):
                past.action, past.plan_id, past.tried = plan.action, plan.id, False
            case ev.ActionStarted():
                past.tried = True
            case ev.Verified(verdict=verdict) if past.tried and past.action and past.cause:
                self._note(past.action, past.cause, helped=verdict == "recovered")
                past.tried = False
            case _:
                return

    def _note(self, action: str, cause: Cause, *, helped: bool) -> None:
        known = self._records.get((action, cause), TrackRecord(helped=0, tried=0))
        self._records[action, cause] = TrackRecord(helped=known.helped + helped, tried=known.tried + 1)

    def records(self) -> dict[tuple[str, Cause], TrackRecord]:
        """Return how often each action that was verified helped, by cause."""
        return dict(self._records)

    def disturbed(self, incident_id: str) -> tuple[Window, ...]:
        """Return the stretches in which other incidents went on; one still open has no end in sight."""
        far = datetime(9999, 1, 1, tzinfo=UTC)
        return tuple(
            Window(start=past.since, end=past.until or far)
            for other, past in self._past.items()
            if other != incident_id
        )
