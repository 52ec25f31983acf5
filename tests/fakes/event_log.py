"""An event log in memory that keeps the whole contract, and fails when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from quell.errors import StorageError, WrongOffset
from quell.eventlog.append import check_name
from quell.eventlog.codec import decode, encode
from quell.eventlog.log import Appended, Recorded, Write


class MemoryEventLog:
    """Keeps events as the bytes that a store would keep."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._records: list[Recorded] = []
        self._lengths: dict[str, int] = {}
        self._keys: dict[str, Appended] = {}
        self._checkpoints: dict[str, int] = {}
        self._grew = asyncio.Event()
        self._turn = asyncio.Lock()
        self.failures: list[StorageError | WrongOffset] = []
        """Raised by the appends to come, one each, instead of writing."""
        self.unanswered: list[StorageError] = []
        """The same, once they have written: the answer is lost."""
        self.gate: asyncio.Event | None = None
        """When set, appends wait for it, in their order, like for a slow disk."""
        self.appends = self.reads = 0

    @property
    def epoch(self) -> str:
        return "memory"

    @property
    def head(self) -> int:
        return len(self._records)

    async def append(self, writes: Sequence[Write], *, key: str | None = None) -> Appended:
        async with self._turn:
            if self.gate is not None:
                await self.gate.wait()
            await asyncio.sleep(0)
            if self.failures:
                raise self.failures.pop(0)
            appended = self._append(writes, key)
            if self.unanswered:
                raise self.unanswered.pop(0)
            return appended

    def _append(self, writes: Sequence[Write], key: str | None) -> Appended:
        if key is not None and key in self._keys:
            before = self._keys[key]
            return Appended(first=before.first, last=before.last, fresh=False)
        lengths = dict(self._lengths)
        records = list[Recorded]()
        for write in writes:
            length = lengths.get(write.stream, 0)
            if write.expected_offset is not None and write.expected_offset != length:
                raise WrongOffset(f"{write.stream} is at {length}, not at {write.expected_offset}")
            for event in write.events:
                length += 1
                position = len(self._records) + len(records) + 1
                kept = decode(*encode(event))
                records.append(
                    Recorded(position=position, stream=write.stream, offset=length, at=self._clock(), event=kept)
                )
            lengths[write.stream] = length
        assert records, "an append holds at least one event"
        self._records += records
        self._lengths = lengths
        self.appends += 1
        appended = Appended(first=records[0].position, last=records[-1].position, fresh=True)
        if key is not None:
            self._keys[key] = appended
        self._grew.set()
        self._grew = asyncio.Event()
        return appended

    async def find(self, key: str) -> Appended | None:
        await asyncio.sleep(0)
        found = self._keys.get(key)
        return Appended(first=found.first, last=found.last, fresh=False) if found else None

    async def read(self, *, after: int = 0, limit: int = 1000) -> list[Recorded]:
        self.reads += 1
        await asyncio.sleep(0)
        return self._records[after : after + limit]

    async def read_stream(self, stream: str, *, after: int = 0, limit: int = 10_000) -> list[Recorded]:
        await asyncio.sleep(0)
        return [r for r in self._records if r.stream == stream][after : after + limit]

    async def subscribe(self, *, after: int) -> AsyncIterator[list[Recorded]]:
        while True:
            grew = self._grew
            records = await self.read(after=after)
            if records:
                after = records[-1].position
                yield records
            else:
                await grew.wait()

    async def check(self) -> None:
        if self.failures and isinstance(self.failures[0], StorageError):
            raise self.failures[0]

    async def checkpoint(self, subscriber: str) -> int:
        await asyncio.sleep(0)
        return min(self._checkpoints.get(subscriber, 0), self.head)

    async def reached(self, subscriber: str, position: int) -> None:
        await asyncio.sleep(0)
        check_name(subscriber, "subscriber")
        self._checkpoints[subscriber] = max(position, self._checkpoints.get(subscriber, 0))

    async def close(self) -> None:
        self._records = self._records[:]
