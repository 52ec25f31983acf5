"""The OpenAPI of everything Quell answers over HTTP, the routes for alerts and telemetry included."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from fastapi import FastAPI

from quell import __version__
from quell.application.application import Application
from quell.eventlog.log import EventLog
from quell.eventlog.projections.models import ReadModels
from quell.evidence.otlp.signal import Encoding, Signal
from quell.gateway.health import Health
from quell.gateway.metrics import Metrics
from quell.gateway.otlp_http import PATHS
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

PUSH_REFUSALS = {
    400: "The body cannot be read; it is of no use to send it again",
    401: "The bearer token of `evidence.otlp.token` is missing",
    405: "Telemetry is sent with POST",
    408: "The body did not arrive in time",
    413: "The body is too large, as sent or unpacked",
    415: "The body is neither protobuf nor JSON, or packed with something else than gzip",
    429: "Too many requests; come back after `Retry-After`",
    503: "Too many requests are under way; come back after `Retry-After`",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI that a running Quell serves, without opening a log: its routes are read and never called."""
    nothing = cast(EventLog, None)
    models = ReadModels()
    router = create_rest(
        models=models,
        log=nothing,
        application=Application(nothing, clock=_never),
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
    """Add the routes for alerts and telemetry to an application's OpenAPI: FastAPI does not know bare ASGI."""
    plain = app.openapi

    def with_ingest() -> dict[str, Any]:
        schema = plain()
        schema["paths"].setdefault(INGEST_PATH, {"post": _operation()})
        for signal, path in PATHS.items():
            schema["paths"].setdefault(path, {"post": _push(signal)})
        schema["components"]["schemas"] |= {"AlertsBody": _ALERTS, "SimpleAlert": _ALERT, "Taken": _TAKEN}
        schema["components"]["schemas"] |= {"RpcStatus": _STATUS}
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


def _push(signal: Signal) -> dict[str, Any]:
    """Describe one path of OTLP/HTTP; the messages themselves are OpenTelemetry's to describe."""
    what, message = {
        Signal.SPANS: ("spans", "ExportTraceService"),
        Signal.LINES: ("log records", "ExportLogsService"),
    }[signal]

    def content(schema: dict[str, Any]) -> dict[str, Any]:
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {Encoding.PROTOBUF.value: binary, Encoding.JSON.value: {"schema": schema}}

    refused = content({"$ref": "#/components/schemas/RpcStatus"})
    return {
        "tags": ["ingest"],
        "summary": f"Take {what}",
        "description": f"OTLP/HTTP 1.x: takes {what} from OpenTelemetry exporters; answers in the type of the body.",
        "operationId": f"take_{what.replace(' ', '_')}",
        "requestBody": {
            "required": True,
            "description": f"{message}Request; it may be packed with gzip.",
            "content": content({"type": "object"}),
        },
        "responses": {
            "200": {
                "description": f"{message}Response; `partialSuccess` says how many were rejected, and why",
                "content": content({"type": "object"}),
            }
        }
        | {str(status): {"description": says, "content": refused} for status, says in PUSH_REFUSALS.items()},
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
_STATUS: dict[str, Any] = {
    "title": "RpcStatus",
    "type": "object",
    "description": "google.rpc.Status: why a request of telemetry was not taken.",
    "required": ["code", "message"],
    "properties": {"code": {"type": "integer", "description": "A code of gRPC."}, "message": _text("For a person.")},
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
