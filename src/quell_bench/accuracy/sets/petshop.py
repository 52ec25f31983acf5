"""
PetShop: 5-minute metrics and the call graph of a microservice shop on AWS, with injected faults.

The alert is the symptom that the set names, at the time it names. The agents look at the newest value of a case, about
a quarter of an hour later. The set has statistics of nodes and none of calls, so there are no series by peer.

Source: Hardt et al. (2024), The PetShop Dataset: Finding Causes of Performance Issues across Microservices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from quell.errors import ConfigError
from quell.incident.events import Series
from quell.signals.series import Array
from quell_bench.accuracy.recording import Recording
from quell_bench.accuracy.sets.case import Incident, folder, load_json, number, rows

NAME = "petshop"

INDICATORS: Mapping[tuple[str, str], str] = {
    ("latency", "Average"): "latency_mean",
    ("latency", "p99"): "latency_p99",
    ("availability", "Average"): "error_ratio",
    ("requests", "Sum"): "request_rate",
}
"""Indicator of the agents by metric and statistic; the set has no others that they read."""

UNITS: Mapping[str, str] = {"latency_mean": "s", "latency_p99": "s", "error_ratio": "ratio", "request_rate": "1/s"}

ALERTS: Mapping[str, str] = {"latency": "HighLatency", "availability": "HighErrorRate"}

STEP_S = 300.0
HISTORY = 288
"""Values of normal operation that are put before an incident: a day of them."""

Table = tuple[Array, Mapping[tuple[str, str, str], Array]]


def incidents(data: Path, part: str) -> list[Incident]:
    """Return the incidents of a part, by name. Raises: ConfigError."""
    here = folder(data, NAME, part)
    found = []
    for case in sorted(path for path in (here / "cases").iterdir() if path.is_dir()):
        truth = load_json(here / "truth" / f"{case.name}.json")["root_cause"]["node"]
        system = case.name.split("__")[0]
        found.append(
            Incident(
                id=case.name,
                system=system,
                fault_type=str(load_json(case / "target.json")["target"]["metric"]),
                truth=truth,
                read=partial(_observe, case, data / NAME / "shared" / system),
            )
        )
    return found


def _observe(case: Path, shared: Path) -> Recording:
    target = load_json(case / "target.json")["target"]
    times, columns = _table(case / "metrics.csv")
    if not times.size:
        raise ConfigError(f"{case / 'metrics.csv'}: no rows")
    normal = shared / "normal_metrics.csv.gz"
    past = _table(normal) if normal.exists() else (np.empty(0), {})
    size = min(past[0].size, HISTORY)
    # The days of normal operation were recorded at another time; they stand for what came before.
    before = times[0] - STEP_S * np.arange(size, 0, -1)
    blank = np.full(past[0].size, np.nan)
    series = [
        _series(
            key[0], INDICATORS[key[1:]], np.concatenate([before, times]), [*past[1].get(key, blank)[-size:], *values]
        )
        for key, values in columns.items()
        if key[1:] in INDICATORS
    ]
    return Recording(
        alert=ALERTS.get(target["metric"], "HighLatency"),
        service=str(target["node"]),
        alert_at_s=float(target["timestamp"]),
        now_s=float(times[-1]),
        ends_s=float(times[-1]),
        step_s=STEP_S,
        series=series,
        edges=_graph(shared / "graph.csv"),
    )


def _series(service: str, name: str, times: Array, values: Sequence[float]) -> Series:
    return Series(
        name=name,
        service=service,
        unit=UNITS[name],
        times=tuple(times.tolist()),
        values=tuple(None if value != value else _scaled(name, float(value)) for value in values),
    )


def _scaled(name: str, value: float) -> float:
    """Return a value in the agents' unit: availability is in per cent, requests are a sum over five minutes."""
    if name == "error_ratio":
        return 1 - value / 100
    return value / STEP_S if name == "request_rate" else value


@lru_cache(maxsize=16)
def _table(path: Path) -> Table:
    """Return times and columns by (component, metric, statistic): three head rows, then a blank-named index row."""
    head: list[list[str]] = []
    body: list[list[str]] = []
    for row in rows(path):
        if len(head) < 3:
            head.append(row[1:])
        elif row and row[0] not in ("", "unix_timestamp"):
            body.append(row)
    if len(head) < 3:
        raise ConfigError(f"{path}: three head rows are expected: component, metric, statistic")
    times = np.array([number(row[0]) for row in body])
    values = np.array([[number(cell) for cell in row[1:]] for row in body]).reshape(len(body), len(head[0]))
    return times, {key: values[:, i] for i, key in enumerate(zip(*head, strict=True))}


@lru_cache(maxsize=16)
def _graph(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the calls in an adjacency matrix whose rows call its columns; none where there is no file."""
    if not path.exists():
        return ()
    head, *body = rows(path)
    return tuple(
        (row[0], name) for row in body for name, cell in zip(head[1:], row[1:], strict=False) if number(cell) > 0
    )
