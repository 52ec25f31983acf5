"""An append, checked and encoded by its caller before any store sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from quell.errors import Malformed, StorageCorrupt, TooLarge
from quell.eventlog.codec import decode, encode
from quell.eventlog.log import Appended, Write
from quell.incident.events import Event

MAX_NAME_CHARS = 255
"""Of a stream's name and of an idempotency key."""
MAX_EVENT_BYTES = 8 * 1024 * 1024
"""Of one encoded event; a hundred of these still fit one answer of SQLite (1e9 bytes)."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What an append adds to one stream; without events it only checks the offset."""

    stream: str
    expected_offset: int | None
    events: list[tuple[str, bytes, Event]]
    """(type name, JSON, the event as the log will give it back)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Append:
    """One append on its way to the store; `done` belongs to the loop of its caller."""

    parts: list[Part]
    key: str | None
    at: datetime
    at_us: int
    """Microseconds since 1970, UTC."""
    events: int
    """How many, over all parts."""
    body_bytes: int
    done: asyncio.Future[Appended]


def prepare(writes: Sequence[Write], *, key: str | None, at: datetime, done: asyncio.Future[Appended]) -> Append:
    """
    Check and encode an append.

    Raises: Malformed: nothing to append, a bad name, or an event that could not be read back. TooLarge.
    """
    if key is not None:
        check_name(key, "idempotency key")
    parts = [_prepare_part(write) for write in writes]
    events = sum(len(part.events) for part in parts)
    if not events:
        raise Malformed("an append needs at least one event")
    at = at.astimezone(UTC)
    return Append(
        parts=parts,
        key=key,
        at=at,
        at_us=(at - EPOCH) // MICROSECOND,
        events=events,
        body_bytes=sum(len(body) for part in parts for _, body, _ in part.events),
        done=done,
    )


def _prepare_part(write: Write) -> Part:
    check_name(write.stream, "stream")
    return Part(
        stream=write.stream,
        expected_offset=write.expected_offset,
        events=[_prepare_event(event) for event in write.events],
    )


def _prepare_event(event: Event) -> tuple[str, bytes, Event]:
    # Reading it back costs a microsecond and keeps a NaN (JSON: null) from making the log unreadable for good.
    try:
        name, body = encode(event)
        kept = decode(name, body)
    except (StorageCorrupt, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"an event {type(event).__name__} cannot be kept: {error}") from error
    if len(body) > MAX_EVENT_BYTES:
        raise TooLarge(f"an event {name} of {len(body)} bytes is over the limit of {MAX_EVENT_BYTES}")
    return name, body, kept


def check_name(name: str, what: str) -> None:
    """Raise `Malformed` for a name that a store cannot keep."""
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise Malformed(f"a name of a {what} has 1 to {MAX_NAME_CHARS} characters, this one {len(name)}")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"the {what} {name!r} holds half a character: {error}") from error
    if "\0" in name:
        raise Malformed(f"the {what} {name!r} holds a NUL")
