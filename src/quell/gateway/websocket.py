"""
The sockets under live connections, on the port that uvicorn serves.

uvicorn hands a transport and the request to upgrade to a `LiveLine`. The `websockets` library, without its sockets,
does the handshake and everything that comes in; what goes out to many is framed once (`frames.py`) and written straight
to the socket. Where TLS ends in this process it goes through the transport.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast
from typing import Protocol as Contract
from urllib.parse import unquote

import msgspec
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame as InboundFrame
from websockets.frames import Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol

from quell.application.caller import Caller, Principal
from quell.errors import Forbidden, Malformed, NotFound, Overloaded, QuellError, Unauthenticated
from quell.gateway.connection import Connection
from quell.gateway.frames import Frame
from quell.gateway.live import Hub
from quell.gateway.protocol import SUBPROTOCOL, CloseCode, Command, hang_up

Scope = dict[str, Any]
_quiet = logging.getLogger("quell.websockets")
"""For the library, which tells of every connection."""

_NO_ID = uuid.UUID(int=0)
"""The library names each connection in its logs; nobody reads them, and a name takes 300 bytes."""

_NOBODY = Caller(principal=Principal())
"""Stands in until the handshake says who it is; nothing is done in its name."""

PATH = "/ws"
"""Where the live channel is."""
UNSENT_BYTES = 65_536
"""What the kernel holds unsent for one socket; more would only make a stalled client expensive."""
UNHEARD_MS = 30_000
MOST_MESSAGE_BYTES = 262_144
"""Past `Limits.frame_bytes` the session says why it ends; past this the library does, without reading further."""
FRAMES_A_TURN = 4
"""Frames given to one connection that catches up, before others have their turn."""
_STATUS: dict[type[QuellError], int] = {
    Malformed: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404, Overloaded: 503
}  # fmt: skip


class Shared(Contract):
    """What all live connections share, as far as one of them needs to know it; see `lines.py`."""

    hub: Hub
    admit: Callable[[Scope], Caller]
    packs: bool
    stall_s: float
    close_s: float

    def joined(self) -> None:
        """Take in that there is a connection."""
        ...

    def left(self) -> None:
        """Take in that a connection is gone."""
        ...

    def may_follow(self, who: Caller) -> Callable[[str], None]:
        """Return what a connection asks before each subscription; it raises `Forbidden`."""
        ...

    def run(self, connection: Connection, command: Command, who: Caller) -> None:
        """Run a command and answer it, whenever it is done."""
        ...


class LiveLine(asyncio.Protocol):
    """One socket: its handshake, what comes in, and what goes out."""

    __slots__ = (
        "_close_timer",
        "_closing",
        "_connection",
        "_fd",
        "_fragments",
        "_lines",
        "_loop",
        "_protocol",
        "_roused",
        "_server_state",
        "_taken_s",
        "_text",
        "_transport",
        "_waits_bytes",
        "_who",
        "blocked",
        "packs",
        "root_path",
    )

    def __init__(
        self, lines: Shared, server_state: ServerState, root_path: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._lines, self._server_state, self._loop = lines, server_state, loop
        self.root_path = root_path
        self.blocked = False
        """The socket has not taken everything it was given."""
        self.packs = False
        self._fd = -1
        self._transport: asyncio.Transport | None = None
        self._connection: Connection | None = None
        self._who = _NOBODY
        self._fragments: list[bytes] | None = None
        self._text = True
        self._roused = self._closing = False
        self._close_timer: asyncio.TimerHandle | None = None
        self._waits_bytes, self._taken_s = 0, 0.0
        self._protocol: Protocol = ServerProtocol(
            extensions=[_packing()] if lines.packs else None, max_size=MOST_MESSAGE_BYTES, logger=_quiet
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over, and bound what the kernel queues unsent and how long it waits for a dead client."""
        transport = cast(asyncio.Transport, transport)  # what uvloop gives is none by inheritance
        self._transport = transport
        self._server_state.connections.add(self)  # type: ignore[arg-type]
        line = transport.get_extra_info("socket")
        for option, value in (("TCP_NOTSENT_LOWAT", UNSENT_BYTES), ("TCP_USER_TIMEOUT", UNHEARD_MS)):
            if line is not None and line.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, option):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        if line is not None and transport.get_extra_info("sslcontext") is None:
            self._fd = line.fileno()
        # What goes past the transport must know whether it holds anything; TLS holds a little most of the time.
        transport.set_write_buffer_limits(high=0 if self._fd >= 0 else UNSENT_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection: what it is owed waits in the channels."""
        self._fd = -1  # the number may be another socket's from now on
        self._server_state.connections.discard(self)
        if self._close_timer is not None:
            self._close_timer.cancel()
        if self._connection is not None:
            self._connection.end()
            self._connection = None
            self._lines.left()
        self._transport = None

    def eof_received(self) -> None:
        """Let the transport close: a client that sends no more cannot answer a heartbeat either."""
        self._protocol.receive_eof()

    def shutdown(self) -> None:
        """Close because the server ends; the name is uvicorn's."""
        if self._connection is not None:
            self._connection.hang_up(hang_up(CloseCode.DRAINING, "the server is stopping: connect again"))
        elif self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take in the request to upgrade, and then what the client says."""
        protocol = self._protocol
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Request):
                self._handshake(event)
            else:
                self._frame(event)  # type: ignore[arg-type]
        if protocol.state is State.CLOSING and not self._closing:
            self._broke()
        self._send_control()

    def _handshake(self, request: Request) -> None:
        handshake = self._protocol
        assert isinstance(handshake, ServerProtocol)
        offered = _listed(request.headers, "Sec-WebSocket-Protocol")
        try:
            path = unquote(request.path.partition("?")[0])
            if path.removeprefix(self.root_path) != PATH:
                raise NotFound(f"there is no live channel at {path[:200]!r}: it is at {PATH}")
            self._who = self._lines.admit(_scope(request, path, offered, self.root_path))
            response = handshake.accept(request)
            if response.status_code != 101:
                why = str(handshake.handshake_exc or "no handshake")
                raise Malformed(f"this request opens no WebSocket: {why}")
            self._connection = self._lines.hub.connect(self, may=self._lines.may_follow(self._who))
        except QuellError as error:
            self._refuse(handshake, request, error)
            return
        if SUBPROTOCOL in offered:
            response.headers["Sec-WebSocket-Protocol"] = SUBPROTOCOL
        handshake.send_response(response)
        self._send_control()
        self.packs = bool(handshake.extensions)
        # Another one for what follows: the one of the handshake keeps the request for as long as it lives, and itself
        # by its generator.
        self._protocol = Protocol(Side.SERVER, max_size=MOST_MESSAGE_BYTES, logger=_quiet)
        self._protocol.extensions = handshake.extensions
        handshake.parser.close()
        self._protocol.id = _NO_ID
        self._taken_s = self._lines.hub.clock()
        self._lines.joined()
        self.rouse()

    def _refuse(self, handshake: ServerProtocol, request: Request, error: QuellError) -> None:
        status = HTTPStatus(_STATUS[type(error)])
        problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": str(error)}
        body = msgspec.json.encode({**problem, "reason": error.reason, "instance": request.path.partition("?")[0]})
        headers = Headers(
            [
                ("Content-Type", "application/problem+json"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ]
        )
        if isinstance(error, Unauthenticated):
            headers["WWW-Authenticate"] = 'Bearer realm="quell"'
        if isinstance(error, Overloaded):
            headers["Retry-After"] = f"{error.retry_after_s:.0f}"
        handshake.send_response(Response(status.value, status.phrase, headers, body))
        self._send_control()
        if self._transport is not None:
            self._transport.close()

    def _frame(self, frame: InboundFrame) -> None:
        connection = self._connection
        if connection is None or self._closing:
            return
        if frame.opcode is Opcode.CLOSE:
            return
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            connection.receive_control()
            return
        if self._fragments is None:
            self._fragments, self._text = [], frame.opcode is Opcode.TEXT
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        whole, self._fragments = b"".join(self._fragments), None
        # What is no UTF-8 becomes half characters, which the session refuses with a reason.
        said = whole.decode(errors="surrogateescape") if self._text else whole
        for command in connection.receive(said):
            self._lines.run(connection, command, self._who)

    def _broke(self) -> None:
        """Count the end of a client that broke RFC 6455; the library has made the close frame already."""
        self._closing = True
        sent = self._protocol.close_sent
        if sent is not None and self._protocol.close_rcvd is None:
            self._lines.hub.counts.closes[sent.code] += 1

    def push(self, frame: Frame) -> bool:
        """Give a frame to the socket; return whether it took all of it."""
        counts = self._lines.hub.counts
        data = frame.packed if self.packs else frame.plain
        counts.frames += 1
        counts.frame_bytes += len(data)
        return self._write(data)

    def _write(self, data: bytes) -> bool:
        """Write past the transport while it holds nothing: its own way costs more than the system call."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if self._fd < 0:
            transport.write(data)
            return not self.blocked
        if not self.blocked:
            try:
                sent = os.write(self._fd, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                transport.abort()
                return False
            if sent == len(data):
                return True
            data = data[sent:]
        transport.write(data)
        if transport.get_write_buffer_size():
            self._block()
        return not self.blocked

    def _block(self) -> None:
        if not self.blocked:
            self.blocked = True
            self._lines.hub.counts.blocked += 1
            self._taken_s = self._lines.hub.clock()
            self._waits_bytes = self.held_bytes

    def pause_writing(self) -> None:
        """Take in that the transport holds bytes."""
        self._block()

    def resume_writing(self) -> None:
        """Take in that the socket has taken everything."""
        if self.blocked:
            self.blocked = False
            self.rouse()

    @property
    def held_bytes(self) -> int:
        """Bytes it was given that the socket has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def rouse(self) -> None:
        """Give it what it is owed, soon."""
        if not self._roused:
            self._roused = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._roused = False
        connection = self._connection
        if connection is None or self._closing:
            return
        for _ in range(FRAMES_A_TURN):
            if self.blocked or connection.closing is not None:
                break
            frame = connection.take()
            if frame is None:
                return
            self.push(frame)
        if connection.closing is not None:
            self._close(connection.closing.code, connection.closing.reason)
        elif not self.blocked:
            self.rouse()

    def _send_control(self) -> None:
        """Write what the library wants to say: handshakes, pongs, closes."""
        for data in self._protocol.data_to_send():
            if data:
                self._write(data)
            elif self._transport is not None:
                self._transport.close()  # it was the last; the transport writes what it holds before
        if self._protocol.state is State.CLOSING and self._close_timer is None:
            self._close_timer = self._loop.call_later(self._lines.close_s, self._cut)

    def _close(self, code: int, reason: str) -> None:
        if self._protocol.state is not State.OPEN:
            return
        self._closing = True
        self._protocol.send_close(code, reason)
        self._send_control()

    def _cut(self) -> None:
        """End without waiting for what is still queued."""
        if self._transport is not None:
            self._transport.abort()

    def look(self, now_s: float, at: datetime) -> None:
        """Do what is due by now: the heartbeat, and the end of who is silent or takes nothing."""
        connection = self._connection
        if connection is None or self._closing:
            return
        if self.blocked:
            held = self.held_bytes
            if held < self._waits_bytes:
                self._taken_s = now_s
            self._waits_bytes = held
            if now_s - self._taken_s >= self._lines.stall_s:
                slow = f"the socket took nothing for {self._lines.stall_s:g} s"
                connection.hang_up(hang_up(CloseCode.TOO_SLOW, slow))
        connection.tick(now_s, at)


def _packing() -> ServerPerMessageDeflateFactory:
    """Agree to messages that stand alone: so one packed message does for every client, and none costs a context."""
    return ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)


def _listed(headers: Headers, name: str) -> list[str]:
    return [item.strip() for value in headers.get_all(name) for item in value.split(",")]


def _scope(request: Request, path: str, offered: list[str], root_path: str) -> Scope:
    """Return what an ASGI server would say of the request."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.raw_items()]
    return {"type": "websocket", "path": path, "root_path": root_path, "headers": headers, "subprotocols": offered}
