"""What the live channel decides and says by numbers: when to flush, what to count, which alerts to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quell.eventlog.log import Recorded
from quell.eventlog.projections.models import ReadModels
from quell.gateway.counts import Histogram, Rate
from quell.gateway.figures import figures
from quell.gateway.pace import Pace
from quell.gateway.sample import AlertSample, Told
from quell.incident import events as ev
from quell.incident.events import INTAKE_STREAM, Phase, incident_stream
from tests.projections.given import Told as Story
from tests.projections.given import alert, whole_response

AT = datetime(2026, 1, 2, tzinfo=UTC)


def flushing(pace: Pace, *, took_s: float, every_s: float, times: int) -> float:
    """Flush again and again; return when the last one ended."""
    now_s = 100.0
    for _ in range(times):
        pace.flushed(now_s, now_s + took_s, took_s)
        now_s += every_s
    return now_s - every_s + took_s


def test_nothing_waits_before_the_first_flush_and_while_there_is_time_to_spare() -> None:
    pace = Pace()

    assert pace.wait_s(0.0) == 0.0
    ended_s = flushing(pace, took_s=0.005, every_s=0.01, times=50)
    assert pace.load == pytest.approx(0.5, abs=0.05)
    assert pace.wait_s(ended_s) == 0.0


def test_where_flushing_is_all_there_is_time_for_events_gather_as_long_as_a_flush_takes() -> None:
    pace = Pace()

    ended_s = flushing(pace, took_s=0.05, every_s=0.05, times=50)

    assert pace.load == pytest.approx(1.0, abs=0.01)
    assert 0.03 < pace.wait_s(ended_s) <= 0.05
    assert pace.wait_s(ended_s + 0.05) == 0.0


def test_a_pause_is_time_to_spare() -> None:
    pace = Pace()
    ended_s = flushing(pace, took_s=0.05, every_s=0.05, times=50)

    pace.flushed(ended_s + 10, ended_s + 10.05, 0.05)

    assert pace.wait_s(ended_s + 10.05) == 0.0


def test_a_histogram_counts_each_by_the_first_bound_that_holds_it() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.0, 0.1, 0.2, 1.0, 7.0):
        histogram.add(seconds)

    assert (histogram.counts, histogram.total) == ([2, 2, 1], 5)
    assert histogram.sum_s == pytest.approx(8.3)


def test_a_rate_is_unknown_at_first_and_then_that_of_the_last_seconds() -> None:
    rate = Rate(over_s=10.0)

    assert rate.per_s(0, 100.0) is None
    assert rate.per_s(50, 105.0) == 10.0
    assert rate.per_s(1_050, 115.0) == 100.0
    assert rate.per_s(1_050, 130.0) == 0.0


def told(sample: AlertSample, *, first: int, count: int, at: datetime) -> list[Told]:
    records = [
        Recorded(
            position=first + number,
            stream=incident_stream("INC-1"),
            offset=first + number,
            at=at,
            event=ev.AlertGrouped(alert=alert(f"A{first + number}"), why="Same service."),
        )
        for number in range(count)
    ]
    return list(sample.take(records))


def test_of_a_second_the_first_alerts_are_shown_and_the_others_are_counted() -> None:
    sample = AlertSample(shown_per_s=5)

    first = told(sample, first=1, count=4, at=AT)
    second = told(sample, first=5, count=10, at=AT + timedelta(milliseconds=900))
    third = told(sample, first=15, count=2, at=AT + timedelta(seconds=1))

    assert [one.kind for one in first] == ["alert"] * 4
    assert [(one.kind, one.position) for one in second] == [("alert", 5), ("left_out", 14)]
    assert second[-1].data == {"second": AT, "left_out": 9, "shown_per_s": 5}
    assert [(one.kind, one.position) for one in third] == [("alert", 15), ("alert", 16)]
    assert [item["alert"].name for item in sample.snapshot()["items"]] == ["A1", "A2", "A3", "A4", "A5", "A15", "A16"]


def test_what_became_of_an_alert_is_said_and_other_events_are_not_alerts() -> None:
    sample = AlertSample()
    events: list[tuple[str, ev.Event]] = [
        (INTAKE_STREAM, ev.AlertHeld(alert=alert("Slow"), why="One alert weighs 0.3.", group="g")),
        (incident_stream("INC-1"), ev.AlertGrouped(alert=alert("Slow"), why="Same service.")),
        (incident_stream("INC-1"), ev.NoteAdded(by="person:anna", text="hm")),
        (incident_stream("INC-1"), ev.AlertResolved(fingerprint="f", name="Slow", ended_at=AT)),
    ]
    records = [
        Recorded(position=place, stream=stream, offset=place, at=AT, event=event)
        for place, (stream, event) in enumerate(events, start=1)
    ]

    shown = [(one.data["became"], one.data["incident_id"], one.position) for one in sample.take(records)]

    assert shown == [("waits", None, 1), ("joined", "INC-1", 2), ("resolved", "INC-1", 4)]


def test_a_figure_is_unknown_until_enough_has_happened_and_says_on_how_much_it_rests() -> None:
    before = {figure.key: figure for figure in figures(ReadModels())}
    story = Story()
    for number in range(5):
        story.incident(*whole_response(f"INC-{number}"), incident_id=f"INC-{number}")
    after = {figure.key: figure for figure in figures(story.models)}

    assert (before["detect_median_s"].value, before["detect_median_s"].n) == (None, 0)
    assert (after["detect_median_s"].value, after["detect_median_s"].n) == (
        story.models.phase_median(Phase.DETECT),
        5,
    )
    assert after["detect_median_s"].value is not None
    assert before["incidents_open"].value == 0
    assert set(before) == set(after)
