"""Every change asks whether its caller may, before anything is appended, and so does every subscription."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from quell.application.authorization import EVERYBODY_MAY, Permission
from quell.errors import Forbidden
from quell.gateway.rest import Drill
from quell.incident.actor import OPERATOR, Actor
from tests.gateway.live_server import new_desk, serving
from tests.gateway.site import Site, open_site
from tests.projections.given import grouped, opened

SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
SILENCE = {"matchers": [{"label": "service", "op": "=", "value": "cart"}], "ends_at": SOON}
OVERRIDE = {"action": "restart", "kind": "web", "autonomy": "approve", "reason": "not yet"}
ASSUMED = {"based_on": 0, "reason": "from finance", "cost_per_minute_low": 1.0, "cost_per_minute_high": 2.0}
PAST = {"source": "jira", "incidents": [{"id": "OPS-1", "title": "down", "started_at": "2026-01-01T00:00:00Z"}]}

CHANGES: list[tuple[str, str, dict[str, Any], Permission, str]] = [
    ("POST", "incidents/INC-1/acknowledge", {}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/approve", {"plan_id": "p"}, Permission.DECIDE, "incident/INC-1"),
    ("POST", "incidents/INC-1/reject", {"plan_id": "p", "reason": "no"}, Permission.DECIDE, "incident/INC-1"),
    ("POST", "incidents/INC-1/take_back", {"plan_id": "p", "reason": "no"}, Permission.DECIDE, "incident/INC-1"),
    ("POST", "incidents/INC-1/resolve", {"reason": "done"}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/close", {"reason": "done"}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/reopen", {"reason": "again"}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/look_again", {}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/merge", {"into": "INC-2", "reason": "one"}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/severity", {"severity": "SEV3", "reason": "x"}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/notes", {"text": "seen"}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "incidents/INC-1/cause", {}, Permission.RESPOND, "incident/INC-1"),
    ("POST", "silences", SILENCE, Permission.SILENCE, "silence/"),
    ("POST", "autonomy", OVERRIDE, Permission.SET_AUTONOMY, "autonomy/restart/web"),
    ("PUT", "outcomes/assumptions", ASSUMED, Permission.CORRECT, "outcomes/assumptions"),
    ("POST", "outcomes/imports", PAST, Permission.IMPORT, "outcomes/jira"),
    ("POST", "lab/drills", {}, Permission.DRILL, "lab/drills"),
]


@dataclass
class Asked:
    """Notes what it is asked, and allows all but some of it."""

    forbidden: frozenset[Permission] = frozenset(Permission)
    resource: str = ""
    """Only what begins so is forbidden."""
    questions: list[tuple[Actor, Permission, str]] = field(default_factory=list)

    def authorize(self, actor: Actor, permission: Permission, resource: str) -> None:
        """Note the question, and say no."""
        self.questions.append((actor, permission, resource))
        if permission in self.forbidden and resource.startswith(self.resource):
            raise Forbidden(f"{actor.id} may not {permission} {resource}")


class NoLab:
    """A lab in which nothing may be broken."""

    async def drill(self) -> Drill | None:
        return None

    async def start_drill(self, *, key: str | None) -> Drill:
        raise AssertionError("nobody may")


async def changed(site: Site, method: str, path: str, body: dict[str, Any]) -> Any:
    return await site.client.request(method, f"/api/v1/{path}", json=body, headers={"x-quell-user": "Anna"})


@pytest.mark.parametrize(("method", "path", "body", "permission", "resource"), CHANGES, ids=lambda one: str(one)[:40])
async def test_a_change_that_its_caller_may_not_make_is_403_and_appends_nothing(
    tmp_path: Path, method: str, path: str, body: dict[str, Any], permission: Permission, resource: str
) -> None:
    asked = Asked()
    async with open_site(tmp_path, authorizer=asked, lab=NoLab()) as site:
        await site.record("INC-1", opened(), grouped())
        await site.record("INC-2", opened("INC-2"))
        head = site.log.head

        answer = await changed(site, method, path, body)

        assert (answer.status_code, answer.json()["reason"]) == (403, "forbidden")
        assert site.log.head == head
    ((actor, asked_for, of),) = asked.questions
    assert (actor.id, actor.typed_name, actor.kind, actor.proven_by) == (OPERATOR, "Anna", "person", "reach")
    assert asked_for is permission
    assert of.startswith(resource)


async def test_every_route_that_changes_something_is_among_those(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        schema = (await site.client.get("/api/v1/openapi.json")).json()
    known = {(method, f"/api/v1/{path}".replace("INC-1", "{incident_id}")) for method, path, *_ in CHANGES}
    writes = {
        (method.upper(), path)
        for path, methods in schema["paths"].items()
        for method in methods
        if method in ("post", "put", "patch", "delete") and path.startswith("/api/v1/")
    }

    assert writes - known == {
        ("DELETE", "/api/v1/silences/{silence_id}"),
        ("POST", "/api/v1/outcomes/records/{incident_id}/corrections"),
    }


async def test_a_silence_is_not_ended_and_a_record_not_corrected_by_who_may_not(tmp_path: Path) -> None:
    asked = Asked(forbidden=frozenset())
    async with open_site(tmp_path, authorizer=asked) as site:
        silence = (await changed(site, "POST", "silences", SILENCE)).json()["id"]
        await changed(site, "POST", "outcomes/imports", PAST)
        await site.settled()
        asked.forbidden, head = frozenset(Permission), site.log.head

        ended = await changed(site, "DELETE", f"silences/{silence}", {})
        corrected = await changed(
            site, "POST", "outcomes/records/jira%2FOPS-1/corrections", {"team": "x", "reason": "y"}
        )

        assert (ended.status_code, corrected.status_code) == (403, 403)
        assert site.log.head == head


async def test_a_merge_asks_for_both(tmp_path: Path) -> None:
    asked = Asked(resource="incident/INC-2")
    async with open_site(tmp_path, authorizer=asked) as site:
        await site.record("INC-1", opened(), grouped())
        await site.record("INC-2", opened("INC-2"))

        answer = await changed(site, "POST", "incidents/INC-1/merge", {"into": "INC-2", "reason": "one"})

    assert answer.status_code == 403


async def test_a_channel_that_somebody_may_not_follow_is_refused_and_the_others_are_followed() -> None:
    asked = Asked(resource="channel/incident")
    async with serving(new_desk(authorizer=asked)) as desk, connect(desk.url, proxy=None) as connection:
        await connection.recv()
        for channel in ("incident:INC-1", "events"):
            await connection.send(json.dumps({"type": "subscribe", "channel": channel}))
        told: list[dict[str, Any]] = []
        while len(told) < 2:
            told += json.loads(await connection.recv())
        refused, followed = told

    assert (refused["type"], refused["code"], refused["channel"]) == ("error", "forbidden", "incident:INC-1")
    assert (followed["type"], followed["channel"]) == ("subscribed", "events")
    assert {(permission, of) for _, permission, of in asked.questions} == {
        (Permission.READ, "channel/incident:INC-1"),
        (Permission.READ, "channel/events"),
    }


def test_until_there_is_sign_on_everybody_may_do_everything() -> None:
    for permission in Permission:
        EVERYBODY_MAY.authorize(Actor(id=OPERATOR), permission, "anything")
