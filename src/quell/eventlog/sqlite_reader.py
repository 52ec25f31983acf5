"""Reads a log's file without owning it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from quell.errors import NotFound, StorageCorrupt
from quell.eventlog import sqlite_rows
from quell.eventlog.inspection import inspect
from quell.eventlog.log import Recorded
from quell.eventlog.reader import Inspection
from quell.eventlog.sqlite_file import translated

PAGE = 1_000


class SqliteReader:
    """Reads a log that another process may own. One thread at a time."""

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
        self._epoch: str = found[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def epoch(self) -> str:
        """Names this log for good."""
        return self._epoch

    def replay(self, *, stream: str | None = None) -> Iterator[Recorded]:
        """Yield the events in order up to the newest, all or those of one stream. Raises: StorageError."""
        last = 0
        while page := self._page(last, stream):
            yield from page
            last = page[-1].position if stream is None else page[-1].offset

    def after(self, position: int) -> list[Recorded]:
        """Return at most a page of what came after a position. Raises: StorageError."""
        return self._page(position, None)

    def changed(self) -> bool:
        """Return whether the file was written to since this was asked last; it costs microseconds."""
        version = int(self._file.execute("PRAGMA data_version").fetchone()[0])
        before, self._version = self._version, version
        return version != before

    def inspect(self) -> Inspection:
        """Return the state of the file, every event compared with its checksum. Raises: StorageError."""
        found = inspect(self._path)
        if found is None:
            raise NotFound(f"there is no event log at {self._path} any more")
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _page(self, after: int, stream: str | None) -> list[Recorded]:
        try:
            if stream is None:
                return sqlite_rows.page_of_all(self._file, after=after, limit=PAGE)
            return sqlite_rows.page_of_stream(self._file, stream, after=after, limit=PAGE)
        except sqlite3.Error as error:
            raise translated(error, doing="read", path=self._path) from error
