"""Detection: the numbers, not the alert, decide."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quell.agents.case import Case, believed_start
from quell.agents.detection import detect
from quell.incident.events import EvidenceKind, Window
from tests.agents.shop import NOW, Shop, alert, case


def test_a_failing_service_is_confirmed_with_its_onset_and_scope() -> None:
    shop = Shop().failing("payment")

    found = detect(case(("payment", "checkout")), shop.telemetry())

    assert found.verdict == "confirmed"
    assert found.onset is not None
    assert abs((found.onset - shop.onset).total_seconds()) <= 5
    assert set(found.services) == {"payment", "checkout", "edge"}
    assert {one.evidence_id for one in found.indicators} == {piece.id for piece in found.evidence}


def test_quiet_telemetry_gives_no_sign() -> None:
    found = detect(case(("payment",)), Shop().telemetry())

    assert found.verdict == "no_sign"
    assert "normal range" in found.says


@pytest.mark.parametrize("seed", range(12))
def test_noise_alone_is_never_confirmed(seed: int) -> None:
    assert detect(case(("edge", "payment")), Shop(seed=seed).telemetry()).verdict == "no_sign"


def test_trouble_elsewhere_does_not_confirm_an_alert_far_from_it() -> None:
    shop = Shop()
    shop.since_onset("payment", "error_ratio", 0.5)

    assert detect(case(("edge",)), shop.telemetry()).verdict == "no_sign"


def test_without_metrics_it_says_that_it_could_not_look() -> None:
    shop = Shop(kinds=frozenset({EvidenceKind.LOG}))

    found = detect(case(), shop.telemetry())

    assert found.verdict == "no_data"


def test_without_a_past_it_does_not_claim_that_nothing_is_wrong() -> None:
    shop = Shop().failing("payment")
    since = NOW - timedelta(seconds=400)

    found = detect(case(("payment",), first_at=since), shop.telemetry())

    assert found.verdict == "no_data"


def test_a_service_that_gives_no_metrics_is_named_as_a_gap() -> None:
    shop = Shop().failing("checkout").without("payment")

    found = detect(case(("payment", "checkout")), shop.telemetry())

    assert found.verdict == "confirmed"
    assert [gap.source for gap in found.gaps] == ["payment"]


def test_the_time_of_another_incident_is_no_yardstick() -> None:
    shop = Shop().failing("payment", 0.3)
    early = Window(start=NOW - timedelta(seconds=320), end=NOW - timedelta(seconds=200))
    for service in ("payment", "checkout", "edge"):
        old = shop._series[service, "error_ratio", ""]
        values = [0.3 if at < early.end.timestamp() else value for at, value in zip(old.times, old.values, strict=True)]
        object.__setattr__(old, "values", tuple(values))

    blind = detect(case(("payment",)), shop.telemetry())
    told = detect(case(("payment",), disturbed=(early,)), shop.telemetry())

    assert (blind.verdict, told.verdict) == ("no_sign", "confirmed")


@pytest.mark.parametrize(("off_s", "believed"), [(-20, True), (300, False), (-3600, False)])
def test_a_start_time_that_cannot_be_is_not_believed(off_s: float, believed: bool) -> None:
    one = alert("payment")
    skewed = type(one)(
        **{
            **{name: getattr(one, name) for name in one.__slots__},
            "starts_at": NOW + timedelta(seconds=off_s),
            "received_at": NOW,
        }
    )

    assert (believed_start(skewed) == skewed.starts_at) is believed


def test_a_range_is_never_negative_for_what_cannot_be() -> None:
    found = detect(case(("payment",)), Shop().failing("payment").telemetry())

    assert all(one.normal_low >= 0 for one in found.indicators)


def test_a_case_reads_from_before_its_first_alert() -> None:
    one: Case = case()

    assert one.window.start < one.first_at - timedelta(minutes=5)
    assert one.window.end == NOW
