"""
A million incidents in a few numbers that can be added and taken away.

Each day and kind of incident keeps a `DaySketch`: exact sums (whole numbers, so that taking away an incident
that was corrected leaves no trace) and a histogram on a logarithmic scale. A window is the merge of its days; the
figures come from that and the ages of the open incidents, at a cost that does not grow with history.
Source: Masson, Rim and Lee (2019), DDSketch, for the histogram and its error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quell.outcomes import strata, times
from quell.outcomes.estimate import Estimate
from quell.outcomes.survival import Durations, LifeTable, Moments, moments_of

Counts = npt.NDArray[np.int64]

RELATIVE_ERROR = 0.01
GROWTH = float(np.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)))
"""Width of a bin, in logs: its middle is within the relative error of all that it holds."""
LOG_SCALE = 10**9
"""Logs of seconds are summed in so many parts of one."""
TICKS = 1000
"""Capped durations are summed in milliseconds."""
WITHIN = f"from a histogram: within {RELATIVE_ERROR:.0%}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DaySketch:
    """What is kept of the incidents of one day and kind that ended."""

    cap_s: float
    n: int
    logs: tuple[int, int]
    """Sums of log seconds and of their squares, in 1e-9 and 1e-18."""
    capped: tuple[int, int, int]
    """Sums of min(duration, cap), its squares and its cubes, in ms, ms2, ms3."""
    bins: Counts
    """(k,) rising numbers of the bins of the histogram that hold something."""
    counts: Counts
    """(k,) what they hold."""

    @classmethod
    def of(cls, durations_s: Iterable[float], *, cap_s: float = times.CAP_S) -> DaySketch:
        """
        Raises: ValueError: a duration that is not a finite positive number.
        """
        duration_s = Durations.of(durations_s).ended_s
        logs = np.log(duration_s)
        fixed = [int(value) for value in np.rint(logs * LOG_SCALE)]
        ticks = [int(value) for value in np.rint(np.minimum(duration_s, cap_s) * TICKS)]
        bins, counts = np.unique(np.ceil(logs / GROWTH).astype(np.int64), return_counts=True)
        return cls(
            cap_s=cap_s,
            n=duration_s.size,
            logs=(sum(fixed), sum(one * one for one in fixed)),
            capped=(sum(ticks), sum(one * one for one in ticks), sum(one**3 for one in ticks)),
            bins=bins,
            counts=counts.astype(np.int64),
        )

    def minus(self, other: DaySketch) -> DaySketch:
        """
        Take away incidents that are in it.

        Raises: ValueError: they are not, or the caps differ.
        """
        return merged([self, other], signs=[1, -1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DaySketch) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, as JSON takes them; whole numbers are of any size."""
        return {
            "cap_s": self.cap_s,
            "n": self.n,
            "logs": list(self.logs),
            "capped": list(self.capped),
            "bins": self.bins.tolist(),
            "counts": self.counts.tolist(),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> DaySketch:
        """
        Raises: ValueError: it is not what `to_dict` gave.
        """
        try:
            logs, squares = (int(one) for one in kept["logs"])
            first, second, third = (int(one) for one in kept["capped"])
            found = cls(
                cap_s=float(kept["cap_s"]),
                n=int(kept["n"]),
                logs=(logs, squares),
                capped=(first, second, third),
                bins=np.array(kept["bins"], np.int64),
                counts=np.array(kept["counts"], np.int64),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a sketch: {error!r}") from error
        _check(found)
        return found


def merged(sketches: Iterable[DaySketch], *, signs: Iterable[int] | None = None) -> DaySketch:
    """
    The sketch of all their incidents together; the order does not matter.

    Args:
        signs: 1 to add, -1 to take away; all are added if not given.

    Raises: ValueError: caps differ, or more is taken away than is there.
    """
    parts = list(sketches)
    sign = [1] * len(parts) if signs is None else list(signs)
    cap_s = parts[0].cap_s if parts else times.CAP_S
    if any(part.cap_s != cap_s for part in parts):
        raise ValueError("sketches of different caps cannot be merged")
    nothing = np.zeros(0, np.int64)
    bins, place = np.unique(np.concatenate([nothing, *(part.bins for part in parts)]), return_inverse=True)
    counts = np.zeros(bins.size, np.int64)
    held = [part.counts * one for part, one in zip(parts, sign, strict=True)]
    np.add.at(counts, place, np.concatenate([nothing, *held]))

    def total(name: str, power: int) -> int:
        return sum(one * int(getattr(part, name)[power]) for part, one in zip(parts, sign, strict=True))

    some = counts != 0
    found = DaySketch(
        cap_s=cap_s,
        n=sum(part.n * one for part, one in zip(parts, sign, strict=True)),
        logs=(total("logs", 0), total("logs", 1)),
        capped=(total("capped", 0), total("capped", 1), total("capped", 2)),
        bins=bins[some],
        counts=counts[some],
    )
    _check(found)
    return found


def _check(sketch: DaySketch) -> None:
    counts = sketch.counts
    if sketch.bins.shape != counts.shape or (counts < 0).any() or int(counts.sum()) != sketch.n or sketch.capped[0] < 0:
        raise ValueError("a sketch cannot hold fewer than no incidents")


def median(sketch: DaySketch, open_s: Iterable[float] = (), *, level: float = 0.95) -> Estimate:
    """As `times.median`."""
    return percentile(sketch, 0.5, open_s, level=level)


def percentile(sketch: DaySketch, share: float, open_s: Iterable[float] = (), *, level: float = 0.95) -> Estimate:
    """As `times.percentile`, within the histogram's error; the interval is widened by it."""
    return _within(times.percentile_of(life_table(sketch, open_s), share, level=level))


def geometric_mean(sketch: DaySketch, open_s: Iterable[float] = (), *, level: float = 0.95) -> Estimate:
    """As `times.geometric_mean`; exact from 50 incidents on when none is open, else within the histogram's error."""
    table = life_table(sketch, open_s)
    if not table.n_open and sketch.n >= times.SKEWED:
        return times.geometric_mean_of(table, level=level, logs=(_log_moments(sketch),))
    return _within(times.geometric_mean_of(table, level=level))


def capped_mean(sketch: DaySketch, open_s: Iterable[float] = (), *, level: float = 0.95) -> Estimate:
    """As `times.capped_mean`, at the sketch's own cap; value and sample part are exact when none is open."""
    table = life_table(sketch, open_s)
    if table.n_open or sketch.n < times.FEWEST:
        return _within(times.capped_mean_of(table, cap_s=sketch.cap_s, level=level))
    return times.capped_mean_of(table, cap_s=sketch.cap_s, level=level, exact=_capped_moments(sketch))


def stratified_capped_mean(
    sketches: Mapping[str, DaySketch], open_s: Mapping[str, Iterable[float]] | None = None, *, level: float = 0.95
) -> Estimate:
    """
    As `strata.stratified_capped_mean`, at the sketches' cap, within the histogram's error.

    Raises: ValueError: caps differ.
    """
    whole = merged(sketches.values())
    ages = open_s or {}
    labels = [*sketches, *(label for label in ages if label not in sketches)]
    empty = DaySketch.of((), cap_s=whole.cap_s)
    parts = [life_table(sketches.get(label, empty), ages.get(label, ())) for label in labels]
    return _within(strata.stratified_capped_mean_of(parts, cap_s=whole.cap_s, level=level))


def life_table(sketch: DaySketch, open_s: Iterable[float] = ()) -> LifeTable:
    """The histogram, each bin at its middle, and the open incidents at their ages."""
    still = Durations.of((), open_s).table()
    middle = np.exp(sketch.bins * GROWTH) * (1 - RELATIVE_ERROR)
    at_s = np.concatenate([middle, still.at_s])
    order = np.argsort(at_s, kind="stable")
    ended = np.concatenate([sketch.counts.astype(float), np.zeros(still.at_s.size)])
    waiting = np.concatenate([np.zeros(middle.size), still.open])
    return LifeTable(at_s=at_s[order], ended=ended[order], open=waiting[order])


def _within(found: Estimate) -> Estimate:
    if found.low is None:
        return found
    return replace(
        found,
        low=found.low / (1 + RELATIVE_ERROR),
        high=None if found.high is None else found.high * (1 + RELATIVE_ERROR),
        says="; ".join(filter(None, (found.says, WITHIN))),
    )


def _log_moments(sketch: DaySketch) -> Moments:
    first, second = sketch.logs
    n = sketch.n
    spread = (n * second - first * first) / (n * n * LOG_SCALE**2)
    return moments_of(n=n, total=n, mean=first / (n * LOG_SCALE), second=spread, third=0.0)


def _capped_moments(sketch: DaySketch) -> Moments:
    first, second, third = sketch.capped
    n = sketch.n
    spread = (n * second - first * first) / (n * n * TICKS**2)
    cubes = (n * n * third - 3 * n * first * second + 2 * first**3) / (n**3 * TICKS**3)
    return moments_of(n=n, total=n, mean=first / (n * TICKS), second=spread, third=cubes)
