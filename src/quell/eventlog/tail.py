"""The newest events in memory, so that those who follow the log do not read the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from quell.eventlog.log import Recorded


class Tail:
    """
    A bounded run of the newest durable events, and the bell that rings when it grows.

    It belongs to one event loop; no other thread may touch it.
    """

    def __init__(self, *, head: int, max_events: int, max_bytes: int) -> None:
        """Start empty behind position `head`; the newest batch is held even when it alone is over a bound."""
        self.head = head
        self.closed = False
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._recorded: list[Recorded] = []
        self._sizes: list[int] = []
        self._bytes = 0
        self._grew = asyncio.Event()

    def extend(self, recorded: Sequence[Recorded], sizes: Sequence[int]) -> None:
        """Add events that became durable, in order, and wake all who wait."""
        self._recorded += recorded
        self._sizes += sizes
        self._bytes += sum(sizes)
        self.head = recorded[-1].position
        while len(self._recorded) > max(self._max_events, len(recorded)) or (
            self._bytes > self._max_bytes and len(self._recorded) > len(recorded)
        ):
            self._drop(min((len(self._recorded) + 1) // 2, len(self._recorded) - len(recorded)))
        self._ring()

    def after(self, position: int, *, limit: int) -> list[Recorded] | None:
        """Return at most `limit` events past `position`, or None if some of them are no longer held."""
        if position >= self.head:
            return []
        start = position - (self.head - len(self._recorded))
        return None if start < 0 else self._recorded[start : start + limit]

    async def grown(self) -> None:
        """Wait until events are added or the tail is closed."""
        if not self.closed:
            await self._grew.wait()

    def close(self) -> None:
        """Wake all who wait for good."""
        self.closed = True
        self._ring()

    def _drop(self, count: int) -> None:
        self._bytes -= sum(self._sizes[:count])
        del self._recorded[:count], self._sizes[:count]

    def _ring(self) -> None:
        self._grew.set()
        self._grew.clear()
