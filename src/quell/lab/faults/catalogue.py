"""All faults."""

from __future__ import annotations

from quell.lab.faults.fault import Fault
from quell.lab.faults.leaks import MEMORY_LEAK, POOL_LEAK
from quell.lab.faults.releases import BAD_RELEASE, HARMLESS_DEPLOY
from quell.lab.faults.settings import BAD_CONFIG, CRASH_LOOP, SLOW_DEPENDENCY

FAULTS: tuple[Fault, ...] = (
    BAD_RELEASE,
    SLOW_DEPENDENCY,
    POOL_LEAK,
    MEMORY_LEAK,
    CRASH_LOOP,
    BAD_CONFIG,
    HARMLESS_DEPLOY,
)
OVERLAY = "overlay"
"""Not a fault of its own: one of the above with a cause, shortly after a harmless deploy of another service."""

REAL: tuple[Fault, ...] = tuple(fault for fault in FAULTS if fault.cause is not None)
BY_NAME = {fault.name: fault for fault in FAULTS}
