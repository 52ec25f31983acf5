"""What services tell about themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from quell_lab.telemetry.log import Log, brief, stack_of
from quell_lab.telemetry.metrics import DURATION_BUCKETS_S, MAX_SERIES, Registry, add_process_metrics


def parsed(registry: Registry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus' own parser reads."""
    families = text_string_to_metric_families(registry.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@given(st.lists(st.tuples(st.text(max_size=20), st.floats(0, 1e6)), max_size=20))
def test_counters_are_read_back_by_prometheus_whatever_their_labels(counts: list[tuple[str, float]]) -> None:
    registry, totals = Registry(), dict[str, float]()
    counter = registry.counter("things_total", "what", text="Things.")
    for label, number in counts:
        counter.add(label, by=number)
        totals[label] = totals.get(label, 0.0) + number

    found = parsed(registry)
    assert len(found) == len(totals)
    for label, total in totals.items():
        assert found["things_total", (("what", label),)] == pytest.approx(total, rel=1e-8)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=50))
def test_a_histogram_counts_every_duration_in_its_buckets(seconds: list[float]) -> None:
    registry = Registry()
    histogram = registry.histogram("took_seconds", "service", text="Time.")
    for one in seconds:
        histogram.observe("cart", seconds=one)

    found = parsed(registry)
    for bound in DURATION_BUCKETS_S:
        at_most = sum(1 for one in seconds if one <= bound)
        assert found["took_seconds_bucket", (("le", str(bound)), ("service", "cart"))] == at_most
    assert found["took_seconds_bucket", (("le", "+Inf"), ("service", "cart"))] == len(seconds)
    assert found["took_seconds_sum", (("service", "cart"),)] == pytest.approx(sum(seconds), rel=1e-6)


def test_labels_from_outside_cannot_grow_a_metric_without_end() -> None:
    registry = Registry()
    counter = registry.counter("codes_total", "code", text="Codes.")
    for number in range(MAX_SERIES + 50):
        counter.add(str(number))

    assert len(parsed(registry)) == MAX_SERIES


def test_a_process_knows_its_memory_limit_start_and_cpu() -> None:
    registry = Registry()
    add_process_metrics(registry, memory_limit_bytes=1000)
    found = parsed(registry)

    assert found["process_resident_memory_bytes", ()] > 1e6
    assert found["process_memory_limit_bytes", ()] == 1000
    assert found["process_start_time_seconds", ()] > 1.6e9
    assert found["process_cpu_seconds_total", ()] > 0


def test_a_log_is_rotated_by_size_and_loses_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quell_lab.telemetry.log.CHECK_S", 0.0)
    log, other = (Log(tmp_path / "cart.log", "cart", rotate_bytes=600) for _ in range(2))
    for number in range(4):
        log.info(f"line {number}")
        other.warning(f"other {number}")
    log.close()
    other.close()

    files = [tmp_path / "cart.log.1", tmp_path / "cart.log"]
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert {line["msg"] for line in lines} == {f"{who} {n}" for who in ("line", "other") for n in range(4)}
    assert all(path.stat().st_size < 900 for path in files)


def test_an_exception_is_told_with_file_names_but_no_folders() -> None:
    try:
        {}["currency"]
    except KeyError as error:
        line, stack = brief(error), stack_of(error)

    assert line.startswith(
        "KeyError: 'currency' in test_an_exception_is_told_with_file_names_but_no_folders (test_tele"
    )
    assert 'File "test_telemetry.py", line' in stack
    assert "/" not in stack
