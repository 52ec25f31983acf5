"""The desk: answers are kept until something changes, the word of a week stands, and an old incident is found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from quell.eventlog.log import Recorded, Write
from quell.gateway.bounds import Bounds
from quell.gateway.broadcast import Broadcaster
from quell.gateway.live import Hub
from quell.gateway.outcomes import OutcomeDesk
from quell.incident import events as ev
from quell.incident.events import OUTCOME_STREAM, PastIncident
from quell.outcomes.ledger import Ledger
from quell.outcomes.record import Origin
from tests.fakes.event_log import MemoryEventLog
from tests.projections.given import Told, whole_response

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def past(number: int, begun: datetime, minutes: float) -> PastIncident:
    return PastIncident(
        id=str(number),
        title=f"Incident {number}",
        service="cart",
        severity="SEV2",
        started_at=begun,
        detected_at=begun,
        restored_at=begun + timedelta(minutes=minutes),
        closed_at=begun + timedelta(minutes=minutes),
        restored_by="person",
        alerts=1,
        followed_up=True,
    )


async def desk_with(clock: Clock, *incidents: PastIncident) -> tuple[OutcomeDesk, MemoryEventLog]:
    log = MemoryEventLog(clock=clock)
    desk = OutcomeDesk(log, clock=clock)
    event = ev.PastIncidentsImported(source="old", incidents=incidents, by="anna")
    await log.append([Write(stream=OUTCOME_STREAM, events=[event])])
    for recorded in await log.read():
        desk.take(recorded)
    return desk, log


async def test_the_same_question_is_computed_once_until_something_changes() -> None:
    clock = Clock(MONDAY)
    desk, _ = await desk_with(clock, *(past(i, MONDAY - timedelta(days=2), 10 + i) for i in range(8)))
    question: dict[str, Any] = {"days": 28, "origin": Origin.REAL, "by": ""}

    first = await desk.report(**question)
    assert await desk.report(**question) is first

    more = ev.PastIncidentsImported(source="new", incidents=(past(1, MONDAY - timedelta(days=1), 5),), by="anna")
    desk.take_now(more, clock())
    second = await desk.report(**question)
    assert (first.counts.handled, second.counts.handled) == (8, 9)


async def test_an_answer_grows_old_although_nothing_happens() -> None:
    clock = Clock(MONDAY)
    desk, _ = await desk_with(clock, past(1, MONDAY - timedelta(days=27), 5))

    assert (await desk.report(days=28, origin=Origin.REAL, by="")).counts.handled == 1
    clock.now += timedelta(days=2)
    assert (await desk.report(days=28, origin=Origin.REAL, by="")).counts.handled == 0


async def test_what_is_told_twice_counts_once() -> None:
    clock = Clock(MONDAY)
    desk = OutcomeDesk(MemoryEventLog(clock=clock), clock=clock)
    records: list[Recorded] = Told().record("incident/INC-1", *whole_response())

    for recorded in [*records, *records]:
        desk.take(recorded)

    (found,) = desk.records(origin=Origin.REAL)
    assert found.attempts == 1


async def test_the_word_of_a_week_does_not_change_with_what_happens_in_that_week() -> None:
    before = [past(i, MONDAY - timedelta(days=30 + i % 20, minutes=i), 100) for i in range(40)]
    after = [past(100 + i, MONDAY - timedelta(days=1 + i % 26, minutes=i), 20 + i % 5) for i in range(40)]
    clock = Clock(MONDAY + timedelta(hours=1))
    desk, _ = await desk_with(clock, *before, *after)
    monday = await desk.trend(origin=Origin.REAL)

    clock.now = MONDAY + timedelta(days=3)
    worse = [past(200 + i, MONDAY + timedelta(hours=2 + i % 48), 600) for i in range(60)]
    desk.take_now(ev.PastIncidentsImported(source="new", incidents=tuple(worse), by="anna"), clock())
    thursday = await desk.trend(origin=Origin.REAL)

    assert thursday.decided_at == monday.decided_at == MONDAY
    assert thursday.decision == monday.decision
    assert len(thursday.dots) > len(monday.dots)


async def test_an_imported_incident_that_is_kept_in_sums_only_is_found_in_the_log() -> None:
    clock = Clock(MONDAY)
    incidents = [past(i, MONDAY - timedelta(days=1 + i), 10) for i in range(30)]
    desk, log = await desk_with(clock, *incidents)
    desk.ledger = Ledger(kept=5)
    for recorded in await log.read():
        desk.ledger.apply(recorded.stream, recorded.event, recorded.at)

    assert desk.record("old/29") is None
    assert await desk.past("old/29") == incidents[29]
    assert await desk.past("old/2") == incidents[2]
    assert await desk.past("old/99") is None


async def test_savings_without_anything_to_compare_with_are_not_named() -> None:
    clock = Clock(MONDAY)
    desk, _ = await desk_with(clock)

    found = (await desk.savings(days=28, origin=Origin.REAL)).savings

    assert (found.minutes, found.money, found.claimed) == (None, None, False)
    assert found.says


class Nothing:
    async def components(self) -> tuple[()]:
        return ()


async def test_the_metrics_channel_has_the_report_and_says_it_again_only_when_it_says_something_new() -> None:
    clock = Clock(MONDAY)
    desk, _ = await desk_with(clock, past(1, MONDAY - timedelta(days=2), 10))
    told = Told()
    hub = Hub(epoch="e", server="1", bounds=Bounds(connections=10), now=clock)
    broadcaster = Broadcaster(hub, told.models, Nothing(), log_epoch="l", outcomes=desk)
    published: list[Any] = []
    publish = hub.publish

    def note(channel: str, kind: str, data: Any, **rest: Any) -> None:
        if kind == "outcomes":
            published.append(data)
        publish(channel, kind, data, **rest)

    hub.publish = note  # type: ignore[method-assign]
    await broadcaster.look()
    clock.now += timedelta(seconds=70)
    await broadcaster.look()
    assert len(published) == 1

    more = ev.PastIncidentsImported(source="new", incidents=(past(2, MONDAY, 5),), by="anna")
    desk.take_now(more, clock())
    clock.now += timedelta(minutes=10)
    await broadcaster.look()

    assert [one.counts.handled for one in published] == [1, 2]
    assert replace(published[0], as_of=clock()) != published[1]
