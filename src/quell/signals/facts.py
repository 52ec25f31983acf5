"""What was measured of services around an onset, and what is concluded from it: the words that diagnosis works in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quell.incident.events import Cause
from quell.signals.localize import Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFacts:
    """Calls of a service to something outside of what is watched, or to another service."""

    peer: str
    watched: bool
    latency_excess_s: float = 0.0
    """Mean time of a call above normal."""
    error_excess: float = 0.0
    """Share of calls that fail, above normal."""
    load: float = 1.0
    """Calls per second as a multiple of normal."""


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
    memory_full_in_s: float | None = None
    """Seconds until it reaches its memory limit, at the trend of the last minute; None when it is not heading there."""
    disk_use: float | None = None
    """Recent share of its disk quota."""
    disk_rise: float = 0.0
    """The same less its normal."""
    disk_full_in_s: float | None = None
    """Seconds until it reaches its disk quota, at the trend of the last minute; None when it is not heading there."""
    cpu_use: float | None = None
    """Recent CPU time, as a share of one core."""
    cpu_rise: float = 0.0
    """The same less its normal."""
    lock_wait_rise: float = 0.0
    """Requests that wait for a lock, above normal."""
    cache_hit: float | None = None
    """Recent share of cache reads that hit."""
    cache_drop: float = 0.0
    """Its normal less the same."""
    retry_rise: float = 0.0
    """Retries per first try, above normal, to the peer that gets most."""
    retry_peer: str = ""
    retry_peer_load: float = 1.0
    """Requests per second of that peer, as a multiple of normal."""
    retry_follows: str = ""
    """What that peer ran short of by itself before the retries began; empty when nothing."""
    retried_by: str = ""
    """Who multiplies its requests by trying them again; empty when nobody does, or only because of what it lacks."""
    throttled_rise: float = 0.0
    """Share of the time in which its host kept it from running, above normal."""
    neighbour_cpu_rise: float = 0.0
    """CPU time of others on its host above normal, as a share of one core."""
    load: float = 1.0
    """Its requests per second as a multiple of normal."""
    new_errors: int = 0
    """Log lines of error templates that were not there before the onset."""
    measured: bool = True
    """Whether it has metrics; without, its traces and logs are all there is to go by."""
    signs: Sequence[Sign] = ()
    """What its traces and the order of its log lines show."""
    calls_known: bool = False
    """Whether it is known what it calls, were it nothing: some link of the service is."""
    unmeasured: Sequence[str] = ()
    """Of what it calls, what nobody measured: whatever is wrong there may look as if it were the service's own."""
    beside: Sequence[str] = ()
    """Of what it calls, what is in trouble while the calls to it were not measured: how much comes of it is unknown."""
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
