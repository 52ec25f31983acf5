"""The client of the live channel on asyncio: performs what its `Session` decides, and gives items to who takes them."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.uri import parse_uri

from quell.addresses import shown_address
from quell.client.effects import (
    Answered,
    ChannelFailed,
    CommandFailed,
    ConnectAt,
    Effect,
    Event,
    GiveUp,
    Item,
    Send,
    Snapshot,
    State,
)
from quell.client.session import Session
from quell.client.wire import Cursor
from quell.errors import ConfigError, InputError, QuellError, TimedOut, Unreachable

MOST_WAITING = 1_000
"""Items that may wait for a follower before nothing more is read for it."""
ALIVE_EVERY_S = 5.0
"""While nothing is read, and so no ping is answered, the server hears this often that the client is there."""
_COMMANDS_AT_ONCE = 8
_MAX_FRAME_BYTES = 64 * 1024 * 1024
_OPEN_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 1.0


class Client:
    """
    A connection to a running Quell that comes back by itself, for any number of channels and commands.

    Use it as `async with Client(url) as client`. Nothing is queued without a bound: who takes no items is not read for.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        compression: str | None = None,
        on_state: Callable[[State], None] = lambda state: None,
        chance: Callable[[], float] = random.random,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """
        Get ready; entering connects.

        Args:
            url: `ws://127.0.0.1:8700/ws`.
            token: bearer token, if the server wants one.
            compression: "deflate" to offer permessage-deflate.
            on_state: told each new state.
            chance: draws from [0, 1), for the back-off.
            most_waiting: items that may wait for a follower, besides those of one frame.

        Raises: ConfigError: the address, the token or the compression is none.
        """
        _check(url, token, compression)
        self._url, self._token, self._compression = url, token, compression
        self._on_state, self._chance, self._most_waiting = on_state, chance, most_waiting
        self._session = Session()
        self._state = self._session.state
        self._connection: ClientConnection | None = None
        self._connect_at_s: float | None = None
        self._runner: asyncio.Task[None] | None = None
        self._over: QuellError | None = InputError("the client is not open: use it as `async with Client(url)`")
        """Why nothing can be followed or commanded."""
        self._inboxes: dict[str, _Inbox] = {}
        self._taken: dict[str, Item | Cursor] = {}
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._turns = asyncio.Semaphore(_COMMANDS_AT_ONCE)
        self._changed = asyncio.Event()
        """Set when a follower took items, or somebody began to wait."""

    @property
    def state(self) -> State:
        """How the connection stands."""
        return self._state

    @property
    def cursors(self) -> dict[str, Cursor]:
        """The place of the last item taken from each channel: give it as `since` to go on in another process."""
        return {channel: Cursor(epoch=last.epoch, offset=last.offset) for channel, last in self._taken.items()}

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        if self._runner is not None:
            raise InputError("a client is opened once: make another")
        self._over = None
        self._runner = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect; whoever still follows comes to an end."""
        assert self._runner is not None
        self._runner.cancel()
        await asyncio.wait([self._runner])
        if not self._runner.cancelled():
            self._runner.result()

    async def follow(self, *channels: str, since: Mapping[str, Cursor] | None = None) -> AsyncGenerator[Item]:
        """
        Yield the snapshots and events of channels as they come, in each channel in order and each once.

        Each channel starts with a snapshot unless it goes on from its cursor in `since`. It goes on until it is left
        or the client is closed, over lost connections. Whoever takes items slowly slows the server down for this
        client, or rests while others wait for theirs.

        Raises: NotFound: no such channel. Conflict: this client follows it already. Malformed: no name or cursor.
            Unauthenticated, Forbidden, InputError: the server wants this client no more. BadAnswer: it is no Quell, or
            another version. What the server says besides.
        """
        if self._over is not None:
            raise self._over
        since = since or {}
        effects = self._session.follow(channels, since)
        inbox = _Inbox(channels)
        self._inboxes |= dict.fromkeys(channels, inbox)
        self._taken |= {channel: since[channel] for channel in channels if channel in since}
        try:
            await self._do(effects)
            while (item := await self._next(inbox)) is not None:
                self._taken[item.channel] = item
                yield item
        finally:
            # A channel that failed may have another follower by now.
            mine = [channel for channel in inbox.channels if self._inboxes.get(channel) is inbox]
            for channel in mine:
                del self._inboxes[channel]
            self._changed.set()
            await self._do(self._session.unfollow(mine))

    async def _next(self, inbox: _Inbox) -> Item | None:
        """Return the next item, None at the end. Raises: whatever ended it."""
        if not inbox.items:
            if inbox.held:
                inbox.held = False
                await self._do(self._session.release(inbox.channels))
            self._changed.set()
            await inbox.wait()
        item = inbox.items.popleft()
        if len(inbox.items) == self._most_waiting:
            self._changed.set()
        if isinstance(item, QuellError):
            raise item
        return item

    async def command(
        self,
        name: str,
        incident_id: str,
        args: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        timeout_s: float = 30.0,
    ) -> Any:
        """
        Do something to an incident and return what the server answers; the names are in `docs/protocol.md`.

        Args:
            args: the fields of the REST request with that name.
            id: idempotency key: with the same one it is done once, however often it is sent. Random by default.
            timeout_s: for all of it, however often the connection is lost meanwhile.

        Raises: TimedOut: no answer; it may be done all the same. NotFound, Conflict, Malformed and what else the server
            answers. Unreachable: the client was closed. As `follow`, when the server wants this client no more.
        """
        key = uuid.uuid4().hex if id is None else id
        try:
            async with asyncio.timeout(timeout_s), self._turns:
                if self._over is not None:
                    raise self._over
                effects = self._session.command(key, name, incident_id, args or {})
                self._answers[key] = answer = asyncio.get_running_loop().create_future()
                self._changed.set()
                try:
                    await self._do(effects)
                    return await answer
                finally:
                    self._answers.pop(key, None)
                    self._session.forget(key)
        except TimeoutError as error:
            says = f"no answer to {name} {incident_id} within {timeout_s:g} s: send it again with the id {key}"
            raise TimedOut(says) from error

    async def _run(self) -> None:
        """Keep a connection until the server wants none, or the client is closed."""
        try:
            await self._do(self._session.start(self._now_s()))
            while self._connect_at_s is not None:
                await asyncio.sleep(self._connect_at_s - self._now_s())
                self._connect_at_s = None
                await self._do(await self._attempt())
        finally:
            self._end(self._over)

    async def _attempt(self) -> list[Effect]:
        """Open a connection and use it up; return what follows from its end."""
        try:
            async with self._connect() as connection:
                self._connection = connection
                await self._talk(connection)
            return []
        except InvalidStatus as error:
            response = error.response
            says = bytes(response.body or b"")[:500].decode(errors="replace")
            wait = response.headers.get("Retry-After", "")
            after_s = float(wait) if wait.isascii() and wait.isdigit() else 0.0
            status = response.status_code
            return self._session.turned_away(status, says, self._now_s(), self._chance(), retry_after_s=after_s)
        except ConnectionClosed as error:
            code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")
            return self._session.closed(code, reason, self._now_s(), self._chance())
        except (OSError, UnicodeError, WebSocketException) as error:
            return self._session.unreached(str(error) or type(error).__name__, self._now_s(), self._chance())
        finally:
            self._connection = None

    def _connect(self) -> connect:
        return connect(
            self._url,
            additional_headers={"Authorization": f"Bearer {self._token}"} if self._token else None,
            compression=self._compression,
            max_size=_MAX_FRAME_BYTES,
            open_timeout=_OPEN_TIMEOUT_S,
            close_timeout=_CLOSE_TIMEOUT_S,
            ping_interval=None,
            proxy=None,
        )

    async def _talk(self, connection: ClientConnection) -> None:
        """Read until the session wants another connection or none."""
        await self._do(self._session.opened(self._now_s()))
        while self._connection is not None:
            await self._room()
            try:
                async with asyncio.timeout_at(self._session.due_s):
                    frame = await connection.recv(decode=False)
            except TimeoutError:
                effects = self._session.tick(self._now_s(), self._chance())
            else:
                effects = self._session.receive(frame, self._now_s(), self._chance())
            await self._do(effects)

    async def _room(self) -> None:
        """
        Wait while more waits for a follower than may, so that the server notices.

        Whoever waits for an answer or for other channels must not wait for that follower: then its channels rest.
        """
        paused = False
        while crowded := [box for box in self._followers() if len(box.items) > self._most_waiting and not box.held]:
            if self._answers or any(box.starving for box in self._followers()):
                for inbox in crowded:
                    inbox.held = True
                await self._do(self._session.hold([name for inbox in crowded for name in inbox.channels]))
                break
            paused = True
            self._changed.clear()
            try:
                async with asyncio.timeout(ALIVE_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                await self._do(self._session.alive())
        if paused:
            self._session.listening(self._now_s())

    def _followers(self) -> dict[_Inbox, None]:
        return dict.fromkeys(self._inboxes.values())

    async def _do(self, effects: list[Effect]) -> None:
        """Perform effects; what is sent comes last, so that nobody's wishes change while the rest is given on."""
        frames: list[bytes] = []
        for effect in effects:
            match effect:
                case Event() | Snapshot():
                    self._inboxes[effect.channel].put(effect)
                case Send():
                    frames.append(effect.frame)
                case ChannelFailed():
                    self._inboxes[effect.channel].put(effect.error)
                case Answered():
                    self._answer(effect.id, effect.data)
                case CommandFailed():
                    self._answer(effect.id, effect.error)
                case ConnectAt():
                    self._connection, self._connect_at_s = None, effect.at_s
                case GiveUp():
                    self._connection = None
                    self._end(effect.error)
        self._tell()
        if frames and (connection := self._connection) is not None:
            # Who reads notices the end as well, and what was not sent is sent on the next connection.
            with suppress(ConnectionClosed):
                for frame in frames:
                    await connection.send(frame, text=True)

    def _tell(self) -> None:
        state = self._session.state
        if state != self._state:
            self._state = state
            self._on_state(state)

    def _answer(self, key: str, answer: Any) -> None:
        waiting = self._answers[key]
        if waiting.done():
            return
        if isinstance(answer, QuellError):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    def _end(self, error: QuellError | None) -> None:
        """Let everyone know that nothing more comes, because of an error or since the client was closed."""
        self._over = error or Unreachable("the client was closed")
        for inbox in self._followers():
            inbox.put(error)
        for key in self._answers:
            self._answer(key, self._over)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def _check(url: str, token: str | None, compression: str | None) -> None:
    """Raise ConfigError where no try could succeed."""
    try:
        parse_uri(url)
    except (InvalidURI, ValueError) as error:
        raise ConfigError(f"{shown_address(url)} is no WebSocket address") from error
    if token is not None and not (token.isascii() and token.isprintable()):
        raise ConfigError("the token has characters that a header cannot hold")
    if compression not in (None, "deflate"):
        raise ConfigError(f"there is no compression {compression!r}: deflate, or None")


class _Inbox:
    """What waits for one follower."""

    __slots__ = ("_filled", "_waits", "channels", "held", "items")

    def __init__(self, channels: tuple[str, ...]) -> None:
        self.channels = tuple(dict.fromkeys(channels))
        self.items: deque[Item | QuellError | None] = deque()
        """None is the end, an error too."""
        self.held = False
        """Its channels rest until all of it is taken."""
        self._filled = asyncio.Event()
        self._waits = False

    @property
    def starving(self) -> bool:
        """Whether its follower waits and there is nothing for it."""
        return self._waits and not self.items

    def put(self, item: Item | QuellError | None) -> None:
        """Add an item, or the end."""
        self.items.append(item)
        self._filled.set()

    async def wait(self) -> None:
        """Wait until there is an item."""
        self._waits = True
        try:
            while not self.items:
                self._filled.clear()
                await self._filled.wait()
        finally:
            self._waits = False
