"""How many alerts each stage of intake ended the way of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
    tests: int = 0
    """Of the received: tests of the way from a sender."""
    not_sent: int = 0
    """Left out of their requests by senders; not among the received."""

    def add(self, more: BatchTaken | Counts) -> None:
        """Count more alerts in."""
        self.received += more.received
        self.rejected += more.rejected
        self.silenced += more.silenced
        self.duplicate += more.duplicate
        self.grouped += more.grouped
        self.opening += more.opening
        self.tests += more.tests
        self.not_sent += more.not_sent


class Totals:
    """The counts since the log began, by source."""

    def __init__(self) -> None:
        self._by_source: dict[str, Counts] = {}

    def add(self, batch: BatchTaken) -> None:
        """Count a request in, once it is durable."""
        counts = self._by_source.get(batch.source)
        if counts is None:
            counts = self._by_source[batch.source] = Counts()
        counts.add(batch)

    def read(self) -> tuple[Counts, Mapping[str, Counts]]:
        """Return the counts overall, and by source."""
        overall = Counts()
        for counts in self._by_source.values():
            overall.add(counts)
        return overall, {source: replace(counts) for source, counts in self._by_source.items()}
