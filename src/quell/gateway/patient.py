"""HTTP on a socket, as uvicorn speaks it, with an end to waiting for a request that does not come."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""From the opening of a connection, or the first byte of a request, to the end of the request's head."""


class PatientHttp(HttpToolsProtocol):
    """
    uvicorn's protocol, which would wait for ever for the first request and for the rest of any.

    Thousands of sockets that say nothing, or a byte a minute, would otherwise hold a place each (slowloris).
    """

    head_s = HEAD_S

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        self._head_timer: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._got_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the rest of a head whose first bytes are there."""
        if self._head_timer is None:
            self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Have the head; bodies have their own patience, in the routes that read them."""
        self._got_head()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the live channel, and leave nothing behind."""
        self._got_head()
        super().handle_websocket_upgrade()
        # This object and its parser hold each other: for thousands of connections that is megabytes until the
        # collector comes.
        del self.parser

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_s, self._give_up)

    def _got_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
