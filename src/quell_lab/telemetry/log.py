"""JSON log lines with trace ids, in a file that is rotated by size."""

from __future__ import annotations

import os
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

import msgspec

TRACE_ID: ContextVar[str] = ContextVar("trace_id", default="")
"""The trace id of the request that the current task answers."""

ROTATE_BYTES = 2 * 1024 * 1024
CHECK_S = 1.0
MAX_MESSAGE = 1000


class Log:
    """
    Writes one service's log file. Two processes of a service may write for a moment during a deploy: lines are
    appended whole, and each notices within a second that the other rotated.
    """

    def __init__(self, path: Path, service: str, *, rotate_bytes: int = ROTATE_BYTES) -> None:
        self.path = path
        self.service = service
        self._rotate_bytes = rotate_bytes
        self._checked_at = time.monotonic()
        self._file = self._open()
        self._muted = False

    def mute(self, on: bool) -> None:
        """Write nothing, and leave no file (`on`), or write again."""
        if on and not self._muted:
            self.path.unlink(missing_ok=True)
        elif self._muted and not on:
            self._file.close()
            self._file = self._open()
        self._muted = on

    def info(self, msg: str, *, trace_id: str | None = None) -> None:
        """Write an info line."""
        self._write("info", msg, trace_id)

    def warning(self, msg: str, *, trace_id: str | None = None) -> None:
        """Write a warning line."""
        self._write("warning", msg, trace_id)

    def error(self, msg: str, *, trace_id: str | None = None, stack: str | None = None) -> None:
        """Write an error line, with a traceback if there is one."""
        self._write("error", msg, trace_id, stack)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, level: str, msg: str, trace_id: str | None, stack: str | None = None) -> None:
        if self._muted:
            return
        line: dict[str, str] = {
            "ts": timestamp(datetime.now(UTC)),
            "level": level,
            "service": self.service,
            "trace_id": TRACE_ID.get() if trace_id is None else trace_id,
            "msg": msg[:MAX_MESSAGE],
        }
        if stack is not None:
            line["traceback"] = stack
        self._rotate()
        self._file.write(msgspec.json.encode(line) + b"\n")

    def _open(self) -> FileIO:
        return FileIO(self.path, "ab")

    def _rotate(self) -> None:
        """Start a new file when this one is full, or was replaced by another process."""
        now = time.monotonic()
        if now - self._checked_at < CHECK_S:
            return
        self._checked_at = now
        here = os.fstat(self._file.fileno())
        try:
            same = self.path.stat().st_ino == here.st_ino
        except FileNotFoundError:
            same = False
        if same and here.st_size < self._rotate_bytes:
            return
        if same:
            self.path.replace(self.path.with_name(self.path.name + ".1"))
        self._file.close()
        self._file = self._open()


def timestamp(at: datetime) -> str:
    """Return ISO-8601 UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def brief(error: BaseException) -> str:
    """Return an exception on one line: `KeyError: 'currency' in price_of (catalog.py:41)`."""
    frames = traceback.extract_tb(error.__traceback__)
    place = ""
    if frames:
        last = frames[-1]
        place = f" in {last.name} ({Path(last.filename).name}:{last.lineno})"
    return f"{type(error).__name__}: {error}{place}"


def stack_of(error: BaseException, *, frames: int = 12) -> str:
    """Return the last frames of an exception's traceback, with file names but no folders."""
    lines = ["Traceback (most recent call last):"]
    for frame in traceback.extract_tb(error.__traceback__)[-frames:]:
        lines.append(f'  File "{Path(frame.filename).name}", line {frame.lineno}, in {frame.name}')
        if frame.line:
            lines.append(f"    {frame.line}")
    lines.append(f"{type(error).__name__}: {error}")
    return "\n".join(lines)
