"""Reads a deploy log: what was released, set, switched or restarted, by whom."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from quell.errors import BadAnswer, TimedOut
from quell.evidence.jsonlines import Found, read_window
from quell.evidence.source import Collected, Scope
from quell.incident.events import Change, EvidenceKind, Window

FIELD_CHARS = 300

_REQUIRED = ("service", "kind")


class ChangeLogSource:
    """Finds the changes of a window in a file of `{"at", "service", "kind", "what", "before", "after", "by"}` lines."""

    name: str
    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.CHANGE,)

    def __init__(
        self,
        path: Path | str,
        *,
        timeout_s: float = 5.0,
        max_changes: int = 500,
        max_bytes: int = 4_000_000,
        name: str = "changes",
    ) -> None:
        """
        Args:
            max_changes: of an answer; the newest stay.
            max_bytes: read of the file and its predecessor.
        """
        self.name, self._path = name, Path(path)
        self._timeout_s, self._max_changes, self._max_bytes = timeout_s, max_changes, max_bytes

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the changes of a window, oldest first.

        Raises: Unreachable: there is no such file. BadAnswer: none of its lines could be read. TimedOut.
        """
        found = await self._read(window.start.timestamp(), window.end.timestamp())
        wanted = set(scope.services)
        whole = [(at, record) for at, record in found.records if all(record.get(key) for key in _REQUIRED)]
        changes = [_change(at, record) for at, record in whole]
        changes = [change for change in changes if not wanted or change.service in wanted]
        warnings = found.warnings()
        if len(whole) < len(found.records):
            warnings.append(f"{self._path.name}: {len(found.records) - len(whole)} changes name no service or kind")
        cut = len(changes) > self._max_changes
        if cut:
            warnings.append(f"the newest {self._max_changes} of {len(changes)} changes were kept")
        asked = not scope.kinds or EvidenceKind.CHANGE in scope.kinds
        return Collected(
            source=self.name,
            window=window,
            query=self._query(scope, window),
            changes=changes[-self._max_changes :] if asked else (),
            warnings=warnings,
            truncated=cut or found.truncated,
        )

    async def check(self) -> str:
        """Say how many changes the last hour had. Raises: UpstreamError: the file cannot be read."""
        now = datetime.now(UTC).timestamp()
        found = await self._read(now - 3600, now + 60)
        return f"{len(found.records)} changes in the last hour"

    async def _read(self, start: float, end: float) -> Found:
        """Read the file in a thread. Raises as `collect`."""
        stop = Event()
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await asyncio.to_thread(
                    read_window, self._path, start, end, time_keys=("at",), max_bytes=self._max_bytes, stop=stop
                )
        except TimeoutError as error:
            raise TimedOut(f"{self._path} was not read within {self._timeout_s:g} s") from error
        finally:
            stop.set()
        if not found.read and found.malformed:
            raise BadAnswer(f"{self._path}: none of {found.malformed} lines is a JSON object with a time")
        return found

    def _query(self, scope: Scope, window: Window) -> str:
        start, end = (at.astimezone(UTC).isoformat().replace("+00:00", "Z") for at in (window.start, window.end))
        test = f'.at >= "{start}" and .at < "{end}"'
        if scope.services:
            test += " and (" + " or ".join(f'.service == "{service}"' for service in scope.services) + ")"
        return f"jq -c 'select({test})' {self._path}"


def _change(at: float, record: dict[str, Any]) -> Change:
    return Change(
        at=datetime.fromtimestamp(at, UTC),
        service=_text(record.get("service")),
        kind=_text(record.get("kind")),
        what=_text(record.get("what")),
        before=_text(record.get("before")),
        after=_text(record.get("after")),
        by=_text(record.get("by")),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)[:FIELD_CHARS]
