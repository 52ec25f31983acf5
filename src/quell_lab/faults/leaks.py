"""Leaks: a rare kind of request meets a path in the code that does not give back what it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from quell.errors import QuellError
from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.http.client import Address, Client
from quell_lab.supervisor import Unit

CARD = "4929000011112222"
CONNECTION_EVERY_S = 0.8
PATIENCE_S = 3.0

Sent = tuple[str, str, dict[str, Any] | None]
"""(method, path, body)."""


def _put_none(number: int) -> Sent:
    return "POST", f"/carts/s{number % 300}", {"product_id": 1 + number % 64, "quantity": 0}


def _pay_nothing(_: int) -> Sent:
    return "POST", "/payments", {"amount_cents": 0, "card": CARD}


def _reserve_none(number: int) -> Sent:
    return "POST", "/reservations", {"lines": [{"product_id": 1 + number % 64, "quantity": 0}]}


POOL_REQUESTS: Mapping[str, Callable[[int], Sent]] = {
    "payment": _pay_nothing,
    "inventory": _reserve_none,
    "cart": _put_none,
}
MEMORY_REQUESTS: Mapping[str, tuple[Callable[[int], Sent], float]] = {
    "cart": (lambda n: ("GET", f"/carts/s{n % 300}/history?ref={n}", None), 0.32),
    "catalog": (lambda n: ("GET", f"/compare?ref={n}", None), 0.105),
    "inventory": (lambda n: ("GET", f"/report?ref={n}", None), 0.26),
}
"""The request and the seconds between two of them: one takes about a megabyte."""


async def send(client: Client, unit: Unit, sent: Sent) -> bool:
    """Send one request to a service; return whether it was taken."""
    method, path, data = sent
    body = b"" if data is None else msgspec.json.encode(data)
    try:
        found = await client.request(method, Address(port=unit.port), path, timeout_s=PATIENCE_S, body=body)
    except QuellError:
        return False
    return found.status < 300


async def keep_sending(unit: Unit, request: Callable[[int], Sent], every_s: float, until: Callable[[], bool]) -> None:
    """Send such requests to a service until someone did something about it."""
    client, number = Client(), 0
    try:
        while not until():
            await send(client, unit, request(number))
            number += 1
            await asyncio.sleep(every_s)
    finally:
        client.close()


@asynccontextmanager
async def _leaking(scene: Scene, service: str, request: Callable[[int], Sent], every_s: float) -> AsyncIterator[Break]:
    """Let a service leak; at the end its process is replaced if nobody did that."""
    unit = scene.operations.unit(service)
    replaced = unit.replaced
    work = keep_sending(unit, request, every_s, lambda: unit.replaced > replaced)
    sending = asyncio.get_running_loop().create_task(work)
    try:
        yield Break(mended=lambda: unit.replaced > replaced)
    finally:
        sending.cancel()
        await asyncio.wait({sending})
        if unit.replaced == replaced:
            await scene.operations.restart(service, by="ops")


@asynccontextmanager
async def pool_leak(scene: Scene, service: str) -> AsyncIterator[Break]:
    """Requests that are refused keep their connection to the store."""
    async with _leaking(scene, service, POOL_REQUESTS[service], CONNECTION_EVERY_S) as broken:
        yield broken


@asynccontextmanager
async def memory_leak(scene: Scene, service: str) -> AsyncIterator[Break]:
    """What was computed once is kept for ever, and asked for under ever new names."""
    request, every_s = MEMORY_REQUESTS[service]
    async with _leaking(scene, service, request, every_s) as broken:
        yield broken


POOL_LEAK = Fault(
    name="pool_leak",
    services=tuple(POOL_REQUESTS),
    cause="pool_exhaustion",
    actions=("restart",),
    inject=pool_leak,
)
MEMORY_LEAK = Fault(
    name="memory_leak",
    services=tuple(MEMORY_REQUESTS),
    cause="memory_leak",
    actions=("restart",),
    inject=memory_leak,
)
