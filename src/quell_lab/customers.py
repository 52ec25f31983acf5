"""The customers: an open load of requests at the edge, with the rhythm of a day of ten minutes."""

from __future__ import annotations

import asyncio
import math
import random
import signal
import socket
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from quell.errors import QuellError
from quell.linkage import name_process
from quell_lab.http.client import Address, Client
from quell_lab.orders import Start, obey
from quell_lab.store import CATEGORIES, PRODUCTS

BASE_PER_S = 31.0
SWING = 0.18
DAY_S = 600.0
PATIENCE_S = 6.0
AT_ONCE = 250
SESSIONS = 300
COUNTRIES = (("DE", 0.35), ("AT", 0.1), ("FR", 0.1), ("PT", 0.15), ("SE", 0.15), ("PL", 0.15))
CARDS = (("4929", 0.4), ("5200", 0.2), ("3782", 0.25), ("6011", 0.15))
PAGES = (
    ("home", 0.22),
    ("category", 0.22),
    ("product", 0.17),
    ("cart", 0.08),
    ("put", 0.17),
    ("checkout", 0.132),
    ("typo", 0.007),
    ("odd", 0.001),
)


class Customers:
    """Sends requests whether or not the ones before were answered, up to a bound."""

    def __init__(self, edge: Address, rng: random.Random) -> None:
        self.edge = edge
        self.rng = rng
        self.client = Client(limit_per_address=AT_ONCE)
        self.sent = 0
        self.failed = 0
        self.pace = 1.0
        """Times the usual rate."""
        self.filled: list[str] = []
        """Sessions whose cart has something in it."""
        self._open: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until cancelled; gaps between requests are random, their mean follows the hour."""
        while True:
            rate = self.pace * BASE_PER_S * (1 + SWING * math.sin(2 * math.pi * time.time() / DAY_S))
            await asyncio.sleep(self.rng.expovariate(rate))
            if len(self._open) < AT_ONCE:
                task = asyncio.get_running_loop().create_task(self.visit())
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    async def visit(self) -> None:
        """Send one request and take no harm from what comes back."""
        page = self.pick(PAGES)
        session = f"s{self.rng.randrange(SESSIONS)}"
        if page == "checkout":
            if not self.filled:
                page = "put"
            else:
                session = self.filled.pop(self.rng.randrange(len(self.filled)))
        method, path, data = self.request(page, session)
        body = b"" if data is None else msgspec.json.encode(data)
        self.sent += 1
        try:
            found = await self.client.request(method, self.edge, path, timeout_s=PATIENCE_S, body=body)
        except QuellError:
            self.failed += 1
            return
        self.failed += found.status >= 500
        if page == "put" and found.status < 300 and session not in self.filled:
            self.filled.append(session)

    def request(self, page: str, session: str) -> tuple[str, str, dict[str, Any] | None]:
        """Return (method, path, body) of a visit to a page."""
        rng = self.rng
        if page == "home":
            return "GET", "/", None
        if page == "category":
            return "GET", f"/products?category={rng.randrange(CATEGORIES)}", None
        if page == "cart":
            return "GET", f"/cart/{session}", None
        if page == "put":
            line = {"product_id": rng.randint(1, PRODUCTS), "quantity": rng.randint(1, 3)}
            return "POST", f"/cart/{session}", line
        if page == "checkout":
            card = f"{self.pick(CARDS)}{rng.randrange(10**12):012d}"
            return "POST", f"/checkout/{session}", {"country": self.pick(COUNTRIES), "card": card}
        if page == "typo":
            return "GET", f"/products/{PRODUCTS + rng.randint(1, 900)}", None
        if page == "odd":
            return "GET", "/products?category=1e1", None
        return "GET", f"/products/{rng.randint(1, PRODUCTS)}", None

    def pick(self, choices: tuple[tuple[str, float], ...]) -> str:
        """Choose by weight."""
        return self.rng.choices([name for name, _ in choices], [weight for _, weight in choices])[0]

    async def take(self, do: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Tell how many requests were sent, and how many came to nothing; or come more often."""
        if do == "pace":
            self.pace = float(values["times"])
        if do == "count":
            return {"sent": self.sent, "failed": self.failed}
        return {}


def main(start: Start, line: socket.socket) -> int:
    """Be the customers until told to stop."""
    name_process(start.name)
    return asyncio.run(_serve(start, line))


async def _serve(start: Start, line: socket.socket) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    customers = Customers(Address(port=start.peers["edge"]), random.Random(start.seed))
    tasks = [loop.create_task(each) for each in (stop.wait(), obey(line, customers.take), customers.run())]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return 0
