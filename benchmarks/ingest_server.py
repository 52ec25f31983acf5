"""
The ingest route in a process of its own: uvicorn, intake and the SQLite event log, and none of what reads the log.

`python -m benchmarks.ingest_server FILE` prints its port once it takes alerts and ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from benchmarks.ingest_load import EDGES
from quell.eventlog.sqlite import SqliteEventLog
from quell.gateway.ingest_http import IngestEndpoint, IngestFirst, IngestLimits
from quell.incident.correlation import CorrelationRules
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.intake import Intake, IntakeLimits


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


async def serve(path: Path) -> None:
    """Serve until SIGTERM."""
    log = await SqliteEventLog.open(path, clock=now)
    intake = Intake(
        log,
        {"alertmanager": Alertmanager()},
        limits=IntakeLimits(),
        rules=CorrelationRules(),
        topology=lambda: EDGES,
        clock=now,
    )
    await intake.start()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # As in the application: intake follows the log to see what others write.
        following = asyncio.create_task(intake.follow())
        yield
        following.cancel()
        await log.close()

    # What lives as long as the process is not looked through again for every few hundred new objects.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    limits = IngestLimits(requests_per_s=1e6, burst=1_000_000)
    endpoint = IngestEndpoint(intake, limits=limits, clock=now, monotonic=time.monotonic)
    app = IngestFirst(endpoint, Starlette(lifespan=lifespan))
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", access_log=False)
    print(listening.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(Path(sys.argv[1])))
