"""What requests wait for inside a service, measured: a lock, and workers with a bounded queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quell.errors import TimedOut


class QueueFull(TimedOut):
    """As many requests wait for a worker as may."""

    reason = "queue_full"


class MeasuredLock:
    """A lock, given in the order of asking, that knows how long it was waited for."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waited_s = 0.0
        self._since: dict[int, float] = {}
        self._count = 0

    @property
    def waited_s(self) -> float:
        """Seconds waited by all who asked so far, those who still wait included."""
        now = time.monotonic()
        return self._waited_s + sum(now - since for since in self._since.values())

    async def passed(self) -> None:
        """Wait until nobody holds it."""
        async with self.held():
            return

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the lock for a block."""
        self._count += 1
        number, since = self._count, time.monotonic()
        self._since[number] = since
        try:
            await self._lock.acquire()
        finally:
            self._waited_s += time.monotonic() - since
            del self._since[number]
        try:
            yield
        finally:
            self._lock.release()


class Workers:
    """So many requests at a time, and a queue of those that wait for their turn."""

    def __init__(self, count: int, *, queue: int) -> None:
        """
        Args:
            queue: how many may wait.
        """
        self._free = asyncio.Semaphore(count)
        self._queue = queue
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Have a worker for a block. Raises: QueueFull: too many wait already."""
        if self.waiting >= self._queue:
            raise QueueFull(f"{self.waiting} requests wait for a worker already")
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._free.release()
