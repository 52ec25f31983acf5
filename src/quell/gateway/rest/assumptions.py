"""What only people know: what a minute costs, and what a record should have said. Both are kept with who and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from quell.application.authorization import Permission
from quell.application.commands import By, Reason, clean_text, with_words
from quell.application.requests import Request
from quell.application.site_changes import SiteChange, SiteChanges
from quell.errors import Conflict, Malformed, NotFound
from quell.gateway.outcomes import OutcomeDesk
from quell.gateway.problems import documented
from quell.gateway.rest.wire import Key, Page, Who, reply
from quell.incident import events as ev
from quell.incident.actor import Actor
from quell.incident.events import OUTCOME_STREAM, Event
from quell.outcomes.assumptions import Assumptions
from quell.outcomes.fold import corrected
from quell.outcomes.record import OutcomeRecord, Stamp

MOST = 1e12


def _empty_or_words(text: str) -> str:
    return with_words(text) if text else text


Amount = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)]
Price = Annotated[float, Field(gt=0, le=MOST, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=10 * 366 * 86_400, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=100), AfterValidator(_empty_or_words)]
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Time = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)] | Literal[""]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssumptions:
    """A new version, whole: what is left out is not given."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    based_on: Annotated[int, Field(ge=0)]
    """The version that was seen when this one was written."""
    cost_per_minute_low: Price | None = None
    """5th percentile of what a minute of an incident costs, in `currency`; with `cost_per_minute_high`, or neither."""
    cost_per_minute_high: Price | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    running_cost_month: Amount | None = None
    target_s: dict[Literal["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"], Seconds] = field(default_factory=dict)
    """Longest time to restore that counts as clean, in seconds, by severity."""
    cost_cap: Amount | None = None
    """Dollars of models and services that a clean run may cost."""
    reason: Reason
    by: By = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a record should have said; what is left out stays as it is."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    started_at: Time | None = None
    """Empty: not known."""
    detected_at: Time | None = None
    restored_at: Time | None = None
    kind: Literal["real", "drill", "maintenance"] | None = None
    service: Name | None = None
    team: Name | None = None
    severity: Annotated[str, Field(pattern="^(SEV[1-5])?$")] | None = None
    restored_by: Literal["quell", "person", "itself", "unknown"] | None = None
    even_if_out_of_order: bool = False
    """Take times that are not one after the other; the record is then left out of the times."""
    reason: Reason
    by: By = None

    def changes(self) -> dict[str, str]:
        """Return the new values by name."""
        found: dict[str, str] = {}
        for name in ("started_at", "detected_at", "restored_at"):
            at = getattr(self, name)
            if at is not None:
                found[name] = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else ""
        for name in ("kind", "service", "team", "severity", "restored_by"):
            value = getattr(self, name)
            if value is not None:
                found[name] = clean_text(value) if value else ""
        return found


class AssumptionRoutes:
    """The routes below /outcomes that take a person's word."""

    def __init__(self, desk: OutcomeDesk, changes: SiteChanges, *, clock: Callable[[], datetime]) -> None:
        self._desk, self._changes, self._clock = desk, changes, clock
        self._one_at_a_time = asyncio.Lock()

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/outcomes/assumptions", self.list, name="list_assumptions", response_model=Page[Assumptions])
        add(
            "/outcomes/assumptions",
            self.set,
            methods=["PUT"],
            name="set_assumptions",
            response_model=Assumptions,
            responses=documented(400, 409, 413, 422, 503),
        )
        add(
            "/outcomes/records/{incident_id:path}/corrections",
            self.correct,
            methods=["POST"],
            name="correct_record",
            response_model=OutcomeRecord,
            responses=documented(400, 404, 413, 422, 503),
        )

    async def list(self) -> Response:
        """List every version of the assumptions, newest first: what was given, by whom, and why."""
        return reply(Page(items=self._desk.assumptions(), next_cursor=None))

    async def set(self, body: NewAssumptions, who: Who, key: Key = None) -> Response:
        """Set a new version of the assumptions; refused when another one was set meanwhile."""
        if (body.cost_per_minute_low is None) != (body.cost_per_minute_high is None):
            raise Malformed("the cost per minute is a range: give both its 5th and its 95th percentile, or neither")
        if (body.cost_per_minute_low or 0.0) > (body.cost_per_minute_high or 0.0):
            raise Malformed("the cost per minute rises from its 5th to its 95th percentile")
        actor, request = who.actor(body.by), Request.of("assumptions", key, body)
        async with self._one_at_a_time:
            if await self._changes.happened(request):
                return reply(self._desk.assumptions()[0])
            newest = self._desk.assumptions()[0]
            if newest.version != body.based_on:
                when = f" at {newest.set_at:%Y-%m-%d %H:%M} UTC" if newest.set_at else ""
                raise Conflict(
                    f"version {newest.version} stands, set by {newest.set_by or 'nobody'}{when}, "
                    f"not version {body.based_on}: look at it first"
                )
            event = ev.AssumptionsSet(
                version=newest.version + 1,
                cost_per_minute_low=body.cost_per_minute_low,
                cost_per_minute_high=body.cost_per_minute_high,
                currency=body.currency,
                running_cost_month=body.running_cost_month,
                target_s={str(name): value for name, value in body.target_s.items()},
                cost_cap=body.cost_cap,
                by=actor.id,
                typed_name=actor.typed_name,
                reason=clean_text(body.reason),
            )
            await self._append(event, actor, "outcomes/assumptions", request)
        return reply(self._desk.assumptions()[0])

    async def correct(
        self,
        incident_id: Annotated[str, Path(max_length=300)],
        body: Correction,
        who: Who,
        key: Key = None,
    ) -> Response:
        """Correct the record of an incident; every figure follows, of whatever day it was."""
        changes, actor = body.changes(), who.actor(body.by)
        past = await self._desk.past(incident_id)
        before = await self._desk.record_of(incident_id)
        if before is None:
            raise NotFound(f"there is no record of {incident_id}")
        if not changes:
            raise Malformed("a correction changes something: name a field")
        after = corrected(before, changes, str(actor))
        if not body.even_if_out_of_order and (wrong := out_of_order(after)):
            raise Malformed(f"{wrong}; with `even_if_out_of_order` it is taken all the same")
        event = ev.RecordCorrected(
            incident_id=incident_id,
            changes=changes,
            before=past,
            by=actor.id,
            typed_name=actor.typed_name,
            reason=clean_text(body.reason),
        )
        request = Request.of(f"correction/{incident_id}", key, body)
        await self._append(event, actor, f"outcomes/{incident_id}", request)
        return reply(self._desk.record(incident_id) or after)

    async def _append(self, event: Event, actor: Actor, resource: str, request: Request | None) -> None:
        change = SiteChange(
            actor=actor, permission=Permission.CORRECT, resource=resource, stream=OUTCOME_STREAM, event=event
        )
        appended = await self._changes.make(change, request)
        if appended.fresh:
            # The ledger hears of it a moment later; the answer must not be older than the question.
            self._desk.take_now(event, self._clock())


def out_of_order(record: OutcomeRecord) -> str:
    """Return which two times are the wrong way round; empty when none are."""
    named: Mapping[str, Stamp | None] = {
        "started": record.started,
        "detected": record.detected,
        "restored": record.restored,
    }
    known = [(name, stamp.at) for name, stamp in named.items() if stamp is not None]
    for (first, at), (then, later) in pairwise(known):
        if later < at:
            return f"it would be {then} at {later:%Y-%m-%d %H:%M:%S} UTC, before it {first} at {at:%Y-%m-%d %H:%M:%S}"
    return ""
