"""Reads the Prometheus text format, quickly for a target that says the same lines again and again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]

NAME_CHARS = 200
LABEL_CHARS = 1_000

_SAMPLE = re.compile(
    r"\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(?P<labels>(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?"
    r"\s+(?P<value>[^\s#]+)(?:\s+(?P<time>-?[0-9.]+(?:[eE][+-]?[0-9]+)?))?\s*(?:#.*)?$"
)
_LABEL = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*\"((?:[^\"\\]|\\.)*)\"\s*(?:,|$)")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What names a series: labels are sorted by name."""

    name: str
    labels: Labels = ()


@dataclass(slots=True)
class Reading:
    """What one scrape gave."""

    values: dict[int, float] = field(default_factory=dict)
    """Value by column; NaN where the target sent no usable number."""
    malformed: int = 0
    duplicates: int = 0
    not_numbers: int = 0
    dropped: int = 0
    """Samples of series beyond the cap."""
    stamp_s: float | None = None
    """The newest timestamp in the text, Unix seconds; not used as the time of anything."""


class Reader:
    """
    Turns the texts of one target into columns and values.

    A line is split at its last blank; its left part is looked up among the lines seen before, so that only new
    series are parsed in full. Columns of series not seen for long are given to new ones when all are taken.
    """

    def __init__(self, *, max_series: int) -> None:
        self.max_series = max_series
        self.kinds: dict[str, str] = {}
        """Type by metric name, as far as the target said it."""
        self.series: list[SeriesKey] = []
        """By column."""
        self._columns: dict[SeriesKey, int] = {}
        self._lines: dict[str, int] = {}
        self._comments: set[str] = set()
        self._last_seen: list[float] = []

    def read(self, text: str, *, at: float) -> Reading:
        """Read one text. `at` is our own clock, Unix seconds."""
        reading = Reading()
        known, values = self._lines.get, reading.values
        for line in text.split("\n"):
            head, _, tail = line.rpartition(" ")
            column = known(head)
            if column is None:
                self._unfamiliar(line, reading, at)
                continue
            try:
                value = float(tail)
            except ValueError:
                reading.malformed += 1
                continue
            self._put(column, value, reading)
        for column in values:
            self._last_seen[column] = at
        return reading

    def restore(self, series: Sequence[SeriesKey], kinds: Mapping[str, str], *, at: float) -> None:
        """Begin with the columns of an earlier life, as if they had last been seen at `at`."""
        self.series = list(series[: self.max_series])
        self.kinds = dict(kinds)
        self._columns = {key: column for column, key in enumerate(self.series) if key.name}
        self._last_seen = [at if key.name else math.inf for key in self.series]

    def forget(self, unseen_since: float) -> list[int]:
        """Free the columns of series not seen since then and return them."""
        stale = {c for c, seen in enumerate(self._last_seen) if seen < unseen_since}
        self._columns = {key: c for key, c in self._columns.items() if c not in stale}
        self._lines = {line: c for line, c in self._lines.items() if c not in stale}
        for column in stale:
            self.series[column] = SeriesKey("")
            self._last_seen[column] = math.inf
        return sorted(stale)

    def _put(self, column: int, value: float, reading: Reading) -> None:
        if column in reading.values:
            reading.duplicates += 1
            return
        if not math.isfinite(value):
            reading.not_numbers += 1
            value = math.nan
        reading.values[column] = value

    def _unfamiliar(self, line: str, reading: Reading, at: float) -> None:
        """Read a line that was not seen before: a comment, a new series, or something else."""
        if not line or line in self._comments or not (line := line.strip()):
            return
        if line.startswith("#"):
            self._comment(line)
            return
        found = _SAMPLE.match(line)
        labels = _labels(found["labels"] or "") if found else None
        if found is None or labels is None or len(found["name"]) > NAME_CHARS:
            reading.malformed += 1
            return
        try:
            value = float(found["value"])
        except ValueError:
            reading.malformed += 1
            return
        if found["time"]:
            stamp = _seconds(float(found["time"]), at)
            reading.stamp_s = stamp if reading.stamp_s is None else max(reading.stamp_s, stamp)
        column = self._column(SeriesKey(found["name"], labels), at)
        if column is None:
            reading.dropped += 1
            return
        if not found["time"] and len(self._lines) < 4 * self.max_series:
            self._lines[line.rpartition(" ")[0]] = column
        self._put(column, value, reading)

    def _comment(self, line: str) -> None:
        words = line.split(None, 3)
        if len(words) == 4 and words[1] == "TYPE" and len(self.kinds) < self.max_series:
            self.kinds[words[2]] = words[3]
        if len(self._comments) < 4 * self.max_series:
            self._comments.add(line)

    def _column(self, key: SeriesKey, at: float) -> int | None:
        column = self._columns.get(key)
        if column is not None:
            return column
        free = next((c for c, k in enumerate(self.series) if not k.name), None) if self._has_free() else None
        if free is None:
            if len(self.series) >= self.max_series:
                return None
            free = len(self.series)
            self.series.append(key)
            self._last_seen.append(at)
        self.series[free] = key
        self._last_seen[free] = at
        self._columns[key] = free
        return free

    def _has_free(self) -> bool:
        return len(self._columns) < len(self.series)


def _labels(text: str) -> Labels | None:
    """Return the labels, or None when they cannot be read."""
    labels: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _LABEL.match(text, at)
        if found is None:
            return None if text[at:].strip() else tuple(sorted(labels.items()))
        value = found[2]
        if "\\" in value:
            value = _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], value)
        labels[found[1]] = value[:LABEL_CHARS]
        at = found.end()
    return tuple(sorted(labels.items()))


def _seconds(stamp: float, at: float) -> float:
    """Return a timestamp as Unix seconds, whether it was milliseconds (text format) or seconds (OpenMetrics)."""
    return stamp / 1000 if abs(stamp) > 100 * max(at, 1.0) else stamp
