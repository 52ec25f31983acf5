"""What the servers in Python share: they read what to publish and keep to the rate."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

PAD = "0" * 200
TICK_S = 0.001


def event(number: int) -> dict[str, Any]:
    """Return what every server tells of one event; about 290 bytes as JSON with its envelope."""
    return {"n": number, "t": time.time_ns(), "pad": PAD}


def envelope(number: int) -> dict[str, Any]:
    """Return an event as servers without an envelope of their own send it."""
    return {"type": "event", "channel": "events", "data": event(number)}


def open_files() -> None:
    """Ask for as many sockets as there may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def obey(publish: Callable[[int], Awaitable[None] | None]) -> None:
    """Publish what is asked for on the input until it ends; `publish` gets the number of an event."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        rate, burst, seconds = float(line.split()[0]), int(line.split()[1]), float(line.split()[2])
        began_s, number = time.monotonic(), 0
        while (passed_s := time.monotonic() - began_s) < seconds:
            due = int(passed_s * rate / burst) * burst
            # Who cannot keep up publishes less, and does not go on after the time is up.
            while number < due and time.monotonic() - began_s < seconds:
                waiting = publish(number)
                if waiting is not None:
                    await waiting
                number += 1
            await asyncio.sleep(TICK_S)
        print(f"done {number}", flush=True)
