"""What the agents said beside what it turned out to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quell.agents.learning import NEEDED, SiteCalibration
from quell.eventlog.projections.accuracy import KEPT, Group, Judged
from quell.gateway.scorecard import Accuracy, Scorecards, accuracy
from quell.incident import events as ev
from quell.incident.events import Cause, Event, EvidenceKind, State
from tests.projections.given import DETECTION, DIAGNOSIS, PLAN, START, Told, evidence, finished, opened, verified

RESOLVED = ev.StateChanged(before=State.INVESTIGATING, after=State.RESOLVED, by="person:anna", reason="fixed")


def said(*more: Event, probability: float = 0.9, abstained: bool = False) -> list[Event]:
    """Return a response that names a bad release of payment."""
    best = replace(DIAGNOSIS.hypotheses[0], probability=probability, score=probability)
    found = replace(DIAGNOSIS, hypotheses=(best,), none_of_these=1 - probability, abstained=abstained)
    return [ev.ResponseStarted(run=1), ev.Detected(finding=DETECTION), ev.Diagnosed(finding=found), *more]


def acted(verdict: str = "recovered") -> list[Event]:
    begun = ev.ActionStarted(plan_id="7c1f", action="roll_back", target="payment", key="k")
    return [ev.PlanProposed(plan=PLAN), begun, finished(), verified(verdict)]


def confirmed(service: str | None = "payment", cause: Cause | None = Cause.BAD_RELEASE) -> ev.CauseConfirmed:
    return ev.CauseConfirmed(service=service, cause=cause, by="person:anna")


def told(*incidents: list[Event], drill: bool = False) -> Told:
    one = Told()
    for number, events in enumerate(incidents, start=1):
        incident_id = f"INC-{number}"
        one.incident(opened(incident_id, drill=drill), *events, incident_id=incident_id)
    return one


def judged(agent: str, *events: Event) -> Judged:
    [verdict] = told([*events, RESOLVED]).models.accuracy.verdicts(agent, Group.REAL)
    return verdict.judged


def card(one: Told, agent: str = "diagnosis", of: Group = Group.REAL) -> Accuracy:
    return accuracy(agent, of, one.models.accuracy)


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        (confirmed(), Judged.RIGHT),
        (confirmed(cause=None), Judged.RIGHT),
        (confirmed(cause=Cause.MEMORY_LEAK), Judged.WRONG),
        (confirmed(service="cart"), Judged.WRONG),
        (confirmed(service=None, cause=None), Judged.WRONG),
        (ev.FalseAlarmDeclared(by="person:anna", reason="a test"), Judged.WRONG),
    ],
)
def test_diagnosis_is_judged_by_what_a_person_says(truth: Event, expected: Judged) -> None:
    assert judged("diagnosis", *said(truth)) is expected


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("recovered", Judged.RIGHT),
        ("not_recovered", Judged.WRONG),
        ("worse", Judged.WRONG),
        ("unknown", Judged.UNKNOWN),
    ],
)
def test_without_a_persons_word_the_fix_for_what_was_named_tells(verdict: str, expected: Judged) -> None:
    one = told([*said(*acted(verdict)), RESOLVED])

    [found] = one.models.accuracy.verdicts("diagnosis", Group.REAL)

    assert (found.judged, found.by_person) == (expected, False)


def test_a_persons_word_outweighs_the_fix() -> None:
    assert judged("diagnosis", *said(*acted("recovered"), confirmed(service="cart"))) is Judged.WRONG


def test_an_incident_that_just_ended_says_nothing_of_any_agent() -> None:
    for agent in ("detection", "diagnosis", "prediction", "resolution"):
        assert judged(agent, *said()) is Judged.UNKNOWN


def test_a_recovery_before_any_action_says_nothing() -> None:
    assert judged("diagnosis", *said(ev.PlanProposed(plan=PLAN), verified("recovered"))) is Judged.UNKNOWN


def test_nothing_counts_before_the_incident_is_resolved_or_after_it_was_reopened() -> None:
    assert card(told(said(confirmed()))).resolved == 0
    again = ev.IncidentReopened(by="person:anna", reason="it is back")
    assert card(told([*said(confirmed()), RESOLVED, again])).resolved == 0


def test_a_cause_that_is_told_after_the_end_counts() -> None:
    assert card(told([*said(), RESOLVED, confirmed()])).right == 1


def test_an_abstention_is_neither_right_nor_wrong() -> None:
    found = card(told([*said(confirmed(), abstained=True), RESOLVED]))

    assert (found.n, found.right, found.wrong, found.abstained, found.coverage) == (1, 0, 0, 1, 0.0)
    assert found.share_right is None
    assert found.recall == 0.0


def test_detection_is_wrong_when_it_confirms_a_false_alarm_and_right_when_it_sees_no_sign_of_one() -> None:
    alarm = ev.FalseAlarmDeclared(by="person:anna", reason="a test")
    unseen = ev.Detected(finding=replace(DETECTION, verdict="no_sign", indicators=()))

    assert judged("detection", *said(alarm)) is Judged.WRONG
    assert judged("detection", *said(unseen, alarm)) is Judged.RIGHT
    assert judged("detection", *said(unseen, confirmed())) is Judged.WRONG
    assert judged("detection", *said(confirmed())) is Judged.RIGHT


def test_precision_and_recall_of_detection_count_what_it_claimed_and_what_was_there() -> None:
    unseen = ev.Detected(finding=replace(DETECTION, verdict="no_sign", indicators=()))
    alarm = ev.FalseAlarmDeclared(by="person:anna", reason="a test")

    found = card(
        told([*said(confirmed()), RESOLVED], [*said(unseen, confirmed()), RESOLVED], [*said(alarm), RESOLVED]),
        "detection",
    )

    assert (found.precision, found.recall) == (0.5, 0.5)


def test_resolution_is_wrong_when_its_fix_did_not_help_or_was_undone() -> None:
    undone = ev.ActionUndone(plan_id="7c1f", action="roll_back", target="payment", output="")

    assert judged("resolution", *said(*acted("recovered"))) is Judged.RIGHT
    assert judged("resolution", *said(*acted("worse"))) is Judged.WRONG
    assert judged("resolution", *said(*acted("unknown"), undone)) is Judged.WRONG
    assert judged("resolution", *said(confirmed())) is Judged.ABSTAINED


def forecast(low_s: float = 50, high_s: float = 150) -> ev.Predicted:
    one = ev.Forecast(
        service="payment",
        series="memory",
        unit="bytes",
        limit=100,
        limit_is="memory limit",
        in_s=100,
        low_s=low_s,
        high_s=high_s,
        level=0.9,
        method="line",
        made_at=START,
        evidence_id="E9",
    )
    return ev.Predicted(finding=ev.Prediction(says="memory runs out", forecasts=(one,)))


def seen(*points: tuple[float, float]) -> ev.Diagnosed:
    times = tuple((START + timedelta(seconds=at_s)).timestamp() for at_s, _ in points)
    values = tuple(value for _, value in points)
    series = ev.Series(name="memory", service="payment", unit="bytes", times=times, values=values)
    piece = replace(evidence("E9", EvidenceKind.METRIC), series=(series,))
    return ev.Diagnosed(finding=replace(DIAGNOSIS, evidence=(piece,)))


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (seen((60, 80), (100, 101)), Judged.RIGHT),
        (seen((10, 101)), Judged.WRONG),
        (seen((60, 80), (160, 90)), Judged.WRONG),
        (seen((60, 80)), Judged.UNKNOWN),
    ],
)
def test_a_forecast_is_judged_by_the_telemetry_that_came_after_it(later: Event, expected: Judged) -> None:
    assert judged("prediction", ev.ResponseStarted(run=1), forecast(), later) is expected


def test_a_forecast_that_somebody_acted_on_before_its_time_is_not_judged() -> None:
    begun = ev.ActionStarted(plan_id="7c1f", action="restart", target="payment", key="k")

    assert judged("prediction", ev.ResponseStarted(run=1), forecast(), begun, seen((160, 90))) is Judged.UNKNOWN


def test_drills_and_real_incidents_are_never_mixed() -> None:
    one = told([*said(confirmed()), RESOLVED], drill=True)

    assert card(one).n == 0
    assert card(one, of=Group.DRILLS).n == 1


def test_an_agent_is_uncalibrated_below_thirty_incidents_with_known_truth() -> None:
    few = told(*[[*said(confirmed()), RESOLVED]] * (NEEDED - 1))
    enough = told(*[[*said(confirmed()), RESOLVED]] * NEEDED)

    assert (card(few).n, card(few).calibrated) == (NEEDED - 1, False)
    assert "uncalibrated" in card(few).says
    assert card(enough).calibrated


def test_an_interval_is_as_wide_as_few_incidents_deserve() -> None:
    found = card(told(*[[*said(confirmed()), RESOLVED]] * 3))

    assert found.share_right == 1.0
    assert (found.low95, found.high95) == (pytest.approx(0.4385, abs=1e-3), 1.0)


def test_the_scores_and_the_bins_are_of_what_was_stated() -> None:
    wrong, right = confirmed(service="cart"), confirmed()

    found = card(told([*said(right, probability=0.9), RESOLVED], [*said(wrong, probability=0.9), RESOLVED]))

    assert found.brier == pytest.approx((0.1**2 + 0.9**2) / 2)
    assert found.ece == pytest.approx(0.4)
    assert [(one.count, one.mean_probability, one.share_right) for one in found.bins] == [(2, 0.9, 0.5)]


def test_without_any_truth_nothing_is_claimed() -> None:
    found = card(Told())

    assert (found.n, found.brier, found.ece, found.precision, found.low95, found.bins) == (
        0,
        None,
        None,
        None,
        None,
        (),
    )
    assert found.says.startswith("unknown")


def test_only_the_newest_incidents_are_remembered() -> None:
    one = Told()
    for number in range(KEPT + 5):
        incident_id = f"INC-{number}"
        one.incident(opened(incident_id), RESOLVED, incident_id=incident_id)

    assert len(one.models.accuracy.verdicts("diagnosis", Group.REAL)) == KEPT


def test_a_report_is_computed_anew_when_a_cause_is_told() -> None:
    one = told([*said(), RESOLVED])
    cards = Scorecards(one.models)
    before = cards.report("diagnosis").accuracy[0].n

    changes = one.incident(confirmed())

    assert "diagnosis" in changes.agents
    assert (before, cards.report("diagnosis").accuracy[0].n) == (0, 1)
    assert [found.of for found in cards.report("diagnosis", Group.DRILLS).accuracy] == [Group.DRILLS]


def test_a_site_learns_from_its_own_incidents_once_there_are_thirty() -> None:
    learned = SiteCalibration(drills=False)
    wrong = [*said(confirmed(service="cart"), probability=0.9), RESOLVED]

    assert learned.of(told(*[wrong] * (NEEDED - 1)).models.accuracy) is None
    found = SiteCalibration(drills=False).of(told(*[wrong] * NEEDED).models.accuracy)
    assert found is not None
    assert found.pairs == NEEDED
    assert found.apply(0.9) < 0.5
