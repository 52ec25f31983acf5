"""The indicators every agent reads: which series of a service tell how it does, and what is out of range."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from quell.agents.case import Case, Telemetry
from quell.agents.past import step_of, yardstick
from quell.incident import events as ev
from quell.incident.events import Evidence, EvidenceKind, Series, Window
from quell.signals.anomaly import Normal
from quell.signals.change import onset
from quell.signals.series import Array, as_array

ONSET_REACH_S = 120.0
"""An onset lies at most this much before the first alert."""

RECENT_S = 12.0
"""An indicator is out of range when most of its readings of the last so many seconds are."""

LEAST_READINGS = 2
"""One bad reading is chance, however far apart readings are."""

FEW_STEPS = 3.0

POINTS_SHOWN = 240
"""Points of a series kept in a piece of evidence."""

RESTART_SPAN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an indicator is and when it is bad."""

    name: str
    says: str
    unit: str
    bad_when: str
    least: float
    """A departure smaller than this, in its unit, troubles nobody."""
    share: float = 0.0
    """A departure smaller than this share of normal troubles nobody."""
    symptom: bool = True
    """Whether users feel it; the others only help to find the cause."""
    trailing: bool = False
    """Whether it counts over a stretch longer than verification is patient: it goes on saying what was."""
    readings: int = 3
    """How many recent readings must be bad. What is taken over a window of 5 s shows one bad request in 5 of them."""


KINDS: tuple[Kind, ...] = (
    Kind(name="error_ratio", says="share of requests that fail", unit="ratio", bad_when="above", least=0.03,
         readings=6),
    Kind(name="latency_p99", says="99th percentile of response time", unit="s", bad_when="above", least=0.2, share=1.0,
         readings=6),
    Kind(name="latency_mean", says="mean response time", unit="s", bad_when="above", least=0.04, share=0.8, readings=6),
    Kind(name="up", says="answers when asked", unit="", bad_when="below", least=0.5),
    Kind(name="restarts_recent", says="restarts in the last 30 s", unit="restarts", bad_when="above", least=0.9,
         trailing=True),
    Kind(name="memory_use", says="memory, share of its limit", unit="ratio", bad_when="above", least=0.15),
    Kind(name="pool_use", says="connections in use, share of the pool", unit="ratio", bad_when="above", least=0.35,
         symptom=False),
    Kind(name="pool_timeouts_rate", says="waits for a connection that gave up", unit="1/s", bad_when="above",
         least=0.3, symptom=False),
    Kind(name="disk_use", says="disk space, share of its quota", unit="ratio", bad_when="above", least=0.2),
    Kind(name="cpu_use", says="CPU time, share of one core", unit="ratio", bad_when="above", least=0.3, share=1.0,
         symptom=False),
    Kind(name="lock_wait_ratio", says="requests that wait for a lock", unit="requests", bad_when="above", least=0.5,
         share=1.0, symptom=False, readings=6),
    Kind(name="cache_hit_ratio", says="share of cache reads that hit", unit="ratio", bad_when="below", least=0.3,
         symptom=False, readings=6),
    Kind(name="retry_ratio", says="retries per call, to the peer with most", unit="retries", bad_when="above",
         least=0.5, symptom=False, readings=6),
    Kind(name="queue_depth", says="requests that wait for a worker", unit="requests", bad_when="above", least=5.0,
         share=1.0, symptom=False, readings=6),
    Kind(name="cpu_throttled_ratio", says="share of time its host kept it from running", unit="ratio",
         bad_when="above", least=0.15, symptom=False),
    Kind(name="neighbour_cpu_use", says="CPU time of others on its host, share of one core", unit="ratio",
         bad_when="above", least=0.2, symptom=False),
)  # fmt: skip
MADE_OF: Mapping[str, str] = {
    "memory_use": "memory_bytes",
    "pool_use": "pool_in_use",
    "disk_use": "disk_used_bytes",
    "restarts_recent": "restarts",
}
"""The series that an indicator is computed from, where it is none itself."""

KIND_OF: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An indicator of a service over the window, with its own past and the absolute limit as yardsticks."""

    service: str
    kind: Kind
    times: Array
    values: Array
    normal: Normal | None
    """None while its past is too short to say, and where that past was itself past the limit."""
    query: str
    source: str
    over_s: float = -math.inf
    """Readings up to then, Unix seconds, tell of another incident, and nothing of what is now."""
    limit: float | None = None
    """What is past this is out of range whatever the past was; None where only the past tells."""
    bad_past: float | None = None
    """The middle of its past, where that was past the limit: then it is not what is normal."""
    past_s: float = 0.0
    """How many seconds of past it was learned from."""
    until_s: float = -math.inf
    """When its source has the newest reading of anything, Unix seconds."""

    @property
    def judged(self) -> bool:
        """Whether anything tells what is out of range."""
        return self.normal is not None or self.limit is not None

    @property
    def low(self) -> float:
        """The lower end of what troubles nobody."""
        if self.normal is None:
            return self.limit if self.limit is not None and self.kind.bad_when == "below" else 0.0
        low = min(self.normal.low, self.normal.center - self._least(self.normal))
        low = max(low, 0.0) if self.normal.center >= 0 else low
        return max(low, self.limit) if self.limit is not None and self.kind.bad_when == "below" else low

    @property
    def high(self) -> float:
        """The upper end of what troubles nobody."""
        if self.normal is None:
            return self.limit if self.limit is not None and self.kind.bad_when == "above" else math.inf
        high = max(self.normal.high, self.normal.center + self._least(self.normal))
        return min(high, self.limit) if self.limit is not None and self.kind.bad_when == "above" else high

    def _least(self, normal: Normal) -> float:
        return max(self.kind.least, self.kind.share * abs(normal.center))

    def bad(self, value: float) -> bool:
        """Whether a value is out of range on the side that hurts."""
        return value > self.high if self.kind.bad_when == "above" else value < self.low

    def past_limit(self, value: float) -> bool:
        """Whether a value is past the absolute limit."""
        if self.limit is None:
            return False
        return value > self.limit if self.kind.bad_when == "above" else value < self.limit

    def recent(self, seconds: float = RECENT_S) -> Array:
        """
        Return the readings of the last seconds that are numbers, at least the last three steps of its source.

        A series that ended while its source went on has none: what it was then says nothing of now.
        """
        if not self.times.size:
            return self.values
        lately_s = reach(self.times, seconds)
        end = self.times[-1] if self.until_s - self.times[-1] <= lately_s else self.until_s
        late: Array = self.values[self.times > max(end - lately_s, self.over_s)]
        return late[np.isfinite(late)]

    def out_of_range(self) -> bool:
        """Whether it is out of range now: half of its recent readings, and as many as its kind asks for."""
        return self.judged and self._mostly(self.bad)

    def over_limit(self) -> bool:
        """Whether it is past its absolute limit now, by as many readings as it takes to be out of range."""
        return self.limit is not None and self._mostly(self.past_limit)

    def _mostly(self, holds: Callable[[float], bool]) -> bool:
        late = self.recent()
        count = sum(holds(float(value)) for value in late)
        # Readings a second apart are taken over windows that overlap; those further apart each say something new.
        needed = max(LEAST_READINGS, math.ceil(self.kind.readings / step_of(self.times)))
        return count >= min(needed, self.kind.readings) and count * 2 >= min(late.size, 8)

    def yardstick(self) -> str:
        """Say what it is measured against: what is normal, or the limit where no past tells."""
        if self.normal is not None and not (self.over_limit() and self._within_past(worst(self))):
            return f"normally {say(self.normal.center, self.kind.unit)}"
        assert self.limit is not None
        side = "over" if self.kind.bad_when == "above" else "under"
        said = f"{side} the limit of {say(self.limit, self.kind.unit)} that holds whatever the past was"
        return said if self.bad_past is None else f"{said} ({say(self.bad_past, self.kind.unit)})"

    def _within_past(self, value: float) -> bool:
        assert self.normal is not None
        edge = self._least(self.normal)
        return (
            min(self.normal.low, self.normal.center - edge) <= value <= max(self.normal.high, self.normal.center + edge)
        )


def reach(times: Array, seconds: float) -> float:
    """Return how far back "lately" goes: so many seconds, and never less than three readings."""
    return max(seconds, FEW_STEPS * step_of(times))


def measure(telemetry: Telemetry, case: Case) -> list[Measured]:
    """Return every indicator that the telemetry allows, by service and in the order of `KINDS`."""
    found = []
    newest = _newest(telemetry)
    for service in telemetry.services:
        for kind in KINDS:
            series, query = _series_of(telemetry, service, kind.name)
            if series is None or not series.times:
                continue
            times, values = np.array(series.times), as_array(series.values)
            source = telemetry.origins[service, MADE_OF.get(kind.name, kind.name)][0]
            normal, bad_past, past_s = yardstick(kind.name, kind.unit, times, values, case)
            found.append(
                Measured(
                    service=service,
                    kind=kind,
                    times=times,
                    values=values,
                    normal=normal,
                    query=query,
                    source=source,
                    over_s=case.over_s,
                    limit=case.limits.of(kind.name),
                    bad_past=bad_past,
                    past_s=past_s,
                    until_s=newest[source],
                )
            )
    return found


def _newest(telemetry: Telemetry) -> dict[str, float]:
    """Return when each source took its newest reading of anything, Unix seconds."""
    newest: dict[str, float] = {}
    for key, group in telemetry.series.items():
        source = telemetry.origins[key][0]
        last = max((one.times[-1] for one in group if one.times), default=-math.inf)
        newest[source] = max(newest.get(source, -math.inf), last)
    return newest


def _series_of(telemetry: Telemetry, service: str, name: str) -> tuple[Series | None, str]:
    if name == "memory_use":
        return _ratio(telemetry, service, name, "memory_bytes", "memory_limit_bytes")
    if name == "pool_use":
        return _ratio(telemetry, service, name, "pool_in_use", "pool_size")
    if name == "disk_use":
        return _ratio(telemetry, service, name, "disk_used_bytes", "disk_quota_bytes")
    if name == "restarts_recent":
        return _restarts(telemetry, service)
    if name == "retry_ratio":
        return _most(telemetry, service, name)
    series = telemetry.one(service, name)
    return series, telemetry.origins.get((service, name), ("", name))[1]


def _ratio(telemetry: Telemetry, service: str, name: str, above: str, below: str) -> tuple[Series | None, str]:
    top, bottom = telemetry.one(service, above), telemetry.one(service, below)
    if top is None or bottom is None:
        return None, ""
    limits = dict(zip(bottom.times, bottom.values, strict=True))
    values = tuple(
        value / limit if value is not None and (limit := limits.get(at)) else None
        for at, value in zip(top.times, top.values, strict=True)
    )
    query = f"{telemetry.origins[service, above][1]} / {telemetry.origins[service, below][1]}"
    return Series(name=name, service=service, unit="ratio", times=top.times, values=values), query


def _most(telemetry: Telemetry, service: str, name: str) -> tuple[Series | None, str]:
    """Return, of the series of that name by peer, the one that is highest of late."""
    found = telemetry.series.get((service, name), ())
    if not found:
        return None, ""
    highest = max(
        found, key=lambda series: max((value for value in series.values[-12:] if value is not None), default=-1.0)
    )
    return highest, telemetry.origins[service, name][1]


def _restarts(telemetry: Telemetry, service: str) -> tuple[Series | None, str]:
    series = telemetry.one(service, "restarts")
    if series is None or not series.times:
        return None, ""
    times, counts = np.array(series.times), as_array(series.values)
    earlier = np.interp(times - RESTART_SPAN_S, times, np.nan_to_num(counts, nan=np.nanmin(counts, initial=0.0)))
    rose = np.maximum(np.floor(counts - earlier + 1e-9), 0.0)
    query = f"increase({telemetry.origins[service, 'restarts'][1]}[{RESTART_SPAN_S:g}s])"
    values = tuple(None if np.isnan(value) else float(value) for value in rose)
    return Series(name="restarts_recent", service=service, unit="restarts", times=series.times, values=values), query


def began(one: Measured, case: Case) -> tuple[datetime, float]:
    """Return (onset, its error in seconds) of an indicator that is out of range."""
    if one.normal is None:
        return _last_run(one)
    normal = Normal(center=one.normal.center, scale=one.normal.scale, low=one.low, high=one.high)
    late = one.times > max(case.first_at.timestamp() - ONSET_REACH_S, _back_in_range(one, case))
    times, values = one.times[late], one.values[late]
    found = onset(times, values, normal, direction=one.kind.bad_when)
    if found is None:
        bad = [at for at, value in zip(times, values, strict=True) if np.isfinite(value) and one.bad(value)]
        return datetime.fromtimestamp(bad[0] if bad else one.times[-1], UTC), RECENT_S
    return datetime.fromtimestamp(found.at_s, UTC), found.error_s


def _last_run(one: Measured) -> tuple[datetime, float]:
    """Return (start, its error in seconds) of the stretch out of range that goes on until now, where no past tells."""
    known = np.isfinite(one.values)
    times = one.times[known]
    good = np.array([not one.bad(float(value)) for value in one.values[known]])
    # One good reading amid bad ones is no recovery.
    ends = np.flatnonzero(good[1:] & good[:-1])
    first = min(int(ends[-1]) + 2, times.size - 1) if ends.size else 0
    return datetime.fromtimestamp(float(times[first]), UTC), RECENT_S


def _back_in_range(one: Measured, case: Case) -> float:
    """Return when the last incident before this one had ended with the indicator in range: what is wrong came after."""
    return max((end for end in case.ended_s if not _bad_at(one, end)), default=-math.inf)


def _bad_at(one: Measured, at_s: float) -> bool:
    """Whether it was out of range at a time; not when it was not read shortly before."""
    near = (one.times <= at_s) & (one.times > at_s - FEW_STEPS * step_of(one.times)) & np.isfinite(one.values)
    known = one.values[near]
    return known.size > 0 and one.bad(float(known[-1]))


def worst(one: Measured) -> float:
    """Return the recent reading furthest out on the side that hurts."""
    late = one.recent()
    return float(late.max() if one.kind.bad_when == "above" else late.min())


def as_evidence(one: Measured, number: int, *, says: str, since: datetime | None, window: Window) -> Evidence:
    """Return a piece of evidence that holds the data, the query and the window of an indicator."""
    return Evidence(
        id=f"E{number}",
        source=one.source,
        kind=EvidenceKind.METRIC,
        title=f"{one.service}: {one.kind.says}",
        says=says,
        query=one.query,
        window=window,
        service=one.service,
        unit=one.kind.unit,
        series=(shown(one.service, one.kind.name, one.kind.unit, one.times, one.values),),
        onset=since,
        normal_low=round(one.low, 6) if one.judged else None,
        normal_high=round(one.high, 6) if one.judged else None,
        limit=1.0 if one.kind.name in ("pool_use", "memory_use", "disk_use") else None,
    )


def shown(service: str, name: str, unit: str, times: Array, values: Array) -> Series:
    """Return a series for a screen: the last points, rounded."""
    times, values = times[-POINTS_SHOWN:], values[-POINTS_SHOWN:]
    return Series(
        name=name,
        service=service,
        unit=unit,
        times=tuple(round(float(at), 2) for at in times),
        values=tuple(round(float(value), 6) if np.isfinite(value) else None for value in values),
    )


def say(value: float, unit: str) -> str:
    """Say a value as a person reads it: `4.2 %`, `230 ms`, `1.2 s`, `35 MB`."""
    if unit == "ratio":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return f"{1000 * value:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    if unit == "bytes":
        return f"{value / 1e6:.3g} MB"
    return f"{value:.3g} {unit}".strip()


def indicator(one: Measured, since: datetime, evidence_id: str) -> ev.Indicator:
    """Return the indicator as an event keeps it."""
    return ev.Indicator(
        service=one.service,
        series=one.kind.name,
        labels={},
        unit=one.kind.unit,
        normal_low=round(one.low, 6),
        normal_high=round(one.high, 6),
        bad_when=one.kind.bad_when,
        onset=since,
        worst=round(worst(one), 6),
        evidence_id=evidence_id,
    )


def find(measured: Sequence[Measured], service: str, name: str) -> Measured | None:
    """Return the indicator of that name, if it was measured."""
    return next((one for one in measured if one.service == service and one.kind.name == name), None)


def latest(telemetry: Telemetry, service: str, name: str, *, within_s: float) -> float | None:
    """Return the newest reading of an indicator that is not older than `within_s`; None when there is none."""
    series, _ = _series_of(telemetry, service, name)
    if series is None:
        return None
    oldest = telemetry.window.end.timestamp() - reach(as_array(series.times), within_s)
    for at, value in zip(reversed(series.times), reversed(series.values), strict=True):
        if at < oldest:
            return None
        if value is not None:
            return value
    return None
