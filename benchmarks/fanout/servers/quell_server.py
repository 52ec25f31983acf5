"""Quell's gateway, without what stands behind it: its hub and its sockets on uvicorn, as `quell serve` runs them."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.fanout.servers.pacing import event, obey, open_files
from quell.application.caller import Caller, Principal
from quell.gateway.bounds import Bounds
from quell.gateway.lines import Lines
from quell.gateway.live import Hub
from quell.gateway.patient import PatientHttp

ENVELOPE_BYTES = 65
"""By which Quell's envelope is longer than the others': as much less is told, so that all send as many bytes."""


async def _no_command(*asked: Any) -> object:
    return None


async def serve() -> None:
    """Serve until the input ends."""
    hub = Hub(epoch="e", server="bench", bounds=Bounds(connections=20_000))
    told: list[object] = []
    hub.stream_channel("events", snapshot=lambda: {"items": told})
    lines = Lines(hub, commands=_no_command, admit=lambda scope: Caller(principal=Principal()))

    async def state(request: Request) -> JSONResponse:
        return JSONResponse({"deliveries": hub.counts.deliveries})

    app = Starlette(routes=[Route("/state", state)])
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=PatientHttp,
        ws=lines,  # type: ignore[arg-type]  # whatever makes a protocol will do
        lifespan="off",
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(listening.getsockname()[1], flush=True)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    def publish(number: int) -> None:
        data = event(number)
        data["pad"] = data["pad"][ENVELOPE_BYTES:]
        hub.publish("events", "happened", data)

    await obey(publish)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    open_files()
    uvloop.run(serve())
