"""The supervisor's end of the forkserver: starts processes and hears of their end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from quell.errors import ActionFailed, QuellError
from quell_lab.orders import Line, Start

MAX_PACKET = 64 * 1024
READY_S = 7.0
LOADED_S = 30.0
"""Loading the code takes a quarter of a second; much longer on a machine that has no time for us."""
STOP_S = 1.6


class Running:
    """One process that runs, or has run."""

    def __init__(self, name: str, pid: int, line: Line) -> None:
        self.name = name
        self.pid = pid
        self.line = line
        self.started_at = time.monotonic()
        self.stopping = False
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def kill(self, signum: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if not self.ended.done():
            try:
                os.kill(self.pid, signum)
            except ProcessLookupError:
                pass

    async def stop(self) -> None:
        """End it: politely, then not."""
        self.stopping = True
        self.kill(signal.SIGTERM)
        await asyncio.wait({self.ended}, timeout=STOP_S)
        if not self.ended.done():
            self.kill(signal.SIGKILL)
            await asyncio.wait({self.ended}, timeout=STOP_S)
        await self.line.close()


class Forkserver:
    """Starts processes through one that has everything loaded."""

    def __init__(self, console: Path, on_end: Callable[[Running, int], None]) -> None:
        self._on_end = on_end
        self._running: dict[int, Running] = {}
        self._ended_early: dict[int, int] = {}
        self._pids: dict[int, asyncio.Future[int]] = {}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        command = [sys.executable, "-m", "quell_lab.forkserver", str(theirs.fileno()), str(os.getpid())]
        with console.open("ab") as output, theirs:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[theirs.fileno()]
            )
        self._control = ours
        self._serving: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = asyncio.Event()
        """Set when the forkserver is gone: nothing can be started any more."""

    async def listen(self) -> None:
        """Wait until processes can be started. Raises: ActionFailed."""
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._hear)
        try:
            async with asyncio.timeout(LOADED_S):
                await asyncio.shield(self._serving)
        except TimeoutError as error:
            raise ActionFailed(f"the process that starts all others was not ready in {LOADED_S:.0f} s") from error

    async def start(self, start: Start, *, within_s: float = READY_S) -> Running:
        """
        Start a process and wait until it serves.

        Raises: ActionFailed: it ended, or was not ready within `within_s`.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        pid_known = self._pids[start.key] = loop.create_future()
        try:
            with theirs:
                socket.send_fds(self._control, [msgspec.json.encode(start)], [theirs.fileno()])
            async with asyncio.timeout(within_s):
                pid = await pid_known
        except TimeoutError as error:
            ours.close()
            raise ActionFailed(f"{start.name} was not started within {within_s:.0f} s") from error
        except OSError as error:
            ours.close()
            raise ActionFailed(f"{start.name} could not be started: {error}") from error
        finally:
            self._pids.pop(start.key, None)
        line = Line()
        await line.open(ours)
        running = self._running[pid] = Running(start.name, pid, line)
        if pid in self._ended_early:
            self._end(pid, self._ended_early.pop(pid))
        try:
            async with asyncio.timeout(within_s):
                await asyncio.shield(line.ready)
        except (TimeoutError, QuellError) as error:
            await running.stop()
            raise ActionFailed(f"{start.name} {start.version} did not come up: {error or 'no answer'}") from error
        return running

    def _hear(self) -> None:
        """Take what the forkserver says."""
        while True:
            try:
                packet = self._control.recv(MAX_PACKET)
            except BlockingIOError:
                return
            except ConnectionError:
                packet = b""
            if not packet:
                asyncio.get_running_loop().remove_reader(self._control.fileno())
                for pid in list(self._running):
                    self._end(pid, -signal.SIGKILL)
                self.lost.set()
                if not self._serving.done():
                    self._serving.set_exception(ActionFailed("the process that starts all others ended"))
                return
            message = msgspec.json.decode(packet, type=dict[str, int])
            if "serving" in message:
                self._serving.set_result(None)
            elif "started" in message:
                waiting = self._pids.get(message["started"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(message["pid"])
            else:
                self._end(message["ended"], message["code"])

    def _end(self, pid: int, code: int) -> None:
        """Note that a process ended."""
        running = self._running.pop(pid, None)
        if running is None:
            self._ended_early[pid] = code
        elif not running.ended.done():
            running.ended.set_result(code)
            self._on_end(running, code)

    async def close(self) -> None:
        """End every process that is left: the forkserver's whole group is killed."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control.fileno())
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._control.close()
        await loop.run_in_executor(None, self._process.wait)
