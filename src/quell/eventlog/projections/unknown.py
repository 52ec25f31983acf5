"""What a newer Quell has written into the log: counted and shown, for whoever rolled back."""

from __future__ import annotations

from collections import Counter

from quell.eventlog.log import Recorded
from quell.incident.events import UnknownEvent


class UnknownEvents:
    """Counts the events that this Quell does not know. Pure: one thread, no clock."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """By type, as the log holds it."""
        self.last_position = 0
        """Of the newest; 0 when there is none."""

    def apply(self, recorded: Recorded) -> None:
        """Count an event if it is unknown."""
        if isinstance(recorded.event, UnknownEvent):
            self.counts[recorded.event.type] += 1
            self.last_position = recorded.position
