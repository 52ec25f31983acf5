"""What actions have earned, and what people decide over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from quell.application.authorization import Permission
from quell.application.commands import Reason, clean_text
from quell.application.requests import Request
from quell.application.site_changes import SiteChange, SiteChanges
from quell.eventlog.projections.earned import Standing
from quell.eventlog.projections.models import ReadModels
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Key, Page, Who, reply
from quell.incident import events as ev
from quell.incident.events import AUTONOMY_STREAM, Autonomy

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's word on what an action may do on a kind of service."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    action: Name
    kind: Name
    autonomy: Autonomy | None
    """None takes an earlier word back: what was earned holds again."""
    reason: Reason


class AutonomyRoutes:
    """The routes below /autonomy."""

    def __init__(self, models: ReadModels, changes: SiteChanges, *, clock: Callable[[], datetime]) -> None:
        self._models, self._changes, self._clock = models, changes, clock

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/autonomy", self.list, name="list_autonomy", response_model=Page[Standing])
        add(
            "/autonomy",
            self.override,
            methods=["POST"],
            name="override_autonomy",
            status_code=200,
            response_model=Standing,
            responses=documented(400, 413, 422, 503),
        )

    async def list(self) -> Response:
        """List what each action has earned on each kind of service, and why."""
        return reply(Page(items=self._models.earned.all(), next_cursor=None))

    async def override(self, body: Override, who: Who, key: Key = None) -> Response:
        """Set, or with null take back, a person's word on an action; it holds until it is changed."""
        actor = who.actor()
        event = ev.AutonomyOverridden(
            action=body.action,
            kind=body.kind,
            autonomy=body.autonomy,
            by=actor.id,
            typed_name=actor.typed_name,
            reason=clean_text(body.reason),
        )
        request = Request.of(f"autonomy/{body.action}/{body.kind}", key, body)
        change = SiteChange(
            actor=actor,
            permission=Permission.SET_AUTONOMY,
            resource=f"autonomy/{body.action}/{body.kind}",
            stream=AUTONOMY_STREAM,
            event=event,
        )
        appended = await self._changes.make(change, request)
        if appended.fresh:
            # The read model hears of it a moment later; the answer must not be older than the question.
            self._models.earned.override(event)
        return reply(self._models.earned.standing_of_kind(body.action, body.kind))
