"""
What managers ask, answered from the ledger: each answer is computed when something changed, and kept until then.

Computing goes on beside the event loop, on values that do not change any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np

from quell.eventlog.log import EventLog, Recorded
from quell.incident import events as ev
from quell.incident.events import OUTCOME_STREAM, Event, PastIncident
from quell.outcomes import comparing, drawing
from quell.outcomes.assumptions import Assumptions
from quell.outcomes.fold import corrected, of_past
from quell.outcomes.ledger import KEPT, Ledger
from quell.outcomes.record import Origin, OutcomeRecord
from quell.outcomes.report import Report, SavingsReport, TrendReport
from quell.outcomes.reporting import compile_report, select
from quell.outcomes.savings import savings
from quell.outcomes.trend import Decision, decision_at, weekly

AGES = timedelta(seconds=60)
"""An answer is computed anew after so long although nothing changed: open incidents grow older."""

SHOWN_DAYS = 28
READ_AT_ONCE = 2_000
SEED = 20_261_126

Answer = TypeVar("Answer")


class OutcomeDesk:
    """Folds the ledger and answers from it."""

    def __init__(
        self, log: EventLog, *, clock: Callable[[], datetime], shown: Origin = Origin.REAL, kept: int = KEPT
    ) -> None:
        """
        Begin with nothing.

        Args:
            shown: the kind of incidents that the live channel carries.
            kept: imported incidents that are kept one by one.
        """
        self.ledger = Ledger(kept=kept)
        self.shown = shown
        self._log, self._clock = log, clock
        self._position = 0
        self._kept: dict[tuple[object, ...], tuple[int, datetime, object]] = {}

    def take(self, recorded: Recorded) -> None:
        """Fold an event of the log in; one that was folded before changes nothing."""
        if recorded.position > self._position:
            self._position = recorded.position
            self.ledger.apply(recorded.stream, recorded.event, recorded.at)

    def take_now(self, event: Event, at: datetime) -> None:
        """Fold in what was just appended to the stream of outcomes, before the log tells of it; twice is as once."""
        self.ledger.apply(OUTCOME_STREAM, event, at)

    async def report(self, *, days: int, origin: Origin, by: str) -> Report:
        """Return the report on the incidents that began in the last so many days; 0: in all."""
        kept = self._answer("report", days, origin, by)
        if isinstance(kept, Report):
            return kept
        version, now = self.ledger.version, self._clock()
        decision = await self._decision(origin, now)
        selection = select(self.ledger, origin=origin, days=days, as_of=now)

        def compiled() -> Report:
            return compile_report(self.ledger, selection, origin=origin, days=days, by=by, decision=decision)

        # The sums of days change in place: they are read on the loop, everything else beside it.
        found = compiled() if selection.days else await asyncio.to_thread(compiled)
        return self._keep(version, now, found, "report", days, origin, by)

    async def trend(self, *, origin: Origin, until: datetime | None = None) -> TrendReport:
        """Return the word of the week, the line and the incidents of 90 days up to a time or to now."""
        kept = self._answer("trend", origin) if until is None else None
        if isinstance(kept, TrendReport):
            return kept
        version, now = self.ledger.version, self._clock()
        upto = min(until or now, now)
        decision = await self._decision(origin, now)
        records, folded = self.records(origin=origin), list(self.ledger.drawn(origin))

        def drawn() -> TrendReport:
            timeline = comparing.timeline(records, folded)
            return drawing.trend_report(records, timeline, origin=origin, as_of=now, until=upto, decision=decision)

        found = await asyncio.to_thread(drawn)
        return found if until else self._keep(version, now, found, "trend", origin)

    async def savings(self, *, days: int, origin: Origin) -> SavingsReport:
        """Return what was saved in the last so many days; 0: since the first incident of Quell."""
        kept = self._answer("savings", days, origin)
        if isinstance(kept, SavingsReport):
            return kept
        version, now = self.ledger.version, self._clock()
        case = comparing.case(self.records(origin=origin), days=days, as_of=now)
        assumptions = self.ledger.assumptions[-1]

        def computed() -> SavingsReport:
            found = savings(
                case.treated,
                case.comparison,
                prevention=case.prevention,
                assumptions=assumptions,
                days=case.days,
                ai_cost_usd=case.ai_cost_usd,
                rng=np.random.default_rng(SEED),
            )
            return SavingsReport(as_of=now, window_days=days, origin=origin, savings=found)

        return self._keep(version, now, await asyncio.to_thread(computed), "savings", days, origin)

    async def _decision(self, origin: Origin, now: datetime) -> Decision:
        """Return the word of the week: it is decided once, from what was known when the week began."""
        week = decision_at(now)
        kept = self._answer("decision", origin, week, ages=False)
        if isinstance(kept, Decision):
            return kept
        version = self.ledger.version
        records, folded = self.records(origin=origin), list(self.ledger.drawn(origin))

        def decided() -> Decision:
            return weekly(
                comparing.timeline(records, folded),
                as_of=now,
                quality=comparing.quality_before(records, week),
                rng=np.random.default_rng([SEED, week.toordinal()]),
            )

        found = await asyncio.to_thread(decided)
        return self._keep(version, now, found, "decision", origin, week)

    def _answer(self, *question: object, ages: bool = True) -> object:
        version, at, found = self._kept.get(question, (-1, datetime.min.replace(tzinfo=UTC), None))
        fresh = not ages or self._clock() - at < AGES
        return found if version == self.ledger.version and fresh else None

    def _keep(self, version: int, at: datetime, found: Answer, *question: object) -> Answer:
        self._kept[question] = (version, at, found)
        return found

    def assumptions(self) -> Sequence[Assumptions]:
        """Return every version of the assumptions, newest first; version 0, nothing given, is always there."""
        return tuple(reversed(self.ledger.assumptions))

    def records(self, *, origin: Origin | None) -> Sequence[OutcomeRecord]:
        """Return the records that are kept one by one, newest first."""
        return comparing.newest_first(self.ledger.records(origin))

    def record(self, incident_id: str) -> OutcomeRecord | None:
        """Return one record; None when there is none, or it is kept in sums only."""
        return self.ledger.record(incident_id)

    async def record_of(self, incident_id: str) -> OutcomeRecord | None:
        """Return one record as it stands, corrections included, from the log when it is kept in sums only."""
        found = self.ledger.record(incident_id)
        if found is not None:
            return found
        past = await self.past(incident_id)
        if past is None:
            return None
        changes, by = self.ledger.edits(incident_id)
        return corrected(of_past(incident_id.partition("/")[0], past), changes, by)

    def known(self, source: str, ids: Sequence[str]) -> list[bool]:
        """Return which ids were imported from a source before."""
        return [self.ledger.known(source, one) for one in ids]

    async def past(self, incident_id: str) -> PastIncident | None:
        """Return an imported incident as it came, from the log when it is kept in sums only; None: not imported."""
        found = self.ledger.past(incident_id)
        source, _, known_as = incident_id.partition("/")
        if found is not None or not self.ledger.known(source, known_as):
            return found
        after = 0
        while page := await self._log.read_stream(OUTCOME_STREAM, after=after, limit=READ_AT_ONCE):
            for recorded in page:
                if isinstance(recorded.event, ev.PastIncidentsImported) and recorded.event.source == source:
                    for past in recorded.event.incidents:
                        if past.id == known_as:
                            return past
            after = page[-1].offset
        return None
