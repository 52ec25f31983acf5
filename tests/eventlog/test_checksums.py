"""A log whose file changed by itself: nothing that was not written is ever read."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from quell.app.doctor import _log
from quell.app.replay import stored_events
from quell.errors import StorageCorrupt
from quell.eventlog import sqlite_rows
from quell.eventlog.inspection import inspect
from quell.eventlog.log import Recorded, Write
from quell.eventlog.sqlite import SqliteEventLog
from tests.eventlog.given import note, now, texts, write
from tests.projections.given import opened

BEFORE_CHECKSUMS = "DROP TRIGGER append; DROP VIEW appending; DROP TABLE checksums"
OLD_INSERT = "INSERT INTO events SELECT * FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?)) WHERE column1 IS NOT NULL"


async def log_of(path: Path, *appended: str) -> SqliteEventLog:
    log = await SqliteEventLog.open(path, clock=now)
    for text in appended:
        await log.append(write("a", text), key=f"key-{text}")
    return log


async def kept(path: Path, *appended: str) -> None:
    log = await log_of(path, *appended)
    await log.close()


def changed(path: Path, statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.executescript(statements)


def cells(file: bytes, table: str) -> range:
    """Return where in a small file the rows of a table are: the cells of the one leaf that holds them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(file)
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    start = (root - 1) * size
    assert file[start] == 0x0D, "it is one leaf"
    return range(start + int.from_bytes(file[start + 5 : start + 7]), start + size)


def read(file: bytes) -> list[Recorded]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(file)
        return sqlite_rows.page_of_all(connection, after=0, limit=100)


def refused(file: bytes) -> bool:
    try:
        read(file)
    except (StorageCorrupt, sqlite3.Error):
        return True
    return False


def flips(file: bytes, places: range) -> Iterator[bytes]:
    """Yield the file once for every bit of these bytes, with that bit the other way."""
    for place in places:
        for bit in range(8):
            yield file[:place] + bytes([file[place] ^ 1 << bit]) + file[place + 1 :]


@pytest.fixture
async def small(tmp_path: Path) -> bytes:
    """The bytes of a log with a few events of several streams, out of write-ahead mode."""
    path = tmp_path / "log.db"
    log = await log_of(path, "one", "two \u2713")
    await log.append([Write(stream="b", events=[note("three"), opened("INC-1")]), Write(stream="a", events=[note()])])
    await log.close()
    file = bytearray(path.read_bytes())
    file[18:20] = b"\1\1"
    return bytes(file)


def test_no_flipped_bit_of_any_row_is_read_as_something_else(small: bytes) -> None:
    whole, files = read(small), list(flips(small, cells(small, "events")))

    unnoticed = [file for file in files if not refused(file)]

    # SQLite itself reads a few as the same: that a body is text and no blob, what a row says of its own position.
    assert len(unnoticed) < len(files) / 100
    assert all(read(file) == whole for file in unnoticed)


def test_a_flipped_bit_of_a_checksum_is_said_or_leaves_every_event_as_it_was(small: bytes) -> None:
    whole = read(small)
    files = list(flips(small, cells(small, "checksums")))

    unnoticed = [file for file in files if not refused(file)]

    assert len(unnoticed) < len(files) / 2
    assert all(read(file) == whole for file in unnoticed)


async def test_a_damaged_event_is_named_by_its_position_wherever_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await kept(path, "1", "2", "3")
    changed(path, "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '2', '8') AS BLOB) WHERE position = 2")
    says = "the event at position 2 is not as it was written .* put back a copy"
    log = await SqliteEventLog.open(path, clock=now)

    with pytest.raises(StorageCorrupt, match=says):
        await log.read()
    with pytest.raises(StorageCorrupt, match=says):
        await log.read_stream("a")
    with pytest.raises(StorageCorrupt, match=says):
        await anext(log.subscribe(after=0))
    assert texts(await log.read(after=2)) == ["3"]
    await log.close()
    with pytest.raises(StorageCorrupt, match=says):
        list(stored_events(path))
    found, finding = inspect(path), _log(path)
    assert found is not None
    assert (found.damaged, found.unchecked) == ((2,), 0)
    assert finding.state == "bad"
    assert "the events at position 2" in finding.says


async def test_what_is_not_even_json_any_more_is_named_by_its_position_too(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await kept(path, "1", "2", "3")
    changed(path, "UPDATE events SET body = x'22ff22' WHERE position = 2")
    log = await SqliteEventLog.open(path, clock=now)

    with pytest.raises(StorageCorrupt, match="position 2"):
        await log.read()
    with pytest.raises(StorageCorrupt, match="position 2"):
        await log.read_stream("a")
    await log.close()


async def test_a_log_from_before_there_were_checksums_is_read_and_gets_them_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await kept(path, "1", "2")
    changed(path, BEFORE_CHECKSUMS)
    before, archived = inspect(path), texts(list(stored_events(path)))

    await kept(path, "3")

    after = inspect(path)
    assert before is not None
    assert after is not None
    assert archived == ["1", "2"]
    assert [(one.events, one.unchecked) for one in (before, after)] == [(2, 2), (3, 2)]
    assert texts(list(stored_events(path))) == ["1", "2", "3"]
    assert "2 of them have no checksum" in _log(path).says


async def test_an_older_quell_reads_and_writes_a_log_with_checksums(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await kept(path, "1")
    with closing(sqlite3.connect(path)) as file:
        body = b'{"by":"person:ada","text":"by the old one"}'
        file.execute(OLD_INSERT, (2, "a", 2, 0, "NoteAdded", body, None, 1))
        file.commit()

    await kept(path, "3")

    assert texts(list(stored_events(path))) == ["1", "by the old one", "3"]


async def test_an_append_of_several_chunks_is_checked_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = await log_of(path)
    many = [Write(stream=f"s{number}", events=[note("x" * number)]) for number in range(1_300)]
    await log.append(many, key="k")
    await log.close()

    found = inspect(path)

    assert found is not None
    assert (found.events, found.damaged, found.unchecked) == (1_300, (), 0)


def test_a_start_on_a_damaged_log_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    script = "import asyncio, sys; from pathlib import Path; from tests.eventlog.test_checksums import kept; "
    script += "asyncio.run(kept(Path(sys.argv[1]), '1', '2'))"
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    changed(path, "UPDATE events SET at = at + 1 WHERE position = 2")

    ended = subprocess.run(
        [sys.executable, "-m", "quell.cli", "serve", "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2, ended.stderr
    said = [line for line in ended.stderr.splitlines() if "the event at position 2 is not as it was written" in line]
    assert len(said) == 1
    assert "Traceback" not in ended.stdout + ended.stderr
