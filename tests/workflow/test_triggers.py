"""What the log makes the engine do: a run after one that helped in part, and no more of them than a few."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from quell.errors import StorageError
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Write
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import State, incident_stream
from quell.incident.looks import Looks
from quell.incident.state import Incident
from quell.workflow import triggers
from quell.workflow.engine import Started
from quell.workflow.phases import Progress
from quell.workflow.triggers import Triggers
from quell.workflow.work import MOST_RUNS
from tests.workflow.stage import ScriptedAgents, Stage, alert, open_incident, stage


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


class Refusing(Incidents):
    """Incidents in a store that refuses to be read so many times."""

    def __init__(self, stage: Stage, times: int) -> None:
        super().__init__(stage.log)
        self.times = times

    async def load(self, incident_id: str) -> Incident:
        if self.times:
            self.times -= 1
            raise StorageError("it cannot be read now")
        return await super().load(incident_id)


def over(incident: Incident) -> bool:
    return incident.state is State.RESOLVED


ENDED = ev.AlertResolved(fingerprint=alert().fingerprint, name=alert().name, ended_at=alert().received_at)


async def handed_over(on: Stage, incident_id: str) -> None:
    await open_incident(on.log, incident_id)
    await on.engine.start(incident_id)
    await on.engine.result(incident_id)


async def test_a_store_that_refuses_for_a_moment_loses_no_incident_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "AGAIN_S", 0.05)
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        for incident_id in ("INC-1", "INC-2"):
            await handed_over(on, incident_id)
        async with on.following():
            await asyncio.sleep(0.2)  # so that what was there before has been considered
            on.triggers._incidents = Refusing(on, times=1)
            await on.log.append([Write(stream=incident_stream(one), events=[ENDED]) for one in ("INC-1", "INC-2")])
            await on.until(over, "INC-1")
            await on.until(over, "INC-2")


async def test_what_ended_while_nobody_followed_is_resolved_at_the_next_start(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        await handed_over(on, "INC-1")
        await on.log.append([Write(stream=incident_stream("INC-1"), events=[ENDED])])
        on.triggers.catch_up([await on.incidents.load("INC-1")])
        running = asyncio.create_task(on.triggers.run())
        await on.until(over)
        running.cancel()


@dataclass
class Ranked:
    """Stands for the queue, the looks and the turns, and notes what is asked of them."""

    ranks: list[tuple[str, IncidentSeverity]] = field(default_factory=list)

    def submit(self, response: str, severity: IncidentSeverity) -> None:
        """Start nothing."""

    def plan(self, incident: Incident) -> None:
        """Plan nothing."""

    def rank(self, incident_id: str, severity: IncidentSeverity) -> None:
        """Note the severity by which its phases get their turn."""
        self.ranks.append((incident_id, severity))


def triggers_of(start: Any, parts: Ranked) -> Triggers:
    return Triggers(cast(Any, None), cast(Any, parts), cast(Any, parts), cast(Any, parts), start=start)


async def test_every_take_back_is_started_and_one_that_the_engine_refuses_is_started_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(triggers, "AGAIN_S", 0.01)
    refusals, started, all_started = [StorageError("it cannot be written now")], list[str](), asyncio.Event()

    async def start(workflow: str) -> Started:
        if refusals:
            raise refusals.pop()
        started.append(workflow)
        if len(started) == 3:
            all_started.set()
        return Started.ANEW

    on = triggers_of(start, Ranked())
    on.start_take_backs(["first", "second", "third"])
    running = asyncio.create_task(on.run())
    async with asyncio.timeout(5):
        await all_started.wait()
    running.cancel()

    assert started == ["second", "third", "first"]


async def test_the_turns_of_an_incident_are_those_of_its_severity(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await open_incident(on.log)
        incident = await on.incidents.load("INC-1")
    parts = Ranked()

    triggers_of(None, parts).catch_up([incident])

    assert parts.ranks == [("INC-1", incident.severity)]


@pytest.mark.parametrize(
    ("so", "settles"),
    [
        ({}, True),
        ({"needs_response": True}, False),
        ({"responding": True}, False),
        ({"firing": {"f"}}, False),
        ({"state": State.CLOSED}, False),
        ({"looks": Looks(requested=ev.LookAgainRequested(by="person:kim", reason=""))}, False),
    ],
    ids=str,
)
def test_an_incident_ends_by_itself_only_once_nothing_fires_and_nobody_is_to_look(
    so: dict[str, Any], settles: bool
) -> None:
    at = alert().received_at
    incident = Incident(id="INC-1", title="t", severity=IncidentSeverity.SEV1, opened_at=at, updated_at=at, **so)

    assert bool(triggers._settled(incident)) is settles
