"""Prevention cases: how each way of ending is decided, and that each is counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from quell.eventlog.projections.prevention import WATCH, PreventionCase, Preventions, settle
from quell.incident import events as ev
from quell.incident.alert import Severity
from quell.incident.events import Event, Forecast, Outcome
from tests.projections.given import START, alert, finished, grouped, opened, verified

FORECAST = Forecast(
    service="payment",
    series="disk_use",
    unit="ratio",
    limit=1.0,
    limit_is="disk quota",
    in_s=100.0,
    low_s=80.0,
    high_s=140.0,
    level=0.9,
    method="a straight line",
    made_at=START,
    evidence_id="",
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def forecast() -> ev.BreachForecast:
    return ev.BreachForecast(forecast=FORECAST, value=0.7, says="payment: disk quota reached in 100 s")


def told(*events: tuple[float, Event], drill: bool = False) -> Preventions:
    cases = Preventions()
    cases.apply("INC-1", opened(drill=drill), at(0))
    cases.apply("INC-1", forecast(), at(1))
    for seconds, event in events:
        cases.apply("INC-1", event, at(seconds))
    return cases


def decided(cases: Preventions, seconds: float, value: float | None) -> Outcome | None:
    case = cases.one("INC-1")
    assert case is not None
    found = settle(case, now=at(seconds), value=value)
    return found and found.outcome


def test_acted_upon_in_time_and_turned_back_is_prevented() -> None:
    cases = told((20, finished()), (40, verified()))

    assert decided(cases, 45, 0.1) is Outcome.PREVENTED


def test_nothing_is_said_before_it_is_verified_and_back() -> None:
    assert decided(told((20, finished())), 30, 0.1) is None
    assert decided(told((20, finished()), (40, verified())), 45, 0.9) is None
    assert decided(told((20, finished()), (40, verified())), 45, None) is None


def test_acted_upon_too_late_is_not_prevented() -> None:
    cases = told((150, finished()), (160, verified()))

    assert decided(cases, 165, 0.1) is Outcome.DID_NOT_COME_TRUE


def test_acted_upon_in_time_but_never_verified_claims_nothing() -> None:
    assert decided(told((20, finished())), 500, 0.1) is None
    assert decided(told((20, finished())), 800, 0.1) is Outcome.UNDECIDED


def test_acted_upon_after_it_was_expected_is_not_called_prevented() -> None:
    cases = told((120, finished()), (130, verified()))

    assert decided(cases, 135, 0.1) is None
    assert decided(cases, 800, 0.1) is Outcome.UNDECIDED


def test_an_alert_of_another_incident_counts_too_and_a_warning_does_not() -> None:
    cases = told((20, finished()), (40, verified()))
    cases.apply("INC-2", grouped(alert("DiskNearQuota", severity=Severity.WARNING)), at(41))
    assert decided(cases, 45, 0.1) is Outcome.PREVENTED

    cases.apply("INC-2", grouped(alert("DiskFull", severity=Severity.ERROR)), at(42))
    assert decided(cases, 45, 0.1) is Outcome.MISSED


@pytest.mark.parametrize(("acted", "outcome"), [(True, Outcome.MISSED), (False, Outcome.CAME_TRUE)])
def test_a_limit_that_was_reached_counts_by_whether_something_was_done(acted: bool, outcome: Outcome) -> None:
    cases = told(*([(20, finished())] if acted else []))

    assert decided(cases, 90, 1.0) is outcome


def test_an_alert_of_somebody_else_is_what_was_to_be_prevented() -> None:
    assert decided(told((30, grouped(alert("DiskFull")))), 35, 0.8) is Outcome.CAME_TRUE
    own = replace(alert("LimitForecast"), source=WATCH)
    assert decided(told((30, grouped(own))), 35, 0.8) is None


def test_nothing_done_and_nothing_come_by_the_end_of_the_interval_did_not_come_true() -> None:
    assert decided(told(), 139, 0.8) is None
    assert decided(told(), 141, 0.8) is Outcome.DID_NOT_COME_TRUE
    assert decided(told(), 141, None) is None


def settled(outcome: Outcome) -> ev.PreventionSettled:
    return ev.PreventionSettled(outcome=outcome, says="", value_at_forecast=0.7, value=0.1, limit=1.0)


@pytest.mark.parametrize("drill", [True, False])
def test_a_case_is_counted_once_and_drills_apart(drill: bool) -> None:
    cases = told((50, settled(Outcome.PREVENTED)), (51, settled(Outcome.PREVENTED)), drill=drill)
    cases.apply("INC-1", forecast(), at(60))

    assert (cases.counts(drills=drill).prevented, cases.counts(drills=not drill).prevented) == (1, 0)
    assert cases.open() == []
    case = cases.one("INC-1")
    assert case is not None
    assert (case.state, case.settled_at) == ("prevented", at(50))


def test_what_happens_to_an_incident_without_a_forecast_is_no_case() -> None:
    cases = Preventions()
    for event in (opened(), finished(), verified(), settled(Outcome.PREVENTED)):
        assert cases.apply("INC-1", event, at(1)) is False

    assert cases.newest() == []


def test_the_times_it_is_due_follow_from_the_forecast() -> None:
    case = told().one("INC-1")
    assert isinstance(case, PreventionCase)

    assert (case.due_at, case.latest_at) == (at(100), at(140))
