"""
An incident's timeline: one entry for each thing a person should know of, readable even in a storm of alerts.

An entry is told apart by its `position`. Some events replace an earlier entry instead of adding one: progress is told
in the entry of its phase, and after the first few alerts one entry counts the others that joined (or stopped firing).
Whoever shows entries puts one with a known position in the place of the old one. The raw events stay in the log.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from quell.eventlog.log import Recorded
from quell.eventlog.projections import quantities as q
from quell.eventlog.projections.said import Said
from quell.eventlog.projections.sentences import Moment, say
from quell.eventlog.projections.views import TimelineEntry
from quell.eventlog.registry import REGISTRY
from quell.incident import events as ev
from quell.incident.counting import say_count
from quell.incident.events import Phase
from quell.incident.state import Incident
from quell.incident.untrusted import flags_of, harmless

NAMES_COUNTED = 50
SERVICES_NAMED = 5
ENTRIES_KEPT = 1000
ALERTS_VERBATIM = 3
"""Alerts that join (or stop firing) are told one by one up to here; the rest share one entry."""


@dataclass(slots=True, kw_only=True)
class _Rest:
    """The alerts past the first few: counted one by one, put in words when somebody looks."""

    first: Recorded
    incident_id: str
    alone: TimelineEntry
    """The first of them, as it is told while there is no other."""
    verb: str
    last_at: datetime
    firing: int | None = None
    """How many still fire; None where that says nothing."""
    count: int = 0
    kinds: set[str] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)
    """The first 50 names; in a storm of thousands the text must still be quick to make."""
    services: set[str] = field(default_factory=set)
    named_services: list[str] = field(default_factory=list)

    def add(self, name: str, service: str | None, at: datetime) -> None:
        """Count an alert."""
        self.count += 1
        self.last_at = at
        self.kinds.add(name)
        if name in self.names or len(self.names) < NAMES_COUNTED:
            self.names[name] += 1
        if service and service not in self.services:
            self.services.add(service)
            if len(self.named_services) < SERVICES_NAMED:
                self.named_services.append(service)

    def entry(self) -> TimelineEntry:
        """Return the entry in words."""
        if self.count == 1:
            return self.alone
        parts = [q.say_counts(self.names, total=self.count, kinds=len(self.kinds))]
        if self.services:
            more = len(self.services) - len(self.named_services)
            parts.append(f"on {', '.join(self.named_services)}" + (f" and {more} more" if more else ""))
        parts.append(f"the last at {q.say_time(self.last_at)}")
        if self.firing is not None:
            parts.append(f"{self.firing:,} still firing")
        return _place(
            self.first,
            self.incident_id,
            Said(title=f"{say_count(self.count, 'more alert')} {self.verb}", text="; ".join(parts)),
        )


class Timeline:
    """The entries of one incident, in order, at most the last 1,000."""

    def __init__(self) -> None:
        self._entries: dict[int, TimelineEntry | _Rest] = {}
        self._joined = 0
        self._stopped = 0
        self._more_joined: _Rest | None = None
        self._more_stopped: _Rest | None = None
        self._phases: dict[Phase, int] = {}

    @property
    def entries(self) -> tuple[TimelineEntry, ...]:
        """Return the entries, oldest first."""
        return tuple(map(_shown, self._entries.values()))

    def entry(self, position: int) -> TimelineEntry | None:
        """Return the entry at a position, None when there is none or it was dropped."""
        found = self._entries.get(position)
        return _shown(found) if found is not None else None

    def after(self, position: int, limit: int) -> list[TimelineEntry]:
        """Return at most `limit` entries past a position, oldest first."""
        found = (entry for at, entry in self._entries.items() if at > position)
        return [_shown(entry) for entry in itertools.islice(found, limit)]

    def add(self, recorded: Recorded, incident: Incident) -> int:
        """
        Take in an event of the incident, which stands as it is after it.

        Returns: the position of the entry that is new, or that says something new in its old place.
        """
        event = recorded.event
        if isinstance(event, ev.AlertGrouped):
            return self._alert_joined(recorded, event, incident)
        if isinstance(event, ev.AlertResolved):
            return self._alert_stopped(recorded, event, incident)
        if isinstance(event, ev.IncidentReopened):
            self._joined = self._stopped = 0
            self._more_joined = self._more_stopped = None
        entry = entry_of(recorded, incident)
        if isinstance(event, ev.PhaseProgressed):
            entry = self._progress(entry, event)
        elif isinstance(event, ev.PhaseStarted):
            self._phases[event.phase] = entry.position
        return self._keep(entry.position, entry)

    def _keep(self, position: int, entry: TimelineEntry | _Rest) -> int:
        self._entries[position] = entry
        if len(self._entries) > ENTRIES_KEPT:
            del self._entries[next(iter(self._entries))]
        return position

    def _alert_joined(self, recorded: Recorded, event: ev.AlertGrouped, incident: Incident) -> int:
        self._joined += 1
        if self._joined <= ALERTS_VERBATIM:
            return self._keep(recorded.position, entry_of(recorded, incident))
        rest = self._more_joined
        if rest is None or rest.first.position not in self._entries:
            rest = self._more_joined = _rest(recorded, incident, "joined")
        rest.add(event.alert.name, event.alert.service, recorded.at)
        return self._keep(rest.first.position, rest)

    def _alert_stopped(self, recorded: Recorded, event: ev.AlertResolved, incident: Incident) -> int:
        self._stopped += 1
        if self._stopped <= ALERTS_VERBATIM:
            return self._keep(recorded.position, entry_of(recorded, incident))
        rest = self._more_stopped
        if rest is None or rest.first.position not in self._entries:
            rest = self._more_stopped = _rest(recorded, incident, "no longer fire")
        alert = incident.alerts.get(event.fingerprint)
        rest.firing = len(incident.firing)
        rest.add(event.name, alert.service if alert else None, recorded.at)
        return self._keep(rest.first.position, rest)

    def _progress(self, entry: TimelineEntry, event: ev.PhaseProgressed) -> TimelineEntry:
        begun = self._entries.get(self._phases.get(event.phase, -1))
        if not isinstance(begun, TimelineEntry):
            return entry
        told = begun.text.split("\n")[0]
        progress = f"{event.done} of {event.total}" + (f": {event.what}" if event.what else "")
        return replace(begun, text=f"{told}\n{progress}")


def _rest(recorded: Recorded, incident: Incident, verb: str) -> _Rest:
    alone = entry_of(recorded, incident)
    return _Rest(first=recorded, incident_id=incident.id, alone=alone, verb=verb, last_at=recorded.at)


def _shown(entry: TimelineEntry | _Rest) -> TimelineEntry:
    return entry.entry() if isinstance(entry, _Rest) else entry


def entry_of(recorded: Recorded, incident: Incident) -> TimelineEntry:
    """Return the entry of one event, taken by itself."""
    return _place(recorded, incident.id, say(recorded.event, Moment(at=recorded.at, incident=incident)))


def _place(recorded: Recorded, incident_id: str, said: Said) -> TimelineEntry:
    own = isinstance(recorded.event, ev.NoteAdded)  # a person's words, cleaned when they were written
    return TimelineEntry(
        position=recorded.position,
        offset=recorded.offset,
        at=recorded.at,
        type=REGISTRY.name_of(recorded.event),
        incident_id=incident_id,
        agent=said.agent,
        by=said.doer,
        phase=said.phase,
        level=said.level,
        title=said.title if own else harmless(said.title),
        text=said.text if own else harmless(said.text),
        evidence_ids=said.evidence_ids,
        flagged=() if own else flags_of((said.title, said.text)),
    )
