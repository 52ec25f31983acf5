"""The Python client of the live channel against a real server."""

import asyncio
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import ConfigError, InputError, NotFound, Unauthenticated
from quell.gateway.protocol import CloseCode, HangUp
from quell.gateway.room import Bounds
from quell.tail import LONGEST_RETRY_S, Event, Snapshot, Tail, retry_in_s
from tests.gateway.live_server import PATIENCE_S, Desk, new_desk, serving, until


async def following(tail: Tail, items: list[Snapshot | Event]) -> None:
    async with aclosing(aiter(tail)) as incoming:
        async for item in incoming:
            items.append(item)  # noqa: PERF401 - the test looks at them as they come


async def first(tail: Tail) -> Snapshot | Event:
    async with asyncio.timeout(PATIENCE_S), aclosing(aiter(tail)) as incoming:
        return await anext(incoming)


def hang_up_on_all(desk: Desk, code: int) -> None:
    for connection in list(desk.hub.connections):
        connection.hang_up(HangUp(code, "because of a test"))


def numbers(items: list[Snapshot | Event]) -> list[object]:
    return [item.data for item in items if isinstance(item, Event)]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_first_retry_comes_within_a_second_and_none_after_the_longest_wait(failures: int, chance: float) -> None:
    assert 0 <= retry_in_s(1, chance) < 1
    assert 0 <= retry_in_s(failures, chance) <= LONGEST_RETRY_S
    assert retry_in_s(failures, chance) <= retry_in_s(failures + 1, chance)


async def test_a_tail_yields_the_state_and_then_every_event() -> None:
    async with serving(new_desk()) as desk:
        desk.happen("before")
        items: list[Snapshot | Event] = []
        task = asyncio.create_task(following(Tail(desk.url, "events"), items))
        await until(lambda: items, "the snapshot")
        desk.happen("after")
        await until(lambda: len(items) == 2, "the event")
        task.cancel()

    assert items[0] == Snapshot(channel="events", epoch="e1", offset=1, data={"items": ["before"]}, missed=False)
    assert isinstance(items[1], Event)
    assert (items[1].offset, items[1].kind, items[1].data) == (2, "happened", "after")


async def test_a_lost_connection_is_resumed_without_a_gap_or_a_double() -> None:
    async with serving(new_desk()) as desk:
        items: list[Snapshot | Event] = []
        lost: list[tuple[str, float]] = []
        tail = Tail(desk.url, "events", chance=lambda: 0.01, on_trouble=lambda why, wait_s: lost.append((why, wait_s)))
        task = asyncio.create_task(following(tail, items))
        await until(lambda: items, "the snapshot")
        for round_number in range(5):
            desk.happen(round_number)
            hang_up_on_all(desk, CloseCode.DRAINING)
            desk.happen(round_number + 100)
            resumes = round_number + 1
            await until(lambda: desk.hub.counts.resumes == resumes, "the connection to be resumed")  # noqa: B023
        await until(lambda: len(items) == 11, "everything")
        task.cancel()

    assert numbers(items) == [0, 100, 1, 101, 2, 102, 3, 103, 4, 104]
    assert [why for why, _ in lost] == ["because of a test"] * 5
    assert desk.hub.counts.resumes == 5


async def test_a_restarted_server_is_found_again_and_what_was_missed_is_said() -> None:
    items: list[Snapshot | Event] = []
    async with serving(new_desk()) as desk:
        task = asyncio.create_task(following(Tail(desk.url, "events", chance=lambda: 0.05), items))
        await until(lambda: items, "the snapshot")
        desk.happen("old")
        await until(lambda: len(items) == 2, "the event")
    restarted = new_desk(epoch="e2")
    restarted.happened += ["old", "while away"]
    async with serving(restarted, port=desk.port):
        await until(lambda: len(items) == 3, "the new snapshot")
        restarted.happen("new")
        await until(lambda: len(items) == 4, "the new event")
    task.cancel()

    back = Snapshot(channel="events", epoch="e2", offset=0, data={"items": ["old", "while away"]}, missed=True)
    assert items[2] == back
    assert numbers(items) == ["old", "new"]


async def test_a_tail_goes_on_from_where_another_stopped() -> None:
    async with serving(new_desk()) as desk:
        for number in range(5):
            desk.happen(number)

        item = await first(Tail(desk.url, "events", since=("e1", 3)))

    assert (item.offset, item.data) == (4, 3)


async def test_a_tail_that_reads_too_slowly_gets_a_snapshot_and_is_told_so() -> None:
    async with serving(new_desk(bounds=Bounds(ring_events=20))) as desk:
        tail = Tail(desk.url, "events")
        async with asyncio.timeout(PATIENCE_S), aclosing(aiter(tail)) as incoming:
            start = await anext(incoming)
            for number in range(3000):
                desk.happen([number, "x" * 8000])
                if number % 10 == 9:
                    await asyncio.sleep(0)
            later = [await anext(incoming)]
            while not isinstance(later[-1], Snapshot):
                later.append(await anext(incoming))
            offset = tail.offset

    assert isinstance(start, Snapshot)
    assert not start.missed
    assert later[-1].missed
    assert [item.offset for item in later[:-1]] == list(range(1, len(later)))
    assert later[-1].data["items"][-1] == [2999, "x" * 8000]
    assert offset == 3000


async def test_a_tail_of_state_takes_conflated_events_as_what_they_are() -> None:
    async with serving(new_desk()) as desk:
        items: list[Snapshot | Event] = []
        task = asyncio.create_task(following(Tail(desk.url, "incidents"), items))
        await until(lambda: items, "the snapshot")
        for number in range(500):
            desk.change(f"INC-{number % 3}", number)
        await until(lambda: items[-1].offset == 500, "the newest")
        task.cancel()

    assert {item.key: item.data for item in items if isinstance(item, Event)} == desk.rows
    assert desk.hub.counts.conflated == 497
    assert desk.hub.counts.lost == 0


async def test_a_channel_that_is_not_there_is_an_error() -> None:
    async with serving(new_desk()) as desk:
        with pytest.raises(NotFound, match="no incident nothing"):
            await first(Tail(desk.url, "incident:nothing"))


async def test_a_wrong_token_is_an_error_and_the_right_one_is_not() -> None:
    async with serving(new_desk(), token="right") as desk:
        with pytest.raises(Unauthenticated, match="bearer token"):
            await first(Tail(desk.url, "events", token="wrong"))

        assert isinstance(await first(Tail(desk.url, "events", token="right")), Snapshot)


async def test_a_close_for_good_is_an_error() -> None:
    async with serving(new_desk()) as desk:
        task = asyncio.create_task(following(Tail(desk.url, "events"), []))
        await until(lambda: desk.hub.subscriptions, "the subscription")
        hang_up_on_all(desk, CloseCode.TOO_MANY_MESSAGES)

        with pytest.raises(InputError, match="because of a test"):
            await asyncio.wait_for(task, PATIENCE_S)


async def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no WebSocket address"):
        await first(Tail("http://127.0.0.1:1/ws", "events"))


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    desk = new_desk()
    waits: list[float] = []
    async with serving(desk):
        pass
    tail = Tail(desk.url, "events", chance=lambda: 0.01, on_trouble=lambda why, wait_s: waits.append(wait_s))
    task = asyncio.create_task(first(tail))
    await until(lambda: len(waits) >= 3, "three tries")

    async with serving(new_desk(), port=desk.port):
        assert isinstance(await task, Snapshot)
    assert waits[:3] == pytest.approx([0.008, 0.016, 0.032])
