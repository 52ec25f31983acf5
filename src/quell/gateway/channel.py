"""A channel: a ring of publications, each encoded once; whoever follows it is an offset in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quell.gateway.frames import Frame
from quell.gateway.protocol import EventMessage, encode

_HEAD = b'{"type":"event",'
_TRIM = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """An event as it goes over the wire."""

    offset: int
    after: int
    """The offset before it in its channel."""
    key: str | None
    urgent: bool
    at: datetime
    encoded: bytes
    total_bytes: int
    """Bytes published on the channel up to and with this one."""

    def following(self, after: int) -> bytes:
        """Return it for a follower who stands at `after`, and not where it usually follows."""
        if after == self.after:
            return self.encoded
        body = self.encoded[len(_HEAD) :]
        if body.startswith(b'"after":'):
            body = body[body.index(b",") + 1 :]
        return b"%b%b" % (_HEAD, body) if after == self.offset - 1 else b'%b"after":%d,%b' % (_HEAD, after, body)


@dataclass(slots=True, kw_only=True, eq=False)
class Piece:
    """A stretch of a channel for one follower, or for all who stand at the same offset."""

    body: bytes
    """Encoded events with commas between, empty when there are none."""
    offset: int
    """Where the follower stands once it has them."""
    events: int
    left_out: int
    """Events overtaken by a newer one of their key."""
    _frame: Frame | None = None

    @property
    def frame(self) -> Frame:
        """Return it as a message of its own, made once."""
        if self._frame is None:
            self._frame = Frame(b"[%b]" % self.body)
        return self._frame


class Channel:
    """
    Publications with offsets that rise, of which the newest are kept, bounded in number and bytes.

    The newest publication always stays, however large. A conflating channel is state: of several publications with
    one key a follower who is far behind needs only the last, urgent ones excepted.
    """

    __slots__ = ("_bound_bytes", "_bound_events", "_gone", "_newest", "_offsets", "_pieces", "_ring", "conflates",
                 "epoch", "floor", "name", "offset", "total_bytes")  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        epoch: str,
        conflates: bool,
        start: int = 0,
        ring_events: int = 1024,
        ring_bytes: int = 1_048_576,
    ) -> None:
        """
        Begin a channel.

        Args:
            epoch: what its offsets are counted in; offsets of another epoch mean nothing here.
            start: the offset before its first publication.
        """
        self.name, self.epoch = name, epoch
        self.conflates = conflates
        self.offset = start
        """Of the newest publication."""
        self.floor = start
        """Everything after this offset is kept."""
        self.total_bytes = 0
        self._ring: list[Publication] = []
        self._offsets: list[int] = []
        self._gone = 0
        """Where the ring begins in these two lists; what is before was let go of."""
        self._newest: dict[str, int] = {}
        self._bound_events = ring_events
        self._bound_bytes = ring_bytes
        self._pieces: dict[tuple[int, int], Piece] = {}

    def __len__(self) -> int:
        return len(self._ring) - self._gone

    @property
    def ring_bytes(self) -> int:
        """Bytes of the publications kept."""
        return self.pending_bytes(self.floor)

    def publish(
        self,
        kind: str,
        data: Any,
        *,
        at: datetime,
        key: str | None = None,
        urgent: bool = False,
        offset: int | None = None,
    ) -> Publication:
        """
        Encode an event, keep it, and let go of what is over the bounds.

        Args:
            offset: past every earlier one; the next number without.
        """
        after = self.offset
        offset = after + 1 if offset is None else offset
        if offset <= after:
            raise ValueError(f"offset {offset} on {self.name} comes after {after}")
        gap = after if offset != after + 1 else None
        message = EventMessage(channel=self.name, after=gap, offset=offset, key=key, kind=kind, ts=at, data=data)
        encoded = encode(message)
        self.total_bytes += len(encoded)
        publication = Publication(
            offset=offset, after=after, key=key, urgent=urgent, at=at, encoded=encoded, total_bytes=self.total_bytes
        )
        self.offset = offset
        self._ring.append(publication)
        self._offsets.append(offset)
        if self.conflates and key is not None:
            self._newest[key] = offset
        self._pieces.clear()
        while len(self) > 1 and (len(self) > self._bound_events or self.ring_bytes > self._bound_bytes):
            self._drop_oldest()
        return publication

    def _drop_oldest(self) -> None:
        oldest = self._ring[self._gone]
        self.floor = oldest.offset
        self._gone += 1
        if oldest.key is not None and self._newest.get(oldest.key) == oldest.offset:
            del self._newest[oldest.key]
        if self._gone >= _TRIM and self._gone * 2 > len(self._ring):
            del self._ring[: self._gone], self._offsets[: self._gone]
            self._gone = 0

    def reaches(self, offset: int) -> bool:
        """Whether everything after `offset` is still here."""
        return self.floor <= offset <= self.offset

    def behind(self, offset: int) -> int:
        """Return how many of the events kept come after `offset`."""
        return len(self._ring) - self._place(offset)

    def _place(self, after: int) -> int:
        return bisect_right(self._offsets, after, lo=self._gone)

    def pending_bytes(self, offset: int) -> int:
        """Bytes after `offset`, as far as they are still here."""
        place = self._place(offset)
        if place == len(self._ring):
            return 0
        following = self._ring[place]
        return self.total_bytes - following.total_bytes + len(following.encoded)

    def since(self, offset: int) -> list[Publication]:
        """Return what comes after `offset`, as far as it is still here."""
        return self._ring[self._place(offset) :]

    def piece(self, after: int, *, limit_bytes: int, conflate: bool = False) -> Piece:
        """
        Return what follows offset `after`, which the ring must reach: about `limit_bytes`, at least one event if any.

        With `conflate` an event whose key was published again is left out; one that comes after a gap then says so in
        its `after`, the offset that the follower had before.
        """
        if conflate and self.conflates:
            return self._conflated(after, limit_bytes)
        # Many followers ask for the same piece, in one flush and when all come back at once.
        piece = self._pieces.get((after, limit_bytes))
        if piece is None:
            piece = self._pieces[after, limit_bytes] = self._exact(after, limit_bytes)
            if len(self._pieces) > 32:
                del self._pieces[next(iter(self._pieces))]
        return piece

    def _exact(self, after: int, limit_bytes: int) -> Piece:
        parts: list[bytes] = []
        size, offset = 0, after
        for publication in self._ring[self._place(after) :]:
            if parts and size >= limit_bytes:
                break
            parts.append(publication.encoded if parts else publication.following(after))
            size += len(parts[-1])
            offset = publication.offset
        return Piece(body=b",".join(parts), offset=offset, events=len(parts), left_out=0)

    def _conflated(self, after: int, limit_bytes: int) -> Piece:
        parts: list[bytes] = []
        size, seen, left_out, waiting = 0, after, 0, 0
        for publication in self._ring[self._place(after) :]:
            if self._overtaken(publication):
                waiting += 1
                continue
            if parts and size >= limit_bytes:
                break
            left_out, waiting = left_out + waiting, 0
            parts.append(publication.following(seen))
            size += len(parts[-1])
            seen = publication.offset
        return Piece(body=b",".join(parts), offset=seen, events=len(parts), left_out=left_out)

    def _overtaken(self, publication: Publication) -> bool:
        if publication.urgent or publication.key is None:
            return False
        return self._newest.get(publication.key, publication.offset) != publication.offset
