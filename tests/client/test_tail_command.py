"""`quell tail` in a process of its own, against a server that says what the test wants."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.cli.running import environment
from tests.client.scripted import Scripted, events, scripted, subscribed

WITHIN_S = 60.0


@dataclass
class Running:
    """The command and what it says."""

    process: asyncio.subprocess.Process

    async def out(self) -> str:
        """Return the next line on its output."""
        return await self._line(self.process.stdout)

    async def err(self) -> str:
        """Return the next line on stderr."""
        return await self._line(self.process.stderr)

    async def _line(self, stream: asyncio.StreamReader | None) -> str:
        assert stream is not None
        async with asyncio.timeout(WITHIN_S):
            return (await stream.readline()).decode().rstrip("\n")

    async def end(self) -> tuple[int, str, str]:
        """Press Ctrl-C; return the exit code and what was not read yet."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(WITHIN_S):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def tail(script: Scripted, *words: str, **env: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quell.cli", "tail", "--url", f"http://127.0.0.1:{script.port}", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**env),
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_each_item_is_one_json_object_on_a_line_and_ctrl_c_ends_it_in_silence() -> None:
    async with scripted() as script, tail(script, "--channel", "incidents", "-o", "json", QUELL_TOKEN="t") as running:
        visit = await script.visit()
        asked = await visit.hear()
        await visit.say(subscribed("incidents", 1), *events("incidents", 3, after=1, key="INC-1"))
        lines = [json.loads(await running.out()) for _ in range(2)]
        ended = await running.end()
        request = visit.connection.request

    assert request is not None
    assert (request.path, request.headers["Authorization"]) == ("/ws", "Bearer t")
    assert asked == {"type": "subscribe", "channel": "incidents"}
    assert lines == [
        {"channel": "incidents", "epoch": "e", "offset": 1, "data": {"items": []}, "missed": False},
        {
            "channel": "incidents",
            "epoch": "e",
            "offset": 3,
            "key": "INC-1",
            "kind": "k",
            "ts": "2026-01-02T03:04:05Z",
            "data": 3,
        },
    ]
    assert ended == (0, "", "")


async def test_a_person_is_told_of_a_lost_connection_and_when_it_has_caught_up() -> None:
    async with scripted() as script, tail(script) as running:
        visit = await script.visit()
        await visit.say(subscribed("events", 1))
        following = await running.out()
        await visit.close(4001, "the server is\nstopping")
        lost = await running.err()
        visit = await script.visit()
        await visit.hear()
        await visit.say(subscribed("events", 3, recovered=True, behind=2))
        back = await running.err()
        await visit.say(*events("events", 2))
        await visit.say(*events("events", 3))
        lines = [await running.out(), await running.out()]
        caught_up = await running.err()
        await visit.say({"type": "reset", "channel": "events"}, subscribed("events", 9))
        missed = await running.err()
        code, _, rest = await running.end()

    assert following == "events: 0 so far; following"
    assert lost.startswith("quell: the server is stopping; trying again in 0.")
    assert back == "quell: connected again, 2 events behind"
    assert lines == ["k  {}", "k  {}"]
    assert caught_up == "quell: caught up"
    assert missed == "quell: events were missed that history no longer holds"
    assert (code, rest) == (0, "")


async def test_a_refusal_is_one_line_and_exit_code_2() -> None:
    async with scripted() as script:
        script.refuse(401, "a wrong token")
        async with tail(script) as running:
            line = await running.err()
            ended = await running.process.wait()

    assert line == "quell: the server refused the connection (401): a wrong token"
    assert ended == 2
