"""A real WebSocket server whose every word a test says, and a real client's words to it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

PATIENCE_S = 20.0
HELLO = {"type": "hello", "version": 1, "epoch": "x", "server": "0.1.0", "heartbeat_s": 5.0}


def subscribed(channel: str, offset: int, *, epoch: str = "e", **more: Any) -> dict[str, Any]:
    """Return the answer to a subscription, with a snapshot unless it says otherwise."""
    said = {"type": "subscribed", "channel": channel, "epoch": epoch, "offset": offset, "recovered": False}
    return said | ({} if "recovered" in more else {"snapshot": {"items": []}}) | more


def events(channel: str, *offsets: int, **more: Any) -> list[dict[str, Any]]:
    """Return events whose data is their offset."""
    said = {"type": "event", "channel": channel, "kind": "k", "ts": "2026-01-02T03:04:05Z"}
    return [said | {"offset": offset, "data": offset} | more for offset in offsets]


@dataclass
class Visit:
    """The server's end of one connection."""

    connection: ServerConnection
    over: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: deque[dict[str, Any]] = field(default_factory=deque)

    async def say(self, *messages: Any) -> None:
        """Send a frame."""
        await self.connection.send(json.dumps(messages))

    async def hear(self) -> dict[str, Any]:
        """Return the client's next message."""
        while not self.waiting:
            async with asyncio.timeout(PATIENCE_S):
                said = json.loads(await self.connection.recv())
            self.waiting.extend(said if isinstance(said, list) else [said])
        return self.waiting.popleft()

    async def asked(self) -> dict[str, Any]:
        """Return the client's next message that is no sign of life."""
        while (message := await self.hear())["type"] == "pong":
            pass
        return message

    async def close(self, code: int, reason: str = "") -> None:
        """Hang up."""
        await self.connection.close(code, reason)
        self.over.set()


class Scripted:
    """The server; each connection that it lets in is a `visit`."""

    def __init__(self) -> None:
        self.answers: deque[Callable[[ServerConnection], Response]] = deque()
        """To the next handshakes, instead of letting them in."""
        self.port = 0
        self.server: Server | None = None
        self._visits: asyncio.Queue[Visit] = asyncio.Queue()
        self._open: list[Visit] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def refuse(self, status: int, says: str, **headers: str) -> None:
        """Answer the next handshake with this."""

        def answer(connection: ServerConnection) -> Response:
            response = connection.respond(HTTPStatus(status), says)
            for name, value in headers.items():
                response.headers[name.replace("_", "-")] = value
            return response

        self.answers.append(answer)

    async def visit(self, *, greet: bool = True) -> Visit:
        """Return the next connection, past the greeting."""
        async with asyncio.timeout(PATIENCE_S):
            visit = await self._visits.get()
        if greet:
            await visit.say(HELLO)
        return visit

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        return self.answers.popleft()(connection) if self.answers else None

    async def handle(self, connection: ServerConnection) -> None:
        visit = Visit(connection)
        self._open.append(visit)
        self._visits.put_nowait(visit)
        await visit.over.wait()

    def end(self) -> None:
        """Hang up on everyone, and listen no longer."""
        for visit in self._open:
            visit.over.set()
        if self.server is not None:
            self.server.close()


@asynccontextmanager
async def scripted(*, port: int = 0, compression: str | None = None) -> AsyncIterator[Scripted]:
    """Have a server for the length of a block."""
    script = Scripted()
    script.server = server = await serve(
        script.handle,
        "127.0.0.1",
        port,
        process_request=script.check,
        compression=compression,
        ping_interval=None,
        close_timeout=0.2,
    )
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        script.end()
        await server.wait_closed()


async def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for a condition, at most as long as a test has patience."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited in vain for: {what}") from None
