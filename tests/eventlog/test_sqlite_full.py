"""A disk that fills up and a file that turns read-only: said clearly, and over when the cause is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from quell.errors import StorageError, StorageFull, StorageReadOnly
from quell.eventlog.sqlite import SqliteEventLog
from tests.eventlog.given import now, texts, write

KB = "x" * 1000


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    opened = await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    await opened.append(write("a", "before"), key="before")
    yield opened
    await opened.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"lacks the right to mount a small disk: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def limit_pages(log: SqliteEventLog, more: int | None) -> None:
    """Let the database grow by that many pages only, on the connection of the writer; None: as before."""
    (pages,) = log._file.writer.execute("PRAGMA page_count").fetchone()
    log._file.writer.execute(f"PRAGMA max_page_count = {2**30 if more is None else pages + more}")


async def fill(log: SqliteEventLog) -> int:
    """Append until it fails; return how many kB were acknowledged."""
    for count in range(10_000):
        try:
            await log.append(write("fill", KB), key=f"fill/{count}")
        except StorageFull:
            return count
    raise AssertionError("it never was full")


async def test_a_full_database_refuses_says_so_and_goes_on_when_there_is_space(log: SqliteEventLog) -> None:
    limit_pages(log, 20)
    taken = await fill(log)

    with pytest.raises(StorageFull, match=r"appending 30 events to .*events\.db failed: .*full.*SQLITE_FULL"):
        await log.append(write("big", *[KB] * 30), key="big")
    with pytest.raises(StorageFull, match="proving"):
        await log.check()
    assert texts(await log.read(limit=1)) == ["before"]
    assert not (await log.append(write("a"), key="before")).fresh

    limit_pages(log, None)
    await log.check()
    assert (await log.append(write("big", *[KB] * 30, expected_offset=0), key="big")).fresh
    assert [r.position for r in await log._read_on(0, 10_000)] == list(range(1, 1 + taken + 30 + 1))
    assert len(await log.read_stream("fill")) == taken


async def test_the_check_fails_while_what_failed_last_still_would(log: SqliteEventLog) -> None:
    limit_pages(log, 20)

    with pytest.raises(StorageFull):
        await log.append(write("big", *[KB] * 300))
    with pytest.raises(StorageFull):
        await log.check()
    await log.append(write("small"))
    await log.check()


async def test_all_of_a_failed_batch_are_told_and_none_is_kept(log: SqliteEventLog) -> None:
    limit_pages(log, 5)
    outcomes = await asyncio.gather(
        # Each is too large by itself: however many the writer takes at once, none of them fits.
        *(log.append(write(f"s{i}", *[KB] * 30), key=f"k{i}") for i in range(100)),
        return_exceptions=True,
    )

    assert all(isinstance(outcome, StorageFull) for outcome in outcomes)
    assert len({id(outcome) for outcome in outcomes}) == 100
    assert len(await log._read_on(0, 1000)) == log.head == 1
    limit_pages(log, None)
    assert (await log.append(write("s0", KB, expected_offset=0), key="k0")).first == 2


async def test_a_read_only_store_refuses_says_so_and_goes_on_when_it_can(log: SqliteEventLog) -> None:
    log._file.writer.execute("PRAGMA query_only = ON")

    for _ in range(3):
        with pytest.raises(StorageReadOnly, match=r"appending 1 events? to .*SQLITE_READONLY"):
            await log.append(write())
        with pytest.raises(StorageReadOnly, match="proving"):
            await log.check()
    assert texts(await log.read()) == ["before"]

    log._file.writer.execute("PRAGMA query_only = OFF")
    await log.check()
    assert (await log.append(write("a", "after"))).first == 2


async def test_a_full_disk_refuses_says_so_and_goes_on_when_there_is_space(small_disk: Path) -> None:
    log = await SqliteEventLog.open(small_disk / "events.db", clock=now)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    taken = await fill(log)

    assert taken
    with pytest.raises(StorageFull, match="bytes are free on its disk"):
        await log.append(write("big", *[KB] * 300))
    with pytest.raises(StorageFull):
        await log.check()
    assert len(await log.read_stream("fill")) == taken

    ballast.unlink()
    await log.check()
    await log.append(write("after", "after"))
    await log.close()
    log = await SqliteEventLog.open(small_disk / "events.db", clock=now)
    assert len(await log.read_stream("fill")) == taken
    assert texts(await log.read_stream("after")) == ["after"]
    await log.close()


async def test_opening_on_a_full_disk_fails_clearly_and_succeeds_when_there_is_space(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    assert shutil.disk_usage(small_disk).free == 0
    for _ in range(3):
        with pytest.raises(StorageFull, match=r"events\.db"):
            await SqliteEventLog.open(small_disk / "events.db", clock=now)

    ballast.unlink()
    log = await SqliteEventLog.open(small_disk / "events.db", clock=now)
    await log.append(write())
    await log.close()


async def test_opening_on_a_read_only_disk_fails_clearly(small_disk: Path) -> None:
    log = await SqliteEventLog.open(small_disk / "events.db", clock=now)
    await log.append(write())
    await log.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    with pytest.raises(StorageReadOnly, match="Read-only file system"):
        await SqliteEventLog.open(small_disk / "events.db", clock=now)


@pytest.mark.may_skip("whoever runs as root is bound by no permission, in CI too")
async def test_a_folder_without_write_permission_is_read_only(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("lacks an unprivileged user: permissions do not bind root")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            await SqliteEventLog.open(tmp_path / "events.db", clock=now)
    finally:
        tmp_path.chmod(0o700)
