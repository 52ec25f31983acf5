"""The client over real sockets: connections that are refused, lost, closed and found again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quell.client import Client, Connecting, Item, Reconnecting, Refused, State, session
from quell.errors import (
    BadAnswer,
    ConfigError,
    Forbidden,
    InputError,
    NotFound,
    QuellError,
    Unauthenticated,
    Unreachable,
)
from tests.client.scripted import HELLO, PATIENCE_S, scripted, subscribed, until
from tests.client.taking import SOON, first, since, take, taking


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthenticated), (403, Forbidden), (404, NotFound)])
async def test_a_handshake_refused_for_good_is_an_error_with_the_servers_words(
    status: int, kind: type[QuellError]
) -> None:
    async with scripted() as script:
        script.refuse(status, "because of a test")
        client = Client(script.url)

        with pytest.raises(kind, match=f"{status}.*because of a test"):
            await first(client, "a")
        assert isinstance(client.state, Refused)


@pytest.mark.parametrize(("code", "kind"), [(4501, Unauthenticated), (4503, Forbidden), (4504, InputError)])
async def test_a_close_for_good_is_an_error_for_everyone_then_and_later(code: int, kind: type[QuellError]) -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a") as (_, following):
        visit = await script.visit()
        commanding = asyncio.create_task(client.command("note", "INC-7"))
        await visit.hear()
        await visit.close(code, "because of a test")

        for failing in (following, commanding, anext(client.follow("b")), client.command("note", "INC-7")):
            with pytest.raises(kind, match="because of a test"):
                await asyncio.wait_for(failing, PATIENCE_S)


async def test_a_server_of_another_protocol_is_an_error() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a") as (_, following):
        visit = await script.visit(greet=False)
        await visit.say(HELLO | {"version": 2})

        with pytest.raises(BadAnswer, match="protocol 2"):
            await asyncio.wait_for(following, PATIENCE_S)


async def test_a_frame_that_cannot_be_read_is_asked_for_again() -> None:
    async with scripted() as script, Client(script.url, chance=lambda: SOON) as client, taking(client, "a"):
        visit = await script.visit()
        await visit.hear()
        await visit.say(subscribed("a", 4))
        await visit.connection.send("[{")
        visit = await script.visit()

        assert since(await visit.hear()) == ("e", 4)


async def test_a_server_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "SILENCE_S", 0.1)
    states: list[State] = []
    async with scripted() as script, Client(script.url, chance=lambda: SOON, on_state=states.append):
        await script.visit()
        await script.visit()

    assert Reconnecting(why="no heartbeat for 0.1 s", failures=1, wait_s=0.8 * SOON) in states


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    waits: list[float] = []

    def note(state: State) -> None:
        if isinstance(state, Reconnecting):
            waits.append(state.wait_s)

    async with scripted() as script:
        pass
    client = Client(script.url, chance=lambda: SOON, on_state=note)
    assert client.state == Connecting()
    async with client, taking(client, "a") as (items, _):
        await until(lambda: len(waits) >= 3, "three tries")
        async with scripted(port=script.port) as there:
            visit = await there.visit()
            await visit.say(subscribed("a", 1))
            await until(lambda: items, "the snapshot")

    assert waits[:3] == pytest.approx([0.008, 0.016, 0.032])


async def test_a_full_server_is_come_back_to_when_it_says() -> None:
    states: list[State] = []
    async with scripted() as script:
        script.refuse(503, "full", Retry_After="1")
        script.refuse(503, "full", Retry_After="Thu, 26 Nov 2026 12:00:00 GMT")
        async with Client(script.url, chance=lambda: SOON, on_state=states.append):
            await script.visit()

    away = [state for state in states if isinstance(state, Reconnecting)]
    assert [state.wait_s for state in away] == pytest.approx([1 + 0.8 * SOON, 1.6 * SOON])
    assert away[0].why == "the server answered 503: full"


async def test_the_token_goes_into_the_header_and_nothing_is_packed_unless_wished() -> None:
    async with scripted(compression="deflate") as script, Client(script.url, token="s3cret"):
        visit = await script.visit()
        request, response = visit.connection.request, visit.connection.response

    assert request is not None
    assert response is not None
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert "Sec-WebSocket-Extensions" not in request.headers


async def test_frames_are_packed_when_wished() -> None:
    async with scripted(compression="deflate") as script:
        client = Client(script.url, compression="deflate")
        async with client, taking(client, "a") as (items, _):
            visit = await script.visit()
            await visit.say(subscribed("a", 1, snapshot="x" * 100_000))
            await until(lambda: items, "the snapshot")
            response = visit.connection.response

    assert response is not None
    assert "permessage-deflate" in response.headers["Sec-WebSocket-Extensions"]
    assert items[0].data == "x" * 100_000


WRONG: dict[str, dict[str, Any]] = {
    "no WebSocket address": {"url": "http://127.0.0.1:1/ws"},
    "no address": {"url": "ws://127.0.0.1:port/ws"},
    "a token of two lines": {"token": "a\nb"},
    "a token that no header holds": {"token": "ü"},
    "an unknown compression": {"compression": "brotli"},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_work_is_said_before_anything_is_tried(name: str) -> None:
    with pytest.raises(ConfigError):
        Client(**({"url": "ws://127.0.0.1:1/ws"} | WRONG[name]))


async def test_when_the_client_is_closed_followers_end_and_commands_fail() -> None:
    async with scripted() as script:
        client = Client(script.url)
        async with client:
            items: list[Item] = []
            following = asyncio.create_task(take(client, items, "a"))
            visit = await script.visit()
            await visit.say(subscribed("a", 1))
            await until(lambda: items, "the snapshot")
            commanding = asyncio.create_task(client.command("note", "INC-7"))
            await visit.asked()

        await asyncio.wait_for(following, PATIENCE_S)
        for failing in (commanding, anext(client.follow("a"))):
            with pytest.raises(Unreachable, match="closed"):
                await asyncio.wait_for(failing, PATIENCE_S)
        with pytest.raises(InputError, match="once"):
            await client.__aenter__()


async def test_a_client_that_was_not_opened_says_so() -> None:
    with pytest.raises(InputError, match="async with"):
        await anext(Client("ws://127.0.0.1:1/ws").follow("a"))


async def test_a_fault_in_what_is_told_the_state_is_seen_by_who_opened_the_client() -> None:
    def fail(state: State) -> None:
        raise ZeroDivisionError

    async with scripted() as script:
        client = Client(script.url, on_state=fail)
        following = asyncio.create_task(first(client, "a"))
        await script.visit()

        with pytest.raises(ZeroDivisionError):
            await following
