"""What is put beside what: the incidents of a trend, and what incidents would have lasted without Quell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from quell.outcomes import quality
from quell.outcomes.record import OWN, OutcomeRecord
from quell.outcomes.reporting import NO_IMPACT
from quell.outcomes.savings import Comparison, Counterfactual, Prevention
from quell.outcomes.survival import SHORTEST_OPEN_S, Durations, pooled
from quell.outcomes.timeline import Timeline, by_severity
from quell.outcomes.totals import began
from quell.outcomes.trend import WINDOW

FEWEST_HELD_OUT = 20
"""Held-out incidents that ended, from which they are what is compared with; below, an earlier period is."""

FEWEST_BEFORE = 20
"""Imported incidents that ended, from which they are an earlier period."""


def at_of(record: OutcomeRecord) -> datetime:
    """Return when an incident began; the beginning of time when nobody knows."""
    return began(record) or datetime.fromtimestamp(0, UTC)


def newest_first(records: Iterable[OutcomeRecord]) -> tuple[OutcomeRecord, ...]:
    """Return records, the one that began last first."""
    return tuple(sorted(records, key=lambda record: (at_of(record), record.id), reverse=True))


def counted(record: OutcomeRecord) -> bool:
    """Whether an incident had an impact whose length can be compared."""
    if record.merged or record.false_alarm or record.forecast in NO_IMPACT:
        return False
    return began(record) is not None and (record.source == OWN or record.restored is not None)


def timeline(records: Sequence[OutcomeRecord], folded: Sequence[tuple[float, float, str]] = ()) -> Timeline:
    """
    Return beginnings and ends of all incidents of an origin.

    Args:
        folded: of those that are not kept one by one: `Ledger.drawn`.
    """
    rows = [_row(record) for record in records if counted(record)]
    rows += folded
    began, ended, names = zip(*rows, strict=True) if rows else ((), (), ())
    return Timeline.of(began, ended, names)


def _row(record: OutcomeRecord) -> tuple[float, float, str]:
    ended = float("inf") if record.restored is None else record.restored.at.timestamp()
    return at_of(record).timestamp(), ended, by_severity(record)


def quality_before(records: Sequence[OutcomeRecord], at: datetime) -> float | None:
    """Return the quality of the records of the two windows of a decision; None without any."""
    inside = [record for record in records if at - 2 * WINDOW <= at_of(record) < at]
    return quality.quality(inside, as_of=at).value


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the savings are computed from."""

    treated: Mapping[str, Durations]
    comparison: Comparison | None
    prevention: Prevention
    days: float
    ai_cost_usd: float | None
    """None: no incident of Quell in the window."""


def case(records: Sequence[OutcomeRecord], *, days: int, as_of: datetime) -> Case:
    """
    Return what is compared: Quell's incidents of a window with those held out by lot, or with what was imported.

    Args:
        records: of one origin.
        days: 0: since the first incident of Quell.
    """
    own = [record for record in records if record.source == OWN]
    begins = [at_of(record) for record in own]
    start = as_of - timedelta(days=days) if days else min(begins, default=as_of)
    inside = [record for record in own if at_of(record) >= start]
    span = max((as_of - start).total_seconds() / 86_400, 1.0)
    spent = [record.cost_usd for record in inside if record.cost_usd is not None]
    return Case(
        treated=_by_stratum([one for one in inside if counted(one) and not one.held_out], as_of),
        comparison=_comparison(records, min(begins, default=as_of), timedelta(days=span), as_of),
        prevention=Prevention(
            prevented=sum(record.forecast == "prevented" for record in inside),
            came_true=sum(record.forecast == "came_true" for record in own),
            did_not=sum(record.forecast == "did_not_come_true" for record in own),
        ),
        days=span,
        ai_cost_usd=sum(spent) if spent else None,
    )


def _comparison(
    records: Sequence[OutcomeRecord], first: datetime, span: timedelta, as_of: datetime
) -> Comparison | None:
    held_out = [one for one in records if one.held_out and counted(one)]
    if sum(one.restored is not None for one in held_out) >= FEWEST_HELD_OUT:
        return Comparison(kind=Counterfactual.HOLD_OUT, durations=_by_stratum(held_out, as_of))
    before = [one for one in records if one.source != OWN and counted(one) and at_of(one) < first]
    if len(before) < FEWEST_BEFORE:
        return None
    periods = []
    end = first
    oldest = min(at_of(one) for one in before)
    while end > oldest:
        inside = [one for one in before if end - span <= at_of(one) < end]
        periods.append(pooled(_by_stratum(inside, as_of).values()))
        end -= span
    return Comparison(kind=Counterfactual.BASELINE, durations=_by_stratum(before, as_of), periods=periods)


def _by_stratum(records: Sequence[OutcomeRecord], as_of: datetime) -> dict[str, Durations]:
    ended: dict[str, list[float]] = {}
    still: dict[str, list[float]] = {}
    for record in records:
        name, at = by_severity(record), at_of(record)
        if record.restored is None:
            still.setdefault(name, []).append(max((as_of - at).total_seconds(), SHORTEST_OPEN_S))
        elif record.restored.at > at:
            ended.setdefault(name, []).append((record.restored.at - at).total_seconds())
    return {name: Durations.of(ended.get(name, ()), still.get(name, ())) for name in sorted({*ended, *still})}
