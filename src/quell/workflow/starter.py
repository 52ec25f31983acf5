"""Reads the log and starts what follows: a response per incident, and the end of those that mended themselves."""

from __future__ import annotations

import structlog

from quell.errors import NotFound
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Recorded
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.events import Event
from quell.incident.state import Incident
from quell.workflow.engine import Engine
from quell.workflow.work import HELPED_IN_PART, workflow_id

logger = structlog.get_logger()


class Starter:
    """Feeds the engine from the log; starting twice is harmless, so it may read from the beginning."""

    def __init__(self, engine: Engine, incidents: Incidents) -> None:
        self._engine = engine
        self._incidents = incidents

    async def take(self, record: Recorded) -> None:
        """Act on one event."""
        match record.event:
            case ev.IncidentOpened(incident_id=incident_id):
                await self._engine.start(workflow_id(incident_id, 1))
            case ev.IncidentReopened():
                await self._again(record.stream.removeprefix("incident/"))
            case ev.AlertResolved():
                await self._settle(record.stream.removeprefix("incident/"))
            case ev.ResponseEnded(outcome=outcome):
                incident_id = record.stream.removeprefix("incident/")
                await self._settle(incident_id)
                if outcome == HELPED_IN_PART:
                    await self._again(incident_id)
            case _:
                return

    async def catch_up(self, incident: Incident) -> None:
        """Start what an incident of an earlier process still lacks."""
        if incident.open and not incident.responding and (incident.run == 0 or incident.outcome == HELPED_IN_PART):
            await self._engine.start(workflow_id(incident.id, incident.run + 1))

    async def _again(self, incident_id: str) -> None:
        incident = await self._incidents.load(incident_id)
        if incident.open and not incident.responding:
            await self._engine.start(workflow_id(incident_id, incident.run + 1))

    async def _settle(self, incident_id: str) -> None:
        """Resolve an incident that no agent works on once none of its alerts fires any more."""
        try:
            await self._incidents.change(incident_id, _settled)
        except NotFound:
            logger.error("incident_unknown", incident=incident_id)


def _settled(incident: Incident) -> list[Event]:
    if not incident.open or incident.responding or incident.firing or incident.run == 0:
        return []
    return decisions.resolve(incident, by="system:intake", reason="every alert of it resolved")
