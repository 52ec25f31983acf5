"""Earned autonomy: what a record leads to, and that one miss takes it back at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from quell.eventlog.projections import earned as earning
from quell.eventlog.projections.earned import (
    AUTO_FROM,
    EarnedAutonomy,
    lower_bound,
    needed_for,
)
from quell.incident import events as ev
from quell.incident.events import Autonomy, Cause, Event
from tests.projections.given import DIAGNOSIS, PLAN, START, finished, opened, verified

HELP, MISS, UNKNOWN = "recovered", "not_recovered", "unknown"


def one_response(verdict: str) -> list[Event]:
    started = ev.ActionStarted(plan_id=PLAN.id, action=PLAN.action, target=PLAN.target, key="k")
    return [ev.Diagnosed(finding=DIAGNOSIS), ev.PlanProposed(plan=PLAN), started, finished(), verified(verdict)]


def record(*verdicts: str) -> EarnedAutonomy:
    earned = EarnedAutonomy(lambda service: "shop")
    for number, verdict in enumerate(verdicts):
        tell(earned, f"INC-{number}", *one_response(verdict))
    return earned


def tell(earned: EarnedAutonomy, incident_id: str, *events: Event, drill: bool = False) -> None:
    for event in (opened(incident_id, drill=drill), *events):
        earned.apply(incident_id, event, START)


def level(earned: EarnedAutonomy) -> Autonomy:
    return earned.standing(PLAN.action, PLAN.target).level


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bound_is_scipys(pair: tuple[int, int]) -> None:
    successes, n = pair
    theirs = binomtest(successes, n).proportion_ci(0.8, method="exact").low

    assert lower_bound(successes, n, 0.9) == pytest.approx(theirs, abs=1e-9)


def test_nothing_done_is_only_recommended() -> None:
    assert level(record()) is Autonomy.RECOMMEND


def test_one_that_helped_may_be_asked_for_and_enough_in_a_row_make_it_automatic() -> None:
    enough = needed_for(AUTO_FROM)

    assert level(record(HELP)) is Autonomy.APPROVE
    assert level(record(*[HELP] * (enough - 1))) is Autonomy.APPROVE
    assert level(record(*[HELP] * enough)) is Autonomy.AUTO
    assert f"{1} more that help" in record(*[HELP] * (enough - 1)).standing(PLAN.action, PLAN.target).says


@given(st.lists(st.sampled_from([HELP, MISS]), max_size=30))
def test_a_miss_takes_it_back_at_once_and_it_must_be_earned_anew(before: list[str]) -> None:
    earned = record(*before, *[HELP] * needed_for(AUTO_FROM))
    assert level(earned) is Autonomy.AUTO

    tell(earned, "INC-miss", *one_response(MISS))

    assert level(earned) is not Autonomy.AUTO
    assert earned.standing(PLAN.action, PLAN.target).helped_since_miss == 0


@pytest.mark.parametrize(
    "event",
    [
        ev.UndoFailed(plan_id=PLAN.id, action=PLAN.action, target=PLAN.target, error="no way back"),
        ev.ActionBroke(plan_id=PLAN.id, action=PLAN.action, target=PLAN.target, error="half done"),
    ],
)
def test_an_undo_that_fails_and_an_action_that_breaks_are_misses(event: Event) -> None:
    earned = record(*[HELP] * needed_for(AUTO_FROM))
    tell(earned, "INC-x", *one_response(HELP)[:3], event)

    assert level(earned) is Autonomy.APPROVE


def test_what_could_not_be_verified_counts_for_nothing() -> None:
    standing = record(HELP, UNKNOWN).standing(PLAN.action, PLAN.target)

    assert (standing.helped, standing.tried) == (1, 1)


def test_a_recovery_that_may_not_be_the_actions_earns_nothing() -> None:
    earned = EarnedAutonomy(lambda service: "shop")
    *before, seen = one_response(HELP)
    assert isinstance(seen, ev.Verified)
    tell(earned, "INC-1", *before, replace(seen, credit="unclear", credit_says="mail came back too"))

    assert earned.standing(PLAN.action, PLAN.target).tried == 0


def confirmed(service: str | None, cause: Cause | None) -> ev.CauseConfirmed:
    return ev.CauseConfirmed(service=service, cause=cause, by="person:ada")


CAUSE = DIAGNOSIS.hypotheses[0].cause


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (confirmed(PLAN.target, CAUSE), True),
        (confirmed(PLAN.target, None), True),
        (confirmed("another", CAUSE), False),
        (confirmed(PLAN.target, Cause.UNKNOWN), False),
        (confirmed(None, None), False),
        (ev.FalseAlarmDeclared(by="person:ada", reason="nothing was wrong"), False),
    ],
)
def test_a_shadow_record_is_right_when_the_person_names_what_the_plan_was_for(said: Event, right: bool) -> None:
    earned = record()
    for number in range(4):
        tell(earned, f"INC-s{number}", *one_response(HELP)[:2], said, said)

    standing = earned.standing(PLAN.action, PLAN.target)
    assert (standing.shadow_right, standing.shadow_tried) == (4 * right, 4)
    assert standing.level is (Autonomy.APPROVE if right else Autonomy.RECOMMEND)


def test_drills_earn_nothing_outside_of_drills() -> None:
    real, drills = EarnedAutonomy(lambda service: "shop"), EarnedAutonomy(lambda service: "shop", drills=True)
    for earned in (real, drills):
        tell(earned, "INC-1", *one_response(HELP), drill=True)

    assert real.standing(PLAN.action, PLAN.target).tried == 0
    assert drills.standing(PLAN.action, PLAN.target).tried == 1


def test_one_success_among_many_failures_is_only_recommended() -> None:
    assert level(record(HELP, *[MISS] * 5)) is Autonomy.RECOMMEND


def test_a_shadow_record_comes_before_anything_is_done() -> None:
    right = record()
    for number in range(4):
        tell(right, f"INC-s{number}", *one_response(HELP)[:2], confirmed(PLAN.target, CAUSE))

    standing = right.standing(PLAN.action, PLAN.target)
    assert (standing.shadow_right, standing.shadow_tried, standing.tried) == (4, 4, 0)


def test_a_person_is_above_what_was_earned() -> None:
    earned = record(*[HELP] * 20)
    word = ev.AutonomyOverridden(
        action=PLAN.action, kind="shop", autonomy=Autonomy.OBSERVE, by="person:ada", reason="audit this week"
    )

    earned.override(word)
    assert level(earned) is Autonomy.OBSERVE
    assert "audit this week" in earned.standing(PLAN.action, PLAN.target).says

    earned.override(replace(word, autonomy=None))
    assert level(earned) is Autonomy.AUTO


def test_services_of_a_kind_share_a_record_and_others_do_not() -> None:
    earned = EarnedAutonomy(lambda service: "shop" if service in ("payment", "cart") else "other")
    tell(earned, "INC-1", *one_response(HELP))

    assert earned.standing(PLAN.action, "cart").helped == 1
    assert earned.standing(PLAN.action, "mail").helped == 0


@given(st.lists(st.sampled_from([HELP, MISS, UNKNOWN]), max_size=20))
def test_the_same_events_give_the_same_standing(verdicts: list[str]) -> None:
    assert record(*verdicts).all() == record(*verdicts).all()


def test_a_miss_counts_however_many_incidents_were_opened_while_the_action_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earning, "KEPT", 5)
    earned = record(*["recovered"] * 8)
    events = one_response("worse")
    tell(earned, "INC-100", *events[:-1])
    for number in range(101, 140):
        tell(earned, f"INC-{number}", ev.Diagnosed(finding=DIAGNOSIS))

    earned.apply("INC-100", events[-1], START)

    assert isinstance(events[-1], ev.Verified)
    assert level(earned) is not Autonomy.AUTO
