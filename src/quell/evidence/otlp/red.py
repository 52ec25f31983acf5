"""Series made from spans: how many requests a service took and made, how many failed, and how long they took."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quell.evidence.otlp.attributes import SERVER_KINDS
from quell.evidence.otlp.traces import Array, Calls, Frame, Ints
from quell.incident.events import Series
from quell.signals.series import quantiles

SPAN_S = 5.0
"""Rates, ratios and latencies are taken over this many seconds, as for what is scraped."""
STEP_S = 1.0
MOST_POINTS = 3_600
"""A longer window gets a coarser step."""
MOST_LAG_S = 30.0
"""The newest spans are waited for at most so long."""
TYPICAL_S = 60.0
"""Spans that came within so long of their end say how far behind a sender usually is."""

MOST_FLOWS = 500
"""Services, and pairs of caller and callee, of which series are made: the busiest. Names come from outside."""

_GROWTH = 2 ** (1 / 8)
BOUNDS_S = np.append(1e-5 * _GROWTH ** np.arange(214), math.inf)
"""Buckets of durations, 10 us to about 1000 s: a quantile is within 9 % of what it would be without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The times of the points: multiples of the step, whatever the window."""

    start: float
    """Unix seconds, as `end`; points lie in start <= t < end."""
    end: float
    step_s: float
    now: float

    @property
    def span_s(self) -> float:
        """Seconds that each point looks back over: a multiple of the step."""
        return self.step_s * max(1, round(SPAN_S / self.step_s))

    def times(self, first: float, lag_s: float) -> Array:
        """
        Return the points of a series.

        Args:
            first: when its first span ended.
            lag_s: spans newer than this may still be on their way.
        """
        low = math.ceil(max(self.start, first) / self.step_s)
        high = math.ceil(min(self.end, self.now - lag_s) / self.step_s)
        return np.arange(low, max(high, low), dtype=np.float64) * self.step_s


def grid(start: float, end: float, now: float) -> Grid:
    """Return the grid of a window, Unix seconds."""
    step_s = max(STEP_S, float(math.ceil((end - start) / MOST_POINTS)))
    return Grid(start=start, end=end, step_s=step_s, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """The requests of one service, or of one to a peer, in the order of their ends."""

    end: Array
    duration_s: Array
    error: NDArray[np.bool_]

    @classmethod
    def of(cls, spans: Frame, rows: Ints) -> _Flow:
        rows = rows[np.argsort(spans.end[rows], kind="stable")]
        return cls(end=spans.end[rows], duration_s=spans.duration_s[rows], error=spans.error[rows])

    def over(self, times: Array, span_s: float, values: Array) -> Array:
        """Return the sum of values whose requests ended in the `span_s` up to each time, that time included."""
        risen = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        until = np.searchsorted(self.end, times, side="right")
        since = np.searchsorted(self.end, times - span_s, side="right")
        total: Array = risen[until] - risen[since]
        return total

    def p99(self, times: Array, span_s: float) -> Array:
        """Return the 99th percentile of the durations."""
        until = np.searchsorted(self.end, times, side="right")
        since = np.searchsorted(self.end, times - span_s, side="right")
        bucket = np.searchsorted(BOUNDS_S, self.duration_s, side="left")
        # Counted point by point of the grid, not span by span: the table does not grow with the traffic.
        edges = np.unique(np.concatenate([since, until]))
        table = np.zeros((edges.size, BOUNDS_S.size))
        slot = np.searchsorted(edges, np.arange(self.end.size), side="right")
        inside = slot < edges.size
        np.add.at(table, (slot[inside], bucket[inside]), 1.0)
        risen = np.cumsum(table, axis=0)
        counts = risen[np.searchsorted(edges, until)] - risen[np.searchsorted(edges, since)]
        return quantiles(BOUNDS_S, np.cumsum(counts, axis=1), 0.99)


def served(spans: Frame, points: Grid) -> tuple[list[Series], int]:
    """
    Return what each service did for others, from its server and consumer spans.

    Returns: the series; services left out because there were too many.
    """
    rows = np.flatnonzero(np.isin(spans.kind, sorted(SERVER_KINDS)))
    flows, left_out = _busiest(spans.service[rows], rows)
    lags = lags_s(spans)
    series: list[Series] = []
    for rows in flows:
        service, flow = int(spans.service[rows[0]]), _Flow.of(spans, rows)
        times = points.times(float(flow.end[0]), lags[service])
        series += _series(spans.names[service], "", {}, flow, times, points)
        series.append(_one("latency_p99", spans.names[service], "s", {}, times, flow.p99(times, points.span_s)))
    return [one for one in series if one.times], left_out


def called(spans: Frame, found: Calls, points: Grid) -> tuple[list[Series], int]:
    """
    Return how each service fared with those it calls, from its client and producer spans, by peer.

    Returns: the series; pairs left out because there were too many.
    """
    rows = np.flatnonzero(found.callee > 0)
    flows, left_out = _busiest(spans.service[rows] * len(spans.names) + found.callee[rows], rows)
    lags = lags_s(spans)
    series: list[Series] = []
    for rows in flows:
        service, flow = int(spans.service[rows[0]]), _Flow.of(spans, rows)
        times = points.times(float(flow.end[0]), lags[service])
        labels = {"peer": found.names[int(found.callee[rows[0]])]}
        series += _series(spans.names[service], "client_", labels, flow, times, points)
    return [one for one in series if one.times], left_out


def _busiest(keys: Ints, rows: Ints) -> tuple[list[Ints], int]:
    """Return the rows of each key, of the `MOST_FLOWS` with the most rows, and how many keys were left out."""
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    groups = [rows[part] for part in np.split(order, cuts)] if keys.size else []
    if len(groups) <= MOST_FLOWS:
        return groups, 0
    sizes = np.array([group.size for group in groups])
    kept = np.sort(np.argsort(-sizes, kind="stable")[:MOST_FLOWS])
    return [groups[i] for i in kept.tolist()], len(groups) - MOST_FLOWS


def lags_s(spans: Frame) -> dict[int, float]:
    """Return how far behind its spans each service usually is, seconds, by place in `names`."""
    late_s, every = spans.late_s, np.arange(len(spans))
    order = np.argsort(spans.service, kind="stable")
    lags = {}
    for rows in np.split(every[order], np.flatnonzero(np.diff(spans.service[order])) + 1) if every.size else []:
        usual = late_s[rows][np.abs(late_s[rows]) <= TYPICAL_S]
        lag_s = float(np.quantile(usual, 0.99)) if usual.size else 0.0
        lags[int(spans.service[rows[0]])] = min(max(lag_s, 0.0), MOST_LAG_S)
    return lags


def _series(
    service: str, prefix: str, labels: dict[str, str], flow: _Flow, times: Array, points: Grid
) -> Iterator[Series]:
    span_s = points.span_s
    count = flow.over(times, span_s, np.ones(flow.end.size))
    failed = flow.over(times, span_s, flow.error.astype(np.float64))
    took = flow.over(times, span_s, flow.duration_s)
    empty = np.full(times.size, np.nan)
    ratio = np.divide(failed, count, out=empty.copy(), where=count > 0)
    mean = np.divide(took, count, out=empty, where=count > 0)
    # A flow that begins in the window has no rate yet while the span reaches back to before its first request.
    whole = (flow.end[0] <= points.start) | (times - span_s >= flow.end[0])
    yield _one(f"{prefix}request_rate", service, "1/s", labels, times, np.where(whole, count / span_s, np.nan))
    yield _one(f"{prefix}error_ratio", service, "ratio", labels, times, ratio)
    yield _one(f"{prefix}latency_mean", service, "s", labels, times, np.maximum(mean, 0.0))


def _one(name: str, service: str, unit: str, labels: dict[str, str], times: Array, values: Array) -> Series:
    usable = [None if value != value else value for value in values.tolist()]
    return Series(
        name=name, service=service, unit=unit, labels=labels, times=tuple(times.tolist()), values=tuple(usable)
    )
