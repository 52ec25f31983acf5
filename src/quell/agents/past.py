"""Which of the past tells what is normal: what was before an incident, and was no part of it or of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quell.agents.case import Case
from quell.signals.anomaly import TOO_FEW, Normal, floor_of, normal_of
from quell.signals.series import Array

GUARD_S = 20.0
"""What lies less than this before the first alert may belong to the incident already."""

SHORT_GUARD_S = 10.0
"""The same while there is so little past that the longer one would leave none."""

ECHO_S = 20.0
"""What another incident left behind is felt so long after its end."""

NEEDS_NO_PAST = frozenset({"up", "restarts_recent"})
"""What these should be is known without a past: a service answers, and does not restart."""


def calm(
    times: Array, case: Case, *, guard_s: float = GUARD_S, apart_s: float = GUARD_S
) -> np.typing.NDArray[np.bool_]:
    """
    Say which times are fit to learn normal from: before this incident, and outside of others.

    Args:
        guard_s: how long before this incident they must lie.
        apart_s: how far from the others, beyond the echo of these.
    """
    fit = undisturbed(times, case, guard_s=guard_s)
    for window in case.disturbed:
        end = window.end.timestamp() + ECHO_S + apart_s
        fit &= (times < window.start.timestamp() - apart_s) | (times > end)
    return fit


def undisturbed(times: Array, case: Case, *, guard_s: float = SHORT_GUARD_S) -> np.typing.NDArray[np.bool_]:
    """
    Say which times are before this incident, and outside of its own earlier stretches with their echo.

    What it did before it began again is never what is normal, however little past that leaves.
    """
    fit: np.typing.NDArray[np.bool_] = times < case.first_at.timestamp() - guard_s
    for window in case.earlier:
        end = window.end.timestamp() + ECHO_S
        fit &= (times < window.start.timestamp() - GUARD_S) | (times > end)
    return fit


def _past(times: Array, case: Case) -> Iterator[np.typing.NDArray[np.bool_]]:
    """Yield what of the past may tell what is normal, the surest first."""
    yield calm(times, case)
    yield calm(times, case, guard_s=SHORT_GUARD_S, apart_s=SHORT_GUARD_S)
    yield calm(times, case, guard_s=SHORT_GUARD_S, apart_s=0.0)


def yardstick(
    name: str, unit: str, times: Array, values: Array, case: Case
) -> tuple[Normal | None, float | None, float]:
    """
    Return (what is normal of an indicator, the middle of a past that was itself past the limit, seconds of past).

    Args:
        name: of the indicator.
        unit: of its values.
    """
    if name == "up":
        # That it answers needs no past, and no past makes silence normal.
        return Normal(center=1.0, scale=0.1, low=1.0, high=1.0), None, 0.0
    fit = next(
        (fit for fit in _past(times, case) if np.isfinite(values[fit]).sum() >= TOO_FEW), undisturbed(times, case)
    )
    known = fit & np.isfinite(values)
    past_s = seconds_known(times[known])
    limit = case.limits.of(name)
    normal = normal_of(values[fit], unit_floor=floor_of(unit))
    if normal is None and name in NEEDS_NO_PAST:
        return Normal(center=0.0, scale=0.1, low=0.0, high=0.0), None, past_s
    if normal is not None and limit is not None and normal.center > limit:
        return None, normal.center, past_s
    return normal, None, past_s


def seconds_known(times: Array) -> float:
    """Return over how many seconds there are readings, without the holes between them."""
    return float(times.size) * step_of(times)


def step_of(times: Array) -> float:
    """Return the seconds between two readings, at least 1; 1 while there are none to tell by."""
    return max(float(np.median(np.diff(times[-60:]))), 1.0) if times.size > 1 else 1.0
