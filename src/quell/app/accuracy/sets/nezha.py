"""
Nezha: injected faults in TrainTicket (logs, traces, metrics) and OnlineBoutique (metrics only here).

Both name the moment of the injection as the time of the alert, so what is diagnosed from is what came in the three
minutes after it (TrainTicket's own cases hold the logs and traces of about as long); nothing later is read, and
nothing of the shared day's metrics that is more than an hour older.

Source: Yu et al. (2023), Nezha: Interpretable Fine-Grained Root Causes Analysis for Microservices on Multi-Modal
Observability Data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from quell.app.accuracy.sets.case import Incident, folder, load_json, number, rows, utc
from quell.errors import ConfigError
from quell.evidence.source import LogLine, Span
from quell.signals.fusion import Observation
from quell.signals.localize import Kind, Measures
from quell.signals.series import Array
from quell.signals.traces import columns

TRAIN_TICKET, BOUTIQUE = "nezha_tt", "nezha_ob_metrics"

WATCHED_S = 180.0
BACK_S = 3600.0
STEP_S = 60.0
REFERENCE_S = 600.0
"""The fault-free logs and traces of the day are put so long before the alert."""

KINDS: Mapping[str, Kind] = {
    "CpuUsage(m)": Kind.CPU,
    "CpuUsageRate(%)": Kind.CPU,
    "MemoryUsage(Mi)": Kind.MEMORY,
    "MemoryUsageRate(%)": Kind.MEMORY,
    "SyscallRead": Kind.IO,
    "SyscallWrite": Kind.IO,
    "NetworkReceiveBytes": Kind.NETWORK,
    "NetworkTransmitBytes": Kind.NETWORK,
    "PodServerLatencyP90(s)": Kind.LATENCY,
    "PodServerLatencyP95(s)": Kind.LATENCY,
    "PodServerLatencyP99(s)": Kind.LATENCY,
    "PodClientLatencyP90(s)": Kind.WAIT,
    "PodClientLatencyP95(s)": Kind.WAIT,
    "PodClientLatencyP99(s)": Kind.WAIT,
    "PodWorkload(Ops)": Kind.LOAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One series of a day."""

    service: str
    kind: Kind
    peer: str
    times: Array
    values: Array


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


def _boutique(case: Mapping[str, str], shared: Path) -> Observation:
    alert = utc(case["alert_time_utc"])
    return Observation(
        onset_s=alert, until_s=alert + WATCHED_S, measures=_measures(_boutique_day(shared / case["day"]), alert)
    )


def _train_ticket(case: Path, shared: Path) -> Observation:
    about = load_json(case / "case.json")
    alert, day = utc(about["alert_time_utc"]), shared / about["day"]
    back = _newest(day / "faultfree_trace.csv.xz") - (alert - REFERENCE_S)
    spans = _spans(day / "faultfree_trace.csv.xz", back)
    lines = _lines(day / "faultfree_log.csv.xz", back)
    # What lies shortly before an alert may belong to the incident already: the fault-free stretch is the past.
    for path in sorted(case.glob("trace_*")):
        spans += [span for span in _spans(path, 0.0) if alert <= span.at <= alert + WATCHED_S]
    for path in sorted(case.glob("log_*")):
        lines += [line for line in _lines(path, 0.0) if alert <= line.at <= alert + WATCHED_S]
    return Observation(
        onset_s=alert,
        until_s=alert + WATCHED_S,
        measures=_measures(_train_ticket_day(day / "pod_metrics.csv.xz"), alert),
        spans=columns(spans),
        lines=lines,
    )


def _measures(series: Sequence[_Row], alert: float) -> Measures:
    """Put series on one clock, a value a minute: from an hour before the alert to three minutes after it."""
    before = alert - STEP_S / 2 - STEP_S * np.arange(int(BACK_S / STEP_S))[::-1]
    after = alert + STEP_S / 2 + STEP_S * np.arange(int(WATCHED_S / STEP_S))
    grid = np.concatenate([before, after])
    services = tuple(sorted({row.service for row in series}))
    place = {service: i for i, service in enumerate(services)}
    kept = [row for row in series if not row.peer or row.peer in place]
    return Measures(
        services=services,
        times=grid,
        values=np.array([_on(grid, row) for row in kept]),
        owner=np.array([place[row.service] for row in kept], dtype=np.int64),
        kind=np.array([row.kind for row in kept], dtype=np.int64),
        peer=np.array([place.get(row.peer, -1) for row in kept], dtype=np.int64),
    )


def _on(grid: Array, row: _Row) -> Array:
    """Return the value written within each minute of the grid; NaN where there is none."""
    ends = grid + STEP_S / 2
    newest = np.searchsorted(row.times, ends, side="right") - 1
    at = np.maximum(newest, 0)
    found: Array = np.where((newest >= 0) & (ends - row.times[at] < STEP_S), row.values[at], np.nan)
    return found


@lru_cache(maxsize=8)
def _boutique_day(day: Path) -> tuple[_Row, ...]:
    if not day.is_dir():
        raise ConfigError(f"{day}: no such folder")
    found: list[_Row] = []
    for path in sorted(day.glob("*_metric.csv*")):
        found += _pod_rows(path)
    for path in (day / "source_50.csv.xz", day / "destination_50.csv.xz"):
        found += _edge_rows(path) if path.exists() else []
    return tuple(found)


@lru_cache(maxsize=8)
def _train_ticket_day(path: Path) -> tuple[_Row, ...]:
    return tuple(_pod_rows(path))


def _pod_rows(path: Path) -> list[_Row]:
    """Read metrics of pods: `Time, TimeStamp, PodName`, then a column each. `Time` counts: some stamps are wrong."""
    head, *body = rows(path)
    by_pod: dict[str, list[list[str]]] = {}
    for row in body:
        by_pod.setdefault(row[2], []).append(row)
    found = []
    for pod, written in sorted(by_pod.items()):
        times = np.array([utc(row[0]) for row in written])
        order = np.argsort(times, kind="stable")
        for i, name in enumerate(head):
            if name in KINDS:
                values = np.array([number(row[i]) for row in written])
                found.append(
                    _Row(service=service_of(pod), kind=KINDS[name], peer="", times=times[order], values=values[order])
                )
    return found


def _edge_rows(path: Path) -> list[_Row]:
    """Read the median time of calls: `time, timestamp`, then a column `caller_callee` each."""
    head, *body = rows(path)
    times = np.array([utc(row[0]) for row in body])
    order = np.argsort(times, kind="stable")
    found = []
    for i, name in enumerate(head[2:], start=2):
        caller, _, callee = name.partition("_")
        values = np.array([number(row[i]) for row in body])
        found.append(_Row(service=caller, kind=Kind.LATENCY, peer=callee, times=times[order], values=values[order]))
    return found


@lru_cache(maxsize=8)
def _newest(path: Path) -> float:
    return max((span.at for span in _spans(path, 0.0)), default=0.0)


def _spans(path: Path, earlier_s: float) -> list[Span]:
    """Read `TraceID, SpanID, ParentID, PodName, OperationName, StartTimeUnixNano, EndTimeUnixNano, Duration` (µs)."""
    _, *body = rows(path)
    return [
        Span(
            trace_id=row[0],
            span_id=row[1],
            parent_id="" if row[2] == "root" else row[2],
            service=service_of(row[3]),
            name=row[4],
            at=int(row[5]) / 1e9 - earlier_s,
            duration_s=number(row[7]) / 1e6,
        )
        for row in body
    ]


def _lines(path: Path, earlier_s: float) -> list[LogLine]:
    """Read `TimeUnixNano, PodName, TraceID, SpanID, Log`; the level is in the line."""
    _, *body = rows(path)
    return [
        LogLine(
            at=int(row[0]) / 1e9 - earlier_s,
            service=service_of(row[1]),
            level="",
            text=row[4],
            trace_id=row[2],
            span_id=row[3],
        )
        for row in body
    ]
