"""
What each event of an incident says to a person at 3 am: a title to scan, a text with the numbers and the reason.

One function per event, found by its type in `say`. Text from alerts and telemetry is passed on as data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quell.eventlog.projections import quantities as q
from quell.eventlog.projections.findings import say_detected, say_diagnosed, say_plan, say_predicted, say_verified
from quell.eventlog.projections.said import PHASE_TITLES, Said
from quell.incident import events as ev
from quell.incident.actor import signed, signed_event
from quell.incident.counting import say_count
from quell.incident.events import Event, Phase, PhaseState, State
from quell.incident.state import ENDED, Incident, last_action


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When an event happened and how its incident stands after it."""

    at: datetime
    incident: Incident


def say(event: Event, moment: Moment) -> Said:
    """Return the event in words; an event nobody wrote words for shows its type."""
    sayer = _SAYERS.get(type(event))
    return sayer(event, moment) if sayer else Said(title=type(event).__name__)


def person(by: str) -> str:
    """Return who did it, as one says it: `person:anna` is anna, `agent:diagnosis` is the diagnosis agent."""
    kind, _, name = by.partition(":")
    return {"agent": f"the {name} agent", "system": "Quell"}.get(kind, name or by)


def _who(event: Event) -> str:
    """Return who did what an event tells; a name that was only typed is marked: operator (says: anna)."""
    return person(signed_event(event))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _opened(event: ev.IncidentOpened, moment: Moment) -> Said:
    drill = " This is a drill." if event.drill else " This is a test." if event.test else ""
    level = "error" if event.severity in ("SEV1", "SEV2") else "warning"
    text = f"{event.reason}.{drill}".replace("..", ".")
    return Said(title=f"{event.severity} opened: {event.title}", text=text, level=level)


def _grouped(event: ev.AlertGrouped, moment: Moment) -> Said:
    alert = event.alert
    summary = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    severity = alert.severity if alert.severity_known else f"{alert.severity} (assumed: sent as {alert.severity_raw!r})"
    return Said(
        title=f"Alert {alert.name}" + (f" on {alert.service}" if alert.service else ""),
        text=_join(summary, f"{severity}, from {alert.source}", event.why, *alert.notes),
        level="error" if alert.severity in ("critical", "error") else "warning",
    )


def _alert_resolved(event: ev.AlertResolved, moment: Moment) -> Said:
    alert = moment.incident.alerts.get(event.fingerprint)
    lasted_s = (event.ended_at - alert.starts_at).total_seconds() if alert else -1
    left = say_count(len(moment.incident.firing), "alert")
    where = f" on {alert.service}" if alert and alert.service else ""
    return Said(
        title=f"Alert {event.name}{where} no longer fires",
        text=_join(f"fired for {q.say_duration(lasted_s)}" if lasted_s > 0 else "", f"{left} still firing"),
    )


def _flapping(event: ev.AlertFlapping, moment: Moment) -> Said:
    return Said(
        title=f"Alert {event.name} is flapping",
        text=f"{event.changes} changes between firing and resolved within {q.say_duration(event.within_s)}",
        level="warning",
    )


def _not_sent(event: ev.AlertsNotSent, moment: Moment) -> Said:
    if not event.count:
        return Said(title=f"All alerts of the group are sent again by {event.source}")
    return Said(
        title=f"{say_count(event.count, 'alert')} not sent by {event.source}",
        text="Its message was cut (truncatedAlerts): the alerts here are not all of their group. "
        "In Alertmanager, `max_alerts: 0` of the receiver sends them all",
        level="warning",
    )


def _state_changed(event: ev.StateChanged, moment: Moment) -> Said:
    lasted = ""
    if event.after is State.RESOLVED:
        again = "again " if moment.incident.reopened else ""
        lasted = f"open {again}for {q.say_duration((moment.at - moment.incident.open_since).total_seconds())}"
    reason = "" if _told(event.reason, moment.incident) else event.reason
    return Said(
        title=f"{str(event.after).capitalize()}, by {_who(event)}", text=_join(reason, lasted), by=signed_event(event)
    )


def _acknowledged(event: ev.IncidentAcknowledged, moment: Moment) -> Said:
    waited = q.say_duration((moment.at - moment.incident.open_since).total_seconds())
    since = "was reopened" if moment.incident.reopened else "opened"
    who = _capital(_who(event))
    before = signed(event.taken_from, event.taken_from_typed_name)
    return Said(
        title=f"{who} took it over from {person(before)}" if before else f"{who} owns it now",
        text=_join(event.note, f"{waited} after it {since}"),
        by=signed_event(event),
    )


def _severity_changed(event: ev.SeverityChanged, moment: Moment) -> Said:
    worse = event.after < event.before
    return Said(
        title=f"Severity {'raised' if worse else 'lowered'} from {event.before} to {event.after}",
        text=_join(event.reason, f"by {_who(event)}"),
        level="warning" if worse else "info",
        by=signed_event(event),
    )


def _reopened(event: ev.IncidentReopened, moment: Moment) -> Said:
    return Said(title=f"Reopened by {_who(event)}", text=event.reason, level="warning", by=signed_event(event))


def _merged(event: ev.IncidentMerged, moment: Moment) -> Said:
    return Said(title=f"Merged into {event.into} by {_who(event)}", text=event.reason, by=signed_event(event))


def _note(event: ev.NoteAdded, moment: Moment) -> Said:
    return Said(title=f"Note by {_who(event)}", text=event.text, by=signed_event(event))


def _cause_confirmed(event: ev.CauseConfirmed, moment: Moment) -> Said:
    if event.service is None:
        what = "none of the causes that were named"
    else:
        what = event.service if event.cause is None else f"{event.service}, {event.cause.replace('_', ' ')}"
    return Said(title=f"{_capital(_who(event))} says what it was: {what}", by=signed_event(event))


def _false_alarm(event: ev.FalseAlarmDeclared, moment: Moment) -> Said:
    return Said(title=f"A false alarm, says {_who(event)}", text=event.reason, by=signed_event(event))


def _response_started(event: ev.ResponseStarted, moment: Moment) -> Said:
    again = "" if event.run == 1 else f" again (response {event.run})"
    return Said(title=f"The agents begin{again}", text=event.why, by="system:workflow")


def _phase_started(event: ev.PhaseStarted, moment: Moment) -> Said:
    usual = f"usually {q.say_duration(event.expected_s)}" if event.expected_s is not None else ""
    return Said(
        title=f"{PHASE_TITLES[event.phase]} begins" + (f", attempt {event.attempt}" if event.attempt > 1 else ""),
        text=_join(usual, f"at most {q.say_duration(event.timeout_s)}"),
        phase=event.phase,
    )


def _phase_progressed(event: ev.PhaseProgressed, moment: Moment) -> Said:
    return Said(title=f"{PHASE_TITLES[event.phase]}: {event.done} of {event.total}", text=event.what, phase=event.phase)


def _phase_retrying(event: ev.PhaseRetrying, moment: Moment) -> Said:
    return Said(
        title=f"{PHASE_TITLES[event.phase]}: attempt {event.attempt} failed, next in {q.say_duration(event.wait_s)}",
        text=event.error,
        level="warning",
        phase=event.phase,
    )


def _phase_recovered(event: ev.PhaseRecovered, moment: Moment) -> Said:
    return Said(
        title=f"{PHASE_TITLES[event.phase]} recovered at attempt {event.attempt}",
        text=f"{q.say_duration(event.after_s)} after its first attempt began",
        phase=event.phase,
    )


_ENDS: dict[PhaseState, tuple[str, str]] = {
    PhaseState.COMPLETED: ("completed", "info"),
    PhaseState.FAILED: ("failed", "error"),
    PhaseState.TIMED_OUT: ("timed out", "error"),
    PhaseState.ABSTAINED: ("abstained", "warning"),
}


def _phase_ended(event: ev.PhaseEnded, moment: Moment) -> Said:
    how, level = _ENDS.get(event.state, (str(event.state), "info"))
    attempts = f"{event.attempts} attempts" if event.attempts > 1 else ""
    return Said(
        title=f"{PHASE_TITLES[event.phase]} {how} after {q.say_duration(event.took_s)}",
        text=_join(
            "" if _told(event.says, moment.incident) else event.says,
            attempts,
            event.error if event.error and event.error != event.says else "",
        ),
        level=level,
        phase=event.phase,
    )


def _source_missing(event: ev.SourceMissing, moment: Moment) -> Said:
    return Said(
        title=f"{event.source} gave nothing",
        text=_join(event.reason, "what follows rests on less"),
        level="warning",
        phase=event.phase,
    )


def _approval_requested(event: ev.ApprovalRequested, moment: Moment) -> Said:
    plan = moment.incident.plan
    title = plan.title if plan is not None and plan.id == event.plan_id else event.plan_id
    left = q.say_duration((event.expires_at - moment.at).total_seconds())
    return Said(
        title=f"Approve? {title}",
        text=_join(event.reason, f"expires at {q.say_time(event.expires_at)}, in {left}"),
        level="wants",
        phase=Phase.APPROVE,
    )


def _waited(moment: Moment) -> str:
    approval = moment.incident.approval
    if approval is None:
        return ""
    return f"answered after {q.say_duration((moment.at - approval.requested_at).total_seconds())}"


def _approved(event: ev.ActionApproved, moment: Moment) -> Said:
    return Said(
        title=f"Plan {event.plan_id} approved by {_who(event)}",
        text=_waited(moment),
        by=signed_event(event),
        phase=Phase.APPROVE,
    )


def _rejected(event: ev.ActionRejected, moment: Moment) -> Said:
    return Said(
        title=f"Plan {event.plan_id} rejected by {_who(event)}",
        text=_join(event.reason, _waited(moment)),
        level="warning",
        by=signed_event(event),
        phase=Phase.APPROVE,
    )


def _approval_expired(event: ev.ApprovalExpired, moment: Moment) -> Said:
    return Said(
        title=f"Nobody answered about plan {event.plan_id} in time",
        text="nothing was changed",
        level="warning",
        phase=Phase.APPROVE,
    )


def _approval_withdrawn(event: ev.ApprovalWithdrawn, moment: Moment) -> Said:
    return Said(
        title=f"Nobody needs to answer about plan {event.plan_id} any more",
        text=_join(event.reason, "nothing was changed"),
        phase=Phase.APPROVE,
    )


def _action_started(event: ev.ActionStarted, moment: Moment) -> Said:
    return Said(title=f"{_action(event.action)} of {event.target} begins", phase=Phase.ACT)


def _action_finished(event: ev.ActionFinished, moment: Moment) -> Said:
    return Said(
        title=f"{_action(event.action)} of {event.target} done in {q.say_duration(event.took_s)}",
        text=event.output,
        phase=Phase.ACT,
    )


def _action_broke(event: ev.ActionBroke, moment: Moment) -> Said:
    return Said(
        title=f"{_action(event.action)} of {event.target} did not complete",
        text=_join(event.error, f"until then: {event.output}" if event.output else ""),
        level="error",
        phase=Phase.ACT,
    )


def _action_undone(event: ev.ActionUndone, moment: Moment) -> Said:
    what = f"{_action(event.action)} of {event.target} was taken back"
    if event.by:
        asked = next((one for one in moment.incident.take_backs if one.request == event.request), None)
        run = last_action(moment.incident, event.plan_id)
        helped = moment.incident.state in ENDED and run is not None and run.verdict in ("recovered", "in_part")
        return Said(
            title=f"{what} for {person(event.by)}",
            text=_join(
                asked.reason if asked is not None else "",
                event.output,
                f"the incident stays {moment.incident.state}, though this change had helped" if helped else "",
            ),
            level="warning",
            by=event.by,
        )
    return Said(
        title=what,
        text=event.output,
        level="warning",
        phase=Phase.UNDO,
    )


def _undo_failed(event: ev.UndoFailed, moment: Moment) -> Said:
    return Said(
        title=f"{_action(event.action)} of {event.target} could not be taken back",
        text=event.error,
        level="error",
        phase=Phase.UNDO,
    )


def _take_back_requested(event: ev.TakeBackRequested, moment: Moment) -> Said:
    return Said(
        title=f"{person(event.by).capitalize()} wants {_action(event.action).lower()} of {event.target} taken back",
        text=event.reason,
        level="warning",
        by=event.by,
    )


def _take_back_failed(event: ev.TakeBackFailed, moment: Moment) -> Said:
    left = "it may have been changed in part" if event.begun else "nothing was changed"
    return Said(
        title=f"{_action(event.action)} of {event.target} could not be taken back",
        text=_join(event.error, left, "it can be asked for again"),
        level="error",
        by="system:workflow",
    )


def _escalated(event: ev.Escalated, moment: Moment) -> Said:
    lacks = f"Quell lacks {', '.join(event.missing)}" if event.missing else ""
    return Said(title="A person must take over", text=_join(event.reason, lacks), level="wants", by="system:workflow")


def _response_ended(event: ev.ResponseEnded, moment: Moment) -> Said:
    return Said(
        title=f"The agents are done: {event.outcome.replace('_', ' ')}",
        text="" if _told(event.says, moment.incident) else event.says,
        level="error" if event.outcome == "failed" else "info",
        by="system:workflow",
    )


def _look_again_requested(event: ev.LookAgainRequested, moment: Moment) -> Said:
    return Said(title=f"{_capital(_who(event))} has the agents look again", text=event.reason, by=signed_event(event))


def _looked_again(event: ev.LookedAgain, moment: Moment) -> Said:
    found = "and found something new" if event.news else "and found nothing new"
    return Said(title=f"The agents looked again, {found}", text=_join(event.why, event.says), by="system:workflow")


def _action(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _told(words: str, incident: Incident) -> bool:
    """Return whether the entry of a finding, plan, action or escalation says these words already."""
    findings = (incident.detection, incident.diagnosis, incident.prediction, incident.verification)
    told = {finding.says for finding in findings if finding is not None}
    if incident.plan is not None:
        told |= {incident.plan.title, incident.plan.autonomy_reason}
    if incident.escalation is not None:
        told.add(incident.escalation.reason)
    told.update(line for run in incident.actions[-1:] for line in run.output.splitlines()[:1])
    return words in told


def _join(*parts: str) -> str:
    said = [part for part in parts if part]
    return "; ".join([*(part.rstrip(".") for part in said[:-1]), *said[-1:]])


def _unknown(event: ev.UnknownEvent, moment: Moment) -> Said:
    return Said(
        title=f"Something that only a newer Quell knows: {event.type}",
        text="It was written before this Quell was put back, which takes it for nothing; what is shown may lack it.",
        level="warning",
        by="system:eventlog",
    )


_SAYERS: dict[type[Event], Callable[[Any, Moment], Said]] = {
    ev.IncidentOpened: _opened,
    ev.AlertGrouped: _grouped,
    ev.AlertResolved: _alert_resolved,
    ev.AlertFlapping: _flapping,
    ev.AlertsNotSent: _not_sent,
    ev.StateChanged: _state_changed,
    ev.IncidentAcknowledged: _acknowledged,
    ev.SeverityChanged: _severity_changed,
    ev.IncidentReopened: _reopened,
    ev.IncidentMerged: _merged,
    ev.NoteAdded: _note,
    ev.CauseConfirmed: _cause_confirmed,
    ev.FalseAlarmDeclared: _false_alarm,
    ev.ResponseStarted: _response_started,
    ev.PhaseStarted: _phase_started,
    ev.PhaseProgressed: _phase_progressed,
    ev.PhaseRetrying: _phase_retrying,
    ev.PhaseRecovered: _phase_recovered,
    ev.PhaseEnded: _phase_ended,
    ev.SourceMissing: _source_missing,
    ev.Detected: lambda event, _: say_detected(event.finding),
    ev.Diagnosed: lambda event, _: say_diagnosed(event.finding),
    ev.Predicted: lambda event, _: say_predicted(event.finding),
    ev.BreachForecast: lambda event, _: Said(
        title="A limit is expected to be reached", text=event.says, by="agent:prediction"
    ),
    ev.PreventionSettled: lambda event, _: Said(
        title=f"Forecast {str(event.outcome).replace('_', ' ')}", text=event.says, by="agent:prediction"
    ),
    ev.PlanProposed: lambda event, _: say_plan(event.plan),
    ev.ApprovalRequested: _approval_requested,
    ev.ActionApproved: _approved,
    ev.ActionRejected: _rejected,
    ev.ApprovalExpired: _approval_expired,
    ev.ApprovalWithdrawn: _approval_withdrawn,
    ev.ActionStarted: _action_started,
    ev.ActionFinished: _action_finished,
    ev.ActionBroke: _action_broke,
    ev.Verified: lambda event, _: say_verified(event),
    ev.ActionUndone: _action_undone,
    ev.UndoFailed: _undo_failed,
    ev.TakeBackRequested: _take_back_requested,
    ev.TakeBackFailed: _take_back_failed,
    ev.Escalated: _escalated,
    ev.ResponseEnded: _response_ended,
    ev.LookAgainRequested: _look_again_requested,
    ev.LookedAgain: _looked_again,
    ev.UnknownEvent: _unknown,
}
