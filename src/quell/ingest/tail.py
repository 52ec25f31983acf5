"""Tells our own events from those of others when the log comes back to us."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

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

    def deliver(self, recorded: Recorded) -> None:
        """Take an event from the log; positions rise."""
        if recorded.position > self._folded and (not self._waiting or recorded.position > self._waiting[-1].position):
            self._waiting.append(recorded)

    def restart(self, position: int) -> None:
        """Begin again: everything up to a position was folded from the log."""
        self._folded = self._acknowledged = position
        self._ours.clear()
        while self._waiting and self._waiting[0].position <= position:
            self._waiting.popleft()

    def others(self, *, under_way: bool) -> Iterator[Recorded]:
        """Yield the delivered events of others that can be told from ours, each once, in order."""
        while self._waiting and (not under_way or self._waiting[0].position <= self._acknowledged):
            recorded = self._waiting.popleft()
            self._folded = recorded.position
            while self._ours and self._ours[0][1] < recorded.position:
                self._ours.popleft()
            if not (self._ours and self._ours[0][0] <= recorded.position):
                yield recorded
