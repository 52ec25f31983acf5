"""Reads the part of a file of JSON lines that lies in a window, from its end, through its rotated predecessors."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import msgspec

from quell.errors import BadAnswer, TimedOut, Unreachable

BLOCK_BYTES = 65_536

SLACK_S = 5.0
"""Lines may be out of order by so much."""

OLD_ENOUGH = 50
"""Reading stops after so many lines in a row that are older than the window: one wrong time does not end it."""

SKEW_S = 60.0
"""A newest line whose time differs from the file's own by more than this means that a clock is wrong."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What the window holds of one file."""

    path: Path
    records: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """(Unix seconds, object), in rising time."""
    read: int = 0
    """Lines that could be read, in the window or not."""
    malformed: int = 0
    truncated: bool = False
    """The byte limit ended the reading before the start of the window was reached."""
    skew_s: float = 0.0
    """Time of the newest line less the time at which the file was written."""

    def warnings(self) -> list[str]:
        """Return what looked wrong, a line each."""
        name, found = self.path.name, []
        if self.malformed:
            found.append(f"{name}: {self.malformed} lines could not be read")
        if self.truncated:
            found.append(f"{name}: only the newest part was read, the size limit was reached")
        if abs(self.skew_s) > SKEW_S:
            side = "ahead of" if self.skew_s > 0 else "behind"
            found.append(f"{name}: its times are {abs(self.skew_s):.0f} s {side} the clock of this machine")
        return found


def read_window(
    path: Path, start: float, end: float, *, time_keys: Sequence[str], max_bytes: int, stop: Event, rotations: int = 1
) -> Found:
    """
    Return the records with `start` <= time < `end`.

    Args:
        time_keys: names of the field that holds the time, the first that is there; ISO 8601 (UTC when it does not
            say) or Unix seconds or milliseconds.
        max_bytes: bound on what is read, over the file and its predecessors.
        stop: reading ends when it is set.
        rotations: how many of `path.1`, `path.2` ... are looked at.

    Raises: Unreachable: there is no such file, or it may not be read. BadAnswer: it is not a regular file.
        TimedOut: `stop` was set.
    """
    found, old, newest, telling = Found(path=path), 0, None, True
    source = _Backwards(path, max_bytes=max_bytes, stop=stop, rotations=rotations)
    for line, whole in source:
        record = _decode(line)
        at = moment(next((record[k] for k in time_keys if k in record), None)) if record is not None else None
        if record is None or at is None:
            found.malformed += bool(whole and line.strip())
            continue
        # After broken lines nobody knows when the file was written last.
        telling = telling and (found.read > 0 or not found.malformed)
        found.read += 1
        newest = at if newest is None else max(newest, at)
        if start <= at < end:
            found.records.append((at, record))
        old = old + 1 if at < start - SLACK_S else 0
        if old >= OLD_ENOUGH:
            break
    else:
        found.truncated = source.cut
    found.skew_s = newest - source.written_at if newest is not None and telling else 0.0
    found.records.reverse()
    found.records.sort(key=lambda pair: pair[0])
    return found


def moment(value: object) -> float | None:
    """Return Unix seconds of a time as logs write it, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if abs(value) > 1e11 else float(value)
        return seconds if abs(seconds) < 1e11 else None
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _decode(line: bytes) -> dict[str, Any] | None:
    try:
        record = msgspec.json.decode(line)
    except UnicodeDecodeError:
        return _decode(line.decode("utf-8", errors="replace").encode())
    except (msgspec.DecodeError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


class _Backwards:
    """Yields (line, whether it is whole) from the end of a file to the start of its oldest predecessor."""

    def __init__(self, path: Path, *, max_bytes: int, stop: Event, rotations: int) -> None:
        self._path, self._left, self._stop, self._rotations = path, max_bytes, stop, rotations
        self.cut = False
        """The byte limit was reached."""
        self.written_at = 0.0
        """Unix seconds when the newest file was written last."""

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        inodes: set[tuple[int, int]] = set()
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, self._rotations + 1))]
        for i, name in enumerate(names):
            try:
                descriptor = _open(name)
            except Unreachable as error:
                # Between the renaming and the new file there is only the predecessor.
                absent = isinstance(error.__cause__, FileNotFoundError)
                if i == 0 and not (absent and any(other.exists() for other in names[1:])):
                    raise
                continue
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                about = os.fstat(file.fileno())
                self.written_at = self.written_at or about.st_mtime
                # Rotated while we read: what is now `.1` has been read already.
                if (about.st_dev, about.st_ino) in inodes:
                    continue
                inodes.add((about.st_dev, about.st_ino))
                yield from self._lines(file.fileno(), about.st_size)
            if self.cut:
                return

    def _lines(self, descriptor: int, size: int) -> Iterator[tuple[bytes, bool]]:
        at, rest, last = size, b"", True
        while at > 0:
            if self._stop.is_set():
                raise TimedOut(f"{self._path}: reading was stopped, {at} bytes were left")
            if self._left <= 0:
                self.cut = True
                return
            length = min(BLOCK_BYTES, at, self._left)
            at, self._left = at - length, self._left - length
            block = os.pread(descriptor, length, at) + rest
            rest, *lines = block.split(b"\n")
            for line in reversed(lines):
                # A last line without its end is still being written.
                yield line, not last
                last = False
        yield rest, not last


def _open(path: Path) -> int:
    """Open a regular file without ever waiting for a writer on the other side of a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreachable(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadAnswer(f"{path}: not a regular file")
    return descriptor
