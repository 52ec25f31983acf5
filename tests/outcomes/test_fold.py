"""From events to a record: every time from where it belongs, and nothing counted as a success that was none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event, State
from quell.outcomes.fold import Course, corrected
from quell.outcomes.record import Clock, Origin, OutcomeRecord, RestoredBy
from tests.outcomes.records import record
from tests.projections.given import START, Told, alert, grouped, opened, verified, whole_response


def told(*events: Event, after_s: float = 1.0, first: list[Event] | None = None) -> OutcomeRecord:
    course: Course | None = None
    teller = Told()
    for batch, step_s in ((first or [], 1.0), (list(events), after_s)):
        for one in teller.record("incident/INC-1", *batch, after_s=step_s):
            if isinstance(one.event, ev.IncidentOpened):
                course = Course.opened(one.event, one.at)
            elif course is not None:
                course.apply(one.event, one.at)
    assert course is not None
    return course.seen()


def resolved(by: str) -> ev.StateChanged:
    return ev.StateChanged(before=State.INVESTIGATING, after=State.RESOLVED, by=by, reason="it is over")


def acted() -> ev.ActionStarted:
    return ev.ActionStarted(plan_id="7c1f", action="restart", target="payment", key="k")


def begun(run: int) -> ev.ResponseStarted:
    return ev.ResponseStarted(run=run)


def reopened() -> ev.IncidentReopened:
    return ev.IncidentReopened(by="system:intake", reason="an alert came again")


def second(number: int) -> datetime:
    return START + timedelta(seconds=number)


def test_a_whole_response_gives_every_time_and_who_restored_it() -> None:
    found = told(*whole_response())

    assert found.started is not None
    assert found.started.at == START - timedelta(seconds=10)
    assert found.detected is not None
    assert found.detected.at == second(1)
    assert found.acknowledged is not None
    assert (found.acknowledged.at, found.acknowledged_by) == (second(3), "agent")
    assert found.restored is not None
    assert found.restored.at == second(23)
    assert (found.restored_by, found.attempts, found.verified) == (RestoredBy.QUELL, 1, 1)
    assert (found.corrected, found.alerts, found.did) == (False, 1, "roll back payment")


def test_drills_have_an_origin_of_their_own() -> None:
    assert told(opened(drill=True)).origin is Origin.DRILL
    assert told(opened()).origin is Origin.REAL


def test_an_alert_that_fired_before_the_incident_opened_is_when_the_impact_began() -> None:
    early = replace(alert(), starts_at=START - timedelta(minutes=5))

    found = told(opened(), grouped(early))

    assert found.started is not None
    assert found.started.at == START - timedelta(minutes=5)


def test_an_impact_does_not_begin_after_it_was_detected() -> None:
    late = replace(alert(), starts_at=START + timedelta(hours=1))

    found = told(opened(), grouped(late))

    assert found.started is not None
    assert found.detected is not None
    assert found.started.at == found.detected.at


def test_what_ends_because_its_alerts_end_restored_itself_when_the_last_alert_ended() -> None:
    end = ev.AlertResolved(fingerprint="HighErrorRate-payment", name="HighErrorRate", ended_at=second(3))

    found = told(opened(), grouped(), end, resolved("system:intake"), after_s=10)

    assert found.restored_by is RestoredBy.ITSELF
    assert found.restored is not None
    assert found.detected is not None
    assert found.restored.at == found.detected.at == second(10), "an end before the detection is no earlier than it"


def test_a_recovery_that_comes_back_within_a_quarter_of_an_hour_was_none() -> None:
    found = told(grouped(), first=whole_response())

    assert (found.attempts, found.verified, found.undecided) == (1, 0, 0)


def test_a_recovery_that_is_reopened_within_a_day_is_taken_back_and_after_a_day_it_stands() -> None:
    soon = told(reopened(), after_s=23 * 3600, first=whole_response())
    late = told(reopened(), after_s=25 * 3600, first=whole_response())

    assert (soon.verified, late.verified) == (0, 1)
    assert soon.restored is None
    assert late.restored is None
    assert soon.reopened_at is not None


def test_a_fix_counts_as_verified_as_soon_as_its_incident_says_so_and_an_alert_soon_after_takes_it_back() -> None:
    again = grouped(alert("HighLatency"))
    verified_now, soon = told(*whole_response()), told(again, first=whole_response(), after_s=600)
    late = told(again, first=whole_response(), after_s=1_000)

    assert [(one.verified, one.undecided) for one in (verified_now, soon, late)] == [(1, 0), (0, 0), (1, 0)]


@pytest.mark.parametrize(
    ("verdict", "credit", "expected"),
    [
        ("recovered", "action", (1, 1, 0)),
        ("recovered", "unclear", (1, 0, 1)),
        ("unknown", "action", (1, 0, 1)),
        ("not_recovered", "action", (1, 0, 0)),
        ("worse", "action", (1, 0, 0)),
    ],
)
def test_only_what_is_known_to_have_helped_is_a_success(
    verdict: str, credit: str, expected: tuple[int, int, int]
) -> None:
    found = told(opened(), acted(), replace(verified(verdict), credit=credit))

    assert (found.attempts, found.verified, found.undecided) == expected


def test_an_incident_without_an_action_has_no_attempt_whatever_was_verified() -> None:
    found = told(opened(), replace(verified(), credit="none"), resolved("agent:resolution"))

    assert (found.attempts, found.verified) == (0, 0)


def test_an_action_that_broke_is_an_attempt_that_failed() -> None:
    broke = ev.ActionBroke(plan_id="7c1f", action="restart", target="payment", error="no answer")

    found = told(opened(), acted(), broke)

    assert (found.attempts, found.verified, found.undecided) == (1, 0, 0)


@pytest.mark.parametrize(
    "correction",
    [
        ev.ActionRejected(plan_id="7c1f", by="anna", reason="no"),
        ev.SeverityChanged(before=IncidentSeverity.SEV2, after=IncidentSeverity.SEV1, by="anna", reason="worse"),
        ev.FalseAlarmDeclared(by="anna", reason="nothing"),
        ev.CauseConfirmed(service="checkout", cause=None, by="anna"),
    ],
)
def test_what_a_person_sets_right_is_a_correction(correction: Event) -> None:
    diagnosed = [one for one in whole_response() if isinstance(one, ev.Diagnosed)]

    assert told(opened(), *diagnosed).corrected is False
    assert told(opened(), *diagnosed, correction).corrected is True


@pytest.mark.parametrize(
    "agreed",
    [
        ev.CauseConfirmed(service="payment", cause=ev.Cause.BAD_RELEASE, by="anna"),
        ev.CauseConfirmed(service="payment", cause=None, by="anna"),
    ],
)
def test_a_cause_that_a_person_only_agrees_with_is_no_correction(agreed: ev.CauseConfirmed) -> None:
    diagnosed = [one for one in whole_response() if isinstance(one, ev.Diagnosed)]

    found = told(opened(), *diagnosed, agreed)

    assert (found.corrected, found.followed_up) == (False, True)


def test_a_cause_that_a_person_names_where_quell_named_none_is_no_correction() -> None:
    named = ev.CauseConfirmed(service="checkout", cause=ev.Cause.BAD_RELEASE, by="anna")

    found = told(opened(), named)

    assert (found.corrected, found.followed_up) == (False, True)


def test_another_cause_of_the_same_service_is_a_correction() -> None:
    diagnosed = [one for one in whole_response() if isinstance(one, ev.Diagnosed)]

    found = told(opened(), *diagnosed, ev.CauseConfirmed(service="payment", cause=ev.Cause.DISK_FULL, by="anna"))

    assert found.corrected


def test_a_severity_that_an_agent_or_intake_changed_is_no_correction() -> None:
    worse = ev.SeverityChanged(
        before=IncidentSeverity.SEV2, after=IncidentSeverity.SEV1, by="system:intake", reason="a worse alert"
    )

    assert told(opened(), worse).corrected is False


def test_a_person_who_resolves_what_quell_mended_corrects_nothing_and_one_who_takes_over_does() -> None:
    by_hand = ev.StateChanged(before=State.INVESTIGATING, after=State.RESOLVED, by="person:anna", reason="fixed")

    assert told(opened(), acted(), verified(), by_hand).corrected is False
    assert told(opened(), acted(), verified("not_recovered"), by_hand).corrected is True
    assert told(opened(), by_hand).corrected is False


def test_a_forecast_case_says_how_it_came_out() -> None:
    finding = ev.Forecast(
        service="payment",
        series="disk_use",
        unit="ratio",
        limit=1.0,
        limit_is="disk quota",
        in_s=60.0,
        low_s=50.0,
        high_s=70.0,
        level=0.8,
        method="line",
        made_at=START,
        evidence_id="E1",
    )
    forecast = ev.BreachForecast(forecast=finding, value=0.5, says="it runs full")
    outcome = ev.PreventionSettled(
        outcome=ev.Outcome.PREVENTED, says="turned back", value_at_forecast=0.5, value=0.4, limit=1.0
    )

    assert told(opened(), forecast).forecast == "open"
    assert told(opened(), forecast, outcome).forecast == "prevented"


def test_a_correction_of_a_time_is_marked_as_typed_and_says_who() -> None:
    found = corrected(record(), {"restored_at": "2026-11-02T01:00:00+00:00", "kind": "drill"}, "anna")

    assert found.restored is not None
    assert found.restored.clock is Clock.TYPED
    assert (found.origin, found.edited_by) == (Origin.DRILL, "anna")


@pytest.mark.parametrize("changes", [{"restored_at": "yesterday"}, {"kind": "fun"}, {"verified": "9"}])
def test_a_correction_that_a_record_cannot_hold_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        corrected(record(), changes, "anna")


@pytest.mark.parametrize(("by", "alone"), [("system:policy", True), ("principal:token", False)])
def test_a_fix_that_a_person_approved_was_not_restored_without_a_person(by: str, alone: bool) -> None:
    approved = ev.ActionApproved(plan_id="7c1f", by=by)

    found = told(opened(), approved, acted(), verified(), resolved("agent:resolution"))

    assert (found.restored_by, found.without_person) == (RestoredBy.QUELL, alone)


@pytest.mark.parametrize(
    ("course", "restored_by"),
    [
        ((acted(), verified()), RestoredBy.QUELL),
        ((acted(), replace(verified(), credit="unclear")), RestoredBy.UNKNOWN),
        ((replace(verified(), credit="none"),), RestoredBy.ITSELF),
        ((acted(), verified("not_recovered"), begun(2), verified()), RestoredBy.ITSELF),
        ((begun(1), acted(), begun(2), replace(verified(), credit="none")), RestoredBy.ITSELF),
    ],
)
def test_a_recovery_is_quells_only_where_its_newest_response_changed_something_that_is_known_to_have_helped(
    course: tuple[Event, ...], restored_by: RestoredBy
) -> None:
    found = told(opened(), *course, resolved("agent:resolution"))

    assert (found.restored_by, found.without_person) == (restored_by, restored_by is RestoredBy.QUELL)
