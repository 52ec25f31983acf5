"""Looks at a log's file and changes nothing: whether it is one, what is in it, who owns it."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from pathlib import Path

from quell.errors import StorageCorrupt, StorageError
from quell.eventlog import sqlite_rows
from quell.eventlog.reader import Inspection
from quell.eventlog.sqlite_file import APPLICATION_ID, FORMAT, translated

DAMAGED_NAMED = 20
ROWS_AT_ONCE = 5_000


def inspect(path: Path) -> Inspection | None:
    """
    Return what a file holds; None when there is no file.

    Raises: StorageCorrupt: it is no event log, or one of a newer Quell. StorageError: it cannot be read.
    """
    if not path.exists():
        return None
    owner = owner_of(path)
    left = path.with_name(path.name + "-wal")
    try:
        # Nobody writes and nothing waits to be taken in: SQLite need not make files of its own beside it.
        settled = owner is None and not (left.exists() and left.stat().st_size)
        uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if settled else ''}"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as file:
            (application,) = file.execute("PRAGMA application_id").fetchone()
            (version,) = file.execute("PRAGMA user_version").fetchone()
            if application != APPLICATION_ID:
                raise StorageCorrupt(f"{path} is not an event log of Quell")
            if version > FORMAT:
                raise StorageCorrupt(f"{path} has format {version}, written by a newer Quell; this one reads {FORMAT}")
            (events,) = file.execute("SELECT ifnull(max(position), 0) FROM events").fetchone()
            damaged, unchecked = _compared(file)
            return Inspection(
                events=events,
                format=version,
                size_bytes=path.stat().st_size,
                damaged=damaged,
                unchecked=unchecked,
                owner=owner,
            )
    except sqlite3.Error as error:
        raise translated(error, doing="reading", path=path) from error
    except OSError as error:
        raise StorageError(f"reading {path} failed: {error.strerror}") from error


def _compared(file: sqlite3.Connection) -> tuple[tuple[int, ...], int]:
    """Compare every event with its checksum; return the first that differ, and how many have none."""
    found: list[int] = []
    unchecked, last = 0, 0
    while len(found) < DAMAGED_NAMED:
        damaged, without, reached = sqlite_rows.compare_rows(file, after=last, limit=ROWS_AT_ONCE)
        found, unchecked = found + damaged, unchecked + without
        if reached is None or reached <= last:  # not even the order of a damaged file is certain
            break
        last = reached
    return tuple(found[:DAMAGED_NAMED]), unchecked


def owner_of(path: Path) -> str | None:
    """Return who owns a log's file, None when nobody does. Raises: StorageError: that cannot be told."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        with lock_path.open("rb", buffering=0) as lock:
            pid = lock.read(20).decode("ascii", "replace").strip()
            if not pid:
                return None  # an owner that ends in order takes its name out
            # It has the name of a process that may have been killed. Shared, and given back at once: a Quell that
            # starts in just this moment would take us for an owner.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return f"process {pid}" if pid.isdecimal() else "another process"
    except OSError as error:
        raise StorageError(f"reading {lock_path} failed: {error.strerror}") from error
    return None
