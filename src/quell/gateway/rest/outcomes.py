"""What managers ask: how incidents went, with intervals; whether it gets better; what was saved; and the records."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from quell.errors import Malformed
from quell.gateway.outcomes import OutcomeDesk
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Limit, Page, reply
from quell.outcomes.definitions import DEFINITIONS, Definition
from quell.outcomes.files import as_csv, as_json
from quell.outcomes.record import Origin, OutcomeRecord
from quell.outcomes.report import Report, SavingsReport, TrendReport

WindowName = Literal["7d", "28d", "90d", "365d", "all"]
DAYS = {"7d": 7, "28d": 28, "90d": 90, "365d": 365, "all": 0}
Window = Annotated[WindowName, Query(description="Incidents that began in so many days up to now.")]
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
Kind = Annotated[Origin, Query(description="Which incidents; the kinds never mix.")]
By = Annotated[
    Literal["", "severity", "service", "team", "restored_by"], Query(description="What to tell apart; empty: nothing.")
]


class OutcomeRoutes:
    """The routes below /outcomes that change nothing."""

    def __init__(self, desk: OutcomeDesk) -> None:
        self._desk = desk

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        bad = documented(422)
        add("/outcomes", self.report, name="outcomes", response_model=Report, responses=bad)
        add("/outcomes/trend", self.trend, name="outcome_trend", response_model=TrendReport, responses=bad)
        add("/outcomes/savings", self.savings, name="outcome_savings", response_model=SavingsReport, responses=bad)
        add("/outcomes/definitions", self.definitions, name="outcome_definitions", response_model=Page[Definition])
        add(
            "/outcomes/records",
            self.records,
            name="outcome_records",
            response_model=Page[OutcomeRecord],
            responses=documented(400, 422),
        )
        add(
            "/outcomes/export",
            self.export,
            name="export_outcomes",
            response_class=Response,
            responses={200: {"content": {"text/csv": {}, "application/json": {}}}, **bad},
        )

    async def report(self, window: Window = "28d", kind: Kind = Origin.REAL, by: By = "") -> Response:
        """Return how incidents of one kind went that began in a window: figures, counts, quality, what was left out."""
        return reply(await self._desk.report(days=DAYS[window], origin=kind, by=by))

    async def trend(
        self,
        kind: Kind = Origin.REAL,
        until: Annotated[
            date | None, Query(ge=EARLIEST, le=LATEST, description="Last day (UTC) of the line and its incidents.")
        ] = None,
    ) -> Response:
        """Return the word of the week, a line of 90 days, every incident in it, and what was done last."""
        end = datetime.combine(until, time.max, UTC) if until else None
        return reply(await self._desk.trend(origin=kind, until=end))

    async def savings(self, window: Window = "28d", kind: Kind = Origin.REAL) -> Response:
        """Return what was saved, signed, as a range; minutes without money where no price was given."""
        return reply(await self._desk.savings(days=DAYS[window], origin=kind))

    async def definitions(self) -> Response:
        """Return what every figure and every method means, when it says nothing, and its sources."""
        return reply(Page(items=tuple(DEFINITIONS.values()), next_cursor=None))

    async def records(
        self,
        limit: Limit = 50,
        kind: Annotated[Origin | None, Query(description="Only these.")] = None,
        after: Annotated[
            str | None, Query(max_length=300, description="`next_cursor` of the page before: an incident's id.")
        ] = None,
    ) -> Response:
        """List the records that figures are computed from, newest first; of imported ones the newest only."""
        rows = self._desk.records(origin=kind)
        start = next((place + 1 for place, one in enumerate(rows) if one.id == after), None) if after else 0
        if start is None:
            raise Malformed("there is no record with the id in `after` any more: begin with the first page")
        page = rows[start : start + limit]
        more = page[-1].id if len(rows) > start + limit and page else None
        return reply(Page(items=page, next_cursor=more))

    async def export(
        self,
        form: Annotated[Literal["csv", "json"], Query(alias="format", description="What to write.")] = "csv",
        kind: Annotated[Origin | None, Query(description="Only these.")] = None,
    ) -> Response:
        """Return every record that is kept one by one, newest first, as CSV (RFC 4180) or as a JSON array."""
        rows = self._desk.records(origin=kind)
        written, media = (
            (as_csv(rows), "text/csv; charset=utf-8") if form == "csv" else (as_json(rows), "application/json")
        )
        named = {"content-disposition": f'attachment; filename="quell-outcomes.{form}"'}
        return StreamingResponse(written, media_type=media, headers=named)
