"""What each step of a response does: ask an agent, decide, record. Every append has a key: a repeat adds nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from quell.actions.action import Action, Done, Target
from quell.errors import ActionFailed, IllegalTransition, NotFound, QuellError, UpstreamError
from quell.eventlog.incidents import Incidents
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.change_words import say_change
from quell.incident.events import Autonomy, Event, Phase, PhaseState, State
from quell.incident.look_again import RHYTHM, Rhythm, reason, undecided
from quell.incident.overlap import changed_elsewhere
from quell.incident.state import ENDED, Incident, findings_key
from quell.workflow.names import incident_of
from quell.workflow.phases import Outcome, PhaseRunner, Progress
from quell.workflow.takeback import judged_without
from quell.workflow.waiting import Watch

logger = structlog.get_logger()

RESOLUTION = "agent:resolution"

HELPED_IN_PART = "helped_in_part"
SUPERSEDED = "superseded"
MOST_RUNS = 3
"""Runs in a row whose fix leaves something open: more than three causes at once are a person's."""


class Agents(Protocol):
    """The four agents, with their sources and settings already in hand."""

    async def detect(self, incident: Incident, progress: Progress) -> ev.Detection:
        """Say whether the telemetry shows what the alerts claim."""
        ...

    async def diagnose(self, incident: Incident, progress: Progress) -> ev.Diagnosis:
        """Rank what could be the cause, or abstain."""
        ...

    async def predict(self, incident: Incident, progress: Progress) -> ev.Prediction:
        """Say what happens if nothing is done."""
        ...

    async def plan(self, incident: Incident, progress: Progress) -> ev.Plan | str:
        """Choose and dry-run an action, or say in one sentence why there is none."""
        ...

    async def verify(self, incident: Incident, progress: Progress) -> ev.Verified:
        """Watch the indicators that were out of range until they are back, or time is up."""
        ...

    async def glance(self, incident: Incident) -> tuple[ev.Detection, ev.Diagnosis | None]:
        """Look once, in no phase; the diagnosis where the last response made one and this look does not clear all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseParts:
    """What every response needs."""

    incidents: Incidents
    runner: PhaseRunner
    watch: Watch
    agents: Agents
    actions: dict[str, Action]
    clock: Callable[[], datetime]
    approval_s: float
    """How long a question to a person stays open."""
    rhythm: Rhythm = RHYTHM
    """How often the agents look again."""
    barred: Callable[[ev.Plan], str] = lambda plan: ""
    """What holds a plan back at the moment it is to be carried out; empty for nothing."""
    concerned: Callable[[str], Iterable[str]] = lambda service: ()
    """Incidents that have, or had, a plan for a service."""
    changing: dict[str, asyncio.Lock] = field(default_factory=dict)
    """By service: held from the look at other incidents until the start of a change is recorded."""


class ResponseWork:
    """The steps of one response."""

    def __init__(self, parts: ResponseParts, workflow: str) -> None:
        self._parts = parts
        self._id, self._run = incident_of(workflow)

    async def begin(self) -> str:
        """Open the response, unless the incident ended before its turn came, or the log is past this run already."""
        try:
            incident = await self._parts.incidents.load(self._id)
        except NotFound as error:
            logger.error("response_superseded", response=self._id, error=str(error))
            return SUPERSEDED
        if incident.state in ENDED or incident.run not in (self._run - 1, self._run):
            return SUPERSEDED
        if incident.run == self._run:
            return "begun" if incident.responding else SUPERSEDED
        key = f"{self._id}/{self._run}/begin"
        started = ev.ResponseStarted(run=self._run, why=reason(incident))
        await self._parts.incidents.record(self._id, [started], key=key)
        await self._move(State.INVESTIGATING, "the agents began", "system:response", "begin/state")
        return "begun"

    async def detect(self) -> str:
        """Ask detection."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            found = await self._parts.agents.detect(incident, progress)
            state = PhaseState.COMPLETED if found.verdict == "confirmed" else PhaseState.ABSTAINED
            events: list[Event] = [ev.Detected(finding=found), *_missing(found.gaps, Phase.DETECT)]
            return Outcome(word=found.verdict, says=found.says, state=state, events=events)

        return await self._phase(Phase.DETECT, body)

    async def diagnose(self) -> str:
        """Ask diagnosis; a cause that it stands behind makes the incident identified."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            found = await self._parts.agents.diagnose(incident, progress)
            word, state = ("abstained", PhaseState.ABSTAINED) if found.abstained else ("found", PhaseState.COMPLETED)
            events: list[Event] = [ev.Diagnosed(finding=found), *_missing(found.gaps, Phase.DIAGNOSE)]
            return Outcome(word=word, says=found.says, state=state, events=events)

        word = await self._phase(Phase.DIAGNOSE, body)
        if word == "found":
            await self._move(State.IDENTIFIED, "a cause was found", "agent:diagnosis", "identified")
        return word

    async def predict(self) -> str:
        """Ask prediction; the response goes on whatever it says."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            found = await self._parts.agents.predict(incident, progress)
            events: list[Event] = [ev.Predicted(finding=found), *_missing(found.gaps, Phase.PREDICT)]
            nothing = not found.forecasts and not found.blast_services
            state = PhaseState.ABSTAINED if nothing else PhaseState.COMPLETED
            return Outcome(word="predicted", says=found.says, state=state, events=events)

        return await self._phase(Phase.PREDICT, body)

    async def plan(self) -> str:
        """Ask resolution for a plan."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            plan = await self._parts.agents.plan(incident, progress)
            if isinstance(plan, str):
                return Outcome(word="none", says=plan, state=PhaseState.ABSTAINED)
            if why := await self._changed_elsewhere(incident, plan.target, asked=True):
                return Outcome(word="none", says=f"Nothing is proposed: {why}.", state=PhaseState.ABSTAINED)
            plan = _asked_first(plan, await self._parts.incidents.load(self._id))
            return Outcome(word="proposed", says=plan.title, events=[ev.PlanProposed(plan=plan)])

        return await self._phase(Phase.PLAN, body)

    async def approve(self) -> str:
        """Let policy decide, or ask a person and wait: `approved`, `rejected`, `expired`, `recovered` or `withheld`."""
        return await self._phase(Phase.APPROVE, self._approve, parked=True)

    async def _approve(self, incident: Incident, progress: Progress) -> Outcome:
        if incident.test:
            says = "a test alert opened this incident: nothing is changed because of it"
            return Outcome(word="withheld", says=says, state=PhaseState.ABSTAINED)
        plan = _asked_first(_plan_of(incident), await self._parts.incidents.load(self._id))
        if plan.autonomy is Autonomy.AUTO:
            event = ev.ActionApproved(plan_id=plan.id, by="system:policy")
            return Outcome(word="approved", says=plan.autonomy_reason, events=[event])
        if plan.autonomy is not Autonomy.APPROVE:
            return Outcome(word="withheld", says=plan.autonomy_reason, state=PhaseState.ABSTAINED)
        asked = incident.approval
        if asked is None or asked.plan_id != plan.id:
            expires_at = self._parts.clock() + timedelta(seconds=self._parts.approval_s)
            question = ev.ApprovalRequested(plan_id=plan.id, expires_at=expires_at, reason=plan.autonomy_reason)
            await self._parts.incidents.record(self._id, [question], key=f"{self._id}/{self._run}/approve/asked")
        else:
            expires_at = asked.expires_at
        answer = await self._parts.watch.until(self._id, _answer_to(plan.id), deadline=expires_at)
        if answer is None:
            return Outcome(
                word="expired",
                says=f"nobody answered within {self._parts.approval_s / 60:g} min",
                state=PhaseState.ABSTAINED,
                events=[ev.ApprovalExpired(plan_id=plan.id)],
            )
        incident = await self._parts.incidents.load(self._id)
        by = incident.approval.by if incident.approval else None
        says = {
            "approved": f"approved by {by}",
            "rejected": f"rejected by {by}",
            "recovered": "every alert resolved while the question was open",
            "ended": "a person ended the incident while the question was open",
        }[answer]
        events = [] if answer in ("approved", "rejected") else [ev.ApprovalWithdrawn(plan_id=plan.id, reason=says)]
        return Outcome(word=answer, says=says, state=PhaseState.COMPLETED, events=events)

    async def act(self) -> str:
        """Make the change, once."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            if incident.state in ENDED:
                says = f"{incident.id} is {incident.state} already"
                return Outcome(word="superseded", says=says, state=PhaseState.ABSTAINED)
            plan = _plan_of(incident)
            target = Target(service=plan.target, params=plan.params)
            key = self._action_key(plan)
            begun_before = any(run.key == key for run in (await self._parts.incidents.load(self._id)).actions)
            async with self._parts.changing.setdefault(plan.target, asyncio.Lock()):
                why = "" if begun_before else self._parts.barred(plan)
                why = why or ("" if begun_before else await self._changed_elsewhere(incident, plan.target, asked=False))
                if why:
                    return Outcome(word="barred", says=f"held back: {why}", state=PhaseState.ABSTAINED)
                action = self._parts.actions[plan.action]
                await self._started(action, target, plan, key)
            begun = self._parts.clock()
            try:
                done = await action.run(target, key=key)
            except ActionFailed as error:
                broke = ev.ActionBroke(plan_id=plan.id, action=plan.action, target=plan.target, error=str(error))
                return Outcome(word="broke", says=str(error), state=PhaseState.FAILED, events=[broke])
            took_s = (self._parts.clock() - begun).total_seconds()
            finished = ev.ActionFinished(
                plan_id=plan.id,
                action=plan.action,
                target=plan.target,
                output=done.output,
                undo_params=dict(done.undo_params),
                took_s=round(took_s, 3),
            )
            return Outcome(word="done", says=done.output.splitlines()[0] if done.output else "done", events=[finished])

        word = await self._phase(Phase.ACT, body)
        if word == "done":
            await self._move(State.MONITORING, "the change is in place", RESOLUTION, "monitoring")
        return word

    async def _changed_elsewhere(self, incident: Incident, service: str, *, asked: bool) -> str:
        """Say whether another incident, as the log has it now, is at a change of the same service."""
        others = [await self._parts.incidents.load(one) for one in self._parts.concerned(service) if one != self._id]
        return changed_elsewhere(incident, service, others, asked=asked)

    def _action_key(self, plan: ev.Plan) -> str:
        return f"{self._id}/{self._run}/{plan.id}"

    async def _started(self, action: Action, target: Target, plan: ev.Plan, key: str) -> None:
        """Record the intent, with what undo needs, before anything is changed."""
        before = await action.dry_run(target)
        started = ev.ActionStarted(
            plan_id=plan.id, action=plan.action, target=plan.target, key=key, undo_params=dict(before.undo_params)
        )
        await self._parts.incidents.record(self._id, [started], key=f"{key}/started")

    async def verify(self) -> str:
        """Watch whether it helped."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            verdict = await self._parts.agents.verify(incident, progress)
            if incident.plan is not None:
                now = await self._parts.incidents.load(self._id)
                verdict = judged_without(now, incident.plan.id, verdict)
            state = PhaseState.ABSTAINED if verdict.verdict == "unknown" else PhaseState.COMPLETED
            return Outcome(word=verdict.verdict, says=verdict.says, state=state, events=[verdict])

        return await self._phase(Phase.VERIFY, body)

    async def resolve(self) -> str:
        """The service is restored."""
        incident = await self._parts.incidents.load(self._id)
        if not self._is_current(incident):
            return self._came_to(incident)
        says = incident.verification.says if incident.verification else "restored"
        await self._move(State.RESOLVED, says, RESOLUTION, "resolved")
        return await self._end("resolved", says)

    async def go_on(self) -> str:
        """Keep what helped in part and end this run, so that another one looks for the rest; not without end."""
        incident = await self._parts.incidents.load(self._id)
        if not self._is_current(incident):
            return self._came_to(incident)
        if incident.in_part + 1 >= MOST_RUNS or incident.state in ENDED:
            return await self.hand_over()
        return await self._end(HELPED_IN_PART, incident.verification.says if incident.verification else "")

    async def undo(self) -> str:
        """Take the change back, if it can be."""

        async def body(incident: Incident, progress: Progress) -> Outcome:
            plan = _plan_of(incident)
            # By key: an earlier response may have carried the same plan out, and that one is not this one's to undo.
            key, now = self._action_key(plan), await self._parts.incidents.load(self._id)
            ran = next((run for run in reversed(now.actions) if run.key == key), None)
            if ran is None:
                acted = incident.phases.get(Phase.ACT)
                why = f": {acted.says}" if acted is not None and acted.says else ""
                return Outcome(word="nothing", says=f"nothing had been changed{why}", state=PhaseState.ABSTAINED)
            if ran.state == "undone":
                return Outcome(word="undone", says="a person had the change taken back already")
            action = self._parts.actions[plan.action]
            if not action.reversible:
                says = f"{action.undo_is[:1].lower()}{action.undo_is[1:].rstrip('.')}"
                return Outcome(word="irreversible", says=says, state=PhaseState.ABSTAINED)
            made, target = say_change(plan.action, plan.target), Target(service=plan.target, params=plan.params)
            done = await _undo(action, target, ran.undo_params, f"{ran.key}/undo")
            if isinstance(done, QuellError):
                failed = ev.UndoFailed(plan_id=plan.id, action=plan.action, target=plan.target, error=str(done))
                says = f"{made} could not be taken back: {done}"
                return Outcome(word="undo_failed", says=says, state=PhaseState.FAILED, events=[failed])
            undone = ev.ActionUndone(plan_id=plan.id, action=plan.action, target=plan.target, output=done.output)
            return Outcome(word="undone", says=f"{made} was taken back", events=[undone])

        word = await self._phase(Phase.UNDO, body)
        if word == SUPERSEDED:
            return word
        if word in (PhaseState.FAILED, PhaseState.TIMED_OUT):
            await self._say_undo_failed()
        acted = (await self._parts.incidents.load(self._id)).phases.get(Phase.ACT)
        why = "the fix did not help" if acted is not None and acted.word == "done" else "the change did not complete"
        await self._move(State.INVESTIGATING, why, RESOLUTION, "back")
        return word

    async def _say_undo_failed(self) -> None:
        """Record that a change is still in place after the last try to take it back broke or never answered."""
        incident = await self._parts.incidents.load(self._id)
        plan = _plan_of(incident)
        key = self._action_key(plan)
        ran = next((run for run in reversed(incident.actions) if run.key == key), None)
        if ran is None or ran.state == "undone":
            return
        error = incident.phases[Phase.UNDO].error or "it could not be taken back"
        failed = ev.UndoFailed(plan_id=plan.id, action=plan.action, target=plan.target, error=error)
        await self._parts.incidents.record(self._id, [failed], key=f"{self._id}/{self._run}/undo_failed")

    async def hand_over(self) -> str:
        """Escalate to a person, saying why and what is missing; nothing to do when it has ended meanwhile."""
        incident = await self._parts.incidents.load(self._id)
        if not self._is_current(incident):
            return self._came_to(incident)
        if incident.state in ENDED:
            return await self._end(SUPERSEDED, f"{incident.id} is {incident.state}")
        reason = why_handed_over(incident)
        missing = tuple(f"{source}: {why}" for source, why in incident.missing.items())
        # Who was asked to take over already is not asked again where looking again has shown nothing new.
        if incident.escalation is None or incident.escalated_on != findings_key(incident):
            key = f"{self._id}/{self._run}/escalated"
            await self._parts.incidents.record(self._id, [ev.Escalated(reason=reason, missing=missing)], key=key)
        wait = timedelta(seconds=self._parts.rhythm.wait_s(incident.looks.in_vain))
        return await self._end("escalated", reason, self._parts.clock() + wait if undecided(incident) else None)

    async def give_up(self, why: str) -> str:
        """The response itself cannot go on: say so and hand over."""
        incident = await self._parts.incidents.load(self._id)
        if not self._is_current(incident):
            return self._came_to(incident)
        reason = f"the response broke off: {why}"
        logger.error("response_broke_off", incident=self._id, error=why)
        if incident.state not in ENDED:
            key = f"{self._id}/{self._run}/escalated"
            await self._parts.incidents.record(self._id, [ev.Escalated(reason=reason)], key=key)
        return await self._end("failed", reason)

    def _is_current(self, incident: Incident) -> bool:
        """
        Whether the log has this response under way.

        The engine's file may be an older copy, or may not know yet what the log knows: the log counts.
        """
        return incident.run == self._run and incident.responding

    def _came_to(self, incident: Incident) -> str:
        return (incident.run == self._run and incident.outcome) or SUPERSEDED

    async def _end(self, outcome: str, says: str, look_again_at: datetime | None = None) -> str:
        event = ev.ResponseEnded(run=self._run, outcome=outcome, says=says, look_again_at=look_again_at)
        await self._parts.incidents.record(self._id, [event], key=f"{self._id}/{self._run}/end")
        return outcome

    async def _phase(
        self, phase: Phase, body: Callable[[Incident, Progress], Awaitable[Outcome]], *, parked: bool = False
    ) -> str:
        if not self._is_current(await self._parts.incidents.load(self._id)):
            return SUPERSEDED
        return await self._parts.runner.run(self._id, phase, body, parked=parked)

    async def _move(self, to: State, reason: str, by: str, step: str) -> None:
        def decide(incident: Incident) -> list[Event]:
            try:
                return decisions.move(incident, to, by=by, reason=reason)
            except IllegalTransition:
                return []  # a person was quicker and took it elsewhere: theirs counts

        await self._parts.incidents.change(self._id, decide, key=f"{self._id}/{self._run}/{step}")


async def _undo(action: Action, target: Target, undo_params: dict[str, str], key: str) -> Done | QuellError:
    try:
        return await action.undo(target, undo_params, key=key)
    except UpstreamError as error:
        if error.retryable:
            raise
        return error
    except ActionFailed as error:
        return error


def why_handed_over(incident: Incident) -> str:
    """Return one sentence on why a person is wanted: the last phase that did not bring it further."""
    for phase in (Phase.UNDO, Phase.VERIFY, Phase.ACT, Phase.APPROVE, Phase.PLAN, Phase.DIAGNOSE, Phase.DETECT):
        run = incident.phases.get(phase)
        if run is not None and run.ended_at is not None:
            said = run.error or run.says
            before = _why_undone(incident) if phase is Phase.UNDO and run.word != "nothing" else ""
            return f"{before}; {said}" if before else said
    return "the response could not begin"


def _why_undone(incident: Incident) -> str:
    if incident.verification is not None:
        return incident.verification.says
    acted = incident.phases.get(Phase.ACT)
    return "" if acted is None else acted.error or acted.says


def _asked_first(plan: ev.Plan, incident: Incident) -> ev.Plan:
    """Return the plan, with a person asked first where it repeats what did not help, or would act beside a person."""
    why = _why_asked(plan, incident)
    if plan.autonomy is not Autonomy.AUTO or not why:
        return plan
    return replace(plan, autonomy=Autonomy.APPROVE, autonomy_reason=f"{why}; {plan.autonomy_reason}")


def _why_asked(plan: ev.Plan, incident: Incident) -> str:
    for run in incident.actions:
        if run.run >= incident.run or (run.action, run.target) != (plan.action, plan.target):
            continue
        what = say_change(plan.action, plan.target)
        if run.taken_back_by is not None:
            return f"{what} was done here before, and taken back for {run.taken_back_by.removeprefix('person:')}"
        if run.state in _FAILED or run.verdict in _DID_NOT_HELP:
            return f"{what} was tried here before and did not help"
    if incident.again and incident.owner is not None:
        return f"{incident.owner.removeprefix('person:')} has taken {incident.id} over"
    return ""


_FAILED = frozenset({"broke", "undone", "undo_failed"})
_DID_NOT_HELP = frozenset({"not_recovered", "worse", "unknown"})


def _plan_of(incident: Incident) -> ev.Plan:
    assert incident.plan is not None, "a plan was proposed before this step"
    return incident.plan


def _answer_to(plan_id: str) -> Callable[[Incident], str | None]:
    def test(incident: Incident) -> str | None:
        approval = incident.approval
        if approval is not None and approval.plan_id == plan_id and approval.answer in ("approved", "rejected"):
            return approval.answer
        if incident.state in ENDED:
            return "ended"
        return "recovered" if incident.alerts and not incident.firing else None

    return test


def _missing(gaps: tuple[ev.Gap, ...], phase: Phase) -> list[Event]:
    return [ev.SourceMissing(source=gap.source, reason=gap.reason, phase=phase) for gap in gaps]
