"""Pushes recorded spans and log lines into the product's own OpenTelemetry source, as a site's exporters would."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quell.evidence.otlp.signal import Encoding, Signal
from quell.evidence.otlp.source import OtlpSource
from quell.evidence.source import LogLine, Span

BATCH_S = 5.0
"""A batch processor of OpenTelemetry sends what ended in so many seconds at once (its default delay)."""

SERVER, CLIENT, INTERNAL = 2, 3, 1
"""Kinds of spans, as OTLP numbers them."""


class Playback:
    """A clock that stands where the playback is, Unix seconds."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Return the time, Unix seconds."""
        return self.now_s


async def pushed(spans: Sequence[Span], lines: Sequence[LogLine], *, until_s: float) -> OtlpSource:
    """
    Return a source that was given all spans that ended and all lines that were written by a time.

    Batches arrive in the order and at the times at which exporters would have sent them; the source's clock then
    stands at `until_s`.
    """
    clock = Playback()
    source = OtlpSource(clock=clock)
    kinds = kinds_of(spans)
    batches: dict[int, tuple[list[Span], list[LogLine]]] = defaultdict(lambda: ([], []))
    for span in spans:
        if span.at + span.duration_s <= until_s:
            batches[int((span.at + span.duration_s) // BATCH_S)][0].append(span)
    for line in lines:
        if line.at <= until_s:
            batches[int(line.at // BATCH_S)][1].append(line)
    for number in sorted(batches):
        clock.now_s = min((number + 1) * BATCH_S, until_s)
        ended, written = batches[number]
        if ended:
            await source.take(Signal.SPANS, Encoding.JSON, _traces(ended, kinds))
        if written:
            await source.take(Signal.LINES, Encoding.JSON, _logs(written))
    clock.now_s = until_s
    return source


def kinds_of(spans: Sequence[Span]) -> Mapping[str, int]:
    """
    Return the OTLP kind of each span by its id, for sets that do not tell it.

    Where a service is entered a span is a server's; one whose child is of another service is a client's; the others
    are internal.
    """
    services = {span.span_id: span.service for span in spans}
    kinds = {}
    for span in spans:
        entered = not span.parent_id or services.get(span.parent_id, span.service) != span.service
        kinds[span.span_id] = SERVER if entered else INTERNAL
    for span in spans:
        caller = services.get(span.parent_id)
        if caller is not None and caller != span.service and kinds[span.parent_id] != SERVER:
            kinds[span.parent_id] = CLIENT
    return kinds


def _traces(spans: Iterable[Span], kinds: Mapping[str, int]) -> bytes:
    by_service: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for span in spans:
        start_ns = int(span.at * 1e9)
        by_service[span.service].append(
            {
                "traceId": span.trace_id,
                "spanId": span.span_id,
                "parentSpanId": span.parent_id,
                "name": span.name,
                "kind": kinds[span.span_id],
                "startTimeUnixNano": str(start_ns),
                "endTimeUnixNano": str(start_ns + int(span.duration_s * 1e9)),
                "status": {"code": 2 if span.error else 0},
            }
        )
    told = [{"resource": _resource(name), "scopeSpans": [{"spans": of}]} for name, of in by_service.items()]
    return json.dumps({"resourceSpans": told}).encode()


def _logs(lines: Iterable[LogLine]) -> bytes:
    by_service: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_service[line.service].append(
            {
                "timeUnixNano": str(int(line.at * 1e9)),
                "severityText": line.level,
                "body": {"stringValue": line.text},
                "traceId": line.trace_id,
            }
        )
    told = [{"resource": _resource(name), "scopeLogs": [{"logRecords": of}]} for name, of in by_service.items()]
    return json.dumps({"resourceLogs": told}).encode()


def _resource(service: str) -> dict[str, Any]:
    return {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
