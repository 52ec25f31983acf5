"""The shapes that screens get: documented in OpenAPI, and the same over REST and WebSocket."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from quell.incident import events as ev
from quell.incident.alert import Alert, AlertStatus, IncidentSeverity, Severity
from quell.incident.change_words import say_change
from quell.incident.decisions import being_taken_back, can_take_back
from quell.incident.events import Phase, PhaseState, State
from quell.incident.look_again import due_at
from quell.incident.state import ActionRun, Approval, Incident
from quell.incident.untrusted import flags_of, harmless, harmless_values, made_harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    """A phase of the current response."""

    phase: Phase
    agent: str
    state: PhaseState
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    timeout_s: float | None
    expected_s: float | None
    """Median of past runs; None while there are too few."""
    done: int | None
    total: int | None
    what: str
    says: str
    error: str | None
    recovered: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """A question to a person, and the answer once there is one."""

    plan_id: str
    title: str
    requested_at: datetime
    expires_at: datetime
    reason: str
    answer: str | None
    by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCounts:
    """Alerts of an incident."""

    total: int
    firing: int
    kinds: int
    """Different alert names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """A row of the list."""

    id: str
    title: str
    summary: str
    """What is known now, in one sentence."""
    severity: IncidentSeverity
    state: State
    service: str | None
    services: tuple[str, ...]
    drill: bool
    opened_at: datetime
    open_since: datetime
    """When it opened, or was last reopened."""
    updated_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    owner: str | None
    """Who has it, as it is shown: `person:operator (says: alice)`, where nothing proves the name that was typed."""
    owner_typed_name: str
    owned_since: datetime | None
    wants: str | None
    """`approve`, `take_over`, or None when no person is wanted."""
    approval: ApprovalView | None
    phases: tuple[PhaseView, ...]
    responding: bool
    verified: bool
    """Whether the newest run's fix is verified: everything that was out of range is back in it, by what was done."""
    outcome: str | None
    """`resolved`, `helped_in_part`, `escalated`, `superseded`, `failed`; None while agents work or before."""
    alerts: AlertCounts
    reopened: int
    merged_into: str | None
    missing: tuple[str, ...]
    """Sources that gave nothing."""
    next_look_at: datetime | None = None
    """When the agents look again by themselves; None when they are at work, or do not."""
    test: bool = False
    """Opened by a test alert: it counts nowhere and ends by itself."""
    not_sent: int = 0
    """Alerts of its senders' groups that were left out of their messages: the list of its alerts is not whole."""
    team: str = ev.DEFAULT_TEAM
    """Whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert as its incident shows it."""

    fingerprint: str
    name: str
    service: str | None
    source: str
    severity: Severity
    severity_raw: str
    severity_known: bool
    status: AlertStatus
    flapping: bool
    starts_at: datetime
    received_at: datetime
    labels: dict[str, str]
    annotations: dict[str, str]
    link: str | None
    why: str
    """Why it joined."""
    incident_id: str
    flagged: tuple[str, ...] = ()
    """What is suspicious in its text, which is shown made harmless; the log keeps it as it came."""
    test: bool = False
    """It only tests the way from its sender."""
    notes: tuple[str, ...] = ()
    """What of it could not be read and was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """An action that was started."""

    plan_id: str
    action: str
    target: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    """`running`, `done`, `broke`, `undone`, `undo_failed`."""
    output: str
    verdict: str | None
    can_take_back: bool = False
    """Whether a person can ask for it to be taken back; whether the state has moved on is looked at when they do."""
    take_back_says: str = ""
    """How it is taken back, or why it cannot be."""
    being_taken_back: bool = False
    """A person asked for it to be taken back, and that has not ended yet."""
    taken_back_by: str | None = None
    """The person who had it taken back; None where the agents did, or nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One event, said for a person."""

    position: int
    offset: int
    at: datetime
    type: str
    incident_id: str
    agent: str | None
    """`detection`, `diagnosis`, `prediction`, `resolution`, or None for people and intake."""
    by: str
    phase: Phase | None
    level: str
    """`info`, `warning`, `error` or `wants` (a person is wanted)."""
    title: str
    text: str
    evidence_ids: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    """What is suspicious in text from outside that it repeats, made harmless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetail:
    """All that is known of an incident."""

    summary: IncidentSummary
    offset: int
    """Events of its stream folded into this view."""
    alerts: tuple[AlertView, ...]
    """At most 200, the newest last; `summary.alerts` has the counts."""
    detection: ev.Detection | None
    """Findings come without their evidence: it is in `evidence`, where the ids in them lead."""
    diagnosis: ev.Diagnosis | None
    prediction: ev.Prediction | None
    plan: ev.Plan | None
    actions: tuple[ActionView, ...]
    verification: ev.Verified | None
    escalation: ev.Escalated | None
    gaps: tuple[ev.Gap, ...]
    """What was not looked at, over all phases."""
    cause_confirmed: ev.CauseConfirmed | None = None
    """What a person said it was."""
    false_alarm: bool = False
    """A person said that nothing was wrong."""
    evidence: dict[str, ev.Evidence] = field(default_factory=dict)
    """By id, of all runs."""
    run_evidence: tuple[str, ...] = ()
    """Ids of the pieces of the newest run: what a chart of the incident as it is now may show."""
    timeline: tuple[TimelineEntry, ...] = ()
    """In order, at most the last 1,000."""


ALERTS_SHOWN = 200

Finding = TypeVar("Finding", ev.Detection, ev.Diagnosis, ev.Prediction)


def phase_views(incident: Incident) -> tuple[PhaseView, ...]:
    """Return the phases of the current response, in order."""
    return tuple(
        PhaseView(
            phase=run.phase,
            agent=ev.AGENT_OF[run.phase],
            state=run.state,
            started_at=run.started_at,
            ended_at=run.ended_at,
            attempts=run.attempts,
            timeout_s=run.timeout_s,
            expected_s=run.expected_s,
            done=run.done,
            total=run.total,
            what=run.what,
            says=run.says,
            error=run.error,
            recovered=run.recovered,
        )
        for run in incident.phases.values()
    )


def approval_view(approval: Approval | None, incident: Incident) -> ApprovalView | None:
    """Return the question as shown."""
    if approval is None:
        return None
    title = incident.plan.title if incident.plan and incident.plan.id == approval.plan_id else approval.plan_id
    return ApprovalView(
        plan_id=approval.plan_id,
        title=title,
        requested_at=approval.requested_at,
        expires_at=approval.expires_at,
        reason=approval.reason,
        answer=approval.answer,
        by=approval.by,
        answered_at=approval.answered_at,
    )


def summary_of(incident: Incident) -> IncidentSummary:
    """Return the row of an incident."""
    return IncidentSummary(
        id=incident.id,
        title=harmless(incident.title),
        summary=harmless(say_what_is_known(incident)),
        severity=incident.severity,
        state=incident.state,
        service=incident.service,
        services=incident.services,
        drill=incident.drill,
        opened_at=incident.opened_at,
        open_since=incident.open_since,
        updated_at=incident.updated_at,
        acknowledged_at=incident.acknowledged_at,
        resolved_at=incident.resolved_at,
        owner=None if incident.owned_by is None else str(incident.owned_by),
        owner_typed_name=incident.owner_typed_name,
        owned_since=incident.owned_since,
        wants=incident.wants,
        approval=approval_view(incident.approval, incident),
        phases=phase_views(incident),
        responding=incident.responding,
        verified=incident.verification is not None and incident.verification.helped is True,
        outcome=incident.outcome,
        alerts=AlertCounts(
            total=len(incident.alerts),
            firing=len(incident.firing),
            kinds=len({alert.name for alert in incident.alerts.values()}),
        ),
        reopened=incident.reopened,
        merged_into=incident.merged_into,
        missing=tuple(incident.missing),
        next_look_at=due_at(incident),
        test=incident.test,
        not_sent=sum(incident.not_sent.values()),
        team=incident.team,
    )


def say_what_is_known(incident: Incident) -> str:
    """Return one sentence: the newest finding that says most."""
    if incident.verification is not None:
        last = incident.actions[-1] if incident.actions else None
        if last is not None and last.taken_back_by and last.verdict is not None:
            changed, person = say_change(last.action, last.target, of="of"), last.taken_back_by
            by = person.removeprefix("person:")
            return f"{incident.verification.says}; afterwards {changed} was taken back for {by}"
        return incident.verification.says
    if incident.escalation is not None:
        return incident.escalation.reason
    if incident.plan is not None:
        return incident.plan.title
    for finding in (incident.diagnosis, incident.detection):
        if finding is not None:
            return finding.says
    return incident.reason


def alert_view(incident: Incident, alert: Alert) -> AlertView:
    """Return an alert as its incident shows it now."""
    firing = alert.fingerprint in incident.firing
    return AlertView(
        fingerprint=alert.fingerprint,
        name=harmless(alert.name),
        service=harmless(alert.service) if alert.service is not None else None,
        source=alert.source,
        severity=alert.severity,
        severity_raw=alert.severity_raw,
        severity_known=alert.severity_known,
        status=AlertStatus.FIRING if firing else AlertStatus.RESOLVED,
        flapping=alert.fingerprint in incident.flapping,
        starts_at=alert.starts_at,
        received_at=alert.received_at,
        labels=harmless_values(alert.labels),
        annotations=harmless_values(alert.annotations),
        link=alert.link,
        why=incident.why.get(alert.fingerprint, ""),
        incident_id=incident.id,
        flagged=flagged(alert),
        test=bool(alert.test),
        notes=tuple(map(harmless, alert.notes)),
    )


def flagged(alert: Alert) -> tuple[str, ...]:
    """Return what is suspicious in an alert's text."""
    return flags_of((alert.name, *alert.labels.values(), *alert.annotations.values()))


def action_view(incident: Incident, run: ActionRun) -> ActionView:
    """Return an action of an incident as shown."""
    can, says = can_take_back(incident, run)
    return ActionView(
        plan_id=run.plan_id,
        action=run.action,
        target=run.target,
        started_at=run.started_at,
        ended_at=run.ended_at,
        state=run.state,
        output=harmless(run.output),
        verdict=run.verdict,
        can_take_back=can,
        take_back_says=harmless(says),
        being_taken_back=being_taken_back(incident, run.plan_id) is not None,
        taken_back_by=run.taken_back_by,
    )


def gaps_of(incident: Incident) -> tuple[ev.Gap, ...]:
    """Return what was not looked at, each source and reason once."""
    found = [ev.Gap(source=source, reason=reason) for source, reason in incident.missing.items()]
    for finding in (incident.detection, incident.diagnosis, incident.prediction):
        found.extend(finding.gaps if finding else ())
    return tuple(dict.fromkeys(found))


def shown_evidence(piece: ev.Evidence) -> ev.Evidence:
    """Return a piece of evidence with its text made harmless, and what was suspicious in it."""
    logs = [text for one in piece.patterns for text in (one.template, one.example)]
    changes = [text for one in piece.changes for text in (one.what, one.before, one.after)]
    shown: ev.Evidence = made_harmless(piece)
    return replace(shown, flagged=flags_of((piece.title, piece.says, *logs, *changes)))


def without_evidence(finding: Finding | None) -> Finding | None:
    """Return a finding as shown: its pieces of evidence are in the detail's `evidence`, each once."""
    return replace(finding, evidence=()) if finding is not None else None


def detail_of(incident: Incident, timeline: tuple[TimelineEntry, ...] = ()) -> IncidentDetail:
    """Return everything known of an incident."""
    alerts = list(incident.alerts.values())[-ALERTS_SHOWN:]
    return IncidentDetail(
        summary=summary_of(incident),
        offset=incident.offset,
        alerts=tuple(alert_view(incident, alert) for alert in alerts),
        detection=made_harmless(without_evidence(incident.detection)),
        diagnosis=made_harmless(without_evidence(incident.diagnosis)),
        prediction=made_harmless(without_evidence(incident.prediction)),
        plan=made_harmless(incident.plan),
        actions=tuple(action_view(incident, run) for run in incident.actions),
        verification=made_harmless(incident.verification),
        escalation=made_harmless(incident.escalation),
        gaps=made_harmless(gaps_of(incident)),
        cause_confirmed=incident.cause_confirmed,
        false_alarm=incident.false_alarm,
        run_evidence=tuple(incident.run_evidence),
        evidence={piece: shown_evidence(found) for piece, found in incident.evidence.items()},
        timeline=timeline,
    )
