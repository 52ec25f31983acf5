"""What all live connections of this process share: the flush, the heartbeat, commands, and the end."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from quell.application.authorization import EVERYBODY_MAY, Authorizer, Permission
from quell.application.caller import Caller
from quell.errors import QuellError
from quell.gateway.connection import Connection
from quell.gateway.live import Hub
from quell.gateway.pace import Pace
from quell.gateway.protocol import LOOKS, CloseCode, Command, hang_up
from quell.gateway.websocket import LiveLine, Scope

logger = structlog.get_logger()

Commands = Callable[[str, str, dict[str, Any], str, Caller], Awaitable[object]]
"""(name, incident id, args, idempotency key, caller) -> data of the reply; raises `QuellError`."""

BEAT_S = 0.05
_OVER = object()


class Lines:
    """
    What all live connections share: pass it to uvicorn as `ws`.

    It flushes the hub, keeps the heartbeat, runs commands, and sends everyone away when the process ends.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        commands: Commands,
        admit: Callable[[Scope], Caller],
        authorizer: Authorizer = EVERYBODY_MAY,
        packs: bool = False,
        stall_s: float = 20.0,
        command_s: float = 10.0,
        close_s: float = 1.0,
    ) -> None:
        """
        Take what every connection needs.

        Args:
            admit: returns who is at the other end of an ASGI scope, before the 101; raises `QuellError` to refuse.
            authorizer: says which channels somebody may follow.
            packs: agree to permessage-deflate with clients that offer it.
            stall_s: a socket that takes nothing for this long is closed as too slow.
            command_s: longest wait for a command; it may still happen, and its id makes trying again safe.
            close_s: longest wait for a client to answer a close.
        """
        self.hub, self.admit, self.packs = hub, admit, packs
        self.stall_s, self.close_s = stall_s, close_s
        self._commands, self._command_s, self._authorizer = commands, command_s, authorizer
        self._running: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self._timer: asyncio.Handle | None = None
        self._flushing = self._at_once = self._urgent = False
        """`_urgent`: something was published during a flush that must not wait after it."""
        self._beat: asyncio.TimerHandle | None = None
        self._to_look_at: Iterator[Connection] | None = None
        self._at_once_looked = 0
        self._nobody = asyncio.Event()
        self._nobody.set()
        hub.due = self._due

    def may_follow(self, who: Caller) -> Callable[[str], None]:
        """Return what a connection asks before each subscription; it raises `Forbidden`."""
        return partial(self._authorizer.authorize, who.actor(), Permission.READ)

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> LiveLine:
        """Return the protocol of a new connection; the signature is uvicorn's."""
        return LiveLine(self, server_state, config.root_path, _loop or asyncio.get_running_loop())

    @property
    def load(self) -> float:
        """Share of the time lately spent writing to those who keep up, 0 to 1."""
        return self._pace.load

    def _due(self, urgent: bool) -> None:
        if self._flushing or self._at_once:
            self._urgent |= urgent
            return
        loop = asyncio.get_running_loop()
        wait_s = 0.0 if urgent else self._pace.wait_s(self.hub.clock())
        if wait_s > 0:
            if self._timer is None:
                self._timer = loop.call_later(wait_s, self._start_flush)
            return
        # After this callback, so that whatever it publishes goes out in one frame.
        self._at_once = True
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_soon(self._start_flush)

    def _start_flush(self) -> None:
        self._timer, self._at_once, self._flushing, self._urgent = None, False, True, False
        loop, clock = asyncio.get_running_loop(), self.hub.clock  # the loop's own clock may count whole milliseconds
        began_s = clock()
        slices = self.hub.flush()
        busy_s = 0.0

        def go_on() -> None:
            nonlocal busy_s
            slice_began_s = clock()
            try:
                over = next(slices, _OVER) is _OVER
            except Exception:  # noqa: BLE001 the outermost gateway: nobody may be left waiting for ever behind a bug
                self._broke()
                over = True
            ended_s = clock()
            busy_s += ended_s - slice_began_s
            if over:
                self._flushed(began_s, ended_s, busy_s)
            else:
                loop.call_soon(go_on)

        go_on()

    def _broke(self) -> None:
        """Send everyone away to come back: each goes on where it stopped, whatever was half given."""
        logger.exception("a flush failed", connections=len(self.hub.connections))
        for connection in list(self.hub.connections):
            connection.hang_up(hang_up(CloseCode.BROKE, "the server lost its place: connect again"))

    def _flushed(self, began_s: float, ended_s: float, busy_s: float) -> None:
        self._flushing = False
        self._pace.flushed(began_s, ended_s, busy_s)
        self.hub.counts.flush_s.add(busy_s)
        if self.hub.dirty:
            self._due(self._urgent)

    def joined(self) -> None:
        """Take in that there is a connection."""
        self._nobody.clear()
        if self._beat is None:
            self._schedule_beat(asyncio.get_running_loop())

    def left(self) -> None:
        """Take in that a connection is gone."""
        if not self.hub.connections:
            self._nobody.set()

    def _schedule_beat(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at a few connections at a time, so that heartbeats and their answers do not come in waves."""
        round_s = self.hub.limits.heartbeat_s / LOOKS
        every_s = min(BEAT_S, round_s)
        if self._to_look_at is None:
            everyone = list(self.hub.connections)
            self._to_look_at = iter(everyone)
            self._at_once_looked = math.ceil(len(everyone) * every_s / round_s)
        self._beat = loop.call_later(every_s, self._look)

    def _look(self) -> None:
        now_s, at = self.hub.clock(), self.hub.now()
        assert self._to_look_at is not None
        some = list(itertools.islice(self._to_look_at, self._at_once_looked))
        for connection in some:
            connection.line.look(now_s, at)
        if len(some) < self._at_once_looked or not some:
            self._to_look_at = None
        self._beat = None
        if self.hub.connections:
            self._schedule_beat(asyncio.get_running_loop())

    def run(self, connection: Connection, command: Command, who: Caller) -> None:
        """Run a command and answer it, whenever it is done."""
        task = asyncio.create_task(self._run(connection, command, who))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, connection: Connection, command: Command, who: Caller) -> None:
        try:
            async with asyncio.timeout(self._command_s):
                data = await self._commands(command.name, command.incident_id, command.args, command.id, who)
            connection.done(command.id, data)
        except TimeoutError:
            late = f"not done within {self._command_s:g} s; send it again with the same id"
            connection.failed(command.id, "timed_out", late)
        except QuellError as error:
            connection.failed(command.id, error.reason, str(error))
        except Exception:  # the outermost gateway: one command's bug must not end the connection
            logger.exception("a command failed", command=command.name, incident_id=command.incident_id)
            connection.failed(command.id, "internal", "the server could not do this; its log says why")

    async def drain(self, *, over_s: float = 1.0, within_s: float = 5.0) -> None:
        """
        Send every client away with "come back", spread out so that they do not return in one wave; take no new ones.

        Args:
            over_s: the closes are spread evenly over this long.
            within_s: then wait this long for the last of them, and for commands to be answered.
        """
        self.hub.draining = True
        leaving = list(self.hub.connections)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for number, connection in enumerate(leaving):
            connection.hang_up(hang_up(CloseCode.DRAINING, "the server is stopping: connect again"))
            ahead_s = over_s * (number + 1) / len(leaving) - (loop.time() - began_s)
            if ahead_s > 0.001:
                await asyncio.sleep(ahead_s)
        try:
            async with asyncio.timeout(within_s):
                await self._nobody.wait()
                if self._running:
                    await asyncio.wait(self._running)
        except TimeoutError:
            logger.warning("clients did not leave", connections=len(self.hub.connections))
        if self._beat is not None:
            self._beat.cancel()
