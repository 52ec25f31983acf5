"""An append, checked and encoded by its caller before any store sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
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

EVENTS_AT_ONCE = 200
BYTES_AT_ONCE = 1024 * 1024
"""Once so many events or bytes are encoded everything else on the event loop has its turn; some milliseconds."""

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


async def prepare(
    writes: Sequence[Write], *, key: str | None, clock: Callable[[], datetime], done: asyncio.Future[Appended]
) -> Append:
    """
    Check and encode an append; a short one without a pause, a long one in slices.

    Args:
        clock: asked for the time of the append when all of it is encoded.

    Raises: Malformed: nothing to append, a bad name, or an event that could not be read back. TooLarge.
    """
    if key is not None:
        check_name(key, "idempotency key")
    parts: list[Part] = []
    events = body_bytes = events_since = bytes_since = 0
    for write in writes:
        check_name(write.stream, "stream")
        part = Part(stream=write.stream, expected_offset=write.expected_offset, events=[])
        for event in write.events:
            if events_since >= EVENTS_AT_ONCE or bytes_since >= BYTES_AT_ONCE:
                events_since = bytes_since = 0
                await asyncio.sleep(0)
            prepared = _prepare_event(event)
            part.events.append(prepared)
            size = len(prepared[1])
            events, events_since = events + 1, events_since + 1
            body_bytes, bytes_since = body_bytes + size, bytes_since + size
        parts.append(part)
    if not events:
        raise Malformed("an append needs at least one event")
    at = clock().astimezone(UTC)
    return Append(
        parts=parts,
        key=key,
        at=at,
        at_us=(at - EPOCH) // MICROSECOND,
        events=events,
        body_bytes=body_bytes,
        done=done,
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
