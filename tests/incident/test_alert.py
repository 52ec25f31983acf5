"""What an alert says of itself: when it began, which one it is, and whose it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quell.incident.alert import (
    SERVICE_LABELS,
    Alert,
    AlertStatus,
    IncidentSeverity,
    Severity,
    believed_start,
    fingerprint,
    service_of,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


def alert(*, began_before_s: float) -> Alert:
    return Alert(
        fingerprint="f" * 16,
        source="test",
        name="Slow",
        service=None,
        severity=Severity.WARNING,
        severity_raw="warning",
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=AT - timedelta(seconds=began_before_s),
        received_at=AT,
    )


@pytest.mark.parametrize(("began_before_s", "believed_s"), [(0, 0), (1, 1), (600, 600), (601, 0), (-1, 0), (-3_600, 0)])
def test_a_beginning_of_more_than_ten_minutes_ago_or_to_come_is_a_wrong_clock(
    began_before_s: float, believed_s: float
) -> None:
    assert believed_start(alert(began_before_s=began_before_s)) == AT - timedelta(seconds=believed_s)


def test_a_beginning_that_is_the_receipt_was_not_said() -> None:
    assert alert(began_before_s=0).started_s is None
    assert alert(began_before_s=5).started_s == AT.timestamp() - 5


def test_a_fingerprint_is_that_of_the_labels_in_any_order_and_of_no_others() -> None:
    labels = {"alertname": "Slow", "service": "cart"}
    others = [
        fingerprint(labels, namespace="a"),
        fingerprint({"alertname": "Slow"}),
        fingerprint({"alertname": "Slow", "service": "cart2"}),
        fingerprint({"alertname": "Slowservice", "": "cart"}),
        fingerprint({"alertname": "cart", "service": "Slow"}),
    ]

    assert fingerprint(labels) == fingerprint(dict(reversed(labels.items())))
    assert len({fingerprint(labels), *others}) == 6
    assert len(fingerprint(labels)) == 16


def test_the_fingerprints_of_a_log_of_last_year_are_those_of_today() -> None:
    assert fingerprint({"alertname": "Slow", "service": "cart"}, namespace="alertmanager/") == "b46618664ddd5fd4"


@pytest.mark.parametrize("first", range(len(SERVICE_LABELS)))
def test_the_first_label_that_names_a_service_counts(first: int) -> None:
    assert service_of({name: name.upper() for name in SERVICE_LABELS[first:]}) == SERVICE_LABELS[first].upper()


def test_a_label_without_a_value_names_no_service() -> None:
    assert service_of({"service": "", "job": "cart"}) == "cart"
    assert service_of({"service": "", "pod": "cart"}) is None


def test_a_lower_number_is_worse() -> None:
    assert sorted(IncidentSeverity) == [IncidentSeverity(f"SEV{number}") for number in range(1, 6)]
