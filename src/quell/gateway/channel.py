"""A channel: a ring of publications, each encoded once; whoever follows it is an offset in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quell.gateway.protocol import EventMessage, encode

_HEAD = b'{"type":"event",'


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """An event as it goes over the wire."""

    offset: int
    key: str | None
    urgent: bool
    encoded: bytes
    total_bytes: int
    """Bytes published on the channel up to and with this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a channel for one follower."""

    body: bytes
    """Encoded events with commas between, empty when there are none."""
    offset: int
    """Where the follower stands once it has them."""
    events: int
    left_out: int
    """Events overtaken by a newer one of their key."""


class Channel:
    """
    Publications with offsets that rise by one, of which the newest are kept, bounded in number and bytes.

    The newest publication always stays, however large. A conflating channel is state: of several publications with
    one key a follower who is far behind needs only the last, urgent ones excepted.
    """

    __slots__ = ("_bound_bytes", "_bound_events", "_joined", "_newest", "_ring", "conflates", "first", "name", "offset",
                 "total_bytes")  # fmt: skip

    def __init__(
        self, name: str, *, conflates: bool, start: int = 0, ring_events: int = 1024, ring_bytes: int = 1_048_576
    ) -> None:
        self.name = name
        self.conflates = conflates
        self.offset = start
        """Of the newest publication."""
        self.first = start + 1
        """Of the oldest one kept; `offset + 1` when there is none."""
        self.total_bytes = 0
        self._ring: dict[int, Publication] = {}
        self._newest: dict[str, int] = {}
        self._bound_events = ring_events
        self._bound_bytes = ring_bytes
        self._joined: tuple[int, Piece] | None = None

    @property
    def ring_bytes(self) -> int:
        """Bytes of the publications kept."""
        return self.pending_bytes(self.first - 1)

    def publish(
        self, kind: str, data: Any, *, at: datetime, key: str | None = None, urgent: bool = False
    ) -> Publication:
        """Encode an event, keep it, and let go of what is over the bounds."""
        offset = self.offset + 1
        message = EventMessage(channel=self.name, offset=offset, key=key, kind=kind, ts=at, data=data)
        encoded = encode(message)
        self.total_bytes += len(encoded)
        publication = Publication(offset=offset, key=key, urgent=urgent, encoded=encoded, total_bytes=self.total_bytes)
        self.offset = offset
        self._ring[offset] = publication
        if self.conflates and key is not None:
            self._newest[key] = offset
        self._joined = None
        while self.offset > self.first and (
            len(self._ring) > self._bound_events or self.ring_bytes > self._bound_bytes
        ):
            self._drop_oldest()
        return publication

    def _drop_oldest(self) -> None:
        oldest = self._ring.pop(self.first)
        self.first += 1
        if oldest.key is not None and self._newest.get(oldest.key) == oldest.offset:
            del self._newest[oldest.key]

    def reaches(self, offset: int) -> bool:
        """Whether everything after `offset` is still here."""
        return self.first - 1 <= offset <= self.offset

    def pending_bytes(self, offset: int) -> int:
        """Bytes after `offset`, as far as they are still here."""
        following = self._ring.get(max(offset + 1, self.first))
        return 0 if following is None else self.total_bytes - following.total_bytes + len(following.encoded)

    def piece(self, after: int, *, limit_bytes: int, conflate: bool = False) -> Piece:
        """
        Return what follows offset `after`, which the ring must reach: about `limit_bytes`, at least one event if any.

        With `conflate` an event whose key was published again is left out; one that comes after a gap then says so in
        its `after`, the offset that the follower had before.
        """
        if conflate and self.conflates:
            return self._conflated(after, limit_bytes)
        if self._joined is not None and self._joined[0] == after:
            return self._joined[1]
        piece = self._exact(after, limit_bytes)
        if piece.offset == self.offset:
            self._joined = (after, piece)
        return piece

    def _exact(self, after: int, limit_bytes: int) -> Piece:
        parts: list[bytes] = []
        size, offset = 0, after
        while offset < self.offset and (not parts or size < limit_bytes):
            offset += 1
            parts.append(self._ring[offset].encoded)
            size += len(parts[-1])
        return Piece(body=b",".join(parts), offset=offset, events=len(parts), left_out=0)

    def _conflated(self, after: int, limit_bytes: int) -> Piece:
        parts: list[bytes] = []
        size, seen, left_out = 0, after, 0
        for offset in range(after + 1, self.offset + 1):
            publication = self._ring[offset]
            if self._overtaken(publication):
                left_out += 1
                continue
            if parts and size >= limit_bytes:
                left_out -= offset - 1 - seen
                break
            told = publication.encoded
            if offset != seen + 1:
                told = b'%b"after":%d,%b' % (_HEAD, seen, told[len(_HEAD) :])
            parts.append(told)
            size += len(told)
            seen = offset
        return Piece(body=b",".join(parts), offset=seen, events=len(parts), left_out=left_out)

    def _overtaken(self, publication: Publication) -> bool:
        if publication.urgent or publication.key is None:
            return False
        return self._newest.get(publication.key, publication.offset) != publication.offset
