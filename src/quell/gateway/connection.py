"""One connection as the hub sees it: a session, a cursor per channel, and the next frame when its socket takes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from quell.errors import Forbidden, NotFound, QuellError
from quell.gateway.bounds import Bounds
from quell.gateway.channel import Channel, Piece
from quell.gateway.counts import Counts
from quell.gateway.frames import Frame
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


@dataclass(slots=True, eq=False)
class Cursor:
    """Where a connection stands in a channel; `offset` is None until its `subscribed` was made."""

    since: Since | None
    offset: int | None = None
    exact: bool = False
    """It resumed and was promised every missed event: nothing is left out until it has caught up."""
    gone: bool = False
    """It no longer follows."""


class Line(Protocol):
    """The socket under a connection, as far as the hub needs to know it."""

    blocked: bool
    """It has not taken everything it was given; when it has, it asks with `Connection.take`."""

    @property
    def held_bytes(self) -> int:
        """Bytes it was given that the socket has not taken yet."""
        ...

    def push(self, frame: Frame) -> bool:
        """Give a frame to the socket, which must not be blocked; return whether it took all of it."""
        ...

    def rouse(self) -> None:
        """Take in that there is something to `take`, or that the connection is `closing`."""
        ...

    def look(self, now_s: float, at: datetime) -> None:
        """Do what is due by now."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Room:
    """A channel with those who follow it."""

    channel: Channel
    snapshot: Callable[[], object]
    named: bool
    members: int = 0
    """How many follow it."""
    asleep: dict[Connection, Cursor] = field(default_factory=dict)
    """Members that have everything up to the last flush, and are given the next one."""
    fresh: list[datetime] = field(default_factory=list)
    """Times of what was published since the last flush."""
    encoded: tuple[float, bytes] | None = None
    """(made at, `subscribed` with the snapshot) that still stands for the channel's offset."""


class Channels(Protocol):
    """The hub, as far as a connection needs to know it."""

    epoch: str
    server: str
    bounds: Bounds
    counts: Counts
    connections: dict[Connection, None]
    clock: Callable[[], float]

    def enter(self, name: str, connection: Connection) -> None:
        """Add a follower. Raises: NotFound: no channel has this name."""
        ...

    def leave(self, name: str, connection: Connection) -> None:
        """Drop a follower."""
        ...

    def room(self, name: str) -> Room:
        """Return a channel that somebody follows."""
        ...

    def snapshot(self, room: Room) -> bytes:
        """Return `subscribed` with the snapshot at the channel's present offset; whatever its callable raises."""
        ...


class Connection:
    """
    What one client is owed. It holds answers, bounded, and offsets; events stay in their channels until asked for.

    Who keeps up is given what is published by the hub, all alike. For who does not, `take` makes the next frame when
    the socket is ready for it: snapshots too are made then, never queued.
    """

    __slots__ = (
        "_control",
        "_control_bytes",
        "_cursors",
        "_hub",
        "_may",
        "_ready",
        "closing",
        "line",
        "session",
    )

    def __init__(
        self, hub: Channels, session: Session, line: Line, *, may: Callable[[str], None] | None = None
    ) -> None:
        self._hub, self._may = hub, may
        self.line = line
        self._control: list[bytes] | None = None
        self._control_bytes = 0
        self._cursors: dict[str, Cursor] = {}
        self._ready: dict[str, None] = {}
        """Channels that have something for this connection alone, longest waiting first."""
        self.session = session
        self.closing: HangUp | None = None
        """Why and how this connection is to be closed."""
        self._say(session.open(epoch=hub.epoch, server=hub.server))

    def receive(self, frame: str | bytes) -> list[Command]:
        """Obey a frame and return the commands in it, each of which wants `done` or `failed`."""
        return self._obey(self.session.receive(frame, self._hub.clock()))

    def receive_control(self) -> None:
        """Take in a ping or pong of WebSocket itself, which its transport has answered."""
        self._obey(self.session.receive_control(self._hub.clock()))

    def tick(self, now_s: float, at: datetime) -> None:
        """Do what is due by now: the heartbeat, or the end of a silent client."""
        self._obey(self.session.tick(now_s, at))

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
            self.line.rouse()

    def end(self) -> None:
        """Forget the connection: its socket is gone."""
        for name in list(self._cursors):
            self._leave(name)
        self._hub.connections.pop(self, None)

    def _join(self, join: Join) -> None:
        name = join.channel
        if name not in self._cursors:
            try:
                if self._may is not None:
                    self._may(f"channel/{name}")
                self._hub.enter(name, self)
            except (NotFound, Forbidden) as error:
                self.session.left(name)
                self._say(ErrorMessage(code=error.reason, message=str(error), channel=name))
                return
        else:
            self._cursors[name].gone = True
            self._hub.room(name).asleep.pop(self, None)
        self._cursors[name] = Cursor(since=join.since)
        self._ready[name] = None
        self.line.rouse()

    def _leave(self, name: str) -> None:
        cursor = self._cursors.pop(name, None)
        if cursor is not None:
            cursor.gone = True
            self._ready.pop(name, None)
            self._hub.leave(name, self)

    def owe(self, name: str) -> None:
        """Take in that a channel has, or will have, something that this connection has to `take`."""
        self._ready[name] = None

    def _say(self, message: ServerMessage) -> None:
        encoded = encode(message)
        waiting = self._control = self._control or []
        waiting.append(encoded)
        self._control_bytes += len(encoded)
        if self._control_bytes > self._hub.bounds.control_bytes and len(waiting) > 1:
            self.hang_up(hang_up(CloseCode.TOO_SLOW, "too many answers wait: this client sends but does not read"))
            self._control, self._control_bytes = None, 0
        self.line.rouse()

    @property
    def queue_bytes(self) -> int:
        """Bytes of answers that wait for its socket."""
        return self._control_bytes

    @property
    def pending_bytes(self) -> int:
        """Bytes in its channels that it has not been given."""
        rooms = ((self._hub.room(name).channel, self._cursors[name].offset) for name in self._ready)
        return sum(channel.pending_bytes(offset) for channel, offset in rooms if offset is not None)

    def take(self) -> Frame | None:
        """
        Return the next frame, a JSON array of messages, or None when there is nothing for this connection alone.

        Call it when the socket has taken the frame before; whoever is roused finds something here.
        """
        limit = self._hub.bounds.piece_bytes
        parts, self._control, self._control_bytes = self._control or [], None, 0
        size = sum(map(len, parts))
        while self._ready and size < limit:
            found = self._next(next(iter(self._ready)))
            if isinstance(found, Piece):
                if not parts and (not self._ready or len(found.body) >= limit):
                    return found.frame
                found = found.body
            if found:
                parts.append(found)
                size += len(found)
        return Frame(b"[%b]" % b",".join(parts)) if parts else None

    def _next(self, name: str) -> bytes | Piece:
        """Return the next messages of a channel, empty when there are none; it is ready no more once caught up."""
        cursor, room = self._cursors[name], self._hub.room(name)
        channel, counts = room.channel, self._hub.counts
        if cursor.offset is None:
            return self._begin(cursor, room)
        if not channel.reaches(cursor.offset):
            counts.resets += 1
            reset = Reset(channel=name, epoch=channel.epoch, offset=channel.offset)
            self.session.left(name)
            self._leave(name)
            return encode(reset)
        del self._ready[name]
        if cursor.offset == channel.offset:
            cursor.exact = False
            room.asleep[self] = cursor
            return b""
        piece = channel.piece(
            cursor.offset,
            limit_bytes=self._hub.bounds.piece_bytes,
            conflate=not cursor.exact and channel.behind(cursor.offset) > self._hub.bounds.conflate_past,
        )
        cursor.offset = piece.offset
        counts.deliveries += piece.events
        counts.conflated += piece.left_out
        if cursor.offset == channel.offset:
            cursor.exact = False
            room.asleep[self] = cursor
        else:
            self._ready[name] = None
        return piece

    def _begin(self, cursor: Cursor, room: Room) -> bytes:
        """Answer a subscription: go on from `since` when the ring reaches so far, otherwise give a snapshot."""
        channel, since, counts = room.channel, cursor.since, self._hub.counts
        if since is not None and since.epoch == channel.epoch and channel.reaches(since.offset):
            counts.resumes += 1
            cursor.offset, cursor.exact = since.offset, True
            return encode(
                Subscribed(
                    channel=channel.name,
                    epoch=channel.epoch,
                    offset=channel.offset,
                    recovered=True,
                    behind=channel.behind(since.offset),
                )
            )
        try:
            subscribed = self._hub.snapshot(room)
        except QuellError as error:
            self.session.left(channel.name)
            self._leave(channel.name)
            return encode(ErrorMessage(code=error.reason, message=str(error), channel=channel.name))
        counts.snapshots += 1
        counts.lost += since is not None
        cursor.offset = channel.offset
        return subscribed
