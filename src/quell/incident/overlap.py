"""Whether another incident is at the same change: one break can raise alerts that open two incidents."""

from __future__ import annotations

from collections.abc import Iterable

from quell.incident.change_words import say_change
from quell.incident.events import Phase
from quell.incident.state import ActionRun, Incident


def changed_elsewhere(own: Incident, service: str, others: Iterable[Incident], *, asked: bool) -> str:
    """
    Say which other incident is changing a service, or has changed it since this one looked at it.

    Args:
        own: the incident that has, or is to get, a plan for the service.
        asked: also say which one asks a person about a change of it.

    Returns: a clause; empty when there is none.
    """
    for other in others:
        if other.id == own.id:
            continue
        if asked and _asks(other, service):
            return f"{other.id} asks a person about a change of {service} already"
        for run in reversed(other.actions):
            if run.target == service and (why := _in_the_way(own, other, run)):
                return why
    return ""


def _asks(other: Incident, service: str) -> bool:
    plan, approval = other.plan, other.approval
    if plan is None or approval is None or not other.responding:
        return False
    return plan.target == service and approval.plan_id == plan.id and approval.answer is None


def _in_the_way(own: Incident, other: Incident, run: ActionRun) -> str:
    what = say_change(run.action, run.target, of="of")
    if run.state == "running":
        return f"{other.id} is at {what} already"
    if run.state == "done" and run.verdict is None and other.responding and run.run == other.run:
        return f"{other.id} made {what} already, and whether that helped is not known yet"
    looked = own.phases.get(Phase.DETECT)
    since = looked.started_at if looked is not None else None
    if since is not None and (run.ended_at or run.started_at) >= since:
        return f"{other.id} made {what} after this response had looked"
    return ""
