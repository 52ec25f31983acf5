"""python-socketio on uvicorn, over WebSocket alone."""

from __future__ import annotations

import asyncio
import socket

import socketio  # type: ignore[import-not-found]  # it runs in an environment of its own
import uvicorn
import uvloop
from pacing import event, obey, open_files  # type: ignore[import-not-found]


async def serve() -> None:
    """Serve until the input ends."""
    sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], ping_interval=60, ping_timeout=60)
    app = socketio.ASGIApp(sio)
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(app, loop="uvloop", lifespan="off", log_level="error", ws_per_message_deflate=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(listening.getsockname()[1], flush=True)

    async def publish(number: int) -> None:
        await sio.emit("event", event(number))

    await obey(publish)
    server.force_exit = server.should_exit = True
    await serving


if __name__ == "__main__":
    open_files()
    uvloop.run(serve())
