"""The last stretch of a target's values, in memory that does not grow past a bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FIRST_COLUMNS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A copy of part of a ring, oldest row first."""

    times: Array
    """(n,) Unix seconds, rising."""
    up: NDArray[np.bool_]
    """(n,) whether the target answered."""
    values: Array
    """(n, columns); NaN where the target gave nothing usable."""
    notes: NDArray[np.int32]
    """(n, notes) what looked wrong, counted."""


class Ring:
    """The newest rows of values, one row a scrape; the oldest row gives way to a new one."""

    def __init__(self, *, rows: int, most_columns: int, notes: int) -> None:
        self.rows, self.most_columns = rows, most_columns
        self._times = np.zeros(rows)
        self._up = np.zeros(rows, dtype=bool)
        self._notes = np.zeros((rows, notes), dtype=np.int32)
        self._values = np.full((rows, min(FIRST_COLUMNS, most_columns)), np.nan)
        self._written = 0

    @property
    def held_bytes(self) -> int:
        """Memory taken now."""
        return self._times.nbytes + self._up.nbytes + self._notes.nbytes + self._values.nbytes

    @property
    def bound_bytes(self) -> int:
        """Memory never exceeded."""
        per_row = self._times.itemsize + self._up.itemsize + self._notes.itemsize * self._notes.shape[1]
        return self.rows * (per_row + self.most_columns * self._values.itemsize)

    @property
    def written(self) -> int:
        """Rows written since the start, including those that have given way."""
        return self._written

    def oldest(self) -> float | None:
        """Return the time of the oldest row, Unix seconds."""
        if not self._written:
            return None
        return float(self._times[self._written % self.rows if self._written >= self.rows else 0])

    def newest(self) -> float | None:
        """Return the time of the newest row, Unix seconds."""
        return float(self._times[(self._written - 1) % self.rows]) if self._written else None

    def append(self, at: float, values: Mapping[int, float] | None, notes: tuple[int, ...]) -> float:
        """
        Write a row.

        A clock that was set back takes the older rows with it, so that times always rise and ages stay right.

        Args:
            values: by column; None when the target did not answer.

        Returns: the seconds by which older rows were moved, 0 as a rule.
        """
        newest = self.newest()
        moved = 0.0
        if newest is not None and at <= newest:
            moved = newest - at + self._newest_step()
            self._times -= moved
        row = self._written % self.rows
        self._times[row], self._up[row], self._notes[row] = at, values is not None, notes
        self._values[row] = np.nan
        if values:
            columns = np.fromiter(values.keys(), dtype=np.int64, count=len(values))
            self._widen(int(columns.max()) + 1)
            self._values[row, columns] = np.fromiter(values.values(), dtype=np.float64, count=len(values))
        self._written += 1
        return moved

    def restore(self, stretch: Stretch) -> None:
        """Begin with rows of an earlier life, at most as many as fit; the ring must be empty."""
        count, columns = min(stretch.times.size, self.rows), min(stretch.values.shape[1], self.most_columns)
        if not count or self._written:
            return
        self._widen(columns)
        self._times[:count], self._up[:count] = stretch.times[-count:], stretch.up[-count:]
        self._values[:count, :columns] = stretch.values[-count:, :columns]
        self._notes[:count] = stretch.notes[-count:]
        self._written = count

    def clear_columns(self, columns: list[int]) -> None:
        """Forget the values of columns that are about to mean something else."""
        self._values[:, [c for c in columns if c < self._values.shape[1]]] = np.nan

    def between(self, start: float, end: float) -> Stretch:
        """Return a copy of the rows with `start` <= time < `end`."""
        count = min(self._written, self.rows)
        order = np.arange(self._written - count, self._written) % self.rows
        times = self._times[order]
        keep = order[(times >= start) & (times < end)]
        return Stretch(times=self._times[keep], up=self._up[keep], values=self._values[keep], notes=self._notes[keep])

    def _newest_step(self) -> float:
        """Return the seconds between the two newest rows, a little when there is one only."""
        if self._written < 2:
            return 1e-3
        return float(self._times[(self._written - 1) % self.rows] - self._times[(self._written - 2) % self.rows])

    def _widen(self, columns: int) -> None:
        have = self._values.shape[1]
        if columns <= have:
            return
        wider = np.full((self.rows, min(max(columns, 2 * have), self.most_columns)), np.nan)
        wider[:, :have] = self._values
        self._values = wider
