"""What every event log must do, whatever store it stands on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quell.errors import WrongOffset
from quell.eventlog.log import Appended, EventLog, Recorded, Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident.alert import Alert, AlertStatus, Severity
from quell.incident.events import (
    AlertGrouped,
    BatchTaken,
    Event,
    Matcher,
    NoteAdded,
    Phase,
    PhaseStarted,
    ProcessStarted,
    Reading,
    SilenceCreated,
    Verified,
)
from tests.fakes.event_log import MemoryEventLog

START = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


async def open_sqlite(folder: Path) -> EventLog:
    return await SqliteEventLog.open(folder / "events.db", clock=Clock())


async def open_memory(folder: Path) -> EventLog:
    return MemoryEventLog(clock=Clock())


Open = Callable[[Path], Awaitable[EventLog]]
DURABLE: dict[str, Open] = {"sqlite": open_sqlite}
STORES: dict[str, Open] = DURABLE | {"memory": open_memory}


@pytest.fixture(params=STORES)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    opened = await STORES[request.param](tmp_path)
    yield opened
    await opened.close()


def note(text: str) -> NoteAdded:
    return NoteAdded(by="person:ada", text=text)


def texts(records: list[Recorded]) -> list[str]:
    return [record.event.text for record in records if isinstance(record.event, NoteAdded)]


async def take(log: EventLog, *, after: int, until: int) -> list[Recorded]:
    """Follow the log until position `until` has come."""
    taken: list[Recorded] = []
    async with asyncio.timeout(20), contextlib.aclosing(log.subscribe(after=after)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            assert batch
            taken += batch
            if taken[-1].position >= until:
                break
    return taken


async def test_an_empty_log_has_head_zero_and_nothing_to_read(log: EventLog) -> None:
    assert log.head == 0
    assert log.epoch
    assert await log.read() == []
    assert await log.read_stream("incident/1") == []


async def test_positions_count_over_all_streams_and_offsets_within_each(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1"), note("2")])])
    await log.append([Write(stream="b", events=[note("3")]), Write(stream="a", events=[note("4")])])

    assert [(r.position, r.stream, r.offset) for r in await log.read()] == [
        (1, "a", 1),
        (2, "a", 2),
        (3, "b", 1),
        (4, "a", 3),
    ]
    assert log.head == 4


async def test_an_append_says_which_positions_it_got(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1")])])

    done = await log.append([Write(stream="a", events=[note("2")]), Write(stream="b", events=[note("3")])])

    assert (done.first, done.last, done.fresh) == (2, 3, True)


EVENTS: list[Event] = [
    note('quotes " and \\ and\nlines, \u2028, \x00, \x7f, é, 字, 🚨'),
    PhaseStarted(phase=Phase.DETECT, agent="detection", attempt=1, timeout_s=2.5, expected_s=None),
    ProcessStarted(version="0.1.0", epoch="e", recovered=3),
    BatchTaken(
        source="alertmanager",
        received=3,
        rejected=0,
        silenced=1,
        duplicate=1,
        grouped=1,
        opening=0,
        repeats={"00ff": 2},
    ),
    SilenceCreated(
        silence_id="S1",
        matchers=(Matcher(label="service", op="=~", value="c.*t"),),
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        by="person:ada",
        comment="",
    ),
    Verified(
        verdict="unknown",
        says="could not look",
        readings=(
            Reading(
                service="cart",
                series="latency",
                unit="s",
                value=None,
                normal_low=0.1,
                normal_high=1e-9,
                in_range=False,
            ),
        ),
        took_s=1.25,
    ),
    AlertGrouped(
        alert=Alert(
            fingerprint="0123456789abcdef",
            source="alertmanager",
            name="HighErrorRate",
            service=None,
            severity=Severity.CRITICAL,
            severity_raw="page",
            severity_known=True,
            status=AlertStatus.FIRING,
            starts_at=START,
            received_at=START,
            labels={"alertname": "HighErrorRate"},
        ),
        why="same service",
    ),
]


async def test_events_come_back_as_they_went_in(log: EventLog) -> None:
    await log.append([Write(stream="incident/1", events=EVENTS)])

    assert [record.event for record in await log.read_stream("incident/1")] == EVENTS
    assert [record.event for record in await take(log, after=0, until=len(EVENTS))] == EVENTS


async def test_an_event_carries_the_time_of_its_append(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1")])])
    await log.append([Write(stream="a", events=[note("2")])])

    first, second = await log.read_stream("a")
    assert START < first.at < second.at < START + timedelta(seconds=1)
    assert first.at.utcoffset() == timedelta(0)


async def test_a_stream_elsewhere_than_expected_refuses_the_whole_append(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1")], expected_offset=0)])

    with pytest.raises(WrongOffset, match="a"):
        await log.append(
            [Write(stream="b", events=[note("x")]), Write(stream="a", events=[note("y")], expected_offset=0)]
        )

    assert texts(await log.read()) == ["1"]
    assert await log.read_stream("b") == []


async def test_the_right_offset_is_accepted(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1")], expected_offset=0)])
    await log.append([Write(stream="a", events=[note("2")], expected_offset=1)])

    assert texts(await log.read_stream("a")) == ["1", "2"]


async def test_a_second_write_to_a_stream_in_one_append_stands_behind_the_first(log: EventLog) -> None:
    await log.append(
        [
            Write(stream="a", events=[note("1"), note("2")], expected_offset=0),
            Write(stream="b", events=[note("3")]),
            Write(stream="a", events=[note("4")], expected_offset=2),
        ]
    )

    assert texts(await log.read_stream("a")) == ["1", "2", "4"]
    assert [record.offset for record in await log.read_stream("a")] == [1, 2, 3]


async def test_of_many_writers_with_one_expectation_exactly_one_wins(log: EventLog) -> None:
    outcomes = await asyncio.gather(
        *(log.append([Write(stream="a", events=[note(str(i))], expected_offset=0)]) for i in range(20)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, WrongOffset) for outcome in outcomes) == 19
    assert len(await log.read_stream("a")) == 1


async def test_a_refused_append_does_not_touch_its_neighbours(log: EventLog) -> None:
    outcomes = await asyncio.gather(
        *(log.append([Write(stream=f"s{i}", events=[note(str(i))], expected_offset=i % 2)]) for i in range(40)),
        return_exceptions=True,
    )

    assert [isinstance(outcome, WrongOffset) for outcome in outcomes] == [bool(i % 2) for i in range(40)]
    assert sorted(int(text) for text in texts(await log.read())) == list(range(0, 40, 2))
    assert [record.position for record in await log.read()] == list(range(1, 21))


async def test_a_known_key_writes_nothing_and_gives_the_first_positions(log: EventLog) -> None:
    first = await log.append([Write(stream="a", events=[note("1"), note("2")], expected_offset=0)], key="k")
    await log.append([Write(stream="a", events=[note("3")])])

    again = await log.append([Write(stream="a", events=[note("other")], expected_offset=0)], key="k")

    assert (again.first, again.last, again.fresh) == (first.first, first.last, False)
    assert texts(await log.read()) == ["1", "2", "3"]


async def test_one_key_used_at_once_is_written_once(log: EventLog) -> None:
    outcomes = await asyncio.gather(
        *(log.append([Write(stream="a", events=[note(str(i))])], key="k") for i in range(20))
    )

    assert sum(outcome.fresh for outcome in outcomes) == 1
    assert {(outcome.first, outcome.last) for outcome in outcomes} == {(1, 1)}
    assert len(await log.read()) == 1


async def test_a_refused_append_does_not_use_up_its_key(log: EventLog) -> None:
    with pytest.raises(WrongOffset):
        await log.append([Write(stream="a", events=[note("1")], expected_offset=7)], key="k")

    assert (await log.append([Write(stream="a", events=[note("2")], expected_offset=0)], key="k")).fresh


async def test_a_key_is_found_with_the_positions_of_its_append_and_with_nothing_else(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("0")])], key="other")
    appended = await log.append([Write(stream="a", events=[note("1"), note("2")])], key="字'k")

    assert await log.find("字'k") == Appended(first=appended.first, last=appended.last, fresh=False)
    assert (appended.first, appended.last) == (2, 3)
    assert await log.find("k") is None
    assert log.head == 3


@pytest.mark.parametrize("key", ["k" * 255, "quote ' \" \\ \n", "字🚨", "incident/1/act", "%_*"])
async def test_any_text_of_at_most_255_characters_is_a_key(log: EventLog, key: str) -> None:
    await log.append([Write(stream="a", events=[note("0")])], key="another")
    await log.append([Write(stream=key, events=[note("1")], expected_offset=0)], key=key)

    again = await log.append([Write(stream=key, events=[note("2")])], key=key)

    assert (again.first, again.fresh) == (2, False)
    assert texts(await log.read_stream(key)) == ["1"]


async def test_reading_in_pages_gives_each_event_once(log: EventLog) -> None:
    for start in range(0, 1050, 350):
        await log.append([Write(stream=f"s{start}", events=[note(str(start + i)) for i in range(350)])])

    found: list[Recorded] = []
    while page := await log.read(after=len(found), limit=101):
        assert len(page) <= 101
        found += page
    assert texts(found) == [str(i) for i in range(1050)]
    assert texts(await log.read_stream("s350", after=347)) == ["697", "698", "699"]
    assert texts(await log.read_stream("s350", after=100, limit=2)) == ["450", "451"]
    assert await log.read(after=1050) == []


async def test_a_subscriber_gets_history_and_then_what_follows(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1"), note("2")])])
    following = asyncio.create_task(take(log, after=1, until=4))
    await log.append([Write(stream="a", events=[note("3")])])
    await log.append([Write(stream="b", events=[note("4")])])

    assert texts(await following) == ["2", "3", "4"]


async def test_a_subscriber_at_the_head_waits_for_the_next_event(log: EventLog) -> None:
    await log.append([Write(stream="a", events=[note("1")])])
    following = asyncio.create_task(take(log, after=1, until=2))
    await asyncio.sleep(0)
    assert not following.done()

    await log.append([Write(stream="a", events=[note("2")])])

    assert texts(await following) == ["2"]


async def test_subscribers_under_load_see_no_gap_and_no_double(log: EventLog) -> None:
    total, callers = 3000, 30

    async def write(caller: int) -> None:
        for n in range(total // callers // 2):
            await log.append([Write(stream=f"s{caller}", events=[note(f"{caller}/{n}"), note("second")])])

    async def join_in_the_middle(position: int, *, behind: int) -> tuple[int, list[Recorded]]:
        async for batch in log.subscribe(after=0):
            if batch[-1].position >= position:
                break
        after = max(0, log.head - behind)
        return after, await take(log, after=after, until=total)

    watching = [
        asyncio.create_task(join_in_the_middle(position, behind=behind))
        for position in (1, 700, 1500, 2400)
        for behind in (0, 300, 5000)
    ]
    await asyncio.gather(*(write(caller) for caller in range(callers)))

    for after, seen in await asyncio.gather(*watching):
        assert [record.position for record in seen] == list(range(after + 1, total + 1))
        assert seen == await log.read(after=after, limit=total)


async def test_a_cancelled_subscriber_leaves_the_others_alone(log: EventLog) -> None:
    leaving = asyncio.create_task(take(log, after=0, until=2))
    staying = asyncio.create_task(take(log, after=0, until=2))
    await log.append([Write(stream="a", events=[note("1")])])
    leaving.cancel()
    await asyncio.wait([leaving])
    await log.append([Write(stream="a", events=[note("2")])])

    assert leaving.cancelled()
    assert texts(await staying) == ["1", "2"]


async def test_a_cancelled_append_can_be_tried_again_with_its_key(log: EventLog) -> None:
    def append(i: int) -> Awaitable[object]:
        return log.append([Write(stream=f"s{i % 3}", events=[note(str(i)), note("x")])], key=f"k{i}")

    tasks = [asyncio.ensure_future(append(i)) for i in range(60)]
    for i, task in enumerate(tasks):
        if i % 4 == 0:
            await asyncio.sleep(0)
        if i % 2:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for i in range(60):
        await append(i)

    records = await log.read()
    assert [record.position for record in records] == list(range(1, 121))
    assert sorted(texts(records)[::2], key=int) == [str(i) for i in range(60)]


async def test_the_check_of_a_sound_store_passes_and_adds_no_event(log: EventLog) -> None:
    await log.check()

    assert log.head == 0
    assert (await log.append([Write(stream="a", events=[note("1")])])).first == 1


@pytest.mark.parametrize("store", DURABLE)
async def test_a_log_opened_again_is_the_same_log(store: str, tmp_path: Path) -> None:
    log = await DURABLE[store](tmp_path)
    epoch = log.epoch
    await log.append([Write(stream="a", events=[note("1"), note("2")])], key="k")
    before = await log.read()
    await log.close()

    log = await DURABLE[store](tmp_path)

    assert (log.epoch, log.head) == (epoch, 2)
    assert await log.read() == before
    assert not (await log.append([Write(stream="a", events=[note("x")])], key="k")).fresh
    with pytest.raises(WrongOffset):
        await log.append([Write(stream="a", events=[note("x")], expected_offset=1)])
    assert (await log.append([Write(stream="a", events=[note("3")], expected_offset=2)])).first == 3
    await log.close()


@pytest.mark.parametrize("store", DURABLE)
async def test_two_logs_have_two_epochs(store: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = await DURABLE[store](tmp_path / "one"), await DURABLE[store](tmp_path / "two")

    assert one.epoch != two.epoch
    await one.close()
    await two.close()
