"""
Spans and log lines in memory, in columns, within a bound on bytes and on age; the oldest give way.

A shelf is a row of segments. A segment is filled, then never changed, then dropped whole: what a reader was given of
it stays true while new rows come in.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from quell.evidence.otlp.rows import LineRows, SpanRows

Columns = NDArray[np.void]

SPAN = np.dtype(
    [
        ("trace_high", "<u8"),
        ("trace_low", "<u8"),
        ("span", "<u8"),
        ("parent", "<u8"),
        ("at", "<f8"),
        ("duration_s", "<f4"),
        ("arrived", "<f4"),
        ("service", "<u4"),
        ("name", "<u4"),
        ("peer", "<u4"),
        ("kind", "u1"),
        ("error", "?"),
    ]
)
"""`at` is the start in Unix seconds, `arrived` seconds after the base of the segment; names are places in its texts."""

LINE = np.dtype(
    [
        ("trace_high", "<u8"),
        ("trace_low", "<u8"),
        ("at", "<f8"),
        ("arrived", "<f4"),
        ("service", "<u4"),
        ("level", "<u4"),
        ("text_end", "<u4"),
    ]
)
"""`text_end` is where the line ends in the bytes of the segment; it begins where the one before it ends."""

CHUNK_ROWS = 256
SEGMENT_ROWS = 4_096
SEGMENTS = 32
"""A shelf is cut into at least about so many segments, by bytes and by age, so that what gives way is a small part."""
TEXT_BYTES = 100
"""What a name costs besides itself: its places in the list and in the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a reader is given of one segment; it does not change."""

    columns: Columns
    names: Sequence[str]
    text: bytearray
    base: float
    """Unix seconds to which `arrived` is added."""

    def arrived(self) -> NDArray[np.float64]:
        """Return when each row came, Unix seconds."""
        return self.base + self.columns["arrived"].astype(np.float64)

    def line(self, row: int) -> str:
        """Return the text of a line."""
        ends = self.columns["text_end"]
        return self.text[int(ends[row - 1]) if row else 0 : int(ends[row])].decode()


class _Segment:
    """Rows that came one after the other."""

    def __init__(self, kind: np.dtype[Any], *, rows: int, at: float) -> None:
        self.columns = np.zeros(rows, dtype=kind)
        self.used = 0
        self.base = self.newest = at
        self.names: list[str] = [""]
        self.text = bytearray()
        self._index = {"": 0}
        self._names_bytes = 0

    @property
    def room(self) -> int:
        return len(self.columns) - self.used

    @property
    def held_bytes(self) -> int:
        return self.columns.nbytes + self._names_bytes + len(self.text)

    def places(self, names: Sequence[str]) -> list[int]:
        """Return where names are kept; a new one is added."""
        index, found = self._index, []
        for name in names:
            place = index.get(name)
            if place is None:
                place = index[name] = len(self.names)
                self.names.append(name)
                self._names_bytes += sys.getsizeof(name) + TEXT_BYTES
            found.append(place)
        return found

    def part(self) -> Part:
        return Part(columns=self.columns[: self.used], names=self.names, text=self.text, base=self.base)


Rows = TypeVar("Rows", SpanRows, LineRows)
Fill = Callable[[_Segment, Columns, Rows, slice], None]
"""Writes a slice of rows into the columns given."""


class Shelf(Generic[Rows]):
    """Keeps the rows of one signal."""

    def __init__(self, kind: np.dtype[Any], fill: Fill[Rows], *, max_bytes: int, keep_s: float) -> None:
        """
        Begin empty.

        Args:
            max_bytes: never exceeded by what is held, as `held_bytes` counts it.
            keep_s: rows that came longer ago give way, a segment at a time, so at most `keep_s` / 32 later.
        """
        self._kind = kind
        self._fill: Fill[Rows] = fill
        self.bound_bytes, self._keep_s = max_bytes, keep_s
        self._segments: deque[_Segment] = deque()
        self._closed_bytes = 0
        self._rows = max(16, min(SEGMENT_ROWS, max_bytes // (SEGMENTS * kind.itemsize)))
        self.accepted = self.dropped = 0

    def __len__(self) -> int:
        return self.accepted - self.dropped

    @property
    def held_bytes(self) -> int:
        """Memory taken now."""
        return self._closed_bytes + (self._segments[-1].held_bytes if self._segments else 0)

    @property
    def since(self) -> float | None:
        """When the oldest row that is held came, Unix seconds."""
        return self._segments[0].base if self._segments else None

    @property
    def newest(self) -> float | None:
        """When the newest row came, Unix seconds."""
        return self._segments[-1].newest if self._segments else None

    def add(self, rows: Rows, at: float) -> None:
        """
        Keep rows; the oldest held give way for them.

        Args:
            at: when they came, Unix seconds.
        """
        self.prune(at)
        done, count = 0, len(rows)
        while done < count:
            segment = self._open(at)
            size = min(CHUNK_ROWS, segment.room, count - done)
            into = segment.columns[segment.used : segment.used + size]
            self._fill(segment, into, rows, slice(done, done + size))
            into["arrived"] = at - segment.base
            segment.used += size
            segment.newest = max(segment.newest, at)
            self.accepted += size
            done += size
            while self.held_bytes > self.bound_bytes:
                self._drop()

    def prune(self, now: float) -> None:
        """Let go of what is too old."""
        while self._segments and self._segments[0].newest < now - self._keep_s:
            self._drop()

    def parts(self) -> list[Part]:
        """Return all that is held, the oldest first."""
        return [segment.part() for segment in self._segments]

    def _open(self, at: float) -> _Segment:
        """Return the segment that takes the next rows."""
        last = self._segments[-1] if self._segments else None
        if last is not None:
            full = not last.room or last.held_bytes >= self.bound_bytes // (SEGMENTS // 4)
            if not full and 0 <= at - last.base < self._keep_s / SEGMENTS:
                return last
            self._closed_bytes += last.held_bytes
        self._segments.append(_Segment(self._kind, rows=self._rows, at=at))
        return self._segments[-1]

    def _drop(self) -> None:
        segment = self._segments.popleft()
        if self._segments:
            self._closed_bytes -= segment.held_bytes
        self.dropped += segment.used


def span_shelf(*, max_bytes: int, keep_s: float) -> Shelf[SpanRows]:
    """Return a shelf for spans."""
    return Shelf(SPAN, _fill_spans, max_bytes=max_bytes, keep_s=keep_s)


def line_shelf(*, max_bytes: int, keep_s: float) -> Shelf[LineRows]:
    """Return a shelf for log lines."""
    return Shelf(LINE, _fill_lines, max_bytes=max_bytes, keep_s=keep_s)


def _fill_spans(segment: _Segment, into: Columns, rows: SpanRows, part: slice) -> None:
    ids = np.frombuffer(bytes(rows.ids[32 * part.start : 32 * part.stop]), dtype=">u8").reshape(-1, 4)
    for column, name in enumerate(("trace_high", "trace_low", "span", "parent")):
        into[name] = ids[:, column]
    starts = np.array(rows.starts_ns[part], dtype=np.int64)
    into["at"] = starts / 1e9
    into["duration_s"] = (np.array(rows.ends_ns[part], dtype=np.int64) - starts) / 1e9
    into["service"] = segment.places(rows.services[part])
    into["name"] = segment.places(rows.names[part])
    into["peer"] = segment.places(rows.peers[part])
    into["kind"] = rows.kinds[part]
    into["error"] = rows.errors[part]


def _fill_lines(segment: _Segment, into: Columns, rows: LineRows, part: slice) -> None:
    ids = np.frombuffer(bytes(rows.ids[16 * part.start : 16 * part.stop]), dtype=">u8").reshape(-1, 2)
    into["trace_high"], into["trace_low"] = ids[:, 0], ids[:, 1]
    into["at"] = np.array(rows.times_ns[part], dtype=np.int64) / 1e9
    into["service"] = segment.places(rows.services[part])
    into["level"] = segment.places(rows.levels[part])
    into["text_end"] = list(_ends(segment.text, rows.texts[part]))


def _ends(text: bytearray, texts: Sequence[str]) -> Iterator[int]:
    for one in texts:
        text += one.encode(errors="replace")
        yield len(text)
