"""Somebody else on the host, and callers that ask again and again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.faults.leaks import send
from quell_lab.http.client import Client
from quell_lab.supervisor import Unit

STALLS = 3
STALL_S = 2.4
BREATH_S = 0.5
"""Shorter than what is taken for the end of the process."""
AGAIN_S = 60.0
QUICK_S = 0.4
TRIES = 20
PEER = "inventory"


@asynccontextmanager
async def noisy_neighbour(scene: Scene, service: str) -> AsyncIterator[Break]:
    """A process that only computes comes to sit on a service's host, with ten times the shares of the CPU."""
    unit = scene.operations.unit(service)
    await scene.supervisor.crowd(unit)
    neighbour = unit.host.neighbour
    try:
        yield Break(mended=lambda: unit.host.neighbour is not neighbour)
    finally:
        if unit.host.neighbour is neighbour and neighbour is not None:
            await unit.host.evict()


async def _stall(unit: Unit, callers: Unit) -> None:
    """Let a service stand still a few times; again after long, in case the storm has died down by itself."""
    while callers.flags["retries"] == "on":
        for _ in range(STALLS):
            running = unit.current
            if running is not None:
                running.kill(signal.SIGSTOP)
                try:
                    await asyncio.sleep(STALL_S)
                finally:
                    running.kill(signal.SIGCONT)
            await asyncio.sleep(BREATH_S)
        await asyncio.sleep(AGAIN_S)


async def _until_quick(unit: Unit) -> None:
    """Wait until the queue is gone: were calls repeated again before, the storm would go on."""
    loop, client = asyncio.get_running_loop(), Client()
    try:
        for _ in range(TRIES):
            began = loop.time()
            if await send(client, unit, ("GET", "/stock/1", None)) and loop.time() - began < QUICK_S:
                return
            await asyncio.sleep(QUICK_S)
    finally:
        client.close()


@asynccontextmanager
async def retry_storm(scene: Scene, service: str) -> AsyncIterator[Break]:
    """A service stands still for a moment; its caller tries again at once, and so keeps it from catching up."""
    callers, unit = scene.operations.unit(service), scene.operations.unit(PEER)
    stalling = asyncio.get_running_loop().create_task(_stall(unit, callers))
    try:
        yield Break(mended=lambda: callers.flags["retries"] == "off")
    finally:
        stalling.cancel()
        await asyncio.wait({stalling})
        if callers.flags["retries"] == "on":
            # The queue is made of tries that nobody waits for any more.
            await scene.operations.restart(PEER, by="ops")
        else:
            await _until_quick(unit)


NOISY_NEIGHBOUR = Fault(
    name="noisy_neighbour",
    services=("catalog", "checkout", "payment"),
    cause="noisy_neighbour",
    actions=("stop_neighbour",),
    inject=noisy_neighbour,
)
RETRY_STORM = Fault(
    name="retry_storm", services=("cart",), cause="retry_storm", actions=("switch_flag",), inject=retry_storm
)
