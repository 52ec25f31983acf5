"""
Whether a recovery is the action's: what came back beside it that the action cannot have touched speaks against.

It is a comparison of before and after with what was not treated, as in a difference of differences, cut down to what a
handful of indicators can carry: it says `unclear`, and never that the action did not help.

Source: Angrist and Pischke (2009), Mostly Harmless Econometrics, chapter 5, for the comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from quell.agents.case import Telemetry
from quell.agents.indicators import latest
from quell.incident.events import Indicator
from quell.signals.series import as_array

ACTION, UNCLEAR, NONE = "action", "unclear", "none"

FRESH_S = 10.0

LEFT = 0.5
"""The load at the entry fell below this share of what it was before the action: what hurt may have gone by itself."""

BEFORE_S = 30.0


def credit_of(
    target: str | None,
    indicators: Sequence[Indicator],
    telemetry: Telemetry,
    *,
    acted_s: float | None,
) -> tuple[str, str]:
    """
    Return whom a recovery is credited to, and why in a sentence.

    Args:
        target: the service that was changed; None when nothing was.
        indicators: what had been out of range.
        telemetry: since before the action until now.
        acted_s: when the change had been made, Unix seconds.
    """
    if target is None or acted_s is None:
        return NONE, "nothing was changed"
    apart = [one for one in indicators if one.service not in touched_by(target, telemetry.edges)]
    back = [one for one in apart if _in_range(one, telemetry)]
    if back:
        names = ", ".join(sorted({one.service for one in back}))
        return UNCLEAR, f"{names} came back too, and {target} neither calls nor is called by it"
    for entry in _entries(telemetry):
        before, after = _load(telemetry, entry, acted_s)
        if before and after is not None and after < LEFT * before:
            return UNCLEAR, f"requests at {entry} fell to {100 * after / before:.0f} % meanwhile"
    return ACTION, f"nothing that {target} has nothing to do with came back with it"


def touched_by(target: str, edges: Iterable[tuple[str, str]]) -> set[str]:
    """Return what a change of a service can have touched: it, all that it reaches by calls, all that reach it."""
    pairs = list(edges)
    near = {target}
    for forward in (True, False):
        to_see = [target]
        while to_see:
            one = to_see.pop()
            found = {(b if forward else a) for a, b in pairs if (a if forward else b) == one} - near
            near |= found
            to_see += sorted(found)
    return near


def _in_range(one: Indicator, telemetry: Telemetry) -> bool:
    value = latest(telemetry, one.service, one.series, within_s=FRESH_S)
    if value is None:
        return False
    return value <= one.normal_high if one.bad_when == "above" else value >= one.normal_low


def _entries(telemetry: Telemetry) -> list[str]:
    """Return the services that call others and that nobody calls."""
    callers, callees = {a for a, _ in telemetry.edges}, {b for _, b in telemetry.edges}
    return sorted(callers - callees)


def _load(telemetry: Telemetry, service: str, acted_s: float) -> tuple[float | None, float | None]:
    """Return the middle of the requests per second shortly before the action and now."""
    series = telemetry.one(service, "request_rate")
    if series is None or not series.times:
        return None, None
    times, values = as_array(series.times), as_array(series.values)
    before = values[(times > acted_s - BEFORE_S) & (times <= acted_s) & np.isfinite(values)]
    after = values[(times > times[-1] - FRESH_S) & (times > acted_s) & np.isfinite(values)]
    return tuple(float(np.median(part)) if part.size else None for part in (before, after))  # type: ignore[return-value]
