"""
Compares what the engine has under way with the log, at the start.

The two files can be out of step: one of them was lost, or put back from an older copy. The log is the truth. A workflow
that does not fit it is let go of, and the response that the log has under way is begun anew under an id of its own; it
goes on behind the phases that the log has.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from quell.incident.events import Phase
from quell.incident.state import Incident
from quell.workflow.engine import Unfinished
from quell.workflow.names import incident_of, response_id, response_of

NAMED = 5
"""Responses or workflows named at most; the rest is counted."""

_PHASES = {str(phase): phase for phase in Phase}
"""A step that is a phase has its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What does not fit, and what is done about it."""

    let_go: dict[str, str]
    """Workflow: why the log does not bear it out."""
    begun_anew: tuple[str, ...]
    """Responses that the log has under way and the engine has not."""

    @property
    def says(self) -> str:
        """One sentence; empty when everything fits."""
        parts = []
        if self.begun_anew:
            parts.append(f"responses that it had lost and that are taken up from the log: {_some(self.begun_anew)}")
        if self.let_go:
            parts.append(f"workflows that the log does not bear out and that are let go of: {_some(self.let_go)}")
        return f"the workflow store was out of step with the log: {'; '.join(parts)}" if parts else ""


def _some(names: Collection[str]) -> str:
    first = ", ".join(itertools.islice(names, NAMED))
    return f"{first} and {len(names) - NAMED} more" if len(names) > NAMED else first


def reconcile(
    unfinished: Iterable[Unfinished], responding: Iterable[Incident], find: Callable[[str], Incident | None]
) -> Reconciled:
    """
    Return what is to be done so that both have the same under way.

    Args:
        unfinished: workflows that the engine has under way.
        responding: incidents of which the log has a response under way.
        find: an incident of the log by its id.
    """
    let_go, kept = {}, set()
    for one in unfinished:
        why = misfit(one, find(incident_of(one.workflow_id)[0]))
        if why:
            let_go[one.workflow_id] = why
        else:
            kept.add(response_of(one.workflow_id))
    due = (response_id(incident.id, incident.run) for incident in responding)
    return Reconciled(let_go=let_go, begun_anew=tuple(response for response in due if response not in kept))


def misfit(one: Unfinished, incident: Incident | None) -> str:
    """Return why a workflow does not fit the log, empty when it does."""
    _, run = incident_of(one.workflow_id)
    if incident is None:
        return "the log knows no such incident"
    if not one.ours:
        return "it began under another order of steps"
    if run < incident.run:
        return f"the log is at response {incident.run}"
    if run > incident.run + 1 or (run > incident.run and incident.open and "begin" in one.steps):
        return f"the log has not come to response {run}"
    if run == incident.run and incident.responding:
        for step in sorted(one.steps & _PHASES.keys()):
            phase = incident.phases.get(_PHASES[step])
            if phase is None or phase.ended_at is None:
                return f"the log knows nothing of its {step}"
    return ""
