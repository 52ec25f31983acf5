"""The client over real sockets, against a server that says what the test wants: following."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import pytest

from quell.client import CatchingUp, Client, Cursor, Event, Live, Reconnecting, Snapshot, State, connection
from quell.errors import Conflict, Malformed, NotFound
from tests.client.scripted import PATIENCE_S, Visit, events, scripted, subscribed, until
from tests.client.taking import SOON, offsets, since, taking


async def test_a_follower_is_given_the_state_and_then_every_event_of_all_its_channels() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a", "b") as (items, _):
        visit = await script.visit()
        asked = [await visit.hear(), await visit.hear()]
        await visit.say(subscribed("a", 1, snapshot={"items": ["before"]}), subscribed("b", 7, epoch="other"))
        await visit.say(*events("b", 9, after=7), *events("a", 2, key="INC-1"))
        await until(lambda: len(items) == 4, "all of it")

        assert asked == [{"type": "subscribe", "channel": "a"}, {"type": "subscribe", "channel": "b"}]
        assert items[0] == Snapshot(channel="a", epoch="e", offset=1, data={"items": ["before"]}, missed=False)
        assert items[3] == Event(
            channel="a", epoch="e", offset=2, key="INC-1", kind="k", ts="2026-01-02T03:04:05Z", data=2
        )
        assert offsets(items) == [("a", 1), ("b", 7), ("b", 9), ("a", 2)]
        assert client.cursors == {"a": Cursor(epoch="e", offset=2), "b": Cursor(epoch="other", offset=9)}
        assert client.state == Live()


async def test_a_lost_connection_is_resumed_without_a_gap_or_a_double() -> None:
    states: list[State] = []
    async with (
        scripted() as script,
        Client(script.url, chance=lambda: SOON, on_state=states.append) as client,
        taking(client, "a") as (items, _),
    ):
        visit = await script.visit()
        await visit.hear()
        await visit.say(subscribed("a", 0))
        for last in range(1, 10, 2):
            await visit.say(*events("a", last))
            await until(lambda: items and items[-1].offset == last, "the event")  # noqa: B023
            await visit.close(4001, "because of a test")
            visit = await script.visit()
            assert since(await visit.hear()) == ("e", last)
            await visit.say(subscribed("a", last + 1, recovered=True, behind=1))
            await visit.say(*events("a", last, last + 1))
        await until(lambda: items[-1].offset == 10, "everything")

        assert offsets(items) == [("a", number) for number in range(11)]
        assert isinstance(items[0], Snapshot)
    away = [state for state in states if isinstance(state, Reconnecting)]
    assert [(state.why, state.failures) for state in away] == [("because of a test", number) for number in range(1, 6)]
    after = [CatchingUp(None), CatchingUp(1), Live()]
    assert states == [CatchingUp(None), Live(), *(state for one in away for state in (one, *after))]


async def test_a_restarted_server_is_found_again_and_what_was_missed_is_said() -> None:
    async with scripted() as script:
        client = Client(script.url, chance=lambda: SOON)
        async with client, taking(client, "a") as (items, _):
            visit = await script.visit()
            await visit.hear()
            await visit.say(subscribed("a", 3))
            await until(lambda: items, "the snapshot")
            script.end()
            async with scripted(port=script.port) as restarted:
                visit = await restarted.visit()
                assert since(await visit.hear()) == ("e", 3)
                await visit.say(subscribed("a", 0, epoch="new", snapshot=["while away"]), *events("a", 1))
                await until(lambda: len(items) == 3, "the new ones")

    assert items[1] == Snapshot(channel="a", epoch="new", offset=0, data=["while away"], missed=True)
    assert (items[2].epoch, items[2].offset) == ("new", 1)


async def test_another_process_goes_on_where_this_one_stopped_taking() -> None:
    async with scripted() as script:
        async with Client(script.url) as client, aclosing(client.follow("a", "b")) as incoming:
            visit = await script.visit()
            await visit.say(subscribed("a", 1), subscribed("b", 5), *events("a", 2, 3, 4))
            taken = [await anext(incoming) for _ in range(4)]
            kept = msgspec.json.encode(client.cursors)

        cursors = msgspec.json.decode(kept, type=dict[str, Cursor])
        later = Client(script.url)
        async with later, taking(later, "a", "b", since=cursors) as (items, _):
            visit = await script.visit()
            asked = {message["channel"]: since(message) for message in [await visit.hear(), await visit.hear()]}
            assert later.cursors == cursors
            await visit.say(subscribed("a", 4, recovered=True, behind=1), subscribed("b", 5, recovered=True, behind=0))
            await visit.say(*events("a", 4))
            await until(lambda: items, "the one that was not taken")

    assert offsets(taken) == [("a", 1), ("b", 5), ("a", 2), ("a", 3)]
    assert asked == {"a": ("e", 3), "b": ("e", 5)}
    assert offsets(items) == [("a", 4)]


async def test_a_gap_is_closed_by_asking_from_before_it() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a") as (items, _):
        visit = await script.visit()
        await visit.hear()
        await visit.say(subscribed("a", 1), *events("a", 2, 4, 5))
        assert since(await visit.asked()) == ("e", 2)
        await visit.say(subscribed("a", 5, recovered=True, behind=3), *events("a", 3, 4, 5))
        await until(lambda: items and items[-1].offset == 5, "everything")

        assert [item.offset for item in items] == [1, 2, 3, 4, 5]


async def test_who_fell_behind_history_gets_a_snapshot_and_is_told_so() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a") as (items, _):
        visit = await script.visit()
        await visit.hear()
        await visit.say(subscribed("a", 1), {"type": "reset", "channel": "a", "epoch": "e", "offset": 900})
        assert "since" not in await visit.asked()
        await visit.say(subscribed("a", 900))
        await until(lambda: len(items) == 2, "the snapshot")

        assert [(item.offset, item.missed) for item in items if isinstance(item, Snapshot)] == [(1, False), (900, True)]


async def test_a_ping_is_answered() -> None:
    async with scripted() as script, Client(script.url):
        visit = await script.visit()
        await visit.say({"type": "ping", "ts": "2026-01-02T03:04:05Z"})

        assert await visit.hear() == {"type": "pong"}


async def test_who_leaves_a_channel_is_not_sent_it_any_more_and_may_come_back() -> None:
    async with scripted() as script, Client(script.url) as client:
        visit = await script.visit()
        for _ in range(2):
            async with aclosing(client.follow("a")) as incoming:
                task = asyncio.create_task(anext(incoming))
                assert (await visit.asked())["type"] == "subscribe"
                await visit.say(subscribed("a", 1))
                await task
            assert await visit.asked() == {"type": "unsubscribe", "channel": "a"}


async def test_a_channel_that_is_not_there_is_an_error_of_its_followers_alone() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a") as (items, _):
        visit = await script.visit()
        await visit.say(subscribed("a", 1))
        async with taking(client, "b") as (_, failing):
            await until(lambda: client.state == CatchingUp(None), "the question")
            await visit.say({"type": "error", "code": "not_found", "message": "there is no b", "channel": "b"})
            with pytest.raises(NotFound, match="there is no b"):
                await asyncio.wait_for(failing, PATIENCE_S)
        await visit.say(*events("a", 2))
        await until(lambda: len(items) == 2, "the event")


async def test_a_channel_has_one_follower() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a"):
        visit = await script.visit()
        await visit.hear()

        with pytest.raises(Conflict):
            await anext(client.follow("b", "a"))
        with pytest.raises(Malformed):
            await anext(client.follow())
        async with taking(client, "b", "b") as (items, _):
            await visit.asked()
            await visit.say(subscribed("b", 1))
            await until(lambda: items, "the snapshot")


async def pour(visit: Visit, channel: str, first: int, last: int, size: int = 20_000) -> None:
    for offset in range(first, last + 1):
        await visit.say(*events(channel, offset, data="x" * size))


async def test_who_takes_nothing_is_not_read_for_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ALIVE_EVERY_S", 0.02)
    async with (
        scripted() as script,
        Client(script.url, most_waiting=10) as client,
        aclosing(client.follow("a")) as incoming,
    ):
        visit = await script.visit()
        await visit.say(subscribed("a", 0))
        await anext(incoming)
        await visit.asked()
        pouring = asyncio.create_task(pour(visit, "a", 1, 2000))
        for _ in range(10):
            assert await visit.hear() == {"type": "pong"}, "it says by itself that it is there, since it does not read"

        assert not pouring.done()
        taken = [(await anext(incoming)).offset for _ in range(2000)]
        await pouring

    assert taken == list(range(1, 2001))


async def test_who_waits_for_an_answer_does_not_wait_for_itself_to_take_more() -> None:
    async with (
        scripted() as script,
        Client(script.url, most_waiting=3) as client,
        aclosing(client.follow("a")) as incoming,
    ):
        visit = await script.visit()
        await visit.say(subscribed("a", 0), *events("a", *range(1, 6)))
        taken = [(await anext(incoming)).offset]
        commanding = asyncio.create_task(client.command("note", "INC-1", id="k"))
        kinds = [(await visit.asked())["type"] for _ in range(3)]
        await visit.say(*events("a", 6, 7), {"type": "reply", "id": "k", "ok": True, "data": "done"})
        answer = await asyncio.wait_for(commanding, PATIENCE_S)
        taken += [(await anext(incoming)).offset for _ in range(5)]
        more = asyncio.create_task(anext(incoming))
        asked = await visit.asked()
        await visit.say(subscribed("a", 7, recovered=True, behind=2), *events("a", 6, 7))
        taken += [(await more).offset, (await anext(incoming)).offset]

    assert kinds == ["subscribe", "command", "unsubscribe"]
    assert answer == "done"
    assert since(asked) == ("e", 5)
    assert taken == list(range(8))


async def test_a_slow_follower_does_not_hold_up_another() -> None:
    async with (
        scripted() as script,
        Client(script.url, most_waiting=3) as client,
        taking(client, "quick") as (quick, _),
        aclosing(client.follow("slow")) as slow,
    ):
        visit = await script.visit()
        await visit.say(subscribed("quick", 0), subscribed("slow", 0))
        await anext(slow)
        for offset in range(1, 100):
            await visit.say(*events("slow", offset), *events("quick", offset))
        await until(lambda: quick and quick[-1].offset == 99, "all that is for the quick one")
