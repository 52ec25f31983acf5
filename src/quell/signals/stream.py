"""
Whether the newest value of a series is unusual, told at once and with little memory.

Three distances are asked of each value: to both what came just before it and what came at this time of the day before
(the smaller of the two); and, with the one or two values before it, to the most alike pair or triple so far, which
needs no season. How far is far is learned for each from the series itself: from its few largest so far, and from how
fast they thin out. Their mean counts. After an alarm a series must get worse to raise another, for a while.

Source: the tail of the largest distances after Hill (1975), A Simple General Approach to Inference About the Tail of a
Distribution, used on a stream as in Siffer et al. (2017), Anomaly Detection in Streams with Extreme Value Theory; the
distance to two pasts at once is our own. The nearest earlier shape is the left discord of Yeh et al. (2016), Matrix
Profile I, and Keogh, Lin and Fu (2005), HOT SAX.
"""

from __future__ import annotations

import heapq
import math
import statistics
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from quell.signals.series import Array

LOCAL_POINTS = 12
"""What came just before: the median of so many values."""

SLOT_S = 300.0
"""The day is remembered in slots of at least this length, by lowest and highest value."""

NEARBY_SLOTS = 18
"""Around the same time of the day before, so many slots to each side count: habits are not punctual."""

DAY_S = 86_400.0

YARDSTICK = 40
"""The distance that so many were larger than, or as large, is what others are compared with."""

NARROW, WIDE = 0.2, 0.3
"""
The largest distances are taken to thin out no faster than this (the mean of their logarithms above the yardstick);
a distance below this share of the yardstick is usual.
"""

WARM_POINTS = 50
"""Nothing is said of the first values."""

STEP_GAPS = 16
"""The step of sampling is learned from so many gaps."""

QUIET_POINTS, QUIET_SHARE = 200, 0.03
"""After an alarm, a weaker one is held back for so many points, or this share of all that were seen."""

MOST_HELD = 256

LEAST, MOST = -3.0, 6.0
"""Nearer or further than this makes no difference any more, in units of the tail."""

SHAPES = 4000
"""Pairs and triples are compared with those of so many values before."""

APART = 12
"""A shape is not compared with those that end in the last so many values, itself included."""

_FIRST_ROOM, _MORE_ROOM = 256, 512

_TINY, _HUGE = 1e-12, 1e150
"""Values are cut at the latter: the square of their distance must be a number."""


@dataclass(slots=True)
class _Tail:
    """The largest distances so far of one kind, and how fast they thin out."""

    largest: list[float] = field(default_factory=list)
    """The least of them first (a heap)."""
    spread: float | None = None
    """Mean of their logarithms above the least; None after a change."""

    def rank(self, distance: float) -> float:
        """Return how far a distance lies beyond the yardstick in units of the tail, LEAST to MOST."""
        if distance <= 0 or not self.largest:
            return LEAST
        base = max(self.largest[0], _TINY)
        if distance < WIDE * base:
            return LEAST
        if self.spread is None:
            self.spread = sum(math.log(max(one, base) / base) for one in self.largest) / len(self.largest)
        return min(max(math.log(distance / base) / max(self.spread, NARROW), LEAST), MOST)

    def remember(self, distance: float) -> None:
        """Keep a distance if it is one of the largest."""
        if len(self.largest) < YARDSTICK:
            heapq.heappush(self.largest, distance)
        elif distance > self.largest[0]:
            heapq.heapreplace(self.largest, distance)
        else:
            return
        self.spread = None


@dataclass(slots=True)
class StreamDetector:
    """
    Watches one series; its state is bounded however long the series gets: about 40 kB.

    Times must not fall; a value at an earlier time than the last is taken to come at the last.
    """

    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=LOCAL_POINTS))
    _tails: tuple[_Tail, _Tail, _Tail] = field(default_factory=lambda: (_Tail(), _Tail(), _Tail()))
    _past: Array = field(default_factory=lambda: np.empty(_FIRST_ROOM))
    """The last values, oldest first; grows to what `SHAPES` needs."""
    _filled: int = 0
    _held: deque[tuple[int, float]] = field(default_factory=deque)
    """Scores of late that no later one reached, falling, by the count of points at which they came."""
    _gaps: list[float] = field(default_factory=list)
    _slot_s: float = 0.0
    """0 until the step is known."""
    _low: list[float] = field(default_factory=list)
    _high: list[float] = field(default_factory=list)
    """Lowest and highest value of each slot, in a ring of a day and what is nearby."""
    _slot: int = -1
    """Number of the newest slot, counted from the epoch."""
    _first_slot: int = -1
    _last_s: float = -math.inf
    _seen: int = 0

    def update(self, at_s: float, value: float | None) -> float:
        """
        Take in a value and say how unusual it is.

        Args:
            at_s: Unix seconds.
            value: None, NaN and infinities are not known: they change nothing.

        Returns: in [0, 1): 0.5 is as far out as the yardstick, 0 is usual, held back, or too early to say.
        """
        if value is None or not math.isfinite(value) or not math.isfinite(at_s):
            return 0.0
        at_s = max(at_s, self._last_s)
        value = min(max(value, -_HUGE), _HUGE)
        self._learn_step(at_s)
        self._keep(value)
        distances = (self._distance(at_s, value), *self._unlike())
        beyond = LEAST
        if self._seen >= WARM_POINTS:
            ranks = (tail.rank(one) for tail, one in zip(self._tails, distances, strict=True))
            beyond = sum(ranks) / len(distances)
        for tail, one in zip(self._tails, distances, strict=True):
            tail.remember(one)
        self._remember(at_s, value)
        return self._released(1 / (1 + math.exp(-beyond)) if beyond > LEAST else 0.0)

    def _learn_step(self, at_s: float) -> None:
        if self._slot_s or self._last_s == -math.inf:
            return
        if at_s > self._last_s:
            self._gaps.append(at_s - self._last_s)
        if len(self._gaps) >= STEP_GAPS:
            self._slot_s = max(statistics.median(self._gaps), SLOT_S)
            size = round(DAY_S / self._slot_s) + NEARBY_SLOTS + 1
            self._low, self._high = [math.inf] * size, [-math.inf] * size
            self._gaps = []

    def _distance(self, at_s: float, value: float) -> float:
        """Return the smaller of the distances to what came just before and to the day before; 0 without the former."""
        if len(self._recent) < LOCAL_POINTS:
            return 0.0
        local = abs(value - statistics.median(self._recent))
        if not self._slot_s:
            return local
        day = int(at_s // self._slot_s) - round(DAY_S / self._slot_s)
        if self._first_slot < 0 or day - NEARBY_SLOTS < self._first_slot:
            return local
        low, high = self._range(day)
        if low > high:
            return local
        return min(local, max(low - value, value - high, 0.0))

    def _range(self, day: int) -> tuple[float, float]:
        """Return lowest and highest value around a slot, as far as they are still remembered."""
        size = len(self._low)
        first = max(day - NEARBY_SLOTS, self._slot - size + 1)
        last = min(day + NEARBY_SLOTS, self._slot)
        if first > last:
            return math.inf, -math.inf
        begin, end = first % size, last % size + 1
        if begin < end:
            return min(self._low[begin:end]), max(self._high[begin:end])
        return (
            min(min(self._low[begin:]), min(self._low[:end])),
            max(max(self._high[begin:]), max(self._high[:end])),
        )

    def _keep(self, value: float) -> None:
        if self._filled == self._past.size:
            if self._past.size < SHAPES + _MORE_ROOM:
                grown = np.empty(min(2 * self._past.size, SHAPES + _MORE_ROOM))
                grown[: self._filled] = self._past
                self._past = grown
            else:
                self._past[:SHAPES] = self._past[-SHAPES:]
                self._filled = SHAPES
        self._past[self._filled] = value
        self._filled += 1

    def _unlike(self) -> tuple[float, float]:
        """Return the distance of the last two, and the last three, values to the nearest earlier ones; 0 without."""
        end = self._filled - APART
        begin = max(2, end - SHAPES)
        if end <= begin:
            return 0.0, 0.0
        past, last = self._past, self._filled - 1
        square = past[begin:end] - past[last]
        square *= square
        for back in (1, 2):
            more = past[begin - back : end - back] - past[last - back]
            more *= more
            square += more
            if back == 1:
                pair = float(square.min())
        return math.sqrt(pair), math.sqrt(float(square.min()))

    def _remember(self, at_s: float, value: float) -> None:
        self._recent.append(value)
        self._last_s = at_s
        self._seen += 1
        if self._slot_s:
            self._into_slot(int(at_s // self._slot_s), value)

    def _into_slot(self, slot: int, value: float) -> None:
        size = len(self._low)
        if self._first_slot < 0:
            self._first_slot = self._slot = slot
        if slot - self._slot >= size:
            self._low, self._high = [math.inf] * size, [-math.inf] * size
            self._slot = self._first_slot = slot
        while self._slot < slot:
            self._slot += 1
            self._low[self._slot % size], self._high[self._slot % size] = math.inf, -math.inf
        place = slot % size
        self._low[place] = min(self._low[place], value)
        self._high[place] = max(self._high[place], value)

    def _released(self, raw: float) -> float:
        """Return a score unless one as high came a short while ago."""
        quiet = max(QUIET_POINTS, int(QUIET_SHARE * self._seen))
        while self._held and self._held[0][0] < self._seen - quiet:
            self._held.popleft()
        highest = self._held[0][1] if self._held else 0.0
        while self._held and self._held[-1][1] <= raw:
            self._held.pop()
        if raw > 0 and len(self._held) < MOST_HELD:
            self._held.append((self._seen, raw))
        return raw if raw > highest else 0.0
