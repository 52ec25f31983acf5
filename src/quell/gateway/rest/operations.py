"""What those who run Quell ask: alive, ready, healthy, and the metrics."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from quell.gateway.health import Health, HealthReport, Overall
from quell.gateway.metrics import CONTENT_TYPE, Metrics
from quell.gateway.problems import NotReady, documented
from quell.gateway.rest.wire import reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The process answers."""

    state: str


class OperationRoutes:
    """Routes outside /api."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health, self._metrics = health, metrics

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add = router.add_api_route
        add("/healthz", self.alive, name="get_alive", response_model=Alive)
        add("/readyz", self.ready, name="get_ready", response_model=Alive, responses=documented(503))
        add("/dashboard/health", self.overall, name="get_health", response_model=Overall)
        add("/dashboard/health/detailed", self.detailed, name="get_health_report", response_model=HealthReport)
        add("/metrics", self.metrics, name="get_metrics", response_class=Response, include_in_schema=False)

    async def alive(self) -> Response:
        """Answer: the process is alive, whatever its state."""
        return reply(Alive(state="alive"))

    async def ready(self) -> Response:
        """Answer 200 when the log can be written and the read models are up to date; else 503 with the reasons."""
        reasons = await self._health.unready()
        if reasons:
            raise NotReady("; ".join(reasons))
        return reply(Alive(state="ready"))

    async def overall(self) -> Response:
        """Say in one sentence how Quell is."""
        report = await self._health.report()
        return reply(Overall(state=report.state, says=report.says))

    async def detailed(self) -> Response:
        """Say how each part of Quell is, what was measured, and since when."""
        return reply(await self._health.report())

    async def metrics(self) -> Response:
        """Return metrics in Prometheus' text format."""
        return Response(self._metrics.render(), media_type=CONTENT_TYPE)
