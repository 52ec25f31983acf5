"""
Every incident's record, folded from the log as it grows; what is asked is computed from here.

Quell's own incidents are kept one by one, and of imported ones the newest; the rest is in the sums of each day
(`totals.py`), which do not grow with their number. A correction takes the old part out of the sums and puts the new in.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import date, datetime

from quell.incident import events as ev
from quell.incident.actor import signed_event
from quell.incident.events import Event, PastIncident
from quell.outcomes.assumptions import NOT_GIVEN, Assumptions
from quell.outcomes.fold import Course, corrected, of_past, past_id
from quell.outcomes.record import Origin, OutcomeRecord
from quell.outcomes.seen import SeenIds
from quell.outcomes.timeline import by_severity
from quell.outcomes.totals import Totals, began

KEPT = 1_000
"""Imported incidents that are kept one by one; figures over more come from the sums of days."""

FOLDED_AT_ONCE = 5_000
DRAWN = 50_000
"""Times of folded incidents that are kept for the trend, the newest of each origin."""

_INCIDENT = "incident/"


class Ledger:
    """Folds records from the log. Pure: one thread, no clock; events in the order of the log."""

    def __init__(self, *, kept: int = KEPT) -> None:
        """Begin with nothing."""
        self.version = 0
        """Rises whenever something that is shown may have changed."""
        self.assumptions: list[Assumptions] = [NOT_GIVEN]
        """Oldest first; the last one counts."""
        self._kept = kept
        self._courses: dict[str, Course] = {}
        self._past: dict[str, tuple[PastIncident, OutcomeRecord]] = {}
        self._edits: dict[str, tuple[dict[str, str], str]] = {}
        """Corrections of imported incidents, and who made the last one."""
        self._oldest: list[tuple[float, str]] = []
        self._leaving: list[OutcomeRecord] = []
        self._totals = Totals()
        self._drawn: dict[Origin, list[tuple[float, float, str]]] = {origin: [] for origin in Origin}
        self._folded_until: dict[Origin, date] = {}
        self._seen = SeenIds()

    def apply(self, stream: str, event: Event, at: datetime) -> bool:
        """Take in an event; return whether a record changed."""
        if stream.startswith(_INCIDENT):
            changed = self._own(stream.removeprefix(_INCIDENT), event, at)
        else:
            changed = self._outcome(event, at)
        self.version += changed
        return changed

    def _own(self, incident_id: str, event: Event, at: datetime) -> bool:
        if isinstance(event, ev.IncidentOpened):
            if event.test:
                return False
            self._courses[incident_id] = Course.opened(event, at)
            return True
        course = self._courses.get(incident_id)
        return course is not None and course.apply(event, at)

    def _outcome(self, event: Event, at: datetime) -> bool:
        match event:
            case ev.PastIncidentsImported(source=source, incidents=incidents):
                for past in incidents:
                    self._import(source, past)
            case ev.RecordCorrected():
                self._correct(event)
            case ev.AssumptionsSet() if event.version > self.assumptions[-1].version:
                self.assumptions.append(_assumptions(event, at))
            case _:
                return False
        return True

    def _import(self, source: str, past: PastIncident) -> None:
        known_as = past_id(source, past)
        if not self._seen.add(known_as):
            return
        record = of_past(source, past)
        self._past[known_as] = (past, record)
        at = began(record)
        heapq.heappush(self._oldest, (at.timestamp() if at else 0.0, known_as))
        while len(self._past) > self._kept:
            _, leaving = heapq.heappop(self._oldest)
            self._fold(self._past.pop(leaving)[1])

    def _fold(self, record: OutcomeRecord) -> None:
        self._leaving.append(record)
        at = began(record)
        if at is not None:
            day = at.date()
            self._folded_until[record.origin] = max(day, self._folded_until.get(record.origin, day))
            if record.restored is not None:
                times = (at.timestamp(), record.restored.at.timestamp(), by_severity(record))
                heap = self._drawn[record.origin]
                if len(heap) < DRAWN:
                    heapq.heappush(heap, times)
                else:
                    heapq.heappushpop(heap, times)
        if len(self._leaving) >= FOLDED_AT_ONCE:
            self._settle()

    def _settle(self) -> None:
        if self._leaving:
            self._totals.add(self._leaving)
            self._leaving = []

    def _correct(self, event: ev.RecordCorrected) -> None:
        course = self._courses.get(event.incident_id)
        if course is not None:
            course.changes.update(event.changes)
            course.edited_by = signed_event(event)
            return
        changes, by = self._edits.get(event.incident_id, ({}, ""))
        new = {**changes, **event.changes}
        kept = self._past.get(event.incident_id)
        if kept is None and event.before is None:
            return
        self._edits[event.incident_id] = (new, signed_event(event))
        source = event.incident_id.partition("/")[0]
        if kept is not None:
            self._past[event.incident_id] = (kept[0], corrected(of_past(source, kept[0]), new, signed_event(event)))
        elif event.before is not None:
            self._settle()
            raw = of_past(source, event.before)
            self._forget(corrected(raw, changes, by))
            self._fold(corrected(raw, new, signed_event(event)))

    def _forget(self, record: OutcomeRecord) -> None:
        self._totals.take_out(record)
        at = began(record)
        if at is not None and record.restored is not None:
            times = (at.timestamp(), record.restored.at.timestamp(), by_severity(record))
            heap = self._drawn[record.origin]
            if times in heap:
                heap.remove(times)
                heapq.heapify(heap)

    def __len__(self) -> int:
        return len(self._courses) + len(self._seen)

    def records(self, origin: Origin | None = None) -> Iterator[OutcomeRecord]:
        """Yield the records that are kept one by one, in no order."""
        for course in self._courses.values():
            if origin is None or course.changes.get("kind", course.record.origin) == origin:
                yield course.seen()
        for _, record in self._past.values():
            if origin is None or record.origin is origin:
                yield record

    def record(self, incident_id: str) -> OutcomeRecord | None:
        """Return the record of an incident; None when it is not known, or folded away."""
        course = self._courses.get(incident_id)
        if course is not None:
            return course.seen()
        kept = self._past.get(incident_id)
        return None if kept is None else kept[1]

    def past(self, incident_id: str) -> PastIncident | None:
        """Return an imported incident as it came; None when it is not known, or folded away."""
        kept = self._past.get(incident_id)
        return None if kept is None else kept[0]

    def edits(self, incident_id: str) -> tuple[dict[str, str], str]:
        """Return what was corrected in an imported incident, and who did it last."""
        return self._edits.get(incident_id, ({}, ""))

    def known(self, source: str, incident_id: str) -> bool:
        """Whether an incident of this id was imported from this source."""
        return f"{source}/{incident_id}" in self._seen

    def folded(self, origin: Origin, start: date | None) -> bool:
        """Whether incidents that began on or after a day are in the sums only."""
        last = self._folded_until.get(origin)
        return last is not None and (start is None or last >= start)

    def totals(self) -> Totals:
        """Return the sums of what is not kept one by one."""
        self._settle()
        return self._totals

    def drawn(self, origin: Origin) -> list[tuple[float, float, str]]:
        """Return beginnings and ends, in Unix seconds, and strata of folded incidents, for the trend."""
        return self._drawn[origin]


def _assumptions(event: ev.AssumptionsSet, at: datetime) -> Assumptions:
    return Assumptions(
        version=event.version,
        cost_per_minute_low=event.cost_per_minute_low,
        cost_per_minute_high=event.cost_per_minute_high,
        currency=event.currency,
        running_cost_month=event.running_cost_month,
        target_s=dict(event.target_s) or None,
        cost_cap=event.cost_cap,
        set_by=signed_event(event),
        set_at=at,
        reason=event.reason,
    )
