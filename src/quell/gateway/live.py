"""
The hub: every channel and every connection of this process, and no socket.

A channel is a log and a connection is a cursor in it. Who keeps up stands at the end of the log, `asleep`, and is given
what is published in a flush: encoded and framed once, one write for each. Who does not keep up costs a few offsets, not
a queue: it catches up from the ring when its socket takes data again, conflated where the channel is state, and is told
to start over (`reset`) once the ring no longer reaches. Who comes back goes the same way.

All of it runs on the event loop's thread without waiting, which is what makes a snapshot and its offset agree: change
the read models and publish without an `await` in between.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from quell.errors import NotFound, Overloaded
from quell.gateway.bounds import Bounds
from quell.gateway.channel import Channel
from quell.gateway.connection import Connection, Line, Room
from quell.gateway.counts import Counts
from quell.gateway.flush import Flush
from quell.gateway.protocol import Limits, Session, Subscribed, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    match: re.Pattern[str]
    snapshot: Callable[..., object]
    epoch: str
    start: Callable[..., int] | None


class Hub:
    """Owns the channels, knows the connections, publishes."""

    def __init__(
        self,
        *,
        epoch: str,
        server: str,
        bounds: Bounds | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Open for business, without channels yet.

        Args:
            epoch: new at every start of the process, since offsets start over.
            server: version, for the greeting.
        """
        self.epoch, self.server = epoch, server
        self.bounds, self.limits = bounds or Bounds(), limits or Limits()
        self.clock, self.now = clock, now
        self.counts = Counts()
        self.connections: dict[Connection, None] = {}
        self.draining = False
        self.due: Callable[[bool], None] = lambda urgent: None
        """Told that there is something to `flush`, and whether that is urgent."""
        self._rooms: dict[str, Room] = {}
        self._patterns: list[_Pattern] = []
        self._idle: dict[str, None] = {}
        self._flush = Flush(self.bounds, self.counts, now=lambda: self.now())
        self._floor = 0
        """Start of the next channel of a pattern: at or past every offset that a forgotten one ever had, so that a
        cursor of then is recognised as too old unless it missed nothing."""

    def state_channel(
        self, name: str, *, snapshot: Callable[[], object], epoch: str | None = None, start: int = 0
    ) -> None:
        """
        Open a channel of state: `snapshot` returns what its events have added up to.

        Args:
            epoch: with offsets that mean the same in every process; without, they are this process's own.
            start: everything up to this offset is in the snapshot.
        """
        self._open(name, snapshot, conflates=True, epoch=epoch, start=start)

    def stream_channel(
        self,
        name: str,
        *,
        snapshot: Callable[..., object],
        epoch: str | None = None,
        start: int | Callable[..., int] | None = None,
    ) -> None:
        """
        Open a channel in which nothing is left out, or with a part in braces (`incident:{id}`) a family of them.

        Args:
            snapshot: returns where the channel stands; a family's gets what stands for the braces and raises
                `NotFound` when there is no such channel.
            epoch: as for `state_channel`.
            start: the same; a family's is called with what stands for the braces.
        """
        if "{" not in name:
            self._open(name, snapshot, conflates=False, epoch=epoch, start=start if isinstance(start, int) else 0)
            return
        wanted = re.compile(re.sub(r"\\{\w+\\}", r"([A-Za-z0-9._-]{1,100})", re.escape(name)))
        starts = start if callable(start) else None
        self._patterns.append(_Pattern(match=wanted, snapshot=snapshot, epoch=epoch or self.epoch, start=starts))

    def _open(
        self, name: str, snapshot: Callable[[], object], *, conflates: bool, epoch: str | None, start: int
    ) -> None:
        channel = Channel(
            name,
            epoch=epoch or self.epoch,
            conflates=conflates,
            start=start,
            ring_events=self.bounds.ring_events,
            ring_bytes=self.bounds.ring_bytes,
        )
        self._rooms[name] = Room(channel=channel, snapshot=snapshot, named=False)

    def wanted(self, name: str) -> bool:
        """Whether somebody follows the channel or did lately; if not, `skip` does instead of building an event."""
        return name in self._rooms

    def publish(
        self,
        name: str,
        kind: str,
        data: object,
        *,
        key: str | None = None,
        urgent: bool = False,
        at: datetime | None = None,
        offset: int | None = None,
    ) -> None:
        """
        Publish to a channel; it goes out with the next flush.

        Args:
            key: what the event is the newest state of; needed on state channels for conflation.
            urgent: never left out, and does not wait.
            at: when it happened, now without.
            offset: past every earlier one of the channel; the next number without.

        Raises: NotFound: no channel has this name.
        """
        self.counts.publications += 1
        room = self._rooms.get(name)
        if room is None:
            self.skip(name)
            return
        told = room.channel.publish(kind, data, at=at or self.now(), key=key, urgent=urgent, offset=offset)
        room.encoded = None
        if room.asleep:
            room.fresh.append(told.at)
        if room.members:
            self._flush.dirty[name] = room
            self.due(urgent)

    def skip(self, name: str) -> None:
        """
        Take in that something happened on a channel that is not `wanted`: who once followed it gets a snapshot.

        Raises: NotFound: no channel has this name.
        """
        if name in self._rooms:
            raise ValueError(f"channel {name!r} is wanted: publish to it")
        self._pattern(name)
        self._floor += 1

    def _pattern(self, name: str) -> tuple[_Pattern, tuple[str, ...]]:
        for pattern in self._patterns:
            if found := pattern.match.fullmatch(name):
                return pattern, found.groups()
        raise NotFound(f"there is no channel {name[:100]!r}")

    def connect(self, line: Line, *, may: Callable[[str], None] | None = None) -> Connection:
        """
        Take a new connection in; its greeting waits in it.

        Args:
            may: asked before each subscription, with `channel/<name>`; raises `Forbidden`. None: all may be followed.

        Raises: Overloaded: the bound is reached, or this process is about to stop.
        """
        if self.draining or len(self.connections) >= self.bounds.connections:
            self.counts.refused += 1
            why = "stopping" if self.draining else f"{len(self.connections)} connections are open"
            raise Overloaded(f"no live connection: {why}", retry_after_s=1.0 if self.draining else 5.0)
        connection = Connection(self, Session(limits=self.limits, now_s=self.clock()), line, may=may)
        self.connections[connection] = None
        self.counts.connected += 1
        return connection

    def enter(self, name: str, connection: Connection) -> None:
        """Add a follower. Raises: NotFound: no channel has this name."""
        room = self._rooms.get(name)
        if room is None:
            pattern, parts = self._pattern(name)
            channel = Channel(
                name,
                epoch=pattern.epoch,
                conflates=False,
                start=pattern.start(*parts) if pattern.start else self._floor,
                ring_events=self.bounds.named_ring_events,
                ring_bytes=self.bounds.named_ring_bytes,
            )
            room = Room(channel=channel, snapshot=lambda: pattern.snapshot(*parts), named=True)
            self._rooms[name] = room
        self._idle.pop(name, None)
        room.members += 1

    def leave(self, name: str, connection: Connection) -> None:
        """Drop a follower; a channel of a pattern that lost its last is kept while there are few of those."""
        room = self._rooms[name]
        room.members -= 1
        room.asleep.pop(connection, None)
        if room.members or not room.named:
            return
        room.encoded = None
        self._idle[name] = None
        while len(self._idle) > self.bounds.idle_channels:
            oldest = next(iter(self._idle))
            self._forget(oldest, self._rooms[oldest])

    def _forget(self, name: str, room: Room) -> None:
        if room.channel.epoch == self.epoch:
            self._floor = max(self._floor, room.channel.offset)
        self._idle.pop(name, None)
        self._flush.dirty.pop(name, None)
        del self._rooms[name]

    def room(self, name: str) -> Room:
        """Return a channel that somebody follows."""
        return self._rooms[name]

    def snapshot(self, room: Room) -> bytes:
        """Return `subscribed` with the snapshot at the channel's present offset; whatever its callable raises."""
        now_s = self.clock()
        if room.encoded is not None and now_s - room.encoded[0] < self.bounds.snapshot_s:
            return room.encoded[1]
        channel, state = room.channel, msgspec.Raw(encode(room.snapshot()))
        body = encode(
            Subscribed(
                channel=channel.name, epoch=channel.epoch, offset=channel.offset, recovered=False, snapshot=state
            )
        )
        room.encoded = (now_s, body)
        return body

    @property
    def dirty(self) -> bool:
        """Whether something was published that is not given out yet."""
        return bool(self._flush.dirty)

    def flush(self) -> Iterator[None]:
        """
        Give what was published to all who keep up; pauses where other work may have its turn.

        Each channel is given at most one piece; what is left, or was published in a pause, is `dirty` afterwards.
        """
        return self._flush.run()

    @property
    def subscriptions(self) -> int:
        """Cursors of all connections."""
        return sum(len(connection.session.channels) for connection in self.connections)

    @property
    def lagging(self) -> int:
        """Connections with more waiting than one frame holds."""
        return sum(connection.pending_bytes > self.bounds.piece_bytes for connection in self.connections)

    @property
    def queue_bytes(self) -> int:
        """Bytes held for single connections: answers, and what a socket has not taken yet."""
        return sum(connection.queue_bytes + connection.line.held_bytes for connection in self.connections)

    @property
    def ring_bytes(self) -> int:
        """Bytes of all publications kept, each once whoever follows."""
        return sum(room.channel.ring_bytes for room in self._rooms.values())

    @property
    def channels(self) -> int:
        """Channels there are now."""
        return len(self._rooms)
