"""Reading a log beside whoever owns it: for replay and export, for relays, and for a look at the store itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from quell.eventlog.log import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is known of a log's store without owning it."""

    events: int
    format: int
    size_bytes: int
    damaged: tuple[int, ...]
    """Positions of the events that are not as they were written, the first of them."""
    unchecked: int
    """Events without a checksum, of a Quell from before there were any."""
    owner: str | None
    """The process that owns it (its pid, or `another process`); None when nobody does."""


class Reader(Protocol):
    """
    Reads a log and changes nothing; another process may own it and append meanwhile. One thread at a time.

    Every method raises `StorageError` of the kind that fits when the store cannot be read.
    """

    @property
    def epoch(self) -> str:
        """Names the log for good."""
        ...

    def replay(self, *, stream: str | None = None) -> Iterator[Recorded]:
        """Yield the events in order up to the newest, all or those of one stream."""
        ...

    def after(self, position: int) -> list[Recorded]:
        """Return at most a page of what came after a position."""
        ...

    def changed(self) -> bool:
        """Return whether the log may have grown since this was asked last; it costs microseconds."""
        ...

    def inspect(self) -> Inspection:
        """Return the state of the store, every event compared with its checksum."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
