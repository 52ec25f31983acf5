"""The standing watch: what is about to run out, and what users feel."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from quell.agents.case import Case
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.agents.watchman import breaches, case_of, troubles, value_of
from quell.incident.alert import believed_start
from quell.incident.events import Cause, Window
from tests.agents.shop import NOW, Shop
from tests.agents.shop import alert as alert_of

HORIZON_S = 600.0


def found(shop: Shop) -> list[tuple[str, str]]:
    return [(one.service, one.series) for one in breaches(shop.telemetry(), case_of(NOW, ()), horizon_s=HORIZON_S)]


def test_quiet_telemetry_heads_for_nothing() -> None:
    for seed in range(20):
        assert found(Shop(seed=seed)) == []
        assert troubles(Shop(seed=seed).telemetry(), case_of(NOW, ())) == []


def test_a_disk_that_fills_is_seen_before_it_is_full() -> None:
    (one,) = breaches(Shop().filling().telemetry(), case_of(NOW, ()), horizon_s=HORIZON_S)

    assert (one.service, one.series) == ("payment", "disk_use")
    # 50 MB in 60 s: the last 30 take 36 s.
    assert one.forecast.in_s is not None
    assert 30 < one.forecast.in_s < 42
    assert one.forecast.low_s <= one.forecast.in_s <= one.forecast.high_s


def test_memory_that_leaks_is_seen_too() -> None:
    assert found(Shop().filling(series="memory_bytes")) == [("payment", "memory_use")]


def test_a_step_that_ended_heads_for_nothing() -> None:
    shop = Shop()
    values = np.where(shop.times > NOW.timestamp() - 90, 60e6, 20e6)
    shop._set("payment", "disk_used_bytes", "bytes", values)

    assert found(shop) == []


def test_what_would_take_longer_than_the_horizon_is_no_case_yet() -> None:
    shop = Shop().filling(since_s=280, upto=45e6)

    assert breaches(shop.telemetry(), case_of(NOW, ()), horizon_s=60.0) == []


def test_what_users_feel_is_trouble() -> None:
    shop = Shop().failing("payment")

    assert {one.service for one in troubles(shop.telemetry(), case_of(NOW, ()))} == {"payment", "checkout", "edge"}


def test_what_an_incident_that_just_ended_left_is_no_new_trouble() -> None:
    shop = Shop().failed("payment", 0.5, since_s=60, until_s=6)
    just_ended = (Window(start=NOW - timedelta(seconds=70), end=NOW - timedelta(seconds=4)),)

    assert [one.service for one in troubles(shop.telemetry(), case_of(NOW, ()))] == ["payment"]
    assert troubles(shop.telemetry(), case_of(NOW, just_ended)) == []


def test_the_value_now_is_read_or_unknown() -> None:
    telemetry, case = Shop().filling().telemetry(), case_of(NOW, ())

    assert round(value_of(telemetry, case, "payment", "disk_use") or 0, 1) == 0.7
    assert value_of(telemetry, case, "nobody", "disk_use") is None


def test_what_it_saw_the_response_sees_too_after_little_calm_time() -> None:
    # An incident ended a minute ago: of the past only 40 s tell what is normal, and 25 of them are the trend already.
    since = NOW - timedelta(seconds=500)
    disturbed = (Window(start=since, end=NOW - timedelta(seconds=60)),)
    telemetry = Shop().filling(since_s=45, upto=50e6).telemetry()

    (seen,) = breaches(telemetry, case_of(NOW, disturbed), horizon_s=HORIZON_S)
    assert abs((NOW - timedelta(seconds=45) - seen.since).total_seconds()) <= 5

    alert = alert_of("payment", at=seen.since)
    case = Case(incident_id="I-1", alerts=(alert,), first_at=believed_start(alert), now=NOW, disturbed=disturbed)
    assert detect(case, telemetry).verdict == "confirmed"
    assert diagnose(case, telemetry, seen.since).hypotheses[0].cause is Cause.DISK_FULL


def test_a_disk_that_is_filling_is_named_before_it_is_half_full() -> None:
    telemetry = Shop().filling(since_s=45, upto=42e6).telemetry()
    (seen,) = breaches(telemetry, case_of(NOW, ()), horizon_s=HORIZON_S)
    alert = alert_of("payment", at=seen.since)
    found = diagnose(
        Case(incident_id="I-1", alerts=(alert,), first_at=believed_start(alert), now=NOW), telemetry, seen.since
    )

    assert found.hypotheses[0].cause is Cause.DISK_FULL
    assert "full in 11" in found.hypotheses[0].in_favour[-1].says
