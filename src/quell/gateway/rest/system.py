"""Quell itself and what it watches: agents, topology, this server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from quell.eventlog.log import EventLog
from quell.eventlog.projections.accuracy import Group
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.sources import TopologyView
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Page, reply
from quell.gateway.scorecard import AgentReport, Scorecards


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
        topology: Callable[[], TopologyView] | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._models, self._log, self._about, self._clock = models, log, about, clock
        self._scorecards = Scorecards(models)
        self._topology = topology or models.sources.topology

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/agents", self.agents, name="list_agents", response_model=Page[AgentReport], responses=documented(422))
        add("/topology", self.topology, name="get_topology", response_model=TopologyView)
        add("/server", self.server, name="get_server", response_model=ServerView)

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
