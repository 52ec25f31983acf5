"""
What answers: REST, the live channel, pages, health and metrics, and what takes alerts and telemetry in.

It is built once the past is folded, since the channels begin with it.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime
from pathlib import Path

import structlog
from starlette.types import Scope

from quell import __version__
from quell.app import openfiles
from quell.app.core import Core
from quell.app.openapi import describe_ingest
from quell.app.parts import clock
from quell.application.application import Application
from quell.application.caller import Caller
from quell.errors import QuellError
from quell.eventlog.projections.sources import TopologyView, topology_view
from quell.eventlog.sqlite import SqliteEventLog
from quell.gateway.admission import Admission, AdmissionLimits
from quell.gateway.bounds import Bounds
from quell.gateway.broadcast import Broadcaster
from quell.gateway.front import FrontDoor
from quell.gateway.health import (
    Health,
    Probe,
    display_probe,
    queue_probe,
    sockets_probe,
    unknown_probe,
    workflow_probe,
)
from quell.gateway.ingest_http import IngestEndpoint, IngestFirst, IngestLimits
from quell.gateway.lines import Lines
from quell.gateway.live import Hub
from quell.gateway.metrics import Metrics
from quell.gateway.otlp_http import OtlpEndpoint, OtlpLimits, otlp_routes
from quell.gateway.pages import OrNoApi, Pages
from quell.gateway.principal import caller_of
from quell.gateway.rest import About, Lab, create_app, create_rest
from quell.gateway.rest.runbooks import RunbookRoutes
from quell.ingest.proof import BearerToken
from quell.settings import Settings

logger = structlog.get_logger()

DASHBOARD = Path(__file__).parents[1] / "dashboard"
QUEUED_EVENTS = 50_000
"""Events that may wait for the log's thread."""


class Door:
    """The objects between a process and those who ask it."""

    def __init__(self, core: Core, log: SqliteEventLog, *, started_at: datetime, lab: Lab | None) -> None:
        """
        Build all of them; `core` has folded the past.

        Args:
            lab: the lab that runs beside, for the button that starts a drill.
        """
        self._core, self._log, self._started_at = core, log, started_at
        settings = core.settings
        self.files = files_for(settings)
        # One address alone must not keep all others out.
        each = min(settings.http.waiting_per_address, max(1, self.files.http // 2))
        self.admission = Admission(AdmissionLimits(connections=self.files.http, waiting_per_address=each))
        bounds = Bounds(connections=self.files.live)
        self.hub = Hub(epoch=uuid.uuid4().hex, server=__version__, bounds=bounds, now=clock)
        self.health = Health(core.models, log, clock=clock, sources=core.sources, probes=self._probes())
        self.broadcaster = Broadcaster(self.hub, core.models, self.health, log_epoch=log.epoch, outcomes=core.outcomes)
        self.application = Application(log, clock=clock)
        self.asgi = self._front(lab)
        self.live = Lines(
            self.hub,
            commands=self.application.commands.run,
            admit=self._admit,
            authorizer=self.application.authorizer,
            packs=settings.live.compress,
        )

    def _probes(self) -> tuple[Probe, ...]:
        core = self._core
        return (
            queue_probe(lambda: self._log.events_waiting, bound=QUEUED_EVENTS),
            display_probe(core.faults),
            unknown_probe(core.models.unknown),
            workflow_probe(
                running=lambda: core.engine.running,
                waiting=lambda: core.queue.waiting + core.turns.waiting,
                at_once=core.settings.response.at_once,
                mended=lambda: core.out_of_step,
            ),
            sockets_probe(self.hub),
        )

    def _front(self, lab: Lab | None) -> FrontDoor:
        """Return everything that answers over HTTP and WebSocket, behind the front door."""
        core, settings, otlp = self._core, self._core.settings, self._otlp_endpoint()
        metrics = Metrics(
            core.models,
            self._log,
            hub=self.hub,
            queued=lambda: self._log.events_waiting,
            otlp=otlp,
            admission=self.admission,
        )
        environment = "lab" if settings.lab.enabled else "live"
        router = create_rest(
            models=core.models,
            log=self._log,
            application=self.application,
            health=self.health,
            metrics=metrics,
            about=About(version=__version__, started_at=self._started_at, environment=environment),
            clock=clock,
            lab=lab,
            topology=self._topology_view,
            outcomes=core.outcomes,
            runbooks=RunbookRoutes(core.shelf, core.history.all_records),
        )
        app = create_app(router, version=__version__)
        describe_ingest(app)
        app.router.routes.extend(otlp_routes(otlp) if otlp is not None else ())
        app.router.default = OrNoApi(Pages(DASHBOARD))
        return FrontDoor(
            IngestFirst(self._ingest_endpoint(), app),
            hosts=(*settings.allowed_hosts, settings.host),
            token=settings.access_token(),
        )

    def _ingest_endpoint(self) -> IngestEndpoint:
        settings = self._core.settings
        limits = IngestLimits(
            body_bytes=settings.ingest.body_bytes,
            body_s=settings.http.body_s,
            requests_per_s=settings.ingest.requests_per_s,
            burst=2 * settings.ingest.requests_per_s,
        )
        return IngestEndpoint(self._core.intake, limits=limits, clock=clock, monotonic=time.monotonic)

    def _otlp_endpoint(self) -> OtlpEndpoint | None:
        """Return what takes telemetry in, or None when nothing may be pushed."""
        if self._core.otlp is None:
            return None
        wanted = self._core.settings.evidence.otlp
        limits = OtlpLimits(
            body_bytes=wanted.body_bytes,
            body_s=self._core.settings.http.body_s,
            requests_per_s=wanted.requests_per_s,
            burst=2 * wanted.requests_per_s,
        )
        proof = BearerToken(wanted.token.get_secret_value()) if wanted.token is not None else None
        return OtlpEndpoint(self._core.otlp, limits=limits, proof=proof, record=self._note, monotonic=time.monotonic)

    async def _note(self, source: str, reason: str, detail: str, start: bytes, body_bytes: int) -> None:
        """Keep a body of telemetry that could not be read; its sender is answered all the same when that fails."""
        try:
            await self._core.intake.note(source, reason, detail, start, body_bytes)
        except QuellError as error:
            logger.warning("body_not_recorded", source=source, error=str(error))

    def _admit(self, scope: Scope) -> Caller:
        return caller_of(scope, self.asgi.check(scope))

    def _topology_view(self) -> TopologyView:
        return topology_view(tuple(sorted(self._core.topology.edges)), self._core.topology.as_of)


def files_for(settings: Settings) -> openfiles.Share:
    """Return how many connections the first process may hold, besides those of its relays."""
    inside = openfiles.RELAY_SOCKETS * (settings.live.processes - 1)
    return openfiles.share(live=settings.live.connections, http=settings.http.connections, inside=inside)
