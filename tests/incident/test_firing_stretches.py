"""An incident keeps every stretch in which its alerts fired: none of them is what is normal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.fold import fold
from quell.incident.state import STRETCHES_KEPT, Incident
from tests.agents.shop import alert

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
Told = list[tuple[datetime, ev.Event]]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def fires(seconds: float, name: str = "A", *, said_s: float = 0.0) -> tuple[datetime, ev.Event]:
    """An alert that comes at a time, and says that it began so many seconds before."""
    one = replace(alert("cart", name, at(seconds)), starts_at=at(seconds - said_s))
    return at(seconds), ev.AlertGrouped(alert=one, why="")


def ends(seconds: float, name: str = "A") -> tuple[datetime, ev.Event]:
    return at(seconds), ev.AlertResolved(fingerprint=f"{name}/cart", name=name, ended_at=at(seconds))


def folded(*told: tuple[datetime, ev.Event]) -> Incident:
    opened = ev.IncidentOpened(incident_id="INC-1", title="", severity=IncidentSeverity.SEV2, service="cart", reason="")
    incident = fold([(START, opened), *told])
    assert incident is not None
    return incident


def seconds(incident: Incident) -> list[tuple[float, float | None]]:
    return [
        ((one.start - START).total_seconds(), None if one.end is None else (one.end - START).total_seconds())
        for one in incident.stretches
    ]


def test_a_stretch_lasts_while_any_alert_fires_and_an_alert_that_fires_again_begins_another() -> None:
    incident = folded(fires(0), fires(10, "B"), ends(20), ends(30, "B"), fires(45), ends(60), fires(70))

    assert seconds(incident) == [(0, 30), (45, 60), (70, None)]


def test_a_stretch_begins_when_its_alerts_say_and_as_early_as_detection_dated_it() -> None:
    late = folded(fires(100, said_s=30), fires(110, "B", said_s=60))
    found = ev.Detection(verdict="confirmed", says="", onset=at(20))
    dated = folded(fires(100, said_s=30), (at(120), ev.Detected(finding=found)))

    assert seconds(late) == [(50, None)]
    assert seconds(dated) == [(20, None)]


def test_a_start_that_no_clock_can_mean_does_not_count() -> None:
    assert seconds(folded(fires(100, said_s=86_400))) == [(100, None)]
    assert seconds(folded(fires(100, said_s=-60))) == [(100, None)]


@given(st.integers(min_value=1, max_value=3 * STRETCHES_KEPT))
def test_an_alert_that_flaps_for_ever_takes_bounded_room_and_no_bad_time_is_forgotten(times: int) -> None:
    told: Told = [event for n in range(times) for event in (fires(10 * n), ends(10 * n + 4))]

    stretches = seconds(folded(*told))

    assert len(stretches) == min(times, STRETCHES_KEPT)
    assert all(
        any(start <= 10 * n and end is not None and 10 * n + 4 <= end for start, end in stretches) for n in range(times)
    )
