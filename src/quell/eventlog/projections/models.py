"""The read models: everything that is shown, folded from the log in one pass."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from quell.eventlog.log import Recorded
from quell.eventlog.projections.accuracy import AccuracyFold
from quell.eventlog.projections.agents import Agents
from quell.eventlog.projections.board import Board, Key, alert_key
from quell.eventlog.projections.earned import EarnedAutonomy, KindOf
from quell.eventlog.projections.faults import DisplayFaults
from quell.eventlog.projections.intake import Intake
from quell.eventlog.projections.prevention import Preventions
from quell.eventlog.projections.records import TrackRecords
from quell.eventlog.projections.silences import Silences
from quell.eventlog.projections.sources import Sources
from quell.eventlog.projections.story import DetailChange, change_by, changed_values
from quell.eventlog.projections.unknown import UnknownEvents
from quell.eventlog.projections.views import AlertView, IncidentDetail, IncidentSummary, TimelineEntry
from quell.incident.alert import AlertStatus
from quell.incident.events import AutonomyOverridden, Phase, TrackRecord

FEED_KEPT = 200
"""Timeline entries over all incidents that are shown to whoever begins to look."""

FEED_REMEMBERED = 2_000
"""Those kept, so that who looked before can be told what came since."""

SERVICE = "service"
"""The kind of a service of which the settings say nothing."""

_INCIDENT = "incident/"


class Moment(NamedTuple):
    """Where an event stands in the log, and when it happened."""

    position: int
    at: datetime


@dataclass(slots=True, kw_only=True)
class Changes:
    """What events changed in the read models."""

    position: int
    """Of the newest event taken in."""
    incidents: dict[str, DetailChange] = field(default_factory=dict)
    entries: dict[int, TimelineEntry] = field(default_factory=dict)
    """By position, the newest version of each; one with a position known before takes the place of the old one."""
    entry_moments: dict[int, Moment] = field(default_factory=dict)
    """By the entry's position: the newest event that it tells of."""
    incident_moments: dict[str, Moment] = field(default_factory=dict)
    """The newest event of each incident."""
    agents: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    intake: bool = False
    silences: bool = False

    def __bool__(self) -> bool:
        return bool(self.incidents or self.entries or self.agents or self.sources or self.intake or self.silences)

    @property
    def entry(self) -> TimelineEntry | None:
        """The newest entry; after one `apply`, the only one."""
        return next(reversed(self.entries.values()), None)


class ReadModels:
    """Everything that is shown. Pure: one thread, no clock; apply events in the order of the log."""

    def __init__(
        self,
        *,
        kind_of: KindOf = lambda service: SERVICE,
        earn_by_drills: bool = False,
        faults: DisplayFaults | None = None,
    ) -> None:
        """
        Begin with nothing.

        Args:
            kind_of: the kind of a service, for what actions earn on each.
            earn_by_drills: drills are what actions earn by, and real incidents are not: for the lab.
            faults: contains what only shows something. Incidents themselves and what actions earn are folded outside
                of it: they are decided by.
        """
        self.faults = faults or DisplayFaults()
        self.board = Board()
        self.earned = EarnedAutonomy(kind_of, earn_by_drills)
        self.agents = Agents()
        self.accuracy = AccuracyFold()
        self.intake = Intake()
        self.silences = Silences()
        self.sources = Sources()
        self.preventions = Preventions()
        self.unknown = UnknownEvents()
        self._records = TrackRecords()
        self._feed: OrderedDict[int, tuple[Moment, TimelineEntry]] = OrderedDict()
        """By the entry's position, in the order of the newest event that each tells of."""
        self._feed_floor = 0
        self._moments: dict[str, Moment] = {}
        self._position = 0

    @property
    def position(self) -> int:
        """The log is folded up to here."""
        return self._position

    def apply(self, recorded: Recorded) -> Changes:
        """Take in one event; one that was taken in before changes nothing."""
        return self.apply_all([recorded])

    def apply_all(self, records: Iterable[Recorded]) -> Changes:
        """Take in events and return what they changed together."""
        changes = Changes(position=self._position)
        told: dict[int, str] = {}
        for recorded in records:
            if recorded.position > self._position:
                self._take(recorded, changes, told)
        changes.position = self._position
        self._tell(told, changes)
        return changes

    def _tell(self, told: dict[int, str], changes: Changes) -> None:
        """Put entries in words once for all events of a batch: one may count thousands of alerts."""
        for position, incident_id in told.items():
            entry, moment = None, changes.entry_moments[position]
            with self.faults.contain("timeline", moment.position):
                entry = self.board.entry(incident_id, position)
            if entry is None:  # its timeline has dropped it within this batch: it cannot be told any more
                self._forget_up_to(moment)
                continue
            changes.entries[position] = entry
            self._feed[position] = (moment, entry)
            # An entry told again keeps its key, and an OrderedDict its old place: the order must be that of moments.
            self._feed.move_to_end(position)
            if len(self._feed) > FEED_REMEMBERED:
                oldest, _ = next(iter(self._feed.values()))
                self._forget_up_to(oldest)

    def _forget_up_to(self, moment: Moment) -> None:
        """Let go of the entries that were last told of up to a moment: who comes back from before starts over."""
        while self._feed and next(iter(self._feed.values()))[0] <= moment:
            self._feed.popitem(last=False)
        self._feed_floor = max(self._feed_floor, moment.position)

    def _take(self, recorded: Recorded, changes: Changes, told: dict[int, str]) -> None:
        self._position = recorded.position
        event, at = recorded.event, recorded.at
        self.unknown.apply(recorded)
        with self.faults.contain("intake counts", recorded.position):
            changes.intake |= self.intake.apply(recorded)
        with self.faults.contain("silences", recorded.position):
            changes.silences |= self.silences.apply(event, at)
        with self.faults.contain("sources", recorded.position):
            changes.sources |= self.sources.apply(event, at)
        if isinstance(event, AutonomyOverridden):
            self.earned.override(event)
        if not recorded.stream.startswith(_INCIDENT):
            return
        incident_id = recorded.stream.removeprefix(_INCIDENT)
        story = self.board.apply(incident_id, recorded)
        if story is None:
            return
        self.earned.apply(incident_id, event, at)
        changes.incidents.setdefault(incident_id, DetailChange()).add(change_by(event))
        moment = Moment(recorded.position, at)
        changes.incident_moments[incident_id] = self._moments[incident_id] = moment
        with self.faults.contain("timeline", recorded.position):
            position = story.take(recorded)
            changes.entry_moments[position] = moment
            told.pop(position, None)
            told[position] = incident_id
        self._take_measures(incident_id, recorded, changes)

    def _take_measures(self, incident_id: str, recorded: Recorded, changes: Changes) -> None:
        """Take an event of an incident into what is counted over all of them."""
        event, at = recorded.event, recorded.at
        with self.faults.contain("track records", recorded.position):
            self._records.apply(incident_id, event)
        with self.faults.contain("preventions", recorded.position):
            self.preventions.apply(incident_id, event, at)
        with self.faults.contain("agents", recorded.position):
            changes.agents |= self.agents.apply(incident_id, event, at)
        with self.faults.contain("accuracy", recorded.position):
            changes.agents |= self.accuracy.apply(incident_id, event, at)

    def summary(self, incident_id: str) -> IncidentSummary | None:
        """Return the row of an incident, or None."""
        story = self.board.story(incident_id)
        return story.summary if story else None

    def detail(self, incident_id: str) -> IncidentDetail | None:
        """Return all of an incident; None when there is none, or it ended so long ago that the log must be asked."""
        story = self.board.story(incident_id)
        return story.detail() if story and story.whole else None

    def changed(self, incident_id: str, change: DetailChange) -> dict[str, object]:
        """Return the changed fields of an incident's detail with their present values. Raises: KeyError."""
        story = self.board.story(incident_id)
        if story is None:
            raise KeyError(incident_id)
        return changed_values(story, change)

    def alerts(
        self, *, incident_id: str | None, status: AlertStatus | None, after: Key | None, limit: int
    ) -> list[tuple[Key, AlertView]]:
        """
        Return at most `limit` alerts past a key with their keys, the newest received first.

        Without an incident, those that wait below the threshold are among them. Raises: KeyError: no such incident.
        """
        rows = self.board.alerts(incident_id=incident_id, status=status, after=after, limit=limit)
        if incident_id is not None or status is AlertStatus.RESOLVED:
            return rows
        waiting = [(alert_key(held.alert, ""), held) for held in self.intake.held.values()]
        if after is not None:
            waiting = [row for row in waiting if row[0] > after]
        first = heapq.nsmallest(limit, waiting, key=lambda row: row[0])
        rows += [(key, held.view()) for key, held in first]
        return sorted(rows, key=lambda row: row[0])[:limit]

    def feed(self) -> tuple[TimelineEntry, ...]:
        """Return the entries told last over all incidents, the oldest entry first."""
        newest = itertools.islice(reversed(self._feed.values()), FEED_KEPT)
        return tuple(sorted((entry for _, entry in newest), key=lambda entry: entry.position))

    def fed(self) -> tuple[int, list[tuple[Moment, TimelineEntry]]]:
        """Return a position, and every entry that is new or tells something new since, in the order it did."""
        return self._feed_floor, list(self._feed.values())

    def moment(self, incident_id: str) -> Moment | None:
        """Return the newest event of an incident; None when there is no such incident."""
        return self._moments.get(incident_id)

    def touched(self, most: int) -> tuple[int, list[tuple[str, Moment]]]:
        """Return a position, and the incidents, at most so many, in which something happened since, in that order."""
        ordered = sorted(self._moments.items(), key=lambda found: found[1])
        floor = ordered[-most - 1][1].position if len(ordered) > most else 0
        return floor, ordered[-most:]

    def phase_median(self, phase: Phase) -> float | None:
        """Return how long a phase usually takes, in seconds; None below 5 runs."""
        return self.agents.phase_median(phase)

    def track_record(self, action: str, service: str | None = None) -> TrackRecord:
        """Return how often an action helped on a service, or on all."""
        return self._records.of(action, service)
