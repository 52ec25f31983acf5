"""Reads the services' own log files: JSON lines, rotated by size."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from quell.errors import BadAnswer, TimedOut, Unreachable, UpstreamError
from quell.evidence.jsonlines import Found, read_window
from quell.evidence.source import Collected, LogLine, Scope
from quell.incident.events import EvidenceKind, Window
from quell.signals.series import spread

TEXT_CHARS = 2_000
NAME_CHARS = 200

_TIME = ("ts", "timestamp", "time")
_TEXT = ("msg", "message")
_LEVEL = ("level", "severity")


class LogFileSource:
    """
    Finds the lines of a window in log files, reading each from its end.

    A line is `{"ts", "level", "service", "trace_id", "msg"}`; a line without a service belongs to the file's name.
    """

    name: str
    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.LOG,)

    def __init__(
        self,
        paths: Sequence[Path | str],
        *,
        timeout_s: float = 5.0,
        max_lines: int = 5_000,
        max_bytes: int = 8_000_000,
        rotations: int = 1,
        name: str = "logfiles",
    ) -> None:
        """
        Args:
            max_lines: of an answer; more are sampled evenly in time, services and levels with few lines first.
            max_bytes: read of one file and its predecessors.
            rotations: how many predecessors (`path.1` ...) are looked at.
        """
        self.name, self._paths = name, [Path(path) for path in paths]
        self._timeout_s, self._max_lines, self._max_bytes, self._rotations = timeout_s, max_lines, max_bytes, rotations

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the lines of a window, oldest first.

        Raises: Unreachable: none of the files is there. BadAnswer: no line of any could be read. TimedOut.
        """
        found, failed = await self._read(window.start.timestamp(), window.end.timestamp())
        wanted = set(scope.services)
        lines = [_line(at, record, part.path.stem) for part in found for at, record in part.records]
        lines = [line for line in lines if not wanted or line.service in wanted]
        lines.sort(key=lambda line: line.at)
        kept = thin(lines, self._max_lines)
        warnings = [text for part in found for text in part.warnings()] + [str(error) for error in failed.values()]
        if len(kept) < len(lines):
            warnings.append(f"{len(kept)} of {len(lines)} lines were kept, spread evenly over the window")
        given = {line.service for line in lines}
        silent = wanted - given if wanted else {path.stem for path in failed} - given
        logs = not scope.kinds or EvidenceKind.LOG in scope.kinds
        return Collected(
            source=self.name,
            window=window,
            query=self._query(scope, window),
            lines=kept if logs else (),
            warnings=warnings,
            truncated=len(kept) < len(lines) or any(part.truncated for part in found),
            missing=sorted(silent),
        )

    async def check(self) -> str:
        """Say which files are there and how new they are. Raises: UpstreamError: none is there."""
        now = datetime.now(UTC).timestamp()
        found, failed = await self._read(now - 60, now + 60)
        newest = max((part.records[-1][0] for part in found if part.records), default=None)
        age = "no line in the last minute" if newest is None else f"newest line {max(now - newest, 0):.0f} s old"
        absent = ", ".join(path.name for path in failed)
        return f"{len(found)} of {len(self._paths)} files can be read, {age}" + (f"; not: {absent}" if absent else "")

    async def _read(self, start: float, end: float) -> tuple[list[Found], dict[Path, UpstreamError]]:
        """Read all files in a thread. Raises as `collect`."""
        stop = Event()
        try:
            async with asyncio.timeout(self._timeout_s):
                found, failed = await asyncio.to_thread(self._read_files, start, end, stop)
        except TimeoutError as error:
            raise TimedOut(f"{len(self._paths)} log files were not read within {self._timeout_s:g} s") from error
        finally:
            stop.set()
        if not found:
            reasons = "; ".join(str(error) for error in failed.values()) or "no file is configured"
            raise Unreachable(f"no log file can be read: {reasons}")
        if not any(part.read for part in found) and any(part.malformed for part in found):
            raise BadAnswer(f"none of {sum(part.malformed for part in found)} log lines is a JSON object with a time")
        return found, failed

    def _read_files(self, start: float, end: float, stop: Event) -> tuple[list[Found], dict[Path, UpstreamError]]:
        found: list[Found] = []
        failed: dict[Path, UpstreamError] = {}
        for path in self._paths:
            try:
                found.append(
                    read_window(
                        path,
                        start,
                        end,
                        time_keys=_TIME,
                        max_bytes=self._max_bytes,
                        stop=stop,
                        rotations=self._rotations,
                    )
                )
            except TimedOut:
                raise
            except UpstreamError as error:
                failed[path] = error
        return found, failed

    def _query(self, scope: Scope, window: Window) -> str:
        test = f'.ts >= "{_iso(window.start)}" and .ts < "{_iso(window.end)}"'
        if scope.services:
            test += " and (" + " or ".join(f'.service == "{service}"' for service in scope.services) + ")"
        return f"jq -c 'select({test})' " + " ".join(f"{path}.1 {path}" for path in self._paths)


def thin(lines: Sequence[LogLine], most: int) -> Sequence[LogLine]:
    """
    Keep at most `most` lines: services and levels with few lines whole, the others spread evenly over their time.

    Args:
        lines: oldest first.

    Returns: oldest first.
    """
    if len(lines) <= most:
        return lines
    return [lines[i] for i in fair([(line.service, line.level) for line in lines], most)]


def fair(keys: Sequence[tuple[str, str]], most: int) -> Sequence[int]:
    """
    Choose at most `most` places: those of keys with few places all, the others spread evenly.

    Returns: places in `keys`, rising.
    """
    if len(keys) <= most:
        return range(len(keys))
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        groups[key].append(i)
    kept: list[int] = []
    for done, key in enumerate(sorted(groups, key=lambda key: (len(groups[key]), key))):
        members = groups[key]
        share = min((most - len(kept)) // (len(groups) - done), len(members))
        kept += [members[i] for i in spread(len(members), share)]
    return sorted(kept)


def _line(at: float, record: dict[str, Any], stem: str) -> LogLine:
    return LogLine(
        at=at,
        service=_text(record, ("service",))[:NAME_CHARS] or stem,
        level=_text(record, _LEVEL).lower()[:NAME_CHARS] or "info",
        text=_text(record, _TEXT)[:TEXT_CHARS],
        trace_id=_text(record, ("trace_id",))[:NAME_CHARS],
    )


def _text(record: dict[str, Any], keys: Sequence[str]) -> str:
    value = next((record[key] for key in keys if record.get(key) is not None), "")
    return value if isinstance(value, str) else str(value)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
