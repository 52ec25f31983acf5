"""OTLP requests as exporters write them, made by hand in JSON and in protobuf."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A span to send; ids are small numbers."""

    trace: int = 1
    span: int = 1
    parent: int = 0
    service: str = "checkout"
    name: str = "GET /"
    kind: str = "server"
    at: float = 1_000_000.0
    took_s: float = 0.1
    error: bool = False
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def trace_id(self) -> str:
        return f"{self.trace:032x}"

    @property
    def span_id(self) -> str:
        return f"{self.span:016x}"

    @property
    def parent_id(self) -> str:
        return f"{self.parent:016x}" if self.parent else ""

    @property
    def start_ns(self) -> int:
        return round(self.at * 1e9)

    @property
    def end_ns(self) -> int:
        return round((self.at + self.took_s) * 1e9)


def text_attributes(pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in pairs]


def json_spans(spans: Sequence[Sent]) -> bytes:
    """Return a request, a resource for each span."""
    resources = [
        {
            "resource": {"attributes": text_attributes([("service.name", one.service)])},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": one.trace_id,
                            "spanId": one.span_id,
                            "parentSpanId": one.parent_id,
                            "name": one.name,
                            "kind": KINDS[one.kind],
                            "startTimeUnixNano": str(one.start_ns),
                            "endTimeUnixNano": str(one.end_ns),
                            "status": {"code": 2} if one.error else {},
                            "attributes": text_attributes(one.attributes),
                        }
                    ]
                }
            ],
        }
        for one in spans
    ]
    return json.dumps({"resourceSpans": resources}).encode()


def protobuf_spans(spans: Sequence[Sent]) -> bytes:
    """Return the same request in protobuf."""
    request = ExportTraceServiceRequest()
    for one in spans:
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = one.service
        span = resource.scope_spans.add().spans.add(
            trace_id=bytes.fromhex(one.trace_id),
            span_id=bytes.fromhex(one.span_id),
            parent_span_id=bytes.fromhex(one.parent_id),
            name=one.name,
            kind=KINDS[one.kind],
            start_time_unix_nano=one.start_ns,
            end_time_unix_nano=one.end_ns,
        )
        span.status.code = 2 if one.error else 0
        for key, value in one.attributes:
            span.attributes.add(key=key).value.string_value = value
    return request.SerializeToString()


def json_lines(*records: dict[str, Any], service: str = "checkout") -> bytes:
    resource = {"attributes": text_attributes([("service.name", service)])}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": list(records)}]}]}).encode()


def a_line(at: float, text: str, severity: int = 9, **more: Any) -> dict[str, Any]:
    return {
        "timeUnixNano": str(round(at * 1e9)),
        "severityNumber": severity,
        "body": {"stringValue": text},
        **more,
    }


def protobuf_lines() -> ExportLogsServiceRequest:
    return ExportLogsServiceRequest()
