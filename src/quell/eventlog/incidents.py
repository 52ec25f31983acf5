"""Incidents as the log has them now, and the one way to change them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import OrderedDict
from collections.abc import Callable, Sequence

from quell.errors import NotFound, WrongOffset
from quell.eventlog.log import EventLog, Write
from quell.incident.events import Event, incident_stream
from quell.incident.fold import apply
from quell.incident.state import Incident

PATIENCE_S = 10.0
"""How long a decision is taken again when other writers were quicker: in a storm of alerts they are, many times."""

LONGEST_WAIT_S = 0.1
"""Before a further try; by chance, so that two writers do not keep meeting."""

KEPT = 512
"""Incidents kept folded in memory; others are folded again from their stream when asked for."""

Decide = Callable[[Incident], Sequence[Event]]
DecideBeside = Callable[[Incident, Incident], Sequence[Event]]
"""Decides of the first what depends on how the second stands."""


class Incidents:
    """Loads incidents from the log, folding only what is new since the last time."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._folded: OrderedDict[str, Incident] = OrderedDict()

    async def load(self, incident_id: str) -> Incident:
        """
        Return the incident as the log has it now. It is shared: do not change it.

        Raises: NotFound, StorageError.
        """
        incident = self._folded.get(incident_id)
        while True:
            known = incident.offset if incident else 0
            records = await self._log.read_stream(incident_stream(incident_id), after=known, limit=5000)
            for record in records:
                if incident is None or record.offset == incident.offset + 1:
                    incident = apply(incident, record.event, record.at)
            if len(records) < 5000:
                break
        if incident is None:
            raise NotFound(f"there is no incident {incident_id}")
        self._keep(incident)
        return incident

    async def change(
        self, incident_id: str, decide: Decide, *, key: str | None = None, beside: Sequence[Write] = ()
    ) -> Incident:
        """
        Append what `decide` returns for the incident as it stands, and return the incident after it.

        `decide` is called again when another writer was quicker. With a key that the log knows nothing is appended.

        Args:
            beside: what goes into the same append, when there is one.

        Raises: what `decide` raises; NotFound, WrongOffset when others were quicker for long, StorageError.
        """
        return await self._change(incident_id, None, lambda incident, other: decide(incident), key, beside)

    async def change_beside(
        self,
        incident_id: str,
        other_id: str,
        decide: DecideBeside,
        *,
        key: str | None = None,
        beside: Sequence[Write] = (),
    ) -> Incident:
        """
        Append to the first incident what `decide` returns for both as they stand; as `change`.

        Both must stand where they were looked at: of two decisions that exclude each other one is taken again.
        """

        def decided(incident: Incident, other: Incident | None) -> Sequence[Event]:
            assert other is not None, "loaded before the decision"
            return decide(incident, other)

        return await self._change(incident_id, other_id, decided, key, beside)

    async def _change(
        self,
        incident_id: str,
        other_id: str | None,
        decide: Callable[[Incident, Incident | None], Sequence[Event]],
        key: str | None,
        beside: Sequence[Write],
    ) -> Incident:
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE_S
        for attempt in itertools.count(1):
            other = await self.load(other_id) if other_id is not None else None
            incident = await self.load(incident_id)
            # No await from here to the offsets: incidents are shared and change in place.
            events = decide(incident, other)
            if not events:
                return incident
            writes = [Write(stream=incident_stream(incident_id), events=events, expected_offset=incident.offset)]
            if other is not None:
                # A write without events only checks where its stream stands.
                writes.append(Write(stream=incident_stream(other.id), events=[], expected_offset=other.offset))
            try:
                await self._log.append([*writes, *beside], key=key)
            except WrongOffset:
                if loop.time() > until:
                    raise
                wait_s = min(0.001 * 2**attempt, LONGEST_WAIT_S)
                await asyncio.sleep(wait_s * random.random())  # noqa: S311 - no secret
                continue
            break
        return await self.load(incident_id)

    async def record(self, incident_id: str, events: Sequence[Event], *, key: str | None = None) -> None:
        """Append facts that hold whatever else happened meanwhile."""
        if events:
            await self._log.append([Write(stream=incident_stream(incident_id), events=events)], key=key)

    def _keep(self, incident: Incident) -> None:
        self._folded[incident.id] = incident
        self._folded.move_to_end(incident.id)
        while len(self._folded) > KEPT:
            self._folded.popitem(last=False)
