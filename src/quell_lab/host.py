"""A host with one CPU that two processes share by turns: a service's, and one that came to sit beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Protocol

from quell_lab.spawning import Running

THEIRS_S = 1.2
OURS_S = 0.12
"""The other process was given ten times the shares."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Seat(Protocol):
    """Where a service's present process sits."""

    current: Running | None


class Host:
    """What the host of one service has besides it. The supervisor deals out its CPU, as it enforces memory limits."""

    def __init__(self) -> None:
        self.neighbour: Running | None = None
        self.throttled_s = 0.0
        """In which the service's process was kept from running."""
        self._others_s = 0.0
        self._turns: asyncio.Task[None] | None = None

    @property
    def neighbours(self) -> list[str]:
        """Names of the other processes on the host."""
        return [] if self.neighbour is None else [self.neighbour.name]

    def others_cpu_s(self) -> float:
        """Return CPU seconds that others used on this host so far."""
        return self._others_s + (cpu_seconds(self.neighbour.pid) if self.neighbour is not None else 0.0)

    def admit(self, neighbour: Running, seat: Seat) -> None:
        """Let a process share the CPU from now on, turn by turn with whoever sits in the service's seat."""
        self.neighbour = neighbour
        self._turns = asyncio.get_running_loop().create_task(self._share(neighbour, seat))

    async def evict(self) -> str | None:
        """End the other process, if there is one; return its name."""
        neighbour, turns = self.neighbour, self._turns
        if neighbour is None:
            return None
        self._others_s += cpu_seconds(neighbour.pid)
        self.neighbour = self._turns = None
        if turns is not None:
            turns.cancel()
            await asyncio.wait({turns})
        await neighbour.stop()
        return neighbour.name

    async def _share(self, neighbour: Running, seat: Seat) -> None:
        """Stop one, let the other run, in turns; whoever was stopped runs again at the end."""
        while not neighbour.ended.done():
            ours = seat.current
            started = time.monotonic()
            try:
                neighbour.kill(signal.SIGCONT)
                if ours is not None and not ours.stopping:
                    ours.kill(signal.SIGSTOP)
                await self._turn(ours, THEIRS_S)
            finally:
                if ours is not None:
                    ours.kill(signal.SIGCONT)
                    self.throttled_s += time.monotonic() - started
            neighbour.kill(signal.SIGSTOP)
            try:
                await asyncio.sleep(OURS_S)
            finally:
                neighbour.kill(signal.SIGCONT)

    async def _turn(self, ours: Running | None, for_s: float) -> None:
        """Wait a turn, or until our process is to stop: it must be awake to end in order."""
        end = time.monotonic() + for_s
        while time.monotonic() < end and not (ours is not None and ours.stopping):  # noqa: ASYNC110 - told by a flag
            await asyncio.sleep(0.02)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used; 0 when it is gone or cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, IndexError, ValueError):
        return 0.0
