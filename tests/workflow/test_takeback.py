"""A change is taken back because a person asked for it: once, whatever became of its incident."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from quell.actions.action import Done, Target
from quell.errors import ActionFailed, Conflict, StorageError, Unreachable
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.events import Phase, State
from quell.incident.state import Incident
from quell.workflow.engine import MemoryEngine, Work
from quell.workflow.names import take_back_id
from quell.workflow.phases import Limits, Progress
from quell.workflow.takeback import PendingTakeBacks, TakeBackParts, TakeBackWork, take_back
from tests.workflow.stage import PLAN, ScriptedAgents, Stage, open_incident, stage


async def responded(on: Stage) -> None:
    """Have an incident with a response that has ended."""
    await open_incident(on.log)
    engine = MemoryEngine(on.workflow)
    await engine.start("INC-1")
    await asyncio.wait_for(engine.result("INC-1"), 30)


async def ask(on: Stage, *, plan_id: str = PLAN.id) -> int:
    """Record a person's request and return its number."""
    incident = await on.incidents.change(
        "INC-1", lambda one: decisions.take_back(one, plan_id, by="person:anna", reason="the sale is over")
    )
    return incident.take_backs[-1].request


async def carried_out(on: Stage, request: int) -> Incident:
    """Let a request be carried out as its event asks for, until it has ended."""
    running = asyncio.create_task(on.triggers.run())
    for record in await on.log.read_stream("incident/INC-1"):
        if isinstance(record.event, ev.TakeBackRequested) and record.event.request == request:
            on.triggers.take(record)
    try:
        await asyncio.wait_for(_ended(on, request), 30)
    finally:
        running.cancel()
    return await on.incidents.load("INC-1")


async def _ended(on: Stage, request: int) -> None:
    while (await on.incidents.load("INC-1")).take_backs[request - 1].ended_at is None:
        await asyncio.sleep(0.01)


async def types(on: Stage) -> list[str]:
    return [type(record.event).__name__ for record in await on.log.read_stream("incident/INC-1")]


def undos(on: Stage) -> list[str]:
    return [line for line in on.action.done if line.startswith("undo")]


@pytest.mark.parametrize("ends_in", [State.RESOLVED, State.CLOSED])
async def test_what_resolved_an_incident_can_be_taken_back_after_it_ended(tmp_path: Path, ends_in: State) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        await on.incidents.change(
            "INC-1", lambda one: decisions.move(one, ends_in, by="person:anna", reason="filed"), key="file"
        )
        incident = await carried_out(on, await ask(on))

    assert undos(on) == ["undo payment to 1.5.0 INC-1/1/p1/undo"]
    assert incident.state is ends_in
    assert (incident.actions[-1].state, incident.actions[-1].taken_back_by) == ("undone", "person:anna")
    assert incident.actions[-1].verdict == "recovered"


async def test_what_helped_in_part_can_be_taken_back_after_a_hand_over(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped="in_part")) as on:
        await responded(on)
        incident = await carried_out(on, await ask(on))

    assert incident.actions[-1].state == "undone"
    assert incident.open


async def test_asking_twice_takes_it_back_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        requests = await asyncio.gather(*(ask(on) for _ in range(5)))
        await carried_out(on, 1)
        with pytest.raises(Conflict, match="it was taken back already for anna"):
            await ask(on)

    assert requests == [1] * 5
    assert len(undos(on)) == 1


async def test_a_service_that_somebody_changed_since_is_left_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.moved_on = True
        incident = await carried_out(on, await ask(on))

        assert undos(on) == []
        assert (incident.actions[-1].state, incident.take_backs[-1].error) == ("done", "it runs release 1.6.0")

        on.action.moved_on = False
        incident = await carried_out(on, await ask(on))

    assert undos(on) == ["undo payment to 1.5.0 INC-1/1/p1/undo"]
    assert incident.actions[-1].state == "undone"


async def test_what_failed_can_be_tried_again_under_a_key_of_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.undo_errors = [ActionFailed("the old release does not start")]
        first = await carried_out(on, await ask(on))
        failed, can = first.actions[-1].state, decisions.can_take_back(first, first.actions[-1])
        incident = await carried_out(on, await ask(on))

    assert failed == "undo_failed"
    assert can == (True, "deploy 1.5.0 again; it was tried and failed: the old release does not start")
    assert undos(on) == ["undo payment to 1.5.0 INC-1/1/p1/undo/2"]
    assert incident.actions[-1].state == "undone"


async def test_an_undo_of_the_agents_that_failed_can_be_asked_for_by_a_person(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped="worse")) as on:
        on.action.undo_errors = [ActionFailed("not now")]
        await responded(on)
        incident = await carried_out(on, await ask(on))

    assert incident.actions[-1].state == "undone"
    assert undos(on) == ["undo payment to 1.5.0 INC-1/1/p1/undo/2"]


async def test_what_may_work_later_is_tried_again_before_it_counts_as_failed(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.undo_errors = [Unreachable("no connection"), Unreachable("no connection")]
        incident = await carried_out(on, await ask(on))

    assert incident.actions[-1].state == "undone"
    assert incident.take_backs[-1].error == ""


async def test_a_fault_of_the_action_itself_ends_the_request_too(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.undo_errors = [RuntimeError("a bug"), RuntimeError("a bug"), RuntimeError("a bug")]
        incident = await carried_out(on, await ask(on))

    assert incident.take_backs[-1].error == "RuntimeError: a bug"
    assert incident.take_backs[-1].ended_at is not None


async def test_an_action_that_there_is_no_more_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.parts.actions.clear()
        incident = await carried_out(on, await ask(on))

    assert incident.take_backs[-1].error == "there is no action roll_back any more"


async def test_what_cannot_be_taken_back_is_refused_and_nothing_is_recorded(tmp_path: Path) -> None:
    plan = replace(PLAN, reversible=False, undo="A restart cannot be taken back.")
    async with stage(tmp_path, agents=ScriptedAgents(plan_is=plan)) as on:
        await responded(on)
        with pytest.raises(Conflict, match=r"A restart cannot be taken back\."):
            await ask(on)
        with pytest.raises(Conflict, match="no change that Quell made by plan p9"):
            await ask(on, plan_id="p9")

        assert "TakeBackRequested" not in await types(on)


class AskedMeanwhile(ScriptedAgents):
    """Agents that look whether it helped while a person has the change taken back."""

    on: Stage

    async def verify(self, incident: Incident, progress: Progress) -> ev.Verified:
        """Say that it helped, after it was taken back."""
        await carried_out(self.on, await ask(self.on))
        return await super().verify(incident, progress)


async def test_a_change_taken_back_while_it_is_verified_resolves_nothing_and_is_not_undone_twice(
    tmp_path: Path,
) -> None:
    agents = AskedMeanwhile()
    async with stage(tmp_path, agents=agents) as on:
        agents.on = on
        await responded(on)
        incident, recorded = await on.incidents.load("INC-1"), await types(on)

    assert recorded.count("ActionUndone") == 1
    assert incident.phases[Phase.UNDO].says == "a person had the change taken back already"
    assert (incident.outcome, incident.open) == ("escalated", True)
    assert incident.verification is not None
    assert (incident.verification.verdict, incident.verification.credit) == ("unknown", "none")
    assert "anna had the change taken back" in incident.verification.says
    assert undos(on) == ["undo payment to 1.5.0 INC-1/1/p1/undo"]


async def test_a_request_that_nothing_was_begun_for_is_known_to_the_next_process(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        before, waiting, after = PendingTakeBacks(), PendingTakeBacks(), PendingTakeBacks()
        for fold in (before, waiting, after):
            if fold is waiting:
                request = await ask(on)
            if fold is after:
                await carried_out(on, request)
            for record in await on.log.read_stream("incident/INC-1"):
                fold.apply(record)

    assert [fold.workflows for fold in (before, waiting, after)] == [(), (take_back_id("INC-1", 1),), ()]


LIMITS = Limits(timeout_s=0.2, attempts=3, wait_s=0.01)


def work_of(on: Stage, request: int) -> TakeBackWork:
    parts = TakeBackParts(incidents=on.incidents, actions=on.parts.actions, limits=LIMITS)
    return TakeBackWork(parts, take_back_id("INC-1", request))


async def failures(on: Stage) -> list[tuple[str, bool]]:
    """Return why requests failed, and whether anything had been begun."""
    records = await on.log.read_stream("incident/INC-1")
    return [(one.event.error, one.event.begun) for one in records if isinstance(one.event, ev.TakeBackFailed)]


async def test_each_step_says_how_the_request_stands_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        work = work_of(on, await ask(on))

        assert [await work.look(), await work.undo()] == ["applies", "undone"]
        before = on.log.head
        assert [await work.look(), await work.undo(), await work.give_up("late")] == ["undone"] * 3
        assert on.log.head == before
        incident = await on.incidents.load("INC-1")

    assert len(undos(on)) == 1
    assert incident.actions[-1].output == "payment is at 1.5.0 again"


async def test_a_request_that_failed_before_anything_was_begun_stays_failed(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.moved_on = True
        work = work_of(on, await ask(on))

        assert await work.look() == "failed"
        on.action.moved_on = False
        assert [await work.look(), await work.undo(), await work.give_up("late")] == ["failed"] * 3
        assert await failures(on) == [("it runs release 1.6.0", False)]

    assert undos(on) == []


async def test_a_failure_of_the_change_itself_says_that_it_was_begun(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.undo_errors = [ActionFailed("the old release does not start")]
        work = work_of(on, await ask(on))

        assert [await work.look(), await work.undo()] == ["applies", "failed"]
        assert await failures(on) == [("the old release does not start", True)]


async def test_an_action_that_there_is_no_more_has_begun_nothing_where_the_look_finds_out(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.parts.actions.clear()

        assert await work_of(on, await ask(on)).look() == "failed"
        assert await failures(on) == [("there is no action roll_back any more", False)]


async def test_what_was_taken_back_after_the_request_is_not_taken_back_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        work = work_of(on, await ask(on))
        gone = ev.ActionUndone(plan_id=PLAN.id, action="roll_back", target="payment", output="back")
        await on.incidents.record("INC-1", [gone])

        assert await work.look() == "failed"
        assert await failures(on) == [("it was taken back already", False)]


async def test_the_workflow_ends_as_its_last_step_says_and_a_step_that_breaks_ends_it_as_failed(
    tmp_path: Path,
) -> None:
    async def step(name: str, work: Work) -> str:
        if name in broken:
            raise StorageError("no space is left")
        return await work()

    broken: set[str] = set()
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.moved_on = True
        moved_on = await take_back(step, work_of(on, await ask(on)))
        on.action.moved_on = False
        broken = {"take_back"}
        broke = await take_back(step, work_of(on, await ask(on)))
        broken = set()
        went = await take_back(step, work_of(on, await ask(on)))
        said = await failures(on)

    assert (moved_on, broke, went) == ("failed", "failed", "undone")
    assert said == [("it runs release 1.6.0", False), ("StorageError: no space is left", True)]
    assert len(undos(on)) == 1


async def test_it_is_tried_three_times_with_longer_waits_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits_s: list[float] = []
    sleep = asyncio.sleep

    async def recorded(delay: float, result: object = None) -> None:
        waits_s.append(delay)
        await sleep(0)

    async with stage(tmp_path) as on:
        await responded(on)
        on.action.undo_errors = [Unreachable("no connection") for _ in range(4)]
        work = work_of(on, await ask(on))
        monkeypatch.setattr(asyncio, "sleep", recorded)
        word = await work.undo()
        monkeypatch.undo()

    assert (word, len(on.action.undo_errors)) == ("failed", 1)
    assert [wait_s for wait_s in waits_s if wait_s] == [0.01, 0.02]


async def test_what_will_not_work_later_either_is_tried_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await responded(on)
        on.action.undo_errors = [ActionFailed("refused"), ActionFailed("refused")]

        assert await work_of(on, await ask(on)).undo() == "failed"
        assert len(on.action.undo_errors) == 1


async def test_an_action_that_does_not_answer_ends_the_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        await asyncio.Event().wait()
        raise AssertionError

    async with stage(tmp_path) as on:
        await responded(on)
        monkeypatch.setattr(on.action, "undo", silent)

        assert await asyncio.wait_for(work_of(on, await ask(on)).undo(), 10) == "failed"
        [(why, begun)] = await failures(on)

    assert (why, begun) == ("no result within 0.2 s", True)
