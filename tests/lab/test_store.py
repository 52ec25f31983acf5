"""The pool of connections to the store."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from quell_lab.store import PRODUCTS, STOCK, Pool, PoolTimeout, create


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "shop.db"
    create(found, random.Random(1))
    return found


async def test_a_new_store_has_products_and_stock(path: Path) -> None:
    pool = Pool(path, size=2, wait_s=1)
    async with pool.connection() as db:
        rows = await db.fetch("SELECT count(*) AS n, min(on_hand) AS least FROM stock")

    assert rows == [{"n": PRODUCTS, "least": STOCK}]


async def test_creating_again_starts_afresh(path: Path) -> None:
    pool = Pool(path, size=1, wait_s=1)
    async with pool.connection() as db:
        await db.execute("DELETE FROM stock")
    create(path, random.Random(1))
    async with Pool(path, size=1, wait_s=1).connection() as db:
        rows = await db.fetch("SELECT count(*) AS n FROM stock")

    assert rows == [{"n": PRODUCTS}]


async def test_a_full_pool_times_out_and_counts_it(path: Path) -> None:
    pool = Pool(path, size=2, wait_s=0.02)
    held = [await pool.acquire(), await pool.acquire()]

    with pytest.raises(PoolTimeout, match=r"within 20 ms \(2 of 2 in use\)"):
        await pool.acquire()

    assert (pool.in_use, pool.timeouts) == (2, 1)
    for connection in held:
        pool.release(connection)
    assert pool.in_use == 0


async def test_a_connection_given_back_goes_to_who_waits_longest(path: Path) -> None:
    pool, order = Pool(path, size=1, wait_s=5), []
    first = await pool.acquire()

    async def wait(number: int) -> None:
        async with pool.connection():
            order.append(number)

    tasks = [asyncio.create_task(wait(number)) for number in range(4)]
    await asyncio.sleep(0)
    pool.release(first)
    await asyncio.gather(*tasks)

    assert order == [0, 1, 2, 3]
    assert pool.in_use == 0


async def test_growing_a_pool_serves_those_who_wait(path: Path) -> None:
    pool = Pool(path, size=1, wait_s=5)
    first = await pool.acquire()
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    pool.resize(2)
    second = await waiting

    assert pool.in_use == 2
    for connection in (first, second):
        pool.release(connection)
    assert pool.in_use == 0


async def test_shrinking_a_pool_takes_effect_as_connections_come_back(path: Path) -> None:
    pool = Pool(path, size=3, wait_s=0.01)
    held = [await pool.acquire() for _ in range(3)]
    pool.resize(1)
    for connection in held[:2]:
        pool.release(connection)

    with pytest.raises(PoolTimeout):
        await pool.acquire()
    pool.release(held[2])
    async with pool.connection():
        assert pool.in_use == 1


async def test_a_cancelled_wait_costs_no_connection(path: Path) -> None:
    pool = Pool(path, size=1, wait_s=5)
    first = await pool.acquire()
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    pool.release(first)

    async with pool.connection():
        assert pool.in_use == 1
    assert pool.in_use == 0
