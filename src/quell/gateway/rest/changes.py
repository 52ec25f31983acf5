"""Changing incidents: one POST for each thing a person can do."""

from __future__ import annotations

from fastapi import APIRouter, Response

from quell.application import commands as do
from quell.application.caller import Caller
from quell.application.commands import Commands
from quell.eventlog.projections.views import IncidentSummary
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Key, Who, reply


class ChangeRoutes:
    """Routes below /incidents/{id} that append; each answers with the row after it."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        for name, handle in (
            ("acknowledge", self.acknowledge),
            ("approve", self.approve),
            ("reject", self.reject),
            ("take_back", self.take_back),
            ("resolve", self.resolve),
            ("close", self.close),
            ("reopen", self.reopen),
            ("look_again", self.look_again),
            ("merge", self.merge),
            ("severity", self.severity),
            ("notes", self.note),
            ("cause", self.cause),
        ):
            router.add_api_route(
                f"/incidents/{{incident_id}}/{name}",
                handle,
                methods=["POST"],
                name=f"{name}_incident",
                response_model=IncidentSummary,
                responses=documented(400, 404, 409, 413, 422, 503),
            )

    async def acknowledge(
        self, incident_id: str, who: Who, body: do.Acknowledge | None = None, key: Key = None
    ) -> Response:
        """Take an open incident. 409 `already_owned` when somebody else has it: `take_over` takes it from them."""
        return await self._do(incident_id, body or do.Acknowledge(), key, who)

    async def approve(self, incident_id: str, who: Who, body: do.Approve, key: Key = None) -> Response:
        """Say yes to exactly this plan; 409 when it changed meanwhile or time ran out."""
        return await self._do(incident_id, body, key, who)

    async def reject(self, incident_id: str, who: Who, body: do.Reject, key: Key = None) -> Response:
        """Say no to exactly this plan."""
        return await self._do(incident_id, body, key, who)

    async def take_back(self, incident_id: str, who: Who, body: do.TakeBack, key: Key = None) -> Response:
        """Have a change that Quell made taken back, in any state of the incident; 409 says why it cannot be."""
        return await self._do(incident_id, body, key, who)

    async def resolve(self, incident_id: str, who: Who, body: do.Resolve, key: Key = None) -> Response:
        """Declare that the service is restored, or with `false_alarm` that nothing was ever wrong."""
        return await self._do(incident_id, body, key, who)

    async def close(self, incident_id: str, who: Who, body: do.Close | None = None, key: Key = None) -> Response:
        """File a resolved incident."""
        return await self._do(incident_id, body or do.Close(), key, who)

    async def reopen(self, incident_id: str, who: Who, body: do.Reopen, key: Key = None) -> Response:
        """Take up an incident that had ended."""
        return await self._do(incident_id, body, key, who)

    async def look_again(
        self, incident_id: str, who: Who, body: do.LookAgain | None = None, key: Key = None
    ) -> Response:
        """Have the agents look again, also after they handed over; 409 while they are at work or once it ended."""
        return await self._do(incident_id, body or do.LookAgain(), key, who)

    async def merge(self, incident_id: str, who: Who, body: do.Merge, key: Key = None) -> Response:
        """Make an incident part of another that is open."""
        return await self._do(incident_id, body, key, who)

    async def severity(self, incident_id: str, who: Who, body: do.ChangeSeverity, key: Key = None) -> Response:
        """Say how bad it is."""
        return await self._do(incident_id, body, key, who)

    async def note(self, incident_id: str, who: Who, body: do.Note, key: Key = None) -> Response:
        """Write something down."""
        return await self._do(incident_id, body, key, who)

    async def cause(self, incident_id: str, who: Who, body: do.ConfirmCause | None = None, key: Key = None) -> Response:
        """Say which service and cause it was, in any state; without a service, none of those that were named."""
        return await self._do(incident_id, body or do.ConfirmCause(), key, who)

    async def _do(self, incident_id: str, command: do.Command, key: str | None, who: Caller) -> Response:
        return reply(await self._commands.do(incident_id, command, caller=who, key=key))
