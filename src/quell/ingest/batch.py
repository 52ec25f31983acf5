"""What one request adds to the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from quell.eventlog.log import Write
from quell.incident.events import INTAKE_STREAM, BatchTaken, EarlyEnd, Event, IncidentOpened


@dataclass(slots=True, eq=False, kw_only=True)
class Batch:
    """The events and counts of one request while it goes through the stages."""

    source: str
    now_s: float
    received: int = 0
    rejected: int = 0
    silenced: int = 0
    duplicate: int = 0
    grouped: int = 0
    opening: int = 0
    repeats: dict[str, int] = field(default_factory=dict)
    ended: dict[str, None] = field(default_factory=dict)
    early_ends: dict[str, EarlyEnd] = field(default_factory=dict)
    later_starts: dict[str, datetime] = field(default_factory=dict)
    tests: int = 0
    not_sent: int = 0
    ends_unmatched: int = 0
    summary: BatchTaken = field(init=False)
    """The counts as the event that goes with every request, once it is closed."""
    durable: bool = False
    """Whether all of it is in the log."""
    refused: bool = False
    """Whether the log said that it is not; else, while it is not durable, nothing is known."""
    joined: dict[str, None] = field(default_factory=dict)
    """Incidents that an alert was put into."""
    intake_events: int = 0
    """How many of its events go to the stream `intake`."""
    _runs: list[dict[str, list[Event]]] = field(default_factory=list)

    def add(self, stream: str, event: Event) -> None:
        """Take an event. An alert that waits and later joins must stay in this order in the log as well."""
        runs = self._runs
        self.intake_events += stream == INTAKE_STREAM
        if not runs or (INTAKE_STREAM in runs[-1]) is not (stream == INTAKE_STREAM):
            runs.append({stream: [event]})
        else:
            runs[-1].setdefault(stream, []).append(event)

    def repeat(self, fingerprint: str) -> None:
        """Count an alert that came again."""
        self.repeats[fingerprint] = self.repeats.get(fingerprint, 0) + 1

    def close(self) -> None:
        """Sum up: nothing more is counted."""
        self.summary = BatchTaken(
            source=self.source,
            received=self.received,
            rejected=self.rejected,
            silenced=self.silenced,
            duplicate=self.duplicate,
            grouped=self.grouped,
            opening=self.opening,
            repeats=self.repeats,
            ended=tuple(self.ended),
            early_ends=self.early_ends,
            later_starts=self.later_starts,
            tests=self.tests,
            not_sent=self.not_sent,
            ends_unmatched=self.ends_unmatched,
        )

    def writes(self, intake_offset: int) -> list[Write]:
        """
        Return the writes of one append.

        Args:
            intake_offset: events that the stream `intake` must hold before, so that a batch which rests on one that
                was lost is refused.
        """
        writes: list[Write] = []
        expected: int | None = intake_offset
        for run in self._runs:
            for stream, events in run.items():
                if stream == INTAKE_STREAM:
                    writes.append(Write(stream=stream, events=events, expected_offset=expected))
                    expected = None
                else:
                    new = type(events[0]) is IncidentOpened
                    writes.append(Write(stream=stream, events=events, expected_offset=0 if new else None))
        return writes
