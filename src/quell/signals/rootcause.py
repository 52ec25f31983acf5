"""
Which service is at fault and what about it, from facts measured per service.

A service is charged with what is its own: its errors less those its troubled callees explain, its time less the time
it waited for them. What about it is wrong is then weighed by what speaks for and against each kind of cause.
Weights are log-odds: 1 makes a cause 2.7 times as likely. They were set by reasoning about what each fact means, not
fitted, so the probabilities are uncalibrated until resolved incidents say otherwise.

Source: the excess of a node less that of those it calls follows Lin, Chen and Zheng (2018), Microscope, in its use of
the call graph; scores per service against its own past follow Li et al. (2022), Causal Inference-Based Root Cause
Analysis, without its learned graph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quell.incident.events import Cause

NONE_OF_THESE = 1.5
"""Log-weight of "none of these": what a cause must beat to be believed."""

RECENT_CHANGE_S = 180.0
"""A change longer than this before the onset is an unlikely cause."""

AFTER_ONSET_S = 10.0
"""A change may be recorded up to this much after the onset was placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFacts:
    """Calls of a service to something outside of what is watched, or to another service."""

    peer: str
    watched: bool
    latency_excess_s: float = 0.0
    """Mean time of a call above normal."""
    error_excess: float = 0.0
    """Share of calls that fail, above normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """A change of a service, relative to the onset."""

    kind: str
    subject: str
    before_onset_s: float
    """Positive when it came before the onset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """What was measured of one service since the onset, against its own past. Zero means nothing unusual."""

    service: str
    own_errors: float = 0.0
    """Share of its requests that fail and that no troubled callee explains, above normal; in [0, 1]."""
    own_latency: float = 0.0
    """Its own time per request above normal, as a multiple of its normal time."""
    own_latency_s: float = 0.0
    """The same in seconds."""
    down: float = 0.0
    """Share of recent readings in which it did not answer."""
    restarts: float = 0.0
    """Restarts since shortly before the onset that nobody ordered."""
    pool_use: float | None = None
    """Recent share of the connection pool in use."""
    pool_rise: float = 0.0
    """The same less its normal."""
    pool_timeouts: float = 0.0
    """Waits for a connection that gave up, 1/s above normal."""
    memory_use: float | None = None
    """Recent share of its memory limit."""
    memory_rise: float = 0.0
    """The same less its normal."""
    load: float = 1.0
    """Its requests per second as a multiple of normal."""
    new_errors: int = 0
    """Log lines of error templates that were not there before the onset."""
    peers: Sequence[PeerFacts] = ()
    changes: Sequence[ChangeFacts] = ()
    lead_s: float = 0.0
    """How much earlier than the median service it left its range; negative when later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A fact and what it adds to the log-odds of a cause."""

    fact: str
    """Which fact: `own_errors`, `change:deploy`, `pool_use` ..."""
    says: str
    weight: float
    """Negative speaks against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A service, a kind of cause, and why."""

    service: str
    cause: Cause
    subject: str
    weight: float
    probability: float
    reasons: tuple[Reason, ...] = field(default=())


def rank(facts: Sequence[ServiceFacts]) -> tuple[list[Candidate], float]:
    """
    Rank causes over all services.

    Returns: candidates by falling probability (ties by service, then cause), and the probability of none of these;
        together they add up to 1.
    """
    weighed = [(one.service, *row) for one in facts for row in _causes(one)]
    top = max([weight for *_, weight, _ in weighed], default=0.0)
    top = max(top, NONE_OF_THESE)
    total = sum(math.exp(weight - top) for *_, weight, _ in weighed) + math.exp(NONE_OF_THESE - top)
    ranked = [
        Candidate(
            service=service,
            cause=cause,
            subject=subject,
            weight=weight,
            probability=math.exp(weight - top) / total,
            reasons=tuple(reasons),
        )
        for service, cause, subject, weight, reasons in weighed
    ]
    ranked.sort(key=lambda one: (-one.probability, one.service, one.cause))
    return ranked, math.exp(NONE_OF_THESE - top) / total


def trouble(facts: ServiceFacts) -> list[Reason]:
    """Return what shows that a service itself is in trouble, with weights; empty when nothing does."""
    reasons = []
    if facts.own_errors > 0.02:
        says = f"{100 * facts.own_errors:.0f} % of its requests fail and nothing it calls explains it"
        reasons.append(Reason(fact="own_errors", says=says, weight=3.0 * _soft(facts.own_errors, 0.1)))
    if facts.own_latency > 0.5 and facts.own_latency_s > 0.02:
        says = f"its own time per request rose by {1000 * facts.own_latency_s:.0f} ms, not counting what it calls"
        reasons.append(Reason(fact="own_latency", says=says, weight=2.5 * _soft(facts.own_latency_s, 0.15)))
    if facts.down > 0:
        says = f"it did not answer in {100 * facts.down:.0f} % of recent readings"
        reasons.append(Reason(fact="down", says=says, weight=3.5 * _soft(facts.down, 0.15)))
    if facts.restarts >= 1:
        says = f"it restarted {facts.restarts:.0f} times by itself"
        reasons.append(Reason(fact="restarts", says=says, weight=1.5 * min(facts.restarts, 3.0)))
    if facts.memory_rise > 0.15 and (facts.memory_use or 0) > 0.4:
        says = f"its memory rose by {100 * facts.memory_rise:.0f} % of its limit"
        reasons.append(Reason(fact="memory", says=says, weight=2.0 * _soft(facts.memory_rise, 0.2)))
    if reasons and facts.lead_s > 2:
        weight = min(facts.lead_s, 20) / 20
        reasons.append(Reason(fact="lead", says=f"it left its range {facts.lead_s:.0f} s before others", weight=weight))
    return reasons


def _soft(value: float, half: float) -> float:
    """Grow from 0 to 1, being one half at `half`."""
    return value / (value + half)


_Row = tuple[Cause, str, float, list[Reason]]


def _causes(facts: ServiceFacts) -> list[_Row]:
    """Return the causes that a service in trouble could have, each with its whole log-weight and reasons."""
    signs = trouble(facts)
    if not signs:
        return _surge(facts)
    rows = [_unknown(facts), *_changed(facts), *_dependency(facts)]
    rows += [row for row in (_pool(facts), _memory(facts), _crash(facts)) if row is not None]
    rows += _surge(facts)
    own = sum(sign.weight for sign in signs)
    return [
        (cause, subject, own + sum(reason.weight for reason in reasons), [*signs, *reasons])
        for cause, subject, _, reasons in rows
    ]


def _unknown(facts: ServiceFacts) -> _Row:
    return Cause.UNKNOWN, "", 0.0, []


def _logs(facts: ServiceFacts, weight: float) -> list[Reason]:
    if not facts.new_errors:
        return []
    says = f"{facts.new_errors} log lines of errors that it never wrote before"
    return [Reason(fact="new_errors", says=says, weight=weight)]


def _changed(facts: ServiceFacts) -> list[_Row]:
    """A release or a config value that went out shortly before the onset."""
    rows: list[_Row] = []
    for change in facts.changes:
        cause = {"deploy": Cause.BAD_RELEASE, "config": Cause.BAD_CONFIG}.get(change.kind)
        if cause is None or not -AFTER_ONSET_S <= change.before_onset_s <= RECENT_CHANGE_S:
            continue
        age_s = max(change.before_onset_s, 0.0)
        when = f"{age_s:.0f} s before the onset" if age_s >= 1 else "at the onset"
        reasons = [
            Reason(
                fact=f"change:{change.kind}",
                says=f"{change.subject} went out {when}",
                weight=1.0 + 3.5 * math.exp(-age_s / 60),
            ),
            *_logs(facts, 1.0),
        ]
        if facts.own_errors > 0.02:
            reasons.append(Reason(fact="errors", says="it answers with errors, as broken code does", weight=0.7))
        if (facts.pool_use or 0) > 0.9 and facts.pool_rise > 0.3:
            reasons.append(Reason(fact="pool", says="a full connection pool explains the errors as well", weight=-1.0))
        rows.append((cause, change.subject, 0.0, reasons))
    return rows


def _dependency(facts: ServiceFacts) -> list[_Row]:
    """Something outside of what is watched answers slowly or with errors."""
    rows: list[_Row] = []
    for peer in facts.peers:
        if peer.watched or (peer.latency_excess_s < 0.05 and peer.error_excess < 0.05):
            continue
        reasons = []
        if peer.latency_excess_s >= 0.05:
            says = f"calls to {peer.peer} take {1000 * peer.latency_excess_s:.0f} ms longer than normal"
            share = min(peer.latency_excess_s / max(facts.own_latency_s, 0.05), 1.0)
            reasons.append(Reason(fact=f"peer:{peer.peer}", says=says, weight=1.0 + 3.5 * share))
        if peer.error_excess >= 0.05:
            says = f"{100 * peer.error_excess:.0f} % more calls to {peer.peer} fail"
            reasons.append(Reason(fact=f"peer:{peer.peer}", says=says, weight=2.5))
        rows.append((Cause.SLOW_DEPENDENCY, peer.peer, 0.0, reasons))
    return rows


def _pool(facts: ServiceFacts) -> _Row | None:
    if facts.pool_use is None or facts.pool_use < 0.8 or facts.pool_rise < 0.2:
        return None
    says = f"{100 * facts.pool_use:.0f} % of its connections are taken, {100 * facts.pool_rise:.0f} % more than normal"
    reasons = [Reason(fact="pool_use", says=says, weight=1.5 + 2.0 * min(facts.pool_rise, 1.0))]
    if facts.pool_timeouts > 0.2:
        says = f"{facts.pool_timeouts:.1f} waits for a connection give up each second"
        reasons.append(Reason(fact="pool_timeouts", says=says, weight=1.5))
    outside = [peer for peer in facts.peers if peer.latency_excess_s > 0.2]
    if outside:
        says = f"{outside[0].peer} answers slowly, which keeps connections longer"
        reasons.append(Reason(fact=f"peer:{outside[0].peer}", says=says, weight=-2.0))
    return Cause.POOL_EXHAUSTION, "connection pool", 0.0, [*reasons, *_logs(facts, 0.3)]


def _memory(facts: ServiceFacts) -> _Row | None:
    if facts.memory_use is None or facts.memory_rise < 0.15:
        return None
    says = f"memory is at {100 * facts.memory_use:.0f} % of its limit, {100 * facts.memory_rise:.0f} % more than normal"
    return (
        Cause.MEMORY_LEAK,
        "memory",
        0.0,
        [Reason(fact="memory_use", says=says, weight=2.0 + 3.0 * facts.memory_rise)],
    )


def _crash(facts: ServiceFacts) -> _Row | None:
    if facts.restarts < 2:
        return None
    says = f"it starts and dies again: {facts.restarts:.0f} restarts"
    reasons = [Reason(fact="crash", says=says, weight=3.0), *_logs(facts, 0.5)]
    if facts.memory_rise > 0.3:
        reasons.append(Reason(fact="memory", says="it dies of its memory limit", weight=-3.0))
    return Cause.CRASH_LOOP, "", 0.0, reasons


def _surge(facts: ServiceFacts) -> list[_Row]:
    if facts.load < 1.8:
        return []
    says = f"it gets {facts.load:.1f} times its normal requests"
    weight = 1.0 + 2.0 * math.log(facts.load / 1.8 + 1e-9)
    return [(Cause.TRAFFIC_SURGE, "", weight, [Reason(fact="load", says=says, weight=weight)])]


def explained_by_callees(
    service: str,
    errors_to: Mapping[str, float],
    troubled: Mapping[str, bool],
) -> float:
    """
    Return how many of a service's errors (in the unit of `errors_to`) its troubled callees explain.

    Args:
        errors_to: failed calls per callee.
        troubled: whether a callee shows trouble of its own; a callee that is well explains nothing.
    """
    return sum(rate for peer, rate in errors_to.items() if peer != service and troubled.get(peer, False))
