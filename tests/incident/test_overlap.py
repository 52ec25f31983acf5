"""Two incidents of one break: only one of them changes the service."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quell.incident import events as ev
from quell.incident.events import Event, Phase
from quell.incident.fold import fold
from quell.incident.overlap import changed_elsewhere
from quell.incident.state import Incident
from tests.projections.given import PLAN, START, opened

STARTED = ev.PhaseStarted(phase=Phase.DETECT, agent="detection", attempt=1, timeout_s=1.0, expected_s=None)
RUNS = ev.ActionStarted(plan_id=PLAN.id, action="restart", target=PLAN.target, key="k")
DONE = ev.ActionFinished(plan_id=PLAN.id, action="restart", target=PLAN.target, output="", undo_params={}, took_s=1.0)
ASKS = ev.ApprovalRequested(plan_id=PLAN.id, expires_at=START + timedelta(hours=1), reason="")


def incident(number: int, *events: Event, began_s: float = 0.0) -> Incident:
    """Return an incident with a response under way, one event a second."""
    begun = [opened(f"INC-{number}"), ev.ResponseStarted(run=1), STARTED, *events]
    found = fold((START + timedelta(seconds=began_s + at), event) for at, event in enumerate(begun))
    assert found is not None
    return found


PROPOSED = ev.PlanProposed(plan=PLAN)
VERIFIED = ev.Verified(verdict="recovered", says="", took_s=1.0, readings=(), credit="action")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (incident(2, PROPOSED, ASKS), "INC-2 asks a person about a change of"),
        (incident(2, PROPOSED, RUNS), "INC-2 is at restart of"),
        (incident(2, PROPOSED, RUNS, DONE), "whether that helped is not known yet"),
        (incident(2, PROPOSED, RUNS, DONE, VERIFIED, began_s=9.0), "after this response had looked"),
    ],
)
def test_what_another_incident_does_to_the_same_service_is_in_the_way(other: Incident, says: str) -> None:
    assert says in changed_elsewhere(incident(1), PLAN.target, [other], asked=True)
    assert changed_elsewhere(incident(1), "another", [other], asked=True) == ""
    assert changed_elsewhere(other, PLAN.target, [other], asked=True) == "", "an incident is not in its own way"


def test_a_question_is_in_the_way_of_a_question_only() -> None:
    # Of two questions that were put at once one must be carried out once a person has said yes.
    asks = incident(2, PROPOSED, ASKS)
    assert changed_elsewhere(incident(1), PLAN.target, [asks], asked=False) == ""
    answered = incident(2, PROPOSED, ASKS, ev.ActionRejected(plan_id=PLAN.id, by="person:ada", reason="no"))
    assert changed_elsewhere(incident(1), PLAN.target, [answered], asked=True) == ""


def test_a_change_that_was_verified_before_this_response_looked_is_in_nobodys_way() -> None:
    before = incident(2, PROPOSED, RUNS, DONE, VERIFIED, began_s=-60.0)
    assert changed_elsewhere(incident(1), PLAN.target, [before], asked=True) == ""


def test_a_change_that_broke_long_ago_is_in_nobodys_way() -> None:
    broke = ev.ActionBroke(plan_id=PLAN.id, action="restart", target=PLAN.target, error="x")
    other = incident(2, PROPOSED, RUNS, broke, began_s=-60.0)
    assert changed_elsewhere(incident(1), PLAN.target, [other], asked=True) == ""


@pytest.mark.parametrize("began_s", [-4.0, -3.0])
def test_a_change_that_ended_while_this_response_looked_is_in_its_way(began_s: float) -> None:
    # It ends with its fifth event; this response looks from its second second on.
    other = incident(2, PROPOSED, RUNS, DONE, VERIFIED, began_s=began_s + 1)
    looks_at = incident(1).phases[Phase.DETECT].started_at
    ended_at = other.actions[0].ended_at
    assert looks_at is not None
    assert ended_at is not None
    assert (ended_at - looks_at).total_seconds() == began_s + 4

    assert "after this response had looked" in changed_elsewhere(incident(1), PLAN.target, [other], asked=True)
