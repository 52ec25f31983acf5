"""A rare kind of request begins something that never ends: a computation, or a round that keeps a lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from quell.errors import TimedOut
from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.faults.leaks import Sent, send
from quell_lab.http.client import Client

COMPUTING: Mapping[str, Sent] = {
    "catalog": ("GET", "/similar?cents=5000&within=0", None),
    "payment": ("GET", "/instalments?cents=9900&part=0", None),
}
"""Twice nothing is nothing; in parts of nothing, all of it is left."""

LOCKING: Mapping[str, Sent] = {
    "payment": ("POST", "/reconciliations", {"pages": -1}),
    "inventory": ("POST", "/countings", {"shelves": -1}),
}
"""A count that goes up never comes to -1."""

TRIES = 5


@asynccontextmanager
async def _begun(scene: Scene, service: str, request: Sent) -> AsyncIterator[Break]:
    """Have a service do what such a request asks of it; a new process knows nothing of it."""
    unit = scene.operations.unit(service)
    replaced, client = unit.replaced, Client()
    try:
        for _ in range(TRIES):
            if await send(client, unit, request):
                break
            await asyncio.sleep(0.2)
        else:
            raise TimedOut(f"{service} did not take {request[1]} in {TRIES} tries")
        yield Break(mended=lambda: unit.replaced > replaced)
    finally:
        client.close()
        if unit.replaced == replaced:
            await scene.operations.restart(service, by="ops")


@asynccontextmanager
async def cpu_burn(scene: Scene, service: str) -> AsyncIterator[Break]:
    """A computation that does not end keeps a core busy; requests come in between."""
    async with _begun(scene, service, COMPUTING[service]) as broken:
        yield broken


@asynccontextmanager
async def lock_contention(scene: Scene, service: str) -> AsyncIterator[Break]:
    """A round without an end takes the lock that every request needs, again and again, and keeps it long."""
    async with _begun(scene, service, LOCKING[service]) as broken:
        yield broken


CPU_BURN = Fault(
    name="cpu_burn", services=tuple(COMPUTING), cause="cpu_saturation", actions=("restart",), inject=cpu_burn
)
LOCK_CONTENTION = Fault(
    name="lock_contention",
    services=tuple(LOCKING),
    cause="lock_contention",
    actions=("restart",),
    inject=lock_contention,
)
