"""Which positions and offsets a batch of appends gets, decided before anything is written."""

from __future__ import annotations

from quell.errors import WrongOffset
from quell.eventlog.append import Append
from quell.eventlog.checksum import checksum_of
from quell.eventlog.log import Appended, Recorded


class Plan:
    """
    One transaction in the making.

    Every append is decided on its own: one that finds its stream elsewhere adds nothing and stops nobody.
    """

    def __init__(self, *, head: int, lengths: dict[str, int], known: dict[str, tuple[int, int]]) -> None:
        """
        Begin at a durable state.

        Args:
            lengths: events in each stream that the appends name.
            known: (first, last) position by idempotency key, of those keys that were used before.
        """
        self.head = head
        self.lengths = lengths
        self.values: list[int | str | bytes | None] = []
        """Nine for each event: position, stream, offset, at in µs, type, body, key, events of the append, checksum."""
        self.recorded: list[Recorded] = []
        self.sizes: list[int] = []
        """Encoded bytes of each of `recorded`."""
        self._known = known

    def add(self, append: Append) -> Appended | WrongOffset:
        """Give the append its positions, or say why it gets none."""
        if append.key is not None and (span := self._known.get(append.key)):
            return Appended(first=span[0], last=span[1], fresh=False)
        if refusal := self._refusal(append):
            return refusal
        first = self.head + 1
        self._place(append)
        if append.key is not None:
            self._known[append.key] = (first, self.head)
        return Appended(first=first, last=self.head, fresh=True)

    def _refusal(self, append: Append) -> WrongOffset | None:
        ahead: dict[str, int] = {}
        for part in append.parts:
            length = self.lengths[part.stream] + ahead.get(part.stream, 0)
            if part.expected_offset is not None and part.expected_offset != length:
                return WrongOffset(f"stream {part.stream!r} is at offset {length}, not at {part.expected_offset}")
            ahead[part.stream] = ahead.get(part.stream, 0) + len(part.events)
        return None

    def _place(self, append: Append) -> None:
        position, key = self.head, append.key
        count: int | None = append.events
        for part in append.parts:
            stream, offset = part.stream, self.lengths[part.stream]
            for name, body, event in part.events:
                position += 1
                offset += 1
                row = (position, stream, offset, append.at_us, name, body, key, count)
                self.values += (*row, checksum_of(row))
                self.recorded.append(
                    Recorded(position=position, stream=stream, offset=offset, at=append.at, event=event)
                )
                self.sizes.append(len(body))
                key = count = None  # only the first row of an append carries them
            self.lengths[stream] = offset
        self.head = position
