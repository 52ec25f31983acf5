"""Reads a log's file without owning it: for replay and export beside a running Quell."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from quell.errors import NotFound
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
