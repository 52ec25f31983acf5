"""Prediction: what runs out, when, and whom it reaches."""

from __future__ import annotations

from quell.agents.diagnosis import diagnose
from quell.agents.prediction import callers_of, predict
from quell.incident.events import Prediction
from tests.agents.shop import EDGES, Shop, case


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


def test_an_entry_that_was_not_measured_has_no_share() -> None:
    assert predicted(Shop().failing("payment").without("edge"), "payment").blast_share is None
