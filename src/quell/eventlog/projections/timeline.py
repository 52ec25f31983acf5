"""
An incident's timeline: one entry for each thing a person should know of, readable even in a storm of alerts.

An entry is told apart by its `position`. Some events replace an earlier entry instead of adding one: progress is told
in the entry of its phase, and after the first few alerts one entry counts the others that joined (or stopped firing).
Whoever shows entries puts one with a known position in the place of the old one. The raw events stay in the log.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from quell.eventlog.log import Recorded
from quell.eventlog.projections import quantities as q
from quell.eventlog.projections.said import PHASE_TITLES
from quell.eventlog.projections.sentences import Moment, say
from quell.eventlog.projections.views import TimelineEntry
from quell.incident import events as ev
from quell.incident.events import Phase
from quell.incident.state import Incident

NAMES_COUNTED = 50
SERVICES_NAMED = 5
ENTRIES_KEPT = 1000
ALERTS_VERBATIM = 3
"""Alerts that join (or stop firing) are told one by one up to here; the rest share one entry."""


@dataclass(slots=True, kw_only=True)
class _Rest:
    """The entry that counts the alerts past the first few."""

    entry: TimelineEntry
    count: int = 0
    kinds: set[str] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)
    """The first 50 names; in a storm of thousands the text must still be quick to make."""
    services: set[str] = field(default_factory=set)
    named_services: list[str] = field(default_factory=list)

    def add(self, name: str, service: str | None) -> None:
        """Count an alert."""
        self.count += 1
        self.kinds.add(name)
        if name in self.names or len(self.names) < NAMES_COUNTED:
            self.names[name] += 1
        if service and service not in self.services:
            self.services.add(service)
            if len(self.named_services) < SERVICES_NAMED:
                self.named_services.append(service)

    def say(self) -> str:
        """Return which alerts they are, and where."""
        said = q.say_counts(self.names, total=self.count, kinds=len(self.kinds))
        more = len(self.services) - len(self.named_services)
        where = ", ".join(self.named_services) + (f" and {more} more" if more else "")
        return f"{said}; on {where}" if where else said


class Timeline:
    """The entries of one incident, in order, at most the last 1,000."""

    def __init__(self) -> None:
        self._entries: dict[int, TimelineEntry] = {}
        self._joined = 0
        self._stopped = 0
        self._more_joined: _Rest | None = None
        self._more_stopped: _Rest | None = None
        self._phases: dict[Phase, int] = {}

    @property
    def entries(self) -> tuple[TimelineEntry, ...]:
        """Return the entries, oldest first."""
        return tuple(self._entries.values())

    def after(self, position: int, limit: int) -> list[TimelineEntry]:
        """Return at most `limit` entries past a position, oldest first."""
        found = (entry for entry in self._entries.values() if entry.position > position)
        return [entry for entry, _ in zip(found, range(limit), strict=False)]

    def add(self, recorded: Recorded, incident: Incident) -> TimelineEntry:
        """
        Take in an event of the incident, which stands as it is after it.

        Returns: the entry that is new, or that has a new text and the position of the one it replaces.
        """
        event = recorded.event
        if isinstance(event, ev.IncidentReopened):
            self._joined = self._stopped = 0
            self._more_joined = self._more_stopped = None
        entry = entry_of(recorded, incident)
        if isinstance(event, ev.AlertGrouped):
            entry = self._alert_joined(entry, event)
        elif isinstance(event, ev.AlertResolved):
            entry = self._alert_stopped(entry, event, incident)
        elif isinstance(event, ev.PhaseProgressed):
            entry = self._progress(entry, event)
        self._keep(entry)
        if isinstance(event, ev.PhaseStarted):
            self._phases[event.phase] = entry.position
        return entry

    def _keep(self, entry: TimelineEntry) -> None:
        self._entries[entry.position] = entry
        if len(self._entries) > ENTRIES_KEPT:
            del self._entries[next(iter(self._entries))]

    def _alert_joined(self, entry: TimelineEntry, event: ev.AlertGrouped) -> TimelineEntry:
        self._joined += 1
        if self._joined <= ALERTS_VERBATIM:
            return entry
        rest = self._more_joined = self._rest(self._more_joined, entry)
        rest.add(event.alert.name, event.alert.service)
        return self._counted(rest, entry.at, "joined")

    def _alert_stopped(self, entry: TimelineEntry, event: ev.AlertResolved, incident: Incident) -> TimelineEntry:
        self._stopped += 1
        if self._stopped <= ALERTS_VERBATIM:
            return entry
        rest = self._more_stopped = self._rest(self._more_stopped, entry)
        alert = incident.alerts.get(event.fingerprint)
        rest.add(event.name, alert.service if alert else None)
        return self._counted(rest, entry.at, "no longer fire", f"{len(incident.firing):,} still firing")

    def _rest(self, rest: _Rest | None, entry: TimelineEntry) -> _Rest:
        """Return the counting entry, or a new one when there is none or the cap has dropped it."""
        return rest if rest is not None and rest.entry.position in self._entries else _Rest(entry=entry)

    def _counted(self, rest: _Rest, at: datetime, verb: str, also: str = "") -> TimelineEntry:
        if rest.count == 1 and verb != "joined":
            verb = "no longer fires"
        parts = (rest.say(), f"the last at {q.say_time(at)}", also)
        return replace(
            rest.entry,
            title=f"{q.say_count(rest.count, 'more alert')} {verb}",
            text="; ".join(part for part in parts if part),
        )

    def _progress(self, entry: TimelineEntry, event: ev.PhaseProgressed) -> TimelineEntry:
        begun = self._entries.get(self._phases.get(event.phase, -1))
        if begun is None:
            return entry
        told = begun.text.split("\n")[0]
        progress = f"{event.done} of {event.total}" + (f": {event.what}" if event.what else "")
        return replace(begun, title=f"{PHASE_TITLES[event.phase]} at work", text=f"{told}\n{progress}")


def entry_of(recorded: Recorded, incident: Incident) -> TimelineEntry:
    """Return the entry of one event, taken by itself."""
    said = say(recorded.event, Moment(at=recorded.at, incident=incident))
    return TimelineEntry(
        position=recorded.position,
        offset=recorded.offset,
        at=recorded.at,
        type=type(recorded.event).__name__,
        incident_id=incident.id,
        agent=said.agent,
        by=said.doer,
        phase=said.phase,
        level=said.level,
        title=said.title,
        text=said.text,
        evidence_ids=said.evidence_ids,
    )
