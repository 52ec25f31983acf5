"""What goes in and out of an HTTP server: requests, responses, problems and routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from quell.errors import Malformed, NotFound

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, read completely."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    trace_id: str
    """From `x-trace-id`, or new."""

    @property
    def query(self) -> dict[str, str]:
        """The query's values; of a repeated name, the last."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """Return the body as an object (an empty body is an empty object); raise `Malformed` if it is not one."""
        if not self.body.strip():
            return {}
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise Malformed(f"the body is not a JSON object: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, ready to be written."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]
RouteHandler = Callable[[Request, Mapping[str, str]], Awaitable[Response]]


def answer(data: object, *, status: int = 200) -> Response:
    """Return `data` as a JSON response."""
    return Response(status=status, body=msgspec.json.encode(data))


def problem(status: int, detail: str, **more: object) -> Response:
    """Return an error as problem+json (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(status=status, body=msgspec.json.encode(body), content_type=PROBLEM_JSON)


class Router:
    """Finds the handler of a path: patterns are literal but for `{name}` segments."""

    def __init__(self, routes: Mapping[tuple[str, str], RouteHandler]) -> None:
        self._routes = [(method, pattern.split("/"), pattern, run) for (method, pattern), run in routes.items()]

    def find(self, method: str, path: str) -> tuple[RouteHandler, dict[str, str], str]:
        """Return (handler, values of the named segments, pattern); raise `NotFound`."""
        segments = path.split("/")
        for wanted, pattern, name, run in self._routes:
            values = _match(pattern, segments) if wanted == method else None
            if values is not None:
                return run, values, name
        raise NotFound(f"no route for {method} {path[:120]}")


def _match(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """Return the values of the named segments, or None if the path is another."""
    if len(pattern) != len(segments):
        return None
    values: dict[str, str] = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part.startswith("{"):
            values[part[1:-1]] = unquote(segment)
        elif part != segment:
            return None
    return values
