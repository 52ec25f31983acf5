"""Counters, gauges and histograms, written out as Prometheus text (version 0.0.4)."""

from __future__ import annotations

import os
import resource
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DURATION_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MAX_SERIES = 1000
"""Of one metric: label values that come from outside must not grow memory without end."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_STARTED_AT = time.time()


class Metric:
    """One named family of series."""

    kind = "untyped"

    def __init__(self, name: str, labels: tuple[str, ...], text: str) -> None:
        self.name = name
        self.labels = labels
        self.text = text

    def samples(self) -> Iterator[str]:
        """Yield the lines of all series."""
        raise NotImplementedError


class Counter(Metric):
    """Goes up."""

    kind = "counter"

    def __init__(self, name: str, labels: tuple[str, ...], text: str) -> None:
        super().__init__(name, labels, text)
        self._values: dict[tuple[str, ...], float] = {}

    def add(self, *values: str, by: float = 1.0) -> None:
        """Count `by` more for these label values."""
        if values in self._values or len(self._values) < MAX_SERIES:
            self._values[values] = self._values.get(values, 0.0) + by

    def samples(self) -> Iterator[str]:
        """Yield its lines."""
        for values, number in self._values.items():
            yield _line(self.name, zip(self.labels, values, strict=True), number)


class Gauge(Metric):
    """Read when asked."""

    kind = "gauge"

    def __init__(
        self, name: str, labels: tuple[str, ...], text: str, read: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        super().__init__(name, labels, text)
        self._read = read

    def samples(self) -> Iterator[str]:
        """Yield its lines."""
        for values, number in self._read().items():
            yield _line(self.name, zip(self.labels, values, strict=True), number)


class ReadCounter(Gauge):
    """A counter whose count is kept elsewhere."""

    kind = "counter"


class Histogram(Metric):
    """Durations in seconds."""

    kind = "histogram"

    def __init__(self, name: str, labels: tuple[str, ...], text: str) -> None:
        super().__init__(name, labels, text)
        self._series: dict[tuple[str, ...], list[float]] = {}

    def observe(self, *values: str, seconds: float) -> None:
        """Count one duration."""
        series = self._series.get(values)
        if series is None:
            if len(self._series) >= MAX_SERIES:
                return
            series = self._series[values] = [0.0] * (len(DURATION_BUCKETS_S) + 2)
        series[bisect_left(DURATION_BUCKETS_S, seconds)] += 1
        series[-1] += seconds

    def samples(self) -> Iterator[str]:
        """Yield the lines of its buckets, sum and count."""
        for values, series in self._series.items():
            labels, total = list(zip(self.labels, values, strict=True)), 0.0
            for bound, count in zip((*map(str, DURATION_BUCKETS_S), "+Inf"), series[:-1], strict=True):
                total += count
                yield _line(f"{self.name}_bucket", (*labels, ("le", bound)), total)
            yield _line(f"{self.name}_sum", labels, series[-1])
            yield _line(f"{self.name}_count", labels, total)


class Registry:
    """All metrics of one process."""

    def __init__(self) -> None:
        self._metrics: list[Metric] = []

    def counter(self, name: str, *labels: str, text: str) -> Counter:
        """Add a counter."""
        metric = Counter(name, labels, text)
        self._metrics.append(metric)
        return metric

    def histogram(self, name: str, *labels: str, text: str) -> Histogram:
        """Add a histogram of durations."""
        metric = Histogram(name, labels, text)
        self._metrics.append(metric)
        return metric

    def gauge(
        self,
        name: str,
        *labels: str,
        text: str,
        read: Callable[[], Mapping[tuple[str, ...], float]],
        counts: bool = False,
    ) -> None:
        """Add a gauge, or a counter (`counts`), that is read at each scrape."""
        self._metrics.append((ReadCounter if counts else Gauge)(name, labels, text, read))

    def render(self) -> bytes:
        """Return the Prometheus text of all metrics."""
        lines: list[str] = []
        for metric in self._metrics:
            lines.append(f"# HELP {metric.name} {metric.text}")
            lines.append(f"# TYPE {metric.name} {metric.kind}")
            lines.extend(metric.samples())
        return ("\n".join(lines) + "\n").encode()


def add_process_metrics(registry: Registry, *, memory_limit_bytes: int | None) -> None:
    """Add what an operating system knows of this process."""
    registry.gauge("process_resident_memory_bytes", text="Resident memory.", read=lambda: {(): resident_memory_bytes()})
    if memory_limit_bytes is not None:
        limit = float(memory_limit_bytes)
        registry.gauge("process_memory_limit_bytes", text="Memory limit.", read=lambda: {(): limit})
    registry.gauge("process_start_time_seconds", text="Start, Unix seconds.", read=lambda: {(): _STARTED_AT})
    registry.gauge("process_cpu_seconds_total", text="CPU time.", read=lambda: {(): time.process_time()}, counts=True)


def mark_start() -> None:
    """Take now as the process's start: a forked process calls this first."""
    global _STARTED_AT
    _STARTED_AT = time.time()


def resident_memory_bytes(pid: int | None = None) -> float:
    """Return a process's resident memory (this one's without a pid); 0 when it is gone or cannot be read."""
    try:
        return float(int(Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1]) * _PAGE_BYTES)
    except (OSError, IndexError, ValueError):
        return 0.0 if pid else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _line(name: str, labels: Iterable[tuple[str, str]], number: float) -> str:
    """Return one sample's line."""
    pairs = ",".join(f'{label}="{_escape(value)}"' for label, value in labels)
    return f"{name}{{{pairs}}} {number:.10g}" if pairs else f"{name} {number:.10g}"


def _escape(value: str) -> str:
    """Escape a label's value."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
