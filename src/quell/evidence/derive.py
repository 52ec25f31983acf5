"""Turns what was scraped into the series that agents reason about: rates, ratios, latencies, levels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quell.evidence.exposition import Labels, SeriesKey
from quell.evidence.indicatorqueries import SPAN_MARK, error_ratio_of
from quell.evidence.ring import Stretch
from quell.evidence.statuslabels import failure, status_of
from quell.incident.events import Series
from quell.signals.series import increases, quantiles, spans

Array = NDArray[np.float64]

LEVELS: Mapping[str, tuple[str, str]] = {
    "db_pool_in_use": ("pool_in_use", "connections"),
    "db_pool_size": ("pool_size", "connections"),
    "process_resident_memory_bytes": ("memory_bytes", "bytes"),
    "process_memory_limit_bytes": ("memory_limit_bytes", "bytes"),
    "process_start_time_seconds": ("start_time", "unix s"),
    "service_up": ("service_up", ""),
    "service_restarts_total": ("restarts", "restarts"),
    "build_info": ("build_info", ""),
    "disk_used_bytes": ("disk_used_bytes", "bytes"),
    "disk_quota_bytes": ("disk_quota_bytes", "bytes"),
    "request_queue_depth": ("queue_depth", "requests"),
}
"""Metrics kept as they are: the name and unit of the series."""

RATES: Mapping[str, tuple[str, str]] = {
    "db_pool_timeouts_total": ("pool_timeouts_rate", "1/s"),
}
"""Counters turned into a rate."""

SECONDS: Mapping[str, str] = {
    "process_cpu_seconds_total": "cpu_use",
    "lock_wait_seconds_total": "lock_wait_ratio",
    "container_cpu_cfs_throttled_seconds_total": "cpu_throttled_ratio",
    "host_other_cpu_seconds_total": "neighbour_cpu_use",
}
"""
Counters of seconds turned into seconds per second, summed over their labels: the name of the series.

- `cpu_use`: of one core, what the service's process used; 1.0 is one core all the time.
- `lock_wait_ratio`: how many requests waited for a lock of the service at any time, on average; 3.0 is three.
- `cpu_throttled_ratio`: share of the time in which the process could have run and its host did not let it.
- `neighbour_cpu_use`: of one core, what processes on the service's host used that are not the service's own.
"""

CACHE_READS = "cache_reads_total"
"""By `result`, `hit` or `miss`; becomes `cache_hit_ratio`, hits over all reads."""

RETRIES = "http_client_retries_total"
"""By `peer`; with the client's requests it becomes `retry_ratio`, retries per first try: 0.0 to retries allowed."""

REQUESTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "http_requests_total": ("", ()),
    "http_client_requests_total": ("client_", ("peer",)),
}
"""Counters of requests by their status (`STATUS_LABELS`): the prefix of their series, and the labels kept apart."""

DURATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "http_request_duration_seconds": ("latency", ()),
    "http_client_request_duration_seconds": ("client_latency", ("peer",)),
}
"""Histograms of request times: the name of their series, and the labels that stay apart."""

START_STEP_S = 0.001
"""Start times closer than this are the same."""

_PARTS = ("_bucket", "_sum", "_count")


@dataclass(slots=True, kw_only=True)
class Derived:
    """The series of one target, and how each could be asked of a Prometheus."""

    series: list[Series] = field(default_factory=list)
    queries: dict[str, str] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)


class Derivation:
    """One target's scraped values over one window."""

    def __init__(
        self, keys: Sequence[SeriesKey], kinds: Mapping[str, str], stretch: Stretch, *, service: str, span_s: float
    ) -> None:
        """
        Args:
            keys: by column of `stretch`.
            kinds: type by metric name.
            stretch: the window and some rows before it, for the rates.
            service: whose metrics they are unless a `service` label says otherwise.
            span_s: seconds over which rates are taken.
        """
        self._service, self._span_s, self._kinds = service, span_s, kinds
        self._times, self._up = stretch.times, stretch.up
        self._answered = stretch.times[stretch.up]
        self._values = stretch.values[stretch.up]
        seen = np.logical_or.reduce(np.isfinite(self._values), axis=0).tolist()
        self._columns: dict[str, list[tuple[dict[str, str], int]]] = {}
        for column, key in enumerate(keys[: len(seen)]):
            if key.name and seen[column]:
                self._columns.setdefault(key.name, []).append((dict(key.labels), column))
        self._apart, _ = spans(self._answered, span_s)
        self._restarted = self._starts()

    def derive(self, start: float) -> Derived:
        """Return every series with at least one value at or after `start`."""
        derived = Derived()
        for name in sorted(self._columns):
            if name in REQUESTS:
                self._requests(name, derived)
            elif name in LEVELS:
                self._levels(name, *LEVELS[name], derived)
            elif name in RATES:
                self._rates(name, *RATES[name], derived)
            elif name in SECONDS:
                self._seconds(name, SECONDS[name], derived)
            elif name == CACHE_READS:
                self._hits(derived)
            elif name == RETRIES:
                self._retries(derived)
            elif not self._part_of(name):
                self._other(name, derived)
        for base in sorted({base for name in self._columns if (base := self._part_of(name))}):
            self._durations(base, derived)
        self._target_up(derived)
        derived.series = [cut for series in derived.series if (cut := _cut(series, start))]
        return derived

    def _part_of(self, name: str) -> str:
        """Return the histogram or summary that a metric is a part of, or nothing."""
        for part in _PARTS:
            base = name.removesuffix(part)
            if base != name and (
                self._kinds.get(base) in ("histogram", "summary") or f"{base}_bucket" in self._columns
            ):
                return base
        return ""

    def _grouped(self, name: str, keep: tuple[str, ...] | None, drop: str = "") -> dict[tuple[str, Labels], list[int]]:
        """Return columns by service and the labels kept (None: all but `drop`)."""
        groups: dict[tuple[str, Labels], list[int]] = {}
        for labels, column in self._columns.get(name, ()):
            kept = {k: v for k, v in labels.items() if k not in ("service", drop) and (keep is None or k in keep)}
            service = labels.get("service") or self._service
            groups.setdefault((service, tuple(sorted(kept.items()))), []).append(column)
        return groups

    def _counts(self, columns: Sequence[int]) -> Array:
        """Return counters as (n, k); one not yet there after the target's or its process's start is at zero."""
        counts = self._values[:, list(columns)]
        seen = np.isfinite(counts)
        unborn = ~np.logical_or.accumulate(seen, axis=0) | (self._restarted[:, None] & ~seen)
        return np.where(unborn, 0.0, counts) if len(counts) else counts

    def _starts(self) -> NDArray[np.bool_]:
        """Return in which rows the target's process is another than in the row before."""
        own = self._columns.get("process_start_time_seconds", ())
        starts = [column for labels, column in own if labels.get("service", self._service) == self._service]
        restarted = np.zeros(self._answered.size, dtype=bool)
        if starts and restarted.size:
            known = np.flatnonzero(np.isfinite(self._values[:, starts[0]]))
            changed = np.abs(np.diff(self._values[known, starts[0]])) > START_STEP_S
            restarted[known[1:][changed]] = True
        return restarted

    def _rise(self, columns: Sequence[int]) -> Array:
        return increases(self._answered, self._counts(columns), self._span_s)

    def _add(
        self, derived: Derived, name: str, unit: str, group: tuple[str, Labels], values: Array, query: str
    ) -> None:
        spread = np.full(self._times.size, np.nan)
        spread[self._up] = values
        derived.series.append(_series(name, group[0], unit, dict(group[1]), self._times, spread))
        derived.queries[name] = query

    def _requests(self, name: str, derived: Derived) -> None:
        prefix, keep = REQUESTS[name]
        by, span = ", ".join(("service", *keep)), f"{self._span_s:g}s"
        total_query = f"sum by ({by}) (rate({name}[{span}]))"
        codes = {column: status_of(labels) for labels, column in self._columns[name]}
        ratio_query = error_ratio_of(name, by).replace(SPAN_MARK, span)
        for group, columns in self._grouped(name, keep).items():
            rise = self._rise(columns)
            total = rise.sum(axis=1)
            self._add(derived, f"{prefix}request_rate", "1/s", group, total / self._apart, total_query)
            told = [bool(codes[c]) for c in columns]
            if any(told):
                # Requests of which no label tells how they ended are neither good nor bad.
                failed = rise[:, [failure(codes[c]) for c in columns]].sum(axis=1)
                ratio = _share(failed, rise[:, told].sum(axis=1))
                self._add(derived, f"{prefix}error_ratio", "ratio", group, ratio, ratio_query)
            peer = dict(group[1]).get("peer")
            if peer and bool(np.nansum(total) > 0):
                derived.edges.add((group[0], peer))

    def _levels(self, metric: str, name: str, unit: str, derived: Derived) -> None:
        for group, columns in self._grouped(metric, None).items():
            self._add(derived, name, unit, group, self._values[:, columns[0]], metric)

    def _rates(self, metric: str, name: str, unit: str, derived: Derived) -> None:
        for group, columns in self._grouped(metric, None).items():
            rate = self._rise(columns).sum(axis=1) / self._apart
            self._add(derived, name, unit, group, rate, f"rate({metric}[{self._span_s:g}s])")

    def _seconds(self, metric: str, name: str, derived: Derived) -> None:
        for group, columns in self._grouped(metric, ()).items():
            rate = self._rise(columns).sum(axis=1) / self._apart
            self._add(derived, name, "ratio", group, rate, f"sum by (service) (rate({metric}[{self._span_s:g}s]))")

    def _hits(self, derived: Derived) -> None:
        results = {column: labels.get("result", "") for labels, column in self._columns[CACHE_READS]}
        span = f"[{self._span_s:g}s]"
        query = (
            f'sum by (service) (rate({CACHE_READS}{{result="hit"}}{span}))'
            f" / sum by (service) (rate({CACHE_READS}{span}))"
        )
        for group, columns in self._grouped(CACHE_READS, ()).items():
            rise = self._rise(columns)
            hits = rise[:, [results[column] == "hit" for column in columns]].sum(axis=1)
            self._add(derived, "cache_hit_ratio", "ratio", group, _share(hits, rise.sum(axis=1)), query)

    def _retries(self, derived: Derived) -> None:
        metric, keep, span = "http_client_requests_total", ("peer",), f"[{self._span_s:g}s]"
        calls = self._grouped(metric, keep)
        again_query, query = (f"sum by (service, peer) (rate({name}{span}))" for name in (RETRIES, metric))
        for group, columns in self._grouped(RETRIES, keep).items():
            if group in calls:
                again = self._rise(columns).sum(axis=1)
                first = self._rise(calls[group]).sum(axis=1) - again
                ratio = _share(again, np.maximum(first, 0.0))
                self._add(derived, "retry_ratio", "ratio", group, ratio, f"{again_query} / ({query} - {again_query})")

    def _other(self, metric: str, derived: Derived) -> None:
        kind = self._kinds.get(metric, "")
        if kind == "counter" or (kind in ("", "untyped", "unknown") and metric.endswith("_total")):
            self._rates(metric, f"{metric.removesuffix('_total')}_rate", "1/s", derived)
        else:
            self._levels(metric, metric, _unit(metric), derived)

    def _durations(self, base: str, derived: Derived) -> None:
        name, keep = DURATIONS.get(base, (base, None))
        unit, span = "s" if base in DURATIONS else _unit(base), f"{self._span_s:g}s"
        by = ", ".join(("service", *keep)) if keep is not None else "service"
        sums, counts = self._grouped(f"{base}_sum", keep), self._grouped(f"{base}_count", keep)
        for group in sums.keys() & counts.keys():
            total, count = (self._rise(side[group]).sum(axis=1) for side in (sums, counts))
            mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
            query = f"sum by ({by}) (rate({base}_sum[{span}])) / sum by ({by}) (rate({base}_count[{span}]))"
            self._add(derived, f"{name}_mean", unit, group, mean, query)
        bounds = {column: _bound(labels.get("le", "")) for labels, column in self._columns.get(f"{base}_bucket", ())}
        for group, columns in self._grouped(f"{base}_bucket", keep, drop="le").items():
            edges = np.array(sorted({bounds[c] for c in columns if not math.isnan(bounds[c])}))
            if edges.size < 2 or math.isfinite(edges[-1]):
                continue
            rise = self._rise(columns)
            cumulative = np.stack([rise[:, [bounds[c] == edge for c in columns]].sum(axis=1) for edge in edges], axis=1)
            query = f"histogram_quantile(0.99, sum by ({by}, le) (rate({base}_bucket[{span}])))"
            self._add(derived, f"{name}_p99", unit, group, quantiles(edges, cumulative, 0.99), query)

    def _target_up(self, derived: Derived) -> None:
        derived.series.append(_series("up", self._service, "", {}, self._times, self._up.astype(np.float64)))
        derived.queries["up"] = "up"


def merge(parts: Iterable[tuple[str, Derived]]) -> tuple[Derived, list[str]]:
    """
    Join what several targets gave. Where two have the same series, the one of the service's own target stays.

    Args:
        parts: (service of the target, what it gave).

    Returns: all of it, sorted by service, name and labels; the services of which something was given twice.
    """
    whole, twice = Derived(), set()
    chosen: dict[tuple[str, str, Labels], tuple[bool, Series]] = {}
    for owner, part in parts:
        whole.queries.update(part.queries)
        whole.edges |= part.edges
        for series in part.series:
            key = (series.service, series.name, tuple(sorted(series.labels.items())))
            own = owner == series.service
            if key in chosen:
                twice.add(series.service)
                if chosen[key][0] or not own:
                    continue
            chosen[key] = (own, series)
    whole.series = [chosen[key][1] for key in sorted(chosen)]
    return whole, sorted(twice)


def _series(name: str, service: str, unit: str, labels: dict[str, str], times: Array, values: Array) -> Series:
    usable = [None if v != v or math.isinf(v) else v for v in values.tolist()]
    return Series(
        name=name, service=service, unit=unit, labels=labels, times=tuple(times.tolist()), values=tuple(usable)
    )


def _share(part: Array, whole: Array) -> Array:
    """Return one over the other; not a number where there is nothing to divide by."""
    share: Array = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return share


def _cut(series: Series, start: float) -> Series | None:
    """Return the part at or after `start`, or None when it holds no value."""
    first = next((i for i, t in enumerate(series.times) if t >= start), len(series.times))
    values = series.values[first:]
    if all(v is None for v in values):
        return None
    return Series(
        name=series.name,
        service=series.service,
        unit=series.unit,
        labels=series.labels,
        times=series.times[first:],
        values=values,
    )


def _unit(metric: str) -> str:
    for suffix, unit in (("_bytes", "bytes"), ("_seconds", "s"), ("_ratio", "ratio")):
        if metric.endswith(suffix):
            return unit
    return ""


def _bound(le: str) -> float:
    try:
        return float(le)
    except ValueError:
        return math.nan
