"""Prediction: what runs out, when, and whom it reaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quell.agents.diagnosis import diagnose
from quell.agents.prediction import callers_of, predict, recurrence
from quell.incident.events import Cause, Diagnosis, Hypothesis, Prediction
from tests.agents.shop import EDGES, NOW, Shop, case


def predicted(shop: Shop, *services: str) -> Prediction:
    given, telemetry = case(services), shop.telemetry()
    return predict(given, telemetry, diagnose(given, telemetry, shop.onset))


def test_growing_memory_is_forecast_with_an_interval_that_holds_the_estimate() -> None:
    found = predicted(Shop().since_onset("checkout", "memory_bytes", 80e6, slope=True), "checkout")

    one = found.forecasts[0]
    assert (one.service, one.limit_is) == ("checkout", "memory limit")
    assert one.in_s is not None
    assert one.low_s is not None
    assert one.low_s <= one.in_s
    assert one.high_s is None or one.high_s >= one.in_s
    # 50 MB in 20 s with 20 MB to go
    assert 4 <= one.in_s <= 16


def test_a_full_pool_is_said_to_be_full_now() -> None:
    found = predicted(Shop().since_onset("payment", "pool_in_use", 8), "payment")

    assert [one.in_s for one in found.forecasts] == [0.0]


def test_where_nothing_grows_nothing_is_forecast() -> None:
    found = predicted(Shop().failing("payment"), "payment")

    assert found.forecasts == ()
    assert "nothing heads for a limit" in found.says


def test_the_reach_is_those_who_call_it_nearest_first() -> None:
    assert callers_of("payment", EDGES) == ("checkout", "edge")
    assert callers_of("edge", EDGES) == ()
    assert callers_of("nobody", EDGES) == ()


def test_the_share_is_what_fails_at_the_entry_above_normal() -> None:
    found = predicted(Shop().failing("payment", 0.4), "payment")

    assert found.blast_share is not None
    assert 0.3 <= found.blast_share <= 0.45


def test_what_was_not_believed_is_not_said_to_reach_anybody() -> None:
    hypothesis = Hypothesis(
        id="H1", service="payment", cause=Cause.BAD_RELEASE, title="bad release", probability=0.3, calibrated=False
    )
    doubted = Diagnosis(hypotheses=(hypothesis,), none_of_these=0.7, abstained=True, says="no cause stands out")

    found = predict(case(("checkout",)), Shop().failing("payment").telemetry(), doubted)

    assert found.blast_services == ("edge",)
    assert "reaches edge, which call checkout" in found.says
    assert found.says.endswith("of requests at the entry fail, beyond what is usual")


def test_entries_weigh_by_their_requests() -> None:
    shop = Shop().since_onset("edge", "error_ratio", 0.4).since_onset("checkout", "request_rate", 60.0)
    two_entries = replace(shop.telemetry(), edges=(("edge", "payment"), ("checkout", "payment")))
    found = predict(case(("edge",)), two_entries, None)

    assert found.blast_share is not None
    assert 0.08 <= found.blast_share <= 0.11


def test_an_entry_that_was_not_measured_has_no_share() -> None:
    assert predicted(Shop().failing("payment").without("edge"), "payment").blast_share is None


def test_how_often_it_came_before_says_how_likely_it_comes_again() -> None:
    weekly = [NOW - timedelta(days=7 * i) for i in range(1, 11)]

    found = recurrence("payment", Cause.MEMORY_LEAK, weekly, NOW)

    assert found is not None
    assert found.seen == 10
    # Nine in ten weeks: a chance of about 1 - exp(-0.9) within one.
    assert 0.5 < found.chance < 0.68
    assert found.low90 < found.chance < found.high90


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_say_nothing_of_how_often(count: int) -> None:
    past = [NOW - timedelta(days=i + 1) for i in range(count)]

    assert recurrence("payment", Cause.MEMORY_LEAK, past, NOW) is None


def test_more_of_the_same_past_is_surer() -> None:
    few, many = (
        recurrence("payment", Cause.MEMORY_LEAK, [NOW - timedelta(days=7 * i) for i in range(1, count)], NOW)
        for count in (5, 60)
    )

    assert few is not None
    assert many is not None
    assert many.high90 - many.low90 < few.high90 - few.low90
