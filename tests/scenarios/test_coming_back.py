"""A Quell that ends, by a signal or by a kill, and a new one on the same data: who watched goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from tests.gateway.crowd import Member
from tests.gateway.live_server import until
from tests.scenarios.running import RunningQuell

WATCHERS = 40


async def tell(quell: RunningQuell, numbers: range) -> None:
    """Send alerts that open incidents, so that there is something to miss."""
    async with httpx.AsyncClient(base_url=quell.url) as http:
        for number in numbers:
            alert = {"name": f"Broken{number}", "service": f"service-{number}", "severity": "critical"}
            (await http.post("/ingest/alerts", json={"alerts": [alert]})).raise_for_status()


async def come_back(member: Member) -> None:
    """Try until it is in again."""
    while not member.settled:
        if member.transport is None:
            try:
                await member.connect()
            except OSError:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.01)


async def end(quell: RunningQuell, how: str) -> None:
    await asyncio.to_thread(quell.kill if how == "kill" else quell.terminate)


@pytest.mark.parametrize("how", ["SIGTERM", "kill"])
async def test_everyone_resumes_on_the_new_process_with_nothing_missing_or_doubled(
    quell: RunningQuell, how: str
) -> None:
    await asyncio.to_thread(quell.start)
    members = [Member(quell.port, ("events", "incidents")) for _ in range(WATCHERS)]
    await asyncio.gather(*map(come_back, members))
    await tell(quell, range(5))
    telling = asyncio.create_task(tell(quell, range(5, 8)))
    await end(quell, how)
    await asyncio.gather(telling, return_exceptions=True)
    ended_with = {member.closed_with for member in members}

    await asyncio.to_thread(quell.start)
    await tell(quell, range(8, 10))
    async with asyncio.timeout(60):
        await asyncio.gather(*map(come_back, members))
    head = quiet(quell)
    await until(lambda: all(head(member) for member in members), "everyone has the last event")

    assert [member.errors for member in members if member.errors] == []
    assert {member.known[name].snapshots for member in members for name in member.known} == {1}
    positions = [[entry["position"] for entry in member.known["events"].told] for member in members]
    assert all(told == positions[0] for told in positions)
    rows = {row["id"]: row for row in quell.get("/api/v1/incidents", state="all", limit=100)["items"]}
    assert all(member.known["incidents"].items == rows for member in members)
    assert ended_with == ({4001} if how == "SIGTERM" else {None})


def quiet(quell: RunningQuell) -> Callable[[Member], bool]:
    """Return whether a member has what the log of incidents ends with, once nothing more is written to it."""

    def check(member: Member) -> bool:
        rows = quell.get("/api/v1/incidents", state="all", limit=100)["items"]
        done = all(not row["responding"] for row in rows)
        return done and member.known["incidents"].items == {row["id"]: row for row in rows}

    return check
