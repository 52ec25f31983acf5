"""Reading incidents: the list, one of them, its timeline, its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from quell.errors import NotFound
from quell.eventlog.log import EventLog, Recorded
from quell.eventlog.projections.board import Wanted
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.story import Story, fold_story
from quell.eventlog.projections.views import IncidentDetail, IncidentSummary, TimelineEntry
from quell.eventlog.registry import REGISTRY
from quell.gateway.problems import documented
from quell.gateway.rest.cursors import read_cursor, write_cursor
from quell.gateway.rest.wire import After, Cursor, Limit, Page, reply
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event, State, incident_stream
from quell.incident.state import ENDED

LOG_PAGE = 2000

Which = Literal["open", "ended", "all"] | State
Severities = Annotated[
    str | None, Query(pattern=r"^SEV[1-5](,SEV[1-5])*$", max_length=60, description="One or more, joined by commas.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedView:
    """An event as the log holds it."""

    position: int
    """In the whole log."""
    offset: int
    """In the incident's stream."""
    at: datetime
    type: str
    data: dict[str, Any] | Event


async def load_story(models: ReadModels, log: EventLog, incident_id: str) -> Story:
    """
    Return an incident whole: from the read models, or folded from the log when it ended long ago.

    Raises: NotFound. StorageError.
    """
    story = models.board.story(incident_id)
    if story is None:
        raise NotFound(f"there is no incident {incident_id[:100]!r}")
    if story.whole:
        return story
    records: list[Recorded] = []
    while page := await log.read_stream(incident_stream(incident_id), after=len(records), limit=LOG_PAGE):
        records += page
    folded = fold_story(records)
    assert folded is not None, "the read models know it"
    models.board.adopt(folded)
    return folded


async def load_detail(models: ReadModels, log: EventLog, incident_id: str) -> IncidentDetail:
    """Return all that is known of an incident; as `load_story`."""
    return (await load_story(models, log, incident_id)).detail()


class IncidentRoutes:
    """Routes below /incidents that change nothing."""

    def __init__(self, models: ReadModels, log: EventLog) -> None:
        self._models, self._log = models, log

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add, missing = router.add_api_route, documented(404, 422, 503)
        add(
            "/incidents",
            self.list,
            name="list_incidents",
            response_model=Page[IncidentSummary],
            responses=documented(400, 422),
        )
        add("/incidents/{incident_id}", self.one, name="get_incident", response_model=IncidentDetail, responses=missing)
        add(
            "/incidents/{incident_id}/timeline",
            self.timeline,
            name="get_timeline",
            response_model=Page[TimelineEntry],
            responses=missing,
        )
        add(
            "/incidents/{incident_id}/events",
            self.events,
            name="get_events",
            response_model=Page[RecordedView],
            responses=missing,
        )

    async def list(
        self,
        state: Annotated[Which, Query(description="`open`, `ended`, `all` or one state.")] = "open",
        severity: Severities = None,
        service: Annotated[str | None, Query(max_length=200, description="Only where it is touched.")] = None,
        drill: Annotated[bool | None, Query(description="Only drills, or none.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response:
        """List incidents: open ones by who wants a person, severity and age; with ended ones the newest first."""
        wanted = Wanted(
            states=_states(state),
            severities=frozenset(map(IncidentSeverity, severity.split(",")))
            if severity
            else frozenset(IncidentSeverity),
            service=service,
            drill=drill,
        )
        listing = "open" if wanted.open_only else "newest"
        rows, last = self._models.board.page(wanted, after=read_cursor(listing, cursor), limit=limit)
        return reply(Page(items=rows, next_cursor=write_cursor(listing, last)))

    async def one(self, incident_id: str) -> Response:
        """Return all that is known of an incident, its timeline with it."""
        return reply(await load_detail(self._models, self._log, incident_id))

    async def timeline(self, incident_id: str, after: After = 0, limit: Limit = 200) -> Response:
        """
        Return what happened, said for a person, after a position.

        An entry may be told anew under its old position, when it counts alerts or progress; the live channel says so.
        """
        story = await load_story(self._models, self._log, incident_id)
        rows = story.timeline.after(after, limit + 1)
        more = str(rows[limit - 1].position) if len(rows) > limit else None
        return reply(Page(items=rows[:limit], next_cursor=more))

    async def events(self, incident_id: str, after: After = 0, limit: Limit = 200) -> Response:
        """Return what the log holds of an incident after an offset."""
        if self._models.board.story(incident_id) is None:
            raise NotFound(f"there is no incident {incident_id[:100]!r}")
        found = await self._log.read_stream(incident_stream(incident_id), after=after, limit=limit + 1)
        rows = [
            RecordedView(
                position=record.position,
                offset=record.offset,
                at=record.at,
                type=REGISTRY.name_of(record.event),
                data=REGISTRY.fields_of(record.event),
            )
            for record in found[:limit]
        ]
        return reply(Page(items=rows, next_cursor=str(rows[-1].offset) if len(found) > limit else None))


def _states(which: Which) -> frozenset[State]:
    if isinstance(which, State):
        return frozenset({which})
    return {"open": frozenset(State) - ENDED, "ended": ENDED, "all": frozenset(State)}[which]
