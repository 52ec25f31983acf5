"""How many alerts each stage of intake ended the way of."""

from __future__ import annotations

from dataclasses import dataclass

from quell.incident.events import BatchTaken


@dataclass(slots=True, kw_only=True)
class Counts:
    """Alerts by stage: `received` is always the sum of the others."""

    received: int = 0
    rejected: int = 0
    silenced: int = 0
    duplicate: int = 0
    grouped: int = 0
    """Joined an incident, waits in a group below the threshold, or resolved."""
    opening: int = 0
    """Opened an incident."""

    def add(self, more: BatchTaken | Counts) -> None:
        """Count more alerts in."""
        self.received += more.received
        self.rejected += more.rejected
        self.silenced += more.silenced
        self.duplicate += more.duplicate
        self.grouped += more.grouped
        self.opening += more.opening
