"""The statements of the SQLite event log, each made so that one step of SQLite does a whole batch.

Python's sqlite3 gives up the interpreter lock at every step and, beside a busy event loop, waits up to the switch
interval (5 ms) to get it back. Row by row that was 500 events a second; a batch a step, it was 27,000.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from quell.errors import StorageCorrupt
from quell.eventlog.append import EPOCH, MICROSECOND
from quell.eventlog.checksum import checksum_of
from quell.eventlog.codec import decode
from quell.eventlog.log import Recorded
from quell.eventlog.sqlite_file import has_checksums

COLUMNS = 9
CHUNK_ROWS = 512
"""Rows an insert writes at most; nine values each stays far under SQLite's 32,766."""
PAGE_ROWS = 100
"""Rows a page reads at most: with the largest events still one answer that SQLite can give."""

_ROW = "(" + ",".join("?" * COLUMNS) + ")"
# A few fixed sizes, filled up with NULL rows, so that every statement is compiled once.
_INSERTS = {
    size: f"INSERT INTO appending SELECT * FROM (VALUES {','.join([_ROW] * size)}) WHERE column1 IS NOT NULL"  # noqa: S608 - only question marks
    for size in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
}
# The count tells when a row that holds NULL where it must not falls out of the concatenation.
_PAGE = """
    SELECT count(*),
           CAST(group_concat('[' || position || ',' || json_quote(stream) || ',' || offset || ',' || at || ','
                             || json_quote(type) || ',' || CAST(body AS TEXT) || ',' || json_quote(key) || ','
                             || json_quote(appended) || ',' || json_quote(checksum) || ']') AS BLOB)
    FROM (SELECT *, {checksum} AS checksum FROM events WHERE {where} LIMIT ?)
"""
_KEPT_CHECKSUM = "(SELECT value FROM checksums WHERE checksums.position = events.position)"
_ALL, _OF_STREAM = "position > ? ORDER BY position", "stream = ? AND offset > ? ORDER BY offset"
_PAGES = {where: _PAGE.format(where=where, checksum=_KEPT_CHECKSUM) for where in (_ALL, _OF_STREAM)}
_PAGES_UNCHECKED = {where: _PAGE.format(where=where, checksum="NULL") for where in (_ALL, _OF_STREAM)}
"""For a file that was last opened by a Quell from before there were checksums."""
_ROWS = """
    SELECT position, CAST(stream AS BLOB), offset, at, CAST(type AS BLOB), CAST(body AS BLOB), CAST(key AS BLOB),
           appended, {checksum}
    FROM events WHERE {where} LIMIT ?
"""
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
_Row = tuple[int, str, int, int, str, msgspec.Raw, str | None, int | None, int | None]
_page_decoder = msgspec.json.Decoder(list[_Row])

MEND = "put back a copy of the file; `quell doctor` names every damaged event"


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


def checkpoint(connection: sqlite3.Connection, subscriber: str) -> int:
    """Return the position that a subscriber has reached, 0 for a new one, and never past the newest event."""
    found = connection.execute("SELECT position FROM checkpoints WHERE subscriber = ?", (subscriber,)).fetchone()
    return min(int(found[0]), head(connection)) if found else 0


def keep_checkpoint(connection: sqlite3.Connection, subscriber: str, position: int) -> None:
    """Keep the position that a subscriber has reached, if it is past the one that is kept."""
    connection.execute(
        "INSERT INTO checkpoints VALUES (?, ?) "
        "ON CONFLICT (subscriber) DO UPDATE SET position = max(position, excluded.position)",
        (subscriber, position),
    )


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
        found = _decoded(connection, _ALL, (last, rows), f"after position {last}")
        _check_gap_free([item.position for item in found], last, "position")
        return found

    return _paged(page, after=after, limit=limit, place=lambda item: item.position)


def page_of_stream(connection: sqlite3.Connection, stream: str, *, after: int, limit: int) -> list[Recorded]:
    """
    Return at most `limit` events of a stream past its offset `after`.

    Raises: StorageCorrupt: one cannot be read, or one is missing.
    """

    def page(last: int, rows: int) -> list[Recorded]:
        found = _decoded(connection, _OF_STREAM, (stream, last, rows), f"of stream {stream!r} after offset {last}")
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


def _decoded(connection: sqlite3.Connection, which: str, values: tuple[str | int, ...], where: str) -> list[Recorded]:
    try:
        count, joined = connection.execute(_PAGES[which], values).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table: checksums" not in str(error):
            raise
        count, joined = connection.execute(_PAGES_UNCHECKED[which], values).fetchone()
    if not count:
        return []
    try:
        rows = _page_decoder.decode(b"[" + (joined or b"") + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        damaged = next(iter(_compared(connection, which, values)[0]), None)
        if damaged is not None:
            raise StorageCorrupt(differs(damaged)) from error
        raise StorageCorrupt(f"the log holds an event {where} that is not JSON: {error}; {MEND}") from error
    if len(rows) != count:
        raise StorageCorrupt(f"the log holds an event {where} that misses a value; {MEND}")
    return [_recorded(row) for row in rows]


def differs(position: int) -> str:
    """Say that an event is damaged, and what to do."""
    return f"the event at position {position} is not as it was written (its checksum differs); {MEND}"


def _recorded(row: _Row) -> Recorded:
    position, stream, offset, at_us, name, raw, key, appended, checksum = row
    body = bytes(raw)
    if checksum is not None and checksum != checksum_of((position, stream, offset, at_us, name, body, key, appended)):
        raise StorageCorrupt(differs(position))
    event = decode(name, body, as_written=checksum is not None)
    return Recorded(position=position, stream=stream, offset=offset, at=EPOCH + at_us * MICROSECOND, event=event)


def compare_rows(connection: sqlite3.Connection, *, after: int, limit: int) -> tuple[list[int], int, int | None]:
    """
    Compare at most `limit` rows past a position with their checksums, without reading what they mean.

    Returns: the positions of those that differ, how many have no checksum, and the last position looked at (None: there
        is no row past `after`).
    """
    return _compared(connection, _ALL, (after, limit))


def _compared(
    connection: sqlite3.Connection, which: str, values: tuple[str | int, ...]
) -> tuple[list[int], int, int | None]:
    kept = _KEPT_CHECKSUM if has_checksums(connection) else "NULL"
    damaged: list[int] = []
    unchecked, last = 0, None
    for *row, checksum in connection.execute(_ROWS.format(checksum=kept, where=which), values):
        last = int(row[0])
        if checksum is None:
            unchecked += 1
        elif checksum != _checksum_of_raw(row):
            damaged.append(last)
    return damaged, unchecked, last


def _checksum_of_raw(row: list[Any]) -> int | None:
    """Return the checksum of a row as SQLite holds it; None when it holds what no row does."""
    position, stream, offset, at_us, name, body, key, appended = row
    try:
        key_text = None if key is None else key.decode()
        return checksum_of((position, stream.decode(), offset, at_us, name.decode(), bytes(body), key_text, appended))
    except (UnicodeDecodeError, AttributeError, TypeError):
        return None


def _check_gap_free(places: list[int], after: int, what: str) -> None:
    if places != list(range(after + 1, after + 1 + len(places))):
        raise StorageCorrupt(f"the log misses an event: after {what} {after} come {places[:3]} ... {places[-1]}")
