"""The live channel end to end: a real uvicorn, real sockets, real clients."""

import asyncio
import base64
import json
import shutil
import socket
import ssl
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from quell.gateway.bounds import Bounds
from quell.gateway.channel import Channel
from quell.gateway.patient import PatientHttp, Waits
from quell.gateway.protocol import Limits
from tests.gateway.live_server import PATIENCE_S, Talk, new_desk, serving, talking, until


async def closing(talk: Talk) -> tuple[int | None, str | None]:
    """Return the code and reason with which the server hangs up."""
    try:
        while True:
            await talk.hear()
    except ConnectionClosed:
        return talk.connection.close_code, talk.connection.close_reason


async def test_a_subscriber_gets_the_state_and_then_its_changes() -> None:
    async with serving(new_desk()) as desk, talking(desk) as talk:
        desk.change("INC-1", {"id": "INC-1", "state": "triggered"})

        first = await talk.subscribe("incidents")
        desk.change("INC-1", {"id": "INC-1", "state": "resolved"})
        then = await talk.hear()

    assert first == {
        "type": "subscribed",
        "channel": "incidents",
        "epoch": "e1",
        "offset": 1,
        "recovered": False,
        "snapshot": {"items": [{"id": "INC-1", "state": "triggered"}]},
    }
    assert then.pop("ts").endswith("Z")
    assert then == {
        "type": "event",
        "channel": "incidents",
        "offset": 2,
        "key": "INC-1",
        "kind": "incident",
        "data": {"id": "INC-1", "state": "resolved"},
    }


async def test_the_greeting_says_who_speaks() -> None:
    async with serving(new_desk()) as desk, connect(desk.url, proxy=None) as connection:
        hello = json.loads(await connection.recv())

    assert hello == [{"type": "hello", "version": 1, "epoch": "e1", "server": "0.1.0", "heartbeat_s": 5.0}]


async def test_changes_made_at_once_come_in_one_frame() -> None:
    async with serving(new_desk()) as desk, talking(desk) as talk:
        await talk.subscribe("events")

        for number in range(50):
            desk.happen(number)
        frame = json.loads(await talk.connection.recv())

    assert [message["data"] for message in frame] == list(range(50))


async def test_after_a_disconnect_a_client_goes_on_where_it_stopped() -> None:
    async with serving(new_desk()) as desk:
        async with talking(desk) as talk:
            await talk.subscribe("events")
            desk.happen("seen")
            seen = await talk.hear()
        desk.happen("missed 1")
        desk.happen("missed 2")

        async with talking(desk) as talk:
            back = await talk.subscribe("events", ("e1", seen["offset"]))
            missed = [await talk.hear(), await talk.hear()]
            desk.happen("new")
            new = await talk.hear()

    assert (back["recovered"], back["offset"], "snapshot" in back) == (True, 3, False)
    assert [event["data"] for event in [*missed, new]] == ["missed 1", "missed 2", "new"]
    assert [event["offset"] for event in [*missed, new]] == [2, 3, 4]
    assert (desk.hub.counts.resumes, desk.hub.counts.lost) == (1, 0)


@pytest.mark.parametrize("since", [("e1", 2), ("another", 18), ("e1", 99)], ids=["too old", "other epoch", "future"])
async def test_a_client_that_history_cannot_help_gets_a_snapshot_and_is_told_so(since: tuple[str, int]) -> None:
    async with serving(new_desk(bounds=Bounds(ring_events=5))) as desk, talking(desk) as talk:
        for number in range(20):
            desk.happen(number)

        back = await talk.subscribe("events", since)

    assert (back["recovered"], back["offset"]) == (False, 20)
    assert back["snapshot"]["items"] == list(range(20))
    assert desk.hub.counts.lost == 1


async def test_a_slow_client_is_reset_and_catches_up_while_others_and_memory_do_not_notice() -> None:
    bounds = Bounds(ring_events=100, ring_bytes=400_000)
    async with serving(new_desk(bounds=bounds)) as desk, talking(desk) as quick:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", desk.port))
        async with talking(desk, sock=line, max_queue=1) as slow:
            await quick.subscribe("events")
            await slow.subscribe("events")

            got: list[int] = []
            held: list[int] = []
            lagging: list[int] = []
            for number in range(4000):
                desk.happen({"number": number, "text": "x" * 4000})
                if number % 20 == 19:
                    got += [(await quick.hear())["data"]["number"] for _ in range(20)]
                    lagging.append(desk.hub.lagging)
                    held.append(desk.hub.queue_bytes + desk.hub.ring_bytes)
            heard: list[dict[str, Any]] = []
            while not heard or heard[-1]["type"] != "reset":
                heard.append(await slow.hear())
            again = await slow.subscribe("events")
            desk.happen("at last")
            last = await slow.hear()

    assert got == list(range(4000))
    assert max(lagging) == 1
    assert max(held) < 1_000_000
    offsets = [message["offset"] for message in heard[:-1]]
    assert offsets == list(range(1, len(offsets) + 1))
    assert again["snapshot"]["items"][-1]["number"] == 3999
    assert last["data"] == "at last"
    assert (desk.hub.counts.resets, desk.hub.lagging) == (1, 0)


async def test_a_slow_client_of_a_state_channel_gets_the_newest_of_each_key() -> None:
    async with serving(new_desk(bounds=Bounds(ring_events=100_000, ring_bytes=1 << 30))) as desk:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", desk.port))
        async with talking(desk, sock=line, max_queue=1) as slow:
            await slow.subscribe("incidents")

            for number in range(6000):
                desk.change(f"INC-{number % 7}", [number, "x" * 2000], urgent=number == 4000)
                if number % 100 == 0:
                    await asyncio.sleep(0)
            events, seen = [], 0
            while seen < 6000:
                event = await slow.hear()
                assert event.get("after", event["offset"] - 1) == seen
                seen = event["offset"]
                events.append(event)

    state = {event["key"]: event["data"] for event in events}
    assert state == desk.rows
    assert len(events) < 4000
    assert desk.hub.counts.conflated == 6000 - len(events)
    assert 4001 in {event["offset"] for event in events}


async def test_a_client_whose_socket_takes_nothing_is_cut_off() -> None:
    async with serving(new_desk(bounds=Bounds(ring_bytes=1 << 30), stall_s=0.2, close_s=0.1)) as desk:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", desk.port))
        async with talking(desk, sock=line, max_queue=1) as stalled:
            await stalled.subscribe("events")
            for _ in range(2000):
                desk.happen("x" * 8000)

            await until(lambda: not desk.hub.connections, "the hub to forget it")
            await until(lambda: not desk.hub.connections, "its socket to be gone")

    assert desk.hub.counts.closes == {4002: 1}
    assert (desk.hub.queue_bytes, desk.hub.subscriptions) == (0, 0)


@pytest.mark.parametrize(
    ("frames", "code", "says"),
    [
        (["{nonsense"], 4500, "cannot be read"),
        ([b'{"type":"ping"}'], 4500, "text frames only"),
        (['{"type":"ping","id":"' + "x" * 70_000 + '"}'], 4500, "limit is 65536 bytes"),
        (['{"type":"ping","id":"' + "x" * 300_000 + '"}'], 1009, "exceeds limit"),
        ([json.dumps({"type": "subscribe", "channel": f"incident:INC-{n}"}) for n in range(65)], 4502, "64 subs"),
        (['[{"type":"pong"},{"type":"pong"}]'] * 150, 4504, "messages a second"),
    ],
    ids=["garbage", "binary", "oversized", "far oversized", "subscriptions", "flood"],
)
async def test_a_client_that_breaks_the_rules_is_told_why(frames: list[str | bytes], code: int, says: str) -> None:
    async with serving(new_desk()) as desk, talking(desk) as talk:
        try:
            for frame in frames:
                await talk.connection.send(frame)
        except ConnectionClosed:
            pass

        end = await closing(talk)

        await until(lambda: not desk.hub.connections, "the hub to forget it")
    assert end[0] == code
    assert says in str(end[1])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "rebound.example"}, 403),
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic secret"}, 401),
    ],
)
async def test_a_stranger_is_refused_before_the_handshake(headers: dict[str, str], status: int) -> None:
    desk = new_desk(token="secret")
    async with serving(desk):
        if headers.pop("Host", None):
            host = {"Host": "rebound.example"}
            refused = await _status_of_raw_upgrade(desk.port, host)
        else:
            with pytest.raises(InvalidStatus) as raised:
                await connect(desk.url, proxy=None, additional_headers=headers)
            refused = raised.value.response.status_code
            problem = json.loads(raised.value.response.body or b"")
            assert problem["reason"] in {"forbidden", "unauthenticated"}

    assert refused == status
    assert desk.hub.counts.connected == 0


async def _status_of_raw_upgrade(port: int, headers: dict[str, str]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    fields |= {"Sec-WebSocket-Key": base64.b64encode(b"0" * 16).decode()} | headers
    lines = ["GET /ws HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


async def test_the_right_token_opens_the_door_by_header_and_by_subprotocol() -> None:
    in_subprotocol = "quell.bearer." + base64.urlsafe_b64encode(b"se/cr?et~").decode().rstrip("=")
    async with serving(new_desk(token="se/cr?et~")) as desk:
        async with talking(desk, additional_headers={"Authorization": "Bearer se/cr?et~"}) as talk:
            by_header = talk.connection.subprotocol
        async with talking(desk, subprotocols=["quell.v1", in_subprotocol]) as talk:
            by_subprotocol = talk.connection.subprotocol
        origin = f"http://127.0.0.1:{desk.port}"
        async with talking(desk, origin=origin, subprotocols=["quell.v1", in_subprotocol]) as talk:
            assert (await talk.subscribe("events"))["type"] == "subscribed"

    assert (by_header, by_subprotocol) == (None, "quell.v1")


async def test_a_connection_too_many_is_asked_to_come_back_later() -> None:
    async with serving(new_desk(bounds=Bounds(connections=1))) as desk, talking(desk):
        with pytest.raises(InvalidStatus) as raised:
            await connect(desk.url, proxy=None)

        assert raised.value.response.status_code == 503
        assert raised.value.response.headers["Retry-After"] == "5"
        assert desk.hub.counts.refused == 1


async def test_a_stopping_server_sends_every_client_away_with_come_back() -> None:
    async with serving(new_desk()) as desk, talking(desk) as one, talking(desk) as other:
        draining = asyncio.create_task(desk.live.drain(over_s=0.05))

        ends = [await closing(one), await closing(other)]
        await draining
        with pytest.raises(InvalidStatus) as raised:
            await connect(desk.url, proxy=None)

    assert ends == [(4001, "the server is stopping: connect again")] * 2
    assert raised.value.response.status_code == 503
    assert not desk.hub.connections


async def test_a_silent_client_is_hung_up_on_and_one_that_answers_is_kept() -> None:
    limits = Limits(heartbeat_s=0.05, silence_s=0.4, messages_burst=10_000)
    async with serving(new_desk(limits=limits)) as desk, talking(desk) as silent, talking(desk) as lively:
        pings = 0
        ended = asyncio.create_task(closing(silent))
        while not ended.done():
            async with asyncio.timeout(PATIENCE_S):
                [message] = json.loads(await lively.connection.recv())
            assert message["type"] == "ping"
            pings += 1
            await lively.say({"type": "pong"})
        await lively.say({"type": "ping", "id": "still here"})

        assert await lively.hear() == {"type": "pong", "id": "still here"}
    assert (await ended)[0] == 4003
    assert "nothing heard" in str((await ended)[1])
    assert pings >= 3


async def test_commands_are_done_and_answered_with_their_errors() -> None:
    async with serving(new_desk(command_s=0.1)) as desk, talking(desk) as talk:
        answers = {}
        for name in ("acknowledge", "approve", "reject", "reopen", "explode"):
            wish = {"type": "command", "id": f"key-{name}", "name": name, "incident_id": "INC-1", "args": {"note": "x"}}
            await talk.say(wish)
            answers[name] = await talk.hear()

    assert answers["acknowledge"] == {
        "type": "reply",
        "id": "key-acknowledge",
        "ok": True,
        "data": {"id": "INC-1", "state": "acknowledged"},
    }
    codes = {name: answer["code"] for name, answer in answers.items() if answer["type"] == "error"}
    assert codes == {
        "approve": "illegal_transition",
        "reject": "timed_out",
        "reopen": "internal",
        "explode": "not_found",
    }
    assert "a bug" not in answers["reopen"]["message"]
    assert desk.commands[0] == ("acknowledge", "INC-1", {"note": "x"}, "key-acknowledge", "person:operator")


async def test_what_is_measured_adds_up() -> None:
    async with serving(new_desk()) as desk, talking(desk) as one, talking(desk) as other:
        for talk in (one, other):
            await talk.subscribe("events")
        await one.subscribe("incidents")
        desk.happen("x")
        desk.change("INC-1", {})
        heard = [await one.hear(), await one.hear(), await other.hear()]

        counts = desk.hub.counts
        assert len(desk.hub.connections) == counts.connected == 2
        assert desk.hub.subscriptions == counts.snapshots == 3
        assert (counts.publications, counts.deliveries) == (2, len(heard))
        await until(lambda: desk.hub.queue_bytes == 0, "nothing to be in flight")
    assert desk.hub.counts.closes == {}


async def test_where_tls_ends_here_a_slow_client_still_gets_everything(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("lacks openssl: apt-get install -y openssl")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(cert),
    ]
    subprocess.run(command, check=True, capture_output=True)
    trust = ssl.create_default_context(cafile=cert)
    async with serving(new_desk(), ssl_keyfile=str(key), ssl_certfile=str(cert)) as desk:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", desk.port))
        url = desk.url.replace("ws:", "wss:")
        async with connect(url, ssl=trust, sock=line, proxy=None, compression=None, max_queue=1) as connection:
            talk = Talk(connection)
            await talk.hear()
            await talk.subscribe("events")
            for number in range(800):
                desk.happen({"number": number, "text": "x" * 2_000})
                if number % 50 == 0:
                    await asyncio.sleep(0)
            await until(lambda: desk.hub.counts.blocked, "its socket is full")
            heard = [(await talk.hear())["data"]["number"] for _ in range(800)]

    assert heard == list(range(800))


async def test_who_does_not_finish_a_request_is_cut_off_and_who_asks_twice_is_not() -> None:
    async with serving(new_desk(), http=partial(PatientHttp, waits=Waits(head_s=0.2))) as desk:
        lines = [await asyncio.open_connection("127.0.0.1", desk.port) for _ in range(3)]
        for (_, writer), said in zip(
            lines, (b"", b"GET /ws HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"), strict=True
        ):
            writer.write(said)
        async with asyncio.timeout(PATIENCE_S):
            ends = [await reader.read() for reader, _ in lines]
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        answers = []
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answers.append((await reader.readuntil(b"a page")).partition(b"\r\n")[0])
            await asyncio.sleep(0.3)
        async with talking(desk) as talk:
            await asyncio.sleep(0.3)
            kept = await talk.subscribe("events")

    assert ends[0] == b"", "who said nothing is told nothing"
    assert [end.partition(b"\r\n")[0] for end in ends[1:]] == [b"HTTP/1.1 408 Request Timeout"] * 2
    assert answers == [b"HTTP/1.1 200 OK"] * 2
    assert kept["type"] == "subscribed"


async def test_other_paths_hold_no_channel_and_a_plain_request_to_it_is_no_upgrade() -> None:
    async with serving(new_desk()) as desk:
        with pytest.raises(InvalidStatus) as raised:
            await connect(f"ws://127.0.0.1:{desk.port}/elsewhere", proxy=None)

    assert raised.value.response.status_code == 404
    assert json.loads(raised.value.response.body or b"")["reason"] == "not_found"


async def test_a_bug_in_a_flush_sends_everyone_to_come_back_and_they_miss_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("a bug")

    async with serving(new_desk()) as desk:
        async with talking(desk) as talk:
            await talk.subscribe("events")
            with monkeypatch.context() as patched:
                patched.setattr(Channel, "piece", broken)
                desk.happen("lost?")
                code, _ = await closing(talk)
        async with talking(desk) as talk:
            back = await talk.subscribe("events", ("e1", 0))
            again = await talk.hear()
            desk.happen("new")
            new = await talk.hear()

    assert (code, back["recovered"]) == (4004, True)
    assert [again["data"], new["data"]] == ["lost?", "new"]
