"""
HTTP on a socket, as uvicorn speaks it, with an end to every wait for a client and a bound on how many there are.

uvicorn waits for ever for the first request, for the rest of a head or a body, and for a client to take its answer:
thousands of sockets that say nothing, or a byte a minute, would hold a place each (slowloris).
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from typing import Any

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from quell.errors import Overloaded
from quell.gateway.admission import Admission, Part, TooManyOfAddress

LINGER_S = 5.0
"""How long what a client still sends is thrown away, so that it can read why nobody wants it."""
DRAIN_BYTES = 64 * 1024 * 1024
"""How much of it at the most; a close in the middle reaches the client as a reset, without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a client is waited for, in seconds."""

    head_s: float = 10.0
    """From the opening of a connection, or the first byte of a request, to the end of the request's head."""
    body_s: float = 31.0
    """From the end of the head to the end of the body: longer than routes wait that say it in their own way."""
    take_s: float = 30.0
    """For a client to take some of what it was answered."""


class _Stage(IntEnum):
    """What of a request is awaited."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


class PatientHttp(HttpToolsProtocol):
    """One connection. Where a request comes whole in one piece, no timer is set."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        admission: Admission | None = None,
        waits: Waits | None = None,
    ) -> None:
        """
        Wait for the connection.

        Args:
            admission: what all connections of the process are counted by.
        """
        super().__init__(config, server_state, app_state, _loop)
        self._admission, self._waits = admission or Admission(), waits or Waits()
        self._stage, self._begun = _Stage.HEAD, False
        self._admitted = self._waiting = self._refused = False
        self._timer: asyncio.TimerHandle | None = None
        self._take_timer: asyncio.TimerHandle | None = None
        self._thrown_away_bytes = 0
        self.lingers = False
        """The answer is given, and the rest of the request is thrown away."""

    def connection_made(self, transport: Any) -> None:
        """Let the connection in and wait for a request, or refuse it."""
        super().connection_made(transport)
        try:
            self._admission.enter(self._address)
        except Overloaded as error:
            status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooManyOfAddress) else 503
            self._answer(HTTPStatus(status), error.reason, str(error), retry_after_s=error.retry_after_s)
            # Its request comes still: a socket that is closed by then resets the connection, and the answer is lost.
            self._refused = self._admission.may_linger()
            if self._refused:
                self.end()
            else:
                transport.close()
            return
        self._admitted = self._waiting = True
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the live channel, and leave nothing behind."""
        self._leave()
        super().handle_websocket_upgrade()
        # This object and its parser hold each other: for thousands of connections that is megabytes until the
        # collector comes.
        del self.parser

    def _leave(self) -> None:
        self._stop_timer()
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None
        if self._admitted:
            self._admission.leave(self._address, waiting=self._waiting)
            self._admitted = self._waiting = False
        if self._refused:
            self._admission.lingering -= 1
            self._refused = False

    @property
    def _address(self) -> str | None:
        return self.client[0] if self.client else None

    def data_received(self, data: bytes) -> None:
        """Take in what the client says, and see to it that it goes on."""
        answered = self._stage is _Stage.BODY and self.cycle is not None and self.cycle.response_complete
        if self.lingers or answered:
            self._thrown_away_bytes += len(data)
            if self._thrown_away_bytes > DRAIN_BYTES:
                self.transport.close()
                return
        if self.lingers:
            return
        super().data_received(data)
        if self._stage is not _Stage.NOTHING:
            self._watch()

    def on_message_begin(self) -> None:
        """Take in that a request begins."""
        self._stage, self._begun, self._thrown_away_bytes = _Stage.HEAD, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take in that the head is whole."""
        self._stop_timer()
        self._stage = _Stage.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take in that the request is whole."""
        self._stop_timer()
        self._stage = _Stage.NOTHING
        if self._waiting:
            self._waiting = False
            self._admission.have_heard(self._address)
        super().on_message_complete()

    def _watch(self) -> None:
        """Wait for the rest of a request, and let its answer reach a client that still sends."""
        if self.transport.is_closing() or not self._admitted:
            return
        if not self._waiting:
            self._waiting = True
            self._admission.wait_for(self._address)
        if self._timer is None:
            wait_s = self._waits.head_s if self._stage is _Stage.HEAD else self._waits.body_s
            self._timer = self.loop.call_later(wait_s, self._give_up)
        if self._stage is _Stage.BODY and self.cycle is not None and self.cycle.transport is self.transport:
            self.cycle.transport = _Ending(self)  # type: ignore[assignment]  # all that a cycle uses of one

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """End a connection whose request does not become whole, with 408 where an answer can still be given."""
        self._timer = None
        if self.flow.read_paused:
            self._watch()  # it is we who do not read
            return
        part = Part.HEAD if self._stage is _Stage.HEAD else Part.BODY
        self._admission.timed_out[part] += 1
        busy = self.cycle is not None and not self.cycle.response_complete
        if part is Part.HEAD:
            if self._begun and not busy:
                self._answer(HTTPStatus.REQUEST_TIMEOUT, "slow_head", self._slow("head", self._waits.head_s))
            self.transport.close()
            return
        if busy and not self.cycle.response_started and not self.pipeline:
            self._answer(HTTPStatus.REQUEST_TIMEOUT, "slow_body", self._slow("body", self._waits.body_s))
        if busy:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.end()

    @staticmethod
    def _slow(what: str, wait_s: float) -> str:
        return f"the {what} of the request was not whole after {wait_s:g} s"

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; the name is uvicorn's."""
        self._answer(HTTPStatus.BAD_REQUEST, "malformed", msg)
        self.transport.close()

    def pause_writing(self) -> None:
        """Wait for the client to take what it was answered."""
        super().pause_writing()
        if self._take_timer is None:
            self._take_timer = self.loop.call_later(self._waits.take_s, self._cut)

    def resume_writing(self) -> None:
        """Take in that the client took it."""
        super().resume_writing()
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None

    def _cut(self) -> None:
        self._take_timer = None
        self._admission.timed_out[Part.RESPONSE] += 1
        self.transport.abort()

    def end(self) -> None:
        """Close the connection; while its client still sends, throw that away, bounded, so that it hears the answer."""
        transport = self.transport
        if self.lingers or transport.is_closing():
            return
        if self._stage is _Stage.NOTHING or not transport.can_write_eof():
            transport.close()
            return
        self.lingers = True
        self._stop_timer()
        self.pipeline.clear()
        self.flow.resume_reading()
        transport.write_eof()
        self._timer = self.loop.call_later(LINGER_S, transport.close)

    def _answer(self, status: HTTPStatus, reason: str, detail: str, *, retry_after_s: float = 0.0) -> None:
        """Write an answer that no application gives: RFC 9457."""
        problem = {
            "type": f"urn:quell:problem:{reason}",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            "instance": "",
            "reason": reason,
        }
        body = msgspec.json.encode(problem)
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
        head += f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n"
        if retry_after_s:
            head += f"retry-after: {math.ceil(retry_after_s)}\r\n"
        self.transport.write(head.encode() + b"\r\n" + body)


class _Ending:
    """A transport as one answer sees it: to close it is to end the connection so that the answer arrives."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: PatientHttp) -> None:
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        if not self._protocol.lingers:
            self._protocol.transport.write(data)

    def is_closing(self) -> bool:
        return self._protocol.transport.is_closing()

    def close(self) -> None:
        self._protocol.end()
