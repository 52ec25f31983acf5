"""What may be done with an incident, by people and agents alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import AlreadyOwned, Conflict, IllegalTransition
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.actor import OPERATOR, Actor
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event, State
from quell.incident.fold import apply, fold
from quell.incident.state import ENDED, MOVES, Incident
from tests.projections.given import PLAN as SOME_PLAN

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KIM = Actor(id="person:kim")


def opened(incident_id: str = "INC-1", state: State = State.TRIGGERED) -> Incident:
    events: list[Event] = [
        ev.IncidentOpened(
            incident_id=incident_id,
            title="checkout: HighLatency",
            severity=IncidentSeverity.SEV2,
            service="checkout",
            reason="an error alert",
        )
    ]
    incident = fold((NOW, event) for event in events)
    assert incident is not None
    incident.state = state
    return incident


def after(incident: Incident, events: Sequence[Event]) -> Incident:
    for event in events:
        apply(incident, event, NOW)
    return incident


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("to", list(State))
def test_a_move_is_allowed_exactly_where_the_table_says(state: State, to: State) -> None:
    incident = opened(state=state)

    if to is state:
        assert decisions.move(incident, to, by="person:kim", reason="") == []
    elif to in MOVES[state]:
        assert after(incident, decisions.move(incident, to, by="person:kim", reason="")).state is to
    else:
        with pytest.raises(IllegalTransition, match=f"is {state} and cannot become {to}"):
            decisions.move(incident, to, by="agent:resolution", reason="")


def test_every_state_but_merged_and_closed_leads_somewhere_that_ends() -> None:
    for start in State:
        seen, line = {start}, [start]
        while line:
            for to in MOVES[line.pop()] - seen:
                seen.add(to)
                line.append(to)
        assert seen & ENDED


def test_acknowledging_gives_an_owner_and_moves_only_what_nobody_works_on() -> None:
    fresh = after(opened(), decisions.acknowledge(opened(), actor=KIM))
    working = opened(state=State.IDENTIFIED)
    owned = after(working, decisions.acknowledge(working, actor=KIM))

    assert (fresh.owner, fresh.state) == ("person:kim", State.ACKNOWLEDGED)
    assert (owned.owner, owned.state) == ("person:kim", State.IDENTIFIED)


def test_acknowledging_twice_records_it_once() -> None:
    incident = after(opened(), decisions.acknowledge(opened(), actor=KIM))

    assert decisions.acknowledge(incident, actor=KIM) == []


def operator(typed_name: str = "") -> Actor:
    return Actor(id=OPERATOR, typed_name=typed_name)


@pytest.mark.parametrize(
    "other", [operator("lee"), operator(), KIM], ids=["another name", "no name", "another principal"]
)
def test_the_first_who_acknowledges_keeps_it_until_somebody_takes_it_over_on_purpose(other: Actor) -> None:
    incident = after(opened(), decisions.acknowledge(opened(), actor=operator("kim")))

    with pytest.raises(AlreadyOwned, match=r"person:operator \(says: kim\) owns INC-1 since 2026-11-23 12:00:00 UTC"):
        decisions.acknowledge(incident, actor=other)
    taken = decisions.acknowledge(incident, actor=other, take_over=True)
    assert taken == [
        ev.IncidentAcknowledged(
            by=other.id, typed_name=other.typed_name, taken_from=OPERATOR, taken_from_typed_name="kim"
        )
    ]
    assert after(incident, taken).owned_by == other


def test_a_name_in_other_letters_is_the_same_owner() -> None:
    incident = after(opened(), decisions.acknowledge(opened(), actor=operator("Kim")))

    assert decisions.acknowledge(incident, actor=operator("kim")) == []
    assert decisions.acknowledge(incident, actor=operator("kim"), take_over=True) == []


def test_taking_over_what_nobody_has_is_an_acknowledgement_like_any_other() -> None:
    [acknowledged, _] = decisions.acknowledge(opened(), actor=KIM, take_over=True)

    assert acknowledged == ev.IncidentAcknowledged(by="person:kim")


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_incident_cannot_be_acknowledged(state: State) -> None:
    with pytest.raises(IllegalTransition):
        decisions.acknowledge(opened(state=state), actor=KIM)


def asking(plan_id: str = "7c1f", expires_in_s: float = 60) -> Incident:
    question = ev.ApprovalRequested(plan_id=plan_id, expires_at=NOW + timedelta(seconds=expires_in_s), reason="policy")
    return after(opened(), [question])


def test_approving_the_plan_that_is_asked_about_answers_the_question() -> None:
    incident = asking()

    after(incident, decisions.approve(incident, "7c1f", by="person:kim", now=NOW))

    assert incident.approval is not None
    assert (incident.approval.answer, incident.approval.by) == ("approved", "person:kim")
    assert decisions.approve(incident, "7c1f", by="person:kim", now=NOW) == []


def ended(incident: Incident) -> Incident:
    return after(incident, decisions.resolve(incident, by="person:kim", reason="over"))


@pytest.mark.parametrize(
    ("incident", "plan_id", "says"),
    [
        (opened(), "7c1f", "asks for no approval"),
        (asking(), "0000", "the plan changed"),
        (asking(expires_in_s=-1), "7c1f", "expired"),
        (asking(expires_in_s=0), "7c1f", "expired"),
        (ended(asking()), "7c1f", "is resolved and cannot act"),
    ],
)
def test_a_plan_cannot_be_approved_or_rejected_when(incident: Incident, plan_id: str, says: str) -> None:
    with pytest.raises(Conflict, match=says):
        decisions.approve(incident, plan_id, by="person:kim", now=NOW)
    with pytest.raises(Conflict, match=says):
        decisions.reject(incident, plan_id, by="person:kim", reason="no", now=NOW)


def test_a_rejection_said_twice_is_recorded_once() -> None:
    incident = asking()
    after(incident, decisions.reject(incident, "7c1f", by="person:kim", reason="too risky", now=NOW))

    assert decisions.reject(incident, "7c1f", by="person:lee", reason="again", now=NOW) == []


def test_a_severity_is_changed_once_and_only_while_the_incident_is_open() -> None:
    incident = opened()

    (changed,) = decisions.change_severity(incident, IncidentSeverity.SEV1, by="person:kim", reason="worse")

    assert changed == ev.SeverityChanged(
        before=IncidentSeverity.SEV2, after=IncidentSeverity.SEV1, by="person:kim", reason="worse"
    )
    assert decisions.change_severity(after(incident, [changed]), IncidentSeverity.SEV1, by="x", reason="") == []
    with pytest.raises(IllegalTransition, match="is resolved and cannot change severity"):
        decisions.change_severity(ended(incident), IncidentSeverity.SEV3, by="person:kim", reason="")


def test_a_resolution_declares_no_false_alarm_by_itself() -> None:
    events = decisions.resolve(opened(), by="person:kim", reason="fixed")

    assert [type(event) for event in events] == [ev.StateChanged]


def test_a_rejected_plan_cannot_be_approved_afterwards() -> None:
    incident = asking()
    after(incident, decisions.reject(incident, "7c1f", by="person:kim", reason="too risky", now=NOW))

    with pytest.raises(Conflict, match="was rejected already"):
        decisions.approve(incident, "7c1f", by="person:lee", now=NOW)


def test_an_incident_cannot_be_merged_into_itself_or_into_one_that_ended() -> None:
    with pytest.raises(Conflict):
        decisions.merge(opened(), opened(), by="person:kim", reason="")
    with pytest.raises(IllegalTransition):
        decisions.merge(opened(), opened("INC-2", State.RESOLVED), by="person:kim", reason="")


def test_a_reopened_incident_wants_its_work_done_again() -> None:
    incident = opened(state=State.RESOLVED)

    after(incident, decisions.reopen(incident, by="system:intake", reason="it fires again"))

    assert (incident.state, incident.open, incident.reopened) == (State.REOPENED, True, 1)


ACTS: list[Callable[[Incident], Sequence[Event]]] = [
    lambda inc: decisions.acknowledge(inc, actor=KIM),
    lambda inc: decisions.resolve(inc, by="person:kim", reason="done"),
    lambda inc: decisions.close(inc, by="person:kim", reason="filed"),
    lambda inc: decisions.reopen(inc, by="person:kim", reason="again"),
    lambda inc: decisions.merge(inc, opened("INC-2"), by="person:kim", reason="same"),
    lambda inc: decisions.change_severity(inc, IncidentSeverity.SEV1, by="person:kim", reason="worse"),
    lambda inc: decisions.move(inc, State.INVESTIGATING, by="agent:detection", reason="began"),
    lambda inc: decisions.move(inc, State.MONITORING, by="agent:resolution", reason="changed"),
    lambda inc: decisions.add_note(inc, by="person:kim", text="hm"),
]


@given(st.lists(st.sampled_from(ACTS), max_size=30))
def test_whatever_is_tried_in_whatever_order_only_moves_of_the_table_happen(
    acts: list[Callable[[Incident], Sequence[Event]]],
) -> None:
    incident = opened()
    for act in acts:
        before = incident.state
        try:
            events = act(incident)
        except Conflict:
            assert incident.state is before
            continue
        after(incident, events)
        assert incident.state is before or incident.state in MOVES[before]
        assert (incident.resolved_at is not None) or incident.state not in (State.RESOLVED, State.CLOSED)


@given(st.lists(st.sampled_from(ACTS), max_size=30))
def test_folding_the_recorded_events_again_gives_the_same_incident(
    acts: list[Callable[[Incident], Sequence[Event]]],
) -> None:
    first = ev.IncidentOpened(incident_id="INC-1", title="t", severity=IncidentSeverity.SEV3, service=None, reason="r")
    recorded: list[Event] = [first]
    incident = fold([(NOW, first)])
    assert incident is not None
    for act in acts:
        try:
            events = act(incident)
        except Conflict:
            continue
        recorded.extend(events)
        after(incident, events)

    assert fold((NOW, event) for event in recorded) == incident


def test_the_last_cause_that_a_person_told_counts_and_saying_it_again_changes_nothing() -> None:
    incident = opened(state=State.CLOSED)
    said = decisions.confirm_cause(incident, service="payment", cause=ev.Cause.MEMORY_LEAK, by="person:kim")

    after(incident, said)

    assert said == [ev.CauseConfirmed(service="payment", cause=ev.Cause.MEMORY_LEAK, by="person:kim")]
    assert decisions.confirm_cause(incident, service="payment", cause=ev.Cause.MEMORY_LEAK, by="person:lee") == []
    assert len(decisions.confirm_cause(incident, service=None, cause=None, by="person:lee")) == 1


def test_a_cause_without_its_service_and_one_of_a_merged_incident_are_refused() -> None:
    with pytest.raises(Conflict, match="in which service"):
        decisions.confirm_cause(opened(), service=None, cause=ev.Cause.DISK_FULL, by="person:kim")
    with pytest.raises(IllegalTransition, match="is part of"):
        decisions.confirm_cause(opened(state=State.MERGED), service="cart", cause=None, by="person:kim")


def test_resolving_as_a_false_alarm_says_so_once_also_afterwards_and_reopening_takes_it_back() -> None:
    incident = opened()
    ended = decisions.resolve(incident, by="person:kim", reason="a test", false_alarm=True)
    after(incident, ended)

    assert incident.false_alarm
    assert incident.state is State.RESOLVED
    assert decisions.resolve(incident, by="person:kim", reason="a test", false_alarm=True) == []
    after(incident, decisions.reopen(incident, by="person:kim", reason="it is back"))
    assert not incident.false_alarm


PLAN = replace(SOME_PLAN, id="p1")
WHAT = {"plan_id": "p1", "action": "roll_back", "target": "payment"}
BEGUN: list[Event] = [
    ev.ResponseStarted(run=1),
    ev.PlanProposed(plan=PLAN),
    ev.ActionStarted(**WHAT, key="INC-1/1/p1", undo_params={"to": "1.5.0"}),
]
DONE: list[Event] = [*BEGUN, ev.ActionFinished(**WHAT, output="", undo_params={}, took_s=1.0)]
BROKE: list[Event] = [*BEGUN, ev.ActionBroke(**WHAT, error="it did not start")]
ENDED_SO: list[Event] = [ev.ResponseEnded(run=1, outcome="failed", says="")]
ASKED = ev.TakeBackRequested(**WHAT, request=1, key="INC-1/1/p1/undo", by="person:kim", reason="")
FAILED = ev.TakeBackFailed(**WHAT, request=1, error="release 1.5.0 is gone", begun=True)
FINAL: list[Event] = [
    ev.PlanProposed(plan=replace(PLAN, reversible=False, undo="A restart stays.")),
    *BEGUN[2:],
    *DONE[3:],
]


@pytest.mark.parametrize(
    ("events", "can", "says"),
    [
        (DONE, True, "deploy 1.5.0 again"),
        ([*DONE, *ENDED_SO], True, "deploy 1.5.0 again"),
        (FINAL, False, "A restart stays."),
        (BEGUN, False, "the agents are still at it"),
        ([*BEGUN, *ENDED_SO], True, "deploy 1.5.0 again"),
        (BROKE, False, "the agents are still at it"),
        ([*BROKE, *ENDED_SO], True, "deploy 1.5.0 again"),
        ([*DONE, ev.ActionUndone(**WHAT, output="")], False, "it was taken back already"),
        (
            [*DONE, ASKED, ev.ActionUndone(**WHAT, output="", by="person:kim", request=1)],
            False,
            "it was taken back already for kim",
        ),
        ([*DONE, ev.UndoFailed(**WHAT, error="no")], True, "deploy 1.5.0 again"),
        ([*DONE, ASKED], False, "it is being taken back, as kim asked"),
        ([*DONE, ASKED, FAILED], True, "deploy 1.5.0 again; it was tried and failed: release 1.5.0 is gone"),
    ],
)
def test_a_change_can_be_taken_back_while_it_stands_and_there_is_a_way(
    events: list[Event], can: bool, says: str
) -> None:
    incident = after(opened(), events)

    assert decisions.can_take_back(incident, incident.actions[-1]) == (can, says)
    if can:
        (asked,) = decisions.take_back(incident, "p1", by="person:lee", reason="not wanted")
        assert isinstance(asked, ev.TakeBackRequested)
        assert (asked.target, asked.by, asked.reason) == ("payment", "person:lee", "not wanted")
    elif events[-1] is ASKED:
        assert decisions.take_back(incident, "p1", by="person:lee", reason="") == []
    else:
        with pytest.raises(Conflict, match="roll_back of payment cannot be taken back"):
            decisions.take_back(incident, "p1", by="person:lee", reason="")


@pytest.mark.parametrize("state", list(State))
def test_a_change_can_be_taken_back_in_any_state_of_its_incident(state: State) -> None:
    incident = after(opened(), DONE)
    incident.state = state

    assert len(decisions.take_back(incident, "p1", by="person:kim", reason="")) == 1


def test_of_the_same_change_made_twice_the_later_one_is_taken_back() -> None:
    twice = after(opened(), [*DONE, *ENDED_SO, ev.ResponseStarted(run=2), ev.PlanProposed(plan=PLAN)])
    after(twice, [ev.ActionStarted(**WHAT, key="INC-1/2/p1"), *DONE[3:]])

    (asked,) = decisions.take_back(twice, "p1", by="person:kim", reason="")

    assert isinstance(asked, ev.TakeBackRequested)
    assert asked.key == "INC-1/2/p1/undo"
    assert not decisions.can_take_back(twice, twice.actions[0])[0]


def test_a_second_try_has_a_number_and_a_key_of_its_own() -> None:
    incident = after(opened(), [*DONE, ASKED, FAILED])

    (asked,) = decisions.take_back(incident, "p1", by="person:kim", reason="")

    assert isinstance(asked, ev.TakeBackRequested)
    assert (asked.request, asked.key) == (2, "INC-1/1/p1/undo/2")


def test_what_was_never_changed_cannot_be_taken_back() -> None:
    with pytest.raises(Conflict, match="INC-1 shows no change that Quell made by plan p1"):
        decisions.take_back(after(opened(), BEGUN[:2]), "p1", by="person:kim", reason="")
