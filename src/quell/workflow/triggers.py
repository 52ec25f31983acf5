"""
Reads the log and starts what follows: a response, a look, or the end of an incident that mended itself.

What an incident is due is computed from how it stands and not from the event that changed it, so that a restart, or an
event that was read twice, changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from quell.errors import NotFound, QuellError
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Recorded
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.events import Event
from quell.incident.look_again import wants_response
from quell.incident.state import Incident
from quell.workflow.engine import Started
from quell.workflow.looking import Looking
from quell.workflow.names import again, response_id, take_back_id
from quell.workflow.queue import MOST_STARTS, StartQueue, Turns

logger = structlog.get_logger()

AGAIN_S = 1.0
"""Before something that the store refused is tried again."""

_INCIDENT = "incident/"


class Triggers:
    """
    Feeds the queue of responses and the looks from the log, and starts what takes changes back.

    Args:
        start: the engine's; a change is taken back at once, whatever waits in the queue.
    """

    def __init__(
        self,
        incidents: Incidents,
        queue: StartQueue,
        looking: Looking,
        turns: Turns,
        *,
        start: Callable[[str], Awaitable[Started]],
    ) -> None:
        self._incidents = incidents
        self._queue = queue
        self._looking = looking
        self._turns = turns
        self._noted: dict[str, None] = {}
        """Incidents whose state is to be looked at, in the order in which they changed."""
        self._start = start
        self._take_backs: dict[str, None] = {}
        """Workflows to start, in the order in which they were asked for."""
        self._woken = asyncio.Event()

    def take(self, record: Recorded) -> None:
        """Take note of an event; `run` does what follows."""
        incident_id = record.stream.removeprefix(_INCIDENT)
        match record.event:
            case ev.IncidentOpened(severity=severity):
                self._queue.submit(response_id(incident_id, 1), severity)
            case ev.AlertGrouped() if not self._looking.waits(incident_id):
                return
            case (
                ev.AlertGrouped()
                | ev.AlertResolved()
                | ev.StateChanged()
                | ev.SeverityChanged()
                | ev.IncidentReopened()
                | ev.IncidentMerged()
                | ev.ResponseEnded()
                | ev.LookAgainRequested()
                | ev.LookedAgain()
            ):
                self._note(incident_id)
            case ev.TakeBackRequested(request=request):
                self.start_take_backs([take_back_id(incident_id, request)])
            case ev.SourceRecovered(source=source):
                self._looking.hasten(f"{source} answers again", source=source)
            case _:
                return

    def _note(self, incident_id: str) -> None:
        self._noted[incident_id] = None
        self._woken.set()

    def catch_up(self, incidents: Iterable[Incident]) -> None:
        """Start what incidents lack, as they stand: those of an earlier process, and those that stand still."""
        for incident in incidents:
            self._route(incident)
            if _settled(incident):
                self._note(incident.id)

    def start_take_backs(self, workflows: Iterable[str]) -> None:
        """See to it that requests to take a change back are carried out; one that is under way goes on."""
        self._take_backs.update(dict.fromkeys(workflows))
        self._woken.set()

    async def run(self) -> None:
        """Do what follows from what was noted, for ever."""
        while True:
            self._woken.clear()
            if self._take_backs:
                await self._take_back(next(iter(self._take_backs)))
                continue
            if not self._noted:
                await self._woken.wait()
                continue
            incident_id = next(iter(self._noted))
            del self._noted[incident_id]
            try:
                await self._consider(incident_id)
            except NotFound:
                logger.error("incident_unknown", incident=incident_id)
            except QuellError as error:
                logger.warning("incident_not_considered", incident=incident_id, error=str(error))
                self._note(incident_id)
                await asyncio.sleep(AGAIN_S)

    async def _take_back(self, workflow: str) -> None:
        """Start one; under an id that is new to the engine where it has ended it: the log tells what is left to do."""
        del self._take_backs[workflow]
        try:
            for number in range(MOST_STARTS):
                if await self._start(again(workflow, number)) is not Started.ENDED:
                    return
        except QuellError as error:
            logger.warning("take_back_not_started", workflow=workflow, error=str(error))
            self._take_backs[workflow] = None
            await asyncio.sleep(AGAIN_S)

    async def _consider(self, incident_id: str) -> None:
        incident = await self._incidents.load(incident_id)
        if _settled(incident):
            incident = await self._incidents.change(incident_id, _settled)
        self._route(incident)

    def _route(self, incident: Incident) -> None:
        if wants_response(incident):
            response = response_id(incident.id, incident.run + 1)
            self._queue.submit(response, incident.severity)
        elif incident.responding:
            self._queue.submit(response_id(incident.id, incident.run), incident.severity)
        self._turns.rank(incident.id, incident.severity)
        self._looking.plan(incident)


def _settled(incident: Incident) -> list[Event]:
    """Resolve an incident that no agent works on once none of its alerts fires any more."""
    asked_for = incident.needs_response or incident.looks.requested is not None
    if not incident.open or incident.responding or incident.firing or asked_for:
        return []
    return decisions.resolve(incident, by="system:intake", reason="every alert of it resolved")
