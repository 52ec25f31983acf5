"""
What about a service can be wrong, by what was measured of it: a kind of cause a function, with what speaks for and
against it. Weights are log-odds: 1 makes a cause 2.7 times as likely. They were set by reasoning about what each fact
means, not fitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from quell.incident.events import Cause
from quell.signals.facts import Reason, ServiceFacts

RECENT_CHANGE_S = 180.0
"""A change longer than this before the onset is an unlikely cause."""

SLOW_CHANGE_S = 3600.0
"""The same where something fills up: that takes long to show."""

AFTER_ONSET_S = 10.0
"""A change may be recorded up to this much after the onset was placed."""

LOADED = 1.8
"""A service that gets so many times its normal requests may be in trouble because of them."""

CROWDED = 3.0
"""Who is called so many times as often as normal is slow because of that."""

RETRYING = 0.4
"""Retries per first try, above normal, that are more than a few unlucky calls."""

RETRIED = 3.0
"""What speaks against a service whose requests somebody multiplies."""

UNSEEN = 0.5
"""What speaks against "something of its own" where nothing is known of what a service calls."""

BESIDE = 1.5
"""What speaks against a service that calls one in trouble: that of a callee is a reason for that of its caller."""

NO_SLOWER = 3.0
"""What speaks against too many requests as the cause where the service takes no longer over each."""

Row = tuple[Cause, str, float, list[Reason]]
"""Cause, what exactly, weight and reasons. A weight of its own only where nothing of the service need be wrong."""


def trouble(facts: ServiceFacts) -> list[Reason]:
    """Return what shows that a service itself is in trouble, with weights; empty when nothing does."""
    reasons = []
    if facts.own_errors > 0.02:
        says = (
            f"{100 * facts.own_errors:.0f} % of its requests fail{_beside(facts, ' and nothing it calls explains it')}"
        )
        reasons.append(Reason(fact="own_errors", says=says, weight=3.0 * _soft(facts.own_errors, 0.1)))
    if facts.own_latency > 0.5 and facts.own_latency_s > 0.02:
        rose = f"time per request rose by {1000 * facts.own_latency_s:.0f} ms"
        says = f"its {'own ' * _told_apart(facts)}{rose}{_beside(facts, ', not counting what it calls')}"
        reasons.append(Reason(fact="own_latency", says=says, weight=2.5 * _soft(facts.own_latency_s, 0.15)))
    if facts.down > 0:
        says = f"it did not answer in {100 * facts.down:.0f} % of recent readings"
        reasons.append(Reason(fact="down", says=says, weight=3.5 * _soft(facts.down, 0.15)))
    if facts.restarts >= 1:
        says = f"it restarted {facts.restarts:.0f} times by itself"
        reasons.append(Reason(fact="restarts", says=says, weight=1.5 * min(facts.restarts, 3.0)))
    if facts.memory_rise > 0.15 and (facts.memory_full_in_s is not None or (facts.memory_use or 0) > 0.4):
        says = f"its memory rose by {100 * facts.memory_rise:.0f} % of its limit"
        reasons.append(Reason(fact="memory", says=says, weight=2.0 * _soft(facts.memory_rise, 0.2)))
    if _disk_fills(facts):
        says = f"its disk filled by {100 * facts.disk_rise:.0f} % of its quota"
        reasons.append(Reason(fact="disk_use", says=says, weight=2.0 * _soft(facts.disk_rise, 0.2)))
    reasons += _from_signs(facts, backed=bool(reasons))
    if reasons and facts.lead_s > 2:
        weight = min(facts.lead_s, 20) / 20
        reasons.append(Reason(fact="lead", says=f"it left its range {facts.lead_s:.0f} s before others", weight=weight))
    return reasons


def _told_apart(facts: ServiceFacts) -> bool:
    """Whether what is a service's own can be told from what comes of what it calls."""
    return facts.calls_known and not facts.unmeasured and not facts.beside


def _beside(facts: ServiceFacts, says: str) -> str:
    """Return what may be said of the callees: `says` only where all of them were measured."""
    if _told_apart(facts):
        return says
    if not facts.calls_known:
        return "; what it calls is not known"
    if facts.unmeasured:
        return f"; of what it calls, {' and '.join(facts.unmeasured)} was not measured"
    return f"; {' and '.join(facts.beside)} is in trouble too, and the calls to it were not measured"


def only_seen_from_outside(facts: ServiceFacts) -> bool:
    """
    Whether all that speaks for a trouble of the service's own could as well come of what it calls.

    It fails or is slow, and not all that it calls was measured; that it is down, restarts or fills up is its own.
    """
    own = {reason.fact for reason in trouble(facts)} & {"down", "restarts", "memory", "disk_use"}
    return not own and not _told_apart(facts)


def _unseen(facts: ServiceFacts) -> list[Reason]:
    """What it calls may be the cause where none of it is known; what is known and was not measured is for diagnosis."""
    if facts.calls_known or not only_seen_from_outside(facts):
        return []
    says = "what it calls is not known, and may be the cause"
    return [Reason(fact="links", says=says, weight=-UNSEEN)]


def _from_signs(facts: ServiceFacts, *, backed: bool) -> list[Reason]:
    """
    Return what traces and the order of log lines add.

    A caller's requests break off too when its callee fails, so where there are metrics these signs only back what
    the metrics show.
    """
    if facts.measured and not backed:
        return []
    return [
        Reason(fact=sign.family, says=sign.says, weight=min(sign.strength, 4.0) * (0.3 if facts.measured else 1.0))
        for sign in facts.signs
    ]


def _soft(value: float, half: float) -> float:
    """Grow from 0 to 1, being one half at `half`."""
    return value / (value + half)


def causes_of(facts: ServiceFacts) -> list[Row]:
    """Return the causes that a service in trouble could have, each with its whole log-weight and reasons."""
    signs = trouble(facts)
    standing = [*_surge(facts), *_retries(facts), *_neighbour(facts)]
    if not signs:
        return standing
    rows: list[Row] = [(Cause.UNKNOWN, "", 0.0, _unseen(facts)), *_changed(facts), *_dependency(facts), *standing]
    rows += [row for kind in _KINDS if (row := kind(facts)) is not None]
    if facts.retried_by:
        says = f"{facts.retried_by} tries its requests again and again, which is what it has to bear"
        signs = [*signs, Reason(fact="load", says=says, weight=-RETRIED)]
    if facts.beside and only_seen_from_outside(facts):
        says = f"{' and '.join(facts.beside)}, which it calls, is in trouble too"
        signs = [*signs, Reason(fact="beside", says=says, weight=-BESIDE)]
    own = sum(sign.weight for sign in signs)
    return [
        (cause, subject, own + sum(reason.weight for reason in reasons), [*signs, *reasons])
        for cause, subject, _, reasons in rows
    ]


def _logs(facts: ServiceFacts, weight: float) -> list[Reason]:
    if not facts.new_errors:
        return []
    says = f"{facts.new_errors} log lines of errors that it never wrote before"
    return [Reason(fact="new_errors", says=says, weight=weight)]


def _changed(facts: ServiceFacts) -> list[Row]:
    """A release or a config value that went out shortly before the onset."""
    rows: list[Row] = []
    reach_s = SLOW_CHANGE_S if _fills(facts) else RECENT_CHANGE_S
    for change in facts.changes:
        cause = {"deploy": Cause.BAD_RELEASE, "config": Cause.BAD_CONFIG}.get(change.kind)
        if cause is None or not -AFTER_ONSET_S <= change.before_onset_s <= reach_s:
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


def _dependency(facts: ServiceFacts) -> list[Row]:
    """Something outside of what is watched answers slowly or with errors."""
    rows: list[Row] = []
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
        if peer.load > CROWDED:
            says = f"{peer.peer} is called {peer.load:.0f} times as often as normal, which slows anybody"
            reasons.append(Reason(fact=f"peer:{peer.peer}", says=says, weight=-4.0))
        rows.append((Cause.SLOW_DEPENDENCY, peer.peer, 0.0, reasons))
    return rows


def _pool(facts: ServiceFacts) -> Row | None:
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


def _memory(facts: ServiceFacts) -> Row | None:
    if facts.memory_use is None or facts.memory_rise < 0.15:
        return None
    says = f"memory is at {100 * facts.memory_use:.0f} % of its limit, {100 * facts.memory_rise:.0f} % more than normal"
    says += _soon(facts.memory_full_in_s)
    return (
        Cause.MEMORY_LEAK,
        "memory",
        0.0,
        [Reason(fact="memory_use", says=says, weight=2.0 + 3.0 * facts.memory_rise)],
    )


def _crash(facts: ServiceFacts) -> Row | None:
    if facts.restarts < 2:
        return None
    says = f"it starts and dies again: {facts.restarts:.0f} restarts"
    reasons = [Reason(fact="crash", says=says, weight=3.0), *_logs(facts, 0.5)]
    if facts.memory_rise > 0.3:
        reasons.append(Reason(fact="memory", says="it dies of its memory limit", weight=-3.0))
    return Cause.CRASH_LOOP, "", 0.0, reasons


def _surge(facts: ServiceFacts) -> list[Row]:
    if facts.load < LOADED or facts.retried_by:
        return []
    says = f"it gets {facts.load:.1f} times its normal requests"
    reasons = [Reason(fact="load", says=says, weight=1.0 + 2.0 * math.log(facts.load / LOADED + 1e-9))]
    strained = facts.own_latency > 0.5 or facts.cpu_rise > 0.3 or facts.pool_rise > 0.2
    if facts.own_errors > 0.02 and not strained:
        says = "it fails and is no slower than normal, as a service that gets too much would be"
        reasons.append(Reason(fact="load", says=says, weight=-NO_SLOWER))
    return [(Cause.TRAFFIC_SURGE, "", sum(reason.weight for reason in reasons), reasons)]


def _cpu(facts: ServiceFacts) -> Row | None:
    if facts.cpu_use is None or facts.cpu_use < 0.6 or facts.cpu_rise < 0.3:
        return None
    says = f"it computes on {100 * facts.cpu_use:.0f} % of a core, {100 * facts.cpu_rise:.0f} % more than normal"
    reasons = [Reason(fact="cpu_use", says=says, weight=2.0 + 2.0 * min(facts.cpu_rise, 1.0))]
    if facts.load > LOADED:
        says = f"it gets {facts.load:.1f} times its normal requests, which takes as much more"
        reasons.append(Reason(fact="load", says=says, weight=-2.0))
    return Cause.CPU_SATURATION, "", 0.0, reasons


def _lock(facts: ServiceFacts) -> Row | None:
    if facts.lock_wait_rise < 0.5:
        return None
    says = f"{facts.lock_wait_rise:.1f} more requests than normal wait for a lock at any time"
    reasons = [Reason(fact="lock_wait_ratio", says=says, weight=3.0 + 0.5 * min(facts.lock_wait_rise, 4.0))]
    return Cause.LOCK_CONTENTION, "lock", 0.0, reasons


def _cache(facts: ServiceFacts) -> Row | None:
    if facts.cache_hit is None or facts.cache_drop < 0.3:
        return None
    says = f"{100 * facts.cache_hit:.0f} % of cache reads hit, {100 * facts.cache_drop:.0f} % fewer than normal"
    return (
        Cause.CACHE_STAMPEDE,
        "cache",
        0.0,
        [Reason(fact="cache_hit_ratio", says=says, weight=3.0 + 2.5 * facts.cache_drop)],
    )


def _disk(facts: ServiceFacts) -> Row | None:
    if facts.disk_use is None or not _disk_fills(facts):
        return None
    says = f"its disk is {100 * facts.disk_use:.0f} % full, {100 * facts.disk_rise:.0f} % more than normal"
    says += _soon(facts.disk_full_in_s)
    reasons = [
        Reason(fact="disk_use", says=says, weight=2.0 + 4.0 * facts.disk_use * min(facts.disk_rise + 0.5, 1.0)),
        *_logs(facts, 0.3),
    ]
    return Cause.DISK_FULL, "disk", 0.0, reasons


def _disk_fills(facts: ServiceFacts) -> bool:
    """Whether it holds clearly more than normal, and is half full or on its way to be full."""
    return facts.disk_rise >= 0.15 and (facts.disk_full_in_s is not None or (facts.disk_use or 0) >= 0.5)


def _fills(facts: ServiceFacts) -> bool:
    """Whether memory, a disk or a pool fills up."""
    return facts.memory_rise >= 0.15 or facts.pool_rise >= 0.2 or _disk_fills(facts)


def _soon(full_in_s: float | None) -> str:
    return "" if full_in_s is None else f", full in {full_in_s:.0f} s at this rate"


def _neighbour(facts: ServiceFacts) -> list[Row]:
    """What keeps a service from running shows at its callers before it shows in its own times."""
    if facts.throttled_rise < 0.15:
        return []
    says = f"its host keeps it from running {100 * facts.throttled_rise:.0f} % more of the time"
    reasons = [Reason(fact="cpu_throttled_ratio", says=says, weight=2.0 + 2.0 * facts.throttled_rise)]
    if facts.neighbour_cpu_rise >= 0.2:
        says = f"others on its host use {100 * facts.neighbour_cpu_rise:.0f} % of a core more than normal"
        weight = 2.0 + 2.0 * min(facts.neighbour_cpu_rise, 1.0)
        reasons.append(Reason(fact="neighbour_cpu_use", says=says, weight=weight))
    if facts.cpu_rise > 0.3:
        reasons.append(Reason(fact="cpu_use", says="it computes more itself, too", weight=-1.5))
    return [(Cause.NOISY_NEIGHBOUR, "host", sum(reason.weight for reason in reasons), reasons)]


def _retries(facts: ServiceFacts) -> list[Row]:
    """Its retries multiply its calls, and the one called gets more than it used to; a callee that fails makes few."""
    if facts.retry_rise < RETRYING:
        return []
    says = f"it retries calls to {facts.retry_peer} {facts.retry_rise:.1f} times each, above normal"
    reasons = [Reason(fact="retry_ratio", says=says, weight=3.0 + min(facts.retry_rise, 3.0))]
    if facts.retry_peer_load > LOADED / 1.2:
        says = f"{facts.retry_peer} gets {facts.retry_peer_load:.1f} times its normal requests"
        reasons.append(Reason(fact="retry_ratio", says=says, weight=2.0))
    if facts.retry_follows:
        says = f"{facts.retry_peer} was short of its own before that: {facts.retry_follows}"
        reasons.append(Reason(fact="retry_ratio", says=says, weight=-RETRIED))
    return [(Cause.RETRY_STORM, facts.retry_peer, sum(reason.weight for reason in reasons), reasons)]


_KINDS: tuple[Callable[[ServiceFacts], Row | None], ...] = (
    _pool,
    _memory,
    _crash,
    _cpu,
    _lock,
    _cache,
    _disk,
)
"""What can be wrong inside a service."""
