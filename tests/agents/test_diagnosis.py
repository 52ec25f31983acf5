"""Diagnosis: which service and what about it, or "I do not know"."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quell.agents.diagnosis import diagnose
from quell.incident.events import Cause, Diagnosis, EvidenceKind
from tests.agents.shop import Shop, case


def explained(shop: Shop, *services: str) -> Diagnosis:
    return diagnose(case(services or ("edge",)), shop.telemetry(), shop.onset)


def pool_leak() -> Shop:
    shop = Shop().failing("payment", 0.3).slow("payment", 1.0)
    return shop.since_onset("payment", "pool_in_use", 8).since_onset("payment", "pool_timeouts_rate", 4)


def slow_bank() -> Shop:
    return Shop().slow("payment", 0.9).since_onset("payment", "client_latency_mean", 0.88, peer="bank")


def crash_loop() -> Shop:
    shop = Shop().failing("checkout", 0.3)
    return shop.since_onset("checkout", "restarts", 3, slope=True).since_onset("checkout", "up", 0)


CASES = {
    "bad release": (lambda: Shop().failing("payment").change("payment", "deploy"), "payment", Cause.BAD_RELEASE),
    "bad config": (lambda: Shop().failing("checkout").change("checkout", "config"), "checkout", Cause.BAD_CONFIG),
    "pool leak": (pool_leak, "payment", Cause.POOL_EXHAUSTION),
    "slow bank": (slow_bank, "payment", Cause.SLOW_DEPENDENCY),
    "crash loop": (crash_loop, "checkout", Cause.CRASH_LOOP),
    "memory leak": (
        lambda: Shop().since_onset("checkout", "memory_bytes", 92e6, slope=True),
        "checkout",
        Cause.MEMORY_LEAK,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_cause_comes_first(name: str) -> None:
    make, service, cause = CASES[name]

    found = explained(make(), "edge", "checkout", "payment")

    assert not found.abstained
    assert (found.hypotheses[0].service, found.hypotheses[0].cause) == (service, cause)


@pytest.mark.parametrize("name", CASES)
def test_a_harmless_deploy_of_another_service_takes_no_blame(name: str) -> None:
    make, service, cause = CASES[name]
    shop = make()
    for other in {"edge", "checkout", "payment"} - {service}:
        shop.change(other, "deploy", before_s=8)

    found = explained(shop, "edge", "checkout", "payment")

    assert (found.hypotheses[0].service, found.hypotheses[0].cause) == (service, cause)


def test_a_deploy_in_quiet_telemetry_is_no_cause() -> None:
    found = explained(Shop().change("payment", "deploy"), "payment")

    assert found.abstained
    assert found.hypotheses == ()


def test_a_change_that_quell_made_itself_is_not_blamed() -> None:
    found = explained(Shop().failing("payment").change("payment", "deploy", by="quell"), "payment")

    assert found.hypotheses[0].cause is not Cause.BAD_RELEASE


def test_a_release_that_was_rolled_back_before_is_not_blamed() -> None:
    shop = Shop().failing("payment").change("payment", "deploy", before_s=60)
    shop.change("payment", "deploy", before_s=40, by="quell")

    assert explained(shop, "payment").hypotheses[0].cause is not Cause.BAD_RELEASE


def test_a_change_counts_from_when_its_own_service_left_its_range() -> None:
    shop = Shop().failing("payment").change("payment", "deploy")
    long_before = shop.onset - timedelta(seconds=40)

    found = diagnose(case(("payment",)), shop.telemetry(), long_before)

    assert found.hypotheses[0].cause is Cause.BAD_RELEASE


def test_one_failed_request_of_a_quiet_service_is_chance() -> None:
    shop = Shop().change("payment", "deploy").since_onset("payment", "request_rate", 1.0)
    shop.since_onset("payment", "error_ratio", 0.1)

    assert explained(shop, "payment").abstained


def test_an_old_deploy_is_not_blamed() -> None:
    found = explained(Shop().failing("payment").change("payment", "deploy", before_s=280), "payment")

    assert found.hypotheses[0].cause is not Cause.BAD_RELEASE


def test_probabilities_and_what_is_left_add_up_to_one() -> None:
    found = explained(pool_leak().change("payment", "deploy"), "payment")

    total = sum(one.probability for one in found.hypotheses) + found.none_of_these
    assert total == pytest.approx(1.0, abs=0.01)
    assert all(not one.calibrated for one in found.hypotheses)


def test_new_error_lines_are_evidence_that_holds_the_template() -> None:
    shop = Shop().failing("payment").change("payment", "deploy")
    shop.errors_logged("payment", "KeyError: 'currency' in price_of order 4711")

    found = explained(shop, "payment")

    logs = [piece for piece in found.evidence if piece.kind is EvidenceKind.LOG]
    assert len(logs) == 1
    assert "KeyError: 'currency'" in logs[0].patterns[0].template
    assert logs[0].patterns[0].count_before == 0


def test_every_argument_points_to_evidence_that_is_there() -> None:
    found = explained(pool_leak().errors_logged("payment", "no connection after 1000 ms"), "payment")

    known = {piece.id for piece in found.evidence}
    named = {a.evidence_id for one in found.hypotheses for a in (*one.in_favour, *one.against) if a.evidence_id}
    assert named
    assert named <= known


def test_evidence_holds_query_window_and_data() -> None:
    found = explained(pool_leak(), "payment")

    metrics = [piece for piece in found.evidence if piece.kind is EvidenceKind.METRIC]
    assert metrics
    assert all(piece.query and piece.series[0].times and piece.window.start < piece.window.end for piece in metrics)


def test_without_any_metrics_it_abstains_and_says_what_is_missing() -> None:
    shop = Shop(kinds=frozenset({EvidenceKind.LOG, EvidenceKind.CHANGE}))
    shop._series.clear()

    found = explained(shop, "payment")

    assert found.abstained
    assert "metrics" in {gap.source for gap in found.gaps}


def test_without_logs_and_changes_it_goes_on_and_names_the_gaps() -> None:
    shop = pool_leak()
    shop.kinds = frozenset({EvidenceKind.METRIC, EvidenceKind.TOPOLOGY})

    found = explained(shop, "payment")

    assert found.hypotheses[0].cause is Cause.POOL_EXHAUSTION
    assert {gap.source for gap in found.gaps} == {"logs", "changes"}


def test_the_same_telemetry_gives_the_same_answer() -> None:
    assert explained(pool_leak(), "payment") == explained(pool_leak(), "payment")
