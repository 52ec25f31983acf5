"""Incidents of the past over REST: checked once more, and recorded unless they are known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from quell.application.authorization import Permission
from quell.application.commands import By
from quell.application.requests import Request
from quell.application.site_changes import SiteChange, SiteChanges
from quell.gateway.problems import documented
from quell.gateway.rest.wire import BoundedRoute, Key, Who, reply
from quell.incident.actor import Actor
from quell.incident.events import OUTCOME_STREAM, Event, PastIncident, PastIncidentsImported
from quell.ingest.past import checks
from quell.ingest.past.fields import LACKING
from quell.ingest.text import clean

MOST = 1_000
"""Incidents of one request."""
BODY_BYTES = 4 * 1024 * 1024
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _as_text(value: object) -> object:
    """Let ISO 8601 pass and nothing else: pydantic would also take a number for Unix seconds, in text or not."""
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        return value
    raise ValueError("a time is ISO 8601 with a zone")


Time = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST), BeforeValidator(_as_text)]
PastField = Literal[
    "service", "team", "severity", "started_at", "detected_at", "acknowledged_at", "restored_at", "closed_at",
    "restored_by", "alerts", "followed_up",
]  # fmt: skip
Flag = Annotated[bool, Field(strict=True)]
Name = Annotated[str, Field(max_length=checks.NAME_CHARACTERS)]


class Desk(Protocol):
    """What knows which incidents were imported."""

    def known(self, source: str, ids: Sequence[str]) -> list[bool]:
        """Return which ids were imported from a source before."""
        ...

    def take_now(self, event: Event, at: datetime) -> None:
        """Fold in what was just appended."""
        ...


class ImportRoute(BoundedRoute):
    """A route that reads a thousand incidents."""

    most_bytes = BODY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPast:
    """An incident as another tool has it. Times: ISO 8601 with a zone."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=checks.ID_CHARACTERS)]
    title: Annotated[str, Field(max_length=checks.TITLE_CHARACTERS)] = ""
    """The id, when left out."""
    service: Name = ""
    team: Name = ""
    severity: Annotated[str, Field(pattern="^(SEV[1-5])?$")] = ""
    """Empty: not known."""
    kind: Literal["real", "drill", "maintenance"] = "real"
    started_at: Time | None = None
    """Impact began; this or `detected_at` is needed."""
    detected_at: Time | None = None
    acknowledged_at: Time | None = None
    restored_at: Time | None = None
    """Impact ended."""
    closed_at: Time | None = None
    restored_by: Literal["quell", "person", "itself", "unknown"] = "unknown"
    alerts: Annotated[int, Field(ge=0, le=checks.MOST_ALERTS, strict=True)] = 0
    followed_up: Flag = False
    not_recorded: Annotated[tuple[PastField, ...], Field(max_length=len(LACKING))] = ()
    """Fields for which the tool has no place at all; the record is not judged by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImport:
    """Incidents to take over."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    source: Annotated[str, Field(pattern=checks.SOURCE_PATTERN)]
    """Names the tool or the export; what was imported is known as `<source>/<id>`."""
    incidents: Annotated[tuple[NewPast, ...], Field(min_length=1, max_length=MOST)]
    dry_run: Flag = False
    """Check all, say what would be imported, and change nothing."""
    by: By = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedPast:
    """One that was not taken."""

    index: int
    """Its place in the request, from 0."""
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of them: `received` is the sum of the others."""

    received: int
    imported: int
    """With `dry_run`: would be."""
    known: int
    """Imported before; they are left as they are."""
    rejected: list[RejectedPast]
    dry_run: bool


class ImportRoutes:
    """The route /outcomes/imports."""

    def __init__(self, desk: Desk, changes: SiteChanges, *, clock: Callable[[], datetime]) -> None:
        self._desk, self._changes, self._clock = desk, changes, clock
        self._one_at_a_time = asyncio.Lock()

    def add_to(self, router: APIRouter) -> None:
        """Add the route."""
        router.add_api_route(
            "/outcomes/imports",
            self.take,
            methods=["POST"],
            name="import_incidents",
            response_model=Imported,
            responses=documented(400, 413, 422, 503),
            route_class_override=ImportRoute,
        )

    async def take(self, body: NewImport, who: Who, key: Key = None) -> Response:
        """Take over incidents of the past; each counts once however often it is sent."""
        source, now = checks.check_source(body.source), self._clock()
        good: list[PastIncident] = []
        rejected: list[RejectedPast] = []
        ids: set[str] = set()
        for index, new in enumerate(body.incidents):
            past = _past(new)
            reason = checks.fault_in(past, now)
            if not reason and past.id in ids:
                reason = "the id is in the request before"
            if reason:
                rejected.append(RejectedPast(index=index, id=clean(past.id, most=200), reason=reason))
                continue
            ids.add(past.id)
            good.append(past)
        request = None if body.dry_run else Request.of("import", key, body)
        imported = await self._record(source, good, who.actor(body.by), request, dry_run=body.dry_run)
        answer = Imported(
            received=len(body.incidents),
            imported=imported,
            known=len(good) - imported,
            rejected=rejected,
            dry_run=body.dry_run,
        )
        return reply(answer)

    async def _record(
        self, source: str, good: list[PastIncident], actor: Actor, request: Request | None, *, dry_run: bool
    ) -> int:
        """Append those that are not known, and return how many they are."""
        # Two requests with the same incidents at once: the second looks when the first is known.
        async with self._one_at_a_time:
            if await self._changes.happened(request):
                return 0
            known = self._desk.known(source, [past.id for past in good])
            fresh = tuple(past for past, old in zip(good, known, strict=True) if not old)
            if not fresh or dry_run:
                return len(fresh)
            event = PastIncidentsImported(source=source, incidents=fresh, by=actor.id, typed_name=actor.typed_name)
            change = SiteChange(
                actor=actor,
                permission=Permission.IMPORT,
                resource=f"outcomes/{source}",
                stream=OUTCOME_STREAM,
                event=event,
            )
            appended = await self._changes.make(change, request)
            if not appended.fresh:
                return 0
            self._desk.take_now(event, self._clock())
            return len(fresh)


def _past(new: NewPast) -> PastIncident:
    return PastIncident(
        id=new.id.strip(),
        title=clean(new.title, most=checks.TITLE_CHARACTERS).strip() or clean(new.id, most=200),
        service=clean(new.service, most=checks.NAME_CHARACTERS).strip(),
        team=clean(new.team, most=checks.NAME_CHARACTERS).strip(),
        severity=new.severity,
        kind=new.kind,
        started_at=_utc(new.started_at),
        detected_at=_utc(new.detected_at),
        acknowledged_at=_utc(new.acknowledged_at),
        restored_at=_utc(new.restored_at),
        closed_at=_utc(new.closed_at),
        restored_by=new.restored_by,
        alerts=new.alerts,
        followed_up=new.followed_up,
        not_recorded=new.not_recorded,
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
