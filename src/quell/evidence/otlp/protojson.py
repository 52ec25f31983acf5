"""
Reads OTLP requests in JSON.

It is not the JSON of protobuf: ids are hexadecimal, not base64. Fields that are not known are skipped, as the
specification wants it; 64-bit integers come as text or as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

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

_INT_DIGITS = 20
_NO_ID = b"?"
"""An id that is not hexadecimal; its length makes it rejected."""

_dumps = msgspec.json.Encoder(order="deterministic").encode

Number = int | str | None
Value = dict[str, Any] | None


class _Message(msgspec.Struct, rename="camel"):
    """What all of them are: null counts as left out."""


class _Pair(_Message):
    key: str = ""
    value: Value = None


class _Resource(_Message):
    attributes: tuple[_Pair, ...] | None = None


class _Status(_Message):
    code: Number = 0


class _Span(_Message):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    kind: Number = 0
    start_time_unix_nano: Number = 0
    end_time_unix_nano: Number = 0
    attributes: tuple[_Pair, ...] | None = None
    status: _Status | None = None


class _ScopeSpans(_Message):
    spans: tuple[_Span, ...] | None = None


class _ResourceSpans(_Message):
    resource: _Resource | None = None
    scope_spans: tuple[_ScopeSpans, ...] | None = None


class _Traces(_Message):
    resource_spans: tuple[_ResourceSpans, ...] | None = None


class _Record(_Message):
    time_unix_nano: Number = 0
    observed_time_unix_nano: Number = 0
    severity_number: Number = 0
    severity_text: str | None = None
    body: Value = None
    attributes: tuple[_Pair, ...] | None = None
    trace_id: str | None = None
    event_name: str | None = None


class _ScopeLogs(_Message):
    log_records: tuple[_Record, ...] | None = None


class _ResourceLogs(_Message):
    resource: _Resource | None = None
    scope_logs: tuple[_ScopeLogs, ...] | None = None


class _Logs(_Message):
    resource_logs: tuple[_ResourceLogs, ...] | None = None


_Kind = TypeVar("_Kind", _Traces, _Logs)
_TRACES = msgspec.json.Decoder(_Traces)
_LOGS = msgspec.json.Decoder(_Logs)


def read_spans(body: bytes, limits: RowLimits) -> SpanRows:
    """Return the spans of an ExportTraceServiceRequest. Raises: Malformed: it is none."""
    rows = SpanRows(limits)
    for resource_spans in _read(body, _TRACES).resource_spans or ():
        service = _service(resource_spans.resource)
        for scope_spans in resource_spans.scope_spans or ():
            for span in scope_spans.spans or ():
                kind = _enum(span.kind, _KINDS)
                rows.add(
                    service,
                    span.name or "",
                    trace_id=_id(span.trace_id),
                    span_id=_id(span.span_id),
                    parent_id=_id(span.parent_span_id),
                    kind=kind,
                    start_ns=_int(span.start_time_unix_nano),
                    end_ns=_int(span.end_time_unix_nano),
                    error=span.status is not None and _enum(span.status.code, _CODES) == ERROR_STATUS,
                    peer=peer_of(_strings(span.attributes or (), PEER_KEYS)) if kind in CLIENT_KINDS else "",
                )
    return rows


def read_lines(body: bytes, limits: RowLimits) -> LineRows:
    """Return the log records of an ExportLogsServiceRequest. Raises: Malformed: it is none."""
    rows = LineRows(limits)
    for resource_logs in _read(body, _LOGS).resource_logs or ():
        service = _service(resource_logs.resource)
        for scope_logs in resource_logs.scope_logs or ():
            for record in scope_logs.log_records or ():
                exception = _strings(record.attributes or (), EXCEPTION_KEYS)
                rows.add(
                    service,
                    time_ns=_int(record.time_unix_nano) or _int(record.observed_time_unix_nano),
                    severity=_enum(record.severity_number, _SEVERITIES),
                    level=record.severity_text or "",
                    text=text_of(_text(record.body), record.event_name or "", exception),
                    trace_id=_id(record.trace_id),
                )
    return rows


def _read(body: bytes, decoder: msgspec.json.Decoder[_Kind]) -> _Kind:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the body is no OTLP request in JSON: {error}") from error


def _service(resource: _Resource | None) -> str:
    attributes = resource.attributes if resource is not None else None
    return _strings(attributes or (), frozenset({SERVICE})).get(SERVICE) or UNKNOWN_SERVICE


def _strings(attributes: Iterable[_Pair], wanted: frozenset[str]) -> dict[str, str]:
    """Return the attributes of these keys as text."""
    return {pair.key: _text(pair.value) for pair in attributes if pair.key in wanted}


def _id(text: str | None) -> bytes:
    try:
        return bytes.fromhex(text or "")
    except ValueError:
        return _NO_ID


def _int(value: Number) -> int:
    """Return an integer, 0 for none, -1 for what is no number."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= _INT_DIGITS else -1
    return value or 0


def _enum(value: Number, names: dict[str, int]) -> int:
    """Return the number of an enumeration; its name is taken as well, though the specification has numbers only."""
    return names[value] if isinstance(value, str) and value in names else max(_int(value), 0)


def _text(value: Value) -> str:
    """Return an AnyValue as text: a string as it is, all else as JSON."""
    if not value:
        return ""
    said = value.get("stringValue")
    if isinstance(said, str):
        return said
    plain = _plain(value, 0)
    return "" if plain is None else _dumps(plain).decode()


def _plain(value: Any, depth: int) -> Any:
    if depth > MOST_DEPTH or not isinstance(value, dict) or not value:
        return None
    which, held = next(iter(value.items()))
    if which == "arrayValue":
        return [_plain(one, depth + 1) for one in _values(held)]
    if which == "kvlistValue":
        pairs = [pair for pair in _values(held) if isinstance(pair, dict)]
        return {str(pair.get("key", "")): _plain(pair.get("value"), depth + 1) for pair in pairs}
    if which == "intValue" and isinstance(held, str):
        return int(held) if held.removeprefix("-").isdecimal() and len(held) <= _INT_DIGITS else held
    return held if isinstance(held, str | int | float) else None


def _values(held: Any) -> list[Any]:
    found = held.get("values") if isinstance(held, dict) else None
    return found if isinstance(found, list) else []


_KINDS = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))
}
_CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_SEVERITIES = {
    f"SEVERITY_NUMBER_{name}{number if number > 1 else ''}": 4 * level + number
    for level, name in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for number in (1, 2, 3, 4)
}
