"""What the live channel counts of itself."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from dataclasses import dataclass, field

FLUSH_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
LATENCY_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Histogram:
    """Seconds, counted by upper bounds that include their value."""

    __slots__ = ("bounds_s", "counts", "sum_s")

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        """Count from nothing; `bounds_s` rise."""
        self.bounds_s = bounds_s
        self.counts = [0] * (len(bounds_s) + 1)
        """The last one is over every bound."""
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.counts)


class Rate:
    """How often something happened per second, lately."""

    __slots__ = ("_over_s", "_seen")

    def __init__(self, over_s: float = 10.0) -> None:
        """Look back `over_s` seconds."""
        self._over_s = over_s
        self._seen: deque[tuple[float, int]] = deque()

    def per_s(self, total: int, now_s: float) -> float | None:
        """Take in a total that only rises; return its rise per second, None until there is an earlier look."""
        seen = self._seen
        seen.append((now_s, total))
        while len(seen) > 2 and seen[1][0] <= now_s - self._over_s:
            seen.popleft()
        then_s, then = seen[0]
        return (total - then) / (now_s - then_s) if now_s > then_s else None


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
    blocked: int = 0
    """Times that a socket did not take all it was given."""
    closes: Counter[int] = field(default_factory=Counter)
    """Connections the server ended, by close code."""
    flush_s: Histogram = field(default_factory=lambda: Histogram(FLUSH_BOUNDS_S))
    """How long a flush took, over all who keep up."""
    latency_s: Histogram = field(default_factory=lambda: Histogram(LATENCY_BOUNDS_S))
    """From the time of an event to when the kernel had it for all who keep up."""
