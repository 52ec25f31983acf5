"""The indicators every agent reads: which series of a service tell how it does, and what is out of range."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from quell.agents.case import Case, Telemetry
from quell.incident import events as ev
from quell.incident.events import Evidence, EvidenceKind, Series, Window
from quell.signals.anomaly import TOO_FEW, Normal, floor_of, normal_of
from quell.signals.change import onset
from quell.signals.series import Array, as_array

GUARD_S = 20.0
"""What lies less than this before the first alert may belong to the incident already."""

SHORT_GUARD_S = 10.0
"""The same while there is so little past that the longer one would leave none."""

ECHO_S = 20.0
"""What another incident left behind is felt so long after its end."""

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
NEEDS_NO_PAST = frozenset({"up", "restarts_recent"})
"""What these should be is known without a past: a service answers, and does not restart."""

KIND_OF: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An indicator of a service over the window, with its own past as the yardstick."""

    service: str
    kind: Kind
    times: Array
    values: Array
    normal: Normal | None
    """None while its past is too short to say."""
    query: str
    source: str
    over_s: float = -math.inf
    """Readings up to then, Unix seconds, tell of another incident, and nothing of what is now."""

    @property
    def low(self) -> float:
        """The lower end of what troubles nobody."""
        assert self.normal is not None
        low = min(self.normal.low, self.normal.center - self._least())
        return max(low, 0.0) if self.normal.center >= 0 else low

    @property
    def high(self) -> float:
        """The upper end of what troubles nobody."""
        assert self.normal is not None
        return max(self.normal.high, self.normal.center + self._least())

    def _least(self) -> float:
        assert self.normal is not None
        return max(self.kind.least, self.kind.share * abs(self.normal.center))

    def bad(self, value: float) -> bool:
        """Whether a value is out of range on the side that hurts."""
        return value > self.high if self.kind.bad_when == "above" else value < self.low

    def recent(self, seconds: float = RECENT_S) -> Array:
        """Return the readings of the last seconds of the window that are numbers; at least the last three."""
        if not self.times.size:
            return self.values
        late: Array = self.values[self.times > max(self.times[-1] - reach(self.times, seconds), self.over_s)]
        return late[np.isfinite(late)]

    def out_of_range(self) -> bool:
        """Whether it is out of range now: half of its recent readings, and as many as its kind asks for."""
        if self.normal is None:
            return False
        late = self.recent()
        bad = sum(self.bad(float(value)) for value in late)
        # Readings a second apart are taken over windows that overlap; those further apart each say something new.
        needed = max(LEAST_READINGS, math.ceil(self.kind.readings / step_of(self.times)))
        return bad >= min(needed, self.kind.readings) and bad * 2 >= min(late.size, 8)


def step_of(times: Array) -> float:
    """Return the seconds between two readings, at least 1; 1 while there are none to tell by."""
    return max(float(np.median(np.diff(times[-60:]))), 1.0) if times.size > 1 else 1.0


def reach(times: Array, seconds: float) -> float:
    """Return how far back "lately" goes: so many seconds, and never less than three readings."""
    return max(seconds, FEW_STEPS * step_of(times))


def measure(telemetry: Telemetry, case: Case) -> list[Measured]:
    """Return every indicator that the telemetry allows, by service and in the order of `KINDS`."""
    found = []
    for service in telemetry.services:
        for kind in KINDS:
            series, query = _series_of(telemetry, service, kind.name)
            if series is None or not series.times:
                continue
            times, values = np.array(series.times), as_array(series.values)
            source = next((telemetry.origins[key][0] for key in telemetry.origins if key[0] == service), "")
            found.append(
                Measured(
                    service=service,
                    kind=kind,
                    times=times,
                    values=values,
                    normal=_normal(times, values, kind, case),
                    query=query,
                    source=source,
                    over_s=case.over_s,
                )
            )
    return found


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


def calm(
    times: Array, case: Case, *, guard_s: float = GUARD_S, apart_s: float = GUARD_S
) -> np.typing.NDArray[np.bool_]:
    """
    Say which times are fit to learn normal from: before this incident, and outside of others.

    Args:
        guard_s: how long before this incident they must lie.
        apart_s: how far from the others, beyond the echo of these.
    """
    fit = times < case.first_at.timestamp() - guard_s
    for window in case.disturbed:
        end = window.end.timestamp() + ECHO_S + apart_s
        fit &= (times < window.start.timestamp() - apart_s) | (times > end)
    return fit


def _past(times: Array, case: Case) -> Iterator[np.typing.NDArray[np.bool_]]:
    """Yield what of the past may tell what is normal, the surest first."""
    yield calm(times, case)
    yield calm(times, case, guard_s=SHORT_GUARD_S, apart_s=SHORT_GUARD_S)
    yield calm(times, case, guard_s=SHORT_GUARD_S, apart_s=0.0)


def _normal(times: Array, values: Array, kind: Kind, case: Case) -> Normal | None:
    fit = next(
        (fit for fit in _past(times, case) if np.isfinite(values[fit]).sum() >= TOO_FEW),
        times < case.first_at.timestamp() - SHORT_GUARD_S,
    )
    normal = normal_of(values[fit], unit_floor=floor_of(kind.unit))
    if normal is None and kind.name in NEEDS_NO_PAST:
        center = 1.0 if kind.name == "up" else 0.0
        return Normal(center=center, scale=0.1, low=center, high=center)
    return normal


def began(one: Measured, case: Case) -> tuple[datetime, float]:
    """Return (onset, its error in seconds) of an indicator that is out of range."""
    assert one.normal is not None
    normal = Normal(center=one.normal.center, scale=one.normal.scale, low=one.low, high=one.high)
    late = one.times > max(case.first_at.timestamp() - ONSET_REACH_S, _back_in_range(one, case))
    times, values = one.times[late], one.values[late]
    found = onset(times, values, normal, direction=one.kind.bad_when)
    if found is None:
        bad = [at for at, value in zip(times, values, strict=True) if np.isfinite(value) and one.bad(value)]
        return datetime.fromtimestamp(bad[0] if bad else one.times[-1], UTC), RECENT_S
    return datetime.fromtimestamp(found.at_s, UTC), found.error_s


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
        normal_low=None if one.normal is None else round(one.low, 6),
        normal_high=None if one.normal is None else round(one.high, 6),
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
