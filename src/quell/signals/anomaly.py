"""What is normal for a series, by its own past, and how far from it a value is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quell.signals.series import Array, Values, as_array, rolling_median

TOO_FEW = 8
"""Fewer usable values than this say nothing about what is normal."""

WIDTH = 4.0
"""The normal range reaches this many scales to each side of the centre."""

RELATIVE_FLOOR = 0.02
"""The scale is at least this share of the median: a constant series is not infinitely sure of itself."""

FLOORS: Mapping[str, float] = {
    "ratio": 0.005,
    "s": 0.002,
    "1/s": 0.1,
    "bytes": 1_000_000.0,
    "connections": 0.5,
}
"""Smallest scale worth a word, by unit: half a per cent of errors, two milliseconds, a megabyte."""

_IQR_TO_SIGMA = 1.349
_TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """The normal range of a series, in its own unit."""

    center: float
    scale: float
    """> 0."""
    low: float
    high: float


def floor_of(unit: str) -> float:
    """Return the smallest scale worth a word in a unit, 0 for a unit we do not know."""
    return FLOORS.get(unit, 0.0)


def normal_of(
    values: Values, *, unit_floor: float = 0.0, width: float = WIDTH, smooth: int = 3, too_few: int = TOO_FEW
) -> Normal | None:
    """
    Learn what is normal from a stretch of a series that holds no incident, or only a little of one.

    Args:
        values: (n,), any order that is in time; what is not a number is ignored.
        unit_floor: absolute floor of the scale, in the unit of the series (`floor_of`).
        width: how many scales the range reaches to each side.
        smooth: width of the rolling median that takes single outliers out, 1 for none.

    Returns: None below `too_few` usable values. The scale is the largest of IQR / 1.349, the mean absolute deviation
        from the median, 2 % of the median and the floor. A series that was never negative has a range that is not.
    Source: Tukey (1977), Exploratory Data Analysis; Rousseeuw and Croux (1993), Alternatives to the Median
        Absolute Deviation (why not the MAD alone: it is 0 for quantised series).
    """
    known = as_array(values)
    known = known[np.isfinite(known)]
    if known.size < too_few:
        return None
    calm = rolling_median(known, smooth)
    lower, center, upper = (float(q) for q in np.quantile(calm, (0.25, 0.5, 0.75)))
    scale = max(
        (upper - lower) / _IQR_TO_SIGMA,
        float(np.mean(np.abs(calm - center))),
        RELATIVE_FLOOR * abs(center),
        unit_floor,
        _TINY,
    )
    low, high = center - width * scale, center + width * scale
    if float(known.min()) >= 0:
        low = max(low, 0.0)
    return Normal(center=center, scale=scale, low=low, high=high)


def scores(values: Values, normal: Normal) -> Array:
    """
    Say how many scales each value lies above (or, negative, below) the centre.

    Returns: (n,), NaN where the value is not a number.
    Source: Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers (the robust z-score).
    """
    return (as_array(values) - normal.center) / normal.scale


def outside(values: Values, normal: Normal, *, direction: str = "either") -> np.typing.NDArray[np.bool_]:
    """
    Say which values lie out of the normal range.

    Args:
        direction: `above`, `below` or `either`.

    Returns: (n,), False where the value is not a number.
    """
    array = as_array(values)
    with np.errstate(invalid="ignore"):
        above, below = array > normal.high, array < normal.low
    return {"above": above, "below": below, "either": above | below}[direction]
