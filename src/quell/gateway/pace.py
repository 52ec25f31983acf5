"""When the next flush is to be: at once while there is time to spare, a little later under load."""

from __future__ import annotations

BUSY = 0.95
"""Share of the time spent flushing below which nothing waits."""
REMEMBERED = 0.8
"""Weight of the past in that share, at each flush."""


class Pace:
    """
    A flush costs nearly the same for one event as for fifty. So under load it pays to let events gather: from half load
    on a flush waits, at full load for as long as a flush takes.
    """

    __slots__ = ("_began_s", "_ended_s", "load", "took_s")

    def __init__(self) -> None:
        """Begin idle."""
        self.load = 0.0
        """Share of the time lately spent flushing, 0 to 1."""
        self.took_s = 0.0
        """Of the last flush, on this thread."""
        self._began_s: float | None = None
        self._ended_s = 0.0

    def flushed(self, began_s: float, ended_s: float, busy_s: float) -> None:
        """Take in a flush: when it began and ended, and how much of that was its own work."""
        if self._began_s is not None:
            round_s = max(began_s - self._began_s, self.took_s, 1e-9)
            share = min(1.0, self.took_s / round_s)
            # A long pause weighs as much as the many flushes that could have been in it.
            kept = REMEMBERED ** max(1.0, round_s / max(self.took_s, 1e-4))
            self.load = kept * self.load + (1 - kept) * share
        self._began_s, self._ended_s, self.took_s = began_s, ended_s, busy_s

    def wait_s(self, now_s: float) -> float:
        """Return how long to let events gather before the next flush."""
        over = (self.load - BUSY) / (1 - BUSY)
        if over <= 0:
            return 0.0
        return max(0.0, self._ended_s + over * self.took_s - now_s)
