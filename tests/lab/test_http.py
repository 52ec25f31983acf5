"""The lab's small HTTP server and client, against each other and against raw sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from quell.errors import BadAnswer, Malformed, NotFound, TimedOut, Unreachable
from quell_lab.http.client import Address, Client
from quell_lab.http.message import Request, Response, Router, answer
from quell_lab.http.server import MAX_BODY_BYTES, Server
from quell_lab.process import listen_on


class Echo:
    """Answers what it was asked; can be slow, or raise."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.failed: list[BaseException] = []
        self.observed: list[int] = []
        self.seen: list[str] = []
        self.server = Server(self.take, failed=self._failed, observe=self._observe)

    async def take(self, request: Request) -> Response:
        self.seen.append(request.path)
        if request.path == "/gate":
            await self.gate.wait()
        if request.path == "/raise":
            raise ZeroDivisionError("no")
        return answer({"path": request.path, "query": request.query, "body": request.body.decode()})

    def _failed(self, _: Request, error: BaseException) -> None:
        self.failed.append(error)

    def _observe(self, _: Request, response: Response, seconds: float) -> None:
        assert seconds >= 0
        self.observed.append(response.status)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Echo, Address]]:
    sock = listen_on(0)
    echo = Echo()
    await echo.server.start(sock)
    try:
        yield echo, Address(port=sock.getsockname()[1])
    finally:
        await echo.server.drain(0.05)


async def raw(address: Address, sent: bytes) -> bytes:
    """Send bytes and read until the server closes."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(sent)
    found = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return found


async def test_many_requests_share_one_connection() -> None:
    async with serving() as (echo, address):
        client = Client()
        for number in range(5):
            found = await client.request("POST", address, f"/a?n={number}", timeout_s=2, body=b"x" * number)
            assert found.json() == {"path": "/a", "query": {"n": str(number)}, "body": "x" * number}

        assert len(echo.server.connections) == 1
        client.close()


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with serving() as (echo, address):
        echo.gate.set()
        get = b"GET %s HTTP/1.1\r\nhost: x\r\n%s\r\n"
        close = b"connection: close\r\n"
        found = await raw(address, get % (b"/gate", b"") + get % (b"/b", b"") + get % (b"/c", close))

        assert [found.index(path) for path in (b"/gate", b"/b", b"/c")] == sorted(
            found.index(path) for path in (b"/gate", b"/b", b"/c")
        )
        assert found.count(b"200 OK") == 3


async def test_a_handler_that_raises_is_a_500_and_the_connection_lives_on() -> None:
    async with serving() as (echo, address):
        client = Client()
        found = await client.request("GET", address, "/raise", timeout_s=2)
        after = await client.request("GET", address, "/fine", timeout_s=2)

        assert (found.status, after.status) == (500, 200)
        assert b"no" not in found.body.replace(b"not", b"").replace(b"internal", b"")
        assert isinstance(echo.failed[0], ZeroDivisionError)
        assert echo.observed == [500, 200]
        client.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello?\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\ncontent-length: 400000\r\n\r\n" + b"a" * (MAX_BODY_BYTES + 1), b"413"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 40, b"429"),
    ],
)
async def test_what_goes_over_a_limit_is_refused_and_the_connection_closed(sent: bytes, status: bytes) -> None:
    async with serving() as (_, address):
        found = await raw(address, sent)

        assert b"HTTP/1.1 " + status in found
        assert b"problem+json" in found


async def test_a_call_ends_at_its_deadline_and_drops_the_connection() -> None:
    async with serving() as (echo, address):
        client = Client()
        with pytest.raises(TimedOut, match="GET /gate: no answer within 50 ms"):
            await client.request("GET", address, "/gate", timeout_s=0.05)
        echo.gate.set()
        found = await client.request("GET", address, "/next", timeout_s=2)

        assert found.json() == {"path": "/next", "query": {}, "body": ""}
        client.close()


async def test_a_deadline_of_nothing_is_always_missed() -> None:
    async with serving() as (_, address):
        client = Client()
        with pytest.raises(TimedOut):
            await client.request("GET", address, "/a", timeout_s=0)


async def test_no_listener_is_unreachable() -> None:
    sock = listen_on(0)
    with sock, pytest.raises(Unreachable, match="no connection to"):
        await Client().request("GET", Address(port=sock.getsockname()[1]), "/", timeout_s=2)


async def test_an_answer_that_is_not_http_is_a_bad_answer() -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x00\x01 nonsense\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    async with server:
        with pytest.raises(BadAnswer):
            await Client().request("GET", Address(port=server.sockets[0].getsockname()[1]), "/", timeout_s=2)


async def test_a_kept_connection_that_was_closed_is_replaced_for_reads() -> None:
    async with serving() as (echo, address):
        client = Client()
        await client.request("GET", address, "/one", timeout_s=2)
        for connection in list(echo.server.connections):
            assert connection.transport is not None
            connection.transport.abort()
        found = await client.request("GET", address, "/two", timeout_s=2)

        assert found.status == 200
        client.close()


async def test_drain_lets_a_request_in_flight_end() -> None:
    sock = listen_on(0)
    echo = Echo()
    await echo.server.start(sock)
    address, client = Address(port=sock.getsockname()[1]), Client()
    call = asyncio.create_task(client.request("GET", address, "/gate", timeout_s=5))
    async with asyncio.timeout(5):
        while not echo.seen:
            await asyncio.sleep(0.01)
    draining = asyncio.create_task(echo.server.drain(2.0))
    await asyncio.sleep(0)
    echo.gate.set()

    assert (await call).status == 200
    await asyncio.wait_for(draining, 1.5)
    with pytest.raises(Unreachable):
        await client.request("GET", address, "/late", timeout_s=2)


def test_a_router_finds_patterns_and_says_what_it_has_not() -> None:
    async def run(_: Request, __: Mapping[str, str]) -> Response:
        return answer({})

    router = Router({("GET", "/carts/{session}/history"): run, ("GET", "/carts/{session}"): run})

    assert router.find("GET", "/carts/a%20b")[1] == {"session": "a b"}
    assert router.find("GET", "/carts/x/history")[2] == "/carts/{session}/history"
    for method, path in (("POST", "/carts/x"), ("GET", "/carts"), ("GET", "/carts/x/history/y")):
        with pytest.raises(NotFound):
            router.find(method, path)


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b'"x"'])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    request = Request(method="POST", path="/", raw_query="", headers={}, body=body, trace_id="t")

    with pytest.raises(Malformed):
        request.json()
