"""The log of events: the one place where anything that happened is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from quell.incident.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Events for one stream."""

    stream: str
    events: Sequence[Event]
    expected_offset: int | None = None
    """Number of events the stream must hold before; None to append wherever it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as the log holds it."""

    position: int
    """From 1, without gaps, over all streams."""
    stream: str
    offset: int
    """From 1, without gaps, in its stream."""
    at: datetime
    """When it was appended (the writer's clock)."""
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did."""

    first: int
    """Position of its first event."""
    last: int
    fresh: bool
    """False when the idempotency key was known: nothing was written, the positions are of the first time."""


class EventLog(Protocol):
    """
    An append-only log with optimistic concurrency per stream and a total order.

    All writes of one `append` are durable together or not at all. Every method raises `StorageError` of the kind
    that fits when the store fails; nothing unacknowledged ever shows up twice.
    """

    @property
    def epoch(self) -> str:
        """Names this log for good; another epoch means that positions cannot be compared."""
        ...

    @property
    def head(self) -> int:
        """The position of the newest durable event, 0 when empty."""
        ...

    async def append(self, writes: Sequence[Write], *, key: str | None = None) -> Appended:
        """
        Append all writes in one step and return once they are durable.

        Args:
            writes: at least one event in all.
            key: idempotency key, at most 255 characters; a second append with it writes nothing.

        Raises: WrongOffset: a stream is not at `expected_offset`. StorageError.
        """
        ...

    async def find(self, key: str) -> Appended | None:
        """
        Return the durable append that an idempotency key stands for, with `fresh` false; None when there is none.

        Of an append that is still under way nothing is known: whoever appends upon `None` appends with the key.
        """
        ...

    async def read(self, *, after: int = 0, limit: int = 1000) -> list[Recorded]:
        """Return events past position `after`, in order, at most `limit`."""
        ...

    async def read_stream(self, stream: str, *, after: int = 0, limit: int = 10_000) -> list[Recorded]:
        """Return the events of a stream past its offset `after`, in order, at most `limit`."""
        ...

    def subscribe(self, *, after: int) -> AsyncIterator[list[Recorded]]:
        """Yield every event past `after` in order, in batches, for ever: history first, then as it is appended."""
        ...

    async def check(self) -> None:
        """Prove that the store can be written now; raise `StorageError` if not."""
        ...

    async def close(self) -> None:
        """Finish what is queued and let go of the store."""
        ...
