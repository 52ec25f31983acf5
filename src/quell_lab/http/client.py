"""An HTTP/1.1 client with a bounded pool of kept connections per address, and a deadline for every call."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import httptools
import msgspec

from quell.errors import BadAnswer, TimedOut, Unreachable

MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_KEPT = 32
KEPT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens."""

    port: int
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the decoded body; raise `BadAnswer` if it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise BadAnswer(f"answered {self.status} with a body that is not JSON") from error


class Client:
    """Calls servers. One per process."""

    def __init__(self, *, limit_per_address: int = 64) -> None:
        self._kept: defaultdict[Address, list[_Connection]] = defaultdict(list)
        self._free: defaultdict[Address, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limit_per_address))

    async def request(
        self,
        method: str,
        address: Address,
        path: str,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """
        Call once; a kept connection that turns out to be closed is replaced by a new one, once, unless the call
        may have been carried out.

        Raises: TimedOut: no complete answer within `timeout_s`, waiting for a free connection included.
            Unreachable: no connection, or it was cut before an answer. BadAnswer: not HTTP.
        """
        what = f"{method} {path}"
        message = _encode(method, address, path, headers or {}, body)
        try:
            async with asyncio.timeout(timeout_s), self._free[address]:
                return await self._exchange(address, message, what, repeatable=method == "GET")
        except TimeoutError as error:
            raise TimedOut(f"{what}: no answer within {timeout_s * 1000:.0f} ms") from error

    async def _exchange(self, address: Address, message: bytes, what: str, *, repeatable: bool) -> Answer:
        """Send on a kept connection if there is one, else on a new one."""
        connection = self._take(address)
        if connection is not None:
            try:
                return await self._send(connection, address, message, what)
            except Unreachable:
                if connection.touched or (connection.sent and not repeatable):
                    raise
        return await self._send(await _connect(address, what), address, message, what)

    async def _send(self, connection: _Connection, address: Address, message: bytes, what: str) -> Answer:
        """Exchange one message; the connection is kept only if the answer came complete."""
        keep = False
        try:
            answer = await connection.exchange(message, what)
            keep = connection.reusable
        finally:
            if keep and len(self._kept[address]) < MAX_KEPT:
                connection.idle_since = asyncio.get_running_loop().time()
                self._kept[address].append(connection)
            else:
                connection.abort()
        return answer

    def _take(self, address: Address) -> _Connection | None:
        """Return a kept connection that looks alive."""
        kept, now = self._kept[address], asyncio.get_running_loop().time()
        while kept:
            connection = kept.pop()
            if connection.open and now - connection.idle_since < KEPT_S:
                return connection
            connection.abort()
        return None

    def close(self) -> None:
        """Drop every kept connection."""
        for kept in self._kept.values():
            while kept:
                kept.pop().abort()


class _Connection(asyncio.Protocol):
    """One connection: one message out, one answer in."""

    def __init__(self) -> None:
        self.open = False
        self.sent = False
        self.touched = False
        self.reusable = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[Answer] | None = None
        self._what = ""

    async def exchange(self, message: bytes, what: str) -> Answer:
        """Write a message and wait for its answer; `sent` and `touched` tell how far that went."""
        assert self._transport is not None
        self._what, self.sent, self.touched, self.reusable = what, False, False, False
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._done = asyncio.get_running_loop().create_future()
        if not self.open:
            raise Unreachable(f"{what}: the connection is closed")
        self.sent = True
        self._transport.write(message)
        return await self._done

    def abort(self) -> None:
        """Close at once."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open = True

    def data_received(self, data: bytes) -> None:
        self.touched = True
        if self._done is None or self._done.done():
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(BadAnswer(f"{self._what}: the answer is not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._fail(Unreachable(f"{self._what}: the connection was closed before an answer"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_ANSWER_BYTES:
            self._fail(BadAnswer(f"{self._what}: the answer is over {MAX_ANSWER_BYTES} bytes"))

    def on_message_complete(self) -> None:
        self.reusable = self.open and self._parser.should_keep_alive()
        if self._done is not None and not self._done.done():
            status = self._parser.get_status_code()
            self._done.set_result(Answer(status=status, headers=self._headers, body=bytes(self._body)))

    def _fail(self, error: Unreachable | BadAnswer) -> None:
        """Give the error to whoever waits."""
        self.open = False
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)


async def _connect(address: Address, what: str) -> _Connection:
    """Open a connection. Raises: Unreachable."""
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(_Connection, address.host, address.port)
    except OSError as error:
        raise Unreachable(f"{what}: no connection to {address.host}:{address.port}: {error.strerror}") from error
    return connection


def _encode(method: str, address: Address, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the bytes of a request."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"host: {address.host}:{address.port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if body or method not in ("GET", "DELETE"):
        lines.append(f"content-length: {len(body)}")
        lines.append("content-type: application/json")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body
