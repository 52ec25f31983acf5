"""
Takes back a change that Quell made, because a person asked for it.

The request is in the log before anything happens; a workflow of its own carries it out, so that it survives a restart,
whatever became of the incident and its response. It first looks whether the change is still as it was made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from quell.actions.action import Action, Target
from quell.errors import ActionFailed, QuellError
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Recorded
from quell.incident import events as ev
from quell.incident.events import Event, Phase
from quell.incident.state import ActionRun, Incident, TakeBack, last_action
from quell.workflow.engine import Step
from quell.workflow.names import take_back_id, take_back_of
from quell.workflow.phases import LIMITS, Limits, describe_failure, worth_retrying

logger = structlog.get_logger()

T = TypeVar("T")


async def take_back(step: Step, work: TakeBackWork) -> str:
    """Look whether the change is still there, then take it back: `undone`, or `failed` with the reason in the log."""
    try:
        if await step("look", work.look) != "applies":
            return "failed"
        return await step("take_back", work.undo)
    except QuellError as error:
        reason = f"{type(error).__name__}: {error}"
    return await step("give_up", lambda: work.give_up(reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackParts:
    """What every request needs."""

    incidents: Incidents
    actions: Mapping[str, Action]
    limits: Limits = LIMITS[Phase.UNDO]


class TakeBackWork:
    """The steps of one request. Every append has a key: a repeat adds nothing."""

    def __init__(self, parts: TakeBackParts, workflow: str) -> None:
        self._parts = parts
        self._id, self._request = take_back_of(workflow)
        self._workflow = take_back_id(self._id, self._request)

    async def look(self) -> str:
        """Ask the action whether the change can still be taken back: `applies`, `failed`, or as it ended before."""
        request, run = await self._load()
        if request.ended_at is not None:
            return _word(request)
        if run.state == "undone":
            return await self._failed(run, "it was taken back already", begun=False)
        try:
            action = self._action(run)
            dry = await self._tried(lambda: action.undo_check(_target(run), run.undo_params))
        except ActionFailed as error:
            return await self._failed(run, str(error), begun=False)
        return "applies" if dry.possible else await self._failed(run, dry.reason, begun=False)

    async def undo(self) -> str:
        """Take it back, once, and record it."""
        request, run = await self._load()
        if request.ended_at is not None:
            return _word(request)
        try:
            action = self._action(run)
            done = await self._tried(lambda: action.undo(_target(run), run.undo_params, key=request.key))
        except ActionFailed as error:
            return await self._failed(run, str(error), begun=True)
        undone = ev.ActionUndone(
            plan_id=run.plan_id,
            action=run.action,
            target=run.target,
            output=done.output,
            by=request.by,
            typed_name=request.typed_name,
            request=self._request,
        )
        return await self._ended("undone", undone)

    async def give_up(self, why: str) -> str:
        """The request cannot be carried out: say so, so that it can be made again."""
        request, run = await self._load()
        logger.error("take_back_broke_off", incident=self._id, request=self._request, error=why)
        return _word(request) if request.ended_at is not None else await self._failed(run, why, begun=True)

    async def _load(self) -> tuple[TakeBack, ActionRun]:
        incident = await self._parts.incidents.load(self._id)
        request = next(one for one in incident.take_backs if one.request == self._request)
        run = last_action(incident, request.plan_id)
        assert run is not None, "a request is recorded for a change that was made"
        return request, run

    def _action(self, run: ActionRun) -> Action:
        action = self._parts.actions.get(run.action)
        if action is None:
            raise ActionFailed(f"there is no action {run.action} any more")
        return action

    async def _tried(self, ask: Callable[[], Awaitable[T]]) -> T:
        """
        Return the answer of an action, asked again while that may help.

        A step runner: whatever breaks becomes the end of the request, so that nobody waits for it.

        Raises: ActionFailed: with the last error, whatever it was.
        """
        limits = self._parts.limits
        for attempt in range(1, limits.attempts + 1):
            try:
                async with asyncio.timeout(limits.timeout_s):
                    return await ask()
            except Exception as error:
                if attempt == limits.attempts or not worth_retrying(error):
                    raise ActionFailed(describe_failure(error, limits.timeout_s)) from error
            await asyncio.sleep(limits.wait_s * 2 ** (attempt - 1))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _failed(self, run: ActionRun, error: str, *, begun: bool) -> str:
        failed = ev.TakeBackFailed(
            plan_id=run.plan_id,
            action=run.action,
            target=run.target,
            request=self._request,
            error=error,
            begun=begun,
        )
        return await self._ended("failed", failed)

    async def _ended(self, word: str, event: Event) -> str:
        await self._parts.incidents.record(self._id, [event], key=f"{self._workflow}/ended")
        return word


class PendingTakeBacks:
    """The requests of the log that have not ended: a process may have died before it began with one."""

    def __init__(self) -> None:
        self._workflows: dict[str, None] = {}

    def apply(self, record: Recorded) -> None:
        """Take in an event."""
        incident_id = record.stream.removeprefix("incident/")
        match record.event:
            case ev.TakeBackRequested(request=request):
                self._workflows[take_back_id(incident_id, request)] = None
            case ev.TakeBackFailed(request=request) | ev.ActionUndone(request=request):
                self._workflows.pop(take_back_id(incident_id, request), None)
            case _:
                return

    @property
    def workflows(self) -> tuple[str, ...]:
        """Return the workflows to start, in the order of their requests; starting one twice is harmless."""
        return tuple(self._workflows)


def judged_without(incident: Incident, plan_id: str, verdict: ev.Verified) -> ev.Verified:
    """Return a verdict on a change, or, when a person had it taken back meanwhile, that nothing can be said of it."""
    run = last_action(incident, plan_id)
    if run is None or run.taken_back_by is None:
        return verdict
    says = f"{run.taken_back_by.removeprefix('person:')} had the change taken back before it was seen whether it helped"
    return replace(verdict, verdict="unknown", says=says, credit="none", credit_says="")


def _target(run: ActionRun) -> Target:
    return Target(service=run.target, params=run.params)


def _word(request: TakeBack) -> str:
    return "failed" if request.error else "undone"
