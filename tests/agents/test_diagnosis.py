"""Diagnosis: which service and what about it, or "I do not know"."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from quell.agents.diagnosis import diagnose
from quell.evidence.source import LogLine, Span
from quell.incident.events import Cause, Diagnosis, EvidenceKind, SimilarIncident
from quell.signals.calibration import Calibration
from tests.agents.shop import AFTER_S, Shop, case


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


def burning() -> Shop:
    return Shop().slow("checkout", 0.6).since_onset("checkout", "cpu_use", 0.98)


def locked() -> Shop:
    return Shop().slow("checkout", 0.9).since_onset("checkout", "lock_wait_ratio", 4.0)


def stampede() -> Shop:
    """The cache misses, and the bank behind it is asked for everything and gets slow."""
    shop = Shop().slow("payment", 0.9).since_onset("payment", "cache_hit_ratio", 0.05)
    shop.since_onset("payment", "client_request_rate", 200.0, peer="bank")
    return shop.since_onset("payment", "client_latency_mean", 0.88, peer="bank")


def full_disk() -> Shop:
    return Shop().failing("payment", 0.6).since_onset("payment", "disk_used_bytes", 100e6)


def crowded() -> Shop:
    shop = Shop().slow("payment", 0.5).since_onset("payment", "cpu_throttled_ratio", 0.7)
    return shop.since_onset("payment", "neighbour_cpu_use", 0.9)


def retrying() -> Shop:
    shop = Shop().slow("payment", 0.9).since_onset("payment", "request_rate", 65.0)
    return shop.since_onset("checkout", "retry_ratio", 2.5, peer="payment")


def retried_for_its_lock() -> Shop:
    """Requests wait for a lock, and only then are tried again, which brings more of them."""
    shop = Shop().slow("payment", 0.9).since_onset("payment", "lock_wait_ratio", 13.0)
    shop.since_onset("payment", "request_rate", 65.0, after_s=3)
    return shop.since_onset("checkout", "retry_ratio", 3.0, peer="payment", after_s=3)


def lock_with_few_retries_yet() -> Shop:
    """Requests wait for a lock, and the first of them are tried again."""
    shop = Shop().slow("payment", 0.9).since_onset("payment", "lock_wait_ratio", 6.0)
    shop.since_onset("payment", "request_rate", 72.0)
    return shop.since_onset("checkout", "retry_ratio", 0.7, peer="payment", after_s=AFTER_S - 4)


def lock_for_its_retries() -> Shop:
    """Requests are tried again, and what they bring waits for a lock."""
    shop = Shop().slow("payment", 0.9).since_onset("payment", "lock_wait_ratio", 4.0, after_s=3)
    shop.since_onset("payment", "request_rate", 65.0)
    return shop.since_onset("checkout", "retry_ratio", 3.0, peer="payment")


CASES = {
    "cpu burn": (burning, "checkout", Cause.CPU_SATURATION),
    "lock": (locked, "checkout", Cause.LOCK_CONTENTION),
    "cache stampede": (stampede, "payment", Cause.CACHE_STAMPEDE),
    "full disk": (full_disk, "payment", Cause.DISK_FULL),
    "noisy neighbour": (crowded, "payment", Cause.NOISY_NEIGHBOUR),
    "retry storm": (retrying, "checkout", Cause.RETRY_STORM),
    "retries that follow from a lock": (retried_for_its_lock, "payment", Cause.LOCK_CONTENTION),
    "a lock, and few retries yet": (lock_with_few_retries_yet, "payment", Cause.LOCK_CONTENTION),
    "a lock that follows from retries": (lock_for_its_retries, "checkout", Cause.RETRY_STORM),
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


def traced(shop: Shop, *, slow_s: float = 0.0, cut: bool = False) -> Shop:
    """Add a request a second: checkout calls payment over a way that may get slow, payment writes three lines."""
    for i, start in enumerate(shop.times):
        late = start >= shop.onset.timestamp()
        way = slow_s if late else 0.0
        trace = f"t{i}"
        for span_id, parent, service, lasts in (("a", "", "checkout", 0.02 + way), ("b", "a", "payment", 0.01)):
            shop.spans.append(
                Span(
                    trace_id=trace,
                    span_id=span_id,
                    parent_id=parent,
                    service=service,
                    name="pay",
                    at=float(start),
                    duration_s=lasts,
                )
            )
        texts = ["taken pay.py:1", "charged pay.py:2", "stored pay.py:3"][: 2 if cut and late else 3]
        shop.lines += [
            LogLine(at=float(start) + 0.001 * n, service="payment", level="info", text=text, trace_id=trace)
            for n, text in enumerate(texts)
        ]
    return shop


@pytest.mark.parametrize(("slow_s", "cut"), [(0.8, False), (0.0, True)])
def test_a_service_without_metrics_is_found_by_its_traces_and_logs(slow_s: float, cut: bool) -> None:
    found = explained(traced(Shop().without("payment"), slow_s=slow_s, cut=cut), "edge", "checkout")

    assert found.hypotheses[0].service == "payment"
    ids = {argument.evidence_id for argument in found.hypotheses[0].in_favour}
    pieces = [piece for piece in found.evidence if piece.id in ids]
    assert {piece.kind for piece in pieces} <= {EvidenceKind.TRACE, EvidenceKind.LOG}
    assert all(piece.query for piece in pieces)
    assert pieces


def test_log_lines_that_break_off_are_no_cause_where_metrics_are_fine() -> None:
    found = explained(traced(Shop(), cut=True), "edge")

    assert found.hypotheses == ()


def test_without_anything_to_look_at_no_cause_is_named() -> None:
    shop = Shop()
    for service in ("edge", "checkout", "payment"):
        shop.without(service)

    found = explained(shop, "edge")

    assert found.abstained
    assert "no metrics, traces or logs" in found.says


def learned(probability: float) -> Calibration:
    return Calibration(scores=(0.0, 1.0), probabilities=(probability, probability), pairs=40)


@pytest.mark.parametrize("worth", [0.95, 0.6, 0.2])
def test_a_calibrated_probability_is_what_the_score_turned_out_to_be_worth(worth: float) -> None:
    shop = Shop().failing("payment").change("payment", "deploy")
    raw = diagnose(case(("payment",)), shop.telemetry(), shop.onset)

    found = diagnose(case(("payment",)), shop.telemetry(), shop.onset, calibration=learned(worth))

    assert [one.cause for one in found.hypotheses] == [one.cause for one in raw.hypotheses]
    assert found.hypotheses[0].probability == pytest.approx(worth, abs=1e-4)
    assert sum(one.probability for one in found.hypotheses) + found.none_of_these == pytest.approx(1, abs=1e-3)
    assert found.abstained == (worth < 0.5)
    assert (found.calibrated_on, found.hypotheses[0].calibrated) == (40, True)
    assert "as 40 incidents turned out" in found.says or found.abstained


def test_how_sure_it_must_be_is_a_setting() -> None:
    shop = Shop().failing("payment").change("payment", "deploy")
    sure = diagnose(case(("payment",)), shop.telemetry(), shop.onset).hypotheses[0].probability

    asked = [
        diagnose(case(("payment",)), shop.telemetry(), shop.onset, believed=least).abstained
        for least in (sure - 0.01, sure + 0.001)
    ]
    assert asked == [False, True]


def test_a_callee_that_did_not_answer_once_explains_calls_that_fail() -> None:
    shop = Shop().failing("checkout", 0.3).change("checkout", "deploy")
    shop.since_onset("checkout", "client_error_ratio", 0.3, peer="payment")
    values = [0.0 if at == shop.times[-2] else 1.0 for at in shop.times]
    shop._set("payment", "up", "", np.array(values))

    found = explained(shop, "edge", "checkout")

    assert not found.hypotheses or found.hypotheses[0].cause is not Cause.BAD_RELEASE


def test_similar_incidents_are_named() -> None:
    shop = Shop().failing("payment").change("payment", "deploy")
    past = SimilarIncident(
        incident_id="INC-3",
        likeness=0.8,
        service="payment",
        cause=Cause.BAD_RELEASE,
        action="roll_back",
        outcome="recovered",
    )

    assert diagnose(case(("payment",)), shop.telemetry(), shop.onset, similar=(past,)).similar == (past,)
