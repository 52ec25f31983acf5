"""
Nezha: injected faults in TrainTicket (logs, traces, metrics) and OnlineBoutique (metrics only here).

Both name the moment of the injection, and no alert. The alert here is on the service that users enter by, at that
moment, which flatters: a real one comes later. The agents look three minutes after it, or when the recording ends.

TrainTicket's spans and lines go through the product's own OpenTelemetry source. Its cases hold about a minute of them
before the alert; the fault-free minute of the day is put right before that. OnlineBoutique has medians of the calls
between services, seen by either side: those of the caller stand for `client_latency_mean`, those of the callee, over
all that call it, for `latency_mean`. `PodSuccessRate(%)` is 0 throughout and says nothing.

Source: Yu et al. (2023), Nezha: Interpretable Fine-Grained Root Causes Analysis for Microservices on Multi-Modal
Observability Data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from quell.errors import ConfigError
from quell.evidence.source import LogLine, Span
from quell.incident.events import Series
from quell.signals.series import Array
from quell_bench.accuracy.recording import Recording
from quell_bench.accuracy.sets.case import Incident, folder, load_json, number, rows, utc

TRAIN_TICKET, BOUTIQUE = "nezha_tt", "nezha_ob_metrics"

WATCHED_S = 180.0
STEP_S = 60.0
GAP_S = 1.0
"""Between the end of the fault-free minute and the beginning of a case."""

ENTRIES: Mapping[str, str] = {TRAIN_TICKET: "ts-gateway-service", BOUTIQUE: "frontend"}
"""The service that users enter by."""

ALERT = "EntryUnhealthy"

MEBIBYTE = 1_048_576.0


def _milli(value: float) -> float:
    return value / 1000


def _same(value: float) -> float:
    return value


INDICATORS: Mapping[str, tuple[str, str, Callable[[float], float]]] = {
    "CpuUsage(m)": ("cpu_use", "ratio", _milli),
    "PodServerLatencyP99(s)": ("latency_p99", "s", _same),
    "PodWorkload(Ops)": ("request_rate", "1/s", _same),
}
"""Indicator of the agents, its unit, and how it is made, by the column of a pod's metrics."""

MEMORY, MEMORY_SHARE = "MemoryUsage(Mi)", "MemoryUsageRate(%)"
"""A pod's memory, and the same as a share of its limit, which is not written."""


def train_ticket(data: Path, part: str) -> list[Incident]:
    """Return the TrainTicket incidents of a part, by name. Raises: ConfigError."""
    here = folder(data, TRAIN_TICKET, part)
    found = []
    for case in sorted(path for path in (here / "cases").iterdir() if path.is_dir()):
        truth = load_json(here / "truth" / f"{case.name}.json")
        found.append(
            Incident(
                id=case.name,
                system="TrainTicket",
                fault_type=truth["fault_type"],
                truth=truth["service"],
                read=partial(_train_ticket, case, data / TRAIN_TICKET / "shared"),
            )
        )
    return found


def boutique(data: Path, part: str) -> list[Incident]:
    """Return the OnlineBoutique incidents of a part, by name. Raises: ConfigError."""
    here = folder(data, BOUTIQUE, part)
    truths = load_json(here / "truth.json")
    cases = sorted(load_json(here / "cases.json"), key=lambda case: str(case["id"]))
    return [
        Incident(
            id=case["id"],
            system="OnlineBoutique",
            fault_type=truths[case["id"]]["fault_type"],
            truth=truths[case["id"]]["service"],
            read=partial(_boutique, case, data / BOUTIQUE / "shared"),
        )
        for case in cases
        if case["id"] in truths
    ]


def service_of(pod: str) -> str:
    """Return the service of a pod: its name without the two parts that Kubernetes adds."""
    return "-".join(pod.split("-")[:-2]) or pod


def _boutique(case: Mapping[str, str], shared: Path) -> Recording:
    alert = utc(case["alert_time_utc"])
    series, edges = _boutique_day(shared / case["day"])
    return Recording(
        alert=ALERT,
        service=ENTRIES[BOUTIQUE],
        alert_at_s=alert,
        now_s=alert + WATCHED_S,
        ends_s=max((one.times[-1] for one in series if one.times), default=alert),
        step_s=STEP_S,
        series=series,
        edges=edges,
    )


def _train_ticket(case: Path, shared: Path) -> Recording:
    about = load_json(case / "case.json")
    alert, day = utc(about["alert_time_utc"]), shared / about["day"]
    spans = [span for path in sorted(case.glob("trace_*")) for span in _spans(path)]
    lines = [line for path in sorted(case.glob("log_*")) for line in _lines(path)]
    times = [span.at for span in spans] + [line.at for line in lines]
    begins, ends = min(times, default=alert), max(times, default=alert + WATCHED_S)
    calm_spans, calm_lines = _spans(day / "faultfree_trace.csv.xz"), _lines(day / "faultfree_log.csv.xz")
    calm_times = [span.at for span in calm_spans] + [line.at for line in calm_lines]
    later_s = begins - GAP_S - max(calm_times, default=begins - GAP_S)
    return Recording(
        alert=ALERT,
        service=ENTRIES[TRAIN_TICKET],
        alert_at_s=alert,
        now_s=min(alert + WATCHED_S, ends),
        ends_s=ends,
        step_s=STEP_S,
        series=_pods(day / "pod_metrics.csv.xz"),
        spans=[*(replace(one, at=one.at + later_s) for one in calm_spans), *spans],
        lines=[*(replace(one, at=one.at + later_s) for one in calm_lines), *lines],
    )


@lru_cache(maxsize=8)
def _boutique_day(day: Path) -> tuple[tuple[Series, ...], tuple[tuple[str, str], ...]]:
    """Return the series of a day and who calls whom."""
    if not day.is_dir():
        raise ConfigError(f"{day}: no such folder")
    found: list[Series] = []
    for path in sorted(day.glob("*_metric.csv*")):
        found += _pods(path)
    waits = _calls(day / "source_50.csv.xz")
    found += [
        _series("client_latency_mean", caller, "s", times, values, peer=callee)
        for (caller, callee), (times, values) in waits.items()
    ]
    found += _answer_times(_calls(day / "destination_50.csv.xz"))
    found += _entry(day / "front_service.csv.xz", ENTRIES[BOUTIQUE])
    return tuple(found), tuple(sorted(waits))


@lru_cache(maxsize=64)
def _pods(path: Path) -> tuple[Series, ...]:
    """Read metrics of pods: `Time, TimeStamp, PodName`, then a column each. `Time` counts: some stamps are wrong."""
    head, *body = rows(path)
    by_pod: dict[str, list[list[str]]] = {}
    for row in body:
        by_pod.setdefault(row[2], []).append(row)
    found: list[Series] = []
    for pod, written in sorted(by_pod.items()):
        times = np.array([utc(row[0]) for row in written])
        columns = {name: np.array([number(row[i]) for row in written]) for i, name in enumerate(head[3:], start=3)}
        service = service_of(pod)
        for column, (name, unit, made) in INDICATORS.items():
            if column in columns:
                found.append(_series(name, service, unit, times, made_of(columns[column], made)))
        if MEMORY in columns and MEMORY_SHARE in columns:
            used = columns[MEMORY] * MEBIBYTE
            share = np.where(columns[MEMORY_SHARE] > 0, columns[MEMORY_SHARE] / 100, np.nan)
            found.append(_series("memory_bytes", service, "bytes", times, used))
            found.append(_series("memory_limit_bytes", service, "bytes", times, used / share))
    return tuple(found)


def made_of(values: Array, made: Callable[[float], float]) -> Array:
    """Return values in the agents' unit."""
    return np.array([made(float(value)) for value in values], dtype=np.float64)


def _calls(path: Path) -> dict[tuple[str, str], tuple[Array, Array]]:
    """Read the median time of calls by (caller, callee): `time, timestamp`, then a column `caller_callee` each."""
    if not path.exists():
        return {}
    head, *body = rows(path)
    times = np.array([utc(row[0]) for row in body])
    found = {}
    for i, name in enumerate(head[2:], start=2):
        caller, _, callee = name.partition("_")
        found[caller, callee] = (times, np.array([number(row[i]) for row in body], dtype=np.float64))
    return found


def _answer_times(calls: Mapping[tuple[str, str], tuple[Array, Array]]) -> list[Series]:
    """Return how long each service takes to answer: over its callers, as their shares are not known."""
    by_callee: dict[str, list[tuple[Array, Array]]] = {}
    for (_, callee), one in sorted(calls.items(), key=lambda pair: pair[0]):
        by_callee.setdefault(callee, []).append(one)
    found = []
    for callee, series in by_callee.items():
        whole = np.array([values for _, values in series])
        known = np.isfinite(whole)
        total, count = np.where(known, whole, 0.0).sum(axis=0), known.sum(axis=0)
        mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
        found.append(_series("latency_mean", callee, "s", series[0][0], mean))
    return found


def _entry(path: Path, service: str) -> list[Series]:
    """Read what users see of the entry: `Time, TimeStamp, ServiceName, SuccessRate(%), LatencyP50(s), ...`."""
    if not path.exists():
        return []
    head, *body = rows(path)
    times = np.array([utc(row[0]) for row in body])
    failed = 1 - np.array([number(row[head.index("SuccessRate(%)")]) for row in body]) / 100
    took = np.array([number(row[head.index("LatencyP50(s)")]) for row in body])
    return [
        _series("error_ratio", service, "ratio", times, failed),
        _series("latency_mean", service, "s", times, took),
    ]


def _series(name: str, service: str, unit: str, times: Array, values: Array, *, peer: str = "") -> Series:
    order = np.argsort(times, kind="stable")
    return Series(
        name=name,
        service=service,
        unit=unit,
        labels={"peer": peer} if peer else {},
        times=tuple(times[order].tolist()),
        values=tuple(None if not np.isfinite(value) else float(value) for value in values[order]),
    )


@lru_cache(maxsize=4)
def _spans(path: Path) -> tuple[Span, ...]:
    """Read `TraceID, SpanID, ParentID, PodName, OperationName, StartTimeUnixNano, EndTimeUnixNano, Duration` (µs)."""
    _, *body = rows(path)
    return tuple(
        Span(
            trace_id=row[0],
            span_id=row[1],
            parent_id="" if row[2] == "root" else row[2],
            service=service_of(row[3]),
            name=row[4],
            at=int(row[5]) / 1e9,
            duration_s=number(row[7]) / 1e6,
        )
        for row in body
    )


@lru_cache(maxsize=4)
def _lines(path: Path) -> tuple[LogLine, ...]:
    """Read `TimeUnixNano, PodName, TraceID, SpanID, Log`."""
    _, *body = rows(path)
    return tuple(
        LogLine(
            at=int(row[0]) / 1e9,
            service=service_of(row[1]),
            level=level_of(row[4]),
            text=row[4],
            trace_id=row[2],
            span_id=row[3],
        )
        for row in body
    )


def level_of(text: str) -> str:
    """Return the level that a line of the set's Java loggers has behind its time: `16:42:22.382 INFO  t.s.Travel`."""
    words = text.split(maxsplit=2)
    return words[1].lower() if len(words) > 1 and words[1] in LEVELS else ""


LEVELS = frozenset({"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"})
