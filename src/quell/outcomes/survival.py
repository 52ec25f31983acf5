"""
How long incidents last when some of them are not over yet.

An open incident is right-censored: it lasts at least as long as it has lasted. Leaving it out would make
every figure too good, because the open ones are the long ones. All figures are computed from a `LifeTable`: distinct
times, how many incidents ended at each and how many were still open at it. A list of durations and a
merged sketch of a million of them both become one.
Sources: Kaplan and Meier (1958); Greenwood (1926); Andersen, Borgan, Gill and Keiding (1993), Statistical
Models Based on Counting Processes, IV.3 (mean up to a bound, influence of one observation).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHORTEST_OPEN_S = 1e-3
"""An incident that opened this instant says nothing yet, but has no logarithm at zero."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Durations:
    """
    Durations of incidents, in seconds, sorted.

    Raises: ValueError: a duration that is not a finite positive number (an open one may be zero).
    """

    ended_s: Array
    """(n,) of incidents that ended."""
    open_s: Array
    """(m,) how long those still open have lasted; they last at least so long."""

    def __post_init__(self) -> None:
        ended, still = np.sort(np.asarray(self.ended_s, float)), np.sort(np.asarray(self.open_s, float))
        if ended.size and not (np.isfinite(ended).all() and ended[0] > 0):
            raise ValueError("durations are finite numbers of seconds above zero")
        if still.size and not (np.isfinite(still).all() and still[0] >= 0):
            raise ValueError("the ages of open incidents are finite numbers of seconds, not below zero")
        object.__setattr__(self, "ended_s", ended)
        object.__setattr__(self, "open_s", np.maximum(still, SHORTEST_OPEN_S))

    @classmethod
    def of(cls, ended_s: Iterable[float], open_s: Iterable[float] = ()) -> Durations:
        """Take them in any order."""
        return cls(ended_s=np.fromiter(ended_s, float), open_s=np.fromiter(open_s, float))

    def table(self) -> LifeTable:
        """Return the life table of these times."""
        at_s, place = np.unique(np.concatenate([self.ended_s, self.open_s]), return_inverse=True)
        ended = np.bincount(place[: self.ended_s.size], minlength=at_s.size)
        still = np.bincount(place[self.ended_s.size :], minlength=at_s.size)
        return LifeTable(at_s=at_s, ended=ended.astype(float), open=still.astype(float))


def pooled(parts: Iterable[Durations]) -> Durations:
    """Forget which part each one belongs to."""
    parts = tuple(parts)
    nothing = np.zeros(0)
    return Durations(
        ended_s=np.concatenate([nothing, *(part.ended_s for part in parts)]),
        open_s=np.concatenate([nothing, *(part.open_s for part in parts)]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LifeTable:
    """Counts at distinct times; at a tie the ended ones come first, as is usual."""

    at_s: Array
    """(k,) seconds, rising, above zero."""
    ended: Array
    """(k,) how many ended then."""
    open: Array
    """(k,) how many had lasted so long and were open."""

    @property
    def n_ended(self) -> int:
        """Return how many ended."""
        return round(float(self.ended.sum()))

    @property
    def n_open(self) -> int:
        """Return how many are open still."""
        return round(float(self.open.sum()))

    def at_risk(self) -> Array:
        """How many lasted at least so long, at each time."""
        both = self.ended + self.open
        return np.asarray(np.cumsum(both[::-1])[::-1])

    def survival(self) -> Array:
        """Kaplan-Meier: the share that lasts longer than each time."""
        return np.asarray(np.cumprod(1.0 - self.ended / self.at_risk()))

    def greenwood(self) -> Array:
        """Variance of `survival` at each time; zero once nothing is left."""
        risk = self.at_risk()
        rest = risk - self.ended
        terms = np.divide(self.ended, risk * rest, out=np.zeros_like(risk), where=rest > 0)
        return np.asarray(self.survival() ** 2 * np.cumsum(terms))

    def capped(self, cap_s: float) -> LifeTable:
        """Count what lasted to the cap or beyond as ended at the cap: that much is known of the open ones too."""
        below = self.at_s < cap_s
        beyond = float(self.ended[~below].sum() + self.open[~below].sum())
        if beyond == 0:
            return self
        return LifeTable(
            at_s=np.append(self.at_s[below], cap_s),
            ended=np.append(self.ended[below], beyond),
            open=np.append(self.open[below], 0.0),
        )


def together(tables: Iterable[LifeTable]) -> LifeTable:
    """One table of all of them."""
    parts = tuple(tables)
    nothing = np.zeros(0)

    def joined(name: str) -> Array:
        return np.concatenate([nothing, *(getattr(part, name) for part in parts)])

    at_s, place = np.unique(joined("at_s"), return_inverse=True)
    ended, still = (np.bincount(place, joined(name), at_s.size) for name in ("ended", "open"))
    return LifeTable(at_s=at_s, ended=np.asarray(ended, np.float64), open=np.asarray(still, np.float64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What an interval for a mean needs to know of a sample."""

    n: int
    """Incidents that ended."""
    mean: float
    error: float
    """Standard error of the mean."""
    skewness: float
    """Of one observation's influence on the mean; of the observations themselves when none is open."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Influence:
    """A mean, and how much each observation moves it."""

    mean: float
    ended: Array
    """(k,) influence of one that ended at each time of the table."""
    open: Array
    """(k,) influence of one that was open at it."""


def influence(table: LifeTable, value: Array, beyond: float) -> Influence:
    """
    Kaplan-Meier mean of a rising function of the duration.

    Args:
        value: (k,) the function at each time of the table: min(t, cap), or log t.
        beyond: how much more the function is expected to rise after the last time, when the longest incident is open.

    Returns: with none open the influences are the deviations from the mean, exactly.
    """
    risk, survival = table.at_risk(), table.survival()
    rise = np.diff(value, append=value[-1])
    rise[-1] = beyond if survival[-1] > 0 else 0.0
    steps = survival * rise
    right = np.cumsum(steps[::-1])[::-1]
    rest = risk - table.ended
    left = rest > 0
    jump = np.divide(right, rest, out=np.zeros_like(risk), where=left)
    hazard = np.cumsum(np.divide(right * table.ended, risk * rest, out=np.zeros_like(risk), where=left))
    total = float(risk[0])
    return Influence(mean=float(value[0] + right[0]), ended=total * (hazard - jump), open=total * hazard)


def moments(table: LifeTable, value: Array, beyond: float) -> Moments:
    """As `influence`; the variance is Greenwood's sum, times n/(n-1), so that it is the usual one with none open."""
    found = influence(table, value, beyond)
    total = table.ended.sum() + table.open.sum()
    second = float((table.ended * found.ended**2 + table.open * found.open**2).sum() / total)
    third = float((table.ended * found.ended**3 + table.open * found.open**3).sum() / total)
    return moments_of(n=table.n_ended, total=float(total), mean=found.mean, second=second, third=third)


def moments_of(*, n: int, total: float, mean: float, second: float, third: float) -> Moments:
    """
    Args:
        total: ended and open.
        second, third: mean square and mean cube of the influences.
    """
    error = float(np.sqrt(second / total * n / max(n - 1, 1)))
    # A spread that is only the rounding of equal numbers is none.
    flat = second <= (1e-9 * max(abs(mean), 1e-9)) ** 2
    return Moments(n=n, mean=mean, error=0.0 if flat else error, skewness=0.0 if flat else third / second**1.5)
