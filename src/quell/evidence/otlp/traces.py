"""What the held spans say together: each once, under its parent, with who calls whom."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quell.evidence.otlp.attributes import CLIENT_KINDS
from quell.evidence.otlp.store import Part

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.uint64]

MOST_TWINS = 4
"""Spans of different traces that share a span id: so many are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Spans as columns of the same length, sorted by start; names are places in `names`, 0 is the empty one."""

    trace_high: Ids
    trace_low: Ids
    span: Ids
    parent: Ids
    at: Array
    """Start, Unix seconds."""
    duration_s: Array
    arrived: Array
    """Unix seconds."""
    service: Ints
    name: Ints
    peer: Ints
    kind: Ints
    error: Bools
    names: Sequence[str]

    def __len__(self) -> int:
        return self.at.size

    @property
    def end(self) -> Array:
        """Unix seconds."""
        return self.at + self.duration_s

    @property
    def late_s(self) -> Array:
        """How long after its end each came; negative when it is dated ahead of our clock."""
        return self.arrived - self.end

    def pick(self, rows: NDArray[Any]) -> Frame:
        """Return some rows, by a mask or by their places."""
        columns = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "names"}
        return replace(self, **columns)


def frame(parts: Sequence[Part], *, start: float, end: float) -> Frame:
    """Return the spans that began before `end` and ended at or after `start`, Unix seconds, as they came."""
    places: dict[str, int] = {"": 0}
    picked: list[dict[str, NDArray[Any]]] = []
    for part in parts:
        columns = part.columns
        inside = (columns["at"] < end) & (columns["at"] + columns["duration_s"] >= start)
        if not inside.any():
            continue
        names = np.array([places.setdefault(name, len(places)) for name in tuple(part.names)], dtype=np.int64)
        found: dict[str, NDArray[Any]] = {name: columns[name][inside] for name in columns.dtype.names or ()}
        found |= {name: names[found[name]] for name in ("service", "name", "peer")}
        found["arrived"] = part.arrived()[inside]
        picked.append(found)
    return _joined(picked, tuple(places))


def _joined(picked: Sequence[dict[str, NDArray[Any]]], names: Sequence[str]) -> Frame:
    def column(name: str, kind: type[Any]) -> NDArray[Any]:
        parts = [found[name] for found in picked]
        return np.concatenate(parts).astype(kind) if parts else np.zeros(0, dtype=kind)

    whole = Frame(
        trace_high=column("trace_high", np.uint64),
        trace_low=column("trace_low", np.uint64),
        span=column("span", np.uint64),
        parent=column("parent", np.uint64),
        at=column("at", np.float64),
        duration_s=column("duration_s", np.float64),
        arrived=column("arrived", np.float64),
        service=column("service", np.int64),
        name=column("name", np.int64),
        peer=column("peer", np.int64),
        kind=column("kind", np.int64),
        error=column("error", np.bool_),
        names=names,
    )
    return whole.pick(np.lexsort((whole.span, whole.at)))


def once(spans: Frame) -> tuple[Frame, int]:
    """
    Return every span once, the one that came first: senders repeat what got no answer.

    Returns: the spans; how many were left out.
    """
    order = np.lexsort((spans.arrived, spans.trace_high, spans.trace_low, spans.span))
    same = np.ones(max(order.size - 1, 0), dtype=bool)
    for ids in (spans.span, spans.trace_low, spans.trace_high):
        same &= ids[order][1:] == ids[order][:-1]
    again = order[1:][same]
    if not again.size:
        return spans, 0
    keep = np.ones(len(spans), dtype=bool)
    keep[again] = False
    return spans.pick(keep), int(again.size)


def parents(spans: Frame) -> Ints:
    """Return the row of each span's parent; -1 for a root, and where the parent is not among them."""
    order = np.argsort(spans.span, kind="stable")
    ids = spans.span[order]
    first = np.searchsorted(ids, spans.parent, side="left")
    found = np.full(len(spans), -1, dtype=np.int64)
    open_ = spans.parent != 0
    for step in range(MOST_TWINS):
        place = np.minimum(first + step, max(ids.size - 1, 0))
        open_ = open_ & (first + step < ids.size) & (found < 0)
        if not open_.any():
            break
        row = order[place]
        open_ &= ids[place] == spans.parent
        matches = open_ & (spans.trace_low[row] == spans.trace_low) & (spans.trace_high[row] == spans.trace_high)
        found[matches] = row[matches]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Who calls whom."""

    edges: frozenset[tuple[str, str]]
    """(caller, callee), by child spans of another service, and by the names that client spans give."""
    callee: Ints
    """Per span: whom a client or producer span calls, a place in `names`; 0 when nobody knows."""
    names: Sequence[str]


def calls(spans: Frame) -> Calls:
    """
    Find out who calls whom.

    The callee of a client span is the service of its child. Where no child came, because the callee died or is not
    instrumented, it is the service that other calls to the same peer reached, else the peer's own name.
    """
    parent = parents(spans)
    crossing = np.flatnonzero(parent >= 0)
    crossing = crossing[spans.service[crossing] != spans.service[parent[crossing]]]
    pairs, _ = _unique(spans.service[parent[crossing]], spans.service[crossing])
    edges = set(pairs)
    client = np.isin(spans.kind, sorted(CLIENT_KINDS))
    callee = np.zeros(len(spans), dtype=np.int64)
    callee[parent[crossing]] = spans.service[crossing]
    callee[~client] = 0
    reached = _reached(spans, callee)
    lost = np.flatnonzero(client & (callee == 0))
    peers, which = _unique(spans.service[lost], spans.peer[lost])
    known = np.array([reached.get(pair, pair[1]) for pair in peers], dtype=np.int64)
    callee[lost] = known[which]
    names = spans.names
    edges |= {
        (service, to)
        for (service, _), to in zip(peers, known.tolist(), strict=True)
        if to and to != service and not _is_address(names[to])
    }
    return Calls(edges=frozenset((names[a], names[b]) for a, b in edges), callee=callee, names=names)


def _reached(spans: Frame, callee: Ints) -> dict[tuple[int, int], int]:
    """Return by (caller, peer) the service that most of the calls with a child span reached."""
    known = np.flatnonzero((callee > 0) & (spans.peer > 0))
    counted = Counter(
        zip(spans.service[known].tolist(), spans.peer[known].tolist(), callee[known].tolist(), strict=True)
    )
    return {(caller, peer): name for (caller, peer, name), _ in sorted(counted.items(), key=lambda item: item[1])}


def _unique(left: Ints, right: Ints) -> tuple[list[tuple[int, int]], Ints]:
    """Return the pairs there are, and for each row which of them it is."""
    width = int(right.max(initial=0)) + 1
    keys, which = np.unique(left * width + right, return_inverse=True)
    return [divmod(key, width) for key in keys.tolist()], which


def _is_address(name: str) -> bool:
    """Whether a name is a bare IP address, which stands for no service."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name == "localhost"
    return True


def sampled(spans: Frame, most: int) -> Frame:
    """
    Return at most `most` spans, in whole traces as far as they fit.

    The choice goes by a hash of the trace id: the same at every call, and even over time and services.
    """
    if len(spans) <= most:
        return spans
    # Fibonacci hashing: the odd constant next to 2**64 over the golden ratio.
    mixed = (spans.trace_low ^ (spans.trace_high << np.uint64(1))) * np.uint64(0x9E3779B97F4A7C15)
    order = np.argsort(mixed, kind="stable")
    chosen = mixed[order]
    # The last trace is left out unless it is whole; a single trace longer than all that fits is cut.
    fits = int(np.searchsorted(chosen, chosen[most], side="left")) or most
    return spans.pick(np.sort(order[:fits]))
