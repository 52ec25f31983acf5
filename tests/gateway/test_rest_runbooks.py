"""Runbooks over REST: what is in use, and how it came out."""

from __future__ import annotations

import httpx
from fastapi import APIRouter, FastAPI

from quell.app.runbooks import shelf
from quell.gateway.rest.runbooks import Records, RunbookRoutes
from quell.incident.events import Cause, TrackRecord
from quell.settings import Settings

SHELF = shelf(Settings())


async def listed(records: Records) -> dict[str, dict[str, object]]:
    app, router = FastAPI(), APIRouter()
    RunbookRoutes(SHELF, lambda: records).add_to(router)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://quell") as client:
        answer = await client.get("/runbooks")
    assert answer.status_code == 200
    return {row["name"]: row for row in answer.json()["items"]}


async def test_every_runbook_says_what_it_is_for_and_what_it_does() -> None:
    rows = await listed({})

    assert list(rows) == [entry.runbook.name for entry in SHELF]
    row = rows["switch-from-slow-dependency"]
    assert (row["origin"], row["file"], row["enabled"]) == ("shipped", "switch-from-slow-dependency.toml", True)
    assert row["match"] == {"causes": ["slow_dependency"], "services": [], "kinds": [], "series": [], "labels": {}}
    assert row["steps"] == [{"action": "switch_flag", "params": {}, "subject": "dependency"}]
    assert row["record"] == []


async def test_the_record_of_a_runbook_is_that_of_its_action_against_its_causes_by_kind() -> None:
    rows = await listed(
        {
            ("restart", Cause.MEMORY_LEAK, "database"): TrackRecord(helped=1, tried=2),
            ("restart", Cause.MEMORY_LEAK, "stateless"): TrackRecord(helped=3, tried=3),
            ("restart", Cause.DISK_FULL, "stateless"): TrackRecord(helped=0, tried=9),
            ("roll_back", Cause.MEMORY_LEAK, "stateless"): TrackRecord(helped=0, tried=1),
        }
    )

    assert rows["restart-leaking-memory"]["record"] == [
        {"action": "restart", "cause": "memory_leak", "kind": "database", "helped": 1, "tried": 2},
        {"action": "restart", "cause": "memory_leak", "kind": "stateless", "helped": 3, "tried": 3},
    ]
