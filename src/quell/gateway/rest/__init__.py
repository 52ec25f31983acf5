"""
REST under /api/v1, and what those who run Quell ask beside it.

Reads come from the read models, writes go to the log as commands; every answer is JSON, every error a problem.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, FastAPI

from quell.application.application import Application
from quell.eventlog.log import EventLog
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.sources import TopologyView
from quell.gateway import problems
from quell.gateway.health import Health
from quell.gateway.metrics import Metrics
from quell.gateway.outcomes import OutcomeDesk
from quell.gateway.rest.alerts import AlertRoutes
from quell.gateway.rest.assumptions import AssumptionRoutes
from quell.gateway.rest.autonomy import AutonomyRoutes
from quell.gateway.rest.changes import ChangeRoutes
from quell.gateway.rest.imports import ImportRoutes
from quell.gateway.rest.incidents import IncidentRoutes, load_detail
from quell.gateway.rest.lab import Drill, Lab, LabRoutes
from quell.gateway.rest.operations import OperationRoutes
from quell.gateway.rest.outcomes import OutcomeRoutes
from quell.gateway.rest.preventions import PreventionRoutes
from quell.gateway.rest.runbooks import RunbookRoutes
from quell.gateway.rest.silences import SilenceRoutes
from quell.gateway.rest.system import About, SystemRoutes
from quell.gateway.rest.wire import BoundedRoute

__all__ = ["PREFIX", "About", "Drill", "Lab", "create_app", "create_rest", "load_detail"]

PREFIX = "/api/v1"


def create_rest(
    *,
    models: ReadModels,
    log: EventLog,
    application: Application,
    health: Health,
    metrics: Metrics,
    about: About,
    clock: Callable[[], datetime],
    lab: Lab | None = None,
    topology: Callable[[], TopologyView] | None = None,
    outcomes: OutcomeDesk | None = None,
    runbooks: RunbookRoutes | None = None,
) -> APIRouter:
    """
    Return every route, for `create_app` or any FastAPI application that `problems.install` was called on.

    Args:
        lab: None when no lab runs beside this server.
        topology: who calls whom now; without it, the newest that evidence held.
        runbooks: what can be chosen here; None for nothing.
    """
    changes = application.changes
    api = APIRouter(prefix=PREFIX, route_class=BoundedRoute, tags=["api"])
    IncidentRoutes(models, log).add_to(api)
    ChangeRoutes(application.commands).add_to(api)
    AlertRoutes(models, clock=clock).add_to(api)
    SilenceRoutes(models, log, changes, clock=clock).add_to(api)
    PreventionRoutes(models).add_to(api)
    AutonomyRoutes(models, changes, clock=clock).add_to(api)
    (runbooks or RunbookRoutes((), dict)).add_to(api)
    SystemRoutes(models, log, about=about, topology=topology, clock=clock).add_to(api)
    LabRoutes(lab, changes).add_to(api)
    desk = outcomes or OutcomeDesk(log, clock=clock)
    OutcomeRoutes(desk).add_to(api)
    AssumptionRoutes(desk, changes, clock=clock).add_to(api)
    ImportRoutes(desk, changes, clock=clock).add_to(api)
    operations = APIRouter(route_class=BoundedRoute, tags=["operations"])
    OperationRoutes(health, metrics).add_to(operations)
    router = APIRouter()
    router.routes.extend((*api.routes, *operations.routes))
    return router


def create_app(router: APIRouter, *, version: str) -> FastAPI:
    """Return an application with these routes, its OpenAPI at /api/v1/openapi.json, and errors as problems."""
    app = FastAPI(title="Quell", version=version, openapi_url=f"{PREFIX}/openapi.json", docs_url=None, redoc_url=None)
    problems.install(app)
    # Not `include_router`: it builds every route a second time, which takes longer than all else at a start.
    app.router.routes.extend(router.routes)
    return app
