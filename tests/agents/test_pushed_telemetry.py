"""A site that has nothing but pushed spans: agents find what is wrong in them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from quell.agents.case import Case, Telemetry, gather
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.evidence.otlp.signal import Encoding, Signal
from quell.evidence.otlp.source import OtlpSource
from tests.agents import shop
from tests.evidence.otlp_wire import Sent, protobuf_spans

START, ONSET_S, END_S = 1_700_000_000, 300, 340
EXPORT_S = 5
"""Senders come with what they have every so many seconds, as the SDK's batches do."""


def orders(second: int, rng: random.Random, *, payment_is_slow: bool) -> list[Sent]:
    """Return the spans of eight orders: edge calls checkout, checkout calls payment."""
    spans = []
    for number in range(8):
        trace, at = 8 * second + number + 1, START + second + number / 8
        late = payment_is_slow and rng.random() < 0.3
        payment_s = 0.02 * rng.uniform(0.7, 1.3) + (0.8 if payment_is_slow else 0.0)
        checkout_s = payment_s + 0.03 * rng.uniform(0.7, 1.3)
        hops = (
            ("edge", "server", checkout_s + 0.01),
            ("edge", "client", checkout_s + 0.005),
            ("checkout", "server", checkout_s),
            ("checkout", "client", payment_s + 0.002),
            ("payment", "server", payment_s),
        )
        spans += [
            Sent(
                trace=trace, span=10 * trace + hop, parent=10 * trace + hop - 1 if hop > 1 else 0,
                service=service, kind=kind, at=at, took_s=took_s, error=late,
            )
            for hop, (service, kind, took_s) in enumerate(hops, 1)
        ]  # fmt: skip
    return spans


async def gathered() -> tuple[Case, Telemetry]:
    """Return a case of `edge`, 20 s after `payment` became slow, and the telemetry there is."""
    now, rng, waiting = float(START), random.Random(3), []
    source = OtlpSource(clock=lambda: now)
    for second in range(END_S):
        waiting += orders(second, rng, payment_is_slow=second >= ONSET_S)
        now = START + second + 1.0
        if (second + 1) % EXPORT_S == 0:
            await source.take(Signal.SPANS, Encoding.PROTOBUF, protobuf_spans(waiting))
            waiting.clear()
    first_at = datetime.fromtimestamp(START + ONSET_S + 10, UTC)
    case = shop.case(("edge",))
    alerts = tuple(replace(alert, starts_at=first_at, received_at=first_at) for alert in case.alerts)
    case = replace(case, alerts=alerts, first_at=first_at, now=datetime.fromtimestamp(now, UTC))
    return case, await gather([source], case.window)


async def test_from_spans_alone_the_service_that_became_slow_is_found_and_since_when() -> None:
    case, telemetry = await gathered()

    detection = detect(case, telemetry)
    diagnosis = diagnose(case, telemetry, detection.onset)

    assert detection.verdict == "confirmed"
    assert detection.onset is not None
    assert abs(detection.onset.timestamp() - (START + ONSET_S)) <= 10
    assert telemetry.edges == [("checkout", "payment"), ("edge", "checkout")]
    assert diagnosis.hypotheses[0].service == "payment"
    assert not diagnosis.abstained
    assert {gap.source for gap in diagnosis.gaps} == {"logs", "changes"}
