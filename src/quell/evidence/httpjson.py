"""Asks HTTP APIs that answer in JSON, within a time and a size, and says in one place what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec

from quell.addresses import shown_address
from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable
from quell.evidence.decoding import decode

SAID_CHARS = 200
"""Of what the other side says about an error."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One complete answer, of any status."""

    what: str
    """What was asked, for messages: `GET http://loki:3100/loki/api/v1/query_range`."""
    status: int
    headers: httpx.Headers
    body: bytes


async def ask(
    client: httpx.AsyncClient,
    url: str,
    *,
    timeout_s: float,
    max_bytes: int,
    params: Mapping[str, str | int] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """
    GET an address and return what it answers, whatever the status.

    Args:
        timeout_s: from connecting to the last byte.
        max_bytes: a longer answer, unpacked, is refused.

    Raises: Unreachable, TimedOut, BadAnswer: the answer is too long or cannot be unpacked.
    """
    what, body = f"GET {shown_address(url)}", bytearray()
    try:
        async with (
            asyncio.timeout(timeout_s),
            client.stream(
                "GET",
                url,
                # An empty one would take away the query that the address has.
                params=dict(params) if params else None,
                headers={"Accept": "application/json", "User-Agent": "quell", **(headers or {})},
                timeout=timeout_s,
                follow_redirects=False,
            ) as response,
        ):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise BadAnswer(f"{what}: more than {max_bytes} bytes")
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TimedOut(f"{what}: no complete answer within {timeout_s:g} s") from error
    except httpx.DecodingError as error:
        raise BadAnswer(f"{what}: the body cannot be unpacked: {error}") from error
    except httpx.InvalidURL as error:
        raise Unreachable(
            f"{what}: this is no address that can be asked"
        ) from error  # its own words repeat the address
    except (httpx.HTTPError, OSError) as error:
        raise Unreachable(f"{what}: {type(error).__name__}: {error}") from error
    return Answered(what=what, status=response.status_code, headers=response.headers, body=bytes(body))


def read(answered: Answered, kind: type[T], *, needs: str) -> T:
    """
    Return the body of an answer as what it should be.

    Args:
        needs: the permission the call takes, named when it was refused.

    Raises: UpstreamError of the kind that fits: the status is not 200, or the body is not that.
    """
    require_ok(answered, needs=needs)
    try:
        return decode(answered.body, kind)
    except (msgspec.DecodeError, RecursionError) as error:
        content = answered.headers.get("content-type", "no content type")[:SAID_CHARS]
        raise BadAnswer(f"{answered.what}: HTTP 200, {content}, not the documented JSON: {error}") from error


def require_ok(answered: Answered, *, needs: str) -> None:
    """Raise the `UpstreamError` that fits unless the status is 200."""
    status, said = answered.status, said_by(answered)
    message = f"{answered.what}: HTTP {status}{said}"
    if status == 200:
        return
    if status == 429:
        after = answered.headers.get("retry-after", "")[:40]
        raise RateLimited(message + (f"; it asks to wait {after} s" if after.isdigit() else ""))
    if status in (401, 403):
        raise BadAnswer(f"{message}; the credential is not accepted or lacks the permission: {needs}")
    if status in (408, 504):
        raise TimedOut(message)
    if status in (502, 503):
        raise Unreachable(message)
    raise BadAnswer(message)


def said_by(answered: Answered) -> str:
    """Return the reason that an error's body gives, as `, reason`, on one line; nothing when it is a page."""
    content = answered.headers.get("content-type", "")
    text = ""
    if "json" in content:
        try:
            body: Any = msgspec.json.decode(answered.body)
        except (msgspec.DecodeError, RecursionError):
            body = None
        if isinstance(body, dict):
            text = str(body.get("message") or body.get("error") or "")
    elif content.startswith("text/plain"):
        text = answered.body[: 4 * SAID_CHARS].decode("utf-8", errors="replace")
    text = " ".join(text.split())[:SAID_CHARS]
    return f", {text}" if text else ""
