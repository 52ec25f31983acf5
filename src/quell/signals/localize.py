"""
Which service an incident comes from, by measures alone: each against its own past, less what its callees explain.

A sign is one reason to suspect a service. Signs of several families (latency, errors, CPU, traces, logs ...) are
put on one scale, the logarithm of how far out of its own range something is, and added up per service.

Source: the excess of a caller less that of those it calls follows Lin, Chen and Zheng (2018), Microscope: Pinpoint
Performance Issues with Causal Graphs in Micro-service Environments; measures against their own past without a learned
graph follow Li et al. (2022), Causal Inference-Based Root Cause Analysis for Online Service Systems with Intervention
Recognition; the request weights and the scale are our own (docs/accuracy.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from quell.signals.anomaly import RELATIVE_FLOOR
from quell.signals.series import Array

Index = NDArray[np.int64]

NOTABLE = 3.0
"""Scales above its past at which a measure becomes a sign."""

_SHORT_PAST = 4.0
"""How many values of the past make its scale twice what it looks: a short past is surer of itself than it should be."""

_MOST = 50.0
"""A strength beyond this makes no difference any more."""

_IQR_TO_SIGMA = 1.349
_TINY = 1e-9
_LEAST_WEIGHT = 0.3
"""How much a sign still counts whose part in the symptom is nothing: what is slow need not be what hurts."""

_PART = 2.0
"""What having added most to the symptom is worth."""

_MUCH = 0.3
"""Who added this much of what the one that added most did is looked at even if it is hardly out of its own range."""

_OTHER_KIND = 0.3
"""How much errors count when time is the symptom, and time when errors are."""


class Kind(IntEnum):
    """What a measure measures; all but load hurt by rising."""

    LATENCY = 0
    """Seconds that a service, or a call to `peer`, takes."""
    WAIT = 1
    """Seconds that a service waits for those it calls; never a sign, it explains latency."""
    ERRORS = 2
    """Share of requests that fail, in [0, 1]."""
    LOAD = 3
    """Requests, in any unit that is the same for all services; never a sign, it weighs the others."""
    CPU = 4
    MEMORY = 5
    IO = 6
    NETWORK = 7


FLOORS: Mapping[Kind, float] = {Kind.LATENCY: 0.001, Kind.ERRORS: 0.005}
"""Smallest scale worth a word: a millisecond, half a per cent of errors. The others have a unit of their own."""

WEIGHTS: Mapping[Kind, float] = {
    Kind.LATENCY: 1.0,
    Kind.ERRORS: 1.0,
    Kind.CPU: 1.0,
    Kind.MEMORY: 0.5,
    Kind.IO: 0.4,
    Kind.NETWORK: 0.3,
}
"""How telling a kind is: what users feel and what code burns before what follows from both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Series of many services on one clock."""

    services: tuple[str, ...]
    times: Array
    """(t,) seconds, rising."""
    values: Array
    """(n, t); NaN where nothing is known."""
    owner: Index
    """(n,) position in `services`."""
    kind: Index
    """(n,) of `Kind`."""
    peer: Index
    """(n,) position of the service called, -1 when the measure is the owner's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What raised the alert."""

    service: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One reason to suspect a service."""

    service: str
    family: str
    strength: float
    """>= 0, logarithmic."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A service and why it is suspected."""

    service: str
    strength: float
    share: float
    """Of the strength of all suspects and of "none of these", softened: a probability before calibration."""
    signs: tuple[Sign, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Levels:
    """Every measure before and since the onset."""

    past: Array
    now: Array
    scale: Array
    known: NDArray[np.bool_]
    """Whether it has both a past and a present."""
    ever: NDArray[np.bool_]
    """Whether it had any past."""

    @property
    def excess(self) -> Array:
        return np.where(self.known, self.now - self.past, 0.0)

    @property
    def z(self) -> Array:
        return np.where(self.known, (self.now - self.past) / self.scale, 0.0)


def measure_signs(
    measures: Measures,
    edges: Iterable[tuple[str, str]],
    *,
    onset_s: float,
    until_s: float | None = None,
    symptom: Symptom | None = None,
) -> list[Sign]:
    """
    Return the signs that the measures of a system show.

    Args:
        edges: (caller, callee); calls seen in the measures themselves (`peer`) are added.
        onset_s: what is before it is the past; nothing later than `until_s` is read.
        symptom: when it is known, each moment counts by how bad the symptom was then, and a service by its part in it.

    Returns: strongest first, ties by name; none where nothing is out of its range.
    """
    end = measures.times[-1] if until_s is None else until_s
    before, since = measures.times < onset_s, (measures.times >= onset_s) & (measures.times <= end)
    if not since.any():
        return []
    floors = np.array([FLOORS.get(kind, _TINY) for kind in Kind])[measures.kind]
    levels = _levels(measures.values[:, before], measures.values[:, since], floors, None)
    if symptom is not None:
        weights = _symptom_weights(measures, levels, since, symptom)
        if weights is not None:
            levels = _levels(measures.values[:, before], measures.values[:, since], floors, weights)
    callees = _callees(measures, edges)
    signs: list[Sign] = []
    for kind in (Kind.LATENCY, Kind.ERRORS):
        weight = WEIGHTS[kind] * (_OTHER_KIND if symptom is not None and symptom.kind is not kind else 1.0)
        signs += _flow_signs(measures, levels, callees, kind, weight=weight, by_impact=symptom is not None)
    signs += _resource_signs(measures, levels)
    return sorted(signs, key=lambda sign: (-sign.strength, sign.service, sign.family))


def suspects(signs: Iterable[Sign], services: Iterable[str] = (), *, none_of_these: float = 1.0) -> list[Suspect]:
    """
    Add up the signs of each service: the strongest of each family.

    Args:
        services: further candidates, that have no sign.
        none_of_these: strength of the explanation that no service is at fault.

    Returns: every candidate, strongest first, ties by name.
    """
    best: dict[str, dict[str, Sign]] = {service: {} for service in services}
    for sign in signs:
        family = best.setdefault(sign.service, {})
        if sign.family not in family or sign.strength > family[sign.family].strength:
            family[sign.family] = sign
    strengths = {service: sum(sign.strength for sign in found.values()) for service, found in best.items()}
    # What has no sign weighs nothing, however many there are of it.
    weights = {service: math.expm1(min(one, _MOST)) for service, one in strengths.items()}
    total = math.expm1(none_of_these) + sum(weights.values())
    found = [
        Suspect(
            service=service,
            strength=strengths[service],
            share=weights[service] / total,
            signs=tuple(sorted(family.values(), key=lambda sign: (-sign.strength, sign.family))),
        )
        for service, family in best.items()
    ]
    return sorted(found, key=lambda suspect: (-suspect.strength, suspect.service))


def strength_of(scales: float) -> float:
    """Return the strength of being so many scales out of range: 0 at none, 0.7 at 3, 3.5 at 100."""
    return math.log1p(max(scales, 0.0) / NOTABLE)


def _levels(past: Array, now: Array, floors: Array, weights: Array | None) -> _Levels:
    """Return the level of each row before and since, and the scale of its past; a short rolling median comes first."""
    if past.shape[1] >= 3:
        past = _median_of_three(past)
    ordered = np.sort(past, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    center = _quantile(ordered, count, 0.5)
    spread = (_quantile(ordered, count, 0.75) - _quantile(ordered, count, 0.25)) / _IQR_TO_SIGMA
    off = np.abs(ordered - center[:, None])
    deviation = np.nansum(off, axis=1) / np.maximum(count, 1)
    scale = np.maximum.reduce([spread, deviation, RELATIVE_FLOOR * np.abs(center), floors])
    scale = scale * (1 + _SHORT_PAST / np.maximum(count, 1))
    finite = np.isfinite(now)
    if weights is None:
        late = np.sort(now, axis=1)
        level = _quantile(late, finite.sum(axis=1), 0.5)
    else:
        share = np.where(finite, weights[None, :], 0.0)
        total = share.sum(axis=1)
        level = np.nansum(np.where(finite, now, 0.0) * share, axis=1) / np.where(total > 0, total, np.nan)
    return _Levels(past=center, now=level, scale=scale, known=(count > 0) & np.isfinite(level), ever=count > 0)


def _median_of_three(values: Array) -> Array:
    """Return a centred rolling median of three; NaN stays where it is and takes its neighbours with it."""
    left, middle, right = values[:, :-2], values[:, 1:-1], values[:, 2:]
    inner = np.maximum(np.minimum(left, middle), np.minimum(np.maximum(left, middle), right))
    smooth = values.copy()
    smooth[:, 1:-1] = np.where(np.isfinite(inner), inner, middle)
    return smooth


def _quantile(ordered: Array, count: Index, level: float) -> Array:
    """Return a quantile of each sorted row, of which the first `count` are numbers; NaN for an empty row."""
    if not ordered.shape[1]:
        return np.full(ordered.shape[0], np.nan)
    place = np.maximum(count - 1, 0) * level
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    rows = np.arange(ordered.shape[0])
    return ordered[rows, low] + (ordered[rows, high] - ordered[rows, low]) * (place - low)


def _symptom_weights(measures: Measures, levels: _Levels, since: NDArray[np.bool_], symptom: Symptom) -> Array | None:
    """Return how bad the symptom was at each moment since the onset, adding up to 1; None when it was never bad."""
    if symptom.service not in measures.services:
        return None
    service = measures.services.index(symptom.service)
    rows = np.flatnonzero((measures.owner == service) & (measures.kind == symptom.kind) & (measures.peer < 0))
    if not rows.size or not levels.ever[rows[0]]:
        return None
    bad = np.maximum(np.nan_to_num(measures.values[rows[0], since] - levels.past[rows[0]]), 0.0)
    total = float(bad.sum())
    return bad / total if total > 0 else None


def _callees(measures: Measures, edges: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
    """Return the calls as (m, 2) positions of caller and callee, each once, none to itself."""
    place = {service: i for i, service in enumerate(measures.services)}
    pairs = {(place[a], place[b]) for a, b in edges if a in place and b in place and a != b}
    called = np.flatnonzero(measures.peer >= 0)
    pairs |= {(int(measures.owner[i]), int(measures.peer[i])) for i in called}
    return np.array(sorted(pair for pair in pairs if pair[0] != pair[1]), dtype=np.int64).reshape(-1, 2)


def _flow_signs(
    measures: Measures, levels: _Levels, callees: NDArray[np.int64], kind: Kind, *, weight: float, by_impact: bool
) -> list[Sign]:
    """
    Return the signs of what flows up the calls: time and errors. A call's measure is charged to the one called.

    What a service adds is its excess times its requests; what its callees add is taken off. One that was never
    called before the onset is its caller's doing, and adds nothing of its own.
    """
    count = len(measures.services)
    rows = np.flatnonzero((measures.kind == kind) & levels.known)
    charged = np.where(measures.peer[rows] >= 0, measures.peer[rows], measures.owner[rows])
    excess, z = np.zeros(count), np.zeros(count)
    np.maximum.at(excess, charged, levels.excess[rows])
    np.maximum.at(z, charged, levels.z[rows])
    load = _load(measures, levels, count)
    newborn = _newborn(measures, levels, count)
    added = np.where(newborn, 0.0, excess * load)
    below = np.zeros(count)
    if callees.size:
        np.add.at(below, callees[:, 0], added[callees[:, 1]])
    below = np.maximum(below, _waited(measures, levels, count, kind) * load)
    own = np.maximum(added - below, 0.0)
    share = np.divide(own, added, out=np.zeros(count), where=added > 0)
    most = float(own.max(initial=0.0))
    part = own / most if by_impact and most > 0 else np.ones(count)
    signs = []
    counted = z > NOTABLE
    if by_impact:
        counted |= (z > 1) & (part > _MUCH)
    for i in np.flatnonzero(counted & (share > 0)):
        counts = weight * float(share[i]) * (_LEAST_WEIGHT + (1 - _LEAST_WEIGHT) * float(part[i]))
        bonus = _PART * weight * float(part[i]) if by_impact else 0.0
        says = _say_flow(kind, float(excess[i]), float(z[i]), float(share[i]))
        signs.append(
            Sign(
                service=measures.services[i],
                family=kind.name.lower(),
                strength=strength_of(float(z[i])) * counts + bonus,
                says=says,
            )
        )
    return signs


def _load(measures: Measures, levels: _Levels, count: int) -> Array:
    """Return the present requests of each service; 1 for all when none is known, the median where one is not."""
    rows = np.flatnonzero((measures.kind == Kind.LOAD) & (measures.peer < 0) & np.isfinite(levels.now))
    if not rows.size:
        return np.ones(count)
    load = np.full(count, max(float(np.median(levels.now[rows])), _TINY))
    load[measures.owner[rows]] = np.maximum(levels.now[rows], 0.0)
    return load


def _newborn(measures: Measures, levels: _Levels, count: int) -> NDArray[np.bool_]:
    """Say which services had no requests at all before the onset and have some now."""
    rows = np.flatnonzero((measures.kind == Kind.LOAD) & (measures.peer < 0))
    born = np.zeros(count, dtype=np.bool_)
    calm = ~levels.ever[rows] | (np.nan_to_num(levels.past[rows]) <= 0)
    born[measures.owner[rows]] = calm & (np.nan_to_num(levels.now[rows]) > 0)
    return born


def _waited(measures: Measures, levels: _Levels, count: int, kind: Kind) -> Array:
    """Return the seconds by which each service waits longer for others than before; only latency has such."""
    waited = np.zeros(count)
    if kind is Kind.LATENCY:
        rows = np.flatnonzero((measures.kind == Kind.WAIT) & levels.known)
        np.maximum.at(waited, measures.owner[rows], levels.excess[rows])
    return waited


def _resource_signs(measures: Measures, levels: _Levels) -> list[Sign]:
    rows = np.flatnonzero((measures.kind >= Kind.CPU) & (levels.z > NOTABLE))
    signs = []
    for i in rows:
        kind, z = Kind(int(measures.kind[i])), float(levels.z[i])
        says = f"its {kind.name.lower() if kind is not Kind.CPU else 'CPU'} use is {z:.0f} scales above its past"
        service = measures.services[int(measures.owner[i])]
        signs.append(
            Sign(service=service, family=kind.name.lower(), strength=WEIGHTS[kind] * strength_of(z), says=says)
        )
    return signs


def _say_flow(kind: Kind, excess: float, z: float, share: float) -> str:
    what = f"takes {1000 * excess:.0f} ms longer" if kind is Kind.LATENCY else f"fails {100 * excess:.1f} % more"
    return f"{what} than its past ({z:.0f} scales), {100 * share:.0f} % of it its own"
