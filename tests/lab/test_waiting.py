"""What requests wait for: a measured lock, workers with a bounded queue, a disk with a quota."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from quell_lab.disk import Disk, clear, files
from quell_lab.waiting import MeasuredLock, QueueFull, Workers


async def test_who_still_waits_for_a_lock_counts_too() -> None:
    lock = MeasuredLock()
    async with lock.held():
        waiting = [asyncio.create_task(lock.passed()) for _ in range(3)]
        await asyncio.sleep(0)
        first = lock.waited_s
        await asyncio.sleep(0.02)
        second = lock.waited_s
    await asyncio.gather(*waiting)

    assert second - first >= 3 * 0.02
    assert lock.waited_s >= second


async def test_a_lock_that_is_free_is_not_waited_for() -> None:
    lock = MeasuredLock()
    for _ in range(50):
        await lock.passed()

    assert lock.waited_s < 0.01


async def test_no_more_than_may_wait_for_a_worker() -> None:
    workers, free = Workers(1, queue=2), asyncio.Event()

    async def work() -> None:
        async with workers.turn():
            await free.wait()

    busy = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.sleep(0)
    assert workers.waiting == 2
    with pytest.raises(QueueFull, match="2 requests wait"):
        async with workers.turn():
            pass
    free.set()
    await asyncio.gather(*busy)

    assert workers.waiting == 0


async def test_one_that_gives_up_leaves_the_queue() -> None:
    workers = Workers(1, queue=2)
    async with workers.turn():
        waiting = asyncio.create_task(_turn(workers))
        await asyncio.sleep(0)
        assert workers.waiting == 1
        waiting.cancel()
        await asyncio.wait({waiting})

    assert workers.waiting == 0


async def _turn(workers: Workers) -> None:
    async with workers.turn():
        return


def test_a_write_beyond_the_quota_fails_as_on_a_full_disk(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "payment", quota_bytes=1000)
    disk.write("receipt-1.json", b"x" * 300)
    disk.write("spool/statement-1.csv", b"x" * 600)
    with pytest.raises(OSError, match="No space left") as raised:
        disk.write("receipt-2.json", b"x" * 200)
    disk.write("receipt-1.json", b"x" * 350)

    assert raised.value.errno == errno.ENOSPC
    assert disk.used_bytes() == 950


def test_clearing_removes_exports_and_nothing_else(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "payment", quota_bytes=1000)
    disk.write("receipt-1.json", b"x" * 10)
    disk.write("spool/a.csv", b"x" * 20)
    disk.write("spool/b.csv", b"x" * 30)

    assert clear(disk.folder) == (2, 50)
    assert [path.name for path, _ in files(disk.folder)] == ["receipt-1.json"]
