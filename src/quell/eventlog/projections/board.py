"""The board: every incident there is, in the order in which a person wants to see them."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from quell.eventlog.log import Recorded
from quell.eventlog.projections.story import Story
from quell.eventlog.projections.views import AlertView, IncidentSummary, TimelineEntry, alert_view
from quell.incident.alert import Alert, AlertStatus, IncidentSeverity
from quell.incident.events import IncidentOpened, State
from quell.incident.fold import apply
from quell.incident.state import ENDED, Incident

Key = tuple[Any, ...]
"""Where a row stands in its order: integers and strings, compared as tuples."""

WHOLE_ENDED_KEPT = 50
"""Ended incidents kept with evidence and timeline; older ones are folded from the log when somebody looks."""

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which incidents; the default is all that are open."""

    states: frozenset[State] = frozenset(State) - ENDED
    severities: frozenset[IncidentSeverity] = frozenset(IncidentSeverity)
    service: str | None = None
    drill: bool | None = None

    @property
    def open_only(self) -> bool:
        """Whether no ended incident can be among them."""
        return not self.states & ENDED

    def takes(self, incident: Incident) -> bool:
        """Return whether an incident is wanted."""
        return (
            incident.state in self.states
            and incident.severity in self.severities
            and (self.drill is None or incident.drill is self.drill)
            and (self.service is None or incident.service == self.service or self.service in incident.services)
        )


class Board:
    """Every incident, folded from the log."""

    def __init__(self) -> None:
        self._stories: dict[str, Story] = {}
        self._open: dict[str, None] = {}
        self._whole_ended: OrderedDict[str, None] = OrderedDict()
        self.counts: Counter[tuple[State, IncidentSeverity]] = Counter()
        """Incidents by state and severity."""
        self.alerts_joined = 0
        """Alerts that ever joined an incident, each time they did."""

    def __len__(self) -> int:
        return len(self._stories)

    def apply(self, incident_id: str, recorded: Recorded) -> Story | None:
        """Take in an event; return the story that must take it in too, None when no incident was opened before it."""
        story = self._stories.get(incident_id)
        before = (story.incident.state, story.incident.severity) if story else None
        incident = apply(story.incident if story else None, recorded.event, recorded.at)
        if incident is None:
            return None
        if story is None or isinstance(recorded.event, IncidentOpened):
            story = self._stories[incident_id] = Story(incident)
        after = (incident.state, incident.severity)
        if after != before:
            self._count(before, after)
            self._file(incident)
        return story

    def _count(self, before: tuple[State, IncidentSeverity] | None, after: tuple[State, IncidentSeverity]) -> None:
        if before is not None:
            self.counts[before] -= 1
        self.counts[after] += 1

    def _file(self, incident: Incident) -> None:
        """Keep the index of open incidents, and let go of what the longest ended ones hold."""
        if incident.open:
            self._open[incident.id] = None
            self._whole_ended.pop(incident.id, None)
            return
        self._open.pop(incident.id, None)
        if self._stories[incident.id].whole:
            self._whole_ended.setdefault(incident.id)
        while len(self._whole_ended) > WHOLE_ENDED_KEPT:
            oldest, _ = self._whole_ended.popitem(last=False)
            self._stories[oldest].shrink()

    def adopt(self, story: Story) -> None:
        """Put back a story that was folded from the log whole, if it is as far as ours."""
        known = self._stories.get(story.incident.id)
        if known is not None and not known.whole and known.incident.offset == story.incident.offset:
            self._stories[story.incident.id] = story
            self._file(story.incident)

    def entry(self, incident_id: str, position: int) -> TimelineEntry | None:
        """Return an entry of an incident's timeline, None when it is not kept any more."""
        return self._stories[incident_id].timeline.entry(position)

    def story(self, incident_id: str) -> Story | None:
        """Return an incident's story, or None."""
        return self._stories.get(incident_id)

    @property
    def open(self) -> int:
        """How many incidents somebody still has to care about."""
        return len(self._open)

    def page(self, wanted: Wanted, *, after: Key | None, limit: int) -> tuple[list[IncidentSummary], Key | None]:
        """
        Return at most `limit` rows past a key, and the key of the last one when more follow.

        Open ones: those that want a person first, then by severity, then the oldest. With ended ones: newest first.
        """
        order = urgency if wanted.open_only else newest_first
        keyed = [(order(story.incident), story) for story in self._candidates(wanted)]
        if after is not None:
            keyed = [pair for pair in keyed if pair[0] > after]
        first = heapq.nsmallest(limit + 1, keyed, key=lambda pair: pair[0])
        more = first[limit - 1][0] if len(first) > limit else None
        return [story.summary for _, story in first[:limit]], more

    def _candidates(self, wanted: Wanted) -> Iterator[Story]:
        ids: Iterable[str] = self._open if wanted.open_only else self._stories
        return (story for story in map(self._stories.__getitem__, ids) if wanted.takes(story.incident))

    def open_summaries(self) -> list[IncidentSummary]:
        """Return the rows of all open incidents, in no order."""
        return [story.summary for story in self._candidates(Wanted())]

    def unfinished(self) -> list[Incident]:
        """Return every incident that is open or has a response under way, most urgent first. Do not change them."""
        found = [one.incident for one in self._stories.values() if one.incident.open or one.incident.responding]
        return sorted(found, key=urgency)

    def concerned(self, service: str) -> list[str]:
        """Return the incidents that have, or had, a plan for a service; of the longest ended ones nothing is known."""
        return [
            one.incident.id
            for one in self._stories.values()
            if (one.incident.plan is not None and one.incident.plan.target == service)
            or any(run.target == service for run in one.incident.actions)
        ]

    def recent(self, *, now: datetime, ended_within: timedelta, limit: int) -> list[IncidentSummary]:
        """Return the open rows, most urgent first, then those that ended lately, newest first; at most `limit`."""
        rows, _ = self.page(Wanted(), after=None, limit=limit)
        ended = Wanted(states=ENDED)
        lately = (s for s in self._candidates(ended) if now - s.incident.updated_at <= ended_within)
        more = heapq.nsmallest(limit - len(rows), lately, key=lambda story: newest_first(story.incident))
        return rows + [story.summary for story in more]

    def alerts(
        self, *, incident_id: str | None, status: AlertStatus | None, after: Key | None, limit: int
    ) -> list[tuple[Key, AlertView]]:
        """Return at most `limit` alerts of incidents past a key with their keys, the newest received first."""
        stories = self._stories.values() if incident_id is None else [self._stories[incident_id]]
        found = ((alert_key(alert, incident.id), incident, alert) for incident, alert in _alerts(stories, status))
        if after is not None:
            found = (row for row in found if row[0] > after)
        first = heapq.nsmallest(limit, found, key=lambda row: row[0])
        return [(key, alert_view(incident, alert)) for key, incident, alert in first]


def _alerts(stories: Iterable[Story], status: AlertStatus | None) -> Iterator[tuple[Incident, Alert]]:
    for story in stories:
        incident = story.incident
        for fingerprint, alert in incident.alerts.items():
            if status is None or (fingerprint in incident.firing) is (status is AlertStatus.FIRING):
                yield incident, alert


def urgency(incident: Incident) -> Key:
    """Order open incidents: a person is wanted, severity, the oldest."""
    return (0 if incident.wants else 1, str(incident.severity), _micros(incident.opened_at), incident.id)


def newest_first(incident: Incident) -> Key:
    """Order incidents by when they opened, the newest first."""
    return (-_micros(incident.opened_at), incident.id)


def alert_key(alert: Alert, incident_id: str) -> Key:
    """Order alerts by when they were received, the newest first."""
    return (-_micros(alert.received_at), alert.fingerprint, incident_id)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
