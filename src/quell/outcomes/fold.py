"""From the events of an incident to its record; from a past incident of another tool to the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from quell.incident import events as ev
from quell.incident.events import Event, PastIncident, State
from quell.outcomes.record import OWN, Clock, Origin, OutcomeRecord, RestoredBy, Stamp

STAYS = timedelta(minutes=15)
"""An alert that joins within this takes a verified recovery back: it did not stay."""

HOLDS = timedelta(hours=24)
"""An incident that is reopened within this takes its verified recovery back."""

TIMES = ("started", "detected", "restored")
"""Times that a person may correct."""


def past_id(source: str, past: PastIncident) -> str:
    """Return the id under which an imported incident is known."""
    return f"{source}/{past.id}"


def of_past(source: str, past: PastIncident) -> OutcomeRecord:
    """Return the record of an imported incident."""

    def stamp(at: datetime | None) -> Stamp | None:
        return None if at is None else Stamp(at=at, clock=Clock.IMPORTED)

    return OutcomeRecord(
        id=past_id(source, past),
        title=past.title,
        service=past.service,
        team=past.team,
        severity=past.severity,
        origin=Origin(past.kind),
        source=source,
        started=stamp(past.started_at),
        detected=stamp(past.detected_at),
        acknowledged=stamp(past.acknowledged_at),
        acknowledged_by="person" if past.acknowledged_at else "",
        restored=stamp(past.restored_at),
        closed=stamp(past.closed_at),
        restored_by=RestoredBy(past.restored_by),
        alerts=past.alerts,
        followed_up=past.followed_up,
        not_recorded=past.not_recorded,
    )


def corrected(record: OutcomeRecord, changes: Mapping[str, str], by: str) -> OutcomeRecord:
    """
    Return a record with what a person changed in it; times that they gave are marked as typed.

    Raises: ValueError: a name or a value that a record does not have.
    """
    new: dict[str, Any] = {}
    for name, value in changes.items():
        stem = name.removesuffix("_at")
        if name.endswith("_at") and stem in TIMES:
            new[stem] = Stamp(at=datetime.fromisoformat(value), clock=Clock.TYPED) if value else None
        elif name == "kind":
            new["origin"] = Origin(value)
        elif name == "restored_by":
            new[name] = RestoredBy(value)
        elif name in ("service", "team", "severity"):
            new[name] = value
        else:
            raise ValueError(f"a record has no {name} to correct")
    if not new:
        return record
    unknown = tuple(name for name in record.not_recorded if name not in changes)
    return replace(record, edited_by=by, not_recorded=unknown, **new)


@dataclass(slots=True, kw_only=True)
class Course:
    """How an incident of Quell goes; takes its events in their order."""

    record: OutcomeRecord
    attempts: int = 0
    failed: int = 0
    acted: bool = False
    """Whether the newest response has changed something."""
    pending: datetime | None = None
    """When verification last said that the action in place helped; None when it did not, or nothing is in place."""
    helped: list[datetime] = field(default_factory=list)
    """Recoveries that were followed by nothing that takes them back so far."""
    named: tuple[str, ev.Cause] | None = None
    """What diagnosis named first."""
    last_end: datetime | None = None
    """When the sender says that the last alert ended."""
    changes: dict[str, str] = field(default_factory=dict)
    edited_by: str = ""

    @classmethod
    def opened(cls, event: ev.IncidentOpened, at: datetime) -> Course:
        """Begin with what is known at the opening."""
        record = OutcomeRecord(
            id=event.incident_id,
            title=event.title,
            service=event.service or "",
            team="",
            severity=event.severity,
            origin=Origin.DRILL if event.drill else Origin.REAL,
            source=OWN,
            started=None,
            detected=Stamp(at=at, clock=Clock.MACHINE),
            acknowledged=None,
            acknowledged_by="",
            restored=None,
            closed=None,
            restored_by=RestoredBy.UNKNOWN,
            cost_usd=0.0,
        )
        return cls(record=record)

    def seen(self) -> OutcomeRecord:
        """Return the record as it stands, corrections included."""
        record = replace(
            self.record,
            attempts=self.attempts,
            verified=len(self.helped),
            undecided=max(0, self.attempts - self.failed - len(self.helped)),
            verified_at=max(self.helped, default=None),
        )
        return corrected(record, self.changes, self.edited_by)

    def apply(self, event: Event, at: datetime) -> bool:
        """Take in an event; return whether the record may have changed."""
        taker = _TAKERS.get(type(event))
        if taker is None:
            return False
        taker(self, event, at)
        return True


def _person(by: str) -> bool:
    return not by.startswith(("agent:", "system:"))


def _set(course: Course, **values: Any) -> None:
    course.record = replace(course.record, **values)


def _earlier(course: Course, at: datetime) -> None:
    """An impact begins when the first sign of it was there, not when it was found."""
    started, detected = course.record.started, course.record.detected
    first = min(at, started.at if started else at, detected.at if detected else at)
    _set(course, started=Stamp(at=first, clock=Clock.MACHINE))


def _grouped(course: Course, event: ev.AlertGrouped, at: datetime) -> None:
    _earlier(course, event.alert.starts_at)
    team = course.record.team or event.alert.labels.get("team", "")
    _set(
        course,
        alerts=course.record.alerts + 1,
        team=team[:100],
        service=course.record.service or event.alert.service or "",
    )
    _take_back(course, at, STAYS)


def _take_back(course: Course, at: datetime, within: timedelta) -> None:
    """Something came again: recoveries that are not older than this did not hold."""
    lost = [one for one in course.helped if at - one < within]
    course.failed += len(lost)
    course.helped = [one for one in course.helped if at - one >= within]


def _detected(course: Course, event: ev.Detected, at: datetime) -> None:
    if event.finding.onset is not None:
        _earlier(course, event.finding.onset)


def _acknowledged(course: Course, event: ev.IncidentAcknowledged, at: datetime) -> None:
    if course.record.acknowledged is None:
        _set(course, acknowledged=Stamp(at=at, clock=Clock.MACHINE), acknowledged_by="person")


def _began(course: Course, event: ev.ResponseStarted, at: datetime) -> None:
    course.acted = False
    if course.record.acknowledged is None:
        _set(course, acknowledged=Stamp(at=at, clock=Clock.MACHINE), acknowledged_by="agent")


def _diagnosed(course: Course, event: ev.Diagnosed, at: datetime) -> None:
    first = next(iter(event.finding.hypotheses), None)
    course.named = None if first is None else (first.service, first.cause)


def _cause(course: Course, event: ev.CauseConfirmed, at: datetime) -> None:
    service, cause = course.named or (None, None)
    other = course.named is not None and (
        event.service != service or (event.cause is not None and event.cause != cause)
    )
    _set(course, followed_up=True, corrected=course.record.corrected or other)


def _noted(course: Course, event: ev.NoteAdded, at: datetime) -> None:
    if _person(event.by) and course.record.restored is not None:
        _set(course, followed_up=True)


def _false_alarm(course: Course, event: ev.FalseAlarmDeclared, at: datetime) -> None:
    _set(course, false_alarm=True, followed_up=True, corrected=True)


def _severity(course: Course, event: ev.SeverityChanged, at: datetime) -> None:
    _set(course, severity=event.after, corrected=course.record.corrected or _person(event.by))


def _approved(course: Course, event: ev.ActionApproved, at: datetime) -> None:
    if _person(event.by):
        _set(course, approved=True)


def _rejected(course: Course, event: ev.ActionRejected, at: datetime) -> None:
    _set(course, corrected=True)


def _started(course: Course, event: ev.ActionStarted, at: datetime) -> None:
    course.attempts += 1
    course.acted = True
    course.pending = None


def _finished(course: Course, event: ev.ActionFinished, at: datetime) -> None:
    _set(course, did=f"{event.action.replace('_', ' ')} {event.target}")


def _undone(course: Course, event: ev.ActionUndone, at: datetime) -> None:
    corrected = course.record.corrected or _person(event.by)
    _set(course, did=f"{event.action.replace('_', ' ')} {event.target}, undone", corrected=corrected)


def _broke(course: Course, event: ev.ActionBroke, at: datetime) -> None:
    course.failed += 1


def _verified(course: Course, event: ev.Verified, at: datetime) -> None:
    if event.credit == "none" or not course.acted:
        return
    if event.helped:
        course.helped.append(at)
        course.pending = at
    elif event.helped is False:
        course.failed += 1


def _moved(course: Course, event: ev.StateChanged, at: datetime) -> None:
    if event.after is State.CLOSED:
        _set(course, closed=Stamp(at=at, clock=Clock.MACHINE))
    if event.after is not State.RESOLVED:
        return
    by = _restorer(course, event.by)
    end = at
    if event.by == "system:intake" and course.last_end is not None and course.record.detected is not None:
        end = max(course.record.detected.at, min(at, course.last_end))
    took_over = _person(event.by) and course.attempts > 0 and course.pending is None
    _set(
        course,
        restored=Stamp(at=end, clock=Clock.MACHINE),
        restored_by=by,
        corrected=course.record.corrected or took_over,
    )


def _restorer(course: Course, by: str) -> RestoredBy:
    if course.pending is not None:
        return RestoredBy.QUELL
    if _person(by):
        return RestoredBy.PERSON
    return RestoredBy.UNKNOWN if course.acted and by == "agent:resolution" else RestoredBy.ITSELF


def _alert_ended(course: Course, event: ev.AlertResolved, at: datetime) -> None:
    course.last_end = max(event.ended_at, course.last_end or event.ended_at)


def _reopened(course: Course, event: ev.IncidentReopened, at: datetime) -> None:
    _take_back(course, at, HOLDS)
    course.pending = None
    _set(
        course,
        restored=None,
        closed=None,
        restored_by=RestoredBy.UNKNOWN,
        false_alarm=False,
        reopened_at=course.record.reopened_at or at,
    )


def _merged(course: Course, event: ev.IncidentMerged, at: datetime) -> None:
    _set(course, merged=True)


def _forecast(course: Course, event: ev.BreachForecast, at: datetime) -> None:
    _set(course, forecast="open")


def _settled(course: Course, event: ev.PreventionSettled, at: datetime) -> None:
    _set(course, forecast=str(event.outcome))


def _planned(course: Course, event: ev.PlanProposed, at: datetime) -> None:
    _set(course, held_out=course.record.held_out or event.plan.held_out)


_TAKERS: Mapping[type, Callable[[Course, Any, datetime], None]] = {
    ev.AlertGrouped: _grouped,
    ev.AlertResolved: _alert_ended,
    ev.Detected: _detected,
    ev.IncidentAcknowledged: _acknowledged,
    ev.ResponseStarted: _began,
    ev.Diagnosed: _diagnosed,
    ev.CauseConfirmed: _cause,
    ev.NoteAdded: _noted,
    ev.FalseAlarmDeclared: _false_alarm,
    ev.SeverityChanged: _severity,
    ev.PlanProposed: _planned,
    ev.ActionApproved: _approved,
    ev.ActionRejected: _rejected,
    ev.ActionStarted: _started,
    ev.ActionFinished: _finished,
    ev.ActionBroke: _broke,
    ev.ActionUndone: _undone,
    ev.Verified: _verified,
    ev.StateChanged: _moved,
    ev.IncidentReopened: _reopened,
    ev.IncidentMerged: _merged,
    ev.BreachForecast: _forecast,
    ev.PreventionSettled: _settled,
}
"""What each event changes in a record; all others change nothing."""
