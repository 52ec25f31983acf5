"""What was expected to run out, and how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.prevention import PreventionCase, PreventionCounts
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Limit, reply


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventionPage:
    """The newest cases, and how all came out."""

    items: Sequence[PreventionCase]
    next_cursor: str | None
    counts: PreventionCounts
    """Of real cases, since the log began."""
    drills: PreventionCounts
    """Of drills; never mixed with the real ones."""


class PreventionRoutes:
    """The route below /preventions."""

    def __init__(self, models: ReadModels) -> None:
        self._models = models

    def add_to(self, router: APIRouter) -> None:
        """Add the route."""
        router.add_api_route(
            "/preventions",
            self.list,
            name="list_preventions",
            response_model=PreventionPage,
            responses=documented(422),
        )

    async def list(
        self,
        limit: Limit = 50,
        drill: Annotated[bool | None, Query(description="Only drills, or none.")] = None,
        after: Annotated[
            str | None, Query(max_length=100, description="`next_cursor` of the page before: an incident's id.")
        ] = None,
    ) -> Response:
        """List what was expected to run out, newest first, with how it came out."""
        rows = [case for case in self._models.preventions.newest() if drill is None or case.drill is drill]
        ids = [case.incident_id for case in rows]
        start = ids.index(after) + 1 if after in ids else 0
        page = rows[start : start + limit]
        more = page[-1].incident_id if len(rows) > start + limit and page else None
        counts, drills = (self._models.preventions.counts(drills=one) for one in (False, True))
        return reply(PreventionPage(items=page, next_cursor=more, counts=counts, drills=drills))
