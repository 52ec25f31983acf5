"""What the standing watch concludes: what is about to run out, and what users feel that no alert speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quell.agents.case import LIMITS, Case, Limits, Telemetry
from quell.agents.indicators import Measured, began, find, measure, say
from quell.agents.prediction import LIMITED, running_out
from quell.incident.events import Forecast, Window

LOOK_BACK = timedelta(minutes=5)

BEFORE_S = 30.0
"""A trend that began less than this ago is no part of what is normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A series that will reach its limit if nothing is done."""

    service: str
    series: str
    forecast: Forecast
    value: float
    """Now."""
    normal: float
    since: datetime
    """When the trend began: what was before it is what is normal."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An indicator that users feel, out of its range."""

    service: str
    series: str
    since: datetime
    says: str


def case_of(now: datetime, disturbed: Sequence[Window], limits: Limits = LIMITS) -> Case:
    """Return the case of no incident: what is normal is what was before the last half minute."""
    return Case(
        incident_id="",
        alerts=(),
        first_at=now - timedelta(seconds=BEFORE_S),
        now=now,
        disturbed=tuple(disturbed),
        limits=limits,
    )


def breaches(telemetry: Telemetry, case: Case, *, horizon_s: float) -> list[Breach]:
    """Return what is running out (`running_out`), soonest first, ties by service and series."""
    measured = measure(telemetry, case)
    found = []
    for service in telemetry.services:
        for series in LIMITED:
            one = find(measured, service, series)
            made = running_out(one, case.now, horizon_s=horizon_s)
            if one is not None and made is not None:
                found.append(_breach(one, made, case))
    return sorted(found, key=lambda one: (one.forecast.in_s or 0.0, one.service, one.series))


def troubles(telemetry: Telemetry, case: Case) -> list[Trouble]:
    """Return what users feel now, by service: failing and slow answers, and none at all."""
    found = []
    for one in measure(telemetry, case):
        if one.kind.name in ("error_ratio", "latency_p99", "up") and one.out_of_range():
            late = one.recent()
            worst = float(late.max() if one.kind.bad_when == "above" else late.min())
            says = f"{one.service}: {one.kind.says} {say(worst, one.kind.unit)}"
            found.append(Trouble(service=one.service, series=one.kind.name, since=began(one, case)[0], says=says))
    return found


def value_of(telemetry: Telemetry, case: Case, service: str, series: str) -> float | None:
    """Return the middle of the latest readings of an indicator; None when there are none."""
    one = find(measure(telemetry, case), service, series)
    late = None if one is None else one.recent()
    if late is None or not late.size:
        return None
    return float(sorted(late[-3:])[len(late[-3:]) // 2])


def _breach(one: Measured, made: Forecast, case: Case) -> Breach:
    usual = one.bad_past if one.normal is None else one.normal.center
    value = float(one.recent()[-1])
    until = f"{made.in_s:.0f} s ({made.low_s or 0:.0f} to {made.high_s:.0f} s)"
    return Breach(
        service=one.service,
        series=one.kind.name,
        value=round(value, 4),
        normal=round(usual or 0.0, 4),
        since=began(one, case)[0],
        says=f"{one.service}: {made.limit_is} reached in {until}, now {say(value, one.kind.unit)}",
        forecast=made,
    )
