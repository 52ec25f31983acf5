"""Puts the lab together and runs it until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import random
import secrets
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import msgspec

from quell.errors import QuellError, StorageLocked
from quell.linkage import die_with_parent, name_process
from quell_lab.alerting import Alerting
from quell_lab.control import Control
from quell_lab.drills import Drills
from quell_lab.faults.fault import Scene
from quell_lab.http.server import Server
from quell_lab.operations import Operations
from quell_lab.process import listen_on
from quell_lab.roster import SERVICES
from quell_lab.supervisor import Supervisor, prepare

STOP_S = 5
UNDO_S = 1.5
LOOK_FOR_PARENT_S = 0.5
LOOK_FOR_QUELL_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run the lab."""

    data: Path
    quell_url: str
    token: str | None = None
    """Sent to Quell with each alert."""
    drills: str = "none"
    """`auto`: by itself, again and again; `none`: only when asked."""
    seed: int | None = None
    parent: int | None = None
    """End when this process, our parent, ends."""
    alone_s: float | None = None
    """End when nothing has answered at `quell_url` for this long."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"quell: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the lab from the command line; return the exit code."""
    parser = _Parser(prog="quell lab", description="A small shop of real processes that really break.")
    parser.add_argument("--data", type=Path, required=True, help="folder for logs, store and lab.json")
    parser.add_argument("--quell-url", required=True, help="where alerts go: http://127.0.0.1:PORT")
    parser.add_argument("--token", default=None, help="bearer token for Quell's ingest")
    parser.add_argument("--drills", choices=("auto", "none"), default="none", help="break something now and then")
    parser.add_argument("--seed", type=int, default=None, help="makes the shop's chances repeatable")
    parser.add_argument(
        "--die-with-parent",
        dest="parent",
        type=int,
        nargs="?",
        const=os.getppid(),
        default=None,
        metavar="PID",
        help="end when the process that started the lab ends (its pid, if it may end before the lab is up)",
    )
    parser.add_argument(
        "--end-when-alone",
        dest="alone_s",
        type=float,
        default=None,
        metavar="SECONDS",
        help="end when no Quell has answered for this long; without it the lab goes on alone",
    )
    values = parser.parse_args(argv)
    options = Options(
        data=values.data,
        quell_url=values.quell_url,
        token=values.token,
        drills=values.drills,
        seed=values.seed,
        parent=values.parent,
        alone_s=values.alone_s,
    )
    try:
        run(options)
    except QuellError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1
    return 0


def run(options: Options) -> None:
    """
    Run the lab until SIGTERM or SIGINT.

    Raises: StorageLocked: another lab uses the folder. ConfigError, ActionFailed: it could not start.
    """
    if options.parent is not None:
        die_with_parent(options.parent, signum=signal.SIGTERM)
    name_process("quell-lab")
    rng = random.Random(options.seed)
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (options.data / "lab.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageLocked(f"another lab uses {options.data}") from error
        prepare(options.data, rng)
        asyncio.run(_Lab(options, rng).run())


class _Lab:
    """All parts of the lab, built once."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        self.options = options
        self.rng = rng
        self.stop = asyncio.Event()

    def _told_to_stop(self) -> None:
        """Begin to stop; whatever happens then, the kernel ends this process in time, and with it all others."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(STOP_S)
        self.stop.set()

    async def run(self) -> None:
        """Start, publish lab.json, serve, stop."""
        loop, options = asyncio.get_running_loop(), self.options
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(signum, self._told_to_stop)
        supervisor = Supervisor(options.data.resolve(), seed=self.rng.randrange(2**31))
        operations = Operations(supervisor)
        drills = Drills(Scene(supervisor=supervisor, operations=operations, rng=self.rng))
        tokens = {"action_token": secrets.token_urlsafe(24), "drill_token": secrets.token_urlsafe(24)}
        control = Control(operations, drills, supervisor.registry, **tokens)
        server = Server(
            control.answer,
            failed=lambda request, error: loop.call_exception_handler(
                {"message": f"{request.method} {request.path}", "exception": error}
            ),
        )
        socket = listen_on(0)
        published = options.data / "lab.json"
        beside: list[asyncio.Task[None]] = []
        try:
            alerting = Alerting(supervisor, SERVICES, quell_url=options.quell_url, token=options.token)
            await supervisor.start()
            await server.start(socket)
            beside.append(loop.create_task(alerting.run()))
            if options.drills == "auto":
                beside.append(loop.create_task(drills.run_by_itself()))
            beside += [loop.create_task(self._mind_parent()), loop.create_task(supervisor.lost())]
            if options.alone_s is not None:
                beside.append(loop.create_task(self._mind_quell(options.alone_s)))
            publish(published, supervisor, control_url=f"http://127.0.0.1:{socket.getsockname()[1]}", tokens=tokens)
            waiting = [loop.create_task(_wait(self.stop)), *beside]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            with suppress(FileNotFoundError):
                published.unlink()
            for task in beside:
                task.cancel()
            await drills.close(UNDO_S)
            await server.drain(0.1)
            await supervisor.stop()

    async def _mind_parent(self) -> None:
        """Stop when the parent is gone, also where the kernel does not tell."""
        parent = self.options.parent
        while not self.stop.is_set():
            if parent is not None and os.getppid() != parent:
                self._told_to_stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_FOR_PARENT_S):
                    await self.stop.wait()

    async def _mind_quell(self, alone_s: float) -> None:
        """Stop once Quell has been gone for long: whoever started the lab beside it is not coming back."""
        loop, address = asyncio.get_running_loop(), urlsplit(self.options.quell_url)
        heard_at = loop.time()
        while not self.stop.is_set():
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(LOOK_FOR_QUELL_S):
                    _, writer = await asyncio.open_connection(address.hostname, address.port)
                    writer.close()
                    heard_at = loop.time()
            if loop.time() - heard_at > alone_s:
                self._told_to_stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_FOR_QUELL_S):
                    await self.stop.wait()


async def _wait(event: asyncio.Event) -> None:
    """Wait for an event."""
    await event.wait()


def publish(path: Path, supervisor: Supervisor, *, control_url: str, tokens: dict[str, str]) -> None:
    """Write lab.json as a whole, readable by its owner only."""
    data, units = supervisor.data, supervisor.units
    targets = [{"service": name, "url": f"http://127.0.0.1:{units[name].port}/metrics"} for name in SERVICES]
    targets.append({"service": "supervisor", "url": f"{control_url}/metrics"})
    content = {
        "pid": os.getpid(),
        "control_url": control_url,
        **tokens,
        "edge_url": f"http://127.0.0.1:{units['edge'].port}",
        "targets": targets,
        "logs": [str(data / "logs" / f"{name}.log") for name in (*SERVICES, "supervisor")],
        "changes": str(data / "changes.jsonl"),
    }
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))
    draft.replace(path)
