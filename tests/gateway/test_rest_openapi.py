"""Whatever a client sends, REST keeps to its OpenAPI: statuses, media types and shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from pydantic import TypeAdapter
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from quell.eventlog.log import Write
from quell.eventlog.projections.intake import IntakeView, RejectedView
from quell.eventlog.projections.sources import TopologyView
from quell.eventlog.projections.views import AlertView, IncidentDetail, IncidentSummary, TimelineEntry
from quell.gateway.pages import OrNoApi, Pages
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


async def test_an_array_says_of_what_it_is_in_a_way_that_every_tool_reads() -> None:
    arrays = [one for one in parts(SITE.app.openapi()) if one.get("type") == "array"]

    assert len(arrays) > 20
    assert [one for one in arrays if not isinstance(one.get("items"), dict) or "prefixItems" in one] == []


def parts(schema: Any) -> list[dict[str, Any]]:
    """Every object in a document."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    found = [one for value in inner for one in parts(value)]
    return [schema, *found] if isinstance(schema, dict) else found


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/incidents", "/ingest", "/v1/metrics"])
async def test_what_is_not_in_the_api_is_told_as_one_and_shown_no_page(method: str, path: str, tmp_path: Path) -> None:
    site = await filled()
    site.app.router.default = OrNoApi(Pages(tmp_path))

    response = await site.client.request(method, path)

    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    assert response.json()["reason"] == "not_found"


async def test_a_method_that_a_route_does_not_have_is_refused_with_those_it_has(tmp_path: Path) -> None:
    site = await filled()
    site.app.router.default = OrNoApi(Pages(tmp_path))

    for method, path, allowed in (
        ("OPTIONS", "/api/v1/incidents", "GET"),
        ("HEAD", "/api/v1/incidents/INC-1", "GET"),
        ("GET", "/api/v1/incidents/INC-1/notes", "POST"),
        ("OPTIONS", "/api/v1/silences", "GET, POST"),
        ("POST", "/healthz", "GET"),
        ("OPTIONS", "/ops/", "GET, HEAD"),
    ):
        response = await site.client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed), path
        assert response.headers["content-type"] == "application/problem+json"


async def test_a_client_that_hangs_up_in_mid_body_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    site = await filled()
    head = site.log.head
    came = iter([{"type": "http.request", "body": b'{"text": ', "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(came)

    async def send(message: Any) -> None:
        pass

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    path = "/api/v1/incidents/INC-1/notes"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}

    await site.app({**scope, "raw_path": path.encode(), "root_path": "", "http_version": "1.1"}, receive, send)  # type: ignore[arg-type]

    assert (site.log.head, caplog.records) == (head, [])
