"""What was handed over for want of a sign or a cause is looked at again, and nobody is asked twice for the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quell.errors import Conflict, IllegalTransition
from quell.eventlog.log import Write
from quell.eventlog.projections.views import summary_of
from quell.incident import decisions
from quell.incident import events as ev
from quell.incident.actor import Actor
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Autonomy, Cause, Phase, State, incident_stream
from quell.incident.fold import fold
from quell.incident.look_again import Rhythm, due_at
from quell.incident.state import Incident
from quell.workflow.engine import Started
from quell.workflow.phases import Progress
from quell.workflow.queue import StartQueue
from quell.workflow.work import ResponseWork, _asked_first
from tests.workflow.stage import PLAN, ScriptedAgents, Stage, alert, clock, open_incident, stage

SLOW = Rhythm(waits_s=(60.0,), joined_s=0.02, apart_s=0.05)
"""Nothing is looked at again within a test but for a reason."""


def slow(on: Stage) -> Stage:
    on.looking._rhythm = SLOW
    on.parts = replace(on.parts, rhythm=SLOW)
    return on


async def types_of(on: Stage) -> Counter[str]:
    records = await on.log.read_stream(incident_stream("INC-1"))
    return Counter(type(record.event).__name__ for record in records)


def looked(incident: Incident) -> bool:
    return incident.looks.in_vain > 0


async def waits_for_a_look(on: Stage) -> None:
    await on.until(lambda now: now.outcome == "escalated")
    async with asyncio.timeout(10):
        while not on.looking.waits("INC-1"):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("verdict", ["no_sign", "no_data"])
async def test_trouble_that_shows_later_is_found_by_looking_again(tmp_path: Path, verdict: str) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict=verdict)) as on, on.following():
        if verdict == "no_data":
            on.agents.cause = None
        await open_incident(on.log)
        handed_over = await on.until(looked)
        assert (handed_over.run, handed_over.wants) == (1, "take_over")

        on.agents.verdict, on.agents.cause = "confirmed", Cause.BAD_RELEASE
        incident = await on.until(lambda now: now.outcome == "resolved")

    assert (incident.run, incident.state, incident.again) == (2, State.RESOLVED, "confirmed")
    assert [line.split()[0] for line in on.action.done] == ["run"]


async def test_a_cause_that_shows_later_is_acted_upon(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(cause=None)) as on, on.following():
        await open_incident(on.log)
        await on.until(looked)
        on.agents.cause = Cause.BAD_RELEASE
        incident = await on.until(lambda now: now.outcome == "resolved")

    assert (incident.run, incident.again) == (2, "payment: bad release")


async def test_a_look_that_finds_nothing_new_is_one_event_and_asks_nobody_again(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, on.following():
        await open_incident(on.log)
        await on.until(lambda now: now.outcome == "escalated")
        before = await types_of(on)
        await on.until(lambda now: now.looks.in_vain == 3)
        after = await types_of(on)

    assert after - before == {"LookedAgain": 3}
    assert after["Escalated"] == 1


async def test_the_waits_grow_and_stay_at_the_longest(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, on.following():
        await open_incident(on.log)
        await on.until(lambda now: now.looks.in_vain == 4)
        records = await on.log.read_stream(incident_stream("INC-1"))

    planned = [one for one in records if isinstance(one.event, ev.ResponseEnded | ev.LookedAgain)]
    waits_s = [(one.event.look_again_at - one.at).total_seconds() for one in planned if one.event.look_again_at]  # type: ignore[union-attr]
    assert waits_s == pytest.approx([0.05, 0.1, 0.2, 0.2, 0.2], abs=0.04)


async def test_alerts_that_join_are_a_reason_to_look_at_once_and_begin_the_waits_anew(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, slow(on).following():
        await open_incident(on.log)
        before = await on.until(lambda now: now.outcome == "escalated")
        first_at = before.looks.last_at
        joined = [ev.AlertGrouped(alert=alert(name), why="same service") for name in ("Slow", "Down", "Slow")]
        await on.log.append([Write(stream=incident_stream("INC-1"), events=joined)])
        after = await on.until(lambda now: now.looks.last_at != first_at)
        records = await on.log.read_stream(incident_stream("INC-1"))

    (look,) = [one.event for one in records if isinstance(one.event, ev.LookedAgain)]
    assert (look.why, look.verdict, after.looks.in_vain) == ("2 alerts joined", "no_sign", 0)


async def test_an_alert_that_repeats_is_no_reason_to_look(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, slow(on).following():
        await open_incident(on.log)
        before = await on.until(lambda now: now.outcome == "escalated")
        due = due_at(before, SLOW)
        await on.incidents.record("INC-1", [ev.AlertGrouped(alert=alert(), why="it repeats")])
        after = await on.incidents.load("INC-1")

    assert due_at(after, SLOW) == due
    assert due is not None


@pytest.mark.parametrize(("source", "looks"), [("prometheus", 1), ("another", 0)])
async def test_a_source_that_was_missing_and_answers_again_is_a_reason_to_look_at_once(
    tmp_path: Path, source: str, looks: int
) -> None:
    gap = ev.Gap(source="prometheus", reason="no answer")
    agents = ScriptedAgents(verdict="no_sign", gaps=(gap,))
    async with stage(tmp_path, agents=agents) as on, slow(on).following():
        await open_incident(on.log)
        await waits_for_a_look(on)
        back = [ev.SourceRecovered(source=source, after_s=3.0)]
        await on.log.append([Write(stream="system", events=back)])
        if looks:
            await on.until(looked)
        else:
            await asyncio.sleep(0.2)  # longer than a look that was due would take to begin
        assert on.agents.glances == looks


async def test_telemetry_that_begins_to_arrive_is_a_reason_to_look_at_once(tmp_path: Path) -> None:
    there: set[str] = set()
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_data", cause=None)) as on:
        slow(on).looking._telemetry = lambda: frozenset(there)
        async with on.following():
            await open_incident(on.log)
            await waits_for_a_look(on)
            there.add("metric of otlp")
            await on.until(looked)
            records = await on.log.read_stream(incident_stream("INC-1"))

    (look,) = [one.event for one in records if isinstance(one.event, ev.LookedAgain)]
    assert look.why == "there is more to look at: metric of otlp"


async def test_what_is_due_is_known_to_the_next_process_from_the_log(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        await open_incident(on.log)
        await on.engine.start("INC-1")
        await on.engine.result("INC-1")

    async with stage(tmp_path) as on:
        on.triggers.catch_up([await on.incidents.load("INC-1")])
        async with on.following():
            incident = await on.until(lambda now: now.outcome == "resolved")

    assert incident.run == 2


async def test_news_of_a_process_that_died_before_it_began_a_response_is_not_lost(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        await open_incident(on.log)
        await on.engine.start("INC-1")
        await on.engine.result("INC-1")
        found = ev.LookedAgain(why="after 15 s", verdict="confirmed", says="errors 40 %", news=True)
        await on.incidents.record("INC-1", [found])

    async with stage(tmp_path) as on:
        on.triggers.catch_up([await on.incidents.load("INC-1")])
        async with on.following():
            incident = await on.until(lambda now: now.outcome == "resolved")

    assert (incident.run, incident.again) == (2, "errors 40 %")
    assert on.agents.glances == 0


@pytest.mark.parametrize("ended", ["resolved", "merged"])
async def test_what_a_person_has_ended_is_not_looked_at(tmp_path: Path, ended: str) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, slow(on).following():
        await open_incident(on.log)
        await open_incident(on.log, "INC-2")
        await waits_for_a_look(on)
        into = await on.incidents.load("INC-2")
        await on.incidents.change(
            "INC-1",
            lambda now: (
                decisions.resolve(now, by="person:kim", reason="by hand")
                if ended == "resolved"
                else decisions.merge(now, into, by="person:kim", reason="the same")
            ),
        )
        async with asyncio.timeout(10):
            while on.looking.waits("INC-1"):
                await asyncio.sleep(0.01)
        incident = await on.incidents.load("INC-1")

    assert incident.run == 1
    assert summary_of(incident).next_look_at is None


async def test_a_person_stays_wanted_while_the_agents_look_again(tmp_path: Path) -> None:
    seen: list[str | None] = []

    class Watching(ScriptedAgents):
        async def detect(self, incident: Incident, progress: Progress) -> ev.Detection:
            seen.append((await on.incidents.load("INC-1")).wants)
            return await super().detect(incident, progress)

    async with stage(tmp_path, agents=Watching(verdict="no_sign")) as on, slow(on).following():
        await open_incident(on.log)
        await on.until(lambda now: now.outcome == "escalated")
        await on.incidents.change("INC-1", lambda now: decisions.look_again(now, by="person:kim"))
        incident = await on.until(lambda now: now.run == 2 and now.outcome == "escalated")
        told = await types_of(on)

    assert seen == [None, "take_over"]
    assert incident.wants == "take_over"
    assert told["Escalated"] == 1


async def test_a_person_is_asked_again_when_there_is_something_new_to_say(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, slow(on).following():
        await open_incident(on.log)
        await on.until(lambda now: now.outcome == "escalated")
        on.agents.verdict, on.agents.cause = "confirmed", None
        await on.incidents.change("INC-1", lambda now: decisions.look_again(now, by="person:kim"))
        incident = await on.until(lambda now: now.run == 2 and now.outcome == "escalated")
        told = await types_of(on)

    assert told["Escalated"] == 2
    assert incident.escalation is not None
    assert incident.escalation.reason == "too uncertain to change anything"


async def test_nothing_is_done_unasked_once_a_person_has_taken_over(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on, on.following():
        await open_incident(on.log)
        await on.until(looked)
        await on.incidents.change("INC-1", lambda now: decisions.acknowledge(now, actor=Actor(id="person:kim")))
        on.agents.verdict = "confirmed"
        asked = await on.until(lambda now: now.wants == "approve")

    assert on.action.done == []
    assert asked.approval is not None
    assert asked.approval.reason == "kim has taken INC-1 over; the rule says auto"
    assert asked.plan is not None
    assert asked.plan.autonomy is Autonomy.APPROVE


async def test_a_fix_that_was_taken_back_is_not_made_again_unasked(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(helped="worse")) as on, on.following():
        await open_incident(on.log)
        await on.until(lambda now: now.outcome == "escalated")
        await on.incidents.change("INC-1", lambda now: decisions.look_again(now, by="person:kim", reason="try"))
        asked = await on.until(lambda now: now.wants == "approve")

    assert [line.split()[0] for line in on.action.done] == ["run", "undo"]
    assert asked.approval is not None
    assert "was tried here before and did not help" in asked.approval.reason
    assert asked.again == "kim asked for it: try"


def test_of_a_change_that_a_person_took_back_it_is_not_said_that_it_did_not_help() -> None:
    started = ev.ActionStarted(plan_id="p1", action=PLAN.action, target=PLAN.target, key="k")
    asked = ev.TakeBackRequested(
        plan_id="p1", action=PLAN.action, target=PLAN.target, request=1, key="k", by="person:kim", reason=""
    )
    undone = ev.ActionUndone(
        plan_id="p1", action=PLAN.action, target=PLAN.target, output="", by="person:kim", request=1
    )
    begun = ev.IncidentOpened(
        incident_id="INC-1", title="t", severity=IncidentSeverity.SEV1, service="payment", reason=""
    )
    events = [begun, ev.ResponseStarted(run=1), started, asked, undone, ev.ResponseStarted(run=2)]
    incident = fold((clock(), event) for event in events)
    assert incident is not None

    asked_first = _asked_first(PLAN, incident)

    assert asked_first.autonomy is Autonomy.APPROVE
    assert asked_first.autonomy_reason.startswith("roll back payment was done here before, and taken back for kim; ")


async def test_what_a_later_response_changed_nothing_of_is_not_undone_by_it(tmp_path: Path) -> None:
    """The first fix was kept; the second run, with the very same plan, is held back and has nothing to undo."""
    async with stage(tmp_path, agents=ScriptedAgents(helped="in_part")) as on:
        held = {"why": ""}
        on.parts = replace(on.parts, barred=lambda plan: held["why"])
        await open_incident(on.log)
        await on.engine.start("INC-1")
        await on.engine.result("INC-1")
        held["why"] = "it ran just now"
        await on.engine.start("INC-1.2")
        assert await on.engine.result("INC-1.2") == "escalated"

    assert [line.split()[0] for line in on.action.done] == ["run"]


async def test_a_person_can_have_them_look_again_whatever_the_hand_over_was_for(tmp_path: Path) -> None:
    plan = replace(PLAN, autonomy=Autonomy.RECOMMEND, autonomy_reason="payment is only watched")
    async with stage(tmp_path, agents=ScriptedAgents(plan_is=plan)) as on, slow(on).following():
        await open_incident(on.log)
        before = await on.until(lambda now: now.outcome == "escalated")
        assert due_at(before) is None
        await on.incidents.change("INC-1", lambda now: decisions.acknowledge(now, actor=Actor(id="person:kim")))
        await on.incidents.change("INC-1", lambda now: decisions.look_again(now, by="person:kim"))
        incident = await on.until(lambda now: now.run == 2 and now.outcome == "escalated")

    assert incident.again == "kim asked for it"


async def test_looking_again_is_refused_while_they_are_at_work_and_once_it_ended(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(hung=frozenset({Phase.DETECT}))) as on:
        await open_incident(on.log)
        with pytest.raises(Conflict, match="about to begin"):
            decisions.look_again(await on.incidents.load("INC-1"), by="person:kim")
        async with on.following():
            at_work = await on.until(lambda now: now.responding)
            with pytest.raises(Conflict, match="at work on INC-1 already"):
                decisions.look_again(at_work, by="person:kim")
        ended = await on.incidents.change("INC-1", lambda now: decisions.resolve(now, by="person:kim", reason="done"))

    with pytest.raises(IllegalTransition, match="INC-1 is resolved and cannot be looked at again"):
        decisions.look_again(replace(ended, responding=False), by="person:kim")


async def test_asking_twice_is_asking_once(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        await open_incident(on.log)
        await on.engine.start("INC-1")
        await on.engine.result("INC-1")
        for _ in range(2):
            await on.incidents.change("INC-1", lambda now: decisions.look_again(now, by="person:kim"))
        told = await types_of(on)

    assert told["LookAgainRequested"] == 1


async def test_a_look_that_breaks_is_recorded_and_the_next_one_is_due(tmp_path: Path) -> None:
    class Breaking(ScriptedAgents):
        async def glance(self, incident: Incident) -> tuple[ev.Detection, ev.Diagnosis | None]:
            raise RuntimeError("a bug in an agent")

    async with stage(tmp_path, agents=Breaking(verdict="no_sign")) as on, on.following():
        await open_incident(on.log)
        await on.until(lambda now: now.looks.in_vain == 2)
        records = await on.log.read_stream(incident_stream("INC-1"))

    looks = [one.event for one in records if isinstance(one.event, ev.LookedAgain)]
    assert [(one.verdict, one.says) for one in looks[:2]] == [("failed", "a bug in an agent")] * 2


async def test_an_incident_of_an_old_log_that_planned_no_look_is_due(tmp_path: Path) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        await open_incident(on.log)
        await on.engine.start("INC-1")
        await on.engine.result("INC-1")
        incident = await on.incidents.load("INC-1")

    old = replace(incident, looks=replace(incident.looks, next_at=None))
    assert old.looks.last_at is not None
    assert due_at(old) == old.looks.last_at + timedelta(seconds=15)


async def test_a_second_fix_that_recovers_is_not_written_onto_the_first_one(tmp_path: Path) -> None:
    """An alert resolves while the second response asks: what recovered by itself is no merit of the first change."""
    async with stage(tmp_path, agents=ScriptedAgents(helped="worse")) as on, on.following():
        await open_incident(on.log)
        await on.until(lambda now: now.outcome == "escalated")
        await on.incidents.change("INC-1", lambda now: decisions.look_again(now, by="person:kim"))
        asked = await on.until(lambda now: now.wants == "approve")
        on.agents.helped = "recovered"
        gone = ev.AlertResolved(fingerprint=next(iter(asked.firing)), name="HighErrorRate", ended_at=clock())
        await on.incidents.record("INC-1", [gone])
        incident = await on.until(lambda now: now.outcome == "resolved")

    assert [run.verdict for run in incident.actions] == ["worse"]


async def test_a_response_that_cannot_be_run_ends_as_failed_and_asks_for_a_person(tmp_path: Path) -> None:
    """The engine has ended every workflow of this response; the log has it under way."""
    async with stage(tmp_path) as on:
        await open_incident(on.log)

        async def ended(workflow: str) -> Started:
            return Started.ENDED

        async def give_up(response: str) -> None:
            work = ResponseWork(on.parts, response)
            if await work.begin() == "begun":
                await work.give_up("it broke every time")

        queue = StartQueue(ended, give_up, at_once=1)
        queue.submit("INC-1", (await on.incidents.load("INC-1")).severity)
        starting = asyncio.create_task(queue.run())
        incident = await on.until(lambda now: now.outcome == "failed")
        starting.cancel()

    assert incident.wants == "take_over"


@pytest.mark.parametrize("waits", ["looks", "an incident"])
async def test_a_wait_that_is_over_in_the_moment_of_the_stop_does_not_outlive_it(tmp_path: Path, waits: str) -> None:
    async with stage(tmp_path, agents=ScriptedAgents(verdict="no_sign")) as on:
        await open_incident(on.log)
        await slow(on).engine.start("INC-1")
        await on.engine.result("INC-1")
        (*_, ended) = await on.log.read_stream(incident_stream("INC-1"))
        waiting: Coroutine[Any, Any, object] = on.looking.run() if waits == "looks" else on.until(looked)
        task = asyncio.create_task(waiting)
        on.looking.plan(await on.incidents.load("INC-1"))
        await asyncio.sleep(0.2)  # so that it waits

        on.looking.hasten("another source answers", source="another")
        on.watch.notify(ended)
        task.cancel()

        assert await asyncio.wait({task}, timeout=5) == ({task}, set())
