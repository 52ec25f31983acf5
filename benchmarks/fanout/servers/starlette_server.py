"""Starlette on uvicorn: every connection is sent to in turn, as its documentation shows."""

from __future__ import annotations

import asyncio
import json
import socket

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.fanout.servers.pacing import envelope, obey, open_files

watching: dict[WebSocket, None] = {}


async def watch(websocket: WebSocket) -> None:
    """Keep a connection until it ends."""
    await websocket.accept()
    watching[websocket] = None
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        watching.pop(websocket, None)


async def publish(number: int) -> None:
    """Send an event to everyone."""
    text = json.dumps(envelope(number), separators=(",", ":"))
    for websocket in list(watching):
        await websocket.send_text(text)


async def serve() -> None:
    """Serve until the input ends."""
    app = Starlette(routes=[WebSocketRoute("/ws", watch)])
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(app, loop="uvloop", lifespan="off", log_level="error", ws_per_message_deflate=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(listening.getsockname()[1], flush=True)
    await obey(publish)
    server.force_exit = server.should_exit = True
    await serving


if __name__ == "__main__":
    open_files()
    uvloop.run(serve())
