"""An incident as the fold of its events: what each event changes, and what it lets go of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event, Phase, PhaseState, State
from quell.incident.fold import apply, fold
from quell.incident.state import Incident
from tests.projections.given import (
    DETECTION,
    DIAGNOSIS,
    PLAN,
    START,
    alert,
    asked,
    evidence,
    finished,
    grouped,
    opened,
    started,
    verified,
    whole_response,
)

LATER = START + timedelta(hours=1)
ESCALATED = ev.Escalated(reason="nothing fits", missing=("a runbook",))
CONFIRMED = ev.CauseConfirmed(service="payment", cause=ev.Cause.BAD_RELEASE, by="person:anna")
REOPENED = ev.IncidentReopened(by="system:intake", reason="it fires again")
TAKEN = ev.IncidentAcknowledged(by="person:anna")
BEGAN = ev.ActionStarted(plan_id=PLAN.id, action="roll_back", target="payment", key="k", undo_params={"to": "1.5.0"})

PREDICTION = ev.Prediction(says="nothing runs out", evidence=(evidence("E3"),))
UNDONE = ev.ActionUndone(plan_id="7c1f", action="roll_back", target="payment", output="back")


def moved(after: State) -> ev.StateChanged:
    return ev.StateChanged(before=State.TRIGGERED, after=after, by="person:anna", reason="")


def incident(*events: Event) -> Incident:
    found = fold((START + timedelta(seconds=number), event) for number, event in enumerate((opened(), *events)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("events", "wants"),
    [
        ((), None),
        ((ESCALATED,), "take_over"),
        ((ESCALATED, TAKEN), None),
        ((TAKEN, ESCALATED), None),
        ((ESCALATED, TAKEN, asked(LATER)), "approve"),
        ((asked(LATER),), "approve"),
        ((asked(LATER), ESCALATED), "approve"),
        ((asked(LATER), ev.ActionApproved(plan_id="7c1f", by="person:anna")), None),
        ((asked(LATER), ev.ActionApproved(plan_id="other", by="person:anna")), "approve"),
        ((ESCALATED, asked(LATER), moved(State.RESOLVED)), None),
        ((ESCALATED, ev.ResponseStarted(run=2)), None),
        ((ESCALATED, moved(State.RESOLVED), REOPENED), None),
    ],
)
def test_a_person_is_wanted_for_an_open_question_or_for_what_nobody_took_over(
    events: tuple[Event, ...], wants: str | None
) -> None:
    assert incident(*events).wants == wants


def test_a_reopening_clears_who_was_called_what_it_was_and_that_it_was_nothing() -> None:
    before = (grouped(), ESCALATED, CONFIRMED, moved(State.RESOLVED))

    once, twice = incident(*before, REOPENED), incident(*before, REOPENED, moved(State.RESOLVED), REOPENED)
    alarm = incident(ev.FalseAlarmDeclared(by="person:anna", reason="a test"), moved(State.RESOLVED), REOPENED)

    assert (once.state, once.reopened, twice.reopened) == (State.REOPENED, 1, 2)
    assert once.escalation is once.cause_confirmed is once.resolved_at is None
    assert alarm.false_alarm is False
    assert list(once.alerts) == [alert().fingerprint]


def test_a_reopening_while_the_agents_work_keeps_what_they_found_in_this_run() -> None:
    under_way = [grouped(), ev.ResponseStarted(run=1), ev.Detected(finding=DETECTION), ev.PlanProposed(plan=PLAN)]

    found = incident(*under_way, ESCALATED, moved(State.RESOLVED), REOPENED)

    assert (found.detection, found.plan, found.escalation) == (DETECTION, PLAN, None)


def test_a_new_run_begins_with_nothing_of_the_one_before_but_what_was_done() -> None:
    found = incident(*whole_response()[1:], ev.ResponseStarted(run=2))

    assert (found.run, found.responding, found.outcome) == (2, True, None)
    assert (found.detection, found.diagnosis, found.prediction, found.plan) == (None,) * 4
    assert (found.approval, found.verification, found.escalation) == (None,) * 3
    assert (found.missing, found.run_evidence) == ({}, {})
    assert list(found.evidence) == ["E1", "E2"]
    assert [run.state for run in found.actions] == ["done"]
    assert list(found.phases) == [phase for phase in Phase if phase is not Phase.UNDO]
    assert {run.state for run in found.phases.values()} == {PhaseState.WAITING}


def test_what_a_person_says_last_of_the_cause_counts() -> None:
    alarm = ev.FalseAlarmDeclared(by="person:anna", reason="a test")

    assert (incident(alarm).false_alarm, incident(alarm).cause_confirmed) == (True, None)
    assert incident(CONFIRMED, alarm).cause_confirmed is None
    assert (incident(alarm, CONFIRMED).false_alarm, incident(alarm, CONFIRMED).cause_confirmed) == (False, CONFIRMED)


def test_the_first_acknowledgement_dates_it_and_the_last_owns_it() -> None:
    found = incident(TAKEN, ev.IncidentAcknowledged(by="person:ben"))

    assert (found.owner, found.acknowledged_at) == ("person:ben", START + timedelta(seconds=1))


def test_alerts_are_kept_with_why_they_joined_first_and_whether_they_fire() -> None:
    other = alert("Slow")
    ends = ev.AlertResolved(fingerprint=alert().fingerprint, name="HighErrorRate", ended_at=START)

    found = incident(grouped(why="first"), grouped(other), grouped(why="again"), ends)
    flapping = incident(
        grouped(), ev.AlertFlapping(fingerprint=alert().fingerprint, name="HighErrorRate", changes=4, within_s=60)
    )

    assert list(found.alerts) == [alert().fingerprint, other.fingerprint]
    assert found.why[alert().fingerprint] == "first"
    assert found.firing == {other.fingerprint}
    assert flapping.flapping == {alert().fingerprint}
    assert found.offset == 5
    assert found.updated_at == START + timedelta(seconds=4)


def test_services_are_those_of_detection_first_then_those_of_alerts_each_once() -> None:
    found = incident(grouped(alert("Slow", "mail")), grouped(alert("Odd", None)), ev.Detected(finding=DETECTION))

    assert found.services == ("payment", "checkout", "mail")
    assert incident(grouped(alert("Slow", "mail"))).services == ("mail",)


def test_a_merge_ends_it_and_says_into_which() -> None:
    found = incident(ev.IncidentMerged(into="INC-2", by="person:anna", reason="same"))

    assert (found.state, found.merged_into, found.open) == (State.MERGED, "INC-2", False)


@pytest.mark.parametrize(
    ("answer", "word", "by"),
    [
        (ev.ActionApproved(plan_id="7c1f", by="person:anna"), "approved", "person:anna"),
        (ev.ActionRejected(plan_id="7c1f", by="person:ben", reason="no"), "rejected", "person:ben"),
        (ev.ApprovalExpired(plan_id="7c1f"), "expired", None),
        (ev.ApprovalWithdrawn(plan_id="7c1f", reason="over"), "withdrawn", None),
    ],
)
def test_a_question_keeps_its_answer_by_whom_and_when(answer: Event, word: str, by: str | None) -> None:
    approval = incident(ev.PlanProposed(plan=PLAN), asked(LATER), answer).approval

    assert approval is not None
    assert (approval.answer, approval.by, approval.answered_at) == (word, by, START + timedelta(seconds=3))
    assert (approval.requested_at, approval.expires_at) == (START + timedelta(seconds=2), LATER)


@pytest.mark.parametrize(
    ("events", "state", "output"),
    [
        ((), "running", ""),
        ((finished(),), "done", "1.4.2 runs"),
        ((ev.ActionBroke(plan_id="7c1f", action="roll_back", target="payment", error="boom"),), "broke", "boom"),
        (
            (ev.ActionBroke(plan_id="7c1f", action="roll_back", target="payment", error="boom", output="half"),),
            "broke",
            "half",
        ),
        (
            (finished(), ev.ActionUndone(plan_id="7c1f", action="roll_back", target="payment", output="back")),
            "undone",
            "back",
        ),
        ((ev.UndoFailed(plan_id="7c1f", action="roll_back", target="payment", error="stuck"),), "undo_failed", "stuck"),
        ((replace(UNDONE, plan_id="other"),), "running", ""),
    ],
)
def test_an_action_stands_as_the_last_event_of_its_plan_left_it(
    events: tuple[Event, ...], state: str, output: str
) -> None:
    (run,) = incident(BEGAN, *events).actions

    assert (run.state, run.output, run.verdict) == (state, output, None)
    assert (run.ended_at is None) is (state == "running")
    assert run.undo_params == {"to": "1.5.0"}


def test_a_verdict_is_of_the_last_action_and_of_none_where_there_was_none() -> None:
    second = ev.ActionStarted(plan_id="p2", action="restart", target="cart", key="k2")

    runs = incident(BEGAN, second, verified("worse")).actions

    assert [run.verdict for run in runs] == [None, "worse"]
    assert incident(verified()).verification == verified()


def test_what_an_action_says_of_its_undo_when_it_ends_comes_to_what_it_said_when_it_began() -> None:
    ends = replace(finished(), undo_params={"to": "1.4.9", "wait": "5"})

    assert incident(BEGAN, ends).actions[0].undo_params == {"to": "1.4.9", "wait": "5"}
    assert incident(BEGAN, replace(ends, undo_params={"wait": "5"})).actions[0].undo_params == {
        "to": "1.5.0",
        "wait": "5",
    }


def test_of_two_runs_of_one_plan_the_last_is_the_one_that_ended() -> None:
    runs = incident(BEGAN, BEGAN, finished()).actions

    assert [run.state for run in runs] == ["running", "done"]


def test_a_phase_that_is_tried_again_goes_on_and_one_that_begins_anew_starts_over() -> None:
    retried = incident(
        ev.ResponseStarted(run=1),
        started(Phase.DETECT),
        ev.PhaseProgressed(phase=Phase.DETECT, done=1, total=4, what="payment"),
        ev.PhaseRetrying(phase=Phase.DETECT, attempt=1, error="no answer", reason="timed_out", wait_s=1),
        started(Phase.DETECT, 2),
    ).phases[Phase.DETECT]
    ended = ev.PhaseEnded(
        phase=Phase.DETECT, agent="detection", state=PhaseState.FAILED, took_s=1, attempts=2, says="no", word="failed",
        error="gone",
    )  # fmt: skip
    progressed = ev.PhaseProgressed(phase=Phase.DETECT, done=1, total=4, what="payment")
    anew = incident(started(Phase.DETECT), progressed, ended, started(Phase.DETECT)).phases[Phase.DETECT]
    recovered = incident(
        started(Phase.DETECT),
        ev.PhaseRetrying(phase=Phase.DETECT, attempt=1, error="no answer", reason="timed_out", wait_s=1),
        ev.PhaseRecovered(phase=Phase.DETECT, attempt=2, after_s=3.14),
    ).phases[Phase.DETECT]
    over = incident(started(Phase.DETECT), ended).phases[Phase.DETECT]

    assert (retried.started_at, retried.attempts, retried.done, retried.total) == (
        START + timedelta(seconds=2),
        2,
        1,
        4,
    )
    assert (retried.what, retried.error, retried.timeout_s, retried.expected_s) == ("payment", "no answer", 45, None)
    assert (anew.state, anew.started_at, anew.ended_at) == (PhaseState.RUNNING, START + timedelta(seconds=4), None)
    assert (anew.error, anew.says, anew.done, anew.total) == (None, "", None, None)
    assert (recovered.error, recovered.attempts) == (None, 1)
    assert recovered.recovered == "succeeded at attempt 2, 3.1 s after the first failed"
    assert (over.state, over.attempts, over.says, over.error, over.word) == (
        PhaseState.FAILED,
        2,
        "no",
        "gone",
        "failed",
    )
    assert over.ended_at == START + timedelta(seconds=2)


def test_findings_and_what_was_missing_are_the_newest() -> None:
    found = incident(
        ev.Detected(finding=DETECTION),
        ev.Diagnosed(finding=DIAGNOSIS),
        ev.Predicted(finding=PREDICTION),
        ev.SourceMissing(source="loki", reason="no answer", phase=Phase.DETECT),
        ev.ResponseEnded(run=1, outcome="escalated", says="a person"),
    )

    assert (found.detection, found.diagnosis, found.prediction) == (DETECTION, DIAGNOSIS, PREDICTION)
    assert list(found.run_evidence) == list(found.evidence) == ["E1", "E2", "E3"]
    assert found.missing == {"loki": "no answer"}
    assert (found.responding, found.outcome) == (False, "escalated")


def test_an_event_without_an_incident_is_of_none_and_a_severity_is_the_last_one_given() -> None:
    changed = ev.SeverityChanged(
        before=opened().severity, after=IncidentSeverity.SEV4, by="person:anna", reason="one customer"
    )

    assert apply(None, TAKEN, START) is None
    assert fold([(START, TAKEN)]) is None
    assert incident(changed).severity is IncidentSeverity.SEV4
    assert incident(moved(State.RESOLVED)).resolved_at == START + timedelta(seconds=1)
    assert incident(moved(State.MONITORING)).resolved_at is None


def test_one_just_opened_has_no_run_no_answer_and_nothing_in_it() -> None:
    found = incident()

    assert (found.run, found.responding, found.outcome, found.reopened) == (0, False, None, 0)
    assert (found.false_alarm, found.drill, found.owner, found.state) == (False, False, None, State.TRIGGERED)
    assert (found.alerts, found.phases, found.actions, found.offset) == ({}, {}, [], 1)
    assert (found.opened_at, found.updated_at) == (START, START)
    assert incident(ev.ResponseStarted(run=1)).phases[Phase.ACT].attempts == 0
