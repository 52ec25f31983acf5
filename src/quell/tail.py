"""Follows one channel of a running Quell over its WebSocket, over disconnects and restarts; `docs/protocol.md`."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from quell.errors import BadAnswer, ConfigError, Forbidden, InputError, NotFound, Unauthenticated

FIRST_RETRY_S = 0.8
LONGEST_RETRY_S = 15.0
SILENCE_S = 15.0
"""The server pings every 5 s; after this long without a word the line is dead."""
STEADY_S = 10.0
"""A connection that lasted this long starts the back-off afresh."""
_VERSION = 1
_MAX_FRAME_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the channel has come to; it replaces what was known before."""

    channel: str
    epoch: str
    offset: int
    data: Any
    missed: bool
    """True when events were missed since the last one seen, which history no longer holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of the channel, in order, each once."""

    channel: str
    epoch: str
    offset: int
    key: str | None
    kind: str
    ts: str
    data: Any


def retry_in_s(failures: int, chance: float) -> float:
    """
    Return how long to wait before trying again: exponential with full jitter, the first time under a second.

    Args:
        failures: in a row, >= 1.
        chance: in [0, 1).
    """
    return chance * min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 30))


class _Gap(Exception):
    """An event is missing, or the server says that we fell too far behind."""


class Tail:
    """
    A channel's snapshots and events: `async for item in Tail(url, "events")`.

    The first item is a snapshot unless it goes on from `since`. It never ends by itself: a lost connection is opened
    again and goes on where it stopped. `epoch` and `offset` say up to where everything was given.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        *,
        token: str | None = None,
        since: tuple[str, int] | None = None,
        chance: Callable[[], float] = random.random,
        on_trouble: Callable[[str, float], None] = lambda why, wait_s: None,
    ) -> None:
        """
        Get ready; iterating connects.

        Args:
            url: `ws://127.0.0.1:8700/ws`.
            token: bearer token, if the server wants one.
            since: (epoch, offset) to go on from.
            chance: draws from [0, 1), for the back-off.
            on_trouble: told why the connection was lost and how long until the next try.
        """
        self.url, self.channel = url, channel
        self.epoch: str | None = since[0] if since else None
        self.offset = since[1] if since else 0
        self._token = token
        self._chance = chance
        self._on_trouble = on_trouble
        self._failures = 0

    async def __aiter__(self) -> AsyncGenerator[Snapshot | Event]:
        """
        Yield items for ever.

        Raises: ConfigError: the address is none. Unauthenticated, Forbidden: refused. NotFound: no such channel.
            InputError: the server closed for good. BadAnswer: it speaks another protocol.
        """
        while True:
            why = "the connection ended"
            opened_s = math.inf
            try:
                async with self._connect() as connection, aclosing(self._follow(connection)) as items:
                    opened_s = asyncio.get_running_loop().time()
                    async for item in items:
                        yield item
            except ConnectionClosed as error:
                why = _closed(error)
            except InvalidStatus as error:
                why = _refused(error)
            except InvalidURI as error:
                raise ConfigError(f"{self.url} is no WebSocket address: {error}") from error
            except (OSError, InvalidHandshake, WebSocketException, _Gap) as error:
                why = str(error) or type(error).__name__
            steady = asyncio.get_running_loop().time() - opened_s >= STEADY_S
            self._failures = 1 if steady else self._failures + 1
            wait_s = retry_in_s(self._failures, self._chance())
            self._on_trouble(why, wait_s)
            await asyncio.sleep(wait_s)

    def _connect(self) -> connect:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else None
        return connect(
            self.url,
            additional_headers=headers,
            compression=None,
            max_size=_MAX_FRAME_BYTES,
            open_timeout=10,
            close_timeout=1,
            ping_interval=None,
            proxy=None,
        )

    async def _follow(self, connection: ClientConnection) -> AsyncGenerator[Snapshot | Event]:
        await self._ask(connection)
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    frame = await connection.recv()
            except TimeoutError as error:
                raise _Gap(f"no heartbeat for {SILENCE_S:g} s") from error
            for message in _read(frame):
                match message.get("type"):
                    case "ping":
                        await connection.send(b'{"type":"pong"}', text=True)
                    case "hello":
                        _check_version(message)
                    case "subscribed":
                        for item in self._subscribed(message):
                            yield item
                    case "event":
                        if (event := self._event(message)) is not None:
                            yield event
                    case "reset":
                        self.offset = -1
                        await self._ask(connection)
                    case "error" if message.get("channel") == self.channel:
                        raise NotFound(str(message.get("message")))

    async def _ask(self, connection: ClientConnection) -> None:
        wish: dict[str, Any] = {"type": "subscribe", "channel": self.channel}
        if self.epoch is not None and self.offset >= 0:
            wish["since"] = {"epoch": self.epoch, "offset": self.offset}
        await connection.send(msgspec.json.encode(wish), text=True)

    def _subscribed(self, message: dict[str, Any]) -> list[Snapshot]:
        epoch, offset = str(message["epoch"]), int(message["offset"])
        if message.get("recovered"):
            return []
        missed = self.epoch is not None
        self.epoch, self.offset = epoch, offset
        data = message.get("snapshot")
        return [Snapshot(channel=self.channel, epoch=epoch, offset=offset, data=data, missed=missed)]

    def _event(self, message: dict[str, Any]) -> Event | None:
        offset = int(message["offset"])
        if offset <= self.offset:
            return None
        if int(message.get("after", offset - 1)) != self.offset:
            raise _Gap(f"an event of {self.channel} is missing between {self.offset} and {offset}")
        self.offset = offset
        return Event(
            channel=self.channel,
            epoch=self.epoch or "",
            offset=offset,
            key=message.get("key"),
            kind=str(message.get("kind", "")),
            ts=str(message.get("ts", "")),
            data=message.get("data"),
        )


def _read(frame: str | bytes) -> list[dict[str, Any]]:
    try:
        messages = msgspec.json.decode(frame)
    except msgspec.DecodeError as error:
        raise BadAnswer(f"the server sent a frame that is not JSON: {error}") from error
    return [
        message for message in (messages if isinstance(messages, list) else [messages]) if isinstance(message, dict)
    ]


def _check_version(hello: dict[str, Any]) -> None:
    if hello.get("version") != _VERSION:
        raise BadAnswer(f"the server speaks protocol {hello.get('version')}, this is {_VERSION}: use the same Quell")


def _closed(error: ConnectionClosed) -> str:
    """Return why the server hung up; raise when trying again is of no use."""
    code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")
    if not 4500 <= code <= 4999:
        return reason or f"the connection was lost ({code})"
    kinds: dict[int, type[InputError]] = {4501: Unauthenticated, 4503: Forbidden}
    raise kinds.get(code, InputError)(f"the server closed the connection ({code}): {reason}") from error


def _refused(error: InvalidStatus) -> str:
    """Return why the handshake failed; raise when trying again is of no use."""
    status, body = error.response.status_code, error.response.body or b""
    says = bytes(body)[:500].decode(errors="replace")
    kinds: dict[int, type[InputError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound}
    if status in kinds:
        raise kinds[status](f"the server refused the connection ({status}): {says}") from error
    return f"the server answered {status}: {says}"
