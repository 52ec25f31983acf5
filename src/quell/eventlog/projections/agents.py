"""How the agents are doing, from what their phases came to: nothing is known of one until it ran."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from quell.eventlog.projections.quantities import say_duration
from quell.incident import events as ev
from quell.incident.counting import say_count
from quell.incident.events import AGENT_OF, Event, Phase, PhaseState

PHASES_KEPT = 100
"""Ended phases of an agent that its health is computed from."""
RECENT = 10
"""A failure among so many of the latest makes an agent degraded."""
IN_A_ROW = 3
"""So many failures in a row, or fewer when there are no other phases, make it failing."""
RUNS_NEEDED = 5
"""Below so many past runs nothing is said of how long a phase takes."""

AGENTS: tuple[str, ...] = tuple(dict.fromkeys(AGENT_OF.values()))
_BAD = frozenset({PhaseState.FAILED, PhaseState.TIMED_OUT})
_WAITS = frozenset({Phase.APPROVE})
"""A phase that waits for a person says nothing of its agent."""

BUCKETS_S: tuple[float, ...] = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHealth:
    """How one agent is doing: counts are of its last 100 ended phases."""

    agent: str
    state: str
    """`healthy`, `degraded`, `failing`, or `unknown` until it ran."""
    running: tuple[str, ...]
    """Incidents it works on now."""
    completed: int
    failed: int
    timed_out: int
    abstained: int
    last_ended_at: datetime | None
    last_error: str | None
    """Of the last phase that failed or timed out, among those counted."""
    median_s: float | None
    p95_s: float | None
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    at: datetime
    phase: Phase
    state: PhaseState
    took_s: float
    error: str | None


@dataclass(slots=True, kw_only=True)
class PhaseSeconds:
    """A histogram of how long phases took; `counts` has one more than `BUCKETS_S`, for all above."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def add(self, took_s: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS_S, took_s)] += 1
        self.sum_s += took_s


class Agents:
    """What the agents did, folded from the phases of all incidents."""

    def __init__(self) -> None:
        self._ended: dict[str, deque[_Ended]] = {agent: deque(maxlen=PHASES_KEPT) for agent in AGENTS}
        self._running: dict[str, dict[str, Phase]] = {agent: {} for agent in AGENTS}
        self._retrying: dict[str, set[str]] = {agent: set() for agent in AGENTS}
        self._took_s: dict[Phase, deque[float]] = {phase: deque(maxlen=PHASES_KEPT) for phase in Phase}
        self.outcomes: Counter[tuple[str, Phase, PhaseState]] = Counter()
        """Ended phases by agent, phase and outcome, since the log began."""
        self.seconds: dict[Phase, PhaseSeconds] = {}

    def apply(self, incident_id: str, event: Event, at: datetime) -> set[str]:
        """Take in an event of an incident; return the agents whose health may have changed."""
        match event:
            case ev.PhaseStarted() if event.phase not in _WAITS:
                return self._started(incident_id, event)
            case ev.PhaseRetrying() if event.phase not in _WAITS:
                self._retrying[AGENT_OF[event.phase]].add(incident_id)
                return {AGENT_OF[event.phase]}
            case ev.PhaseEnded():
                return self._end(incident_id, event, at)
            case ev.ResponseStarted() | ev.ResponseEnded():
                return self._let_go(incident_id)
            case _:
                return set()

    def _started(self, incident_id: str, event: ev.PhaseStarted) -> set[str]:
        agent = AGENT_OF[event.phase]
        self._running[agent][incident_id] = event.phase
        if event.attempt == 1:
            self._retrying[agent].discard(incident_id)
        return {agent}

    def _end(self, incident_id: str, event: ev.PhaseEnded, at: datetime) -> set[str]:
        agent = AGENT_OF[event.phase]
        self.outcomes[agent, event.phase, event.state] += 1
        self.seconds.setdefault(event.phase, PhaseSeconds()).add(event.took_s)
        if event.state not in _BAD:
            self._took_s[event.phase].append(event.took_s)
        if event.phase in _WAITS:
            return set()
        self._running[agent].pop(incident_id, None)
        self._retrying[agent].discard(incident_id)
        self._ended[agent].append(
            _Ended(at=at, phase=event.phase, state=event.state, took_s=event.took_s, error=event.error)
        )
        return {agent}

    def _let_go(self, incident_id: str) -> set[str]:
        """No agent works on it any more, or not yet: a response that was cut off leaves nothing running."""
        touched = {agent for agent in AGENTS if incident_id in self._running[agent]}
        for agent in touched:
            del self._running[agent][incident_id]
            self._retrying[agent].discard(incident_id)
        return touched

    def phase_median(self, phase: Phase) -> float | None:
        """Return the median of the last 100 runs of a phase that came to a result, in seconds; None below 5."""
        took_s = self._took_s[phase]
        return statistics.median(took_s) if len(took_s) >= RUNS_NEEDED else None

    def health(self, agent: str) -> AgentHealth:
        """Return how an agent is doing. Raises: KeyError: there is no such agent."""
        ended = self._ended[agent]
        counts = Counter(phase.state for phase in ended)
        took_s = sorted(phase.took_s for phase in ended)
        enough = len(took_s) >= RUNS_NEEDED
        state = self._state(agent)
        return AgentHealth(
            agent=agent,
            state=state,
            running=tuple(self._running[agent]),
            completed=counts[PhaseState.COMPLETED],
            failed=counts[PhaseState.FAILED],
            timed_out=counts[PhaseState.TIMED_OUT],
            abstained=counts[PhaseState.ABSTAINED],
            last_ended_at=ended[-1].at if ended else None,
            last_error=next((phase.error for phase in reversed(ended) if phase.state in _BAD), None),
            median_s=round(statistics.median(took_s), 3) if enough else None,
            p95_s=round(nearest_rank(took_s, 0.95), 3) if enough else None,
            says=self._says(agent, state, counts, statistics.median(took_s) if enough else None),
        )

    def all(self) -> list[AgentHealth]:
        """Return how every agent is doing, in the order of a response."""
        return [self.health(agent) for agent in AGENTS]

    def _state(self, agent: str) -> str:
        ended = self._ended[agent]
        if not ended:
            return "unknown"
        latest = list(ended)[-RECENT:]
        if all(phase.state in _BAD for phase in latest[-IN_A_ROW:]):
            return "failing"
        troubled = any(phase.state in _BAD for phase in latest) or self._retrying[agent]
        return "degraded" if troubled else "healthy"

    def _says(self, agent: str, state: str, counts: Counter[PhaseState], median_s: float | None) -> str:
        total = counts.total()
        if not total:
            working = self._running[agent]
            return f"at work for the first time, on {', '.join(working)}" if working else "has not run yet"
        bad = sum(counts[outcome] for outcome in _BAD)
        parts = [f"{total - bad} of {say_count(total, 'phase')} came to a result"]
        if bad:
            parts.append(f"{counts[PhaseState.FAILED]} failed, {counts[PhaseState.TIMED_OUT]} timed out")
        if counts[PhaseState.ABSTAINED]:
            parts.append(f"{counts[PhaseState.ABSTAINED]} abstained")
        if median_s is not None:
            parts.append(f"usually {say_duration(median_s)}")
        if self._retrying[agent]:
            parts.append(f"retrying for {', '.join(sorted(self._retrying[agent]))}")
        return "; ".join(parts)


def nearest_rank(ordered: Sequence[float], level: float) -> float:
    """Return the quantile of rising values by the nearest rank; n >= 1, level in (0, 1]."""
    return ordered[max(0, -(-len(ordered) * round(level * 1000) // 1000) - 1)]
