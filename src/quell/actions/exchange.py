"""One question over HTTP and its answer, both bounded; the one place where httpx's errors become ours."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from quell.errors import BadAnswer, TimedOut, Unreachable

NEVER_SENT = (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.ProxyError)
"""Errors after which the other side has seen nothing of the request."""

SHOWN_CHARS = 600
"""How much of an answer's text is kept for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    cut: bool
    """The answer was longer than the limit; `body` is its start."""
    location: str = ""
    """Where a redirect points to."""

    @property
    def ok(self) -> bool:
        """Whether the other side says that it worked."""
        return 200 <= self.status < 300


async def ask(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    what: str,
    timeout_s: float,
    max_bytes: int,
    again: bool = False,
) -> Answer:
    """
    Send a request and return its answer, of whatever status.

    Args:
        what: the request in words for messages; the URL itself may hold a secret.
        timeout_s: for all of it, both tries together.
        max_bytes: of the answer's body; no more is read.
        again: send it once more when the connection breaks (a kept-alive one may have died unseen); only for
            requests that are safe to repeat.

    Raises: Unreachable: it was never sent; TimedOut; BadAnswer: it broke off or is no HTTP.
    """
    try:
        async with asyncio.timeout(timeout_s):
            try:
                return await _send(client, request, max_bytes)
            except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
                if isinstance(error, NEVER_SENT) or not again:
                    raise
                return await _send(client, request, max_bytes)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TimedOut(f"{what}: no answer within {timeout_s:g} s") from error
    except NEVER_SENT as error:
        raise Unreachable(f"{what}: no connection ({shown(str(error)) or type(error).__name__})") from error
    # InvalidURL: httpx reads the place a redirect points to even when it is not to follow it.
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
        raise BadAnswer(f"{what}: the answer broke off ({shown(str(error)) or type(error).__name__})") from error


async def _send(client: httpx.AsyncClient, request: httpx.Request, max_bytes: int) -> Answer:
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        body, cut = bytearray(), False
        # A compressed body could be any size once unpacked; we asked for none.
        if response.headers.get("content-encoding", "identity") == "identity":
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    del body[max_bytes:]
                    cut = True
                    break
        return Answer(
            status=response.status_code, body=bytes(body), cut=cut, location=response.headers.get("location", "")
        )
    finally:
        await response.aclose()


def shown(text: str | bytes, limit: int = SHOWN_CHARS) -> str:
    """Return foreign text as a person may see it: printable, without line breaks at the ends, at most `limit` long."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "replace")
    clean = "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
