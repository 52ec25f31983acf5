"""The shop's shared SQLite store, and the bounded pool of connections through which a service uses it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from quell.errors import TimedOut

PRODUCTS = 64
CATEGORIES = 8
CURRENCY_OF_CATEGORY = ("EUR", "EUR", "EUR", "EUR", "EUR", "SEK", "GBP", "EUR")
STOCK = 500
BUSY_S = 2.0
THREADS = 4
KEEP_ROWS = 5000

SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category INTEGER NOT NULL,
    price_cents INTEGER NOT NULL, currency TEXT NOT NULL, discount_cents INTEGER);
CREATE INDEX products_category ON products (category);
CREATE TABLE stock (product_id INTEGER PRIMARY KEY, on_hand INTEGER NOT NULL);
CREATE TABLE reservations (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE lines (session TEXT NOT NULL, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL,
    PRIMARY KEY (session, product_id)) WITHOUT ROWID;
CREATE TABLE payments (id INTEGER PRIMARY KEY, amount_cents INTEGER NOT NULL, scheme TEXT NOT NULL,
    state TEXT NOT NULL);
"""


class PoolTimeout(TimedOut):
    """Every connection stayed in use for as long as we were willing to wait."""

    reason = "pool_timeout"


class Connection:
    """One connection to the store; its work is done in a thread."""

    def __init__(self, path: Path, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        self._sqlite.row_factory = sqlite3.Row
        self._sqlite.execute("PRAGMA synchronous=OFF")
        self._sqlite.execute("PRAGMA cache_size=-256")

    async def fetch(self, sql: str, values: Sequence[object] = ()) -> list[dict[str, object]]:
        """Return the rows of a query."""
        rows = await asyncio.get_running_loop().run_in_executor(self._executor, self._run, sql, values)
        return [dict(row) for row in rows]

    async def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Carry out one statement; return how many rows it changed."""

        def run() -> int:
            return self._sqlite.execute(sql, values).rowcount

        return await asyncio.get_running_loop().run_in_executor(self._executor, run)

    def _run(self, sql: str, values: Sequence[object]) -> list[sqlite3.Row]:
        return self._sqlite.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the connection."""
        self._sqlite.close()


class Pool:
    """A bounded number of connections, lent out in the order of asking."""

    def __init__(self, path: Path, *, size: int, wait_s: float) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="store")
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self.size = size
        self.wait_s = wait_s
        self.in_use = 0
        self.timeouts = 0

    async def acquire(self) -> Connection:
        """Return a connection, to be given back with `release`; raise `PoolTimeout` after `wait_s`."""
        if self.in_use < self.size:
            self.in_use += 1
            return self._idle.pop() if self._idle else Connection(self._path, self._executor)
        try:
            async with asyncio.timeout(self.wait_s):
                return await self._next_free()
        except TimeoutError as error:
            self.timeouts += 1
            raise PoolTimeout(
                f"no connection to the store free within {self.wait_s * 1000:.0f} ms"
                f" ({self.in_use} of {self.size} in use)"
            ) from error

    async def _next_free(self) -> Connection:
        future: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.release(future.result())  # it came in the moment in which the wait was over
            raise

    def release(self, connection: Connection) -> None:
        """Give a connection back."""
        while self._waiting and self.in_use <= self.size:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return
        self.in_use -= 1
        if self.in_use + len(self._idle) < self.size:
            self._idle.append(connection)
        else:
            connection.close()

    def resize(self, size: int) -> None:
        """Change how many connections may be lent out; those out stay out until given back."""
        self.size = size
        while self._waiting and self.in_use < self.size:
            future = self._waiting.popleft()
            if not future.done():
                self.in_use += 1
                future.set_result(Connection(self._path, self._executor))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for a block."""
        connection = await self.acquire()
        try:
            yield connection
        finally:
            self.release(connection)


def create(path: Path, rng: random.Random) -> None:
    """Make a new store with products and stock."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.executescript(SCHEMA)
    for number in range(1, PRODUCTS + 1):
        category = number % CATEGORIES
        discount = rng.randrange(50, 300, 10) if rng.random() < 0.5 else None
        price = rng.randrange(500, 9000, 50)
        currency = CURRENCY_OF_CATEGORY[category]
        row = (number, f"Article {number:03d}", category, price, currency, discount)
        db.execute("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO stock VALUES (?, ?)", (number, STOCK))
    db.commit()
    db.close()
