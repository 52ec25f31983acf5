"""docs/client.md: what it shows works."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quell import client
from quell.client.connection import MOST_WAITING
from tests.client.scripted import events, scripted, subscribed, until
from tests.docs.shelf import blocks, text_of

PAGE = text_of("docs/client.md")


async def test_the_example_follows_and_acknowledges(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks(PAGE, "python")
    shown: dict[str, Any] = {}
    exec(compile(example.text, "docs/client.md", "exec"), shown)
    said = ""

    def says(text: str) -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return text in said

    async with scripted() as script:
        watching = asyncio.create_task(shown["watch"](script.url))
        visit = await script.visit()
        await visit.say(subscribed("incidents", 3), subscribed("events", 8))
        await visit.say(*events("incidents", 4, data={"id": "INC-7", "state": "triggered"}), *events("events", 9))
        while (heard := await visit.asked())["type"] != "command":
            pass
        await visit.say({"type": "reply", "id": heard["id"], "ok": True, "data": {}})
        await until(lambda: says("events 9 k 9"), "the event")
        watching.cancel()

    assert (heard["name"], heard["incident_id"], heard["args"]) == ("acknowledge", "INC-7", {"note": "on it"})
    assert "incidents starts with 0; missed some: False" in said
    assert "Live()" in said


def test_every_state_is_named() -> None:
    states = ("Connecting", "CatchingUp", "Live", "Reconnecting", "Refused")

    assert [state for state in states if f"`{state}" not in PAGE or not hasattr(client, state)] == []


def test_the_bound_told_is_the_bound_kept() -> None:
    assert MOST_WAITING == 1_000
    assert "a thousand items" in PAGE
