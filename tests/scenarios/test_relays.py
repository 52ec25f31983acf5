"""Several processes on one port: who watches through any of them sees the same, and may come back to another."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.gateway.crowd import Member
from tests.gateway.live_server import until
from tests.scenarios.running import RunningQuell
from tests.scenarios.test_coming_back import come_back, quiet, tell

WATCHERS = 40


def relays_of(quell: RunningQuell) -> list[int]:
    """Return the pids of its relays."""
    assert quell.process is not None
    children = Path(f"/proc/{quell.process.pid}/task/{quell.process.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"quell.app.relay" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def listening(quell: RunningQuell) -> int:
    """Return how many processes listen on its port."""
    wanted = f"0100007F:{quell.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1] == wanted and row[3] == "0A" for row in rows)


@pytest.fixture
def shared(quell: RunningQuell, monkeypatch: pytest.MonkeyPatch) -> RunningQuell:
    """A Quell of two processes."""
    monkeypatch.setenv("QUELL_LIVE__PROCESSES", "2")
    quell.start()
    return quell


async def test_watchers_of_both_processes_see_the_same_and_come_back_when_one_is_killed(shared: RunningQuell) -> None:
    await until(lambda: listening(shared) == 2, "both listen")
    members = [Member(shared.port, ("events", "incidents")) for _ in range(WATCHERS)]
    await asyncio.gather(*map(come_back, members))
    await tell(shared, range(4))
    head = quiet(shared)
    await until(lambda: all(head(member) for member in members), "everyone has everything")
    [line] = [line for line in shared.metrics().splitlines() if line.startswith("quell_sockets ")]
    here = round(float(line.split()[1]))

    [relay] = relays_of(shared)
    os.kill(relay, signal.SIGKILL)
    await until(lambda: sum(member.transport is None for member in members) == WATCHERS - here, "they are cut off")
    await tell(shared, range(4, 6))
    async with asyncio.timeout(30):
        await asyncio.gather(*map(come_back, members))
    await until(lambda: all(head(member) for member in members), "everyone has everything again")
    await until(lambda: listening(shared) == 2, "a new one listens")

    assert 0 < here < WATCHERS
    assert [member.errors for member in members if member.errors] == []
    assert {member.known[name].snapshots for member in members for name in member.known} == {1}


async def test_commands_and_requests_work_through_every_process_and_sigterm_sends_everyone_away(
    shared: RunningQuell,
) -> None:
    await until(lambda: listening(shared) == 2, "both listen")
    members = [Member(shared.port, ("incidents",)) for _ in range(WATCHERS)]
    await asyncio.gather(*map(come_back, members))
    await tell(shared, range(1))
    for number, member in enumerate(members):
        args = {"text": f"from {number}"}
        member.say({"type": "command", "id": f"n{number}", "name": "note", "incident_id": "INC-1", "args": args})
        member.say({"type": "command", "id": f"x{number}", "name": "note", "incident_id": "INC-9", "args": args})
    await until(lambda: all(len(member.answers) == 2 for member in members), "each is answered")
    pages = [shared.get("/api/v1/incidents/INC-1")["summary"]["id"] for _ in range(20)]
    notes = [event["data"]["text"] for event in shared.events("INC-1") if event["type"] == "NoteAdded"]

    [relay] = relays_of(shared)
    took_s = await asyncio.to_thread(shared.terminate)
    await until(lambda: all(member.closed_with for member in members), "everyone is told")

    kinds = {tuple(sorted((one["type"], one.get("code", "")) for one in member.answers)) for member in members}
    assert kinds == {(("error", "not_found"), ("reply", ""))}
    assert sorted(notes) == sorted(f"from {number}" for number in range(WATCHERS))
    assert set(pages) == {"INC-1"}
    assert {member.closed_with for member in members} == {4001}
    assert took_s < 10
    assert not Path(f"/proc/{relay}").exists()
