"""The shop's alert rules: pure functions of what the last scrapes said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

WINDOW_S = 10.0
RECENT_S = 5.0
"""A rate must be over its limit in the whole window, and over half of it in this last part: a stall is no outage."""
RESTARTS_WINDOW_S = 30.0
KEEP_S = 3.0
"""An alert ends after its condition was false for this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """What one look at a service showed."""

    at: float
    """Unix seconds."""
    up: bool
    """It serves, and could be scraped."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Sums over labels; nothing when it could not be scraped."""


History = Sequence[Scrape]
"""Of one service, oldest first, one a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A condition on one service."""

    name: str
    severity: str
    for_s: float
    read: Callable[[History], float | None]
    """None: nothing can be said."""
    recent: Callable[[History], float | None] = lambda _: None
    """The same of the last few seconds, where that differs; None: nothing can be said."""
    limits: Mapping[str, float]
    """The condition holds at or over this, per service; `*` for all others."""
    says: Callable[[str, float, float], str]
    """(service, value, limit) -> one sentence."""

    def limit(self, service: str) -> float:
        """Return the limit for a service."""
        return self.limits.get(service, self.limits["*"])

    def holds(self, service: str, history: History) -> tuple[bool, float | None]:
        """Return (whether the condition holds, the value)."""
        value, limit = self.read(history), self.limit(service)
        if value is None or value < limit:
            return False, value
        recent = self.recent(history)
        return recent is None or recent >= limit / 2, value


def increase(history: History, name: str, *, window_s: float = WINDOW_S) -> float:
    """Return by how much a counter rose over the last `window_s`; a drop is a restart from 0."""
    if not history:
        return 0.0
    since, total, before = history[-1].at - window_s, 0.0, None
    for scrape in history:
        value = scrape.values.get(name)
        if value is None:
            continue
        if before is not None and scrape.at > since:
            total += value - before if value >= before else value
        before = value
    return total


def error_ratio(history: History, *, window_s: float = WINDOW_S, least: int = 5) -> float | None:
    """5xx of all answers; None below 8 requests, 0 below `least` errors, where a share says little."""
    requests = increase(history, "requests", window_s=window_s)
    errors = increase(history, "errors", window_s=window_s)
    if requests < 8:
        return None
    return errors / requests if errors >= least else 0.0


def latency_mean(history: History, *, window_s: float = WINDOW_S) -> float | None:
    """Mean seconds of an answer; None below 8 answers."""
    count = increase(history, "seconds_count", window_s=window_s)
    return increase(history, "seconds_sum", window_s=window_s) / count if count >= 8 else None


def down(history: History) -> float | None:
    """1 when the service does not serve."""
    return None if not history else float(not history[-1].up)


def restarts(history: History) -> float | None:
    """Restarts nobody asked for, in the last 30 s."""
    return increase(history, "restarts", window_s=RESTARTS_WINDOW_S)


def memory_share(history: History) -> float | None:
    """Resident memory over its limit."""
    return _share(history, "memory", "memory_limit")


def pool_share(history: History) -> float | None:
    """Connections lent out over the pool's size."""
    return _share(history, "pool_in_use", "pool_size")


def disk_share(history: History) -> float | None:
    """Bytes of files over the quota."""
    return _share(history, "disk_used", "disk_quota")


def cpu(history: History) -> float | None:
    """CPU seconds per second; None below 5 s of looks."""
    return _per_second(history, "cpu")


def throttled(history: History) -> float | None:
    """Seconds kept from running per second; None below 5 s of looks."""
    return _per_second(history, "throttled")


def probe_failed(history: History) -> float | None:
    """1 when the probe from outside got no answer."""
    return history[-1].values.get("probe_failed") if history else None


def _per_second(history: History, name: str) -> float | None:
    """Return the rise of a counter of seconds over the time it is known for, at most `WINDOW_S`."""
    known = [scrape.at for scrape in history if name in scrape.values]
    if not known:
        return None
    since = max([at for at in known if at <= history[-1].at - WINDOW_S], default=known[0])
    span_s = known[-1] - since
    return increase(history, name) / span_s if span_s >= RECENT_S else None


def _share(history: History, part: str, whole: str) -> float | None:
    """Return one value over another in the last scrape."""
    values = history[-1].values if history else {}
    return values[part] / values[whole] if part in values and values.get(whole) else None


RULES: tuple[Rule, ...] = (
    Rule(
        name="HighErrorRate",
        severity="critical",
        for_s=3.0,
        read=error_ratio,
        recent=partial(error_ratio, window_s=RECENT_S, least=1),
        limits={"checkout": 0.10, "payment": 0.10, "*": 0.05},
        says=lambda s, v, limit: f"{s}: {v:.1%} of requests failed (5xx) over {WINDOW_S:.0f} s, limit {limit:.0%}",
    ),
    Rule(
        name="HighLatency",
        severity="error",
        for_s=3.0,
        read=latency_mean,
        recent=partial(latency_mean, window_s=RECENT_S),
        limits={"edge": 0.35, "catalog": 0.2, "checkout": 1.0, "payment": 0.7, "*": 0.5},
        says=lambda s, v, limit: f"{s}: mean answer takes {v:.2f} s over {WINDOW_S:.0f} s, target {limit:.2f} s",
    ),
    Rule(
        name="ServiceDown",
        severity="critical",
        for_s=3.0,
        read=down,
        limits={"*": 1.0},
        says=lambda s, v, limit: f"{s}: does not serve or cannot be scraped",
    ),
    Rule(
        name="ServiceRestarting",
        severity="error",
        for_s=0.0,
        read=restarts,
        limits={"*": 2.0},
        says=lambda s, v, limit: f"{s}: restarted {v:.0f} times in {RESTARTS_WINDOW_S:.0f} s",
    ),
    Rule(
        name="MemoryNearLimit",
        severity="warning",
        for_s=3.0,
        read=memory_share,
        limits={"*": 0.60},
        says=lambda s, v, limit: f"{s}: memory at {v:.0%} of its limit",
    ),
    Rule(
        name="MemoryNearLimit",
        severity="error",
        for_s=3.0,
        read=memory_share,
        limits={"*": 0.80},
        says=lambda s, v, limit: f"{s}: memory at {v:.0%} of its limit",
    ),
    Rule(
        name="PoolSaturated",
        severity="warning",
        for_s=3.0,
        read=pool_share,
        limits={"*": 0.85},
        says=lambda s, v, limit: f"{s}: {v:.0%} of the connections to the store are in use",
    ),
    Rule(
        name="DiskNearlyFull",
        severity="warning",
        for_s=3.0,
        read=disk_share,
        limits={"*": 0.80},
        says=lambda s, v, limit: f"{s}: {v:.0%} of its disk quota is used",
    ),
    Rule(
        name="CPUHigh",
        severity="error",
        for_s=5.0,
        read=cpu,
        limits={"*": 0.70},
        says=lambda s, v, limit: f"{s}: uses {v:.2f} of a core over {WINDOW_S:.0f} s, limit {limit:.2f}",
    ),
    Rule(
        name="CPUThrottlingHigh",
        severity="error",
        for_s=5.0,
        read=throttled,
        limits={"*": 0.25},
        says=lambda s, v, limit: f"{s}: kept from running {v:.0%} of the time over {WINDOW_S:.0f} s",
    ),
    Rule(
        name="ProbeFailed",
        severity="error",
        for_s=1.5,
        read=probe_failed,
        limits={"*": 1.0},
        says=lambda s, v, limit: f"{s}: the probe from outside got no answer",
    ),
)

_SUMS = {
    "http_requests_total": "requests",
    "http_request_duration_seconds_sum": "seconds_sum",
    "http_request_duration_seconds_count": "seconds_count",
    "process_resident_memory_bytes": "memory",
    "process_memory_limit_bytes": "memory_limit",
    "process_cpu_seconds_total": "cpu",
    "disk_used_bytes": "disk_used",
    "disk_quota_bytes": "disk_quota",
    "db_pool_in_use": "pool_in_use",
    "db_pool_size": "pool_size",
}


def read_metrics(text: str) -> dict[str, float]:
    """Return what the rules need of a service's Prometheus text, summed over labels."""
    values: dict[str, float] = {}
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        if not rest:
            name = line.partition(" ")[0]
        key = _SUMS.get(name)
        if key is None:
            continue
        number = float(line.rpartition(" ")[2])
        values[key] = values.get(key, 0.0) + number
        if key == "requests" and 'code="5' in rest:
            values["errors"] = values.get("errors", 0.0) + number
    if "requests" in values:
        values.setdefault("errors", 0.0)
    return values
