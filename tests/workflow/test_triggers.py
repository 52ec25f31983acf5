"""What the log makes the engine do: a run after one that helped in part, and no more of them than a few."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from quell.incident import events as ev
from quell.incident.events import State
from quell.incident.state import Incident
from quell.workflow.phases import Progress
from quell.workflow.work import MOST_RUNS
from tests.workflow.stage import ScriptedAgents, Stage, open_incident, stage


@dataclass
class OneAfterTheOther(ScriptedAgents):
    """Agents whose fixes have these verdicts, the last one from then on."""

    verdicts: list[str] = field(default_factory=list)

    async def verify(self, incident: Incident, progress: Progress) -> ev.Verified:
        """Give the next verdict."""
        self.helped = self.verdicts.pop(0) if self.verdicts else self.helped
        return replace(await super().verify(incident, progress), says=f"{self.helped}: run {incident.run}")


async def followed(on: Stage, until: str) -> Incident:
    """Open an incident and start what the log asks for, until a run ends so."""
    await open_incident(on.log)
    async with on.following():
        return await on.until(lambda incident: incident.outcome == until)


async def test_a_fix_that_helped_in_part_is_kept_and_the_rest_is_looked_for(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=OneAfterTheOther(verdicts=["in_part", "recovered"])) as on:
        incident = await followed(on, "resolved")

    assert (incident.state, incident.run) == (State.RESOLVED, 2)
    assert [run.state for run in incident.actions] == ["done", "done"]
    assert [line.split()[0] for line in on.action.done] == ["run", "run"]


async def test_it_does_not_go_on_for_ever(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped="in_part")) as on:
        incident = await followed(on, "escalated")

    assert incident.run == MOST_RUNS
    assert incident.escalation is not None
    assert incident.escalation.reason == "in_part: 1 of 1"
    assert [line.split()[0] for line in on.action.done] == ["run"] * MOST_RUNS


async def test_a_second_run_that_does_not_help_takes_only_its_own_change_back(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=OneAfterTheOther(verdicts=["in_part", "worse"])) as on:
        incident = await followed(on, "escalated")

    assert [run.state for run in incident.actions] == ["done", "undone"]
    assert [line.split()[0] for line in on.action.done] == ["run", "run", "undo"]


async def test_a_process_that_ended_between_two_runs_starts_the_second_when_it_is_back(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=OneAfterTheOther(verdicts=["in_part", "recovered"])) as on:
        await open_incident(on.log)
        await on.engine.start("INC-1")
        assert await on.engine.result("INC-1") == "helped_in_part"

        on.triggers.catch_up([await on.incidents.load("INC-1")])
        starting = asyncio.create_task(on.queue.run())
        await on.until(lambda incident: incident.outcome == "resolved")
        starting.cancel()
