"""Waiting for something to become true of an incident, and for one's turn."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Recorded
from quell.incident.state import Incident


class Watch:
    """Wakes those who wait for an incident whenever the log has something new of it."""

    def __init__(self, incidents: Incidents, clock: Callable[[], datetime]) -> None:
        self._incidents = incidents
        self._clock = clock
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def notify(self, record: Recorded) -> None:
        """Take note of an event; called by the owner of the log's subscription."""
        if record.stream.startswith("incident/"):
            for event in self._waiting.get(record.stream.removeprefix("incident/"), ()):
                event.set()

    async def until(
        self, incident_id: str, test: Callable[[Incident], str | None], *, deadline: datetime
    ) -> str | None:
        """Return the first word that `test` gives for the incident, or None once the deadline has passed."""
        woken = asyncio.Event()
        self._waiting.setdefault(incident_id, set()).add(woken)
        try:
            while True:
                woken.clear()
                word = test(await self._incidents.load(incident_id))
                left_s = (deadline - self._clock()).total_seconds()
                if word is not None or left_s <= 0:
                    return word
                try:
                    await asyncio.wait_for(woken.wait(), timeout=left_s)
                except TimeoutError:
                    continue
        finally:
            waiting = self._waiting[incident_id]
            waiting.discard(woken)
            if not waiting:
                del self._waiting[incident_id]


class Turns:
    """Lets at most `at_once` work at a time; the most urgent of those who wait goes first."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._line: list[tuple[str, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(not turn.done() for _, _, turn in self._line)

    @asynccontextmanager
    async def take(self, urgency: str) -> AsyncIterator[None]:
        """Hold a turn; a smaller `urgency` goes first (`SEV1` before `SEV2`), then first come."""
        if self._free > 0:
            self._free -= 1
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._line, (urgency, next(self._count), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._line:
            _, _, turn = heapq.heappop(self._line)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
