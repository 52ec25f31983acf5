"""
The hub: every channel and every connection of this process, and no socket.

A connection is a cursor per channel. A transport asks it for the next frame whenever its socket takes one, so a slow
client costs a few offsets, not a queue: it catches up from the ring, conflated where the channel is state, and is told
to start over (`reset`) once the ring no longer reaches. All of it runs on the event loop's thread without waiting,
which is what makes a snapshot and its offset agree: change the read models and publish without an `await` in between.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from quell.errors import NotFound, Overloaded
from quell.gateway.channel import Channel
from quell.gateway.connection import Connection
from quell.gateway.protocol import Limits, Session, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much the hub keeps."""

    connections: int = 2000
    ring_events: int = 4096
    """Publications kept per channel with a fixed name."""
    ring_bytes: int = 8_388_608
    named_ring_events: int = 1024
    """The same for each channel of a pattern, such as `incident:{id}`."""
    named_ring_bytes: int = 1_048_576
    idle_channels: int = 64
    """Channels of a pattern kept for those who may come back, after their last follower left."""
    piece_bytes: int = 65_536
    """About as much as one frame holds; a single larger message goes alone."""
    conflate_past: int = 64
    """A follower of a state channel more events behind than this gets only the newest per key."""
    control_bytes: int = 262_144
    """Answers that wait for one client; more, and it sends but does not read."""
    snapshot_s: float = 0.5
    """An encoded snapshot is used again this long while nothing is published."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What has happened since the start."""

    connected: int = 0
    refused: int = 0
    publications: int = 0
    deliveries: int = 0
    """Events given to connections."""
    frames: int = 0
    frame_bytes: int = 0
    conflated: int = 0
    """Events left out because a newer one of their key followed."""
    snapshots: int = 0
    resumes: int = 0
    """Subscriptions that went on where they had stopped."""
    lost: int = 0
    """Subscriptions that asked to and could not: they got a snapshot."""
    resets: int = 0
    commands: int = 0
    closes: Counter[int] = field(default_factory=Counter)
    """Connections the server ended, by close code."""


@dataclass(slots=True, kw_only=True, eq=False)
class Room:
    """A channel with those who follow it."""

    channel: Channel
    snapshot: Callable[[], object]
    named: bool
    members: dict[Connection, None] = field(default_factory=dict)
    asleep: dict[Connection, None] = field(default_factory=dict)
    """Members that have everything and want to be woken by the next publication."""
    encoded: tuple[float, bytes] | None = None
    """(made at, JSON) of a snapshot that still stands for the channel's offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    match: re.Pattern[str]
    snapshot: Callable[..., object]


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
        self._rooms: dict[str, Room] = {}
        self._patterns: list[_Pattern] = []
        self._idle: dict[str, None] = {}
        self._floor = 0
        """Start of the next channel of a pattern: at or past every offset that a forgotten one ever had, so that a
        cursor of then is recognised as too old unless it missed nothing."""

    def state_channel(self, name: str, *, snapshot: Callable[[], object]) -> None:
        """Open a channel of state: `snapshot` returns what its events have added up to."""
        self._open(name, snapshot, conflates=True)

    def stream_channel(self, name: str, *, snapshot: Callable[..., object]) -> None:
        """
        Open a channel in which nothing is left out, or with a part in braces (`incident:{id}`) a family of them.

        Args:
            snapshot: returns where the channel stands; a family's gets what stands for the braces and raises
                `NotFound` when there is no such channel.
        """
        if "{" not in name:
            self._open(name, snapshot, conflates=False)
            return
        wanted = re.sub(r"\\{\w+\\}", r"([A-Za-z0-9._-]{1,100})", re.escape(name))
        self._patterns.append(_Pattern(match=re.compile(wanted), snapshot=snapshot))

    def _open(self, name: str, snapshot: Callable[[], object], *, conflates: bool) -> None:
        channel = Channel(
            name, conflates=conflates, ring_events=self.bounds.ring_events, ring_bytes=self.bounds.ring_bytes
        )
        self._rooms[name] = Room(channel=channel, snapshot=snapshot, named=False)

    # --- publishing ---------------------------------------------------------------------------------------------

    def wanted(self, name: str) -> bool:
        """Whether somebody follows the channel or did lately; if not, `skip` does instead of building an event."""
        return name in self._rooms

    def publish(self, name: str, kind: str, data: object, *, key: str | None = None, urgent: bool = False) -> None:
        """
        Publish to a channel.

        Args:
            key: what the event is the newest state of; needed on state channels for conflation.
            urgent: never left out.

        Raises: NotFound: no channel has this name.
        """
        self.counts.publications += 1
        room = self._rooms.get(name)
        if room is None:
            self.skip(name)
            return
        room.channel.publish(kind, data, at=self.now(), key=key, urgent=urgent)
        room.encoded = None
        for connection in room.asleep:
            connection.wake(name)
        room.asleep.clear()

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

    # --- following ----------------------------------------------------------------------------------------------

    def connect(self, *, rouse: Callable[[], None]) -> Connection:
        """
        Take a new connection in; its greeting waits in it.

        Args:
            rouse: called whenever the connection has something to send again.

        Raises: Overloaded: the bound is reached, or this process is about to stop.
        """
        if self.draining or len(self.connections) >= self.bounds.connections:
            self.counts.refused += 1
            why = "stopping" if self.draining else f"{len(self.connections)} connections are open"
            raise Overloaded(f"no live connection: {why}", retry_after_s=1.0 if self.draining else 5.0)
        connection = Connection(self, Session(limits=self.limits, now_s=self.clock()), rouse)
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
                conflates=False,
                start=self._floor,
                ring_events=self.bounds.named_ring_events,
                ring_bytes=self.bounds.named_ring_bytes,
            )
            room = Room(channel=channel, snapshot=lambda: pattern.snapshot(*parts), named=True)
            self._rooms[name] = room
        self._idle.pop(name, None)
        room.members[connection] = None

    def leave(self, name: str, connection: Connection) -> None:
        """Drop a follower; a channel of a pattern that lost its last is kept while there are few of those."""
        room = self._rooms[name]
        room.members.pop(connection, None)
        room.asleep.pop(connection, None)
        if room.members or not room.named:
            return
        room.encoded = None
        self._idle[name] = None
        while len(self._idle) > self.bounds.idle_channels:
            oldest = next(iter(self._idle))
            self._forget(oldest, self._rooms[oldest])

    def _forget(self, name: str, room: Room) -> None:
        self._floor = max(self._floor, room.channel.offset)
        self._idle.pop(name, None)
        del self._rooms[name]

    def room(self, name: str) -> Room:
        """Return a channel that somebody follows."""
        return self._rooms[name]

    def snapshot(self, room: Room) -> bytes:
        """Return the encoded snapshot at the channel's present offset; whatever its callable raises."""
        now_s = self.clock()
        if room.encoded is not None and now_s - room.encoded[0] < self.bounds.snapshot_s:
            return room.encoded[1]
        body = encode(room.snapshot())
        room.encoded = (now_s, body)
        return body

    # --- what is measured ---------------------------------------------------------------------------------------

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
        """Bytes held for single connections: answers, and frames that a socket has not taken yet."""
        return sum(connection.queue_bytes for connection in self.connections)

    @property
    def ring_bytes(self) -> int:
        """Bytes of all publications kept, each once whoever follows."""
        return sum(room.channel.ring_bytes for room in self._rooms.values())

    @property
    def channels(self) -> int:
        """Channels there are now."""
        return len(self._rooms)
