from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quell.eventlog.projections.board import WHOLE_ENDED_KEPT
from quell.gateway.rest.incidents import load_detail
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity, Severity
from quell.incident.events import State
from tests.gateway.site import Site, open_site
from tests.projections.given import alert, batch, ended, grouped, opened, whole_response


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


def resolved() -> ev.StateChanged:
    return ev.StateChanged(before=State.TRIGGERED, after=State.RESOLVED, by="person:anna", reason="fixed")


async def ids(site: Site, **params: Any) -> list[str]:
    return [row["id"] for row in (await site.get("incidents", **params))["items"]]


async def test_an_incident_shows_everything_from_its_first_alert_to_the_all_clear(site: Site) -> None:
    await site.record("INC-1", *whole_response())

    detail = await site.get("incidents/INC-1")

    assert detail["summary"]["state"] == "resolved"
    assert detail["summary"]["outcome"] == "resolved"
    assert detail["offset"] == len(whole_response())
    assert detail["plan"]["record"] == {"helped": 3, "tried": 4}
    assert set(detail["evidence"]) == {"E1", "E2"}
    assert detail["alerts"][0]["why"] == "it opened the incident"
    assert detail["gaps"] == [{"source": "logfiles", "reason": "no log of payment"}]
    assert [entry["type"] for entry in detail["timeline"]][:2] == ["IncidentOpened", "AlertGrouped"]
    opened_at = datetime.fromisoformat(detail["summary"]["opened_at"])
    assert detail["summary"]["opened_at"].endswith("Z")
    assert datetime.now(UTC) - opened_at < timedelta(minutes=1)


async def test_the_list_can_be_narrowed(site: Site) -> None:
    await site.record("INC-1", opened("INC-1", IncidentSeverity.SEV2, service="cart"))
    await site.record("INC-2", opened("INC-2", drill=True), grouped(alert(service="edge")))
    await site.record("INC-3", opened("INC-3"), resolved())

    assert await ids(site) == ["INC-2", "INC-1"]
    assert await ids(site, state="ended") == ["INC-3"]
    assert await ids(site, state="all") == ["INC-3", "INC-2", "INC-1"]
    assert await ids(site, state="resolved") == ["INC-3"]
    assert await ids(site, severity="SEV2,SEV4") == ["INC-1"]
    assert await ids(site, service="edge") == ["INC-2"]
    assert await ids(site, drill="false") == ["INC-1"]


async def test_pages_follow_each_other_without_a_gap(site: Site) -> None:
    for number in range(11):
        await site.record(f"INC-{number}", opened(f"INC-{number}", IncidentSeverity(f"SEV{number % 3 + 1}")))
    for state in ("open", "all"):
        whole = await ids(site, state=state)
        page = await site.get("incidents", state=state, limit=3)
        seen = [row["id"] for row in page["items"]]
        while page["next_cursor"] is not None:
            page = await site.get("incidents", state=state, limit=3, cursor=page["next_cursor"])
            seen += [row["id"] for row in page["items"]]

        assert seen == whole
        assert len(whole) == 11


async def test_a_cursor_that_is_not_ours_is_a_problem(site: Site) -> None:
    for path in ("incidents", "alerts", "rejected"):
        for cursor in ("x", "%%%", "W10", "é", "bm90IGpzb24", "a" * 400):
            response = await site.client.get(f"/api/v1/{path}", params={"cursor": cursor})

            assert response.status_code == 400, (path, cursor)
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["reason"] == "malformed"


async def test_a_cursor_of_one_list_does_not_fit_another(site: Site) -> None:
    for number in range(3):
        await site.record(f"INC-{number}", opened(f"INC-{number}"))
    cursor = (await site.get("incidents", limit=1))["next_cursor"]

    response = await site.client.get("/api/v1/incidents", params={"state": "all", "cursor": cursor})

    assert response.status_code == 400


async def test_what_is_not_there_is_a_problem(site: Site) -> None:
    one = "incidents/INC-9"
    for path in (one, f"{one}/timeline", f"{one}/events", "alerts?incident=INC-9", "nothing"):
        response = await site.client.get(f"/api/v1/{path}")

        assert response.status_code == 404, path
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem.pop("detail")
        assert problem == {
            "type": "urn:quell:problem:not_found",
            "title": "Not found",
            "status": 404,
            "instance": f"/api/v1/{path.partition('?')[0]}",
            "reason": "not_found",
        }


async def test_a_query_that_makes_no_sense_is_a_problem_that_says_which_part(site: Site) -> None:
    for query in ("limit=0", "limit=many", "state=lost", "severity=SEV9", "drill=perhaps"):
        response = await site.client.get(f"/api/v1/incidents?{query}")

        assert response.status_code == 422, query
        assert response.headers["content-type"] == "application/problem+json"
        assert query.partition("=")[0] in response.json()["detail"]


async def test_the_timeline_and_the_events_go_on_after_where_a_page_ended(site: Site) -> None:
    await site.record("INC-1", *whole_response())
    count = len(whole_response())

    first = await site.get("incidents/INC-1/events", limit=10)
    rest = await site.get("incidents/INC-1/events", after=first["next_cursor"], limit=100)
    offsets = [row["offset"] for row in first["items"] + rest["items"]]
    told = await site.get("incidents/INC-1/timeline", limit=5)
    more = await site.get("incidents/INC-1/timeline", after=told["next_cursor"])

    assert offsets == list(range(1, count + 1))
    assert rest["next_cursor"] is None
    assert first["items"][0]["type"] == "IncidentOpened"
    assert first["items"][0]["data"]["incident_id"] == "INC-1"
    positions = [entry["position"] for entry in told["items"] + more["items"]]
    assert positions == sorted(set(positions))
    assert told["items"] + more["items"] == (await site.get("incidents/INC-1"))["timeline"]


async def test_an_incident_that_ended_long_ago_is_read_from_the_log_again(site: Site) -> None:
    await site.record("INC-1", *whole_response())
    whole = await site.get("incidents/INC-1")
    for number in range(2, WHOLE_ENDED_KEPT + 2):
        await site.record(f"INC-{number}", opened(f"INC-{number}"), resolved())
    assert site.models.detail("INC-1") is None

    assert await site.get("incidents/INC-1") == whole
    assert (await load_detail(site.models, site.log, "INC-1")).summary.id == "INC-1"


async def test_alerts_are_listed_with_those_that_wait_for_company(site: Site) -> None:
    now = datetime.now(UTC)
    for second, name in enumerate("abc"):
        of = alert(name, severity=Severity.WARNING, received_at=now + timedelta(seconds=second))
        if name == "b":
            await site.tell(ev.INTAKE_STREAM, ev.AlertHeld(alert=of, why="alone", group="g"))
        else:
            await site.record("INC-1", *([opened()] if name == "a" else []), grouped(of))

    first = await site.get("alerts", limit=2)
    rest = await site.get("alerts", limit=2, cursor=first["next_cursor"])

    assert [(row["name"], row["incident_id"]) for row in first["items"] + rest["items"]] == [
        ("c", "INC-1"),
        ("b", ""),
        ("a", "INC-1"),
    ]
    assert rest["next_cursor"] is None
    assert [row["name"] for row in (await site.get("alerts", incident="INC-1"))["items"]] == ["c", "a"]
    assert (await site.get("alerts", status="resolved"))["items"] == []


async def test_what_could_not_be_taken_is_shown_newest_first(site: Site) -> None:
    for number in range(3):
        await site.tell(
            ev.INTAKE_STREAM,
            ev.BodyRejected(
                source="alerts", reason="malformed", detail=str(number), body="<b>{", body_bytes=4, alerts=1
            ),
            batch(rejected=1),
        )

    first = await site.get("rejected", limit=2)
    rest = await site.get("rejected", limit=2, cursor=first["next_cursor"])

    assert [row["detail"] for row in first["items"] + rest["items"]] == ["2", "1", "0"]
    assert rest["next_cursor"] is None
    assert first["items"][0]["body"] == "<b>{"


async def test_the_counts_of_intake_add_up(site: Site) -> None:
    await site.tell(ev.INTAKE_STREAM, batch(grouped=30, duplicate=5, opening=1), batch("alerts", rejected=2))

    intake = await site.get("intake")

    assert intake["received"] == 38
    assert intake["received"] == sum(
        intake[stage] for stage in ("rejected", "silenced", "duplicate", "grouped", "opening")
    )
    assert intake["by_source"]["alerts"]["rejected"] == 2
    assert intake["last_minute"]["received"] == 38


async def test_agents_topology_and_server_say_what_is_known(site: Site) -> None:
    before = {row["agent"]: row for row in (await site.get("agents"))["items"]}
    assert {row["state"] for row in before.values()} == {"unknown"}
    assert (await site.get("topology")) == {"edges": [], "services": [], "as_of": None}

    await site.record("INC-1", *whole_response())

    after = {row["agent"]: row for row in (await site.get("agents"))["items"]}
    assert list(after) == ["detection", "diagnosis", "prediction", "resolution"]
    assert after["detection"]["state"] == "healthy"
    assert after["prediction"]["state"] == "unknown"
    assert (await site.get("topology"))["edges"] == [["checkout", "payment"], ["edge", "checkout"]]
    server = await site.get("server")
    assert server["head"] == len(whole_response())
    assert server["epoch"] == site.log.epoch
    assert server["uptime_s"] >= 0


async def test_a_page_of_a_thousand_open_incidents_takes_under_50_ms_of_work(site: Site) -> None:
    stream = [[opened(f"INC-{n}", IncidentSeverity(f"SEV{n % 4 + 1}")), *whole_response()[1:11]] for n in range(1000)]
    for number, events in enumerate(stream):
        site.models.apply_all(_recorded(number, events))

    took_s = []
    for _ in range(5):
        begun = time.process_time()
        response = await site.client.get("/api/v1/incidents", params={"limit": 50})
        took_s.append(time.process_time() - begun)

    assert len(response.json()["items"]) == 50
    assert sorted(took_s)[2] < 0.05


def _recorded(number: int, events: list[ev.Event]) -> list[Any]:
    from quell.eventlog.log import Recorded

    return [
        Recorded(
            position=number * len(events) + offset,
            stream=f"incident/INC-{number}",
            offset=offset,
            at=datetime.now(UTC),
            event=event,
        )
        for offset, event in enumerate(events, start=1)
    ]


async def test_a_phase_that_failed_is_counted_against_its_agent(site: Site) -> None:
    await site.record("INC-1", opened(), ended(ev.Phase.DIAGNOSE, ev.PhaseState.TIMED_OUT))

    rows = {row["agent"]: row for row in (await site.get("agents"))["items"]}

    assert rows["diagnosis"]["state"] == "failing"
    assert rows["diagnosis"]["last_error"] == "it broke"
