"""
Milliseconds from an alert to its incident on an open WebSocket, and from an agent's step to the same.

`make bench-latency` prints the table; `JSON=FILE` writes it as well. It runs against a whole `quell serve` and follows
what both pages follow: `incidents`, `agents` and `incident:{id}`. Alerts come one at a time, each once the response to
the one before has ended, and then again while agents work on others. The moment an agent's state changed is the time
of its event in the log. The floor is a round trip to `/healthz` over the same kind of connection, taken in turn with
the alerts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.result import Row, row, show, write
from benchmarks.server import Line, serving

ALERT_AIM_MS = 25.0
AGENT_AIM_MS = 10.0
WAIT_S = 60.0
WARM_UP = 10
EVERY_S = 0.1
"""Between two alerts that do not wait for the response to the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An alert that opened an incident."""

    incident_id: str
    sent_s: float
    accepted_s: float
    """When the 202 was there."""


@dataclass(slots=True)
class Page:
    """A client that follows what the pages follow and notes when each thing arrived; times are seconds since 1970."""

    connection: ClientConnection
    shown_s: dict[str, float] = field(default_factory=dict)
    """When an incident was first seen, by its id."""
    ended: set[str] = field(default_factory=set)
    """Incidents whose response has ended."""
    details: dict[tuple[str, str], float] = field(default_factory=dict)
    """When `incident:{id}` first told of a change of state, by incident and the time of its event."""
    agents: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """What `agents` said and when it came."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Follow until the connection closes; note the time first, then look at what came."""
        async for frame in self.connection:
            now_s = time.time()
            for message in json.loads(frame):
                if message["type"] == "event":
                    await self._take(message["channel"], message["data"], now_s)
                elif message["type"] == "ping":
                    await self.connection.send('{"type":"pong"}', text=True)
                elif message["type"] == "error":
                    raise RuntimeError(f"the server said {message}")
            self.changed.set()

    async def _take(self, channel: str, data: dict[str, Any], now_s: float) -> None:
        if channel == "agents":
            self.agents.append((now_s, data))
        elif channel == "incidents":
            await self._take_row(data, now_s)
        else:
            for phase in data["changes"].get("summary", {}).get("phases", ()):
                for at in (phase["started_at"], phase["ended_at"]):
                    if at is not None:
                        self.details.setdefault((data["changes"]["summary"]["id"], at), now_s)

    async def _take_row(self, summary: dict[str, Any], now_s: float) -> None:
        incident_id = summary["id"]
        if incident_id not in self.shown_s:
            self.shown_s[incident_id] = now_s
            await self.say("subscribe", f"incident:{incident_id}")
        if summary["outcome"] is not None and incident_id not in self.ended:
            self.ended.add(incident_id)
            await self.say("unsubscribe", f"incident:{incident_id}")

    async def say(self, what: str, channel: str) -> None:
        """Follow a channel, or no longer."""
        await self.connection.send(json.dumps({"type": what, "channel": channel}), text=True)

    async def until_ended(self, incident_id: str) -> None:
        """Wait until the response to an incident has ended and the page knows."""
        async with asyncio.timeout(WAIT_S):
            while incident_id not in self.ended:
                self.changed.clear()
                await self.changed.wait()


async def send(line: Line, name: str) -> Sent:
    """Send an alert that is like no other."""
    alert = {"name": f"Alert-{name}", "service": f"service-{name}", "severity": "critical", "summary": "it is slow"}
    began_s = time.time()
    answer = await line.post("/ingest/alerts", alert)
    accepted_s = time.time()
    (incident_id,) = answer["incidents"]
    return Sent(incident_id=incident_id, sent_s=began_s, accepted_s=accepted_s)


async def one_at_a_time(line: Line, page: Page, alerts: int) -> tuple[list[Sent], list[float]]:
    """Send alerts, each when nothing else goes on, a plain round trip before each; return both."""
    sent, floor_ms = [], []
    for number in range(alerts):
        began = time.perf_counter()
        await line.get("/healthz")
        floor_ms.append(1e3 * (time.perf_counter() - began))
        sent.append(await send(line, f"calm-{number}"))
        await page.until_ended(sent[-1].incident_id)
    return sent, floor_ms


async def in_a_row(line: Line, page: Page, alerts: int) -> list[Sent]:
    """Send alerts at a steady pace while responses to the ones before go on."""
    sent = []
    began = time.perf_counter()
    for number in range(alerts):
        await asyncio.sleep(began + number * EVERY_S - time.perf_counter())
        sent.append(await send(line, f"busy-{number}"))
    for one in sent:
        await page.until_ended(one.incident_id)
    return sent


async def phases(line: Line, sent: list[Sent]) -> list[tuple[str, dict[str, Any]]]:
    """Return the changes of an agent's state from the log, with the incident of each."""
    found = []
    for one in sent:
        events = (await line.get(f"/api/v1/incidents/{one.incident_id}/events?limit=1000"))["items"]
        found += [(one.incident_id, event) for event in events if event["type"] in ("PhaseStarted", "PhaseEnded")]
    return found


def moment_s(at: str) -> float:
    """Return seconds since 1970 of a time as the API writes it."""
    return datetime.fromisoformat(at).timestamp()


def on_details(page: Page, changes: list[tuple[str, dict[str, Any]]]) -> list[float]:
    """Return how late `incident:{id}` was, ms, for each change after the page had followed it."""
    arrived = ((event["at"], page.details.get((incident_id, event["at"]))) for incident_id, event in changes)
    return [1e3 * (now_s - moment_s(at)) for at, now_s in arrived if now_s is not None]


def on_agents(page: Page, changes: list[tuple[str, dict[str, Any]]]) -> Iterator[float]:
    """Yield how late `agents` was, ms: the first word after the change that shows it."""
    index = 0
    for incident_id, event in sorted(changes, key=lambda change: change[1]["position"]):
        at_s, agent = moment_s(event["at"]), event["data"]["agent"]
        while index < len(page.agents) and page.agents[index][0] < at_s:
            index += 1
        for now_s, health in page.agents[index:]:
            started = event["type"] == "PhaseStarted"
            there = incident_id in health["running"] if started else health["last_ended_at"] == event["at"]
            if health["agent"] == agent and there:
                yield 1e3 * (now_s - at_s)
                break


def rows_of(page: Page, calm: list[Sent], busy: list[Sent], floor_ms: list[float], changes: list[Any]) -> list[Row]:
    """Return what the run came to."""

    def shown(sent: list[Sent], since: str) -> list[float]:
        return [1e3 * (page.shown_s[one.incident_id] - getattr(one, since)) for one in sent]

    pace = f"{1 / EVERY_S:g} alerts/s"
    return [
        row("alert sent > incident on the page", shown(calm, "sent_s"), under=ALERT_AIM_MS),
        row("alert accepted > incident on the page", shown(calm, "accepted_s"), under=ALERT_AIM_MS),
        row(f"alert sent > incident, {pace}, agents at work", shown(busy, "sent_s"), under=ALERT_AIM_MS),
        row("agent's state > incident's page", on_details(page, changes), under=AGENT_AIM_MS),
        row("agent's state > agents' panel", list(on_agents(page, changes)), under=AGENT_AIM_MS),
        row("floor: GET /healthz and its answer", floor_ms),
    ]


async def measure(port: int, alerts: int) -> list[Row]:
    """Send everything and return the rows."""
    line = await Line.open(port)
    async with connect(f"ws://127.0.0.1:{port}/ws", compression=None, ping_interval=None, max_size=None) as connection:
        page = Page(connection)
        for channel in ("incidents", "agents"):
            await page.say("subscribe", channel)
        reading = asyncio.create_task(page.read())
        for number in range(WARM_UP):
            await page.until_ended((await send(line, f"warm-{number}")).incident_id)
        calm, floor_ms = await one_at_a_time(line, page, alerts)
        busy = await in_a_row(line, page, alerts)
        changes = await phases(line, calm)
    await reading
    await line.close()
    return rows_of(page, calm, busy, floor_ms, changes)


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--alerts", type=int, default=300, help="of each kind")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quell-bench-") as data, serving(Path(data)) as quell:
        rows = uvloop.run(measure(quell.port, asked.alerts))
    show(rows)
    if asked.json:
        write(asked.json, rows, alerts=asked.alerts)


if __name__ == "__main__":
    main()
