"""The file of the SQLite event log: who owns it, what is in it, and what its errors mean."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import shutil
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path

from quell.errors import StorageCorrupt, StorageError, StorageFull, StorageLocked, StorageReadOnly

APPLICATION_ID = 0x5175656C
"""`Quel` in ASCII: marks the file as ours."""
FORMAT = 1
"""Version of the tables; a file with a higher one is refused."""
BUSY_TIMEOUT_MS = 5_000
WAL_KEPT_BYTES = 64 * 1024 * 1024
"""What the write-ahead file is cut back to after a burst."""

SCHEMA = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream   TEXT    NOT NULL,
    offset   INTEGER NOT NULL,
    at       INTEGER NOT NULL,  -- microseconds since 1970, UTC
    type     TEXT    NOT NULL,
    body     BLOB    NOT NULL,  -- JSON
    key      TEXT,              -- idempotency key of the append, on its first event
    appended INTEGER            -- how many events that append has, on its first event
);
CREATE UNIQUE INDEX events_by_stream ON events (stream, offset);
CREATE UNIQUE INDEX events_by_key ON events (key) WHERE key IS NOT NULL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE probe (body BLOB NOT NULL);
CREATE VIEW readable AS
    SELECT position, stream, offset, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e6, 'unixepoch') AS at, type,
           CAST(body AS TEXT) AS body, key
    FROM events;
"""

CHECKSUMS = (
    "CREATE TABLE checksums (position INTEGER PRIMARY KEY, value INTEGER NOT NULL)",
    """
    CREATE VIEW appending AS
    SELECT position, stream, offset, at, type, body, key, appended, value FROM events JOIN checksums USING (position)
    """,
    """
    CREATE TRIGGER append INSTEAD OF INSERT ON appending BEGIN
        INSERT INTO events
        VALUES (NEW.position, NEW.stream, NEW.offset, NEW.at, NEW.type, NEW.body, NEW.key, NEW.appended);
        INSERT INTO checksums VALUES (NEW.position, NEW.value);
    END
    """,
)
"""
Beside the events, so that a Quell from before there were checksums reads and writes the same file; what it appends has
none, like what was appended before. The view makes one statement of both inserts.
"""

CHECKPOINTS = "CREATE TABLE IF NOT EXISTS checkpoints (subscriber TEXT PRIMARY KEY, position INTEGER NOT NULL)"
"""Beside the events for the same reason, and so that a copy of the file has both as of the same moment."""

_KINDS: dict[int, type[StorageError]] = {
    sqlite3.SQLITE_FULL: StorageFull,
    sqlite3.SQLITE_READONLY: StorageReadOnly,
    sqlite3.SQLITE_BUSY: StorageLocked,
    sqlite3.SQLITE_LOCKED: StorageLocked,
    sqlite3.SQLITE_CORRUPT: StorageCorrupt,
    sqlite3.SQLITE_NOTADB: StorageCorrupt,
}
_SYSTEM_KINDS: dict[int, type[StorageError]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EROFS: StorageReadOnly,
    errno.EACCES: StorageReadOnly,
    errno.EPERM: StorageReadOnly,
}


def translated(error: sqlite3.Error, *, doing: str, path: Path) -> StorageError:
    """Return our error for one of SQLite's, saying what was tried and on which file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    kind, more = _KINDS.get(code, StorageError), ""
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        with contextlib.suppress(OSError):
            free_bytes = shutil.disk_usage(path.parent).free
            more = f"; {free_bytes} bytes are free on its disk"
            # Where SQLite cannot grow its shared-memory file it says "I/O error", on a disk that is simply full.
            if free_bytes == 0:
                kind = StorageFull
    return kind(f"{doing} {path} failed: {error} ({name}){more}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """An event log's file that this process owns, with its connections."""

    path: Path
    lock: io.FileIO
    writer: sqlite3.Connection
    readers: list[sqlite3.Connection]
    epoch: str

    def close(self) -> None:
        """Close the connections, which empties the write-ahead file, and let others own the file."""
        for connection in (*self.readers, self.writer):
            connection.close()
        with contextlib.suppress(OSError):
            self.lock.truncate(0)
        self.lock.close()


def open_file(path: Path, *, readers: int) -> OpenFile:
    """
    Own the file, making it if it is not there.

    Raises: StorageLocked: another process, or another log in this one, owns it. StorageError.
    """
    path = path.resolve()
    with contextlib.ExitStack() as opened:
        lock = _own(path)
        opened.callback(lock.close)
        try:
            # Made here and not by SQLite, so that what the log holds is its owner's alone to read.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _translated_os(error, doing="opening the event log", path=path) from error
        try:
            writer = opened.enter_context(contextlib.closing(_connect(path)))
            epoch = writer.execute("SELECT ifnull(max(value), '') FROM meta WHERE name = 'epoch'").fetchone()[0]
            reading = [opened.enter_context(contextlib.closing(_connect(path))) for _ in range(readers)]
            for connection in reading:
                connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise translated(error, doing="opening the event log", path=path) from error
        if not epoch:
            raise StorageCorrupt(f"the event log {path} has lost its epoch")
        opened.pop_all()
    return OpenFile(path=path, lock=lock, writer=writer, readers=reading, epoch=epoch)


def _own(path: Path) -> io.FileIO:
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = lock_path.open("a+b", buffering=0)
    except OSError as error:
        raise _translated_os(error, doing="locking the event log", path=path) from error
    try:
        # The kernel lets go of it when the process ends, however it ends; the file itself stays. Only a child
        # forked without exec would hold on to it.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read(20).decode("ascii", "replace").strip()
        lock.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise _translated_os(error, doing="locking the event log", path=path) from error
        whose = f"process {owner}" if owner.isdecimal() else "another process"
        raise StorageLocked(f"the event log {path} is in use by {whose}; only one may own it") from error
    with contextlib.suppress(OSError):  # on a full disk the lock holds all the same, only nameless
        lock.truncate(0)
        lock.write(b"%d\n" % os.getpid())
    return lock


def _translated_os(error: OSError, *, doing: str, path: Path) -> StorageError:
    kind = _SYSTEM_KINDS.get(error.errno or 0, StorageError)
    return kind(f"{doing} {path} failed: {error.strerror or error}")


def _connect(path: Path) -> sqlite3.Connection:
    # isolation_level None: every statement is its own transaction unless BEGIN is said.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        # Before the first change: a file that is not ours stays as it is.
        _settle_format(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -16384")  # KiB, each connection
        connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: 16 MiB
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
    except (sqlite3.Error, StorageError):
        connection.close()
        raise
    return connection


def _settle_format(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not application:
        _create(connection)
    elif application != APPLICATION_ID:
        raise StorageCorrupt(f"{path} is a SQLite database, but not an event log of Quell")
    elif version > FORMAT:
        raise StorageCorrupt(
            f"the event log {path} has format {version}, written by a newer Quell; this one reads up to {FORMAT}"
        )
    else:
        _add_tables(connection)


def _add_tables(connection: sqlite3.Connection) -> None:
    """Add what a file of an older Quell lacks; that one goes on reading and writing it."""
    (kept,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoints'").fetchone()
    checked = has_checksums(connection)
    if kept and checked:
        return
    connection.execute("BEGIN IMMEDIATE")
    for statement in () if checked else CHECKSUMS:
        connection.execute(statement)
    connection.execute(CHECKPOINTS)
    connection.execute("COMMIT")


def has_checksums(connection: sqlite3.Connection) -> bool:
    """Return whether the file has a place for checksums; one of an older Quell that was not opened since has none."""
    (count,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'checksums'").fetchone()
    return bool(count)


def _create(connection: sqlite3.Connection) -> None:
    # One transaction: a process that ends in between leaves an empty file, never half a log.
    connection.execute("BEGIN IMMEDIATE")
    for statement in (*SCHEMA.split(";\n"), *CHECKSUMS, CHECKPOINTS):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (uuid.uuid4().hex,))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")
