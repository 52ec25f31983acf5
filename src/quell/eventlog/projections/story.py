"""One incident with its timeline, and which parts of its detail each event changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quell.eventlog.log import Recorded
from quell.eventlog.projections.timeline import Timeline
from quell.eventlog.projections.views import (
    ALERTS_SHOWN,
    IncidentDetail,
    IncidentSummary,
    action_view,
    alert_view,
    detail_of,
    gaps_of,
    shown_evidence,
    summary_of,
    without_evidence,
)
from quell.incident import events as ev
from quell.incident.events import Event
from quell.incident.fold import apply
from quell.incident.state import Incident
from quell.incident.untrusted import made_harmless

FINDINGS = ("detection", "diagnosis", "prediction")


@dataclass(slots=True, kw_only=True)
class DetailChange:
    """What of one incident's detail is no longer as it was."""

    fields: set[str] = field(default_factory=set)
    """Names of top-level fields of `IncidentDetail`, never `timeline`."""
    evidence: set[str] = field(default_factory=set)
    """Ids of new or changed pieces."""

    def add(self, other: DetailChange) -> None:
        """Take in what changed later."""
        self.fields |= other.fields
        self.evidence |= other.evidence


class Story:
    """An incident as it is told: its fold, its timeline and its row, kept up to date together."""

    __slots__ = ("_summary", "incident", "timeline", "whole")

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self.timeline = Timeline()
        self.whole = True
        """False once evidence and timeline were let go of: its detail must be folded from the log again."""
        self._summary: IncidentSummary | None = None

    @property
    def summary(self) -> IncidentSummary:
        """Return the row, made when it is first asked for after a change."""
        if self._summary is None:
            self._summary = summary_of(self.incident)
        return self._summary

    def take(self, recorded: Recorded) -> int:
        """Take in an event that the incident has been folded over already; return the position of its entry."""
        self._summary = None
        return self.timeline.add(recorded, self.incident)

    def detail(self) -> IncidentDetail:
        """Return all that is known."""
        return detail_of(self.incident, self.timeline.entries)

    def shrink(self) -> None:
        """Let go of what makes an incident large; the fold goes on, its detail does not."""
        incident = self.incident
        incident.evidence, incident.run_evidence = {}, {}
        for name in FINDINGS:
            finding = getattr(incident, name)
            if finding is not None:
                setattr(incident, name, replace(finding, evidence=()))
        self.timeline = Timeline()
        self.whole = False


def fold_story(records: Iterable[Recorded]) -> Story | None:
    """Return the story that the events of one incident's stream add up to; None when none opens it."""
    story: Story | None = None
    incident: Incident | None = None
    for recorded in records:
        incident = apply(incident, recorded.event, recorded.at)
        if incident is None:
            continue
        if story is None or isinstance(recorded.event, ev.IncidentOpened):
            story = Story(incident)
        story.take(recorded)
    return story


_NEW_RESPONSE = frozenset({*FINDINGS, "plan", "verification", "escalation", "gaps", "actions", "run_evidence"})
_CHANGED: Mapping[type[Event], frozenset[str]] = {
    ev.AlertGrouped: frozenset({"alerts"}),
    ev.AlertResolved: frozenset({"alerts"}),
    ev.AlertFlapping: frozenset({"alerts"}),
    ev.AlertsNotSent: frozenset(),
    ev.IncidentReopened: _NEW_RESPONSE | {"cause_confirmed", "false_alarm"},
    ev.CauseConfirmed: frozenset({"cause_confirmed", "false_alarm"}),
    ev.FalseAlarmDeclared: frozenset({"cause_confirmed", "false_alarm"}),
    ev.ResponseStarted: _NEW_RESPONSE,
    ev.SourceMissing: frozenset({"gaps"}),
    ev.Detected: frozenset({"detection", "gaps", "run_evidence"}),
    ev.Diagnosed: frozenset({"diagnosis", "gaps", "run_evidence"}),
    ev.Predicted: frozenset({"prediction", "gaps", "run_evidence"}),
    ev.PlanProposed: frozenset({"plan", "escalation"}),
    ev.ActionStarted: frozenset({"actions"}),
    ev.ActionFinished: frozenset({"actions"}),
    ev.ActionBroke: frozenset({"actions"}),
    ev.ActionUndone: frozenset({"actions"}),
    ev.UndoFailed: frozenset({"actions"}),
    ev.TakeBackRequested: frozenset({"actions"}),
    ev.TakeBackFailed: frozenset({"actions"}),
    ev.ResponseEnded: frozenset({"actions"}),
    ev.Verified: frozenset({"verification", "actions"}),
    ev.Escalated: frozenset({"escalation"}),
}
"""Besides `summary` and `offset`, which every event changes."""


def change_by(event: Event) -> DetailChange:
    """Return what an event changes in its incident's detail."""
    change = DetailChange(fields={"summary", "offset", *_CHANGED.get(type(event), ())})
    if isinstance(event, ev.Detected | ev.Diagnosed | ev.Predicted):
        change.evidence = {piece.id for piece in event.finding.evidence}
    return change


_FIELDS: Mapping[str, Callable[[Story], Any]] = {
    "summary": lambda story: story.summary,
    "offset": lambda story: story.incident.offset,
    "alerts": lambda story: tuple(
        alert_view(story.incident, alert) for alert in list(story.incident.alerts.values())[-ALERTS_SHOWN:]
    ),
    "actions": lambda story: tuple(action_view(story.incident, run) for run in story.incident.actions),
    "run_evidence": lambda story: tuple(story.incident.run_evidence),
    "gaps": lambda story: made_harmless(gaps_of(story.incident)),
    "detection": lambda story: made_harmless(without_evidence(story.incident.detection)),
    "diagnosis": lambda story: made_harmless(without_evidence(story.incident.diagnosis)),
    "prediction": lambda story: made_harmless(without_evidence(story.incident.prediction)),
}


def changed_values(story: Story, change: DetailChange) -> dict[str, object]:
    """Return the changed fields of a detail by name with their present values; of evidence only what changed."""
    values: dict[str, object] = {
        name: _FIELDS[name](story) if name in _FIELDS else made_harmless(getattr(story.incident, name))
        for name in sorted(change.fields)
    }
    known = story.incident.evidence
    pieces = {piece: shown_evidence(known[piece]) for piece in sorted(change.evidence) if piece in known}
    if pieces:
        values["evidence"] = pieces
    return values
