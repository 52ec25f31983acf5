"""
`POST /v1/traces` and `POST /v1/logs`: where OpenTelemetry exporters push spans and log records.

Source: OTLP 1.x, "OTLP/HTTP": the answer is written as the request was; what was refused is a google.rpc.Status.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from starlette.routing import BaseRoute, Route

from quell.errors import Malformed, Overloaded, QuellError, StorageError, TooLarge, Unauthenticated
from quell.evidence.otlp.signal import Encoding, Figures, Signal, Taken
from quell.gateway.body import EXCERPT_BYTES, Gone, Oversize, Receive, SlowBody, read_body, unzipped
from quell.gateway.ingest_http import Scope, Send, TokenBucket
from quell.ingest.proof import Proof

TRACES_PATH, LOGS_PATH = "/v1/traces", "/v1/logs"
PATHS = {Signal.SPANS: TRACES_PATH, Signal.LINES: LOGS_PATH}
RECORD_EVERY_S = 10.0
"""Of the bodies that cannot be read one in so many seconds is recorded; the others are counted."""
INLINE_BYTES = 16_384
"""A packed body up to this size is unpacked at once: a thread would take longer."""
TEXT_CHARS = 500
"""Of a message in an answer."""

Record = Callable[[str, str, str, bytes, int], Awaitable[None]]
"""Keeps a body that could not be taken: (source, reason, detail, start of the body, its bytes)."""


class OtlpSink(Protocol):
    """What takes the telemetry in."""

    async def take(self, signal: Signal, encoding: Encoding, body: bytes) -> Taken:
        """Take one request. Raises: Malformed: it cannot be read. Overloaded."""
        ...

    def figures(self) -> dict[Signal, Figures]:
        """Return what became of each signal since the start, and what is held of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpLimits:
    """Bounds on what exporters may send."""

    body_bytes: int = 4 * 1024 * 1024
    """As sent, and unpacked."""
    body_s: float = 30.0
    """How long a body may take to arrive."""
    requests_per_s: float = 1_000.0
    """For each of the two signals."""
    burst: int = 2_000
    """Requests that may come at once after a quiet time."""
    at_once: int = 64
    """Requests whose bodies are in memory; one more is told to come back."""


class _WrongType(QuellError):
    """The body is in no form that is understood here."""

    reason = "media_type"


class _WrongMethod(QuellError):
    """Telemetry is posted."""

    reason = "method"


class _Busy(Overloaded):
    """All are busy, whoever asks."""

    reason = "busy"


_INVALID, _UNAUTHENTICATED, _EXHAUSTED, _UNAVAILABLE, _INTERNAL = 3, 16, 8, 14, 13
"""Codes of google.rpc.Status."""

_STATUSES: Mapping[type[QuellError], tuple[int, int]] = {
    Malformed: (400, _INVALID),
    Unauthenticated: (401, _UNAUTHENTICATED),
    _WrongMethod: (405, _INVALID),
    SlowBody: (408, _INVALID),
    TooLarge: (413, _INVALID),
    _WrongType: (415, _INVALID),
    _Busy: (503, _UNAVAILABLE),
    Overloaded: (429, _EXHAUSTED),
    StorageError: (503, _UNAVAILABLE),
}


@dataclass(slots=True, kw_only=True)
class _Door:
    """What is kept of one signal."""

    bucket: TokenBucket
    recorded_at_s: float = -math.inf
    unrecorded: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


class OtlpEndpoint:
    """The ASGI application behind both paths."""

    def __init__(
        self,
        sink: OtlpSink,
        *,
        limits: OtlpLimits,
        proof: Proof | None,
        record: Record,
        monotonic: Callable[[], float],
    ) -> None:
        """
        Take requests from now on.

        Args:
            proof: what exporters must send; None lets everybody in.
            record: called for a body that cannot be read, now and then.
            monotonic: seconds, for the rate.
        """
        self.sink = sink
        self._limits, self._record, self._monotonic = limits, record, monotonic
        self._proof = proof
        rate, burst, now_s = limits.requests_per_s, limits.burst, monotonic()
        self._doors = {signal: _Door(bucket=TokenBucket(rate=rate, burst=burst, now_s=now_s)) for signal in Signal}
        self._under_way = 0

    def requests(self) -> Mapping[Signal, Mapping[int, int]]:
        """Return how many requests were answered since the start, by signal and status."""
        return {signal: door.statuses for signal, door in self._doors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        signal = next(one for one, path in PATHS.items() if scope["path"].endswith(path))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        encoding = _encoding(headers)
        try:
            status, body, more = await self._answer(signal, encoding, scope["method"], headers, receive)
        except Gone:
            return
        except QuellError as error:
            status, body, more = _refusal(error, encoding or Encoding.JSON)
        self._doors[signal].statuses[status] += 1
        kind = (b"content-type", (encoding or Encoding.JSON).encode())
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [kind, length, *more]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, signal: Signal, encoding: Encoding | None, method: str, headers: Mapping[str, str], receive: Receive
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        if method != "POST":
            raise _WrongMethod(f"{method} does nothing here; telemetry is sent with POST")
        if self._proof is not None:
            self._proof.check(headers, b"")
        wait_s = self._doors[signal].bucket.take(self._monotonic())
        if wait_s:
            most = self._limits.requests_per_s
            raise Overloaded(f"more than {most:g} requests of {signal} a second", retry_after_s=wait_s)
        if encoding is None:
            said = headers.get("content-type", "")[:80]
            raise _WrongType(f"the body is said to be {said!r}; send application/x-protobuf or application/json")
        packing = headers.get("content-encoding", "identity").strip().lower()
        if packing not in ("identity", "gzip", ""):
            raise _WrongType(f"the body is said to be packed as {packing[:80]!r}; send gzip, or send it as it is")
        if self._under_way >= self._limits.at_once:
            raise _Busy(f"{self._under_way} requests are under way already", retry_after_s=1.0)
        self._under_way += 1
        try:
            taken = await self._take(signal, encoding, packing == "gzip", headers, receive)
        finally:
            self._under_way -= 1
        return 200, _success(signal, encoding, taken), []

    async def _take(
        self, signal: Signal, encoding: Encoding, packed: bool, headers: Mapping[str, str], receive: Receive
    ) -> Taken:
        """Read, unpack and hand on one body. Raises as `OtlpSink.take`, and TooLarge, SlowBody, Gone."""
        most, body = self._limits.body_bytes, b""
        try:
            body = await read_body(headers, receive, most=most, within_s=self._limits.body_s)
            if packed:
                body = await _unpacked(body, most)
            return await self.sink.take(signal, encoding, body)
        except Oversize as over:
            await self._keep(signal, "too_large", str(over), over.start, over.body_bytes)
            raise TooLarge(str(over)) from over
        except Malformed as error:
            await self._keep(signal, error.reason, str(error), body[:EXCERPT_BYTES], len(body))
            raise

    async def _keep(self, signal: Signal, reason: str, detail: str, start: bytes, body_bytes: int) -> None:
        """Record a body, unless one was recorded just now: a broken exporter must not fill the log."""
        door, now_s = self._doors[signal], self._monotonic()
        if now_s - door.recorded_at_s < RECORD_EVERY_S:
            door.unrecorded += 1
            return
        others = f" ({door.unrecorded} more since the one recorded before)" if door.unrecorded else ""
        door.recorded_at_s, door.unrecorded = now_s, 0
        await self._record(f"otlp{PATHS[signal]}", reason, detail + others, start, body_bytes)


def otlp_routes(endpoint: OtlpEndpoint) -> list[BaseRoute]:
    """Return the routes of an endpoint, for any Starlette or FastAPI application."""
    return [Route(path, endpoint) for path in PATHS.values()]


def _encoding(headers: Mapping[str, str]) -> Encoding | None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return next((one for one in Encoding if one == kind), None)


async def _unpacked(body: bytes, most: int) -> bytes:
    if len(body) <= INLINE_BYTES:
        return unzipped(body, most=most)
    return await asyncio.to_thread(unzipped, body, most=most)


def _success(signal: Signal, encoding: Encoding, taken: Taken) -> bytes:
    """Return an ExportTraceServiceResponse or ExportLogsServiceResponse: they differ in the name of one field."""
    if not taken.rejected:
        return b"{}" if encoding is Encoding.JSON else b""
    message = taken.message[:TEXT_CHARS]
    if encoding is Encoding.JSON:
        name = "rejectedSpans" if signal is Signal.SPANS else "rejectedLogRecords"
        return msgspec.json.encode({"partialSuccess": {name: str(taken.rejected), "errorMessage": message}})
    return _bytes_field(1, _int_field(1, taken.rejected) + _bytes_field(2, message.encode()))


def _refusal(error: QuellError, encoding: Encoding) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Return status, body and headers for what was not taken."""
    status, code = next((_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), (500, _INTERNAL))
    message = str(error)[:TEXT_CHARS]
    headers: list[tuple[bytes, bytes]] = []
    if isinstance(error, Overloaded):
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(error.retry_after_s))))
    elif status == 503:
        headers.append((b"retry-after", b"5"))
    elif status == 405:
        headers.append((b"allow", b"POST"))
    elif status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    elif status in (408, 413):
        headers.append((b"connection", b"close"))
    if encoding is Encoding.JSON:
        return status, msgspec.json.encode({"code": code, "message": message}), headers
    return status, _int_field(1, code) + _bytes_field(2, message.encode(errors="replace")), headers


def _int_field(number: int, value: int) -> bytes:
    """Return a field of protobuf: a whole number that is not negative."""
    return _varint(number << 3) + _varint(value)


def _bytes_field(number: int, value: bytes) -> bytes:
    """Return a field of protobuf: text in UTF-8, or a message."""
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
