"""
A thousand incidents open at once: the list page, an append, memory, and a start on the log they leave.

`make bench-scale` prints the table; `JSON=FILE` writes it as well. Alerts of unrelated services, one a request, open
the incidents of a whole `quell serve`; each starts a response, and once all have ended (nothing to look at, so a person
is asked for) the page and the append are measured on the idle server, a plain round trip to `/healthz` in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.result import Row, row, show, write
from benchmarks.server import Line, Running, serving
from benchmarks.startup import start_rows

AIM_MS = 50.0
LIST = "/api/v1/incidents?limit=50"
SENDERS = 8
PAGE = 1_000
LOOK_EVERY_S = 0.25
WAIT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The incidents of a run."""

    ids: list[str]
    took_s: float
    """From the first alert sent to the last accepted."""
    responded_s: float
    """From then until the last response had ended."""


async def open_incidents(port: int, incidents: int) -> Opened:
    """Send an alert for each incident and wait until nothing is under way."""
    lines = [await Line.open(port) for _ in range(SENDERS)]
    numbers = iter(range(incidents))
    ids: list[str] = []

    async def send(line: Line) -> None:
        for number in numbers:
            answer = await line.post("/ingest/alerts", alert(number))
            ids.extend(answer["incidents"])

    began = time.perf_counter()
    await asyncio.gather(*map(send, lines))
    taken = time.perf_counter()
    if len(set(ids)) != incidents:
        raise SystemExit(f"{incidents} alerts opened {len(set(ids))} incidents: they were to be unrelated")
    async with asyncio.timeout(WAIT_S):
        while not await idle(lines[0], incidents):
            await asyncio.sleep(LOOK_EVERY_S)
    ended = time.perf_counter()
    for line in lines:
        await line.close()
    return Opened(ids=ids, took_s=taken - began, responded_s=ended - taken)


def alert(number: int) -> dict[str, str]:
    """Return an alert that has nothing in common with the others."""
    name, service = f"Alert-{number:05}", f"service-{number:05}"
    return {"name": name, "service": service, "severity": "critical", "summary": f"{service} is slow"}


async def idle(line: Line, incidents: int) -> bool:
    """Whether no response is under way, and so many incidents are open with an ended one each."""
    components = (await line.get("/dashboard/health/detailed"))["components"]
    (measured,) = (one["measured"] for one in components if one["kind"] == "workflow")
    if measured["running"] or measured["waiting"]:
        return False
    return sum(one["outcome"] is not None for one in await open_rows(line)) == incidents


async def open_rows(line: Line) -> list[dict[str, Any]]:
    """Return every open incident's row."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await line.get(f"/api/v1/incidents?limit={PAGE}{cursor}")
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        cursor = f"&cursor={page['next_cursor']}"


async def requests(port: int, ids: list[str], times: int) -> list[Row]:
    """Measure the list page and an append on the server as it stands, a plain round trip in turn with them."""
    line = await Line.open(port)

    async def timed_ms(ask: Awaitable[Any]) -> float:
        began = time.perf_counter()
        await ask
        return 1e3 * (time.perf_counter() - began)

    floor_ms, list_ms, note_ms = [], [], []
    for number in range(times):
        path = f"/api/v1/incidents/{ids[number % len(ids)]}/notes"
        floor_ms.append(await timed_ms(line.get("/healthz")))
        list_ms.append(await timed_ms(line.get(LIST)))
        note_ms.append(await timed_ms(line.post(path, {"text": f"note {number}"})))
    await line.close()
    return [
        row(f"GET {LIST}", list_ms, under=AIM_MS),
        row("POST a note, answered when it is durable", note_ms, under=AIM_MS),
        row("floor: GET /healthz and its answer", floor_ms),
    ]


def measure(quell: Running, incidents: int, times: int) -> list[Row]:
    """Open the incidents and measure what a person and a host feel of them."""
    before_mb = quell.resident_mb
    opened = uvloop.run(open_incidents(quell.port, incidents))
    with_all_mb = quell.resident_mb
    measured = uvloop.run(requests(quell.port, opened.ids, times))
    return [
        *measured,
        row(f"memory of the server, {incidents:,} incidents open", [with_all_mb], unit="MB"),
        row("memory of the server before", [before_mb], unit="MB"),
        row(f"{incidents:,} alerts accepted, an incident each", [opened.took_s], unit="s"),
        row("then until every response had ended", [opened.responded_s], unit="s"),
    ]


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--incidents", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    parser.add_argument("--starts", type=int, default=5, help="of each kind")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quell-bench-") as folder:
        data = Path(folder)
        with serving(data) as quell:
            rows = measure(quell, asked.incidents, asked.requests)
        log_mb = (data / "log.db").stat().st_size / 1e6
        rows += start_rows(asked.starts, data, f"log of {asked.incidents:,} open incidents ({log_mb:.1f} MB)")
    show(rows)
    if asked.json:
        write(asked.json, rows, incidents=asked.incidents)


if __name__ == "__main__":
    main()
