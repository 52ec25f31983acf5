"""The words that events choose from."""

from __future__ import annotations

from enum import StrEnum

DEFAULT_TEAM = "default"
"""Whose an incident is where nothing says so."""


class State(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"


class Phase(StrEnum):
    """The steps of a response, in their order; `undo` only when a fix did not help."""

    DETECT = "detect"
    DIAGNOSE = "diagnose"
    PREDICT = "predict"
    PLAN = "plan"
    APPROVE = "approve"
    ACT = "act"
    VERIFY = "verify"
    UNDO = "undo"


AGENT_OF: dict[Phase, str] = {
    Phase.DETECT: "detection",
    Phase.DIAGNOSE: "diagnosis",
    Phase.PREDICT: "prediction",
    Phase.PLAN: "resolution",
    Phase.APPROVE: "resolution",
    Phase.ACT: "resolution",
    Phase.VERIFY: "resolution",
    Phase.UNDO: "resolution",
}
"""Which agent does a phase."""


class PhaseState(StrEnum):
    """How a phase of one response stands."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABSTAINED = "abstained"
    """It ran, and says that it does not know, or that there was nothing to do."""


class Autonomy(StrEnum):
    """What policy lets Quell do with an action, from least to most."""

    OBSERVE = "observe"
    RECOMMEND = "recommend"
    APPROVE = "approve"
    AUTO = "auto"


class EvidenceKind(StrEnum):
    """What sort of thing was looked at."""

    METRIC = "metric"
    LOG = "log"
    TRACE = "trace"
    CHANGE = "change"
    TOPOLOGY = "topology"


class Cause(StrEnum):
    """What about a service can be wrong: the kinds diagnosis tells apart."""

    BAD_RELEASE = "bad_release"
    BAD_CONFIG = "bad_config"
    SLOW_DEPENDENCY = "slow_dependency"
    POOL_EXHAUSTION = "pool_exhaustion"
    MEMORY_LEAK = "memory_leak"
    CRASH_LOOP = "crash_loop"
    TRAFFIC_SURGE = "traffic_surge"
    CPU_SATURATION = "cpu_saturation"
    LOCK_CONTENTION = "lock_contention"
    CACHE_STAMPEDE = "cache_stampede"
    DISK_FULL = "disk_full"
    NOISY_NEIGHBOUR = "noisy_neighbour"
    RETRY_STORM = "retry_storm"
    UNKNOWN = "unknown"
    """This service, and what about it is not known."""


class Outcome(StrEnum):
    """How a forecast breach came out."""

    PREVENTED = "prevented"
    """Acted upon before it was due, and turned back."""
    MISSED = "missed"
    """Acted upon, and it came all the same."""
    CAME_TRUE = "came_true"
    """Nothing was done, and it came."""
    DID_NOT_COME_TRUE = "did_not_come_true"
    """Nothing was done, and it did not come."""
    UNDECIDED = "undecided"
    """Something was done, and whether it was that, or in time, is not known."""
