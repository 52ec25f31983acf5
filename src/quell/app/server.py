"""Runs Quell as a process: binds, starts the lab if asked, serves, drains."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import webbrowser
from collections.abc import Iterator, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn
import uvloop

from quell.addresses import shown_text
from quell.app import openfiles
from quell.app.accepting import accept
from quell.app.labs import Drills, Lab, start_lab, stop_lab
from quell.app.quell import LOG_FILE, Quell
from quell.app.relay import SOCKET_FILE, Relays, RelaySettings
from quell.errors import ConfigError
from quell.gateway.patient import PatientHttp, Waits
from quell.settings import Settings, is_loopback

DRAIN_S = 9.0
ROUTES_FIRST_S = 1.0
"""Routes that say in their own way that a body is late do so before its connection is ended."""
SWITCH_INTERVAL_S = 0.0005
GC_THRESHOLD = (50_000, 20, 100)

logger = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: we drain before it closes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield


def run(settings: Settings, *, open_browser: bool = False) -> None:
    """Serve until SIGTERM or SIGINT. Raises: ConfigError, StorageError: it cannot start."""
    _log_to_stderr(settings.log_level)
    accept(settings)
    openfiles.check_limit(settings.live.processes)
    openfiles.raise_limit()
    # sqlite3 gives the interpreter lock up at every step and waits this long to get it back beside a busy loop.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, open_browser=open_browser))


async def serve(settings: Settings, *, open_browser: bool) -> None:
    """Serve until told to stop; the lab that was started beside ends with it."""
    listening = _bind(settings.host, settings.port, shared=settings.live.processes > 1)
    url = f"http://{_shown(settings.host)}:{listening.getsockname()[1]}"
    lab: Lab | None = None
    async with httpx.AsyncClient() as client:
        try:
            _make_folder(settings.data_dir)
            if settings.lab.enabled:
                lab = await start_lab(settings, quell_url=url)
                settings = lab.point(settings)
                accept(settings)
            await _serve(settings, listening, url, Drills(lab, client) if lab else None, open_browser=open_browser)
        finally:
            listening.close()
            if lab is not None:
                await stop_lab(lab)


async def _serve(
    settings: Settings, listening: socket.socket, url: str, drills: Drills | None, *, open_browser: bool
) -> None:
    quell = await Quell.open(settings, lab=drills)
    # What was built lives as long as the process: the collector need not look through it every few hundred objects.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    server = _Server(
        uvicorn.Config(
            quell.door.asgi,
            # mypy: whatever makes a protocol will do, for both.
            http=partial(PatientHttp, admission=quell.door.admission, waits=_waits(settings)),  # type: ignore[arg-type]
            ws=quell.door.live,  # type: ignore[arg-type]
            backlog=quell.door.files.backlog,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
    )
    told = _told_to_stop()
    try:
        inside, relays = _relays(settings, listening)
    except ConfigError:
        await quell.close()
        raise
    serving = asyncio.create_task(server.serve(sockets=[listening, *inside]))
    keeping = asyncio.create_task(relays.keep()) if relays else None
    try:
        _say_ready(url, settings)
        if open_browser:
            _open(f"{url}/ops/")
        await asyncio.wait({told, serving, quell.failed}, return_when=asyncio.FIRST_COMPLETED)
        async with asyncio.timeout(DRAIN_S):
            await quell.drain()
    except TimeoutError:
        logger.warning("drain_cut_short", after_s=DRAIN_S)
    finally:
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        server.should_exit = True
        await serving
        await quell.close()
    if quell.failed.done():
        quell.failed.result()


def _waits(settings: Settings) -> Waits:
    return Waits(head_s=settings.http.head_s, body_s=settings.http.body_s + ROUTES_FIRST_S)


def _relays(settings: Settings, listening: socket.socket) -> tuple[list[socket.socket], Relays | None]:
    """
    Return the socket over which relays ask this process, and the relays, if there are to be any.

    Call it when the data folder is ours. Raises: ConfigError: its path is too long for a socket.
    """
    count = settings.live.processes - 1
    if not count:
        return [], None
    path = settings.data_dir / SOCKET_FILE
    path.unlink(missing_ok=True)
    inside = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        inside.bind(str(path))  # the folder is its owner's alone
    except OSError as error:
        inside.close()
        raise ConfigError(f"relays cannot ask over {path}: {error}") from error
    relayed = RelaySettings(
        host=settings.host,
        port=listening.getsockname()[1],
        data_dir=str(settings.data_dir),
        log_file=LOG_FILE,
        token=settings.access_token(),
        allowed_hosts=settings.allowed_hosts,
        connections=settings.live.connections,
        http=settings.http.model_dump(),
        compress=settings.live.compress,
    )
    return [inside], Relays(relayed, count)


def _told_to_stop() -> asyncio.Future[None]:
    """Return a future that is done at the first SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not told.done():
            told.set_result(None)

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, tell)
    return told


def _bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """Own the address first, so that a second Quell on it fails before it touches anything; `shared` with relays."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listening.listen(openfiles.BACKLOG)
    listening.setblocking(False)
    return listening


def _make_folder(path: Path) -> None:
    """Have the data folder, for its owner alone."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"the data folder {path} cannot be made: {error.strerror}") from error


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - a name for it, not a bind
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _say_ready(url: str, settings: Settings) -> None:
    lines = [f"Quell is ready: {url}/ops/"]
    if settings.lab.enabled:
        how = "by itself within a minute" if settings.lab.drills == "auto" else "when you press 'Start a drill'"
        lines.append(f"The lab runs beside it; something will break {how}. Ctrl-C ends both.")
    if not is_loopback(settings.host):
        lines.append("It can be reached from other machines: every request needs the token.")
    print("\n".join(lines), flush=True)  # noqa: T201 - the one line a newcomer waits for


def _open(url: str) -> None:
    """Open a browser where there is one; without one the address on the screen has to do."""
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)


def _without_secrets(logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what is secret in addresses that a line repeats, from wherever it came."""
    return {name: shown_text(value) if isinstance(value, str) else value for name, value in line.items()}


def _log_to_stderr(level: str) -> None:
    """Write our own log, and what libraries say from warning on, to stderr."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        stream=sys.stderr, level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_secrets,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
