"""Which cause is named, by what was measured of services."""

from __future__ import annotations

from quell.incident.events import Cause
from quell.signals.facts import ServiceFacts
from quell.signals.rootcause import rank


def test_more_requests_are_no_cause_where_a_service_fails_and_is_no_slower() -> None:
    failing = ServiceFacts(service="orders", own_errors=0.6, load=2.0, calls_known=True)
    strained = ServiceFacts(service="orders", own_errors=0.6, load=2.0, own_latency=2.0, own_latency_s=0.4)

    assert rank([failing])[0][0].cause is Cause.UNKNOWN
    assert rank([strained])[0][0].cause is Cause.TRAFFIC_SURGE
