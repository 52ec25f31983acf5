"""The fold: what each event changes in an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from quell.incident import events as ev
from quell.incident.actor import signed
from quell.incident.alert import believed_start
from quell.incident.events import Event, Phase, PhaseState, State
from quell.incident.looks import Looks
from quell.incident.state import (
    STRETCHES_KEPT,
    ActionRun,
    Approval,
    FiringStretch,
    Incident,
    PhaseRun,
    TakeBack,
    findings_key,
    last_action,
)


def fold(records: Iterable[tuple[datetime, Event]]) -> Incident | None:
    """Return the incident that (time, event) pairs of one stream add up to; None when there are none."""
    incident: Incident | None = None
    for at, event in records:
        incident = apply(incident, event, at)
    return incident


def apply(incident: Incident | None, event: Event, at: datetime) -> Incident | None:
    """Take one event in; the incident is changed in place and returned."""
    if isinstance(event, ev.IncidentOpened):
        incident = Incident(
            id=event.incident_id,
            title=event.title,
            severity=event.severity,
            opened_at=at,
            updated_at=at,
            service=event.service,
            reason=event.reason,
            drill=event.drill,
            needs_response=True,
            test=event.test,
            team=event.team,
        )
    if incident is None:
        return None
    incident.offset += 1
    incident.updated_at = at
    taker = _TAKERS.get(type(event))
    if taker is not None:
        taker(incident, event, at)
    return incident


def _alert_grouped(inc: Incident, event: ev.AlertGrouped, at: datetime) -> None:
    alert = event.alert
    if alert.fingerprint not in inc.alerts:
        inc.looks = inc.looks.alert_joined(at)
    inc.alerts[alert.fingerprint] = alert
    inc.why.setdefault(alert.fingerprint, event.why)
    start = believed_start(alert)
    if inc.stretches and inc.stretches[-1].end is None:
        inc.stretches[-1].start = min(inc.stretches[-1].start, start)
    else:
        inc.stretches.append(FiringStretch(start=start))
        if len(inc.stretches) > STRETCHES_KEPT:
            first, second = inc.stretches[:2]
            inc.stretches[:2] = [FiringStretch(start=min(first.start, second.start), end=second.end)]
    inc.firing.add(alert.fingerprint)


def _alert_resolved(inc: Incident, event: ev.AlertResolved, at: datetime) -> None:
    inc.firing.discard(event.fingerprint)
    if not inc.firing and inc.stretches and inc.stretches[-1].end is None:
        inc.stretches[-1].end = at


def _alert_flapping(inc: Incident, event: ev.AlertFlapping, at: datetime) -> None:
    inc.flapping.add(event.fingerprint)


def _not_sent(inc: Incident, event: ev.AlertsNotSent, at: datetime) -> None:
    inc.not_sent[event.source, event.group] = event.count


def _state_changed(inc: Incident, event: ev.StateChanged, at: datetime) -> None:
    inc.state = event.after
    if event.after is State.RESOLVED:
        inc.resolved_at = at


def _acknowledged(inc: Incident, event: ev.IncidentAcknowledged, at: datetime) -> None:
    inc.owner, inc.owner_typed_name, inc.owned_since = event.by, event.typed_name, at
    inc.acknowledged_at = inc.acknowledged_at or at


def _severity_changed(inc: Incident, event: ev.SeverityChanged, at: datetime) -> None:
    inc.severity = event.after


def _reopened(inc: Incident, event: ev.IncidentReopened, at: datetime) -> None:
    inc.state = State.REOPENED
    inc.reopened += 1
    inc.reopened_at = at
    inc.resolved_at = None
    inc.escalation = inc.cause_confirmed = None
    inc.escalated_on = ()
    inc.false_alarm = False
    inc.needs_response = True
    inc.looks, inc.in_part = Looks(), 0
    if not inc.responding:  # else the newest run still goes on, and what it found is its own
        _begin_anew(inc)


def _merged(inc: Incident, event: ev.IncidentMerged, at: datetime) -> None:
    inc.state = State.MERGED
    inc.merged_into = event.into


def _cause_confirmed(inc: Incident, event: ev.CauseConfirmed, at: datetime) -> None:
    inc.cause_confirmed, inc.false_alarm = event, False


def _false_alarm(inc: Incident, event: ev.FalseAlarmDeclared, at: datetime) -> None:
    inc.cause_confirmed, inc.false_alarm = None, True


def _response_started(inc: Incident, event: ev.ResponseStarted, at: datetime) -> None:
    inc.run, inc.responding = event.run, True
    inc.needs_response, inc.again = False, event.why
    inc.looks = inc.looks.response_began(at)
    inc.phases = {phase: PhaseRun(phase=phase) for phase in Phase if phase is not Phase.UNDO}
    _begin_anew(inc)
    if not event.why:
        # Looking again, a person stays wanted until there is something that may help.
        inc.escalation, inc.escalated_on = None, ()


def _begin_anew(inc: Incident) -> None:
    """Let go of what the run before found and did: it says nothing of what goes on now."""
    inc.outcome = None
    inc.detection = inc.diagnosis = inc.prediction = inc.plan = None
    inc.approval = inc.verification = None
    inc.missing, inc.run_evidence = {}, {}


def _phase(inc: Incident, phase: Phase) -> PhaseRun:
    return inc.phases.setdefault(phase, PhaseRun(phase=phase))


def _phase_started(inc: Incident, event: ev.PhaseStarted, at: datetime) -> None:
    run = _phase(inc, event.phase)
    if event.phase is Phase.DETECT:
        inc.looks = inc.looks.detection_began()
    again = run.state is PhaseState.RUNNING
    run.state, run.attempts, run.timeout_s, run.expected_s = (
        PhaseState.RUNNING,
        event.attempt,
        event.timeout_s,
        event.expected_s,
    )
    if not again:
        run.started_at, run.ended_at, run.error, run.says = at, None, None, ""
        run.done = run.total = None


def _phase_progressed(inc: Incident, event: ev.PhaseProgressed, at: datetime) -> None:
    run = _phase(inc, event.phase)
    run.done, run.total, run.what = event.done, event.total, event.what


def _phase_retrying(inc: Incident, event: ev.PhaseRetrying, at: datetime) -> None:
    run = _phase(inc, event.phase)
    run.attempts, run.error = event.attempt, event.error


def _phase_recovered(inc: Incident, event: ev.PhaseRecovered, at: datetime) -> None:
    run = _phase(inc, event.phase)
    run.error = None
    run.recovered = f"succeeded at attempt {event.attempt}, {event.after_s:.1f} s after the first failed"


def _phase_ended(inc: Incident, event: ev.PhaseEnded, at: datetime) -> None:
    run = _phase(inc, event.phase)
    run.state, run.ended_at, run.attempts = event.state, at, event.attempts
    run.says, run.error, run.word = event.says, event.error, event.word


def _source_missing(inc: Incident, event: ev.SourceMissing, at: datetime) -> None:
    inc.missing[event.source] = event.reason


def _keep_evidence(inc: Incident, pieces: Iterable[ev.Evidence]) -> None:
    for piece in pieces:
        inc.evidence[piece.id] = piece
        inc.run_evidence[piece.id] = None


def _detected(inc: Incident, event: ev.Detected, at: datetime) -> None:
    inc.detection = event.finding
    onset = event.finding.onset
    if onset is not None and inc.stretches:
        inc.stretches[-1].start = min(inc.stretches[-1].start, onset)
    _keep_evidence(inc, event.finding.evidence)


def _diagnosed(inc: Incident, event: ev.Diagnosed, at: datetime) -> None:
    inc.diagnosis = event.finding
    _keep_evidence(inc, event.finding.evidence)


def _predicted(inc: Incident, event: ev.Predicted, at: datetime) -> None:
    inc.prediction = event.finding
    _keep_evidence(inc, event.finding.evidence)


def _plan_proposed(inc: Incident, event: ev.PlanProposed, at: datetime) -> None:
    inc.plan = event.plan
    inc.escalation = None


def _approval_requested(inc: Incident, event: ev.ApprovalRequested, at: datetime) -> None:
    inc.approval = Approval(plan_id=event.plan_id, requested_at=at, expires_at=event.expires_at, reason=event.reason)


def _answer(inc: Incident, plan_id: str, answer: str, by: str | None, at: datetime) -> None:
    if inc.approval is not None and inc.approval.plan_id == plan_id:
        inc.approval.answer, inc.approval.by, inc.approval.answered_at = answer, by, at


def _approved(inc: Incident, event: ev.ActionApproved, at: datetime) -> None:
    _answer(inc, event.plan_id, "approved", signed(event.by, event.typed_name), at)


def _rejected(inc: Incident, event: ev.ActionRejected, at: datetime) -> None:
    _answer(inc, event.plan_id, "rejected", signed(event.by, event.typed_name), at)


def _approval_expired(inc: Incident, event: ev.ApprovalExpired, at: datetime) -> None:
    _answer(inc, event.plan_id, "expired", None, at)


def _approval_withdrawn(inc: Incident, event: ev.ApprovalWithdrawn, at: datetime) -> None:
    _answer(inc, event.plan_id, "withdrawn", None, at)


def _action_started(inc: Incident, event: ev.ActionStarted, at: datetime) -> None:
    plan = inc.plan if inc.plan is not None and inc.plan.id == event.plan_id else None
    inc.actions.append(
        ActionRun(
            plan_id=event.plan_id,
            action=event.action,
            target=event.target,
            key=event.key,
            started_at=at,
            run=inc.run,
            undo_params=event.undo_params,
            params=plan.params if plan is not None else {},
            reversible=plan is not None and plan.reversible,
            undo=plan.undo if plan is not None else "",
        )
    )


def _end_action(inc: Incident, plan_id: str, state: str, output: str, at: datetime) -> ActionRun | None:
    run = last_action(inc, plan_id)
    if run is not None:
        run.state, run.output, run.ended_at = state, output, at
    return run


def _action_finished(inc: Incident, event: ev.ActionFinished, at: datetime) -> None:
    run = _end_action(inc, event.plan_id, "done", event.output, at)
    if run is not None:
        run.undo_params = {**run.undo_params, **event.undo_params}


def _action_broke(inc: Incident, event: ev.ActionBroke, at: datetime) -> None:
    _end_action(inc, event.plan_id, "broke", event.output or event.error, at)


def _verified(inc: Incident, event: ev.Verified, at: datetime) -> None:
    inc.verification = event
    # Of this response only: what an earlier one changed has been judged.
    if inc.actions and inc.actions[-1].run == inc.run:
        inc.actions[-1].verdict = event.verdict


def _action_undone(inc: Incident, event: ev.ActionUndone, at: datetime) -> None:
    run = _end_action(inc, event.plan_id, "undone", event.output, at)
    if run is not None and event.by:
        run.taken_back_by = signed(event.by, event.typed_name)
    _end_take_back(inc, event.request, "", at)


def _undo_failed(inc: Incident, event: ev.UndoFailed, at: datetime) -> None:
    run = _end_action(inc, event.plan_id, "undo_failed", event.error, at)
    if run is not None:
        run.undos_failed += 1


def _take_back_requested(inc: Incident, event: ev.TakeBackRequested, at: datetime) -> None:
    inc.take_backs.append(
        TakeBack(
            request=event.request,
            plan_id=event.plan_id,
            key=event.key,
            by=event.by,
            typed_name=event.typed_name,
            reason=event.reason,
            requested_at=at,
        )
    )


def _take_back_failed(inc: Incident, event: ev.TakeBackFailed, at: datetime) -> None:
    run = last_action(inc, event.plan_id)
    if run is not None and event.begun:
        run.state, run.undos_failed = "undo_failed", run.undos_failed + 1
    _end_take_back(inc, event.request, event.error, at)


def _end_take_back(inc: Incident, request: int, error: str, at: datetime) -> None:
    for one in inc.take_backs:
        if one.request == request:
            one.ended_at, one.error = at, error


def _escalated(inc: Incident, event: ev.Escalated, at: datetime) -> None:
    inc.escalation, inc.escalated_on = event, findings_key(inc)


def _response_ended(inc: Incident, event: ev.ResponseEnded, at: datetime) -> None:
    inc.responding, inc.outcome = False, event.outcome
    inc.in_part = inc.in_part + 1 if event.outcome == "helped_in_part" else 0
    inc.looks = inc.looks.response_ended(event.look_again_at)


def _look_again_requested(inc: Incident, event: ev.LookAgainRequested, at: datetime) -> None:
    inc.looks = replace(inc.looks, requested=event, requested_at=at)


def _looked_again(inc: Incident, event: ev.LookedAgain, at: datetime) -> None:
    inc.looks = inc.looks.looked_again(event, at)


_TAKERS: dict[type[Event], Callable[[Incident, Any, datetime], None]] = {
    ev.AlertGrouped: _alert_grouped,
    ev.AlertResolved: _alert_resolved,
    ev.AlertFlapping: _alert_flapping,
    ev.AlertsNotSent: _not_sent,
    ev.StateChanged: _state_changed,
    ev.IncidentAcknowledged: _acknowledged,
    ev.SeverityChanged: _severity_changed,
    ev.IncidentReopened: _reopened,
    ev.IncidentMerged: _merged,
    ev.CauseConfirmed: _cause_confirmed,
    ev.FalseAlarmDeclared: _false_alarm,
    ev.ResponseStarted: _response_started,
    ev.PhaseStarted: _phase_started,
    ev.PhaseProgressed: _phase_progressed,
    ev.PhaseRetrying: _phase_retrying,
    ev.PhaseRecovered: _phase_recovered,
    ev.PhaseEnded: _phase_ended,
    ev.SourceMissing: _source_missing,
    ev.Detected: _detected,
    ev.Diagnosed: _diagnosed,
    ev.Predicted: _predicted,
    ev.PlanProposed: _plan_proposed,
    ev.ApprovalRequested: _approval_requested,
    ev.ActionApproved: _approved,
    ev.ActionRejected: _rejected,
    ev.ApprovalExpired: _approval_expired,
    ev.ApprovalWithdrawn: _approval_withdrawn,
    ev.ActionStarted: _action_started,
    ev.ActionFinished: _action_finished,
    ev.ActionBroke: _action_broke,
    ev.Verified: _verified,
    ev.ActionUndone: _action_undone,
    ev.UndoFailed: _undo_failed,
    ev.TakeBackRequested: _take_back_requested,
    ev.TakeBackFailed: _take_back_failed,
    ev.Escalated: _escalated,
    ev.ResponseEnded: _response_ended,
    ev.LookAgainRequested: _look_again_requested,
    ev.LookedAgain: _looked_again,
}
