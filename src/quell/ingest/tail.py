"""Tells our own events from those of others when the log comes back to us."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from quell.eventlog.log import Appended, Recorded


class Tail:
    """
    Which positions of the log are folded already.

    Our own events are folded when they are decided, before they have a position; the log delivers them again. While an
    append of ours is under way, an event past the last one acknowledged may be part of it, so it waits until that
    append is answered. Ours are durable in the order in which they were sent, so nothing before that can be.
    """

    def __init__(self, position: int = 0) -> None:
        self._folded = position
        self._acknowledged = position
        self._ours: deque[tuple[int, int]] = deque()
        self._waiting: deque[Recorded] = deque()

    @property
    def position(self) -> int:
        """Everything up to here is folded."""
        return self._folded

    def acknowledged(self, appended: Appended) -> None:
        """Note where an append of ours went."""
        self._acknowledged = appended.last
        if self._ours and self._ours[-1][1] + 1 == appended.first:
            self._ours[-1] = (self._ours[-1][0], appended.last)
        else:
            self._ours.append((appended.first, appended.last))

    def deliver(self, records: Sequence[Recorded]) -> None:
        """Take events from the log; positions rise."""
        known = self._waiting[-1].position if self._waiting else self._folded
        if records and records[0].position > known:
            self._waiting.extend(records)
        else:
            self._waiting.extend(recorded for recorded in records if recorded.position > known)

    def restart(self, position: int) -> None:
        """Begin again: everything up to a position was folded from the log."""
        self._folded = self._acknowledged = position
        self._ours.clear()
        while self._waiting and self._waiting[0].position <= position:
            self._waiting.popleft()

    def others(self, *, under_way: bool) -> Iterator[Recorded]:
        """Yield the delivered events of others that can be told from ours, each once, in order."""
        waiting, ours = self._waiting, self._ours
        while waiting and (not under_way or waiting[0].position <= self._acknowledged):
            position = waiting[0].position
            while ours and ours[0][1] < position:
                ours.popleft()
            if ours and ours[0][0] <= position:
                last = ours[0][1]
                while waiting and waiting[0].position <= last:
                    self._folded = waiting.popleft().position
            else:
                self._folded = position
                yield waiting.popleft()
