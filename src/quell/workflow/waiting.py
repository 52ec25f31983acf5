"""Waiting for something to become true of an incident."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
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
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left_s):
                        await woken.wait()
        finally:
            waiting = self._waiting[incident_id]
            waiting.discard(woken)
            if not waiting:
                del self._waiting[incident_id]
