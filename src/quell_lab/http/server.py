"""An HTTP/1.1 server on asyncio protocols: one request at a time per connection, keep-alive, drain on stop."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections import deque
from collections.abc import Callable
from http import HTTPStatus

import httptools

from quell_lab.http.message import Handler, Request, Response, problem

MAX_CONNECTIONS = 512
MAX_HEADER_BYTES = 16 * 1024
MAX_BODY_BYTES = 256 * 1024
IDLE_S = 60.0
READ_S = 10.0
SWEEP_S = 5.0
MAX_PIPELINED = 16

Observe = Callable[[Request, Response, float], None]
"""Called after each answer with its seconds."""
Failed = Callable[[Request, BaseException], None]
"""Called when a handler raised."""


def _nothing(*_: object) -> None:
    """Take no notice."""


class Server:
    """Answers requests on one listening socket."""

    def __init__(self, handler: Handler, *, observe: Observe = _nothing, failed: Failed = _nothing) -> None:
        self.handler = handler
        self.observe = observe
        self.failed = failed
        self.draining = False
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, sock: socket.socket) -> None:
        """Listen on a bound socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, loop), sock=sock, backlog=256)
        self._sweeper = loop.create_task(self._sweep())

    async def drain(self, grace_s: float) -> None:
        """Stop listening, let requests in flight end within `grace_s`, then close every connection."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        loop = asyncio.get_running_loop()
        started = loop.time()
        # Idle callers get a moment to hear "close" on an answer, so that they do not write into a closing connection.
        while self.connections and loop.time() - started < grace_s:
            if loop.time() - started > min(0.25, grace_s / 2):
                for connection in [c for c in self.connections if not c.busy]:
                    connection.close()
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.close()

    async def _sweep(self) -> None:
        """Close connections that were idle or half-read for too long."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = time.monotonic()
            for connection in list(self.connections):
                limit_s = READ_S if connection.reading else IDLE_S
                if not connection.busy and now - connection.touched_at > limit_s:
                    connection.close()


class _Connection(asyncio.Protocol):
    """One connection: bytes in, requests one after the other, bytes out."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self.touched_at = time.monotonic()
        self.reading = False
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[Response] | None = None
        self._begin()

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._task is not None

    def close(self) -> None:
        """Close after what is already written has left."""
        if self.transport is not None:
            self.transport.close()

    def _begin(self) -> None:
        """Forget the request before."""
        self._url = b""
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._body = bytearray()
        self.reading = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if len(self.server.connections) >= MAX_CONNECTIONS:
            transport.abort()
            return
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self._waiting.clear()
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.touched_at = time.monotonic()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "not an HTTP/1.1 request")

    def on_message_begin(self) -> None:
        self._begin()
        self.reading = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {MAX_BODY_BYTES} bytes")

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode("ascii"),
            path=path,
            raw_query=query,
            headers=self._headers,
            body=bytes(self._body),
            trace_id=self._headers.get("x-trace-id", "")[:64] or uuid.uuid4().hex,
        )
        self.reading = False
        self._waiting.append((request, self._parser.should_keep_alive()))
        if len(self._waiting) > MAX_PIPELINED:
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many requests in one connection")
        self._next()

    def _count(self, size: int) -> None:
        """Refuse a head that is too large."""
        self._header_bytes += size
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head is over {MAX_HEADER_BYTES} bytes")

    def _next(self) -> None:
        """Begin the next request that waits, if none is being answered."""
        if self._task is not None or not self._waiting or self.transport is None:
            return
        request, keep = self._waiting.popleft()
        started = time.perf_counter()
        self._task = self.loop.create_task(_run(self.server.handler, request))
        self._task.add_done_callback(lambda task: self._answered(task, request, keep, started))

    def _answered(self, task: asyncio.Task[Response], request: Request, keep: bool, started: float) -> None:
        """Write what the handler gave; an exception becomes a 500."""
        self._task = None
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            response = problem(503, "the service is stopping")
        elif error is not None:
            self.server.failed(request, error)
            response = problem(500, "internal error")
        else:
            response = task.result()
        self.server.observe(request, response, time.perf_counter() - started)
        self.touched_at = time.monotonic()
        keep = keep and not self.server.draining
        self._write(response, keep=keep)
        if keep:
            self._next()

    def _write(self, response: Response, *, keep: bool) -> None:
        """Write one response; close after it unless `keep`."""
        if self.transport is None or self.transport.is_closing():
            return
        lines = [
            f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
            f"content-type: {response.content_type}",
            f"content-length: {len(response.body)}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
        ]
        if not keep:
            lines.append("connection: close")
        self.transport.write("\r\n".join((*lines, "", "")).encode("latin-1") + response.body)
        if not keep:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer an error and end the connection: what follows cannot be read."""
        self._waiting.clear()
        self._write(problem(status, detail), keep=False)


async def _run(handler: Handler, request: Request) -> Response:
    """Turn any awaitable handler into a coroutine."""
    return await handler(request)
