"""What the executives' page draws: each incident of the last 90 days, the line through them, and what was done last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from quell.outcomes.comparing import at_of, counted
from quell.outcomes.record import OWN, Origin, OutcomeRecord
from quell.outcomes.report import Did, Dot, TrendReport
from quell.outcomes.rolling import DAYS, rolling
from quell.outcomes.timeline import Timeline
from quell.outcomes.trend import Decision, decision_at

DOTS = 2_000
LAST = 5


def trend_report(
    records: Sequence[OutcomeRecord],
    timeline: Timeline,
    *,
    origin: Origin,
    as_of: datetime,
    until: datetime,
    decision: Decision,
) -> TrendReport:
    """
    Return the trend.

    Args:
        records: of one origin, newest first.
        until: where line and dots end: `as_of`, or before.
    """
    since = until - timedelta(days=DAYS)
    drawn = [record for record in records if counted(record) and since <= at_of(record) <= until]
    dots = [dot for record in drawn if (dot := _dot(record, as_of)) is not None]
    return TrendReport(
        as_of=as_of,
        origin=origin,
        decided_at=decision_at(as_of),
        decision=decision,
        until=until,
        line=rolling(timeline, as_of=until),
        dots=tuple(reversed(dots[:DOTS])),
        dots_left_out=max(0, len(dots) - DOTS),
        did=_did(records),
    )


def _dot(record: OutcomeRecord, as_of: datetime) -> Dot | None:
    at = at_of(record)
    lasted_s = ((record.restored.at if record.restored else as_of) - at).total_seconds()
    if lasted_s <= 0:
        return None
    return Dot(
        id=record.id,
        title=record.title,
        service=record.service,
        severity=record.severity,
        began_at=at,
        lasted_s=lasted_s,
        open=record.restored is None,
        restored_by=record.restored_by,
        imported=record.source != OWN,
    )


def _did(records: Sequence[OutcomeRecord]) -> tuple[Did, ...]:
    ended = [one for one in records if not one.merged and (one.restored is not None or one.forecast == "prevented")]
    ended.sort(key=_end, reverse=True)
    return tuple(_deed(record) for record in ended[:LAST])


def _end(record: OutcomeRecord) -> datetime:
    return record.restored.at if record.restored else at_of(record)


def _deed(record: OutcomeRecord) -> Did:
    lasted_s = (_end(record) - at_of(record)).total_seconds()
    return Did(
        id=record.id,
        title=record.title,
        at=_end(record),
        did=record.did,
        restored_by=record.restored_by,
        lasted_s=lasted_s if lasted_s > 0 else None,
        prevented=record.forecast == "prevented",
        imported=record.source != OWN,
    )
