"""The stream of alerts, as many a second as anybody could look at, and a count of the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quell.eventlog.log import Recorded
from quell.incident import events as ev
from quell.incident.untrusted import made_harmless

SHOWN_PER_S = 2_000
KEPT = 200
"""The last alerts shown, for who begins to look."""

_INCIDENT = "incident/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of the stream."""

    kind: str
    """`alert`, or `left_out` for the count of those that a second had too many."""
    data: dict[str, Any]
    at: datetime
    position: int


class AlertSample:
    """Follows from the log alone: whoever reads it again leaves out the same alerts."""

    def __init__(self, shown_per_s: int = SHOWN_PER_S) -> None:
        """Show at most so many alerts of each second."""
        self._most = shown_per_s
        self._second: datetime | None = None
        self._shown = 0
        self._left_out = 0
        self._last: Recorded | None = None
        """The last one left out."""
        self._recent: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def snapshot(self) -> dict[str, Any]:
        """Return the last alerts shown, oldest first."""
        return {"items": list(self._recent)}

    def take(self, records: Iterable[Recorded]) -> Iterator[Told]:
        """Take in what was appended, in its order; yield what is to be shown of it."""
        for recorded in records:
            data = _alert(recorded)
            if data is None:
                continue
            second = recorded.at.replace(microsecond=0)
            if second != self._second:
                yield from self._close()
                self._second, self._shown = second, 0
            if self._shown >= self._most:
                self._left_out += 1
                self._last = recorded
                continue
            self._shown += 1
            data = made_harmless(data)
            self._recent.append(data)
            yield Told(kind="alert", data=data, at=recorded.at, position=recorded.position)
        # Said at once: the next alert may come in an hour, and until then nobody would know.
        yield from self._close()

    def _close(self) -> Iterator[Told]:
        last, count = self._last, self._left_out
        if last is not None:
            self._last, self._left_out = None, 0
            data = {"second": self._second, "left_out": count, "shown_per_s": self._most}
            yield Told(kind="left_out", data=data, at=last.at, position=last.position)


def _alert(recorded: Recorded) -> dict[str, Any] | None:
    event, stream = recorded.event, recorded.stream
    incident_id = stream.removeprefix(_INCIDENT) if stream.startswith(_INCIDENT) else None
    match event:
        case ev.AlertGrouped():
            return {"became": "joined", "incident_id": incident_id, "why": event.why, "alert": event.alert}
        case ev.AlertHeld():
            return {"became": "waits", "incident_id": None, "why": event.why, "alert": event.alert}
        case ev.AlertResolved():
            return {"became": "resolved", "incident_id": incident_id, "fingerprint": event.fingerprint,
                    "name": event.name}  # fmt: skip
    return None
