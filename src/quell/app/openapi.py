"""The OpenAPI of everything Quell answers over HTTP, the route for alerts included."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from fastapi import FastAPI

from quell import __version__
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import EventLog
from quell.eventlog.projections.models import ReadModels
from quell.gateway.commands import Commands
from quell.gateway.health import Health
from quell.gateway.metrics import Metrics
from quell.gateway.problems import PROBLEM_JSON
from quell.gateway.rest import About, create_app, create_rest

INGEST_PATH = "/ingest/{source}"

REFUSALS = {
    400: "The body cannot be read",
    401: "The request proves no sender",
    404: "No such source",
    405: "Alerts are sent with POST",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body must be JSON",
    429: "Too many requests",
    503: "Nothing can be stored now",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI that a running Quell serves, without opening a log: its routes are read and never called."""
    nothing = cast(EventLog, None)
    models = ReadModels()
    router = create_rest(
        models=models,
        log=nothing,
        commands=Commands(nothing, Incidents(nothing), clock=_never),
        health=Health(models, nothing, clock=_never),
        metrics=Metrics(models, nothing),
        about=About(version=__version__, started_at=_never(), environment="live"),
        clock=_never,
    )
    app = create_app(router, version=__version__)
    describe_ingest(app)
    return app.openapi()


def _never() -> datetime:
    return datetime.min.replace(tzinfo=UTC)


def describe_ingest(app: FastAPI) -> None:
    """Add the route for alerts to an application's OpenAPI: FastAPI does not know it, it is bare ASGI."""
    plain = app.openapi

    def with_ingest() -> dict[str, Any]:
        schema = plain()
        schema["paths"].setdefault(INGEST_PATH, {"post": _operation()})
        schema["components"]["schemas"] |= {"AlertsBody": _ALERTS, "SimpleAlert": _ALERT, "Taken": _TAKEN}
        return schema

    app.openapi = with_ingest  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _operation() -> dict[str, Any]:
    problem = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    taken = {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}}
    return {
        "tags": ["ingest"],
        "summary": "Take alerts",
        "description": "Takes alerts from a configured source. 202 means that what follows from them is on disk.",
        "operationId": "take_alerts",
        "parameters": [
            {
                "name": "source",
                "in": "path",
                "required": True,
                "description": "Name of the source in the settings: `alertmanager`, `grafana`, `alerts`.",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {
            "required": True,
            "description": "What the source writes; docs/ingest.md shows each form.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AlertsBody"}}},
        },
        "responses": {"202": {"description": "Taken, and durable", "content": taken}}
        | {str(status): {"description": says, "content": problem} for status, says in REFUSALS.items()},
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_ALERTS: dict[str, Any] = {
    "title": "AlertsBody",
    "description": "One alert of Quell's own form, several in `alerts`, or the webhook of Alertmanager or Grafana.",
    "anyOf": [
        {"$ref": "#/components/schemas/SimpleAlert"},
        {
            "type": "object",
            "required": ["alerts"],
            "properties": {
                "alerts": {
                    "type": "array",
                    "items": {"anyOf": [{"$ref": "#/components/schemas/SimpleAlert"}, {"type": "object"}]},
                }
            },
        },
    ],
}
_ALERT: dict[str, Any] = {
    "title": "SimpleAlert",
    "type": "object",
    "description": "An alert in Quell's own form.",
    "required": ["name"],
    "properties": {
        "name": _text("What is wrong, in a word that stays the same."),
        "service": _text("The service it is about."),
        "severity": _text("`critical`, `error`, `warning`, `info`, or another tool's word for them."),
        "status": _text("`firing` or `resolved`."),
        "summary": _text("One line for a person."),
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "starts_at": {"type": "string", "format": "date-time"},
        "ends_at": {"type": "string", "format": "date-time"},
        "dedup_key": {**_text("What makes it the same alert."), "maxLength": 255},
        "link": _text("Where a person looks."),
    },
}
_STAGES = {
    "received": "The sum of the others.",
    "rejected": "Could not be read.",
    "silenced": "Kept out by a silence.",
    "duplicate": "Known already.",
    "grouped": "Joined an incident, waits below the threshold, or ended.",
    "opening": "Opened an incident.",
}
_TAKEN: dict[str, Any] = {
    "title": "Taken",
    "type": "object",
    "description": "What became of the alerts of one request.",
    "required": [*_STAGES, "incidents"],
    "properties": {name: {"type": "integer", "description": says} for name, says in _STAGES.items()}
    | {"incidents": {"type": "array", "items": {"type": "string"}, "description": "Incidents an alert was put into."}},
}
