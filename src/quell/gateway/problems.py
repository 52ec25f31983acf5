"""
What went wrong, as HTTP says it: RFC 9457 problems. Statuses live here alone.

`reason` is the metric label of the error; a client may rely on it, and on nothing in `detail`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from quell import errors
from quell.application.faults import say_faults
from quell.gateway.body import SlowBody

logger = structlog.get_logger()

PROBLEM_JSON = "application/problem+json"
RETRY_STORAGE_S = 5

_STATUSES: Mapping[type[errors.QuellError], tuple[int, str]] = {
    errors.Malformed: (400, "The request cannot be read"),
    errors.Unauthenticated: (401, "The request proves no caller"),
    errors.Forbidden: (403, "Not allowed"),
    errors.NotFound: (404, "Not found"),
    errors.KeyReused: (422, "The key stands for another request"),
    SlowBody: (408, "The body did not arrive in time"),
    errors.TooLarge: (413, "The request is too large"),
    errors.Overloaded: (429, "Too many requests"),
    errors.InputError: (400, "The request cannot be taken"),
    errors.Conflict: (409, "It no longer fits"),
    errors.TimedOut: (504, "Another system did not answer in time"),
    errors.UpstreamError: (502, "Another system failed"),
    errors.ActionFailed: (502, "The change did not complete"),
    errors.StorageError: (503, "Nothing can be stored now"),
}
_TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "The request proves no caller",
    403: "Not allowed",
    404: "Not found",
    409: "It no longer fits",
    413: "The request is too large",
    422: "The request does not say what is needed",
    502: "The lab failed",
    503: "Not now",
    504: "The lab did not answer in time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    """The path that was asked for."""
    reason: str
    """A word that stays the same for the same kind of problem."""


class NotReady(errors.QuellError):
    """This process cannot do its work now."""

    reason, retryable = "not_ready", True


def problem(status: int, *, reason: str, detail: str, instance: str, title: str = "") -> Problem:
    """Return a problem with the title that goes with its status."""
    return Problem(
        type=f"urn:quell:problem:{reason}",
        title=title or _TITLES.get(status) or HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        reason=reason,
    )


def answer(what: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    return Response(msgspec.json.encode(what), what.status, headers=headers, media_type=PROBLEM_JSON)


def problem_of(error: errors.QuellError, instance: str) -> Problem:
    """Return one of our errors as a problem."""
    status, title = next(
        (_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), (500, "Something went wrong here")
    )
    if isinstance(error, NotReady):
        status, title = 503, "Not ready"
    return problem(status, reason=error.reason, detail=str(error), instance=instance, title=title)


def install(app: FastAPI) -> None:
    """Make an application answer every error as a problem, and say so in its OpenAPI."""
    app.add_exception_handler(errors.QuellError, _on_quell_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)
    _describe(app)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI's `responses` needs to say that a route can answer with these problems."""
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _TITLES[status], "content": content} for status in statuses}


async def _on_quell_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.QuellError)
    said = problem_of(error, request.url.path)
    headers = {}
    if isinstance(error, errors.Overloaded):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    elif said.status == 503:
        headers["Retry-After"] = str(RETRY_STORAGE_S)
    elif said.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if said.status >= 500:
        logger.warning("request_failed", path=request.url.path, reason=error.reason, error=str(error))
    return answer(said, headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    unreadable = any(fault["type"] == "json_invalid" for fault in faults)
    status, reason = (400, "malformed") if unreadable else (422, "invalid")
    return answer(problem(status, reason=reason, detail=say_faults(faults), instance=request.url.path))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    reason = {404: "not_found", 405: "method"}.get(status, phrase.lower().replace(" ", "_"))
    detail = "there is nothing under this path" if status == 404 else str(error.detail)
    said = problem(status, reason=reason, detail=detail, instance=request.url.path)
    headers = {**(error.headers or {}), **({"Allow": _allowed(request)} if status == 405 else {})}
    return answer(said, headers)


def _allowed(request: Request) -> str:
    """Return the methods of every route of this path; Starlette names those of the first."""
    routes = (route for route in request.app.router.routes if isinstance(route, Route))
    fitting = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


async def _on_bug(request: Request, error: Exception) -> Response:
    """Answer without details: the error itself is raised on to the server, which logs it."""
    said = problem(500, reason="internal", detail="a mistake in Quell; its log says where", instance=request.url.path)
    return answer(said)


def _without_tuples(schema: Any) -> None:
    """
    Describe a tuple whose parts are alike as an array of so many of them.

    `prefixItems` is JSON Schema 2020-12: tools of before want `items`, and call an array without it invalid.
    """
    if isinstance(schema, dict):
        parts = schema.get("prefixItems")
        if parts and "items" not in schema and all(part == parts[0] for part in parts):
            schema["items"] = schema.pop("prefixItems")[0]
    for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _without_tuples(one)


def _describe(app: FastAPI) -> None:
    plain = app.openapi

    def with_problem() -> dict[str, Any]:
        schema = plain()
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in components:
            components["Problem"] = TypeAdapter(Problem).json_schema()
            _without_tuples(components)
        return schema

    app.openapi = with_problem  # type: ignore[method-assign]  # FastAPI's documented way to extend it
