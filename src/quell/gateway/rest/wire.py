"""How every route answers and how much it reads: JSON by msgspec, pages, bounded bodies."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from quell.application.caller import Caller, Principal
from quell.errors import TooLarge
from quell.gateway.body import Gone, Oversize, read_body
from quell.gateway.principal import PRINCIPAL

MAX_BODY_BYTES = 64 * 1024
LARGEST = 2**53 - 1
"""The largest number that every JSON reader keeps exactly."""

Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=1000, description="Most rows to return.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before; without it, the first page.")
]
After = Annotated[int, Query(ge=0, le=LARGEST, description="Only what comes after this; `next_cursor` says it.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Names this request: sent again with the same key, it changes nothing and answers as things stand; "
        "another request with the same key is refused (422).",
    ),
]
User = Annotated[
    str | None,
    Header(
        alias="X-Quell-User",
        max_length=200,
        description="A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves.",
    ),
]

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Rows, and how to get the next ones."""

    items: Sequence[Row]
    next_cursor: str | None
    """None when there are no more."""


def _caller(request: Request, user: User = None) -> Caller:
    """Return who the front door let in, and the name they give themselves."""
    return Caller(principal=request.scope.get(PRINCIPAL) or Principal(), typed_name=user or "")


Who = Annotated[Caller, Depends(_caller)]


def reply(value: object, status: int = 200) -> Response:
    """Return a value as JSON; times as ISO-8601 in UTC, what is not a number as null."""
    return Response(_encode(value), status, media_type="application/json")


class BoundedRoute(APIRoute):
    """A route that reads no more than 64 KiB of body, or than its kind says."""

    most_bytes = MAX_BODY_BYTES

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the bound."""
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            if request.method in ("GET", "HEAD"):
                return await handle(request)
            try:
                body = await read_body(request.headers, request.receive, most=self.most_bytes)
            except Oversize as over:
                raise TooLarge(str(over)) from over
            except Gone:
                return Response(status_code=499)  # nobody reads it
            return await handle(Request(request.scope, _replay(body, request)))

        return bounded


def _replay(body: bytes, request: Request) -> Callable[[], Coroutine[Any, Any, Message]]:
    """Return what gives a body that was read already to its next reader."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await request.receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
