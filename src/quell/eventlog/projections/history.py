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
"""Ended incidents whose time is remembered, those that ended last; telemetry older than them is gone anyway."""

OPEN_KEPT = 10_000
"""Open ones, those that were opened last: an action under way in one of them counts for the limits of its runbook."""

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
        if self.onset is None:
            return _before(self.opened, BEFORE)
        return _before(min(self.opened, self.onset), ONSET_ERROR)


class History:
    """
    Folds the log into what agents ask of the past.

    Args:
        kind_of: the kind of a service: what helped on one is expected to help on all of its kind.
    """

    def __init__(self, kind_of: Callable[[str], str] = lambda service: SERVICE) -> None:
        self._kind_of = kind_of
        self._past: dict[str, _Past] = {}
        """In the order in which they were opened."""
        self._open: dict[str, None] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        """In the order in which they ended."""
        self._records: dict[tuple[str, Cause, str], TrackRecord] = {}
        self._runs: deque[RunbookRun] = deque(maxlen=RUNS)

    def apply(self, record: Recorded) -> None:
        """Take in one event."""
        incident_id = record.stream.removeprefix("incident/")
        if incident_id == record.stream:
            return
        if isinstance(record.event, ev.IncidentOpened) and not record.event.test:
            self._past.pop(incident_id, None)
            self._past[incident_id] = _Past(opened=record.at)
        past = self._past.get(incident_id)
        if past is not None:
            if isinstance(record.event, ev.ActionStarted) and past.runbook:
                self._ran(past, record.event, incident_id, record.at)
            self._take(past, record)
            self._file(incident_id, past)

    def _file(self, incident_id: str, past: _Past) -> None:
        """Keep apart what is over, and forget what has been over longest."""
        if past.until is None:
            self._ended.pop(incident_id, None)
            self._open[incident_id] = None
        else:
            self._open.pop(incident_id, None)
            self._ended.setdefault(incident_id)
        while len(self._ended) > KEPT:
            del self._past[self._ended.popitem(last=False)[0]]
        while len(self._open) > OPEN_KEPT:
            oldest = next(iter(self._open))
            del self._open[oldest], self._past[oldest]

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
        """
        Return the stretches in which other incidents went on, without echo, in no order.

        Those still open have no end in sight: together they are one stretch, from the first onset of any of them.
        """
        others = [past for other, past in self._past.items() if other != incident_id]
        ended = [Window(start=past.since, end=past.until) for past in others if past.until is not None]
        since = min((past.since for past in others if past.until is None), default=None)
        return tuple(ended if since is None else [*ended, Window(start=since, end=datetime(9999, 1, 1, tzinfo=UTC))])


def _before(at: datetime, by: timedelta) -> datetime:
    """Return the time a while before another; the first there is when there is none so early."""
    first = datetime.min.replace(tzinfo=UTC)
    return at - by if at - first > by else first


def shown_by(alert: Alert) -> set[str]:
    """Return what an alert shows of an incident: its name and its service."""
    return {f"alert:{alert.name}"} | ({f"service:{alert.service}"} if alert.service else set())
