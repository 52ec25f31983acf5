"""
What the traces of many requests say about which service is slow, silent or first to fail.

A call is seen from both ends: the caller's span lasts as long as it waited, the callee's as long as it worked. What
lies between belongs to the way there or to a callee that was slow to take the request, and is charged to the callee.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quell.signals.anomaly import normal_of
from quell.signals.localize import NOTABLE, Index, Sign, strength_of
from quell.signals.series import Array

LEAST_PAST = 4
"""Fewer spans of a kind than this before the onset say nothing about what is normal."""

LEAST_NOW = 2

SPAN_FLOOR_S = 0.001
RELATIVE_SPREAD = 0.1
"""Span times spread by at least this share of their middle: a handful of spans is surer of itself than it should be."""

MOSTLY = 0.9
"""A call that had its callee's span this often before is expected to have it."""


class SpanLike(Protocol):
    """What a span must have; `quell.evidence.source.Span` does."""

    @property
    def trace_id(self) -> str:
        """Return the trace that it belongs to."""
        ...

    @property
    def span_id(self) -> str:
        """Return its id in the trace."""
        ...

    @property
    def parent_id(self) -> str:
        """Return the id of what called it; empty for the first."""
        ...

    @property
    def service(self) -> str:
        """Return the service that it is of."""
        ...

    @property
    def name(self) -> str:
        """Return what it did."""
        ...

    @property
    def at(self) -> float:
        """Return when it began, Unix seconds."""
        ...

    @property
    def duration_s(self) -> float:
        """Return how long it took."""
        ...

    @property
    def error(self) -> bool:
        """Return whether it failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Spans as columns, each (n,)."""

    services: tuple[str, ...]
    names: tuple[str, ...]
    service: Index
    """Position in `services`."""
    name: Index
    """Position in `names`."""
    parent: Index
    """Row of the parent span, -1 when there is none here."""
    trace: Index
    at: Array
    """Start, Unix seconds."""
    duration_s: Array
    error: NDArray[np.bool_]

    @property
    def crosses(self) -> NDArray[np.bool_]:
        """Whether a span's parent is of another service."""
        has = self.parent >= 0
        crosses: NDArray[np.bool_] = has & (self.service[np.maximum(self.parent, 0)] != self.service)
        return crosses


def columns(spans: Iterable[SpanLike]) -> Spans:
    """Return spans as columns; of spans with the same id in a trace the first counts."""
    rows: dict[tuple[str, str], SpanLike] = {}
    for span in spans:
        rows.setdefault((span.trace_id, span.span_id), span)
    place = {key: i for i, key in enumerate(rows)}
    kept = list(rows.values())
    services = tuple(sorted({span.service for span in kept}))
    names = tuple(sorted({span.name for span in kept}))
    traces = {trace: i for i, trace in enumerate(dict.fromkeys(span.trace_id for span in kept))}
    of_service, of_name = ({one: i for i, one in enumerate(every)} for every in (services, names))
    return Spans(
        services=services,
        names=names,
        service=np.array([of_service[span.service] for span in kept], dtype=np.int64),
        name=np.array([of_name[span.name] for span in kept], dtype=np.int64),
        parent=np.array([place.get((span.trace_id, span.parent_id), -1) for span in kept], dtype=np.int64),
        trace=np.array([traces[span.trace_id] for span in kept], dtype=np.int64),
        at=np.array([span.at for span in kept], dtype=np.float64),
        duration_s=np.array([span.duration_s for span in kept], dtype=np.float64),
        error=np.array([span.error for span in kept], dtype=np.bool_),
    )


def trace_signs(spans: Spans, *, onset_s: float, until_s: float | None = None) -> list[Sign]:
    """
    Return the signs that traces show: a longer way to a service, longer work of its own, silence, first errors.

    Args:
        onset_s: spans that begin before it are the past; those after `until_s` are not read.

    Returns: strongest first, ties by name.
    """
    if not spans.at.size:
        return []
    end = np.inf if until_s is None else until_s
    now, past = (spans.at >= onset_s) & (spans.at <= end), spans.at < onset_s
    signs = [*_gaps(spans, past, now), *_own_work(spans, past, now), *_silence(spans, past, now)]
    signs += _first_errors(spans, past, now)
    return sorted(signs, key=lambda sign: (-sign.strength, sign.service, sign.family))


def calls(spans: Spans) -> list[tuple[str, str]]:
    """Return (caller, callee) as the traces show them, each once, by name."""
    child = np.flatnonzero(spans.crosses)
    pairs = {(int(spans.service[spans.parent[i]]), int(spans.service[i])) for i in child}
    return sorted((spans.services[a], spans.services[b]) for a, b in pairs)


def _shift(past: Array, now: Array) -> tuple[float, float] | None:
    """Return (scales, seconds) by which the middle of the present lies above the past; None with too few spans."""
    if past.size < LEAST_PAST or now.size < LEAST_NOW:
        return None
    normal = normal_of(past, unit_floor=SPAN_FLOOR_S, smooth=1, too_few=LEAST_PAST)
    assert normal is not None
    scale = max(normal.scale, RELATIVE_SPREAD * abs(normal.center))
    rise = float(np.median(now)) - normal.center
    return rise / scale, rise


def _grouped(keys: Index, values: Array) -> dict[int, Array]:
    """Return the values by key."""
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    edges = np.flatnonzero(np.diff(keys)) + 1
    return {
        int(part[0]): value
        for part, value in zip(np.split(keys, edges), np.split(values, edges), strict=True)
        if part.size
    }


def _rises(
    keys: Index, values: Array, past: NDArray[np.bool_], now: NDArray[np.bool_]
) -> list[tuple[int, float, float]]:
    """Return (key, scales, seconds) of every group that rose notably."""
    before, since = _grouped(keys[past], values[past]), _grouped(keys[now], values[now])
    found = []
    for key in sorted(since):
        shift = _shift(before[key], since[key]) if key in before else None
        if shift is not None and shift[0] > NOTABLE:
            found.append((key, *shift))
    return found


def _gaps(spans: Spans, past: NDArray[np.bool_], now: NDArray[np.bool_]) -> list[Sign]:
    """The time between a caller's span and its callee's."""
    child = np.flatnonzero(spans.crosses)
    parent = spans.parent[child]
    gap = np.maximum(spans.duration_s[parent] - spans.duration_s[child], 0.0)
    count = len(spans.services)
    keys = spans.service[parent] * count + spans.service[child]
    signs = []
    for key, z, rise in _rises(keys, gap, past[child], now[child]):
        caller, callee = spans.services[key // count], spans.services[key % count]
        says = f"calls from {caller} take {1000 * rise:.0f} ms more than it works on them"
        signs.append(Sign(service=callee, family="trace_gap", strength=strength_of(z), says=says))
    return signs


def _own_work(spans: Spans, past: NDArray[np.bool_], now: NDArray[np.bool_]) -> list[Sign]:
    """The time of a span less that of its children, of spans that wait for no other service."""
    children = np.zeros(spans.at.size)
    has = np.flatnonzero(spans.parent >= 0)
    np.add.at(children, spans.parent[has], spans.duration_s[has])
    waits = np.zeros(spans.at.size, dtype=np.bool_)
    waits[spans.parent[np.flatnonzero(spans.crosses)]] = True
    rows = np.flatnonzero(~waits)
    own = np.maximum(spans.duration_s - children, 0.0)[rows]
    keys = spans.service[rows] * len(spans.names) + spans.name[rows]
    total = float(spans.duration_s[now & (spans.parent < 0)].sum())
    signs = []
    for key, z, rise in _rises(keys, own, past[rows], now[rows]):
        service, name = spans.services[key // len(spans.names)], spans.names[key % len(spans.names)]
        spent = rise * float((keys[now[rows]] == key).sum())
        share = min(spent / total * 10, 1.0) if total > 0 else 1.0
        says = f"its own work in {name[:80]} takes {1000 * rise:.0f} ms longer"
        signs.append(Sign(service=service, family="trace_own", strength=strength_of(z) * share, says=says))
    return signs


def _silence(spans: Spans, past: NDArray[np.bool_], now: NDArray[np.bool_]) -> list[Sign]:
    """Calls that used to have a span of the callee and have none now: the callee did not take them."""
    child = np.flatnonzero(spans.crosses)
    answered = np.full(spans.at.size, -1, dtype=np.int64)
    answered[spans.parent[child]] = spans.service[child]
    kinds: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in np.flatnonzero(past | now):
        kinds[int(spans.service[row]), int(spans.name[row])].append(int(row))
    signs = []
    for rows in kinds.values():
        every = np.array(rows)
        before, since = every[past[every]], every[now[every]]
        said = answered[before][answered[before] >= 0]
        if before.size < LEAST_PAST or since.size < LEAST_NOW or said.size < MOSTLY * before.size:
            continue
        missing = int((answered[since] < 0).sum())
        callee, times = _most_common(said)
        if times < MOSTLY * said.size or missing < 2 or missing < 0.2 * since.size:
            continue
        says = f"{missing} of {since.size} calls to it left no span of its own"
        surprise = missing * np.log((missing / since.size) * (before.size + 1) / max(before.size - said.size, 0.5))
        signs.append(
            Sign(
                service=spans.services[callee],
                family="trace_silence",
                strength=strength_of(max(float(surprise), 0.0)),
                says=says,
            )
        )
    return signs


def _most_common(values: Index) -> tuple[int, int]:
    found, counts = np.unique(values, return_counts=True)
    best = int(counts.argmax())
    return int(found[best]), int(counts[best])


def _first_errors(spans: Spans, past: NDArray[np.bool_], now: NDArray[np.bool_]) -> list[Sign]:
    """The deepest failed span of each trace, by service, above how often it was so before."""
    if not spans.error.any():
        return []
    failed = np.flatnonzero(spans.error)
    has_failed_child = np.zeros(spans.at.size, dtype=np.bool_)
    below = spans.parent[failed]
    has_failed_child[below[below >= 0]] = True
    first = np.flatnonzero(spans.error & ~has_failed_child)
    traces_now, traces_past = (max(np.unique(spans.trace[which]).size, 1) for which in (now, past))
    signs = []
    for service in sorted({int(one) for one in spans.service[first]}):
        mine = first[spans.service[first] == service]
        count, before = int(now[mine].sum()), int(past[mine].sum())
        expected = before / traces_past * traces_now
        if count < 2 or count <= 2 * expected:
            continue
        z = (count - expected) / np.sqrt(max(expected, 1.0))
        says = f"{count} requests fail first in it, {expected:.0f} expected"
        signs.append(
            Sign(
                service=spans.services[service],
                family="trace_error",
                strength=strength_of(float(z)),
                says=says,
            )
        )
    return signs


def merged(parts: Sequence[Spans]) -> Spans:
    """Return the spans of several stretches as one; ids must not repeat among them."""
    services = tuple(sorted({name for part in parts for name in part.services}))
    names = tuple(sorted({name for part in parts for name in part.names}))
    offsets = np.cumsum([0, *(part.at.size for part in parts)])
    traces = np.cumsum([0, *(int(part.trace.max(initial=-1)) + 1 for part in parts)])

    def place(every: tuple[str, ...], own: tuple[str, ...], column: Index) -> Index:
        where = {name: i for i, name in enumerate(every)}
        return np.array([where[name] for name in own], dtype=np.int64)[column] if column.size else column

    return Spans(
        services=services,
        names=names,
        service=np.concatenate([place(services, part.services, part.service) for part in parts]),
        name=np.concatenate([place(names, part.names, part.name) for part in parts]),
        parent=np.concatenate(
            [np.where(part.parent >= 0, part.parent + offsets[i], -1) for i, part in enumerate(parts)]
        ),
        trace=np.concatenate([part.trace + traces[i] for i, part in enumerate(parts)]),
        at=np.concatenate([part.at for part in parts]),
        duration_s=np.concatenate([part.duration_s for part in parts]),
        error=np.concatenate([part.error for part in parts]),
    )
