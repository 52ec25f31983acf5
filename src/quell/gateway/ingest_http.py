"""
`POST /ingest/{source}`: where tools send their alerts.

Written on bare ASGI: this is the one route that must keep up with a storm. 202 means durable.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from starlette.routing import BaseRoute, Route

from quell.errors import (
    Conflict,
    Malformed,
    NotFound,
    Overloaded,
    QuellError,
    StorageError,
    TooLarge,
    Unauthenticated,
)
from quell.gateway.body import Gone, Oversize, SlowBody, read_body
from quell.ingest.intake import Intake, Taken

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

RETRY_STORAGE_S = 5
PREFIX = "/ingest/"
_JSON = ((b"content-type", b"application/json"),)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLimits:
    """Bounds on what one source may send."""

    body_bytes: int = 4 * 1024 * 1024
    body_s: float = 30.0
    """How long a body may take to arrive."""
    requests_per_s: float = 2_000.0
    burst: int = 4_000
    """Requests that may come at once after a quiet time."""


class TokenBucket:
    """Lets `rate` through per second on average and `burst` at once. Holds two numbers."""

    __slots__ = ("_at_s", "_burst", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: int, now_s: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = self._burst
        self._at_s = now_s

    def take(self, now_s: float) -> float:
        """Take one; return 0 when it was there, else the seconds until there is one again."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate


class _WrongType(QuellError):
    """The body is not JSON, as far as its header says."""

    reason = "media_type"


class _WrongMethod(QuellError):
    """Alerts are posted."""

    reason = "method"


_STATUSES: Mapping[type[QuellError], tuple[int, str]] = {
    Malformed: (400, "The body cannot be read"),
    Unauthenticated: (401, "The request proves no sender"),
    NotFound: (404, "No such source"),
    _WrongMethod: (405, "Alerts are sent with POST"),
    SlowBody: (408, "The body did not arrive in time"),
    TooLarge: (413, "The body is too large"),
    _WrongType: (415, "The body must be JSON"),
    Overloaded: (429, "Too many requests"),
    Conflict: (503, "Nothing was taken; try again"),
    StorageError: (503, "Nothing can be stored now"),
}


class IngestEndpoint:
    """The ASGI application behind `/ingest/{source}`."""

    def __init__(
        self, intake: Intake, *, limits: IngestLimits, clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._intake = intake
        self._limits = limits
        self._clock = clock
        self._monotonic = monotonic
        self._buckets = {
            source: TokenBucket(rate=limits.requests_per_s, burst=limits.burst, now_s=monotonic())
            for source in intake.sources
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            taken = await self._take(scope, receive)
        except Gone:
            return
        except QuellError as error:
            await _send_problem(send, error, scope["path"])
            return
        await _send(send, 202, _JSON, _answer(taken))

    async def _take(self, scope: Scope, receive: Receive) -> Taken:
        source: str = scope["path_params"]["source"]
        bucket = self._buckets.get(source)
        if bucket is None:
            raise NotFound(f"there is no source of this name; known: {', '.join(sorted(self._buckets))}")
        if scope["method"] != "POST":
            raise _WrongMethod(f"{scope['method']} does nothing here")
        wait_s = bucket.take(self._monotonic())
        if wait_s:
            raise Overloaded(
                f"{source} sends more than {self._limits.requests_per_s:g} requests a second", retry_after_s=wait_s
            )
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        _check_type(headers.get("content-type", ""))
        try:
            body = await read_body(headers, receive, most=self._limits.body_bytes, within_s=self._limits.body_s)
        except Oversize as over:
            await self._intake.refuse(source, headers, over.start, over.body_bytes, str(over))
            raise TooLarge(str(over)) from over
        return await self._intake.take(source, headers, body, self._clock())


def ingest_routes(
    intake: Intake, *, limits: IngestLimits, clock: Callable[[], datetime], monotonic: Callable[[], float]
) -> list[BaseRoute]:
    """
    Return the routes under `/ingest`, for any Starlette or FastAPI application.

    Args:
        clock: the time of receipt, aware UTC.
        monotonic: seconds, for the rate.
    """
    endpoint = IngestEndpoint(intake, limits=limits, clock=clock, monotonic=monotonic)
    return [Route(PREFIX + "{source}", endpoint)]


class IngestFirst:
    """
    An application with the ingest route in front of it, past its router and its middleware, which cost a small request
    as much as intake does. What the middleware guards must then be guarded around this.
    """

    def __init__(self, endpoint: IngestEndpoint, app: App) -> None:
        self._endpoint = endpoint
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take alerts, and hand everything else on."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            scope["path_params"] = {"source": scope["path"][len(PREFIX) :]}
            await self._endpoint(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _check_type(content_type: str) -> None:
    """Refuse what a browser sends across sites without asking (forms, plain text); a missing type is let through."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise _WrongType(f"the body is said to be {kind[:80]!r}; send application/json")


def _answer(taken: Taken) -> bytes:
    counts = taken.counts
    return _encode(
        {
            "received": counts.received,
            "rejected": counts.rejected,
            "silenced": counts.silenced,
            "duplicate": counts.duplicate,
            "grouped": counts.grouped,
            "opening": counts.opening,
            "incidents": taken.incidents,
            **{name: count for name, count in (("tests", counts.tests), ("not_sent", counts.not_sent)) if count},
        }
    )


async def _send_problem(send: Send, error: QuellError, path: str) -> None:
    """Answer in the form of RFC 9457."""
    status, title = next(
        (_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), (500, "Something went wrong here")
    )
    headers = [(b"content-type", b"application/problem+json")]
    if isinstance(error, Overloaded):
        headers.append((b"retry-after", str(max(1, math.ceil(error.retry_after_s))).encode()))
    elif status == 503:
        headers.append((b"retry-after", str(RETRY_STORAGE_S).encode()))
    elif status == 405:
        headers.append((b"allow", b"POST"))
    elif status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    elif status in (408, 413):
        headers.append((b"connection", b"close"))
    problem = {
        "type": f"urn:quell:problem:{error.reason}",
        "title": title,
        "status": status,
        "detail": str(error),
        "instance": path,
        "reason": error.reason,
    }
    await _send(send, status, tuple(headers), _encode(problem))


async def _send(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
