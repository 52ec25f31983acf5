"""That what is measured is what an incident runs: the bench's findings are those of `detect` and `diagnose`."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from quell.agents.case import Case, gather
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.evidence.source import LogLine, Scope, Span
from quell.incident.events import EvidenceKind, Series, Window
from quell.signals.calibration import Calibration
from quell_bench.accuracy.looking import Findings, incident_of, look
from quell_bench.accuracy.perturbing import in_milliseconds, name_of, renamed, shifted, thinned
from quell_bench.accuracy.pushing import CLIENT, INTERNAL, SERVER, kinds_of, pushed
from quell_bench.accuracy.recording import RecordedSource, Recording

ALERT_S = 1_700_000_000.0


def series(service: str, name: str, usual: float, later: float, unit: str, **labels: str) -> Series:
    """A quarter of an hour at a reading each 15 s; it changes a minute before the alert."""
    times = tuple(ALERT_S - 600 + 15.0 * i for i in range(60))
    values = tuple(later if at >= ALERT_S - 60 else usual for at in times)
    return Series(name=name, service=service, unit=unit, labels=labels, times=times, values=values)


def recording() -> Recording:
    """A shop whose store answers with errors, which its caller passes on."""
    return Recording(
        alert="HighErrorRate",
        service="site",
        alert_at_s=ALERT_S,
        now_s=ALERT_S + 60,
        ends_s=ALERT_S + 285,
        step_s=15.0,
        series=[
            series("site", "request_rate", 20.0, 20.0, "1/s"),
            series("site", "error_ratio", 0.0, 0.4, "ratio"),
            series("site", "latency_mean", 0.1, 0.1, "s"),
            series("site", "client_request_rate", 20.0, 20.0, "1/s", peer="store"),
            series("site", "client_error_ratio", 0.0, 0.4, "ratio", peer="store"),
            series("store", "request_rate", 20.0, 20.0, "1/s"),
            series("store", "error_ratio", 0.0, 0.4, "ratio"),
            series("store", "latency_mean", 0.05, 0.05, "s"),
        ],
        edges=[("site", "store")],
    )


async def by_hand(seen: Recording) -> Findings:
    """What the two agents say when they are called with what an incident gives them."""
    [alert] = incident_of(seen).alerts.values()
    now = datetime.fromtimestamp(seen.now_s, UTC)
    case = Case(incident_id="INC-1", alerts=(alert,), first_at=alert.starts_at, now=now)
    telemetry = await gather([RecordedSource(seen)], case.window)
    found = detect(case, telemetry)
    return Findings(detection=found, diagnosis=diagnose(case, telemetry, found.onset))


async def test_the_bench_says_what_detect_and_diagnose_say_of_the_same_telemetry() -> None:
    seen = recording()

    expected = await by_hand(seen)

    found = await asyncio.to_thread(look, seen)
    assert found == expected
    assert found.detection.verdict == "confirmed"
    assert [one.service for one in found.diagnosis.hypotheses][:1] == ["store"]


def test_nothing_later_than_the_look_is_seen() -> None:
    seen = recording()
    late = dataclasses.replace(
        seen,
        series=[
            dataclasses.replace(
                one,
                values=tuple(
                    value if at <= seen.now_s else 99.0 for at, value in zip(one.times, one.values, strict=True)
                ),
            )
            for one in seen.series
        ],
    )

    assert look(late) == look(seen)


def test_a_map_that_a_site_has_learned_changes_what_is_printed_and_not_who_is_first() -> None:
    learned = Calibration(scores=(0.0, 1.0), probabilities=(0.0, 0.55), pairs=40)

    new, known = look(recording()).diagnosis, look(recording(), calibration=learned).diagnosis

    assert known.hypotheses[0].service == new.hypotheses[0].service
    assert known.hypotheses[0].probability < new.hypotheses[0].probability
    assert (known.calibrated_on, known.hypotheses[0].calibrated) == (40, True)


async def test_a_source_gives_what_lies_in_the_window_and_was_asked_for() -> None:
    source = RecordedSource(recording())
    start = datetime.fromtimestamp(ALERT_S, UTC)

    found = await source.collect(
        Scope(services=("store",), kinds=(EvidenceKind.METRIC,)), Window(start=start, end=start + timedelta(seconds=30))
    )

    assert {one.service for one in found.series} == {"store"}
    assert {one.times for one in found.series} == {(ALERT_S, ALERT_S + 15, ALERT_S + 30)}
    assert found.edges == ()


def test_a_source_has_the_kinds_that_were_recorded() -> None:
    assert RecordedSource(dataclasses.replace(recording(), edges=())).kinds == (EvidenceKind.METRIC,)
    assert RecordedSource(dataclasses.replace(recording(), series=())).kinds == (EvidenceKind.TOPOLOGY,)


def span(number: int, parent: int, service: str, at: float, took: float, *, trace: int = 1) -> Span:
    return Span(
        trace_id=f"{trace:032x}",
        span_id=f"{number:016x}",
        parent_id=f"{parent:016x}" if parent else "",
        service=service,
        name="GET",
        at=at,
        duration_s=took,
    )


def test_spans_are_served_called_or_internal_by_who_their_parent_and_child_are() -> None:
    spans = [
        span(1, 0, "site", 0, 1), span(2, 1, "site", 0, 1), span(3, 2, "site", 0, 1), span(4, 3, "store", 0, 1),
    ]  # fmt: skip

    kinds = kinds_of(spans)

    assert [kinds[one.span_id] for one in spans] == [SERVER, INTERNAL, CLIENT, SERVER]


async def test_pushed_spans_and_lines_come_back_with_series_and_calls() -> None:
    spans = []
    for i in range(120):
        at, first = ALERT_S - 120 + i, 3 * i + 1
        spans += [
            span(first, 0, "site", at, 0.4, trace=i + 1),
            span(first + 1, first, "site", at, 0.3, trace=i + 1),
            span(first + 2, first + 1, "store", at, 0.2, trace=i + 1),
        ]
    lines = [LogLine(at=ALERT_S - 1, service="store", level="error", text="gone"),
             LogLine(at=ALERT_S + 1, service="store", level="error", text="later")]  # fmt: skip

    source = await pushed(spans, lines, until_s=ALERT_S)

    start = datetime.fromtimestamp(ALERT_S - 60, UTC)
    found = await source.collect(Scope(), Window(start=start, end=start + timedelta(seconds=60)))
    means = {(one.service, one.name): one.values[-1] for one in found.series}
    assert means["store", "latency_mean"] == pytest.approx(0.2)
    assert means["site", "client_latency_mean"] == pytest.approx(0.3)
    assert means["site", "request_rate"] == pytest.approx(1.0)
    assert found.edges == [("site", "store")]
    assert [one.text for one in found.lines] == ["gone"]


@pytest.mark.parametrize(("steps", "alert_s", "look_s"), [(2, 30, 90), (-2, -30, 60), (40, 600, 285)])
def test_a_late_alert_is_looked_at_later_and_never_beyond_the_recording(
    steps: int, alert_s: float, look_s: float
) -> None:
    moved = shifted(recording(), steps)

    assert (moved.alert_at_s - ALERT_S, moved.now_s - ALERT_S) == (alert_s, look_s)


def test_a_fifth_of_the_values_is_lost_and_always_the_same() -> None:
    seen = recording()

    thin = thinned(seen)

    values = [value for one in thin.series for value in one.values]
    assert 0.15 < sum(value is None for value in values) / len(values) < 0.25
    assert thinned(seen) == thin


def test_a_renamed_recording_is_answered_with_the_other_name() -> None:
    assert look(renamed(recording())).diagnosis.hypotheses[0].service == name_of("store")


def test_times_in_milliseconds_say_so_and_nothing_else_changes() -> None:
    changed = {(one.service, one.name): one for one in in_milliseconds(recording()).series}

    assert changed["site", "latency_mean"].unit == "ms"
    assert changed["site", "latency_mean"].values[0] == pytest.approx(100.0)
    assert changed["site", "request_rate"].values[0] == 20.0
