"""What a response does, from its first step to its last, on a real log with agents that say what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from quell.actions.action import Done, Target
from quell.errors import BadAnswer, Conflict, NotFound, Unreachable
from quell.eventlog.incidents import Incidents
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.events import Autonomy, Phase, PhaseState, State
from quell.incident.state import Incident
from quell.workflow.engine import MemoryEngine
from tests.workflow.stage import PLAN, QUICK, CountedRollBack, ScriptedAgents, Stage, clock, open_incident, stage


async def run(on: Stage) -> tuple[str, Incident]:
    await open_incident(on.log)
    engine = MemoryEngine(on.workflow)
    await engine.start("INC-1")
    outcome = await asyncio.wait_for(engine.result("INC-1"), 30)
    return outcome, await on.incidents.load("INC-1")


async def asked_for_approval(incidents: Incidents) -> Incident:
    async with asyncio.timeout(15):
        while True:
            with contextlib.suppress(NotFound):
                incident = await incidents.load("INC-1")
                if incident.wants == "approve":
                    return incident
            await asyncio.sleep(0.01)


async def test_a_fix_that_helps_resolves_the_incident(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        outcome, incident = await run(on)

    assert outcome == "resolved"
    assert incident.state is State.RESOLVED
    assert len(on.action.done) == 1
    assert [phase for phase, one in incident.phases.items() if one.state is PhaseState.COMPLETED] == [
        Phase.DETECT,
        Phase.DIAGNOSE,
        Phase.PREDICT,
        Phase.PLAN,
        Phase.APPROVE,
        Phase.ACT,
        Phase.VERIFY,
    ]


async def test_no_sign_in_the_telemetry_leaves_the_incident_to_a_person(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert incident.wants == "take_over"
    assert incident.phases[Phase.DETECT].state is PhaseState.ABSTAINED
    assert on.action.done == []


@pytest.mark.parametrize("helped", ["not_recovered", "worse", "unknown"])
async def test_a_fix_that_does_not_help_is_undone_and_handed_over(tmp_path: Path, helped: str) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped=helped)) as on:
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert [line.split()[0] for line in on.action.done] == ["run", "undo"]
    assert incident.actions[-1].state == "undone"
    assert incident.open


async def test_an_action_that_breaks_half_way_is_undone_with_the_state_recorded_before_it(tmp_path: Path) -> None:
    async with stage(tmp_path, breaks=True) as on:
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert "undo payment to 1.5.0" in on.action.done[-1]
    assert incident.phases[Phase.ACT].state is PhaseState.FAILED
    assert incident.escalation is not None
    assert incident.escalation.reason == "the second of two instances did not start; roll back payment was taken back"


async def test_a_change_that_cannot_be_taken_back_says_so_after_what_it_did_not_help(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped="not_recovered")) as on:
        on.action.reversible, on.action.undo_is = False, "A restart cannot be taken back."  # type: ignore[misc]
        _, incident = await run(on)

    assert incident.escalation is not None
    assert incident.escalation.reason.endswith("; a restart cannot be taken back")


@pytest.mark.parametrize("phase", [Phase.DETECT, Phase.DIAGNOSE, Phase.PREDICT])
async def test_an_agent_that_fails_does_not_stop_the_others(tmp_path: Path, phase: Phase) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(broken={phase: -1})) as on:
        outcome, incident = await run(on)

    assert outcome == "resolved"
    assert incident.phases[phase].state is PhaseState.FAILED
    assert f"{phase} broke" in (incident.phases[phase].error or "")


async def test_a_retry_that_succeeds_leaves_a_recovery_notice(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(broken={Phase.DIAGNOSE: 1})) as on:
        outcome, incident = await run(on)

    assert outcome == "resolved"
    assert incident.phases[Phase.DIAGNOSE].attempts == 2
    assert "attempt 2" in (incident.phases[Phase.DIAGNOSE].recovered or "")


async def test_an_agent_that_hangs_times_out_and_the_response_goes_on(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(hung=frozenset({Phase.PREDICT}))) as on:
        limits = on.parts.runner._limits
        object.__setattr__(
            on.parts.runner, "_limits", {**limits, Phase.PREDICT: replace(limits[Phase.PREDICT], timeout_s=0.05)}
        )
        outcome, incident = await run(on)

    assert outcome == "resolved"
    assert incident.phases[Phase.PREDICT].state is PhaseState.TIMED_OUT


async def test_a_source_that_is_down_is_named_in_the_incident(tmp_path: Path) -> None:
    gap = ev.Gap(source="logfiles", reason="no such file")
    async with stage(tmp_path, agents=ScriptedAgents(gaps=(gap,))) as on:
        _, incident = await run(on)

    assert incident.missing == {"logfiles": "no such file"}


def asking() -> ScriptedAgents:
    return ScriptedAgents(plan_is=replace(PLAN, autonomy=Autonomy.APPROVE, autonomy_reason="a person decides"))


async def test_an_approved_plan_is_carried_out(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=asking()) as on:
        running = asyncio.create_task(run(on))
        await asked_for_approval(on.incidents)
        assert on.action.done == []
        await on.incidents.change(
            "INC-1", lambda inc: decisions.approve(inc, "p1", by="person:kim", now=clock()), key="click"
        )
        outcome, incident = await running

    assert outcome == "resolved"
    assert incident.approval is not None
    assert incident.approval.by == "person:kim"


async def test_a_rejected_plan_is_not_carried_out(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=asking()) as on:
        running = asyncio.create_task(run(on))
        await asked_for_approval(on.incidents)
        await on.incidents.change(
            "INC-1", lambda inc: decisions.reject(inc, "p1", by="person:kim", reason="too risky", now=clock())
        )
        outcome, _ = await running

    assert outcome == "escalated"
    assert on.action.done == []


async def test_a_plan_that_a_limit_holds_back_by_now_changes_nothing_and_the_person_hears_why(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(plan_is=replace(PLAN, runbook="own"))) as on:
        on.parts = replace(on.parts, barred=lambda plan: f"{plan.runbook} ran 3 s ago")
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert on.action.done == []
    assert incident.actions == []
    assert incident.escalation is not None
    assert incident.escalation.reason == "nothing had been changed: held back: own ran 3 s ago"


async def test_a_change_that_began_before_a_crash_is_finished_whatever_the_limits_say_by_then(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(plan_is=replace(PLAN, runbook="own"))) as on:
        await open_incident(on.log)
        begun = ev.ActionStarted(plan_id="p1", action="roll_back", target="payment", key="INC-1/1/p1")
        await on.incidents.record("INC-1", [begun])
        on.parts = replace(on.parts, barred=lambda plan: "it ran just now")
        outcome, _ = await run(on)

    assert outcome == "resolved"
    assert len(on.action.done) == 1


async def test_an_approval_that_never_comes_expires_and_escalates(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=asking(), approval_s=0.1) as on:
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert incident.approval is not None
    assert incident.approval.answer == "expired"
    assert on.action.done == []


async def test_alerts_that_resolve_while_a_question_is_open_make_it_moot(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=asking()) as on:
        running = asyncio.create_task(run(on))
        asked = await asked_for_approval(on.incidents)
        gone = ev.AlertResolved(fingerprint=next(iter(asked.firing)), name="HighErrorRate", ended_at=clock())
        await on.incidents.record("INC-1", [gone])
        outcome, incident = await running

    assert outcome == "resolved"
    assert incident.state is State.RESOLVED
    assert on.action.done == []
    assert incident.approval is not None
    assert incident.approval.answer == "withdrawn"
    with pytest.raises(Conflict, match="withdrawn already"):
        decisions.approve(incident, "p1", by="person:kim", now=clock())


@pytest.mark.parametrize("autonomy", [Autonomy.OBSERVE, Autonomy.RECOMMEND])
async def test_without_leave_to_act_the_plan_is_shown_and_nothing_is_changed(
    tmp_path: Path, autonomy: Autonomy
) -> None:
    plan = replace(PLAN, autonomy=autonomy, autonomy_reason="payment is only watched")
    async with stage(tmp_path, agents=ScriptedAgents(plan_is=plan)) as on:
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert incident.plan == plan
    assert on.action.done == []


async def test_a_person_who_resolves_first_is_not_overruled(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=asking()) as on:
        running = asyncio.create_task(run(on))
        await asked_for_approval(on.incidents)
        await on.incidents.change("INC-1", lambda inc: decisions.resolve(inc, by="person:kim", reason="by hand"))
        outcome, incident = await running

    assert outcome == "superseded"
    assert incident.state is State.RESOLVED
    assert incident.escalation is None
    assert on.action.done == []


async def test_a_response_whose_turn_comes_after_a_person_resolved_it_does_not_begin(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await open_incident(on.log)
        await on.incidents.change("INC-1", lambda inc: decisions.resolve(inc, by="person:kim", reason="by hand"))
        engine = MemoryEngine(on.workflow)
        await engine.start("INC-1")
        outcome = await engine.result("INC-1")
        incident = await on.incidents.load("INC-1")

    assert outcome == "superseded"
    assert (incident.run, incident.state, on.action.done) == (0, State.RESOLVED, [])


async def test_what_was_resolved_before_its_turn_and_is_reopened_gets_its_response(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await open_incident(on.log)
        await on.incidents.change("INC-1", lambda inc: decisions.resolve(inc, by="person:kim", reason="by hand"))
        async with on.following():
            async with asyncio.timeout(10):
                while "INC-1" not in on.engine._tasks or on.engine.running:
                    await asyncio.sleep(0.01)
            await on.incidents.change("INC-1", lambda inc: decisions.reopen(inc, by="person:kim", reason="it is back"))
            incident = await on.until(lambda now: now.outcome is not None)

    assert (incident.run, incident.outcome) == (1, "resolved")


class Unsteady(CountedRollBack):
    """An action whose undo cannot reach its target so many times."""

    unreachable = 0

    async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        if self.unreachable:
            self.unreachable -= 1
            raise Unreachable("no connection to the deploy server")
        return await super().undo(target, undo_params, key=key)


@pytest.mark.parametrize(("times", "state", "attempts"), [(1, "undone", 2), (9, "undo_failed", 3)])
async def test_an_undo_that_cannot_reach_its_target_is_tried_again(
    tmp_path: Path, times: int, state: str, attempts: int
) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped="worse")) as on:
        action = Unsteady(tmp_path / "ledger.txt")
        action.unreachable = times
        on.parts = replace(on.parts, actions={action.name: action})
        outcome, incident = await run(on)

    assert outcome == "escalated"
    assert (incident.actions[0].state, incident.phases[Phase.UNDO].attempts) == (state, attempts)
    assert incident.escalation is not None


async def test_an_undo_that_never_answers_ends_as_one_that_failed(tmp_path: Path) -> None:
    class Silent(CountedRollBack):
        async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
            await asyncio.Event().wait()
            raise AssertionError("unreachable: it waits for ever")

    async with stage(tmp_path, agents=ScriptedAgents(helped="worse")) as on:
        action = Silent(tmp_path / "ledger.txt")
        limits = {**QUICK, Phase.UNDO: replace(QUICK[Phase.UNDO], timeout_s=0.05)}
        on.parts = replace(on.parts, actions={action.name: action})
        on.parts.runner._limits = limits
        outcome, incident = await run(on)
        failed = [one.event for one in await on.log.read(limit=1_000) if isinstance(one.event, ev.UndoFailed)]

    assert (outcome, incident.actions[0].state, incident.phases[Phase.UNDO].attempts) == ("escalated", "undo_failed", 3)
    assert [one.error for one in failed] == ["no result within 0.05 s"]


async def test_an_undo_that_the_target_refuses_is_not_tried_again(tmp_path: Path) -> None:
    class Refusing(CountedRollBack):
        async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
            raise BadAnswer("403")

    async with stage(tmp_path, agents=ScriptedAgents(helped="worse")) as on:
        action = Refusing(tmp_path / "ledger.txt")
        on.parts = replace(on.parts, actions={action.name: action})
        _, incident = await run(on)

    assert (incident.actions[0].state, incident.phases[Phase.UNDO].attempts) == ("undo_failed", 1)


async def test_running_the_same_steps_twice_records_nothing_twice(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await run(on)
        before = on.log.head
        again = MemoryEngine(on.workflow)
        await again.start("INC-1")
        outcome = await again.result("INC-1")

        assert outcome in ("superseded", "resolved")
        assert on.log.head == before
        assert len(on.action.done) == 1


async def test_a_test_alert_changes_nothing_whatever_policy_says(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await open_incident(on.log, test=True)
        engine = MemoryEngine(on.workflow)
        await engine.start("INC-1")
        outcome = await asyncio.wait_for(engine.result("INC-1"), 30)
        incident = await on.incidents.load("INC-1")

    assert (outcome, on.action.done) == ("escalated", [])
    assert "test alert" in incident.phases[Phase.APPROVE].says


async def test_of_two_incidents_with_the_same_change_one_makes_it_and_the_other_leaves_it_alone(tmp_path: Path) -> None:
    names = ("INC-1", "INC-2")
    async with stage(tmp_path) as on:
        on.parts = replace(on.parts, concerned=lambda service: names if service == PLAN.target else ())
        for name in names:
            await open_incident(on.log, name)
        engine = MemoryEngine(on.workflow)
        for name in names:
            await engine.start(name)
        outcomes = [await asyncio.wait_for(engine.result(name), 30) for name in names]
        found = [await on.incidents.load(name) for name in names]

    assert sorted(outcomes) == ["escalated", "resolved"]
    assert [line.split()[0] for line in on.action.done] == ["run"]
    acted, left = sorted(found, key=lambda incident: not incident.actions)
    assert left.actions == []
    assert left.escalation is not None
    assert f"{acted.id} " in left.escalation.reason
    assert f" roll back of {PLAN.target}" in left.escalation.reason


async def test_of_two_incidents_with_the_same_plan_one_asks_a_person(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=asking()) as on:
        on.parts = replace(on.parts, concerned=lambda service: ("INC-1", "INC-2"))
        await open_incident(on.log, "INC-2")
        first = asyncio.create_task(run(on))
        await asked_for_approval(on.incidents)
        engine = MemoryEngine(on.workflow)
        await engine.start("INC-2")
        assert await asyncio.wait_for(engine.result("INC-2"), 30) == "escalated"
        second = await on.incidents.load("INC-2")
        await on.incidents.change("INC-1", lambda inc: decisions.approve(inc, "p1", by="person:kim", now=clock()))
        outcome, _ = await first

    assert outcome == "resolved"
    assert second.approval is None
    assert "INC-1 asks a person about a change of payment already" in second.phases[Phase.PLAN].says
