"""Worst first, and none for ever: who begins a response, and who has a turn in one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import StorageError
from quell.incident.alert import IncidentSeverity as Sev
from quell.workflow import queue as queue_module
from quell.workflow.engine import Started
from quell.workflow.queue import LONGEST_WAITING_EVERY, RESERVED, Line, StartQueue, Turns


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Responses:
    """An engine whose responses end when a test says so."""

    def __init__(self, at_once: int = 2) -> None:
        self.begun: list[str] = []
        self.ended: set[str] = set()
        """Workflow ids that the engine knows as over."""
        self.gave_up: list[str] = []
        self.refusals = 0
        self.ends: dict[str, asyncio.Event] = {}
        self.queue = StartQueue(self.start, self.give_up, at_once=at_once)
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, workflow: str) -> Started:
        if self.refusals:
            self.refusals -= 1
            raise StorageError("no space is left")
        if workflow in self.ended:
            return Started.ENDED
        self.begun.append(workflow)
        self.tasks.append(asyncio.create_task(self._run(workflow)))
        return Started.ANEW

    async def _run(self, workflow: str) -> None:
        self.ends[workflow] = asyncio.Event()
        with self.queue.under_way(workflow.partition("~")[0]):
            await self.ends[workflow].wait()

    async def give_up(self, response: str) -> None:
        self.gave_up.append(response)

    async def end(self, workflow: str) -> None:
        self.ends[workflow].set()
        await settled()

    @contextlib.asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        self.tasks.append(asyncio.create_task(self.queue.run()))
        try:
            await settled()
            yield
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_the_one_sev1_that_comes_last_in_a_storm_begins_at_once() -> None:
    on = Responses()
    for number in range(500):
        on.queue.submit(f"INC-{number}", Sev.SEV3)
    async with on.started():
        on.queue.submit("INC-worst", Sev.SEV1)
        await settled()

    assert on.begun == ["INC-0", "INC-1", "INC-worst"]
    assert on.queue.waiting == 498


async def test_no_more_begin_than_there_are_places_and_a_few_for_the_worst() -> None:
    on = Responses()
    for number in range(9):
        on.queue.submit(f"INC-{number}", Sev.SEV1 if number < 7 else Sev.SEV2)
    async with on.started():
        assert len(on.begun) == 2 + RESERVED


async def test_the_worst_begins_next_and_every_fourth_time_the_one_that_has_waited_longest() -> None:
    on = Responses(at_once=1)
    on.queue.submit("INC-old", Sev.SEV5)
    for number in range(1, 9):
        on.queue.submit(f"INC-{number}", Sev.SEV2)
    async with on.started():
        while len(on.begun) < 6:
            await on.end(on.begun[-1])

    assert on.begun == ["INC-1", "INC-2", "INC-3", "INC-old", "INC-4", "INC-5"]


async def test_a_severity_that_is_raised_meanwhile_counts() -> None:
    on = Responses(at_once=1)
    async with on.started():
        for number in range(4):
            on.queue.submit(f"INC-{number}", Sev.SEV3)
        await settled()
        on.queue.rank("INC-3", Sev.SEV2)
        await on.end("INC-0")

    assert on.begun == ["INC-0", "INC-3"]


async def test_a_response_that_waits_for_a_person_takes_no_place() -> None:
    on = Responses(at_once=1)
    on.queue.submit("INC-1", Sev.SEV2)
    on.queue.submit("INC-2", Sev.SEV2)
    async with on.started():
        with on.queue.aside("INC-1"):
            await settled()
            assert on.begun == ["INC-1", "INC-2"]


async def test_a_response_has_its_place_again_once_the_person_has_answered() -> None:
    on = Responses(at_once=1)
    on.queue.submit("INC-1", Sev.SEV2)
    async with on.started():
        with on.queue.aside("INC-1"):
            await settled()
        on.queue.submit("INC-2", Sev.SEV2)
        await settled()

    assert on.begun == ["INC-1"]
    assert on.queue.waiting == 1


async def test_a_response_that_the_engine_took_up_by_itself_leaves_the_line() -> None:
    on = Responses()
    on.queue.submit("INC-1", Sev.SEV2)
    with on.queue.under_way("INC-1"):
        assert (on.queue.waiting, on.queue.running("INC-1")) == (0, True)
        async with on.started():
            assert on.begun == []


async def test_what_is_under_way_is_not_begun_twice() -> None:
    on = Responses()
    on.queue.submit("INC-1", Sev.SEV2)
    async with on.started():
        on.queue.submit("INC-1", Sev.SEV2)
        await settled()

    assert on.begun == ["INC-1"]


async def test_a_response_that_is_over_in_the_engine_alone_is_begun_under_an_id_that_is_new_to_it() -> None:
    on = Responses()
    on.ended = {"INC-1.2", "INC-1.2~1"}
    on.queue.submit("INC-1.2", Sev.SEV2)
    async with on.started():
        pass

    assert on.begun == ["INC-1.2~2"]


async def test_a_response_that_ends_so_again_and_again_is_given_up_and_holds_no_place() -> None:
    on = Responses(at_once=1)
    on.ended = {"INC-1", *(f"INC-1~{number}" for number in range(1, 100))}
    on.queue.submit("INC-1", Sev.SEV1)
    on.queue.submit("INC-2", Sev.SEV2)
    async with on.started():
        pass

    assert (on.gave_up, on.begun) == (["INC-1"], ["INC-2"])


async def test_a_start_that_the_store_refuses_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "AGAIN_S", 0.0)
    on = Responses()
    on.refusals = 3
    on.queue.submit("INC-1", Sev.SEV2)
    async with on.started():
        pass

    assert on.begun == ["INC-1"]


async def test_a_store_that_refuses_a_start_is_left_alone_for_a_while() -> None:
    on = Responses()
    on.refusals = 3
    on.queue.submit("INC-1", Sev.SEV2)
    async with on.started():
        assert (on.refusals, on.queue.waiting) == (2, 1)


async def test_turns_go_to_the_worst_that_waits() -> None:
    turns, had = Turns(1), []

    async def phase(key: str, severity: Sev) -> None:
        async with turns.take(key, severity):
            had.append(key)
            await asyncio.sleep(0)

    async with turns.take("first", Sev.SEV3):
        tasks = [asyncio.create_task(phase(key, severity)) for key, severity in (("b", Sev.SEV3), ("a", Sev.SEV2))]
        await settled()
        assert turns.waiting == 2
    await asyncio.gather(*tasks)

    assert had == ["a", "b"]


async def test_turns_that_were_had_make_no_room_for_more_at_a_time() -> None:
    turns = Turns(1)
    for key in ("a", "b", "c"):
        async with turns.take(key, Sev.SEV3):
            pass

    async with turns.take("d", Sev.SEV3):
        late = asyncio.create_task(_held(turns, "e"))
        await settled()
        assert turns.waiting == 1
    await late


async def _held(turns: Turns, key: str) -> None:
    async with turns.take(key, Sev.SEV3):
        pass


async def test_a_turn_that_is_waited_for_follows_a_raised_severity() -> None:
    turns, had = Turns(1), []

    async def phase(key: str) -> None:
        async with turns.take(key, Sev.SEV3):
            had.append(key)

    async with turns.take("first", Sev.SEV3):
        tasks = [asyncio.create_task(phase(key)) for key in ("a", "b")]
        await settled()
        turns.rank("b", Sev.SEV2)
    await asyncio.gather(*tasks)

    assert had == ["b", "a"]


async def test_who_waits_for_a_turn_and_becomes_a_sev1_has_one_at_once() -> None:
    turns, had = Turns(1), []

    async def phase(key: str) -> None:
        async with turns.take(key, Sev.SEV3):
            had.append(key)

    async with turns.take("first", Sev.SEV3):
        task = asyncio.create_task(phase("a"))
        await settled()
        turns.rank("a", Sev.SEV1)
        await settled()
        assert had == ["a"]
    await task


async def test_a_waiter_that_is_cancelled_just_as_its_turn_comes_passes_it_on() -> None:
    turns = Turns(1)

    async def phase(key: str) -> str:
        async with turns.take(key, Sev.SEV3):
            return key

    async with turns.take("first", Sev.SEV3):
        gone, next_one = (asyncio.create_task(phase(key)) for key in ("gone", "next"))
        await settled()
    gone.cancel()  # its turn was given to it in this very step, and it has not run since

    assert await asyncio.wait_for(next_one, 5) == "next"
    assert gone.cancelled()
    async with asyncio.timeout(5), turns.take("later", Sev.SEV3):
        pass


async def test_a_waiter_that_is_cancelled_before_its_turn_leaves_the_line() -> None:
    turns = Turns(1)

    async def phase(key: str) -> None:
        async with turns.take(key, Sev.SEV3):
            pass

    async with turns.take("first", Sev.SEV3):
        gone = asyncio.create_task(phase("gone"))
        await settled()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert gone.cancelled()
        assert (turns.waiting, turns._turns) == (0, {})
    async with asyncio.timeout(5), turns.take("later", Sev.SEV3):
        pass


@given(st.lists(st.sampled_from(list(Sev)), min_size=1, max_size=60), st.integers(1, 5))
def test_everybody_gets_in_and_nobody_waits_longer_than_the_share_of_the_oldest(come: list[Sev], places: int) -> None:
    """A SEV1 comes for each that is let in, for ever; the others get in all the same, oldest first at the latest."""
    line = Line()
    for number, severity in enumerate(come):
        line.put(f"{number}", severity)
    rounds, left = 0, {f"{number}" for number in range(len(come))}
    while left:
        line.put(f"new{rounds}", Sev.SEV1)
        chosen = line.let_in(places - 1, places)
        assert chosen is not None
        left.discard(chosen[0])
        rounds += 1

    assert rounds <= LONGEST_WAITING_EVERY * len(come)


@given(st.lists(st.sampled_from(list(Sev)), max_size=30), st.integers(0, 12), st.integers(1, 8))
def test_nobody_is_let_in_past_the_places_but_a_sev1(come: list[Sev], under_way: int, places: int) -> None:
    line = Line()
    for number, severity in enumerate(come):
        line.put(f"{number}", severity)
    chosen = line.let_in(under_way, places)

    may = under_way < places or (under_way < places + RESERVED and Sev.SEV1 in come)
    assert (chosen is not None) == (bool(come) and may)
    if chosen is not None and under_way >= places:
        assert chosen[1] is Sev.SEV1
