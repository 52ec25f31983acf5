from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from quell.errors import StorageCorrupt, StorageError, StorageLocked
from quell.eventlog.sqlite import SqliteEventLog
from quell.eventlog.sqlite_file import APPLICATION_ID, FORMAT
from tests.eventlog.given import now, texts, write

OWNER = """
import asyncio, sys
from datetime import UTC, datetime
from quell.eventlog.sqlite import SqliteEventLog

async def main():
    log = await SqliteEventLog.open(sys.argv[1], clock=lambda: datetime.now(UTC))
    print("open", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def opened(path: Path) -> SqliteEventLog:
    return await SqliteEventLog.open(path, clock=now)


async def kept(path: Path, *appended: str) -> None:
    log = await opened(path)
    await log.append(write("a", *appended))
    await log.close()


async def test_a_second_process_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with subprocess.Popen([sys.executable, "-c", OWNER, path], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"

        with pytest.raises(StorageLocked, match=rf"{path} is in use by process {owner.pid}"):
            await opened(path)

        owner.send_signal(signal.SIGKILL)
    log = await opened(path)
    await log.append(write())
    await log.close()


async def test_a_second_log_in_the_same_process_is_refused_even_by_another_name(tmp_path: Path) -> None:
    log = await opened(tmp_path / "events.db")
    (tmp_path / "link.db").symlink_to("events.db")

    with pytest.raises(StorageLocked, match=f"process {os.getpid()}"):
        await opened(tmp_path / "link.db")
    await log.append(write())
    await log.close()


async def test_a_log_that_could_not_be_opened_is_not_owned(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"no database at all, and long enough for a header" * 100)
    with pytest.raises(StorageCorrupt, match=r"events\.db"):
        await opened(path)

    path.unlink()
    await kept(path, "x")


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        await opened(tmp_path / "nowhere" / "events.db")


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.db").mkdir()
    with pytest.raises(StorageError, match="directory"):
        await opened(tmp_path / "events.db")


async def test_a_newer_format_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    await kept(path, "x")
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()

    with pytest.raises(StorageCorrupt, match=f"format {FORMAT + 1}, written by a newer Quell"):
        await opened(path)


async def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    connection.close()

    with pytest.raises(StorageCorrupt, match="not an event log"):
        await opened(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


async def test_a_damaged_page_is_said_and_stops_neither_process_nor_close(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    await kept(path, *("x" * 1000 for _ in range(500)))
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 4096 * 50)

    log = await opened(path)
    with pytest.raises(StorageCorrupt, match=r"events\.db"):
        await log.read(limit=500)
    await log.close()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE events SET type = 'FromTheFuture' WHERE position = 2", "FromTheFuture"),
        ("UPDATE events SET body = CAST('{\"by\":1}' AS BLOB) WHERE position = 2", "NoteAdded"),
        ("UPDATE events SET body = CAST('{' AS BLOB) WHERE position = 2", "not JSON"),
        ("UPDATE events SET body = x'22ff22' WHERE position = 2", "cannot be read|not JSON"),
        ("DELETE FROM events WHERE position = 2", "misses an event"),
    ],
)
async def test_an_event_that_cannot_be_read_is_never_passed_over(tmp_path: Path, damage: str, says: str) -> None:
    path = tmp_path / "events.db"
    await kept(path, "1", "2", "3")
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM checksums")  # as in a log from before there were any
        connection.execute(damage)
    connection.close()
    log = await opened(path)

    with pytest.raises(StorageCorrupt, match=says):
        await log.read()
    with pytest.raises(StorageCorrupt, match=says):
        await log.read_stream("a")
    with pytest.raises(StorageCorrupt, match=says):
        await anext(log.subscribe(after=0))
    assert texts(await log.read(after=2)) == ["3"]
    await log.close()


async def test_the_file_reads_with_any_sqlite_tool(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    await kept(path, "hello")

    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT position, stream, offset, at, type, body FROM readable").fetchall()
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()
    (row,) = rows
    assert row[:3] == (1, "a", 1)
    assert row[3].startswith(f"{now():%Y-}")
    assert row[3].endswith("Z")
    assert row[4:] == ("NoteAdded", '{"by":"person:ada","text":"hello","typed_name":""}')
