"""All faults."""

from __future__ import annotations

from quell_lab.faults.computing import CPU_BURN, LOCK_CONTENTION
from quell_lab.faults.crowding import NOISY_NEIGHBOUR, RETRY_STORM
from quell_lab.faults.fault import Fault
from quell_lab.faults.harmless import FLAPPING_PROBE, TRAFFIC_PEAK
from quell_lab.faults.leaks import MEMORY_LEAK, POOL_LEAK
from quell_lab.faults.releases import BAD_RELEASE, HARMLESS_DEPLOY
from quell_lab.faults.settings import BAD_CONFIG, CRASH_LOOP, SLOW_DEPENDENCY
from quell_lab.faults.storage import CACHE_STAMPEDE, DISK_FILL

FAULTS: tuple[Fault, ...] = (
    BAD_RELEASE,
    SLOW_DEPENDENCY,
    POOL_LEAK,
    MEMORY_LEAK,
    CRASH_LOOP,
    BAD_CONFIG,
    CPU_BURN,
    LOCK_CONTENTION,
    CACHE_STAMPEDE,
    DISK_FILL,
    NOISY_NEIGHBOUR,
    RETRY_STORM,
    HARMLESS_DEPLOY,
    TRAFFIC_PEAK,
    FLAPPING_PROBE,
)
OVERLAY = "overlay"
"""Not a fault of its own: one of the above with a cause, shortly after a harmless deploy of another service."""

REAL: tuple[Fault, ...] = tuple(fault for fault in FAULTS if fault.cause is not None)
BY_ITSELF: tuple[str, ...] = (*(fault.name for fault in REAL), HARMLESS_DEPLOY.name)
"""What the lab does of itself, besides overlays: the other harmless ones show nothing to look at."""

BY_NAME = {fault.name: fault for fault in FAULTS}
