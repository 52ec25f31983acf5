"""A whole REST side over a real log: read models that follow it, commands that append to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from quell.application.application import Application
from quell.application.authorization import EVERYBODY_MAY, Authorizer
from quell.eventlog.log import EventLog, Write
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.sqlite import SqliteEventLog
from quell.evidence.source import EvidenceSource
from quell.gateway.health import Health, Probe
from quell.gateway.metrics import Metrics
from quell.gateway.outcomes import OutcomeDesk
from quell.gateway.rest import About, Lab, create_app, create_rest
from quell.incident.events import Event, incident_stream
from quell.outcomes.ledger import KEPT

DEADLINE_S = 5.0


class Clock:
    """The real time, moved forward by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Site:
    """A log with everything that reads it over REST."""

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        *,
        lab: Lab | None = None,
        sources: Sequence[EvidenceSource] = (),
        probes: Sequence[Probe] = (),
        kept: int = KEPT,
        authorizer: Authorizer = EVERYBODY_MAY,
    ) -> None:
        self.log, self.clock = log, clock
        self.models = ReadModels()
        self.desk = OutcomeDesk(log, clock=clock, kept=kept)
        self.application = Application(log, clock=clock, authorizer=authorizer)
        self.commands = self.application.commands
        self.health = Health(self.models, log, clock=clock, sources=sources, probes=probes)
        router = create_rest(
            models=self.models,
            log=log,
            application=self.application,
            health=self.health,
            metrics=Metrics(self.models, log),
            about=About(version="0.1.0", started_at=clock(), environment="live"),
            clock=clock,
            lab=lab,
            outcomes=self.desk,
        )
        self.app = create_app(router, version="0.1.0")
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1", timeout=DEADLINE_S
        )

    async def follow(self) -> None:
        """Keep the read models up to date, for ever."""
        async for batch in self.log.subscribe(after=self.models.position):
            for recorded in batch:
                self.desk.take(recorded)
            self.models.apply_all(batch)

    async def settled(self) -> None:
        """Wait until the read models have taken in everything."""
        async with asyncio.timeout(DEADLINE_S):
            while self.models.position < self.log.head:
                await asyncio.sleep(0.001)

    async def record(self, incident_id: str, *events: Event) -> None:
        await self.log.append([Write(stream=incident_stream(incident_id), events=events)])
        await self.settled()

    async def tell(self, stream: str, *events: Event) -> None:
        await self.log.append([Write(stream=stream, events=events)])
        await self.settled()

    async def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a path that must answer 200."""
        await self.settled()
        response = await self.client.get(path if path.startswith("/") else f"/api/v1/{path}", params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def put(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.put(f"/api/v1/{path}", json=body, headers=named)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(f"/api/v1/{path}", json=body, headers=named)


@contextlib.asynccontextmanager
async def open_site(folder: Path, **parts: Any) -> AsyncIterator[Site]:
    """Yield a site over a SQLite log in a folder."""
    clock = Clock()
    log = await SqliteEventLog.open(folder / "log.db", clock=clock)
    site = Site(log, clock, **parts)
    following = asyncio.create_task(site.follow())
    try:
        yield site
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await site.client.aclose()
        await log.close()
