"""What people change of a site, besides its incidents: silences, autonomy, records, assumptions, the past."""

from __future__ import annotations

from dataclasses import dataclass

from quell.application.authorization import EVERYBODY_MAY, Authorizer, Permission
from quell.application.requests import Request, Requests
from quell.eventlog.log import Appended, EventLog, Write
from quell.incident.actor import Actor
from quell.incident.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """What somebody changes."""

    actor: Actor
    permission: Permission
    resource: str
    stream: str
    event: Event


class SiteChanges:
    """Asks whether somebody may, and appends it: the way of every change that is none of an incident."""

    def __init__(self, log: EventLog, authorizer: Authorizer = EVERYBODY_MAY) -> None:
        self._requests, self._authorizer = Requests(log), authorizer

    async def happened(self, request: Request | None) -> bool:
        """Return whether a request was carried out before. Raises: KeyReused, StorageError."""
        return await self._requests.happened(request)

    def check(self, actor: Actor, permission: Permission, resource: str) -> None:
        """Return when somebody may, for what is done elsewhere. Raises: Forbidden."""
        self._authorizer.authorize(actor, permission, resource)

    async def make(self, change: SiteChange, request: Request | None = None, *, key: str | None = None) -> Appended:
        """
        Append a change, unless its request was carried out before.

        Args:
            key: of what is done, where it has one of its own; only without a request.

        Raises: Forbidden. KeyReused: another request was carried out under the key. StorageError.
        """
        self.check(change.actor, change.permission, change.resource)
        return await self._requests.append([Write(stream=change.stream, events=[change.event])], request, key=key)
