"""One connection as the hub sees it: a session, a cursor per channel, and the next frame when its socket takes one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from quell.errors import NotFound, QuellError
from quell.gateway.protocol import (
    CloseCode,
    Command,
    Effect,
    ErrorMessage,
    HangUp,
    Join,
    Leave,
    Reset,
    Send,
    ServerMessage,
    Session,
    Since,
    Subscribed,
    encode,
    hang_up,
)

if TYPE_CHECKING:
    from quell.gateway.live import Hub, Room


@dataclass(slots=True)
class Cursor:
    """Where a connection stands in a channel; `offset` is None until its `subscribed` was made."""

    since: Since | None
    offset: int | None = None
    exact: bool = False
    """It resumed and was promised every missed event: nothing is left out until it has caught up."""


class Connection:
    """
    What one client is owed. It holds answers, bounded, and offsets; events stay in their channels until asked for.

    `take` makes the next frame when the socket is ready for it: snapshots too are made then, never queued.
    """

    __slots__ = (
        "_control",
        "_control_bytes",
        "_cursors",
        "_hub",
        "_in_flight",
        "_ready",
        "_rouse",
        "closing",
        "session",
    )

    def __init__(self, hub: Hub, session: Session, rouse: Callable[[], None]) -> None:
        self._hub = hub
        self._rouse = rouse
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._in_flight = 0
        self._cursors: dict[str, Cursor] = {}
        self._ready: dict[str, None] = {}
        """Channels that have something for this connection, longest waiting first."""
        self.session = session
        self.closing: HangUp | None = None
        """Why and how this connection is to be closed."""
        self._say(session.open(epoch=hub.epoch, server=hub.server))

    # --- from the client ----------------------------------------------------------------------------------------

    def receive(self, frame: str | bytes) -> list[Command]:
        """Obey a frame and return the commands in it, each of which wants `done` or `failed`."""
        return self._obey(self.session.receive(frame, self._hub.clock()))

    def tick(self, at: datetime) -> None:
        """Do what is due by now: the heartbeat, or the end of a silent client."""
        self._obey(self.session.tick(self._hub.clock(), at))

    @property
    def due_in_s(self) -> float:
        """Seconds until `tick` has something to do."""
        return max(0.0, self.session.due_s - self._hub.clock())

    def _obey(self, effects: list[Effect]) -> list[Command]:
        commands: list[Command] = []
        for effect in effects:
            match effect:
                case Send():
                    self._say(effect.message)
                case Join():
                    self._join(effect)
                case Leave():
                    self._leave(effect.channel)
                case Command():
                    commands.append(effect)
                case HangUp():
                    self.hang_up(effect)
        return commands

    def done(self, command_id: str, data: Any) -> None:
        """Answer a command that was done."""
        self._say(self.session.done(command_id, data))
        self._hub.counts.commands += 1

    def failed(self, command_id: str, code: str, message: str) -> None:
        """Answer a command that was not."""
        self._say(self.session.failed(command_id, code, message))
        self._hub.counts.commands += 1

    def hang_up(self, end: HangUp) -> None:
        """Let the transport close this connection; the first reason counts."""
        if self.closing is None:
            self.closing = end
            self._hub.counts.closes[end.code] += 1
            self._rouse()

    def end(self) -> None:
        """Forget the connection: its socket is gone."""
        for name in list(self._cursors):
            self._leave(name)
        self._hub.connections.pop(self, None)

    def _join(self, join: Join) -> None:
        name = join.channel
        if name not in self._cursors:
            try:
                self._hub.enter(name, self)
            except NotFound as error:
                self.session.left(name)
                self._say(ErrorMessage(code=error.reason, message=str(error), channel=name))
                return
        self._cursors[name] = Cursor(since=join.since)
        self.wake(name)

    def _leave(self, name: str) -> None:
        if self._cursors.pop(name, None) is not None:
            self._ready.pop(name, None)
            self._hub.leave(name, self)

    # --- to the client ------------------------------------------------------------------------------------------

    def wake(self, name: str) -> None:
        """Take in that a channel has something new."""
        self._ready[name] = None
        self._rouse()

    def _say(self, message: ServerMessage) -> None:
        encoded = encode(message)
        self._control.append(encoded)
        self._control_bytes += len(encoded)
        if self._control_bytes > self._hub.bounds.control_bytes and len(self._control) > 1:
            self.hang_up(hang_up(CloseCode.TOO_SLOW, "too many answers wait: this client sends but does not read"))
            self._control.clear()
            self._control_bytes = 0
        self._rouse()

    @property
    def queue_bytes(self) -> int:
        """Bytes held for this connection alone."""
        return self._control_bytes + self._in_flight

    @property
    def pending_bytes(self) -> int:
        """Bytes in its channels that it has not been given."""
        rooms = ((self._hub.room(name).channel, self._cursors[name].offset) for name in self._ready)
        return sum(channel.pending_bytes(offset) for channel, offset in rooms if offset is not None)

    def take(self) -> bytes | None:
        """
        Return the next frame, a JSON array of messages, or None when there is nothing to say now.

        Call it when the socket has taken the frame before; whoever is roused finds something here.
        """
        limit = self._hub.bounds.piece_bytes
        parts: list[bytes] = []
        size = 0
        while self._control and size < limit:
            parts.append(self._control.popleft())
            self._control_bytes -= len(parts[-1])
            size += len(parts[-1])
        while self._ready and size < limit:
            for part in self._next(next(iter(self._ready))):
                parts.append(part)
                size += len(part)
        if not parts:
            self._in_flight = 0
            return None
        frame = b"[%b]" % b",".join(parts)
        self._in_flight = len(frame)
        self._hub.counts.frames += 1
        self._hub.counts.frame_bytes += len(frame)
        return frame

    def _next(self, name: str) -> list[bytes]:
        cursor, room = self._cursors[name], self._hub.room(name)
        channel, counts = room.channel, self._hub.counts
        if cursor.offset is None:
            return self._begin(cursor, room)
        if not channel.reaches(cursor.offset):
            counts.resets += 1
            reset = Reset(channel=name, epoch=self._hub.epoch, offset=channel.offset)
            self.session.left(name)
            self._leave(name)
            return [encode(reset)]
        behind = channel.offset - cursor.offset
        piece = channel.piece(
            cursor.offset,
            limit_bytes=self._hub.bounds.piece_bytes,
            conflate=behind > self._hub.bounds.conflate_past and not cursor.exact,
        )
        cursor.offset = piece.offset
        counts.deliveries += piece.events
        counts.conflated += piece.left_out
        del self._ready[name]
        if cursor.offset == channel.offset:
            cursor.exact = False
            room.asleep[self] = None
        else:
            self._ready[name] = None
        return [piece.body] if piece.events else []

    def _begin(self, cursor: Cursor, room: Room) -> list[bytes]:
        """Answer a subscription: go on from `since` when the ring reaches so far, otherwise give a snapshot."""
        channel, since, counts, epoch = room.channel, cursor.since, self._hub.counts, self._hub.epoch
        if since is not None and since.epoch == epoch and channel.reaches(since.offset):
            counts.resumes += 1
            cursor.offset, cursor.exact = since.offset, True
            return [encode(Subscribed(channel=channel.name, epoch=epoch, offset=channel.offset, recovered=True))]
        try:
            snapshot = msgspec.Raw(self._hub.snapshot(room))
        except QuellError as error:
            self.session.left(channel.name)
            self._leave(channel.name)
            return [encode(ErrorMessage(code=error.reason, message=str(error), channel=channel.name))]
        counts.snapshots += 1
        counts.lost += since is not None
        cursor.offset = channel.offset
        return [
            encode(
                Subscribed(channel=channel.name, epoch=epoch, offset=channel.offset, recovered=False, snapshot=snapshot)
            )
        ]
