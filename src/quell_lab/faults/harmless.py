"""What looks like trouble and is none: more customers than usual, and a probe that loses its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.roster import CUSTOMERS, SERVICES
from quell_lab.supervisor import PROBE_TIMEOUT_S, Unit

PEAK = 1.6
LOST_S = 3.5
FOUND_S = 6.0
TOO_SHORT_S = 0.0001


@asynccontextmanager
async def traffic_peak(scene: Scene, _: str) -> AsyncIterator[Break]:
    """More customers come than usual, and the shop is well able to serve them."""
    line = scene.supervisor.units[CUSTOMERS.name].current
    assert line is not None
    try:
        await line.line.ask("pace", times=PEAK)
        yield Break(mended=None)
    finally:
        await line.line.ask("pace", times=1.0)


async def _flap(unit: Unit) -> None:
    """Let the probe give up at once, and be well again, by turns."""
    while True:
        unit.probe_timeout_s = TOO_SHORT_S
        await asyncio.sleep(LOST_S)
        unit.probe_timeout_s = PROBE_TIMEOUT_S
        await asyncio.sleep(FOUND_S)


@asynccontextmanager
async def flapping_probe(scene: Scene, service: str) -> AsyncIterator[Break]:
    """The probe from outside does not get through now and then; the service is well all the time."""
    unit = scene.operations.unit(service)
    flapping = asyncio.get_running_loop().create_task(_flap(unit))
    try:
        yield Break(mended=None)
    finally:
        flapping.cancel()
        await asyncio.wait({flapping})
        unit.probe_timeout_s = PROBE_TIMEOUT_S


TRAFFIC_PEAK = Fault(name="traffic_peak", services=("edge",), cause=None, actions=(), inject=traffic_peak)
FLAPPING_PROBE = Fault(name="flapping_probe", services=SERVICES, cause=None, actions=(), inject=flapping_probe)
