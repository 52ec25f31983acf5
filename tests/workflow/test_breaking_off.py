"""What breaks the response itself, and not an agent: it still ends, and somebody is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from quell.errors import StorageCorrupt
from quell.eventlog.incidents import Decide, Incidents
from quell.eventlog.log import Write
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.events import Phase, PhaseState, State, incident_stream
from quell.incident.state import Incident
from quell.workflow.engine import MemoryEngine
from quell.workflow.phases import Progress
from tests.workflow.stage import ScriptedAgents, alert, open_incident, stage


class NotANumber(ScriptedAgents):
    """Agents of which one returns what the log cannot hold."""

    async def diagnose(self, incident: Incident, progress: Progress) -> ev.Diagnosis:
        return ev.Diagnosis(hypotheses=(), none_of_these=float("nan"), abstained=True, says="no idea")


class NoDecisions(Incidents):
    """A log that takes facts and no decision."""

    async def change(self, incident_id: str, decide: Decide, *, key: str | None = None) -> Incident:
        raise StorageCorrupt("the page of this stream cannot be read")


async def test_a_finding_that_cannot_be_recorded_fails_its_phase_and_the_others_go_on(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=NotANumber()) as on:
        await open_incident(on.log)
        engine = MemoryEngine(on.workflow)
        await engine.start("INC-1")
        outcome = await asyncio.wait_for(engine.result("INC-1"), 30)
        incident = await on.incidents.load("INC-1")

    assert outcome == "resolved"
    assert incident.phases[Phase.DIAGNOSE].state is PhaseState.FAILED
    assert "none_of_these" in (incident.phases[Phase.DIAGNOSE].error or "")


async def test_a_response_that_cannot_go_on_ends_as_failed_and_asks_for_a_person(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await open_incident(on.log)
        on.parts = replace(on.parts, incidents=NoDecisions(on.log))
        engine = MemoryEngine(on.workflow)
        await engine.start("INC-1")
        outcome = await asyncio.wait_for(engine.result("INC-1"), 30)
        incident = await on.incidents.load("INC-1")

    assert (outcome, incident.outcome, incident.wants) == ("failed", "failed", "take_over")
    assert incident.escalation is not None
    assert "cannot be read" in incident.escalation.reason


async def test_a_decision_is_taken_while_alerts_never_stop_joining(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await open_incident(on.log)
        stream, joined, told = incident_stream("INC-1"), asyncio.Event(), 0

        async def storm() -> None:
            nonlocal told
            while True:
                events = [ev.AlertGrouped(alert=alert(f"A{told + n}"), why="same service") for n in range(20)]
                await on.log.append([Write(stream=stream, events=events)], key=f"storm/{told}")
                told += 20
                joined.set()

        storming = [asyncio.create_task(storm())]
        await joined.wait()
        changed = await on.incidents.change(
            "INC-1", lambda now: decisions.move(now, State.INVESTIGATING, by="system:test", reason="a storm")
        )
        before = told
        while told == before:
            await asyncio.sleep(0)
        storming[0].cancel()
        await asyncio.gather(*storming, return_exceptions=True)

    assert changed.state is State.INVESTIGATING
