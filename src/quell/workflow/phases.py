"""Runs one phase of a response: states, time-outs, retries, progress and the record of it all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from quell.errors import InputError, QuellError
from quell.eventlog.incidents import Incidents
from quell.incident import events as ev
from quell.incident.events import Event, Phase, PhaseState
from quell.incident.state import Incident
from quell.workflow.names import response_id
from quell.workflow.queue import Turns

logger = structlog.get_logger()

Progress = Callable[[int, int, str], Awaitable[None]]
"""Tell how far a phase is: items done, items known, what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one phase."""

    timeout_s: float
    """Per attempt."""
    attempts: int = 1
    wait_s: float = 0.5
    """Before the second attempt; doubled before each further one, with up to half of it added by chance."""


LIMITS: Mapping[Phase, Limits] = {
    Phase.DETECT: Limits(timeout_s=20, attempts=3),
    Phase.DIAGNOSE: Limits(timeout_s=45, attempts=3),
    Phase.PREDICT: Limits(timeout_s=20, attempts=2),
    Phase.PLAN: Limits(timeout_s=20, attempts=3),
    Phase.APPROVE: Limits(timeout_s=86_400),
    Phase.ACT: Limits(timeout_s=60, attempts=3),
    Phase.VERIFY: Limits(timeout_s=600, attempts=2),
    Phase.UNDO: Limits(timeout_s=60, attempts=3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a phase came to."""

    word: str
    """What the response branches on."""
    says: str
    state: PhaseState = PhaseState.COMPLETED
    events: Sequence[Event] = field(default=())
    """Recorded together with the end of the phase."""


Body = Callable[[Incident, Progress], Awaitable[Outcome]]


class PhaseRunner:
    """
    Runs phases; the only place in a response that catches every error, because a phase that breaks must end as
    `failed` on the screen and not take the others with it.
    """

    def __init__(
        self,
        incidents: Incidents,
        *,
        clock: Callable[[], datetime],
        expected_s: Callable[[Phase], float | None],
        turns: Turns,
        aside: Callable[[str], AbstractContextManager[None]] = lambda response: nullcontext(),
        limits: Mapping[Phase, Limits] = LIMITS,
    ) -> None:
        self._incidents = incidents
        self._clock = clock
        self._expected_s = expected_s
        self._turns = turns
        self._aside = aside
        self._limits = limits

    async def run(self, incident_id: str, phase: Phase, body: Body, *, parked: bool = False) -> str:
        """
        Run a phase to its end and return its word: that of the body, or `failed` / `timed_out`.

        A phase of this run that ended before (the process died between its end and the engine's note of it) is not
        run again. `parked` phases wait for a person: they take no turn, and give up the place of their response.
        """
        incident = await self._incidents.load(incident_id)
        done = incident.phases.get(phase)
        key = f"{incident_id}/{incident.run}/{phase}"
        if done is not None and done.ended_at is not None:
            return await self._word_of(incident_id, key)
        if parked:
            with self._aside(response_id(incident_id, incident.run)):
                return await self._attempts(incident, phase, body, key)
        async with self._turns.take(incident_id, incident.severity):
            return await self._attempts(incident, phase, body, key)

    async def _attempts(self, incident: Incident, phase: Phase, body: Body, key: str) -> str:
        limits = self._limits[phase]
        begun = self._clock()
        for attempt in range(1, limits.attempts + 1):
            await self._started(incident, phase, attempt, key)
            try:
                async with asyncio.timeout(limits.timeout_s):
                    outcome = await body(incident, self._progress(incident.id, phase))
            except Exception as error:  # noqa: BLE001 the step runner: whatever breaks becomes the phase's state
                state, said = _read(error, limits.timeout_s)
                logger.warning("phase_failed", incident=incident.id, phase=phase, attempt=attempt, error=said)
                last = attempt == limits.attempts or not worth_retrying(error)
                if last:
                    return await self._ended(
                        incident, phase, begun, attempt, key, Outcome(word=str(state), says=said, state=state), said
                    )
                await self._retrying(incident, phase, attempt, error, said, key)
            else:
                return await self._came_to(incident, phase, begun, attempt, key, outcome)
        raise AssertionError("unreachable: the last attempt returns")

    async def _came_to(
        self, incident: Incident, phase: Phase, begun: datetime, attempt: int, key: str, outcome: Outcome
    ) -> str:
        try:
            return await self._ended(incident, phase, begun, attempt, key, outcome, None)
        except InputError as error:
            # What the log cannot keep is no result: the phase failed, and the others go on.
            state, said = PhaseState.FAILED, f"its result cannot be recorded: {error}"
            logger.warning("phase_failed", incident=incident.id, phase=phase, attempt=attempt, error=said)
            failed = Outcome(word=str(state), says=said, state=state)
            return await self._ended(incident, phase, begun, attempt, key, failed, said)

    async def _started(self, incident: Incident, phase: Phase, attempt: int, key: str) -> None:
        event = ev.PhaseStarted(
            phase=phase,
            agent=ev.AGENT_OF[phase],
            attempt=attempt,
            timeout_s=self._limits[phase].timeout_s,
            expected_s=self._expected_s(phase),
        )
        await self._incidents.record(incident.id, [event], key=f"{key}/started/{attempt}")

    async def _retrying(
        self, incident: Incident, phase: Phase, attempt: int, error: Exception, said: str, key: str
    ) -> None:
        wait_s = self._limits[phase].wait_s * 2 ** (attempt - 1) * (1 + random.random() / 2)  # noqa: S311 spreads retries
        reason = error.reason if isinstance(error, QuellError) else "bug"
        event = ev.PhaseRetrying(phase=phase, attempt=attempt, error=said, reason=reason, wait_s=round(wait_s, 2))
        await self._incidents.record(incident.id, [event], key=f"{key}/retry/{attempt}")
        await asyncio.sleep(wait_s)

    async def _ended(
        self,
        incident: Incident,
        phase: Phase,
        begun: datetime,
        attempts: int,
        key: str,
        outcome: Outcome,
        error: str | None,
    ) -> str:
        took_s = (self._clock() - begun).total_seconds()
        events: list[Event] = list(outcome.events)
        if attempts > 1 and error is None:
            events.append(ev.PhaseRecovered(phase=phase, attempt=attempts, after_s=round(took_s, 2)))
        events.append(
            ev.PhaseEnded(
                phase=phase,
                agent=ev.AGENT_OF[phase],
                state=outcome.state,
                took_s=round(took_s, 3),
                attempts=attempts,
                says=outcome.says,
                error=error,
                word=outcome.word,
            )
        )
        await self._incidents.record(incident.id, events, key=f"{key}/ended")
        return outcome.word

    async def _word_of(self, incident_id: str, key: str) -> str:
        incident = await self._incidents.load(incident_id)
        phase = Phase(key.rsplit("/", 1)[1])
        return incident.phases[phase].word

    def _progress(self, incident_id: str, phase: Phase) -> Progress:
        async def tell(done: int, total: int, what: str) -> None:
            await self._incidents.record(
                incident_id, [ev.PhaseProgressed(phase=phase, done=done, total=total, what=what)]
            )

        return tell


def _read(error: Exception, timeout_s: float) -> tuple[PhaseState, str]:
    """Return the state a phase ends in by an error, and the error said for a person."""
    if isinstance(error, TimeoutError):
        return PhaseState.TIMED_OUT, f"no result within {timeout_s:g} s"
    return PhaseState.FAILED, f"{type(error).__name__}: {error}"


def describe_failure(error: Exception, timeout_s: float) -> str:
    """Return an error said for a person; one that Quell raises on purpose needs no type."""
    return str(error) if isinstance(error, QuellError) else _read(error, timeout_s)[1]


def worth_retrying(error: Exception) -> bool:
    """Return whether the same may succeed later."""
    return error.retryable if isinstance(error, QuellError) else True
