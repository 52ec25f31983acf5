"""How many alerts each stage of intake ended the way of."""

from __future__ import annotations

from dataclasses import dataclass

from quell.incident.events import BatchTaken


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @classmethod
    def of(cls, batch: BatchTaken) -> Counts:
        """Return the counts of one request."""
        return cls(
            received=batch.received,
            rejected=batch.rejected,
            silenced=batch.silenced,
            duplicate=batch.duplicate,
            grouped=batch.grouped,
            opening=batch.opening,
        )

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            received=self.received + other.received,
            rejected=self.rejected + other.rejected,
            silenced=self.silenced + other.silenced,
            duplicate=self.duplicate + other.duplicate,
            grouped=self.grouped + other.grouped,
            opening=self.opening + other.opening,
        )
