"""Quell itself and what it watches: agents, topology, the lab, this server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Response

from quell.errors import NotFound, UpstreamError
from quell.eventlog.log import EventLog
from quell.eventlog.projections.accuracy import Group
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.sources import TopologyView
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Key, Page, reply
from quell.gateway.scorecard import AgentReport, Scorecards


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


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What does not change while this process runs."""

    version: str
    started_at: datetime
    environment: str
    """`lab` or `live`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """This server."""

    version: str
    epoch: str
    """Names the event log."""
    head: int
    """Position of its newest event."""
    started_at: datetime
    environment: str
    uptime_s: float


class SystemRoutes:
    """Routes about the whole."""

    def __init__(
        self,
        models: ReadModels,
        log: EventLog,
        *,
        about: About,
        lab: Lab | None,
        topology: Callable[[], TopologyView] | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._models, self._log, self._about, self._lab, self._clock = models, log, about, lab, clock
        self._scorecards = Scorecards(models)
        self._topology = topology or models.sources.topology

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/agents", self.agents, name="list_agents", response_model=Page[AgentReport], responses=documented(422))
        add("/topology", self.topology, name="get_topology", response_model=TopologyView)
        add("/server", self.server, name="get_server", response_model=ServerView)
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

    async def agents(
        self,
        of: Annotated[
            Group | None, Query(description="Accuracy in `real` incidents or in `drills`; both when left out.")
        ] = None,
    ) -> Response:
        """
        List the agents: how their last 100 phases went, and how often what they said was right.

        `accuracy` counts resolved incidents whose truth is known: a person confirmed the cause or declared a false
        alarm, or, weaker, a fix aimed at the cause was verified. Intervals are Wilson's at 95 %; below 30 incidents
        an agent is `calibrated: false`. Drills and real incidents are never mixed.
        """
        return reply(Page(items=self._scorecards.all(of), next_cursor=None))

    async def topology(self) -> Response:
        """Return who calls whom."""
        return reply(self._topology())

    async def server(self) -> Response:
        """Return what this server is."""
        return reply(
            ServerView(
                version=self._about.version,
                epoch=self._log.epoch,
                head=self._log.head,
                started_at=self._about.started_at,
                environment=self._about.environment,
                uptime_s=round((self._clock() - self._about.started_at).total_seconds(), 3),
            )
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

    async def start_drill(self, key: Key = None) -> Response:
        """Break something in the lab, for real. What it is, nobody here is told."""
        if self._lab is None:
            raise NotFound("no lab runs beside this server: start one with `quell serve --lab`")
        return reply(await self._lab.start_drill(key=key), 202)
