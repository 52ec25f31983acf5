"""
PetShop: 5-minute metrics and the call graph of a microservice shop on AWS, with injected faults.

Source: Hardt et al. (2024), The PetShop Dataset: Finding Causes of Performance Issues across Microservices.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from quell.app.accuracy.sets.case import Incident, folder, load_json, number, rows
from quell.errors import ConfigError
from quell.signals.fusion import Observation
from quell.signals.localize import Kind, Measures, Symptom
from quell.signals.series import Array

NAME = "petshop"

KINDS: Mapping[tuple[str, str], Kind] = {
    ("latency", "Average"): Kind.LATENCY,
    ("availability", "Average"): Kind.ERRORS,
    ("requests", "Sum"): Kind.LOAD,
}
SYMPTOMS: Mapping[str, Kind] = {"latency": Kind.LATENCY, "availability": Kind.ERRORS}

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


def _observe(case: Path, shared: Path) -> Observation:
    target = load_json(case / "target.json")["target"]
    times, columns = _table(case / "metrics.csv")
    if not times.size:
        raise ConfigError(f"{case / 'metrics.csv'}: no rows")
    normal = shared / "normal_metrics.csv.gz"
    past = _table(normal) if normal.exists() else (np.empty(0), {})
    step = float(np.median(np.diff(times))) if times.size > 1 else 300.0
    # The days of normal operation were recorded at another time; they stand for what came before.
    before = times[0] - step * np.arange(past[0].size, 0, -1)
    services = tuple(sorted({key[0] for key in columns} | {key[0] for key in past[1]}))
    place = {service: i for i, service in enumerate(services)}
    keys = [key for key in columns if key[1:] in KINDS]
    blank = np.full(past[0].size, np.nan)
    values = np.array([np.concatenate([past[1].get(key, blank), columns[key]]) for key in keys])
    kind = np.array([KINDS[key[1:]] for key in keys], dtype=np.int64)
    values[kind == Kind.ERRORS] = 1 - values[kind == Kind.ERRORS] / 100
    return Observation(
        onset_s=float(target["timestamp"]),
        until_s=float(times[-1]),
        measures=Measures(
            services=services,
            times=np.concatenate([before, times]),
            values=values,
            owner=np.array([place[key[0]] for key in keys], dtype=np.int64),
            kind=kind,
            peer=np.full(len(keys), -1, dtype=np.int64),
        ),
        edges=_graph(shared / "graph.csv"),
        symptom=Symptom(service=target["node"], kind=SYMPTOMS.get(target["metric"], Kind.LATENCY)),
    )


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
