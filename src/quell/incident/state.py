"""
An incident as its events have made it.

`fold.py` takes the events in and refuses nothing: they happened. What may happen next is decided in `decisions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from quell.incident import events as ev
from quell.incident.actor import Actor
from quell.incident.alert import Alert, IncidentSeverity
from quell.incident.events import Phase, PhaseState, Plan, State
from quell.incident.looks import Looks

MOVES: Mapping[State, frozenset[State]] = {
    State.TRIGGERED: frozenset(
        {
            State.ACKNOWLEDGED,
            State.INVESTIGATING,
            State.IDENTIFIED,
            State.MONITORING,
            State.RESOLVED,
            State.MERGED,
        }
    ),
    State.ACKNOWLEDGED: frozenset(
        {State.INVESTIGATING, State.IDENTIFIED, State.MONITORING, State.RESOLVED, State.MERGED}
    ),
    State.INVESTIGATING: frozenset({State.IDENTIFIED, State.MONITORING, State.RESOLVED, State.MERGED}),
    State.IDENTIFIED: frozenset({State.INVESTIGATING, State.MONITORING, State.RESOLVED, State.MERGED}),
    State.MONITORING: frozenset({State.INVESTIGATING, State.IDENTIFIED, State.RESOLVED, State.MERGED}),
    State.RESOLVED: frozenset({State.CLOSED, State.REOPENED}),
    State.CLOSED: frozenset({State.REOPENED}),
    State.REOPENED: frozenset(
        {
            State.ACKNOWLEDGED,
            State.INVESTIGATING,
            State.IDENTIFIED,
            State.MONITORING,
            State.RESOLVED,
            State.MERGED,
        }
    ),
    State.MERGED: frozenset(),
}
"""The one table of where an incident can go from where it is."""

ENDED = frozenset({State.RESOLVED, State.CLOSED, State.MERGED})
"""States in which nobody works on it any more."""


@dataclass(slots=True, kw_only=True)
class PhaseRun:
    """How one phase of the current response stands."""

    phase: Phase
    state: PhaseState = PhaseState.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    timeout_s: float | None = None
    expected_s: float | None = None
    done: int | None = None
    total: int | None = None
    what: str = ""
    says: str = ""
    error: str | None = None
    word: str = ""
    recovered: str | None = None
    """The notice that a retry succeeded."""


@dataclass(slots=True, kw_only=True)
class Approval:
    """A question to a person."""

    plan_id: str
    requested_at: datetime
    expires_at: datetime
    reason: str
    answer: str | None = None
    """`approved`, `rejected`, `expired` or `withdrawn`; None while it waits."""
    by: str | None = None
    """Who answered, as it is shown."""
    answered_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class ActionRun:
    """One action that was started."""

    plan_id: str
    action: str
    target: str
    key: str
    started_at: datetime
    run: int = 0
    """The response that started it."""
    ended_at: datetime | None = None
    state: str = "running"
    """`running`, `done`, `broke`, `undone` or `undo_failed`."""
    output: str = ""
    undo_params: dict[str, str] = field(default_factory=dict)
    verdict: str | None = None
    """What verification said of it."""
    params: dict[str, str] = field(default_factory=dict)
    """Of the plan that it follows."""
    reversible: bool = False
    undo: str = ""
    """How it is taken back, in words of the plan."""
    undos_failed: int = 0
    taken_back_by: str | None = None
    """The person who had it taken back; None where the agents did, or nobody."""


@dataclass(slots=True, kw_only=True)
class TakeBack:
    """A person's request to take a change back."""

    request: int
    plan_id: str
    key: str
    by: str
    reason: str
    requested_at: datetime
    typed_name: str = ""
    """What the person typed as a name: unproven."""
    ended_at: datetime | None = None
    error: str = ""
    """Why it failed; empty while it goes on and when it succeeded."""


STRETCHES_KEPT = 100
"""Firing stretches of an incident that are told apart; of more, the two oldest become one with the time between."""


@dataclass(slots=True, kw_only=True)
class FiringStretch:
    """A time in which at least one alert of the incident fired, without a break."""

    start: datetime
    """When the first of them says it began, or the trouble that detection dated before it."""
    end: datetime | None = None
    """None while one fires."""


@dataclass(slots=True, kw_only=True)
class Incident:
    """Everything known of one incident, folded from its stream."""

    id: str
    title: str
    severity: IncidentSeverity
    opened_at: datetime
    updated_at: datetime
    service: str | None = None
    reason: str = ""
    drill: bool = False
    test: bool = False
    team: str = ev.DEFAULT_TEAM
    """Whose it is."""
    state: State = State.TRIGGERED
    offset: int = 0
    """Events of its stream that were applied."""
    owner: str | None = None
    """The principal who owns it."""
    owner_typed_name: str = ""
    """What the owner typed as a name; nothing proves it."""
    owned_since: datetime | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    reopened: int = 0
    reopened_at: datetime | None = None
    """The last time."""
    merged_into: str | None = None
    alerts: dict[str, Alert] = field(default_factory=dict)
    """By fingerprint, in the order in which they joined."""
    why: dict[str, str] = field(default_factory=dict)
    """By fingerprint: why the alert joined."""
    firing: set[str] = field(default_factory=set)
    stretches: list[FiringStretch] = field(default_factory=list)
    """Since it opened, over all responses, oldest first."""
    flapping: set[str] = field(default_factory=set)
    not_sent: dict[tuple[str, str], int] = field(default_factory=dict)
    """By source and its group: alerts that were left out of the newest message."""
    run: int = 0
    """Responses so far."""
    responding: bool = False
    outcome: str | None = None
    needs_response: bool = False
    """It opened, or was reopened, and no response has begun since."""
    again: str = ""
    """Why this response looks again at what an earlier one handed over; empty for every other one."""
    in_part: int = 0
    """Responses in a row whose fix helped in part."""
    looks: Looks = field(default_factory=Looks)
    phases: dict[Phase, PhaseRun] = field(default_factory=dict)
    evidence: dict[str, ev.Evidence] = field(default_factory=dict)
    run_evidence: dict[str, None] = field(default_factory=dict)
    """Ids of the pieces of the newest run, in the order in which they were found."""
    missing: dict[str, str] = field(default_factory=dict)
    """Source: why it gave nothing."""
    detection: ev.Detection | None = None
    diagnosis: ev.Diagnosis | None = None
    prediction: ev.Prediction | None = None
    plan: Plan | None = None
    approval: Approval | None = None
    actions: list[ActionRun] = field(default_factory=list)
    take_backs: list[TakeBack] = field(default_factory=list)
    verification: ev.Verified | None = None
    escalation: ev.Escalated | None = None
    escalated_on: tuple[str, ...] = ()
    """What the findings came to when a person was last asked to take over, see `findings_key`."""
    cause_confirmed: ev.CauseConfirmed | None = None
    """What a person said it was."""
    false_alarm: bool = False
    """A person said that nothing was wrong."""

    @property
    def open(self) -> bool:
        """Whether anybody still has to care."""
        return self.state not in ENDED

    @property
    def open_since(self) -> datetime:
        """When it opened, or was last reopened: what lies between an end and a reopening is no time of the incident."""
        return self.reopened_at or self.opened_at

    @property
    def owned_by(self) -> Actor | None:
        """Who has it; None when nobody has."""
        return None if self.owner is None else Actor(id=self.owner, typed_name=self.owner_typed_name)

    @property
    def wants(self) -> str | None:
        """What a person is wanted for: `approve`, `take_over`, or None."""
        if not self.open:
            return None
        if self.approval is not None and self.approval.answer is None:
            return "approve"
        return "take_over" if self.escalation is not None and self.owner is None else None

    @property
    def services(self) -> tuple[str, ...]:
        """The services touched: as detection ordered them, then those of alerts."""
        found = dict.fromkeys(self.detection.services if self.detection else ())
        for alert in self.alerts.values():
            if alert.service:
                found.setdefault(alert.service)
        return tuple(found)


def findings_key(incident: Incident) -> tuple[str, ...]:
    """Return what the findings of the current response come to: equal when a person would hear nothing new."""
    words = [f"{phase}:{run.word}" for phase, run in incident.phases.items() if run.ended_at is not None]
    found = incident.diagnosis
    if found is not None and found.hypotheses and not found.abstained:
        words.append(f"{found.hypotheses[0].service}:{found.hypotheses[0].cause}")
    return tuple(words)


def last_action(inc: Incident, plan_id: str) -> ActionRun | None:
    """Return the newest action that follows a plan; None when there was none."""
    return next((run for run in reversed(inc.actions) if run.plan_id == plan_id), None)
