"""What past incidents teach the next response: when the system was disturbed, and which action helped against what."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from quell.eventlog.log import Recorded
from quell.eventlog.projections.models import SERVICE
from quell.incident import events as ev
from quell.incident.alert import Alert
from quell.incident.events import Cause, SimilarIncident, State, TrackRecord, Window

KEPT = 500
"""Incidents whose time is remembered; telemetry older than them is gone anyway."""

BEFORE = timedelta(seconds=45)
"""Trouble begins this much before its incident opens, at most, for want of a measured onset."""

ONSET_ERROR = timedelta(seconds=10)
"""And this much before the onset that was measured."""

ALIKE = 0.5
"""An incident that shares less than this of what it showed is not called similar."""

SIMILAR = 3
"""Similar incidents named at most."""

RUNS = 10_000
RUNS_KEPT = timedelta(days=1)
"""Runs of runbooks that are remembered: no limit of a runbook looks back further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookRun:
    """A runbook was carried out: its action was begun, whatever came of it."""

    at: datetime
    runbook: str
    service: str
    incident_id: str
    plan_id: str


@dataclass(slots=True, kw_only=True)
class _Past:
    opened: datetime
    onset: datetime | None = None
    until: datetime | None = None
    cause: Cause | None = None
    action: str | None = None
    plan_id: str | None = None
    runbook: str = ""
    target: str = ""
    tried: bool = False
    service: str = ""
    """At fault, as diagnosis said."""
    outcome: str = ""
    shown: set[str] = field(default_factory=set)
    """What it showed: `alert:HighErrors`, `service:cart`, `out:cart/error_ratio`."""

    @property
    def since(self) -> datetime:
        """Nothing of it shows before this."""
        return self.opened - BEFORE if self.onset is None else min(self.opened, self.onset) - ONSET_ERROR


class History:
    """
    Folds the log into what agents ask of the past.

    Args:
        kind_of: the kind of a service: what helped on one is expected to help on all of its kind.
    """

    def __init__(self, kind_of: Callable[[str], str] = lambda service: SERVICE) -> None:
        self._kind_of = kind_of
        self._past: OrderedDict[str, _Past] = OrderedDict()
        self._records: dict[tuple[str, Cause, str], TrackRecord] = {}
        self._runs: deque[RunbookRun] = deque(maxlen=RUNS)

    def apply(self, record: Recorded) -> None:
        """Take in one event."""
        incident_id = record.stream.removeprefix("incident/")
        if incident_id == record.stream:
            return
        if isinstance(record.event, ev.IncidentOpened):
            self._past[incident_id] = _Past(opened=record.at)
            while len(self._past) > KEPT:
                self._past.popitem(last=False)
        past = self._past.get(incident_id)
        if past is not None:
            if isinstance(record.event, ev.ActionStarted) and past.runbook:
                self._ran(past, record.event, incident_id, record.at)
            self._take(past, record)

    def _ran(self, past: _Past, event: ev.ActionStarted, incident_id: str, at: datetime) -> None:
        while self._runs and self._runs[0].at < at - RUNS_KEPT:
            self._runs.popleft()
        self._runs.append(
            RunbookRun(
                at=at, runbook=past.runbook, service=event.target, incident_id=incident_id, plan_id=event.plan_id
            )
        )

    def _take(self, past: _Past, record: Recorded) -> None:
        match record.event:
            case ev.Detected(finding=found):
                past.shown.update(f"out:{one.service}/{one.series}" for one in found.indicators)
                if found.onset is not None:
                    past.onset = min(past.onset or found.onset, found.onset)
            case ev.AlertGrouped(alert=alert):
                past.shown.update(shown_by(alert))
            case ev.StateChanged(after=State.RESOLVED):
                past.until = record.at
            case ev.IncidentMerged():
                past.until = record.at
            case ev.IncidentReopened():
                past.until = None
            case ev.Diagnosed(finding=found) if found.hypotheses:
                past.cause, past.service = found.hypotheses[0].cause, found.hypotheses[0].service
            case ev.PlanProposed(plan=plan):
                past.action, past.plan_id, past.tried = plan.action, plan.id, False
                past.runbook, past.target = plan.runbook, plan.target
            case ev.ActionStarted():
                past.tried = True
            case ev.Verified() as found if past.tried and past.action and past.cause:
                if found.helped is not None:
                    self._note((past.action, past.cause, self._kind_of(past.target)), helped=found.helped)
                past.tried, past.outcome = False, found.verdict
            case _:
                return

    def _note(self, what: tuple[str, Cause, str], *, helped: bool) -> None:
        known = self._records.get(what, TrackRecord(helped=0, tried=0))
        self._records[what] = TrackRecord(helped=known.helped + helped, tried=known.tried + 1)

    def records(self, kind: str) -> dict[tuple[str, Cause], TrackRecord]:
        """Return how often each action that was verified helped on a kind of service, by cause."""
        return {(action, cause): record for (action, cause, of), record in self._records.items() if of == kind}

    def all_records(self) -> Mapping[tuple[str, Cause, str], TrackRecord]:
        """Return how often each action helped, by cause and kind of service."""
        return dict(self._records)

    def runs(self) -> tuple[RunbookRun, ...]:
        """Return when which runbook was carried out lately, oldest first."""
        return tuple(self._runs)

    def similar(self, incident_id: str, *, at_least: float = ALIKE, most: int = SIMILAR) -> tuple[SimilarIncident, ...]:
        """
        Return the past incidents that showed most of the same, the most alike first, then the newest.

        Likeness is the Jaccard index of what both showed; one that is still open is no past incident.
        """
        this = self._past.get(incident_id)
        if this is None or not this.shown:
            return ()
        found = []
        for number, (other, past) in enumerate(self._past.items()):
            if other == incident_id or past.until is None or not past.shown:
                continue
            likeness = len(this.shown & past.shown) / len(this.shown | past.shown)
            if likeness >= at_least:
                found.append((likeness, number, other, past))
        found.sort(key=lambda row: (-row[0], -row[1]))
        return tuple(
            SimilarIncident(
                incident_id=other,
                likeness=round(likeness, 3),
                service=past.service,
                cause=past.cause,
                action=(past.action or "") if past.outcome else "",
                outcome=past.outcome,
            )
            for likeness, _, other, past in found[:most]
        )

    def occurrences(self, incident_id: str, service: str, cause: Cause) -> tuple[datetime, ...]:
        """Return when other incidents that ended had this cause at this service, oldest first."""
        return tuple(
            past.since
            for other, past in self._past.items()
            if other != incident_id and past.until is not None and (past.service, past.cause) == (service, cause)
        )

    def disturbed(self, incident_id: str) -> tuple[Window, ...]:
        """Return the stretches in which other incidents went on, without echo; one still open has no end in sight."""
        far = datetime(9999, 1, 1, tzinfo=UTC)
        return tuple(
            Window(start=past.since, end=past.until or far)
            for other, past in self._past.items()
            if other != incident_id
        )


def shown_by(alert: Alert) -> set[str]:
    """Return what an alert shows of an incident: its name and its service."""
    return {f"alert:{alert.name}"} | ({f"service:{alert.service}"} if alert.service else set())
