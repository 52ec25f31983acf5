"""Reads a log's file without owning it: for replay and export beside a running Quell, and for its relays."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from quell.errors import NotFound, StorageCorrupt
from quell.eventlog import sqlite_rows
from quell.eventlog.log import Recorded
from quell.eventlog.sqlite_file import translated

PAGE = 1_000


def stored_events(path: Path, *, stream: str | None = None) -> Iterator[Recorded]:
    """
    Yield the events of a log's file in order, all or those of one stream.

    Raises: NotFound: there is no such file. StorageError: it cannot be read.
    """
    if not path.is_file():
        raise NotFound(f"there is no event log at {path}")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            last = 0
            while True:
                if stream is None:
                    page = sqlite_rows.page_of_all(file, after=last, limit=PAGE)
                else:
                    page = sqlite_rows.page_of_stream(file, stream, after=last, limit=PAGE)
                yield from page
                if len(page) < PAGE:
                    return
                last = page[-1].position if stream is None else page[-1].offset
    except sqlite3.Error as error:
        raise translated(error, doing="read", path=path) from error


class Follower:
    """Follows a log that another process owns. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """
        Open the file to read it.

        Raises: NotFound: there is no such file. StorageError: it is no log, or cannot be read.
        """
        if not path.is_file():
            raise NotFound(f"there is no event log at {path}")
        self._path = path
        self._version: int | None = None
        try:
            address = f"{path.absolute().as_uri()}?mode=ro"
            self._file = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
            found = self._file.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        except sqlite3.Error as error:
            raise translated(error, doing="read", path=path) from error
        if found is None:
            raise StorageCorrupt(f"the event log {path} has lost its epoch")
        self.epoch: str = found[0]
        """Names this log for good."""

    def after(self, position: int) -> list[Recorded]:
        """Return at most a page of what came after a position. Raises: StorageError."""
        try:
            return sqlite_rows.page_of_all(self._file, after=position, limit=PAGE)
        except sqlite3.Error as error:
            raise translated(error, doing="read", path=self._path) from error

    def changed(self) -> bool:
        """Return whether the file was written to since this was asked last; it costs microseconds."""
        version = int(self._file.execute("PRAGMA data_version").fetchone()[0])
        before, self._version = self._version, version
        return version != before

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
