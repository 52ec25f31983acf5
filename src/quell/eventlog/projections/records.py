"""How often an action helped before."""

from __future__ import annotations

from collections import Counter

from quell.incident import events as ev
from quell.incident.events import Event, TrackRecord


class TrackRecords:
    """
    Actions by what verification said of them.

    One that broke counts as tried. One that was made and could not be verified is not counted at all.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[str, str]] = {}
        """Incident: (action, service) that was made there and not yet judged."""
        self._helped: Counter[tuple[str, str]] = Counter()
        self._tried: Counter[tuple[str, str]] = Counter()

    def apply(self, incident_id: str, event: Event) -> None:
        """Take in an event of an incident."""
        match event:
            case ev.ActionFinished():
                self._made[incident_id] = (event.action, event.target)
            case ev.ActionBroke():
                self._made.pop(incident_id, None)
                self._tried[event.action, event.target] += 1
            case ev.Verified():
                made = self._made.pop(incident_id, None)
                if made is not None and event.helped is not None:
                    self._tried[made] += 1
                    self._helped[made] += event.helped
            case ev.ResponseStarted() | ev.ResponseEnded():
                self._made.pop(incident_id, None)

    def of(self, action: str, service: str | None = None) -> TrackRecord:
        """Return the record of an action on a service; without a service, on all."""
        keys = [(action, service)] if service is not None else [key for key in self._tried if key[0] == action]
        return TrackRecord(
            helped=sum(self._helped.get(key, 0) for key in keys), tried=sum(self._tried.get(key, 0) for key in keys)
        )
