"""Gives what was published to all who keep up: one frame for each channel, or for those who follow the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from quell.gateway.bounds import Bounds
from quell.gateway.channel import Piece
from quell.gateway.connection import Connection, Cursor, Room
from quell.gateway.counts import Counts
from quell.gateway.frames import Frame


class Flush:
    """Knows which channels have something new."""

    def __init__(self, bounds: Bounds, counts: Counts, *, now: Callable[[], datetime]) -> None:
        self._bounds, self._counts, self._now = bounds, counts, now
        self.dirty: dict[str, Room] = {}
        """Channels with something that those who keep up have not been given."""

    def run(self) -> Iterator[None]:
        """Give each dirty channel's next piece to everyone asleep in it; pause after every few connections."""
        rooms = list(self.dirty.values())
        self.dirty.clear()
        if len(rooms) == 1:
            yield from self._one(rooms[0])
        else:
            yield from self._many(rooms)
        for room in rooms:
            self._gave(room)

    def _one(self, room: Room) -> Iterator[None]:
        """Give out one channel, which is most of what happens under load: nothing is built for a connection."""
        sleepers, room.asleep = room.asleep, {}
        until_pause = self._bounds.slice_connections
        stands, piece = -1, None
        for connection, cursor in sleepers.items():
            if cursor.gone:
                continue
            if cursor.offset != stands or piece is None or piece.offset != room.channel.offset:
                stands = cursor.offset or 0
                piece = self._piece(room, connection, cursor)
                if piece is None:
                    continue
            self._give(connection, piece.frame, ((room, cursor, piece),))
            until_pause -= 1
            if not until_pause:
                until_pause = self._bounds.slice_connections
                yield

    def _many(self, rooms: list[Room]) -> Iterator[None]:
        """Give out several channels in one frame for each connection; those who follow the same share it."""
        owed: dict[Connection, list[tuple[Room, Cursor]]] = {}
        for room in rooms:
            for connection, cursor in room.asleep.items():
                owed.setdefault(connection, []).append((room, cursor))
            room.asleep = {}
        frames: dict[tuple[Piece, ...], Frame] = {}
        for number, (connection, stands) in enumerate(owed.items(), start=1):
            given = [
                (room, cursor, piece)
                for room, cursor in stands
                if not cursor.gone and (piece := self._piece(room, connection, cursor)) is not None
            ]
            if given:
                pieces = tuple(piece for _, _, piece in given)
                frame = frames.get(pieces)
                if frame is None:
                    frame = frames[pieces] = Frame(b"[%b]" % b",".join(piece.body for piece in pieces))
                self._give(connection, frame, given)
            if number % self._bounds.slice_connections == 0:
                yield

    def _piece(self, room: Room, connection: Connection, cursor: Cursor) -> Piece | None:
        """Return what a follower that was asleep is to be given; None where there is nothing, or it has to `take`."""
        channel, offset = room.channel, cursor.offset
        assert offset is not None, "who is asleep was given its snapshot"
        if connection.line.blocked or not channel.reaches(offset):
            connection.owe(channel.name)
            if not connection.line.blocked:
                connection.line.rouse()
            return None
        if offset == channel.offset:
            room.asleep[connection] = cursor
            return None
        return channel.piece(offset, limit_bytes=self._bounds.piece_bytes)

    def _give(self, connection: Connection, frame: Frame, given: Sequence[tuple[Room, Cursor, Piece]]) -> None:
        if connection.line.blocked:
            for room, _, _ in given:
                connection.owe(room.channel.name)
            return
        took_all = connection.line.push(frame)
        for room, cursor, piece in given:
            cursor.offset = piece.offset
            self._counts.deliveries += piece.events
            if not took_all:
                connection.owe(room.channel.name)
                continue
            room.asleep[connection] = cursor
            if piece.offset != room.channel.offset:
                self.dirty[room.channel.name] = room

    def _gave(self, room: Room) -> None:
        """Note how late what was published in a channel is with those who keep up."""
        fresh, room.fresh = room.fresh, []
        now = self._now()
        for at in fresh:
            self._counts.latency_s.add(max(0.0, (now - at).total_seconds()))
