"""Intake and the log: restarts, lost appends, requests in flight together, and what others append."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quell.errors import Overloaded, StorageError, StorageFull, WrongOffset
from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident import events as ev
from quell.incident.correlation import CorrelationRules
from quell.ingest.fold import Fold
from quell.ingest.intake import IntakeLimits
from tests.ingest.given import SHOP, Clock, Desk, alert, ended, new_desk
from tests.ingest.snapshot import snapshot

DEADLINE_S = 10.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so. It pauses, or the log's own thread would hardly get a turn."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def following(desk: Desk) -> AsyncIterator[None]:
    """Let intake follow the log as in the application."""
    task = asyncio.create_task(desk.intake.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


ALERTS = st.builds(
    alert,
    st.sampled_from(["Down", "Slow"]),
    st.sampled_from(["checkout", "payment", "edge", "mail", None]),
    st.sampled_from(["critical", "error", "warning", "info"]),
    pod=st.sampled_from(["a", "b"]),
)
STEPS = st.one_of(
    st.tuples(st.just("send"), st.lists(ALERTS, min_size=1, max_size=4, unique_by=str)),
    st.tuples(st.just("end"), st.lists(ALERTS, min_size=1, max_size=2, unique_by=str)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 100, 299, 301, 599, 601, 90_000])),
    st.tuples(st.just("resolve"), st.integers(1, 3)),
    st.tuples(st.just("reopen"), st.integers(1, 3)),
    st.tuples(st.just("merge"), st.integers(1, 3)),
    st.tuples(st.just("reject"), st.none()),
)


async def play(desk: Desk, steps: list[tuple[str, Any]]) -> None:
    for step, what in steps:
        if step == "send":
            await desk.send(*what)
        elif step == "end":
            await desk.send(*map(ended, what))
        elif step == "wait":
            desk.clock.pass_s(what)
        elif step == "reject":
            await desk.send({"labels": {}})
        elif f"INC-{what}" in desk.intake._ledger.cases:
            if step == "resolve":
                await desk.resolve(f"INC-{what}")
            elif step == "reopen":
                event = ev.IncidentReopened(by="person:ada", reason="")
                await desk.others_append(f"incident/INC-{what}", event)
            else:
                event = ev.IncidentMerged(into=f"INC-{what % 3 + 1}", by="person:ada", reason="")
                await desk.others_append(f"incident/INC-{what}", event)


class TestRestart:
    @example([("send", [alert()]), ("wait", 90_000), ("end", [alert()])])
    @example(
        [
            ("send", [alert(severity="warning")]),
            ("wait", 90_000),
            ("send", [alert(service="payment", severity="warning")]),
            ("resolve", 1),
        ]
    )
    @settings(max_examples=200, deadline=None)
    @given(st.lists(STEPS, max_size=14))
    def test_a_restarted_intake_knows_what_the_first_one_knew(self, steps: list[tuple[str, Any]]) -> None:
        async def run() -> None:
            desk = await new_desk()
            await play(desk, steps)
            again = await new_desk(desk.clock, log=desk.log)
            for each in (desk, again):
                each.intake._ledger.prune(desk.clock().timestamp())

            assert snapshot(again.intake) == snapshot(desk.intake)

        asyncio.run(run())

    @settings(max_examples=100, deadline=None)
    @given(st.lists(STEPS, max_size=10), st.integers(0, 30))
    def test_where_the_log_was_folded_a_way_already_the_rest_is_enough(
        self, steps: list[tuple[str, Any]], folded: int
    ) -> None:
        async def run() -> None:
            desk = await new_desk()
            await play(desk, steps)
            whole, part = await new_desk(desk.clock, log=desk.log), Desk(desk.log, desk.clock)
            fold = Fold(CorrelationRules())
            fold.take(await desk.log.read(after=0, limit=folded) if folded else [])
            await part.intake.start(fold)

            assert snapshot(part.intake) == snapshot(whole.intake)
            assert part.intake.counts() == whole.intake.counts()
            assert part.intake.position == whole.intake.position

            await part.send(alert("Other", "elsewhere"))  # at its place in the log, or the append is refused

        asyncio.run(run())

    @settings(max_examples=100, deadline=None)
    @given(st.lists(STEPS, max_size=10), st.lists(STEPS, max_size=6))
    def test_it_goes_on_as_if_it_had_never_stopped(
        self, before: list[tuple[str, Any]], after: list[tuple[str, Any]]
    ) -> None:
        async def run() -> None:
            one, other = await new_desk(), await new_desk()
            for each in (one, other):
                await play(each, before)
            restarted = await new_desk(other.clock, log=other.log)
            await play(one, after)
            await play(restarted, after)

            assert await restarted.events() == await one.events()

        asyncio.run(run())

    @settings(max_examples=100, deadline=None)
    @given(st.lists(STEPS, max_size=14))
    def test_the_stages_always_add_up(self, steps: list[tuple[str, Any]]) -> None:
        async def run() -> None:
            desk = await new_desk()
            await play(desk, steps)
            overall, by_source = desk.intake.counts()

            for counts in (overall, *by_source.values()):
                stages = (counts.rejected, counts.silenced, counts.duplicate, counts.grouped, counts.opening)
                assert counts.received == sum(stages)
            assert overall.received == sum(batch.received for batch in await desk.of(ev.BatchTaken))
            assert overall.opening == len(await desk.of(ev.IncidentOpened))
            grouped = len(await desk.of(ev.AlertGrouped)) + len(await desk.of(ev.AlertHeld))
            assert grouped >= overall.opening

        asyncio.run(run())

    async def test_on_a_real_file_it_counts_on(self, tmp_path: Path) -> None:
        clock = Clock()
        for service, expected in (("mail", "INC-1"), ("search", "INC-2")):
            log = await SqliteEventLog.open(tmp_path / "quell.db", clock=clock)
            desk = await new_desk(clock, log=log)
            taken = await desk.send(alert(service=service))
            assert taken.incidents == (expected,)
            await log.close()
            clock.pass_s(60)

        assert desk.intake.counts()[0].received == 2


class TestLostAppends:
    async def test_the_sender_is_told_and_what_was_lost_is_written_before_what_comes_next(self) -> None:
        desk = await new_desk()
        desk.log.failures.append(StorageFull("no space"))
        with pytest.raises(StorageFull):
            await desk.send(alert())

        assert desk.intake.counts()[0].received == 0
        again = await desk.send(alert())
        assert (again.counts.duplicate, again.incidents) == (1, ())
        assert desk.intake.counts()[0].received == 2
        assert len(await desk.of(ev.IncidentOpened)) == 1
        assert snapshot((await new_desk(desk.clock, log=desk.log)).intake) == snapshot(desk.intake)

    async def test_what_was_lost_is_written_though_nobody_sends_again(self) -> None:
        desk = await new_desk()
        desk.log.failures += [StorageFull("no space")] * 2
        with pytest.raises(StorageFull):
            await desk.send(alert())
        with pytest.raises(StorageFull):
            await desk.intake.look_at_the_time()
        desk.log.failures.clear()

        await desk.intake.look_at_the_time()

        assert len(await desk.of(ev.IncidentOpened)) == 1
        assert desk.intake.counts()[0].received == 1

    async def test_a_lost_append_does_not_have_the_whole_log_read(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        reads = desk.log.reads
        desk.log.failures.append(StorageError("a test"))
        with pytest.raises(StorageError):
            await desk.send(alert("Slow"))
        await desk.send(alert("Slow", pod="b"))

        assert desk.log.reads == reads
        assert snapshot((await new_desk(desk.clock, log=desk.log)).intake) == snapshot(desk.intake)

    async def test_what_rests_on_a_lost_append_is_written_after_it(self) -> None:
        desk = await new_desk()
        desk.log.gate = asyncio.Event()
        desk.log.failures.append(StorageError("a test"))
        first = asyncio.create_task(desk.send(alert()))
        await until(lambda: bool(desk.intake._pending))
        # Decided while the first is under way: a duplicate, and a neighbour of its incident.
        others = [asyncio.create_task(desk.send(each)) for each in (alert(), alert("Slow", "payment"))]
        await until(lambda: len(desk.intake._pending) == 3)
        desk.log.gate.set()

        with pytest.raises(StorageError):
            await first
        taken = await asyncio.gather(*others)

        assert [(one.counts.duplicate, one.counts.grouped) for one in taken] == [(1, 0), (0, 1)]
        assert len(await desk.of(ev.IncidentOpened)) == 1
        assert desk.intake.counts()[0].received == 3
        assert snapshot((await new_desk(desk.clock, log=desk.log)).intake) == snapshot(desk.intake)

    async def test_an_append_that_was_durable_though_its_answer_was_lost_is_there_once(self) -> None:
        desk = await new_desk()
        async with following(desk):
            await desk.send(alert())
            desk.log.unanswered.append(StorageError("the answer was lost"))
            with pytest.raises(StorageError):
                await desk.send(alert("Slow"), alert("Down", "mail"))
            taken = await desk.send(alert("Slow"))
            await until(lambda: desk.intake.position == desk.log.head)

        assert taken.counts.duplicate == 1
        assert desk.intake.counts()[0].received == 4
        assert snapshot((await new_desk(desk.clock, log=desk.log)).intake) == snapshot(desk.intake)

    async def test_a_request_given_up_while_it_is_written_is_there_once_or_not_at_all(self) -> None:
        desk = await new_desk()
        desk.log.gate = asyncio.Event()
        given_up = asyncio.create_task(desk.send(alert()))
        await until(lambda: bool(desk.intake._pending))
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        desk.log.gate.set()

        await desk.send(alert())

        assert len(await desk.of(ev.IncidentOpened)) == 1
        assert snapshot((await new_desk(desk.clock, log=desk.log)).intake) == snapshot(desk.intake)

    async def test_a_foreign_writer_on_our_stream_is_noticed(self) -> None:
        desk = await new_desk()
        other = await new_desk(desk.clock, log=desk.log)
        await desk.send(alert())

        taken = await other.send(alert())

        assert taken.counts.duplicate == 1

    async def test_a_store_that_fails_is_not_read_again_for_every_request(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        desk.log.failures += [StorageFull("no space")] * 2
        with pytest.raises(StorageFull):
            await desk.send(alert("Slow"))
        reads = desk.log.reads
        for _ in range(5):
            with pytest.raises(StorageFull):
                await desk.send(alert("Slow"))

        assert desk.log.reads == reads
        desk.log.failures.clear()
        assert (await desk.send(alert("Slow"))).counts.duplicate == 1
        assert desk.intake.counts()[0].grouped == 1

    async def test_a_log_that_always_refuses_is_not_tried_for_ever(self) -> None:
        desk = await new_desk()
        desk.log.failures += [WrongOffset("a test")] * 6  # each of three tries writes twice
        with pytest.raises(WrongOffset):
            await desk.send(alert())


class TestInFlight:
    async def test_many_requests_wait_for_the_disk_together(self, tmp_path: Path) -> None:
        clock = Clock()
        log = await SqliteEventLog.open(tmp_path / "quell.db", clock=clock)
        desk = await new_desk(clock, log=log)

        taken = await asyncio.gather(*(desk.send(alert(pod=str(number))) for number in range(200)))

        assert sum(each.counts.opening for each in taken) == 1
        assert sum(each.counts.grouped for each in taken) == 199
        assert log.commits < 100
        await log.close()

    async def test_more_than_may_wait_are_told_to_come_back(self) -> None:
        desk = await new_desk(limits=IntakeLimits(in_flight=2))
        desk.log.gate = asyncio.Event()
        waiting = [asyncio.create_task(desk.send(alert(pod=pod))) for pod in "ab"]
        await until(lambda: len(desk.intake._pending) == 2)

        with pytest.raises(Overloaded):
            await desk.send(alert(pod="c"))
        desk.log.gate.set()
        await asyncio.gather(*waiting)

        assert (await desk.send(alert(pod="c"))).counts.grouped == 1


class TestFollowing:
    async def test_its_own_events_are_not_taken_twice(self) -> None:
        desk = await new_desk()
        async with following(desk):
            await desk.send(alert(), alert("Slow", "mail", "warning"))
            await desk.send(alert())
            await until(lambda: desk.intake.position == desk.log.head)

        assert desk.intake.counts()[0].received == 3
        assert snapshot((await new_desk(desk.clock, log=desk.log)).intake) == snapshot(desk.intake)

    async def test_events_of_others_that_come_between_ours_are_all_seen(self, tmp_path: Path) -> None:
        clock = Clock()
        log = await SqliteEventLog.open(tmp_path / "quell.db", clock=clock)
        desk = await new_desk(clock, log=log)
        await desk.send(*(alert(service=f"s{number}") for number in range(20)))

        async def resolve(number: int) -> None:
            event = ev.StateChanged(
                before=ev.State.TRIGGERED, after=ev.State.RESOLVED, by="person:ada", reason="a test"
            )
            await log.append([Write(stream=f"incident/INC-{number}", events=[event])])

        async with following(desk):
            await asyncio.gather(
                *(resolve(number) for number in range(1, 11)),
                *(desk.send(alert("Slow", f"s{number}", pod=str(pod))) for number in range(20) for pod in range(5)),
            )
            await until(lambda: desk.intake.position >= log.head and not desk.intake._late)

        # Each of the ten was either open again by the alert that came later, or by the one that came too early.
        states = {}
        for stream, event in await desk.events():
            if type(event) in (ev.StateChanged, ev.IncidentReopened, ev.AlertGrouped):
                if type(event) is ev.AlertGrouped and states.get(stream) == "resolved":
                    states[stream] = "an alert nobody looks at"
                else:
                    states[stream] = "resolved" if type(event) is ev.StateChanged else "open"
        assert set(states.values()) <= {"open", "resolved"}
        await log.close()

    async def test_an_alert_that_joins_in_the_moment_of_the_end_reopens_the_incident(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        async with following(desk):
            desk.log.gate = asyncio.Event()
            ending = ev.StateChanged(
                before=ev.State.MONITORING, after=ev.State.RESOLVED, by="agent:resolution", reason=""
            )
            resolving = asyncio.create_task(desk.log.append([Write(stream="incident/INC-1", events=[ending])]))
            await asyncio.sleep(0)
            joining = asyncio.create_task(desk.send(alert("Slow")))
            await until(lambda: bool(desk.intake._pending))
            desk.log.gate.set()
            await asyncio.gather(resolving, joining)
            async with asyncio.timeout(DEADLINE_S):
                while not await desk.of(ev.IncidentReopened):
                    await asyncio.sleep(0)

        kinds = [type(event).__name__ for _, event in await desk.events()]
        assert kinds[3:] == ["StateChanged", "AlertGrouped", "BatchTaken", "IncidentReopened"]

    async def test_what_is_applied_twice_counts_once(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.resolve("INC-1")
        before = snapshot(desk.intake)

        for record in await desk.log.read():
            desk.intake.apply(record)

        assert snapshot(desk.intake) == before


async def test_a_burst_of_thirty_thousand_alerts_is_all_accounted_for(tmp_path: Path) -> None:
    clock = Clock()
    log = await SqliteEventLog.open(tmp_path / "quell.db", clock=clock)
    services = [f"s{number}" for number in range(60)]
    calls = frozenset((services[number // 3], services[number]) for number in range(1, 60))
    desk = await new_desk(clock, log=log, topology=calls | SHOP)
    severities = ("critical", "error", "warning", "warning", "info")
    alerts = [
        alert(f"Rule{number % 7}", services[number * 7 % 60], severities[number % 5], pod=str(number))
        for number in (index % 25_000 for index in range(30_000))
    ]

    async with following(desk):
        for start in range(0, 30_000, 3_000):
            clock.pass_s(1)
            bodies = [alerts[start + part : start + part + 250] for part in range(0, 3_000, 250)]
            await asyncio.gather(*(desk.send(*body) for body in bodies))
        await until(lambda: desk.intake.position >= log.head)

    overall, _ = desk.intake.counts()
    assert overall.received == 30_000
    assert overall.received == overall.duplicate + overall.grouped + overall.opening
    assert overall.duplicate == 5_000
    assert overall.opening == len(await desk.of(ev.IncidentOpened)) <= 20
    joined = {event.alert.fingerprint for event in await desk.of(ev.AlertGrouped)}
    held = {event.alert.fingerprint for event in await desk.of(ev.AlertHeld)}
    assert len(joined | held) == len({str(sorted(each["labels"].items())) for each in alerts})
    await log.close()
