"""A real uvicorn on a port of the system's choice, with the live socket behind the front door, and clients for it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect

from quell.application.caller import Caller
from quell.errors import IllegalTransition, NotFound
from quell.gateway.bounds import Bounds
from quell.gateway.front import FrontDoor
from quell.gateway.lines import Lines
from quell.gateway.live import Hub
from quell.gateway.principal import caller_of
from quell.gateway.protocol import Limits
from quell.gateway.websocket import Scope

PATIENCE_S = 20.0


@dataclass
class Desk:
    """What a test holds of the server: its hub, its truth and its address."""

    hub: Hub
    live: Lines
    door: FrontDoor
    port: int = 0
    server: uvicorn.Server | None = None
    rows: dict[str, Any] = field(default_factory=dict)
    happened: list[Any] = field(default_factory=list)
    commands: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def change(self, key: str, value: object, *, urgent: bool = False) -> None:
        self.rows[key] = value
        self.hub.publish("incidents", "incident", value, key=key, urgent=urgent)

    def happen(self, value: object) -> None:
        self.happened.append(value)
        self.hub.publish("events", "happened", value)

    async def command(self, name: str, incident_id: str, args: dict[str, Any], key: str, caller: Caller) -> object:
        self.commands.append((name, incident_id, args, key, caller.principal.id))
        match name:
            case "approve":
                raise IllegalTransition("a resolved incident cannot be approved")
            case "reject":
                await asyncio.Event().wait()
            case "reopen":
                raise RuntimeError("a bug")
        return {"id": incident_id, "state": "acknowledged"}


def _details(part: str) -> object:
    if not part.startswith("INC-"):
        raise NotFound(f"there is no incident {part}")
    return {"id": part}


def new_desk(
    *,
    bounds: Bounds | None = None,
    limits: Limits | None = None,
    epoch: str = "e1",
    token: str | None = None,
    **options: Any,
) -> Desk:
    hub = Hub(epoch=epoch, server="0.1.0", bounds=bounds, limits=limits)
    door = FrontDoor(Starlette(routes=[Route("/", lambda request: PlainTextResponse("a page"))]), token=token)

    def admit(scope: Scope) -> Caller:
        return caller_of(scope, door.check(scope))

    desk = Desk(hub=hub, live=None, door=door)  # type: ignore[arg-type]
    desk.live = Lines(hub, commands=desk.command, admit=admit, **options)
    hub.state_channel("incidents", snapshot=lambda: {"items": list(desk.rows.values())})
    hub.stream_channel("events", snapshot=lambda: {"items": desk.happened[-200:]})
    hub.stream_channel("incident:{id}", snapshot=_details)
    return desk


@asynccontextmanager
async def serving(desk: Desk, *, port: int = 0, **options: Any) -> AsyncIterator[Desk]:
    """Run the server until the block ends, then stop it as a signal would."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.bind(("127.0.0.1", port))
    desk.port = line.getsockname()[1]
    config = uvicorn.Config(
        desk.door, log_level="warning", lifespan="off", timeout_graceful_shutdown=2, ws=desk.live, **options
    )
    desk.server = uvicorn.Server(config)
    running = asyncio.create_task(desk.server.serve(sockets=[line]))
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not desk.server.started:
                await asyncio.sleep(0.005)
        yield desk
    finally:
        desk.server.should_exit = True
        await running


@dataclass
class Talk:
    """A client's end of a connection."""

    connection: ClientConnection
    waiting: deque[dict[str, Any]] = field(default_factory=deque)

    async def say(self, *messages: dict[str, Any]) -> None:
        await self.connection.send(json.dumps(messages[0] if len(messages) == 1 else messages))

    async def hear(self) -> dict[str, Any]:
        """Return the next message that is not a heartbeat."""
        while True:
            while not self.waiting:
                async with asyncio.timeout(PATIENCE_S):
                    self.waiting.extend(json.loads(await self.connection.recv()))
            message = self.waiting.popleft()
            if message["type"] != "ping":
                return message

    async def subscribe(self, channel: str, since: tuple[str, int] | None = None) -> dict[str, Any]:
        wish: dict[str, Any] = {"type": "subscribe", "channel": channel}
        if since is not None:
            wish["since"] = {"epoch": since[0], "offset": since[1]}
        await self.say(wish)
        return await self.hear()


@asynccontextmanager
async def talking(desk: Desk, **options: Any) -> AsyncIterator[Talk]:
    """Open a connection past its greeting."""
    async with connect(desk.url, proxy=None, compression=None, close_timeout=0.5, **options) as connection:
        talk = Talk(connection)
        assert (await talk.hear())["type"] == "hello"
        yield talk


async def until(condition: Any, what: str) -> None:
    """Wait for a condition, at most as long as a test has patience."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited in vain for: {what}") from None
