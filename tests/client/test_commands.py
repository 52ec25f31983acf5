"""The client over real sockets: commands."""

from __future__ import annotations

import asyncio

import pytest

from quell.client import Client, Live
from quell.errors import IllegalTransition, TimedOut
from tests.client.scripted import scripted, subscribed, until
from tests.client.taking import SOON, taking


async def test_a_command_is_answered_with_what_came_of_it() -> None:
    async with scripted() as script, Client(script.url) as client:
        visit = await script.visit()
        commanding = asyncio.create_task(client.command("acknowledge", "INC-7", {"note": "on it"}))
        asked = await visit.hear()
        await visit.say({"type": "reply", "id": asked["id"], "ok": True, "data": {"state": "acknowledged"}})

        assert await commanding == {"state": "acknowledged"}
        assert len(asked.pop("id")) == 32
        assert asked == {
            "type": "command", "name": "acknowledge", "incident_id": "INC-7", "args": {"note": "on it"}
        }  # fmt: skip


async def test_a_command_that_was_not_done_is_the_error_that_the_server_means() -> None:
    async with scripted() as script, Client(script.url) as client:
        visit = await script.visit()
        commanding = asyncio.create_task(client.command("reopen", "INC-7", id="k"))
        await visit.hear()
        await visit.say({"type": "error", "id": "k", "code": "illegal_transition", "message": "INC-7 is closed"})

        with pytest.raises(IllegalTransition, match="INC-7 is closed"):
            await commanding


async def test_a_command_is_sent_again_with_the_same_id_after_a_lost_connection() -> None:
    async with scripted() as script, Client(script.url, chance=lambda: SOON) as client:
        visit = await script.visit()
        commanding = asyncio.create_task(client.command("note", "INC-7"))
        once = await visit.hear()
        await visit.close(4004)
        visit = await script.visit()
        again = await visit.hear()
        await visit.say({"type": "reply", "id": again["id"], "ok": True, "data": 1})

        assert await commanding == 1
        assert once == again


async def test_a_command_without_an_answer_says_with_which_id_to_send_it_again() -> None:
    async with scripted() as script, Client(script.url) as client:
        visit = await script.visit()

        with pytest.raises(TimedOut, match=r"note INC-7 within 0\.05 s.*the id my-key"):
            await client.command("note", "INC-7", id="my-key", timeout_s=0.05)
        again = asyncio.create_task(client.command("note", "INC-7", id="my-key"))
        assert await visit.hear() == await visit.hear()
        await visit.say({"type": "reply", "id": "my-key", "ok": True, "data": "done"})
        assert await again == "done"


async def test_no_more_commands_are_under_way_than_the_server_takes() -> None:
    async with scripted() as script, Client(script.url) as client:
        visit = await script.visit()
        commanding = [asyncio.create_task(client.command("note", "INC-7", id=f"k{number}")) for number in range(12)]
        heard = [(await visit.hear())["id"] for _ in range(8)]
        await visit.say({"type": "ping", "ts": "t"})
        following = await visit.hear()
        for _ in range(4):
            await visit.say({"type": "reply", "id": heard.pop(0), "ok": True, "data": 0})
            heard.append((await visit.hear())["id"])
        await visit.say(*({"type": "reply", "id": key, "ok": True, "data": 0} for key in heard))
        await asyncio.gather(*commanding)

    assert following == {"type": "pong"}


async def test_a_command_given_up_meanwhile_harms_nobody() -> None:
    async with scripted() as script, Client(script.url) as client, taking(client, "a") as (items, _):
        visit = await script.visit()
        await visit.hear()
        commanding = asyncio.create_task(client.command("note", "INC-7", id="k"))
        await visit.hear()
        await visit.say({"type": "reply", "id": "k", "ok": True, "data": 0}, subscribed("a", 1))
        commanding.cancel()
        await until(lambda: items, "the snapshot")

        assert client.state == Live()
