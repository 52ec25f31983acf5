"""Telemetry of a small shop, made by a formula: what agents see, with a fault in it or without."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from quell.agents.case import Case, Telemetry
from quell.evidence.source import Collected, LogLine, Scope, Span
from quell.incident.alert import Alert, AlertStatus, Severity
from quell.incident.events import Change, EvidenceKind, Series, Window

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
PAST_S, AFTER_S = 300, 20
EDGES = (("edge", "checkout"), ("checkout", "payment"))
SERVICES = ("edge", "checkout", "payment")

NORMAL: Mapping[str, tuple[float, str]] = {
    "request_rate": (20.0, "1/s"),
    "error_ratio": (0.001, "ratio"),
    "latency_mean": (0.02, "s"),
    "latency_p99": (0.08, "s"),
    "up": (1.0, ""),
    "restarts": (0.0, "restarts"),
    "memory_bytes": (30e6, "bytes"),
    "memory_limit_bytes": (100e6, "bytes"),
    "pool_in_use": (1.0, "connections"),
    "pool_size": (8.0, "connections"),
    "pool_timeouts_rate": (0.0, "1/s"),
    "cpu_use": (0.1, "ratio"),
    "lock_wait_ratio": (0.01, "ratio"),
    "cache_hit_ratio": (0.9, "ratio"),
    "disk_used_bytes": (20e6, "bytes"),
    "disk_quota_bytes": (100e6, "bytes"),
    "cpu_throttled_ratio": (0.01, "ratio"),
    "neighbour_cpu_use": (0.05, "ratio"),
}
PER_CALL: Mapping[str, tuple[float, str]] = {
    "client_request_rate": (20.0, "1/s"),
    "client_error_ratio": (0.001, "ratio"),
    "client_latency_mean": (0.01, "s"),
    "retry_ratio": (0.01, "retries"),
}


@dataclass
class Shop:
    """A shop with 300 s of quiet past and 20 s since something happened."""

    seed: int = 7
    changes: list[Change] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    kinds: frozenset[EvidenceKind] = frozenset(EvidenceKind)
    _series: dict[tuple[str, str, str], Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        end = NOW.timestamp()
        self.times = np.arange(end - PAST_S - AFTER_S, end, 1.0)
        for service in SERVICES:
            for name, (level, unit) in NORMAL.items():
                self._set(service, name, unit, self._noisy(level))
        for caller, callee in (*EDGES, ("payment", "bank")):
            self.calling(caller, callee)

    @property
    def onset(self) -> datetime:
        return NOW - timedelta(seconds=AFTER_S)

    def _noisy(self, level: float) -> np.ndarray:
        if level in (0.0, 1.0) or level > 1e6:
            return np.full(self.times.size, level)
        return level * (1 + 0.05 * self.rng.standard_normal(self.times.size))

    def _set(self, service: str, name: str, unit: str, values: np.ndarray, peer: str = "") -> None:
        self._series[service, name, peer] = Series(
            name=name,
            service=service,
            unit=unit,
            labels={"peer": peer} if peer else {},
            times=tuple(self.times.tolist()),
            values=tuple(values.tolist()),
        )

    def calling(self, caller: str, callee: str) -> Shop:
        """Let a service call another, as it always did."""
        for name, (level, unit) in PER_CALL.items():
            self._set(caller, name, unit, self._noisy(level), peer=callee)
        return self

    def since_onset(
        self, service: str, name: str, level: float, *, peer: str = "", slope: bool = False, after_s: float = 0.0
    ) -> Shop:
        """Set a series to another level since the onset or some time after it, at once or by and by."""
        old = self._series[service, name, peer]
        values = np.array(old.values, dtype=float)
        late = self.times >= self.onset.timestamp() + after_s
        values[late] = np.linspace(values[~late][-1], level, int(late.sum())) if slope else level
        self._set(service, name, old.unit, values, peer)
        return self

    def known_for(self, seconds: float) -> Shop:
        """Let nothing be known of before so many seconds ago."""
        first = int(np.searchsorted(self.times, NOW.timestamp() - seconds))
        self.times = self.times[first:]
        for key, one in self._series.items():
            self._series[key] = dataclasses.replace(one, times=one.times[first:], values=one.values[first:])
        return self

    def failed(self, service: str, ratio: float, *, since_s: float, until_s: float) -> Shop:
        """Let a service have failed for a while, so many seconds ago."""
        return self.was(service, "error_ratio", ratio, since_s=since_s, until_s=until_s)

    def was(self, service: str, name: str, level: float, *, since_s: float, until_s: float) -> Shop:
        """Let a series have been at another level for a while, so many seconds ago."""
        old, now_s = self._series[service, name, ""], NOW.timestamp()
        values = np.array(old.values, dtype=float)
        values[(self.times >= now_s - since_s) & (self.times < now_s - until_s)] = level
        self._set(service, name, old.unit, values)
        return self

    def without(self, service: str) -> Shop:
        self._series = {key: one for key, one in self._series.items() if key[0] != service}
        return self

    def change(self, service: str, kind: str, *, before_s: float = 3, what: str = "release", by: str = "ci") -> Shop:
        at = self.onset - timedelta(seconds=before_s)
        self.changes.append(Change(at=at, service=service, kind=kind, what=what, before="1.4.2", after="1.5.0", by=by))
        return self

    def errors_logged(self, service: str, text: str, count: int = 20) -> Shop:
        start = self.onset.timestamp()
        self.lines += [LogLine(at=start + i * 0.5, service=service, level="error", text=text) for i in range(count)]
        return self

    def failing(self, service: str, ratio: float = 0.4) -> Shop:
        """Let a service fail, and its callers with it."""
        self.since_onset(service, "error_ratio", ratio)
        for caller, callee in EDGES:
            if callee == service:
                self.since_onset(caller, "client_error_ratio", ratio, peer=service)
                self.failing(caller, ratio)
        return self

    def slow(self, service: str, seconds: float = 0.8) -> Shop:
        """Let a service answer slowly, and its callers with it."""
        self.since_onset(service, "latency_mean", seconds).since_onset(service, "latency_p99", 2 * seconds)
        for caller, callee in EDGES:
            if callee == service:
                self.since_onset(caller, "client_latency_mean", seconds, peer=service)
                self.slow(caller, seconds)
        return self

    def filling(self, *, since_s: float = 60.0, upto: float = 70e6, series: str = "disk_used_bytes") -> Shop:
        """Let payment's disk fill evenly over the last seconds, from 20 to `upto` of 100 MB."""
        late = self.times > NOW.timestamp() - since_s
        values = np.full(self.times.size, 20e6)
        values[late] = np.linspace(20e6, upto, int(late.sum()))
        self._set("payment", series, "bytes", values)
        return self

    def telemetry(self) -> Telemetry:
        series: dict[tuple[str, str], list[Series]] = {}
        for (service, name, _), one in self._series.items():
            series.setdefault((service, name), []).append(one)
        return Telemetry(
            window=Window(start=NOW - timedelta(seconds=PAST_S + AFTER_S), end=NOW),
            series=series,
            origins={key: ("scrape", key[1]) for key in series},
            lines=sorted(self.lines, key=lambda line: line.at),
            logs_from=("logfiles", "*.log"),
            spans=sorted(self.spans, key=lambda span: span.at),
            spans_from=("otlp", "spans"),
            changes=tuple(self.changes),
            changes_from=("changes", "changes.jsonl"),
            edges=(*EDGES, ("payment", "bank")),
            edges_from=("scrape", "calls"),
            kinds=self.kinds,
        )


class ShopSource:
    """A source that gives what the shop's telemetry is, whatever it is asked."""

    name = "scrape"
    kinds = (EvidenceKind.METRIC, EvidenceKind.TOPOLOGY)

    def __init__(self, shop: Shop, edges: Sequence[tuple[str, str]] = EDGES) -> None:
        self._telemetry, self._edges = shop.telemetry(), edges

    async def collect(self, scope: Scope, window: Window) -> Collected:
        series = [one for group in self._telemetry.series.values() for one in group]
        return Collected(source=self.name, window=window, query="all", series=series, edges=self._edges)

    async def check(self) -> str:
        return "a shop"


def alert(
    service: str,
    name: str = "HighErrorRate",
    at: datetime = NOW - timedelta(seconds=10),
    severity: Severity = Severity.ERROR,
) -> Alert:
    return Alert(
        fingerprint=f"{name}/{service}",
        source="test",
        name=name,
        service=service,
        severity=severity,
        severity_raw=severity.value,
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=at,
        received_at=at,
    )


def case(services: Sequence[str] = ("edge",), **over: object) -> Case:
    alerts = tuple(alert(service) for service in services)
    given = {"incident_id": "INC-1", "alerts": alerts, "first_at": alerts[0].starts_at, "now": NOW, **over}
    return Case(**given)  # type: ignore[arg-type]
