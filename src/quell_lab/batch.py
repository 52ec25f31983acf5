"""A process that computes for another department, on a host where a service of the shop runs."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Mapping
from typing import Any

from quell.linkage import name_process
from quell_lab.orders import Start, obey

ROWS = 50_000


def main(start: Start, line: socket.socket) -> int:
    """Compute until told to stop."""
    name_process(start.name)
    threading.Thread(target=compute, daemon=True).start()
    return asyncio.run(_serve(line))


def compute() -> None:
    """Add up sales that nobody reads, again and again."""
    total = 0
    while True:
        total = sum(number * number % 97 for number in range(ROWS))
        total %= 1_000_003


async def _serve(line: socket.socket) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    tasks = [loop.create_task(each) for each in (stop.wait(), obey(line, _take))]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return 0


async def _take(_: str, __: Mapping[str, Any]) -> dict[str, Any]:
    return {}
