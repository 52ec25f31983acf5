"""Reads the body of a request within bounds, gzip too: what is small on the wire may be large inside."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from quell.errors import Malformed, QuellError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

EXCERPT_BYTES = 16_384
MOST_MEMBERS = 16
"""A gzip body may be several, one after the other; senders of telemetry write one."""
_GZIP = 16 + zlib.MAX_WBITS


class Gone(Exception):
    """The client went away before its body was whole."""


class SlowBody(QuellError):
    """The body did not arrive in time."""

    reason = "slow_body"


class Oversize(Exception):
    """More body than may be read; `start` is what is kept of it."""

    def __init__(self, start: bytes, body_bytes: int, most: int) -> None:
        super().__init__(f"the body has {body_bytes} bytes or more, and {most} are allowed")
        self.start = start[:EXCERPT_BYTES]
        self.body_bytes = body_bytes


async def read_body(headers: Mapping[str, str], receive: Receive, *, most: int, within_s: float | None = None) -> bytes:
    """
    Return the body of a request.

    Args:
        headers: names in lower case.
        most: bytes.
        within_s: how long it may take to arrive; None leaves that to whoever holds the connection.

    Raises: Oversize, SlowBody. Gone: nobody is there to answer.
    """
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise Oversize(b"", int(declared), most)
    # Nearly every body comes in one piece with its headers, so the time is only kept from the second piece on.
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > most:
            raise Oversize(body, len(body), most)
        return body
    try:
        async with asyncio.timeout(within_s):
            return await _read_on(message, receive, most)
    except TimeoutError as error:
        raise SlowBody(f"the body was not whole after {within_s or 0:g} s") from error


async def _read_on(message: Message, receive: Receive, most: int) -> bytes:
    size = 0
    chunks: list[bytes] = []
    while True:
        if message["type"] == "http.disconnect":
            raise Gone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > most:
            raise Oversize(b"".join(chunks), size, most)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()


def unzipped(body: bytes, *, most: int) -> bytes:
    """
    Return what a gzip body holds; no more than `most` bytes are ever unpacked.

    Raises: Oversize: there is more in it. Malformed: it is not gzip, or it ends too soon.
    """
    found, rest = b"", body
    for _ in range(MOST_MEMBERS):
        if not rest:
            return found
        packed = zlib.decompressobj(_GZIP)
        try:
            found += packed.decompress(rest, most + 1 - len(found))
        except zlib.error as error:
            raise Malformed(f"the body is not the gzip it is said to be: {error}") from error
        if len(found) > most:
            raise Oversize(found, len(found), most)
        if not packed.eof:
            raise Malformed("the gzip body ends too soon")
        rest = packed.unused_data
    if rest:
        raise Malformed(f"the gzip body has more than {MOST_MEMBERS} members")
    return found
