"""Silences: list them, begin one, end one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from quell.application.authorization import Permission
from quell.application.commands import By, Text, clean_text, with_words
from quell.application.requests import Request
from quell.application.site_changes import SiteChange, SiteChanges
from quell.errors import NotFound
from quell.eventlog.log import EventLog
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.silences import Silences, SilenceView
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Key, Page, Who, reply
from quell.incident import events as ev
from quell.incident.actor import Actor
from quell.incident.events import SILENCE_STREAM
from quell.ingest.silences import create_silence

LOG_PAGE = 2000
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Time = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMatcher:
    """A test on one label; regular expressions match the whole value."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(with_words)]
    op: Annotated[str, Field(pattern=r"^(=|!=|=~|!~)$")] = "="
    value: Annotated[str, Field(max_length=1_024)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSilence:
    """Which alerts to keep out of incidents, and until when."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    matchers: Annotated[tuple[NewMatcher, ...], Field(min_length=1, max_length=20)]
    ends_at: Time
    starts_at: Time | None = None
    """Now, when left out."""
    by: By = None
    comment: Text = ""


class SilenceRoutes:
    """Routes below /silences."""

    def __init__(
        self, models: ReadModels, log: EventLog, changes: SiteChanges, *, clock: Callable[[], datetime]
    ) -> None:
        self._models, self._log, self._changes, self._clock = models, log, changes, clock

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/silences", self.list, name="list_silences", response_model=Page[SilenceView])
        add(
            "/silences",
            self.begin,
            methods=["POST"],
            name="begin_silence",
            status_code=201,
            response_model=SilenceView,
            responses=documented(400, 413, 422, 503),
        )
        add(
            "/silences/{silence_id}",
            self.end,
            methods=["DELETE"],
            name="end_silence",
            response_model=SilenceView,
            responses=documented(404, 413, 422, 503),
        )

    async def list(self) -> Response:
        """List silences: those in force first, then those to come, then those that are over."""
        return reply(Page(items=self._models.silences.all(self._clock()), next_cursor=None))

    async def begin(self, body: NewSilence, who: Who, key: Key = None) -> Response:
        """Keep matching alerts out of incidents for a while; they are counted all the same."""
        silence_id, request = _id_of(key), Request.of("silence", key, body)
        if await self._changes.happened(request):
            return reply(await self._must_find(silence_id), 201)
        now, actor = self._clock(), who.actor(body.by)
        event = create_silence(
            silence_id=silence_id,
            matchers=[ev.Matcher(label=m.label, op=m.op, value=m.value) for m in body.matchers],
            starts_at=(body.starts_at or now).astimezone(UTC),
            ends_at=body.ends_at.astimezone(UTC),
            by=actor.id,
            typed_name=actor.typed_name,
            comment=clean_text(body.comment),
            now=now,
        )
        await self._changes.make(_change(silence_id, actor, event), request)
        return reply(await self._must_find(silence_id), 201)

    async def end(self, silence_id: str, who: Who) -> Response:
        """End a silence before its time; ending one that is over changes nothing."""
        view = await self._find(silence_id)
        if view is None:
            raise NotFound(f"there is no silence {silence_id[:100]!r}")
        if view.state in ("pending", "active"):
            actor = who.actor()
            event = ev.SilenceEnded(silence_id=silence_id, by=actor.id, typed_name=actor.typed_name)
            await self._changes.make(_change(silence_id, actor, event), key=f"silence/{silence_id}/ended")
            view = await self._from_log(silence_id) or view
        return reply(view)

    async def _find(self, silence_id: str) -> SilenceView | None:
        """Return a silence from the read models, or from the log when they are not as far yet."""
        view = self._models.silences.get(silence_id, self._clock())
        return view or await self._from_log(silence_id)

    async def _must_find(self, silence_id: str) -> SilenceView:
        view = await self._find(silence_id)
        assert view is not None, "it is in the log"
        return view

    async def _from_log(self, silence_id: str) -> SilenceView | None:
        silences, after = Silences(), 0
        while page := await self._log.read_stream(SILENCE_STREAM, after=after, limit=LOG_PAGE):
            for record in page:
                silences.apply(record.event, record.at)
            after = page[-1].offset
        return silences.get(silence_id, self._clock())


def _change(silence_id: str, actor: Actor, event: ev.Event) -> SiteChange:
    return SiteChange(
        actor=actor,
        permission=Permission.SILENCE,
        resource=f"silence/{silence_id}",
        stream=SILENCE_STREAM,
        event=event,
    )


def _id_of(key: str | None) -> str:
    """Return an id nobody has; the same one for the same idempotency key."""
    if key is None:
        return f"S-{secrets.token_hex(6)}"
    return f"S-{hashlib.blake2b(key.encode(), digest_size=6).hexdigest()}"
