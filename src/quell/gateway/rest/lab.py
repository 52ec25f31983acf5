"""The lab beside Quell: whether it runs, and the button that breaks something in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter, Response

from quell.application.authorization import Permission
from quell.application.site_changes import SiteChanges
from quell.errors import NotFound, UpstreamError
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Key, Who, reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A drill under way. What it breaks is for the agents to find out."""

    id: str
    state: str
    started_at: datetime


class Lab(Protocol):
    """The shop of real processes beside Quell, as far as people drive it from here."""

    async def drill(self) -> Drill | None:
        """Return the drill under way, or None. Raises: UpstreamError: the lab does not answer."""
        ...

    async def start_drill(self, *, key: str | None) -> Drill:
        """Start the next drill. Raises: Conflict: one is under way. UpstreamError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabView:
    """Whether there is a lab, and what goes on in it."""

    running: bool
    drills_available: bool
    drill: Drill | None


class LabRoutes:
    """Routes below /lab."""

    def __init__(self, lab: Lab | None, changes: SiteChanges) -> None:
        self._lab, self._changes = lab, changes

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/lab", self.lab, name="get_lab", response_model=LabView)
        add(
            "/lab/drills",
            self.start_drill,
            methods=["POST"],
            name="start_drill",
            status_code=202,
            response_model=Drill,
            responses=documented(404, 409, 413, 422, 502, 504),
        )

    async def lab(self) -> Response:
        """Return whether a lab runs, and its drill."""
        if self._lab is None:
            return reply(LabView(running=False, drills_available=False, drill=None))
        try:
            drill = await self._lab.drill()
        except UpstreamError:
            return reply(LabView(running=False, drills_available=False, drill=None))
        return reply(LabView(running=True, drills_available=drill is None, drill=drill))

    async def start_drill(self, who: Who, key: Key = None) -> Response:
        """Break something in the lab, for real. What it is, nobody here is told."""
        self._changes.check(who.actor(), Permission.DRILL, "lab/drills")
        if self._lab is None:
            raise NotFound("no lab runs beside this server: start one with `quell serve --lab`")
        return reply(await self._lab.start_drill(key=key), 202)
