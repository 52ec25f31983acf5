"""Reads OTLP requests in protobuf. What knows its messages is loaded at the first use: that takes 60 ms."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from quell.errors import Malformed
from quell.evidence.otlp.attributes import (
    CLIENT_KINDS,
    ERROR_STATUS,
    EXCEPTION_KEYS,
    MOST_DEPTH,
    PEER_KEYS,
    SERVICE,
    peer_of,
    text_of,
)
from quell.evidence.otlp.rows import UNKNOWN_SERVICE, LineRows, RowLimits, SpanRows

_dumps = msgspec.json.Encoder(order="deterministic").encode


@functools.cache
def _messages() -> tuple[Callable[[bytes], Any], Callable[[bytes], Any], type[Exception]]:
    """Return how to read a request of spans, one of log lines, and what is raised when it cannot be read."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    return ExportTraceServiceRequest.FromString, ExportLogsServiceRequest.FromString, DecodeError


def read_spans(body: bytes, limits: RowLimits) -> SpanRows:
    """Return the spans of an ExportTraceServiceRequest. Raises: Malformed: it is none."""
    read, _, broken = _messages()
    rows = SpanRows(limits)
    for resource_spans in _read(read, broken, body).resource_spans:
        service = _service(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                kind = span.kind
                rows.add(
                    service,
                    span.name,
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    parent_id=span.parent_span_id,
                    kind=kind,
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    error=span.status.code == ERROR_STATUS,
                    peer=peer_of(_strings(span.attributes, PEER_KEYS)) if kind in CLIENT_KINDS else "",
                )
    return rows


def read_lines(body: bytes, limits: RowLimits) -> LineRows:
    """Return the log records of an ExportLogsServiceRequest. Raises: Malformed: it is none."""
    _, read, broken = _messages()
    rows = LineRows(limits)
    for resource_logs in _read(read, broken, body).resource_logs:
        service = _service(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                exception = _strings(record.attributes, EXCEPTION_KEYS)
                rows.add(
                    service,
                    time_ns=record.time_unix_nano or record.observed_time_unix_nano,
                    severity=record.severity_number,
                    level=record.severity_text,
                    text=text_of(_text(record.body), record.event_name, exception),
                    trace_id=record.trace_id,
                )
    return rows


def _read(read: Callable[[bytes], Any], broken: type[Exception], body: bytes) -> Any:
    try:
        return read(body)
    except broken as error:
        raise Malformed(f"the body is no OTLP request in protobuf: {error}") from error


def _service(attributes: Iterable[Any]) -> str:
    return _strings(attributes, frozenset({SERVICE})).get(SERVICE) or UNKNOWN_SERVICE


def _strings(attributes: Iterable[Any], wanted: frozenset[str]) -> dict[str, str]:
    """Return the attributes of these keys as text."""
    return {pair.key: _text(pair.value) for pair in attributes if pair.key in wanted}


def _text(value: Any) -> str:
    """Return an AnyValue as text: a string as it is, all else as JSON."""
    which = value.WhichOneof("value")
    if which == "string_value":
        text: str = value.string_value
        return text
    return "" if which is None else _dumps(_plain(value, 0)).decode()


def _plain(value: Any, depth: int) -> Any:
    if depth > MOST_DEPTH:
        return None
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_plain(one, depth + 1) for one in value.array_value.values]
        case "kvlist_value":
            return {pair.key: _plain(pair.value, depth + 1) for pair in value.kvlist_value.values}
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case which:
            return getattr(value, which)
