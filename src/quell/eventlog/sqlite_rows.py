"""The statements of the SQLite event log, each made so that one step of SQLite does a whole batch.

Python's sqlite3 gives up the interpreter lock at every step and, beside a busy event loop, waits up to the switch
interval (5 ms) to get it back. Row by row that was 500 events a second; a batch a step, it was 27,000.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from quell.errors import StorageCorrupt
from quell.eventlog.append import EPOCH, MICROSECOND
from quell.eventlog.codec import decode
from quell.eventlog.log import Recorded

COLUMNS = 8
CHUNK_ROWS = 512
"""Rows an insert writes at most; eight values each stays far under SQLite's 32,766."""
PAGE_ROWS = 100
"""Rows a page reads at most: with the largest events still one answer that SQLite can give."""

_ROW = "(" + ",".join("?" * COLUMNS) + ")"
# A few fixed sizes, filled up with NULL rows, so that every statement is compiled once.
_INSERTS = {
    size: f"INSERT INTO events SELECT * FROM (VALUES {','.join([_ROW] * size)}) WHERE column1 IS NOT NULL"  # noqa: S608 - only question marks
    for size in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
}
_PAGE = """
    SELECT CAST(group_concat('[' || position || ',' || json_quote(stream) || ',' || offset || ',' || at || ','
                             || json_quote(type) || ',' || CAST(body AS TEXT) || ']') AS BLOB)
    FROM (SELECT * FROM events WHERE {where} LIMIT ?)
"""
_PAGE_OF_ALL = _PAGE.format(where="position > ? ORDER BY position")
_PAGE_OF_STREAM = _PAGE.format(where="stream = ? AND offset > ? ORDER BY offset")
_LENGTHS = """
    SELECT json_group_object(value, (SELECT ifnull(max(offset), 0) FROM events WHERE stream = value))
    FROM json_each(?)
"""
_KNOWN = """
    SELECT json_group_object(key, json_array(position, position + appended - 1))
    FROM events INDEXED BY events_by_key WHERE key IN (SELECT value FROM json_each(?))
"""
_lengths_decoder = msgspec.json.Decoder(dict[str, int])
_known_decoder = msgspec.json.Decoder(dict[str, tuple[int, int]])
_page_decoder = msgspec.json.Decoder(list[tuple[int, str, int, int, str, msgspec.Raw]])


def head(connection: sqlite3.Connection) -> int:
    """Return the position of the newest event, 0 when there is none."""
    (position,) = connection.execute("SELECT ifnull(max(position), 0) FROM events").fetchone()
    return int(position)


def lengths(connection: sqlite3.Connection, streams: Iterable[str]) -> dict[str, int]:
    """Return how many events each of the streams holds."""
    names = msgspec.json.encode(list(streams)).decode()
    return _lengths_decoder.decode(connection.execute(_LENGTHS, (names,)).fetchone()[0])


def known(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return (first, last) position of those idempotency keys that were used."""
    names = msgspec.json.encode(list(keys)).decode()
    return _known_decoder.decode(connection.execute(_KNOWN, (names,)).fetchone()[0])


def insert(connection: sqlite3.Connection, values: list[int | str | bytes | None]) -> None:
    """Write rows of `COLUMNS` values each, all in one transaction."""
    step = CHUNK_ROWS * COLUMNS
    if len(values) <= step:
        _insert_chunk(connection, values)
        return
    connection.execute("BEGIN IMMEDIATE")
    for start in range(0, len(values), step):
        _insert_chunk(connection, values[start : start + step])
    connection.execute("COMMIT")


def _insert_chunk(connection: sqlite3.Connection, values: list[int | str | bytes | None]) -> None:
    rows = len(values) // COLUMNS
    size = 1 << (rows - 1).bit_length()
    connection.execute(_INSERTS[size], values + [None] * ((size - rows) * COLUMNS))


def page_of_all(connection: sqlite3.Connection, *, after: int, limit: int) -> list[Recorded]:
    """
    Return at most `limit` events past position `after`.

    Raises: StorageCorrupt: one cannot be read, or one is missing.
    """

    def page(last: int, rows: int) -> list[Recorded]:
        found = _decoded(connection.execute(_PAGE_OF_ALL, (last, rows)), f"after position {last}")
        _check_gap_free([item.position for item in found], last, "position")
        return found

    return _paged(page, after=after, limit=limit, place=lambda item: item.position)


def page_of_stream(connection: sqlite3.Connection, stream: str, *, after: int, limit: int) -> list[Recorded]:
    """
    Return at most `limit` events of a stream past its offset `after`.

    Raises: StorageCorrupt: one cannot be read, or one is missing.
    """

    def page(last: int, rows: int) -> list[Recorded]:
        rows_found = connection.execute(_PAGE_OF_STREAM, (stream, last, rows))
        found = _decoded(rows_found, f"of stream {stream!r} after offset {last}")
        _check_gap_free([item.offset for item in found], last, f"offset of stream {stream!r}")
        return found

    return _paged(page, after=after, limit=limit, place=lambda item: item.offset)


def _paged(
    page: Callable[[int, int], list[Recorded]], *, after: int, limit: int, place: Callable[[Recorded], int]
) -> list[Recorded]:
    found: list[Recorded] = []
    while len(found) < limit:
        rows = min(PAGE_ROWS, limit - len(found))
        more = page(place(found[-1]) if found else after, rows)
        found += more
        if len(more) < rows:
            break
    return found


def _decoded(rows: sqlite3.Cursor, where: str) -> list[Recorded]:
    (joined,) = rows.fetchone()
    if joined is None:
        return []
    try:
        found = _page_decoder.decode(b"[" + joined + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageCorrupt(f"the log holds an event {where} that is not JSON: {error}") from error
    return [
        Recorded(
            position=position,
            stream=stream,
            offset=offset,
            at=EPOCH + at_us * MICROSECOND,
            event=decode(name, bytes(body)),
        )
        for position, stream, offset, at_us, name, body in found
    ]


def _check_gap_free(places: list[int], after: int, what: str) -> None:
    if places != list(range(after + 1, after + 1 + len(places))):
        raise StorageCorrupt(f"the log misses an event: after {what} {after} come {places[:3]} ... {places[-1]}")
