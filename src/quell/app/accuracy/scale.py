"""`quell bench scale`: how long it takes, and how much memory, to find a fault among very many series."""

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
from quell.signals.fusion import Observation, locate
from quell.signals.localize import Kind, Measures

SERIES_EACH = 50
STEP_S = 15.0
POINTS = 240
"""An hour at a value each 15 s."""
FAULT_POINTS = 20
RUNS = 3

LEVELS = {
    Kind.LATENCY: 0.05,
    Kind.ERRORS: 0.01,
    Kind.LOAD: 100.0,
    Kind.CPU: 0.3,
    Kind.MEMORY: 5e8,
    Kind.IO: 100.0,
    Kind.NETWORK: 1e6,
}

SIZES = (100, 300, 1000)
SMALLEST, LARGEST = 10, 5000
PATIENCE_S = 300.0


def system(services: int, seed: int) -> tuple[Observation, str]:
    """
    Return a made-up system with a fault in its last five minutes, and the service at fault.

    Each service calls up to three of a higher number; every one has 50 series of all kinds. The fault is 200 ms more
    at one service, which shows in everything that calls it, directly or not.
    """
    rng = np.random.default_rng(seed)
    names = tuple(f"service-{i:05d}" for i in range(services))
    edges = sorted(
        {(i, int(j)) for i in range(services - 1) for j in rng.integers(i + 1, min(i + 60, services), size=3)}
    )
    kinds = np.resize(np.array(list(LEVELS), dtype=np.int64), SERIES_EACH)
    values = rng.normal(0.0, 1.0, size=(services, SERIES_EACH, POINTS))
    center = np.array([LEVELS[Kind(int(kind))] for kind in kinds])
    values *= 0.05 * center[None, :, None]
    values += center[None, :, None]
    fault = int(services * 0.7)
    reached = _callers(fault, edges)
    slow = np.array([i in reached or i == fault for i in range(services)])
    values[np.ix_(slow, kinds == Kind.LATENCY, np.arange(POINTS - FAULT_POINTS, POINTS))] += 0.2
    measures = Measures(
        services=names,
        times=STEP_S * np.arange(POINTS, dtype=np.float64),
        values=values.reshape(services * SERIES_EACH, POINTS),
        owner=np.repeat(np.arange(services), SERIES_EACH),
        kind=np.tile(kinds, services).astype(np.int64),
        peer=np.full(services * SERIES_EACH, -1, dtype=np.int64),
    )
    seen = Observation(
        onset_s=STEP_S * (POINTS - FAULT_POINTS),
        until_s=STEP_S * POINTS,
        measures=measures,
        edges=[(names[a], names[b]) for a, b in edges],
    )
    return seen, names[fault]


def _callers(service: int, edges: Sequence[tuple[int, int]]) -> set[int]:
    """Return who calls a service, directly or not."""
    by: dict[int, list[int]] = {}
    for caller, callee in edges:
        by.setdefault(callee, []).append(caller)
    reached: set[int] = set()
    to_see = [service]
    while to_see:
        for caller in by.get(to_see.pop(), ()):
            if caller not in reached:
                reached.add(caller)
                to_see.append(caller)
    return reached


def once(services: int) -> dict[str, Any]:
    """Measure one size in this process: median seconds of three runs and the most memory it took, data included."""
    seen, fault = system(services, seed=services)
    took, first = [], ""
    for _ in range(RUNS):
        began = time.perf_counter()
        first = locate(seen)[0].service
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

    Raises: ConfigError: a measurement broke or took more than five minutes.
    """
    by_size = []
    for services in sizes:
        command = [sys.executable, "-m", "quell.app.accuracy.scale", str(services)]
        try:
            # Our own interpreter and module, and a number that was checked.
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)  # noqa: S603
        except subprocess.SubprocessError as error:
            raise ConfigError(f"measuring {services} services: {error}") from error
        by_size.append(json.loads(done.stdout))
    largest = by_size[-1]
    return {"seconds": largest["seconds"], "mb": largest["mb"], "by_size": by_size, "growth": _growth(by_size)}


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
    lines = [f"{'services':>8}{'series':>10}{'points':>14}{'seconds':>10}{'MB':>8}   found"]
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
