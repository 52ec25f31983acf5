"""`quell bench scale`: how long detection and diagnosis take, and how much memory, among very many series."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quell.errors import ConfigError
from quell.incident.events import Series
from quell_bench.accuracy.looking import look
from quell_bench.accuracy.rca import PATH
from quell_bench.accuracy.recording import Recording

SERIES_EACH = 50
STEP_S = 15.0
POINTS = 60
"""A quarter of an hour at a value each 15 s: what an incident reads."""
FAULT_POINTS = 20
RUNS = 3
FANOUT = 3
"""Services that one calls at most: the calls are a tree."""

LEVELS: Mapping[str, tuple[str, float]] = {
    "request_rate": ("1/s", 100.0),
    "error_ratio": ("ratio", 0.01),
    "latency_mean": ("s", 0.2),
    "latency_p99": ("s", 0.5),
    "cpu_use": ("ratio", 0.3),
    "memory_bytes": ("bytes", 5e8),
    "memory_limit_bytes": ("bytes", 1e9),
}
"""Unit and usual value of what every service has; the rest of its series no agent reads."""

CALLS: Mapping[str, tuple[str, float]] = {
    "client_request_rate": ("1/s", 100.0),
    "client_error_ratio": ("ratio", 0.01),
    "client_latency_mean": ("s", 0.04),
}
"""The same for each service that it calls."""

SLOWER = {"latency_mean": 0.2, "latency_p99": 0.2, "client_latency_mean": 0.2}
"""Seconds that the fault adds."""

SIZES = (100, 300, 1000)
SMALLEST, LARGEST = 10, 5000
PATIENCE_S = 600.0


def system(services: int, seed: int) -> tuple[Recording, str]:
    """
    Return a made-up system with a fault in its last five minutes, and the service at fault.

    Calls are a tree with up to three branches; every service has 50 series. The fault is 200 ms more at one service,
    which shows in all that call it, directly or not. The alert is on the service that users enter by.
    """
    rng = np.random.default_rng(seed)
    names = tuple(f"service-{i:05d}" for i in range(services))
    times = tuple((STEP_S * np.arange(POINTS)).tolist())
    fault = int(services * 0.7)
    slow = _path_to(fault)
    series: list[Series] = []
    for i, name in enumerate(names):
        callees = [j for j in range(FANOUT * i + 1, FANOUT * i + FANOUT + 1) if j < services]
        told = [(kind, unit, level, "", i in slow) for kind, (unit, level) in LEVELS.items()]
        for j in callees:
            told += [(kind, unit, level, names[j], j in slow) for kind, (unit, level) in CALLS.items()]
        told += [(f"other_{k}", "", 1.0, "", False) for k in range(SERIES_EACH - len(told))]
        noise = rng.normal(1.0, 0.05, size=(len(told), POINTS))
        for (kind, unit, level, peer, is_slow), row in zip(told, noise, strict=True):
            values = level * (row if kind != "memory_limit_bytes" else np.ones(POINTS))
            if is_slow:
                values[-FAULT_POINTS:] += SLOWER.get(kind, 0.0)
            labels = {"peer": peer} if peer else {}
            series.append(
                Series(name=kind, service=name, unit=unit, labels=labels, times=times, values=tuple(values.tolist()))
            )
    seen = Recording(
        alert="HighLatency",
        service=names[0],
        alert_at_s=STEP_S * (POINTS - FAULT_POINTS + 2),
        now_s=STEP_S * (POINTS - 1),
        ends_s=STEP_S * (POINTS - 1),
        step_s=STEP_S,
        series=series,
        edges=[(names[(j - 1) // FANOUT], names[j]) for j in range(1, services)],
    )
    return seen, names[fault]


def _path_to(service: int) -> set[int]:
    """Return a service and all that call it, directly or not."""
    path = {service}
    while service:
        service = (service - 1) // FANOUT
        path.add(service)
    return path


def once(services: int) -> dict[str, Any]:
    """Measure one size in this process: median seconds of three runs and the most memory it took, data included."""
    seen, fault = system(services, seed=services)
    took, first = [], ""
    for _ in range(RUNS):
        began = time.perf_counter()
        hypotheses = look(seen).diagnosis.hypotheses
        first = hypotheses[0].service if hypotheses else ""
        took.append(time.perf_counter() - began)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "services": services,
        "series": services * SERIES_EACH,
        "points": services * SERIES_EACH * POINTS,
        "seconds": round(statistics.median(took), 4),
        "mb": round(most, 1),
        "right": first == fault,
    }


def measure(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """
    Return the report: each size in a process of its own, so that memory is that size's.

    Raises: ConfigError: a measurement broke or took more than ten minutes.
    """
    by_size = []
    for services in sizes:
        command = [sys.executable, "-m", "quell_bench.accuracy.scale", str(services)]
        try:
            # Our own interpreter and module, and a number that was checked.
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)  # noqa: S603
        except subprocess.SubprocessError as error:
            raise ConfigError(f"measuring {services} services: {error}") from error
        by_size.append(json.loads(done.stdout))
    largest = by_size[-1]
    return {
        "path": PATH,
        "seconds": largest["seconds"],
        "mb": largest["mb"],
        "by_size": by_size,
        "growth": _growth(by_size),
    }


def _growth(by_size: Sequence[dict[str, Any]]) -> dict[str, float] | None:
    """Return the exponents with which seconds and megabytes grow with the number of services; 1 is in proportion."""
    if len(by_size) < 2:
        return None
    size = np.log([one["services"] for one in by_size])
    return {
        name: round(float(np.polyfit(size, np.log([max(one[name], 1e-9) for one in by_size]), 1)[0]), 2)
        for name in ("seconds", "mb")
    }


def sizes_of(text: str) -> tuple[int, ...]:
    """Return the numbers of services in `100,300`. Raises: ConfigError: they are none, or not from 2 to 5000."""
    try:
        sizes = tuple(sorted(int(word) for word in text.split(",")))
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a list of numbers such as 100,300,1000") from error
    if not sizes or sizes[0] < SMALLEST or sizes[-1] > LARGEST:
        raise ConfigError(f"{text!r}: from {SMALLEST} to {LARGEST} services can be measured")
    return sizes


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a person reads it."""
    lines = [
        f"measured: {report['path']}",
        f"{'services':>8}{'series':>10}{'points':>14}{'seconds':>10}{'MB':>8}   found",
    ]
    lines += [
        f"{one['services']:>8,}{one['series']:>10,}{one['points']:>14,}{one['seconds']:>10.3f}{one['mb']:>8.0f}"
        f"   {'yes' if one['right'] else 'no'}"
        for one in report["by_size"]
    ]
    if report["growth"]:
        lines.append(
            f"grows with services ** {report['growth']['seconds']} in time, {report['growth']['mb']} in memory"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(once(int(sys.argv[1]))))
