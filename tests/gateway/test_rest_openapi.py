"""Whatever a client sends, REST keeps to its OpenAPI: statuses, media types and shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import schemathesis
from hypothesis import HealthCheck, settings
from pydantic import TypeAdapter
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
)

from quell.eventlog.log import Write
from quell.eventlog.projections.intake import IntakeView, RejectedView
from quell.eventlog.projections.sources import TopologyView
from quell.eventlog.projections.views import AlertView, IncidentDetail, IncidentSummary, TimelineEntry
from quell.gateway.rest.wire import Page
from quell.gateway.scorecard import AgentReport
from quell.incident import events as ev
from quell.incident.events import incident_stream
from tests.fakes.event_log import MemoryEventLog
from tests.gateway.site import Clock, Site
from tests.projections.given import PLAN, alert, asked, batch, opened, whole_response

EXAMPLES = 8


async def filled() -> Site:
    """A site with something behind every route."""
    clock = Clock()
    log = MemoryEventLog(clock=clock)
    site = Site(log, clock)
    rejected = ev.BodyRejected(source="alerts", reason="malformed", detail="no JSON", body="{", body_bytes=1, alerts=1)
    streams: Mapping[str, list[ev.Event]] = {
        incident_stream("INC-1"): whole_response("INC-1"),
        incident_stream("INC-2"): [opened("INC-2"), ev.PlanProposed(plan=PLAN), asked(clock() + timedelta(hours=1))],
        ev.INTAKE_STREAM: [ev.AlertHeld(alert=alert("Lonely"), why="alone", group="g"), rejected, batch(rejected=1)],
    }
    for stream, events in streams.items():
        await log.append([Write(stream=stream, events=events)])
    site.models.apply_all(await log.read())
    return site


SITE = asyncio.run(filled())
api = schemathesis.openapi.from_asgi("/api/v1/openapi.json", SITE.app)


@api.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_every_route_keeps_to_its_description(case: Case) -> None:
    response = case.call()

    asyncio.run(catch_up(SITE))
    case.validate_response(response, excluded_checks=excluded(case, response.status_code))


def excluded(case: Case, status: int) -> list[CheckFunction]:
    """Return what the description does not hold, and what Schemathesis itself cannot read."""
    # A cursor, or a silence's times, can have the right form and still mean nothing: 400.
    found: list[CheckFunction] = [positive_data_acceptance]
    if case.path == "/api/v1/topology":
        found.append(response_schema_conformance)  # its 4.32 rewrites `prefixItems` into what its own validator refuses
    if status == 413:
        found.append(negative_data_rejection)  # it does not count "too large" as a refusal
    return found


async def catch_up(site: Site) -> None:
    site.models.apply_all(await site.log.read(after=site.models.position, limit=10_000))


async def test_what_is_answered_is_what_the_description_says() -> None:
    site = await filled()
    kinds: dict[str, Any] = {
        "incidents?state=all": Page[IncidentSummary],
        "incidents/INC-1": IncidentDetail,
        "incidents/INC-1/timeline": Page[TimelineEntry],
        "alerts": Page[AlertView],
        "rejected": Page[RejectedView],
        "intake": IntakeView,
        "agents": Page[AgentReport],
        "topology": TopologyView,
    }
    for path, kind in kinds.items():
        body = (await site.client.get(f"/api/v1/{path}")).content
        read = TypeAdapter(kind).validate_json(body)

        assert msgspec.json.decode(TypeAdapter(kind).dump_json(read)) == msgspec.json.decode(body), path


async def test_every_method_of_a_path_is_named_when_another_is_tried() -> None:
    site = await filled()

    response = await site.client.put("/api/v1/silences")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert response.json()["reason"] == "method"
