"""
What may be done with an incident: each decision returns the events to append, or raises.

People (through REST) and agents (through the response) use the same functions, so both go through the same door:
`move` is the only one that changes a state, and it asks `state.MOVES`.
"""

from __future__ import annotations

from datetime import datetime

from quell.errors import AlreadyOwned, Conflict, IllegalTransition
from quell.incident import events as ev
from quell.incident.actor import Actor, signed
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Cause, Event, State
from quell.incident.state import MOVES, ActionRun, Incident, TakeBack, last_action


def move(incident: Incident, to: State, *, by: str, reason: str) -> list[Event]:
    """
    Return the events that bring an incident to a state; none when it is there already.

    Raises: IllegalTransition: it cannot go there from where it is.
    """
    if incident.state is to:
        return []
    if to not in MOVES[incident.state]:
        raise IllegalTransition(f"{incident.id} is {incident.state} and cannot become {to}")
    return [ev.StateChanged(before=incident.state, after=to, by=by, reason=reason)]


def acknowledge(incident: Incident, *, actor: Actor, note: str = "", take_over: bool = False) -> list[Event]:
    """
    Give an open incident an owner; one that nobody works on yet becomes acknowledged.

    The first owner keeps it: somebody else gets it with `take_over` only, and the event says from whom.

    Raises: AlreadyOwned: somebody else has it. IllegalTransition: it is not open.
    """
    _must_be_open(incident, "be acknowledged")
    owner = incident.owned_by
    others = owner is not None and not owner.is_same_as(actor)
    if owner is not None and others and not take_over:
        since = f" since {incident.owned_since:%Y-%m-%d %H:%M:%S} UTC" if incident.owned_since else ""
        raise AlreadyOwned(f"{owner} owns {incident.id}{since}: say `take_over` to take it over")
    moved = incident.state in (State.TRIGGERED, State.REOPENED)
    steps = move(incident, State.ACKNOWLEDGED, by=actor.id, reason="acknowledged") if moved else []
    if owner is not None and not others and not steps:
        return []
    taken_from = owner if owner is not None and others else Actor(id="")
    acknowledged = ev.IncidentAcknowledged(
        by=actor.id,
        typed_name=actor.typed_name,
        note=note,
        taken_from=taken_from.id,
        taken_from_typed_name=taken_from.typed_name,
    )
    return [acknowledged, *steps]


def resolve(incident: Incident, *, by: str, reason: str, false_alarm: bool = False) -> list[Event]:
    """Declare that the service is restored, or, with `false_alarm`, that nothing was ever wrong."""
    moved = move(incident, State.RESOLVED, by=by, reason=reason)
    said = false_alarm and not incident.false_alarm
    return [*([ev.FalseAlarmDeclared(by=by, reason=reason)] if said else []), *moved]


def confirm_cause(incident: Incident, *, service: str | None, cause: Cause | None, by: str) -> list[Event]:
    """
    Say what it was; nothing when that was the last thing said. Without a service: none of the causes that were named.

    Raises: Conflict: a cause without the service it was in. IllegalTransition: the incident is part of another.
    """
    if service is None and cause is not None:
        raise Conflict(f"{cause} in which service? Name both, or neither for none of the causes named")
    if incident.state is State.MERGED:
        raise IllegalTransition(f"{incident.id} is part of {incident.merged_into}: say it of that one")
    last = incident.cause_confirmed
    if last is not None and (last.service, last.cause) == (service, cause):
        return []
    return [ev.CauseConfirmed(service=service, cause=cause, by=by)]


def close(incident: Incident, *, by: str, reason: str) -> list[Event]:
    """File a resolved incident."""
    return move(incident, State.CLOSED, by=by, reason=reason)


def reopen(incident: Incident, *, by: str, reason: str) -> list[Event]:
    """Take up an incident that had ended."""
    if State.REOPENED not in MOVES[incident.state]:
        raise IllegalTransition(f"{incident.id} is {incident.state} and cannot be reopened")
    return [ev.IncidentReopened(by=by, reason=reason)]


def merge(incident: Incident, into: Incident, *, by: str, reason: str) -> list[Event]:
    """Make an incident part of another one that is open."""
    if incident.id == into.id:
        raise Conflict(f"{incident.id} cannot be merged into itself")
    _must_be_open(into, f"take in {incident.id}")
    if State.MERGED not in MOVES[incident.state]:
        raise IllegalTransition(f"{incident.id} is {incident.state} and cannot be merged")
    return [ev.IncidentMerged(into=into.id, by=by, reason=reason)]


def look_again(incident: Incident, *, by: str, reason: str = "") -> list[Event]:
    """
    Ask the agents to look again; nothing when that is asked for already.

    Raises: IllegalTransition: it has ended. Conflict: they are at work, or are about to begin.
    """
    _must_be_open(incident, "be looked at again")
    if incident.responding:
        raise Conflict(f"the agents are at work on {incident.id} already")
    if incident.needs_response:
        raise Conflict(f"the agents are about to begin with {incident.id}")
    if incident.looks.requested is not None:
        return []
    return [ev.LookAgainRequested(by=by, reason=reason)]


def change_severity(incident: Incident, to: IncidentSeverity, *, by: str, reason: str) -> list[Event]:
    """Say how bad it is; nothing when it says so already."""
    _must_be_open(incident, "change severity")
    if incident.severity is to:
        return []
    return [ev.SeverityChanged(before=incident.severity, after=to, by=by, reason=reason)]


def add_note(incident: Incident, *, by: str, text: str) -> list[Event]:
    """Write something down, in any state."""
    return [ev.NoteAdded(by=by, text=text)]


def approve(incident: Incident, plan_id: str, *, by: str, now: datetime) -> list[Event]:
    """
    Say yes to exactly this plan; saying yes twice changes nothing.

    Raises: Conflict: no question is open, the plan changed meanwhile, or time ran out.
    """
    if _already(incident, plan_id, "approved"):
        return []
    _must_wait_for(incident, plan_id, now)
    return [ev.ActionApproved(plan_id=plan_id, by=by)]


def reject(incident: Incident, plan_id: str, *, by: str, reason: str, now: datetime) -> list[Event]:
    """Say no to exactly this plan. Raises: Conflict, as `approve`."""
    if _already(incident, plan_id, "rejected"):
        return []
    _must_wait_for(incident, plan_id, now)
    return [ev.ActionRejected(plan_id=plan_id, by=by, reason=reason)]


def take_back(incident: Incident, plan_id: str, *, by: str, reason: str) -> list[Event]:
    """
    Ask for a change of Quell's to be taken back, whatever the state of the incident; nothing while that is under way.

    Raises: Conflict: there is no such change, or it cannot be taken back.
    """
    run = last_action(incident, plan_id)
    if run is None:
        raise Conflict(f"{incident.id} shows no change that Quell made by plan {plan_id}")
    if being_taken_back(incident, plan_id) is not None:
        return []
    can, says = can_take_back(incident, run)
    if not can:
        raise Conflict(f"{run.action} of {run.target} cannot be taken back: {says}")
    # That of the agents' own undo, so that both at once make it go back once; a try after a failure is a new one.
    again = f"/{run.undos_failed + 1}" if run.undos_failed else ""
    return [
        ev.TakeBackRequested(
            plan_id=plan_id,
            action=run.action,
            target=run.target,
            request=len(incident.take_backs) + 1,
            key=f"{run.key}/undo{again}",
            by=by,
            reason=reason,
        )
    ]


def can_take_back(incident: Incident, run: ActionRun) -> tuple[bool, str]:
    """
    Return whether a person can ask for a change to be taken back, and how that is done or why it is not possible.

    Whether somebody has changed the service since is not known here: that is looked at right before it goes back.
    """
    if run.state == "undone":
        return False, f"it was taken back already{f' for {_name(run.taken_back_by)}' if run.taken_back_by else ''}"
    if not run.reversible:
        return False, run.undo or "its plan is not known"
    if run is not last_action(incident, run.plan_id):
        return False, "the same change was made once more after it: that one can be taken back"
    if (asked := being_taken_back(incident, run.plan_id)) is not None:
        return False, f"it is being taken back, as {_name(signed(asked.by, asked.typed_name))} asked"
    if run.state in ("running", "broke") and incident.responding:
        return False, "the agents are still at it"
    last = next((one for one in reversed(incident.take_backs) if one.plan_id == run.plan_id), None)
    if last is not None and last.error:
        return True, f"{run.undo.rstrip('.')}; it was tried and failed: {last.error}"
    return True, run.undo


def _name(by: str) -> str:
    return by.removeprefix("person:")


def being_taken_back(incident: Incident, plan_id: str) -> TakeBack | None:
    """Return the request to take back a plan's change that has not ended; None when there is none."""
    return next((one for one in incident.take_backs if one.plan_id == plan_id and one.ended_at is None), None)


def _already(incident: Incident, plan_id: str, answer: str) -> bool:
    approval = incident.approval
    return approval is not None and approval.plan_id == plan_id and approval.answer == answer


def _must_wait_for(incident: Incident, plan_id: str, now: datetime) -> None:
    approval = incident.approval
    if approval is None:
        raise Conflict(f"{incident.id} asks for no approval")
    if approval.plan_id != plan_id:
        raise Conflict(f"the plan changed: {incident.id} now asks about {approval.plan_id}, not {plan_id}; review it")
    if approval.answer is not None:
        raise Conflict(f"plan {plan_id} of {incident.id} was {approval.answer} already")
    if now >= approval.expires_at:
        raise Conflict(
            f"the question about plan {plan_id} of {incident.id} expired at {approval.expires_at:%H:%M:%S} UTC"
        )
    _must_be_open(incident, "act")


def _must_be_open(incident: Incident, what: str) -> None:
    if not incident.open:
        raise IllegalTransition(f"{incident.id} is {incident.state} and cannot {what}")
