"""permessage-deflate, made once for everyone: what real clients make of it, and what it saves."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import Side, State

from quell.gateway.frames import Frame
from tests.e2e.chromium import FLAGS, PATH
from tests.gateway.live_server import Talk, new_desk, serving, until

ROW = {"id": "INC-7", "title": "payment: error rate high", "state": "investigating", "services": ["payment", "edge"]}


def unpacked(data: bytes) -> str:
    """Return what a client that agreed to messages without a context reads."""
    client = ClientProtocol(_wish(), state=State.OPEN)
    client.extensions = [PerMessageDeflate(True, True, 15, 15)]
    client.receive_data(data)
    [frame] = client.events_received()
    assert frame.opcode is Opcode.TEXT
    assert client.side is Side.CLIENT
    return bytes(frame.data).decode()


def _wish() -> Any:
    from websockets.uri import parse_uri

    return parse_uri("ws://127.0.0.1/ws")


@given(st.text(max_size=70_000))
def test_a_packed_frame_is_read_as_what_was_framed(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    frame = Frame(text.encode())

    assert unpacked(frame.packed) == text
    assert unpacked(frame.plain) == text


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 300_000])
def test_frames_of_every_length_are_read_whole(size: int) -> None:
    frame = Frame(b"x" * size)

    assert unpacked(frame.packed) == unpacked(frame.plain) == "x" * size
    assert len(frame.plain) == size + (2 if size < 126 else 4 if size < 65_536 else 10)


def test_what_many_events_say_alike_is_sent_once() -> None:
    frame = Frame(json.dumps([{"type": "event", "offset": n, "data": ROW} for n in range(50)]).encode())

    assert len(frame.packed) < len(frame.plain) / 5
    assert Frame(b"short").packed == Frame(b"short").plain


async def test_a_client_that_packs_and_one_that_does_not_hear_the_same_whenever_they_came() -> None:
    deflate = ClientPerMessageDeflateFactory(client_max_window_bits=True)
    async with (
        serving(new_desk(packs=True)) as desk,
        connect(desk.url, proxy=None, compression=None) as plain,
        connect(desk.url, proxy=None, compression=None, extensions=[deflate]) as packing,
    ):
        first, second = Talk(plain), Talk(packing)
        for talk in (first, second):
            await talk.hear()
            await talk.subscribe("events")
        for number in range(300):
            desk.happen({**ROW, "n": number})
        heard = [[(await talk.hear())["data"]["n"] for _ in range(300)] for talk in (first, second)]
        async with connect(desk.url, proxy=None, compression=None, extensions=[deflate]) as late:
            third = Talk(late)
            await third.hear()
            missed = await third.subscribe("events", ("e1", 100))
            heard.append([(await third.hear())["data"]["n"] for _ in range(200)])

        agreed = packing.response.headers["Sec-WebSocket-Extensions"] if packing.response else ""

    assert heard == [list(range(300)), list(range(300)), list(range(100, 300))]
    assert missed["behind"] == 200
    assert "Sec-WebSocket-Extensions" not in (plain.response.headers if plain.response else {})
    assert {"permessage-deflate", "server_no_context_takeover"} <= set(re.split(r";\s*", agreed))


async def test_nobody_is_packed_for_unless_the_server_is_told_to() -> None:
    async with serving(new_desk()) as desk, connect(desk.url, proxy=None, compression="deflate") as client:
        await Talk(client).hear()

        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


SCRIPT = """
    (url) => new Promise((resolve, reject) => {
        const socket = new WebSocket(url), heard = [];
        socket.onerror = () => reject(new Error("the socket failed"));
        socket.onmessage = ({ data }) => {
            for (const message of JSON.parse(data)) {
                if (message.type === "hello") socket.send(JSON.stringify({ type: "subscribe", channel: "events" }));
                if (message.type === "event") heard.push(message.data.n);
            }
            if (heard.length >= 300) resolve({ heard, extensions: socket.extensions });
        };
    })
"""


@pytest.mark.browser
async def test_a_real_chromium_reads_what_was_packed() -> None:
    if not PATH.exists():
        pytest.skip("lacks Chromium: apt-get install -y chromium")
    from playwright.async_api import async_playwright

    async with serving(new_desk(packs=True)) as desk, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=list(FLAGS))
        page = await browser.new_page(bypass_csp=True)  # data has a policy that lets nothing connect
        await page.goto(f"http://127.0.0.1:{desk.port}/")
        listening = asyncio.create_task(page.evaluate(SCRIPT, desk.url))
        await until(lambda: desk.hub.subscriptions == 1 or listening.done(), "the page follows")
        for number in range(300):
            desk.happen({**ROW, "n": number, "text": "ü€" * 50})
            if number % 30 == 0:
                await asyncio.sleep(0)
        told = await asyncio.wait_for(listening, 20)
        await browser.close()

    assert told["heard"] == list(range(300))
    assert told["extensions"].startswith("permessage-deflate")
