"""
One more process on Quell's port: it holds live connections, and hands every other request on.

The kernel shares new connections out among all who listen on a port with SO_REUSEPORT. A relay reads the log that the
first process owns, so its channels have the same epoch and offsets, and a client may come back to any of them. It
changes nothing itself: commands and requests go to the first process over a socket in the data folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import structlog
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

import quell.errors
from quell import __version__
from quell.app import openfiles
from quell.app.openfiles import RELAY_SOCKETS
from quell.app.parts import clock
from quell.application.caller import Caller
from quell.errors import BadAnswer, QuellError, StorageError, Unreachable
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.reader import Reader
from quell.eventlog.sqlite_reader import SqliteReader
from quell.gateway.admission import Admission, AdmissionLimits
from quell.gateway.body import Gone
from quell.gateway.bounds import Bounds
from quell.gateway.broadcast import Broadcaster
from quell.gateway.front import FrontDoor
from quell.gateway.health import Component
from quell.gateway.lines import Lines
from quell.gateway.live import Hub
from quell.gateway.patient import PatientHttp, Waits
from quell.gateway.principal import caller_of
from quell.linkage import die_with_parent

SOCKET_FILE = "quell.sock"
LOOK_EVERY_S = 0.005
COMPONENTS_EVERY_S = 1.0
REQUEST_S = 60.0
RESTART_S = 1.0
END_S = 8.0
"""Longest wait for a relay to send its clients away; then it is killed."""
_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"te", b"trailer"})
_PATHS = {"note": "notes"}

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """What a relay needs to know, handed to it on its input."""

    host: str
    port: int
    data_dir: str
    log_file: str
    token: str | None
    allowed_hosts: tuple[str, ...]
    connections: int
    compress: bool
    http: dict[str, float]
    """As the settings have it."""


class _Main:
    """The first process, asked over its socket."""

    def __init__(self, path: Path, token: str | None) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._headers = headers
        self.http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(path), limits=httpx.Limits(max_connections=RELAY_SOCKETS)),
            base_url="http://127.0.0.1",
            timeout=REQUEST_S,
        )

    async def components(self) -> tuple[Component, ...]:
        """Return how every component is, as the first process sees it; without it, that it is not there."""
        try:
            answer = await self.http.get("/dashboard/health/detailed", headers=self._headers)
            return tuple(msgspec.convert(answer.json()["components"], list[Component]))
        except (httpx.HTTPError, ValueError, KeyError, msgspec.ValidationError) as error:
            logger.warning("health_unknown", error=str(error) or type(error).__name__)
            return ()

    async def command(self, name: str, incident_id: str, args: dict[str, Any], key: str, caller: Caller) -> object:
        """Carry out what a person clicked. Raises: what the first process raised; Unreachable."""
        path = f"/api/v1/incidents/{incident_id}/{_PATHS.get(name, name)}"
        headers = {**self._headers, "idempotency-key": key, "x-quell-user": caller.typed_name}
        try:
            answer = await self.http.post(path, json=args, headers=headers)
            said = answer.json()
        except httpx.HTTPError as error:
            raise Unreachable(f"the first process does not answer: {error}") from error
        except ValueError as error:
            raise BadAnswer(f"the first process answered {answer.status_code} without JSON") from error
        if answer.is_success:
            return said
        raise _error(str(said.get("reason")), str(said.get("detail")))


def _error(reason: str, detail: str) -> QuellError:
    for kind in vars(quell.errors).values():
        if isinstance(kind, type) and issubclass(kind, QuellError) and kind.reason == reason:
            with contextlib.suppress(TypeError):
                return kind(detail)
    return BadAnswer(detail)


class _HandOn:
    """ASGI: gives a request to the first process and its answer back, as they come."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> AsyncIterator[bytes]:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone  # half a body must not arrive as a whole one
                yield message.get("body", b"")
                if not message.get("more_body"):
                    return

        query = scope["query_string"]
        url = httpx.URL("http://127.0.0.1").copy_with(raw_path=scope["raw_path"] + (b"?" + query if query else b""))
        headers = [(name, value) for name, value in scope["headers"] if name not in _HOP]
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        request = self._http.build_request(scope["method"], url, headers=headers, content=body() if has_body else None)
        try:
            answer = await self._http.send(request, stream=True)
        except Gone:
            return
        except httpx.HTTPError as error:
            await _unavailable(send, f"the first process does not answer: {error or type(error).__name__}")
            return
        kept = [(name, value) for name, value in answer.headers.raw if name.lower() not in _HOP]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
        try:
            async for piece in answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            await answer.aclose()
        await send({"type": "http.response.body", "body": b""})


async def _unavailable(send: Send, detail: str) -> None:
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": detail}
    body = msgspec.json.encode({**problem, "reason": "unreachable"})
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()),
               (b"retry-after", b"1")]  # fmt: skip
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def relay(settings: RelaySettings) -> None:
    """Serve beside the first process until SIGTERM, or until the log can no longer be read."""
    main = _Main(Path(settings.data_dir) / SOCKET_FILE, settings.token)
    reader, models = SqliteReader(Path(settings.data_dir) / settings.log_file), ReadModels()
    while page := reader.after(models.position):
        models.apply_all(page)
    files = openfiles.share(live=settings.connections, http=int(settings.http["connections"]), inside=RELAY_SOCKETS)
    bounds = Bounds(connections=files.live)
    hub = Hub(epoch=uuid.uuid4().hex, server=__version__, bounds=bounds, now=clock)
    broadcaster = Broadcaster(hub, models, main, log_epoch=reader.epoch)
    door = FrontDoor(_HandOn(main.http), hosts=(*settings.allowed_hosts, settings.host), token=settings.token)

    def admit(scope: Scope) -> Caller:
        return caller_of(scope, door.check(scope))

    lines = Lines(hub, commands=main.command, admit=admit, packs=settings.compress)
    listening = bind_shared(settings.host, settings.port)
    listening.listen(openfiles.BACKLOG)
    config = uvicorn.Config(
        door, http=_protocol(settings, files), ws=lines, lifespan="off", log_config=None,  # type: ignore[arg-type]
        access_log=False, timeout_graceful_shutdown=3, backlog=files.backlog,
    )  # fmt: skip
    server = uvicorn.Server(config)
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening])),
        asyncio.create_task(_follow(reader, models, broadcaster)),
        asyncio.create_task(_look(broadcaster)),
    ]
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    tasks.append(asyncio.create_task(told.wait()))  # type: ignore[arg-type]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await lines.drain()
    server.should_exit = True
    await tasks[0]
    for task in tasks[1:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await main.http.aclose()
    for task in done:
        task.result()


def _protocol(settings: RelaySettings, files: openfiles.Share) -> partial[PatientHttp]:
    """Return what makes the protocol of a connection; waits end here, as the first process only sees whole pieces."""
    wanted = settings.http
    waiting = min(int(wanted["waiting_per_address"]), max(1, files.http // 2))
    admission = Admission(AdmissionLimits(connections=files.http, waiting_per_address=waiting))
    return partial(PatientHttp, admission=admission, waits=Waits(head_s=wanted["head_s"], body_s=wanted["body_s"]))


async def _follow(reader: Reader, models: ReadModels, broadcaster: Broadcaster) -> None:
    """Show what the first process appends. Raises: StorageError."""
    while True:
        if reader.changed():
            while page := reader.after(models.position):
                broadcaster.publish(models.apply_all(page), page)
                await asyncio.sleep(0)
        await asyncio.sleep(LOOK_EVERY_S)


async def _look(broadcaster: Broadcaster) -> None:
    while True:
        await broadcaster.look()
        await asyncio.sleep(COMPONENTS_EVERY_S)


def bind_shared(host: str, port: int) -> socket.socket:
    """Bind an address that other processes of ours bind as well. Raises: OSError."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


class Relays:
    """The relays of a running Quell: started, started again when one ends, and ended with it."""

    def __init__(self, settings: RelaySettings, count: int) -> None:
        self._settings, self._count = settings, count
        self._running: list[asyncio.subprocess.Process] = []

    async def keep(self) -> None:
        """Have as many as there should be, until cancelled; then end them."""
        keeping = [asyncio.create_task(self._keep_one()) for _ in range(self._count)]
        try:
            await asyncio.gather(*keeping)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)

    async def _keep_one(self) -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "quell.app.relay", str(os.getpid()), stdin=subprocess.PIPE
            )
            try:
                assert process.stdin is not None
                process.stdin.write(msgspec.json.encode(self._settings))
                process.stdin.close()
                code = await process.wait()
            except asyncio.CancelledError:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                try:
                    async with asyncio.timeout(END_S):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()
                raise
            logger.warning("relay_ended", code=code, again_in_s=RESTART_S)
            await asyncio.sleep(RESTART_S)


def main() -> int:
    """Run as a process of its own; the settings come as JSON on the input."""
    die_with_parent(int(sys.argv[1]), signum=signal.SIGTERM)
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=RelaySettings)
    openfiles.raise_limit()
    try:
        uvloop.run(relay(settings))
    except (StorageError, OSError) as error:
        logger.error("relay_failed", error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
