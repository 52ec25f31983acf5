"""
A shop of three services that exist only as their telemetry and a supervisor, with a Quell inside the test's process.

Its past is written before Quell opens, one made-up second after the other, so that no test waits for it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from quell.app.quell import WINDOW_FILE, Quell
from quell.evidence import keepsake
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.settings import Actions, Policy, Response, Rule, Settings, Supervisor
from quell.settings.telemetry import Evidence, Target
from tests.actions.control_api import TOKEN, ControlApi
from tests.evidence.endpoint import Behaviour, Endpoint, says
from tests.evidence.shop import Service

PAST_S, BROKEN_S = 90, 14
BAD, GOOD = "1.5.0", "1.4.1"
Seen = dict[str, Any]


class SmallShop:
    """edge calls payment and catalog; payment's release 1.5.0 fails two requests of five."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.control = ControlApi()
        self.services = {
            "edge": Service("edge", peer="payment"),
            "payment": Service("payment", version=BAD),
            "catalog": Service("catalog"),
        }
        self.endpoints: dict[str, Endpoint] = {}
        self.how: dict[str, Behaviour] = {}
        """How a service's metrics are served instead of as they should be."""
        self.failing_after_roll_back = 0.0
        self.log_skew_s = 0.0
        self.past_s = PAST_S
        self.edge_starts_over = False
        self._broken = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Quell]:
        """Have the shop with a past, broken for a while, and a Quell that has just started."""
        async with self.control.serving():
            try:
                for name in self.services:
                    self.endpoints[name] = await Endpoint().start()
                    self.endpoints[name].behaviour = self._serve(name)
                await self._past()
                quell = await Quell.open(self._settings())
                try:
                    yield quell
                finally:
                    await quell.close()
            finally:
                for endpoint in self.endpoints.values():
                    await endpoint.stop()

    def _serve(self, name: str) -> Behaviour:
        async def behave(writer: asyncio.StreamWriter) -> None:
            self._second(name)
            await self.how.get(name, says(self.services[name].text()))(writer)

        return behave

    def _second(self, name: str) -> None:
        """Let a second's requests come in."""
        service = self.services[name]
        if name == "edge" and self.edge_starts_over and len(service.took) > 100:
            service.restart()
        wrong = 0 if name == "catalog" else round(20 * self._share())
        service.serve(20 - wrong)
        service.serve(wrong, code="500")
        service.call(20 - wrong)
        service.call(wrong, code="500")

    def _share(self) -> float:
        if not self._broken:
            return 0.0
        return 0.4 if self.control.services["payment"]["version"] == BAD else self.failing_after_roll_back

    async def _past(self) -> None:
        """Write what Quell would have scraped, read and been told before."""
        now = time.time()
        at = now - self.past_s
        targets = [ScrapeTarget(service=name, url=one.url) for name, one in self.endpoints.items()]
        async with httpx.AsyncClient() as client:
            scrape = ScrapeSource(targets, client, clock=lambda: at)
            while at < now:
                self._broken = at >= now - BROKEN_S
                await scrape.scrape_once()
                at += 1.0
            data = self.folder / "data"
            data.mkdir()
            keepsake.write(data / WINDOW_FILE, scrape.keep(seconds=2 * self.past_s))
        self._write_files(now)

    def _write_files(self, now: float) -> None:
        deploy = {"service": "payment", "kind": "deploy", "what": "release", "before": GOOD, "after": BAD, "by": "ci"}
        self.changes.write_text(json.dumps({"at": iso(now - BROKEN_S - 1), **deploy}) + "\n")
        lines = []
        for back in range(self.past_s, 0, -1):
            at = iso(now - back + self.log_skew_s)
            lines.append({"ts": at, "level": "info", "service": "payment", "msg": f"paid order {back}"})
            if back <= BROKEN_S:
                message = f"KeyError: 'currency' in price_of, order {back}"
                lines.append({"ts": at, "level": "error", "service": "payment", "msg": message})
        self.log.write_text("".join(json.dumps(line) + "\n" for line in lines))

    @property
    def changes(self) -> Path:
        return self.folder / "changes.jsonl"

    @property
    def log(self) -> Path:
        return self.folder / "payment.log"

    def _settings(self) -> Settings:
        return Settings(
            data_dir=self.folder / "data",
            evidence=Evidence(
                targets=tuple(Target(service=name, url=one.url) for name, one in self.endpoints.items()),
                logs=(self.log,),
                changes=self.changes,
                edges=(("edge", "payment"), ("edge", "catalog")),
            ),
            response=Response(verify_within_s=8.0, steady_readings=3),
            policy=Policy(rules=(Rule(autonomy="auto"),)),
            actions=Actions(supervisor=Supervisor(url=self.control.base_url, token=TOKEN)),
        )


class Caller:
    """Asks a Quell in this process as tools and people do."""

    def __init__(self, quell: Quell) -> None:
        self.quell = quell
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=quell.door.asgi), base_url="http://127.0.0.1")

    async def get(self, path: str) -> Any:
        return (await self.http.get(path)).raise_for_status().json()

    async def alert(self, *alerts: Seen) -> Seen:
        answer: Seen = (await self.http.post("/ingest/alerts", json={"alerts": alerts})).raise_for_status().json()
        return answer

    async def payment_fails(self, *, since_s: float = 8.0) -> None:
        """Say what the shop's monitoring would."""
        since = iso(time.time() - since_s)
        await self.alert(
            {"name": "HighErrorRate", "service": "payment", "severity": "critical", "starts_at": since},
        )

    async def ended(self, *, within_s: float) -> Seen:
        """Wait until the response to the first incident has ended; return all that is known of the incident."""
        async with asyncio.timeout(within_s):
            while True:
                detail: Seen = await self.get("/api/v1/incidents/INC-1")
                assert not self.quell.failed.done(), self.quell.failed
                if detail["summary"]["outcome"]:
                    return detail
                await asyncio.sleep(0.05)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
