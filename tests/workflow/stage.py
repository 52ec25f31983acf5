"""A stage for responses: a real log, agents that say what a test wants, and an action that counts what it did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quell.actions.action import Action, Done, DryRun, Target
from quell.errors import ActionFailed
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import EventLog, Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident import events as ev
from quell.incident.alert import Alert, AlertStatus, IncidentSeverity, Severity
from quell.incident.events import Autonomy, Cause, Phase, incident_stream
from quell.incident.look_again import Rhythm
from quell.incident.state import Incident
from quell.workflow.engine import MemoryEngine, Step
from quell.workflow.looking import Looking
from quell.workflow.names import is_take_back, response_of
from quell.workflow.phases import LIMITS, Limits, PhaseRunner, Progress
from quell.workflow.queue import StartQueue, Turns
from quell.workflow.response import respond
from quell.workflow.takeback import TakeBackParts, TakeBackWork, take_back
from quell.workflow.triggers import Triggers
from quell.workflow.waiting import Watch
from quell.workflow.work import ResponseParts, ResponseWork

QUICK: Mapping[Phase, Limits] = {
    phase: replace(limits, wait_s=0.01, timeout_s=min(limits.timeout_s, 5)) for phase, limits in LIMITS.items()
}


def clock() -> datetime:
    return datetime.now(UTC)


def alert(name: str = "HighErrorRate", service: str = "payment") -> Alert:
    now = clock()
    return Alert(
        fingerprint=f"{name}-{service}",
        source="test",
        name=name,
        service=service,
        severity=Severity.CRITICAL,
        severity_raw="critical",
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=now,
        received_at=now,
    )


async def open_incident(log: EventLog, incident_id: str = "INC-1", *, test: bool = False) -> None:
    events = [
        ev.IncidentOpened(
            incident_id=incident_id,
            title="payment: HighErrorRate",
            severity=IncidentSeverity.SEV1,
            service="payment",
            reason="a critical alert",
            test=test,
        ),
        ev.AlertGrouped(alert=alert(), why="it opened the incident"),
    ]
    await log.append([Write(stream=incident_stream(incident_id), events=events)], key=f"open/{incident_id}")


PLAN = ev.Plan(
    id="p1",
    hypothesis_id="H1",
    action="roll_back",
    target="payment",
    params={},
    title="roll back payment",
    steps=("1.5.0 -> 1.4.2",),
    expected="errors stop",
    risk="low",
    undo="deploy 1.5.0 again",
    reversible=True,
    reaches=("payment",),
    verified_by="error_ratio",
    autonomy=Autonomy.AUTO,
    autonomy_reason="the rule says auto",
    record=ev.TrackRecord(helped=0, tried=0),
)


@dataclass
class ScriptedAgents:
    """Agents that answer what the test set; `broken` phases raise, `hung` ones never answer."""

    verdict: str = "confirmed"
    plan_is: ev.Plan | str = PLAN
    helped: str = "recovered"
    broken: dict[Phase, int] = field(default_factory=dict)
    """How many attempts of a phase fail; negative for all."""
    hung: frozenset[Phase] = frozenset()
    gaps: tuple[ev.Gap, ...] = ()
    cause: Cause | None = Cause.BAD_RELEASE
    """What diagnosis names; None: it abstains."""
    glances: int = 0

    async def _maybe(self, phase: Phase) -> None:
        if phase in self.hung:
            await asyncio.Event().wait()
        if self.broken.get(phase, 0):
            self.broken[phase] -= 1
            raise RuntimeError(f"{phase} broke")

    async def detect(self, incident: Incident, progress: Progress) -> ev.Detection:
        await self._maybe(Phase.DETECT)
        await progress(1, 1, "looked")
        return ev.Detection(verdict=self.verdict, says=self.verdict, services=("payment",), gaps=self.gaps)

    async def diagnose(self, incident: Incident, progress: Progress) -> ev.Diagnosis:
        await self._maybe(Phase.DIAGNOSE)
        return self._diagnosis()

    def _diagnosis(self) -> ev.Diagnosis:
        if self.cause is None:
            return ev.Diagnosis(hypotheses=(), none_of_these=0.9, abstained=True, says="no cause stands out")
        title = self.cause.replace("_", " ")
        best = ev.Hypothesis(
            id="H1", service="payment", cause=self.cause, title=title, probability=0.9, calibrated=False
        )
        return ev.Diagnosis(hypotheses=(best,), none_of_these=0.1, abstained=False, says=f"payment: {title}")

    async def predict(self, incident: Incident, progress: Progress) -> ev.Prediction:
        await self._maybe(Phase.PREDICT)
        return ev.Prediction(says="reaches edge", blast_services=("edge",))

    async def plan(self, incident: Incident, progress: Progress) -> ev.Plan | str:
        await self._maybe(Phase.PLAN)
        return "too uncertain to change anything" if self.cause is None else self.plan_is

    async def verify(self, incident: Incident, progress: Progress) -> ev.Verified:
        await self._maybe(Phase.VERIFY)
        return ev.Verified(verdict=self.helped, says=f"{self.helped}: 1 of 1", readings=(), took_s=0.1)

    async def glance(self, incident: Incident) -> tuple[ev.Detection, ev.Diagnosis | None]:
        self.glances += 1
        diagnosed = incident.diagnosis is not None
        found = ev.Detection(verdict=self.verdict, says=self.verdict, services=("payment",), gaps=self.gaps)
        return found, self._diagnosis() if diagnosed and self.verdict != "no_sign" else None


class CountedRollBack:
    """A change that is written down in a file, once for each key."""

    name = "roll_back"
    reversible = True
    expected, risk, undo_is = "errors stop", "low", "deploys the release again"

    def __init__(self, ledger: Path, *, breaks: bool = False) -> None:
        self._ledger = ledger
        self._breaks = breaks
        self.moved_on = False
        """Somebody has changed the service since."""
        self.after_change: Callable[[], None] | None = None
        """Called once the change is made and before anybody is told."""
        self.after_undo: Callable[[], None] | None = None
        self.undo_errors: list[Exception] = []
        """Raised by the undos to come, one each, before anything is changed."""

    @property
    def done(self) -> list[str]:
        return self._ledger.read_text().splitlines() if self._ledger.exists() else []

    def _once(self, line: str) -> None:
        if line not in self.done:
            with self._ledger.open("a") as file:
                file.write(line + "\n")

    async def dry_run(self, target: Target) -> DryRun:
        return DryRun(possible=True, steps=("1.5.0 -> 1.4.2",), undo_params={"version": "1.5.0"})

    def covers(self, service: str) -> bool:
        return service == "payment"

    def calls(self, target: Target) -> tuple[str, ...]:
        return (f"POST http://control.test/{target.service}/roll_back",)

    def blast_radius(self, target: Target) -> tuple[str, ...]:
        return (target.service,)

    async def run(self, target: Target, *, key: str) -> Done:
        self._once(f"run {target.service} {key}")
        if self.after_change is not None:
            self.after_change()
        if self._breaks:
            raise ActionFailed("the second of two instances did not start")
        return Done(output="payment is at 1.4.2", undo_params={"version": "1.5.0"})

    async def verify(self, target: Target) -> bool:
        return True

    async def undo_check(self, target: Target, undo_params: Mapping[str, str]) -> DryRun:
        moved = "it runs release 1.6.0" if self.moved_on else ""
        return DryRun(possible=not moved, steps=("1.4.2 -> 1.5.0",), reason=moved)

    async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        if self.undo_errors:
            raise self.undo_errors.pop(0)
        self._once(f"undo {target.service} to {undo_params['version']} {key}")
        if self.after_undo is not None:
            self.after_undo()
        return Done(output="payment is at 1.5.0 again")


QUICK_LOOKS = Rhythm(waits_s=(0.05, 0.1, 0.2), joined_s=0.02, apart_s=0.05)


@dataclass
class Stage:
    """Everything a response needs, with the parts a test looks at."""

    log: SqliteEventLog
    incidents: Incidents
    watch: Watch
    agents: ScriptedAgents
    action: CountedRollBack
    parts: ResponseParts
    turns: Turns
    engine: MemoryEngine
    queue: StartQueue
    looking: Looking
    triggers: Triggers

    async def workflow(self, step: Step, workflow: str) -> str:
        if is_take_back(workflow):
            limits = Limits(timeout_s=5, attempts=3, wait_s=0.01)
            parts = TakeBackParts(incidents=self.incidents, actions=self.parts.actions, limits=limits)
            return await take_back(step, TakeBackWork(parts, workflow))
        return await respond(step, ResponseWork(self.parts, workflow))

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Start what the log asks for, from its beginning, as Quell does."""

        async def take() -> None:
            async for batch in self.log.subscribe(after=0):
                for record in batch:
                    self.triggers.take(record)

        works = (take(), self.triggers.run(), self.queue.run(), self.looking.run())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.engine.stop()

    async def until(self, test: Callable[[Incident], bool], incident_id: str = "INC-1") -> Incident:
        """Wait until an incident is so, and return it."""
        word = await self.watch.until(
            incident_id, lambda now: "so" if test(now) else None, deadline=clock() + timedelta(seconds=30)
        )
        incident = await self.incidents.load(incident_id)
        assert word == "so", incident
        return incident


def _stage(log: SqliteEventLog, incidents: Incidents, watch: Watch, parts: ResponseParts, turns: Turns) -> Stage:
    async def workflow(step: Step, workflow: str) -> str:
        if is_take_back(workflow):
            return await on.workflow(step, workflow)
        with queue.under_way(response_of(workflow)):
            return await on.workflow(step, workflow)

    async def cannot_run(response: str) -> None:
        raise AssertionError(f"{response} cannot be run")

    assert isinstance(parts.agents, ScriptedAgents)
    action = parts.actions["roll_back"]
    assert isinstance(action, CountedRollBack)
    engine = MemoryEngine(workflow)
    queue = StartQueue(engine.start, cannot_run, at_once=4)
    looking = Looking(incidents, parts.agents, clock=clock, rhythm=parts.rhythm)
    on = Stage(
        log=log,
        incidents=incidents,
        watch=watch,
        agents=parts.agents,
        action=action,
        parts=parts,
        turns=turns,
        engine=engine,
        queue=queue,
        looking=looking,
        triggers=Triggers(incidents, queue, looking, turns, start=engine.start),
    )
    return on


@contextlib.asynccontextmanager
async def stage(
    folder: Path, *, agents: ScriptedAgents | None = None, approval_s: float = 5.0, breaks: bool = False
) -> AsyncIterator[Stage]:
    log = await SqliteEventLog.open(folder / "log.db", clock=clock)
    incidents = Incidents(log)
    watch = Watch(incidents, clock)
    agents = agents or ScriptedAgents()
    action = CountedRollBack(folder / "ledger.txt", breaks=breaks)
    actions: dict[str, Action] = {action.name: action}
    turns = Turns(4)
    runner = PhaseRunner(incidents, clock=clock, expected_s=lambda phase: None, turns=turns, limits=QUICK)
    parts = ResponseParts(
        incidents=incidents,
        runner=runner,
        watch=watch,
        agents=agents,
        actions=actions,
        clock=clock,
        approval_s=approval_s,
        rhythm=QUICK_LOOKS,
    )

    async def follow() -> None:
        async for batch in log.subscribe(after=0):
            for record in batch:
                watch.notify(record)

    following = asyncio.create_task(follow())
    try:
        yield _stage(log, incidents, watch, parts, turns)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await log.close()
