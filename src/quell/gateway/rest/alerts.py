"""Alerts, what could not be taken, and how many of each there were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from quell.errors import NotFound
from quell.eventlog.projections.intake import IntakeView, RejectedView
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.views import AlertView
from quell.gateway.problems import documented
from quell.gateway.rest.cursors import read_cursor, write_cursor
from quell.gateway.rest.wire import Cursor, Limit, Page, reply
from quell.incident.alert import AlertStatus


class AlertRoutes:
    """Routes that show what came in."""

    def __init__(self, models: ReadModels, *, clock: Callable[[], datetime]) -> None:
        self._models, self._clock = models, clock

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add, listed = router.add_api_route, documented(400, 422)
        add(
            "/alerts",
            self.alerts,
            name="list_alerts",
            response_model=Page[AlertView],
            responses=documented(400, 404, 422),
        )
        add("/rejected", self.rejected, name="list_rejected", response_model=Page[RejectedView], responses=listed)
        add("/intake", self.intake, name="get_intake", response_model=IntakeView)

    async def alerts(
        self,
        incident: Annotated[str | None, Query(max_length=100, description="Only those of this incident.")] = None,
        status: AlertStatus | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response:
        """List alerts, the newest received first; those that wait below the threshold have an empty `incident_id`."""
        if incident is not None and self._models.board.story(incident) is None:
            raise NotFound(f"there is no incident {incident[:100]!r}")
        after = read_cursor("alerts", cursor)
        found = self._models.alerts(incident_id=incident, status=status, after=after, limit=limit + 1)
        last = found[limit - 1][0] if len(found) > limit else None
        return reply(Page(items=[view for _, view in found[:limit]], next_cursor=write_cursor("alerts", last)))

    async def rejected(self, limit: Limit = 50, cursor: Cursor = None) -> Response:
        """List the last requests that could not be taken, the newest first."""
        key = read_cursor("rejected", cursor)
        older = [view for view in reversed(self._models.intake.rejected) if key is None or view.position < key[0]]
        last = (older[limit - 1].position,) if len(older) > limit else None
        return reply(Page(items=older[:limit], next_cursor=write_cursor("rejected", last)))

    async def intake(self) -> Response:
        """Count alerts by the stage that ended their way; received is the sum of the others."""
        return reply(self._models.intake.view(self._clock()))
