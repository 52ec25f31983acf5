"""The engine's file and the log out of step: what is let go of, what is begun anew, and where both end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quell.errors import StorageCorrupt, StorageError, StorageReadOnly
from quell.eventlog.log import Write
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Autonomy, Phase
from quell.incident.state import Incident, PhaseRun
from quell.workflow.dbos import DbosEngine
from quell.workflow.engine import Step, Unfinished
from quell.workflow.queue import StartQueue
from quell.workflow.reconcile import Reconciled, misfit, reconcile
from quell.workflow.store import WorkflowStore
from tests.workflow.stage import PLAN, ScriptedAgents, Stage, open_incident, stage

AT = datetime(2026, 1, 1, tzinfo=UTC)


def incident(run: int, *, responding: bool = True, ended: tuple[Phase, ...] = ()) -> Incident:
    phases = {phase: PhaseRun(phase=phase, ended_at=AT) for phase in ended}
    return Incident(
        id="INC-1",
        title="t",
        severity=IncidentSeverity.SEV2,
        opened_at=AT,
        updated_at=AT,
        run=run,
        responding=responding,
        phases=phases,
    )


@pytest.mark.parametrize(
    ("workflow", "steps", "known", "why"),
    [
        ("INC-1", {"begin", "detect"}, incident(1, ended=(Phase.DETECT, Phase.DIAGNOSE)), ""),
        ("INC-1~1", {"begin"}, incident(1), ""),
        ("INC-1.2", set(), incident(1, responding=False), ""),
        ("INC-1", {"begin", "detect"}, incident(1, responding=False), ""),
        ("INC-9", {"begin"}, None, "the log knows no such incident"),
        ("INC-1", {"begin", "detect"}, incident(1), "the log knows nothing of its detect"),
        ("INC-1", {"begin"}, incident(0, responding=False), "the log has not come to response 1"),
        ("INC-1.3", set(), incident(1), "the log has not come to response 3"),
        ("INC-1", {"begin"}, incident(2), "the log is at response 2"),
    ],
)
def test_a_workflow_fits_the_log_or_says_why_not(
    workflow: str, steps: set[str], known: Incident | None, why: str
) -> None:
    assert misfit(Unfinished(workflow_id=workflow, steps=frozenset(steps)), known) == why


def test_a_workflow_of_another_order_of_steps_is_begun_anew() -> None:
    other = Unfinished(workflow_id="INC-1", steps=frozenset({"begin"}), ours=False)
    found = reconcile([other], [incident(1)], {"INC-1": incident(1)}.get)

    assert list(found.let_go) == ["INC-1"]
    assert found.begun_anew == ("INC-1",)


def test_nothing_is_said_where_both_have_the_same_under_way() -> None:
    found = reconcile([Unfinished(workflow_id="INC-1~1", steps=frozenset())], [incident(1)], {"INC-1": incident(1)}.get)

    assert (found.let_go, found.begun_anew, found.says) == ({}, (), "")


@pytest.mark.parametrize(
    ("responses", "says"),
    [
        (1, "INC-1"),
        (5, "INC-1, INC-2, INC-3, INC-4, INC-5"),
        (6, "INC-1, INC-2, INC-3, INC-4, INC-5 and 1 more"),
        (105, "INC-1, INC-2, INC-3, INC-4, INC-5 and 100 more"),
    ],
)
def test_the_first_five_are_named_and_the_rest_is_counted(responses: int, says: str) -> None:
    found = Reconciled(let_go={}, begun_anew=tuple(f"INC-{number + 1}" for number in range(responses)))

    assert found.says.endswith(f"taken up from the log: {says}")


def asking() -> ScriptedAgents:
    return ScriptedAgents(plan_is=replace(PLAN, autonomy=Autonomy.APPROVE, autonomy_reason="a person decides"))


@contextlib.asynccontextmanager
async def process(folder: Path, agents: ScriptedAgents | None = None) -> AsyncIterator[tuple[Stage, str]]:
    """A process on the files of the one before, as Quell starts; with what it says of the two files."""
    async with stage(folder, agents=agents) as on:

        async def workflow(step: Step, workflow_id: str) -> str:
            with queue.under_way(workflow_id.partition("~")[0]):
                return await on.workflow(step, workflow_id)

        async def cannot_run(response: str) -> None:
            raise AssertionError(f"{response} cannot be run")

        engine = DbosEngine(folder / "workflows.db", workflow)
        queue = StartQueue(engine.start, cannot_run, at_once=4)
        on.triggers._queue = queue
        known = {name: await found(on, name) for name in ("INC-1", "INC-2")}
        incidents = [one for one in known.values() if one is not None]
        result = reconcile(await engine.unfinished(), [one for one in incidents if one.responding], known.get)
        await engine.cancel(result.let_go)
        await engine.launch()
        on.triggers.catch_up(incidents)
        tasks = [asyncio.create_task(work) for work in (queue.run(), on.triggers.run())]
        try:
            yield on, result.says
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await engine.stop()


async def found(on: Stage, incident_id: str) -> Incident | None:
    records = await on.log.read_stream(f"incident/{incident_id}")
    return await on.incidents.load(incident_id) if records else None


async def left_asking(folder: Path) -> None:
    """A process that ends while INC-1 waits for a person."""
    async with stage(folder) as on:
        await open_incident(on.log)
    async with process(folder, asking()) as (on, says):
        assert says == ""
        await on.until(lambda now: now.wants == "approve")


async def approved(on: Stage) -> Incident:
    yes = ev.ActionApproved(plan_id="p1", by="person:kim")
    await on.incidents.record("INC-1", [yes])
    return await on.until(lambda now: now.outcome is not None)


def without(folder: Path, name: str) -> None:
    for path in folder.glob(f"{name}*"):
        path.unlink()


async def test_files_in_step_go_on_and_nothing_is_said(tmp_path: Path) -> None:
    await left_asking(tmp_path)
    async with process(tmp_path, asking()) as (on, says):
        incident = await approved(on)

    assert (says, incident.outcome) == ("", "resolved")
    assert len(on.action.done) == 1


async def test_a_lost_workflow_store_is_said_and_its_response_goes_on_behind_what_the_log_has(tmp_path: Path) -> None:
    await left_asking(tmp_path)
    without(tmp_path, "workflows.db")
    async with process(tmp_path, asking()) as (on, says):
        incident = await approved(on)
        records = await on.log.read_stream("incident/INC-1")

    assert says == (
        "the workflow store was out of step with the log: responses that it had lost and that are taken up from the "
        "log: INC-1"
    )
    assert (incident.outcome, incident.run) == ("resolved", 1)
    assert sum(isinstance(one.event, ev.Detected) for one in records) == 1
    assert len(on.action.done) == 1


async def test_an_older_workflow_store_does_nothing_twice(tmp_path: Path) -> None:
    """Put back is a copy of the store from when the question was open; the log has the response ended, and resolved."""
    await left_asking(tmp_path)
    for name in ("workflows.db", "workflows.db-wal"):
        if (tmp_path / name).exists():
            shutil.copy(tmp_path / name, tmp_path / f"old-{name}")
    async with process(tmp_path, asking()) as (on, _):
        await approved(on)
    without(tmp_path, "workflows.db")
    for path in tmp_path.glob("old-*"):
        path.rename(tmp_path / path.name.removeprefix("old-"))

    async with process(tmp_path, asking()) as (on, _):
        before = on.log.head
        async with asyncio.timeout(20):
            while on.triggers._queue._running:
                await asyncio.sleep(0.02)
        assert on.log.head == before
    assert len(on.action.done) == 1


async def test_a_lost_log_leaves_no_incident_without_its_response(tmp_path: Path) -> None:
    """The store has ended INC-1 and has INC-2 under way; a log that begins anew opens its own INC-1."""
    await left_asking(tmp_path)
    async with process(tmp_path, asking()) as (on, _):
        await approved(on)
        await open_incident(on.log, "INC-2")
        on.triggers.catch_up([await on.incidents.load("INC-2")])
        await on.until(lambda now: now.wants == "approve", "INC-2")
    without(tmp_path, "log.db")
    async with stage(tmp_path) as on:
        await open_incident(on.log)

    async with process(tmp_path) as (on, says):
        incident = await on.until(lambda now: now.outcome is not None)

    assert "are let go of: INC-2" in says
    assert (incident.outcome, incident.run) == ("resolved", 1)


async def test_an_older_log_counts_and_the_store_that_is_ahead_of_it_does_not(tmp_path: Path) -> None:
    """The log is put back from before detection ended; the store has it, and would go on with the plan."""
    await left_asking(tmp_path)
    async with stage(tmp_path) as on:
        records = await on.log.read_stream("incident/INC-1")
    cut = next(n for n, one in enumerate(records) if isinstance(one.event, ev.PhaseStarted))
    without(tmp_path, "log.db")
    async with stage(tmp_path) as on:
        await on.log.append([Write(stream="incident/INC-1", events=[one.event for one in records[: cut + 1]])])

    async with process(tmp_path) as (on, says):
        incident = await on.until(lambda now: now.outcome is not None)

    assert "taken up from the log: INC-1; workflows" in says
    assert says.endswith("are let go of: INC-1")
    assert (incident.outcome, incident.run, incident.phases[Phase.DETECT].word) == ("resolved", 1, "confirmed")


@pytest.mark.parametrize("damage", ["garbage", "cut", "scribbled", "other tables"])
async def test_a_damaged_workflow_store_is_one_line_that_says_what_to_do(tmp_path: Path, damage: str) -> None:
    await left_asking(tmp_path)
    path = tmp_path / "workflows.db"
    _spoil(path, damage)
    engine = DbosEngine(path, lambda step, workflow: asyncio.sleep(0, ""))

    with pytest.raises(
        StorageCorrupt, match=r"workflows\.db cannot be used: .* Move it .* away and start again"
    ) as caught:
        await launched(engine)
    assert "\n" not in str(caught.value)


async def launched(engine: DbosEngine) -> None:
    """Start an engine as Quell does."""
    await engine.unfinished()
    await engine.launch()


def _spoil(path: Path, damage: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    match damage:
        case "garbage":
            raw = bytearray(b"these are no pages" * 4096)
        case "cut":
            del raw[len(raw) // 2 :]
        case "scribbled":
            raw[4096 * 3 : 4096 * 8] = b"\x5a" * 4096 * 5
        case _:
            path.unlink()
            with contextlib.closing(sqlite3.connect(path)) as file:
                file.execute("CREATE TABLE workflow_status (x)")
                file.execute("CREATE TABLE operation_outputs (x)")
            return
    path.write_bytes(raw)


async def test_a_workflow_store_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "workflows.db").mkdir()
    engine = DbosEngine(tmp_path / "workflows.db", lambda step, workflow: asyncio.sleep(0, ""))

    with pytest.raises(StorageError, match=r"workflows\.db cannot be used: unable to open"):
        await engine.launch()


def test_a_workflow_store_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    asyncio.run(left_asking(tmp_path))
    path = tmp_path / "workflows.db"
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with as_nobody(tmp_path), pytest.raises(StorageReadOnly, match="Make the file and its folder writable"):
            WorkflowStore(path, executor="0", version="1").prepare()
    finally:
        tmp_path.chmod(0o755)


@contextlib.contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Be a user without rights for a while: root may write what is read-only."""
    if os.geteuid() != 0:
        yield
        return
    above = [one for one in folder.parents if one != Path("/") and not one.stat().st_mode & 0o001]
    modes = {one: one.stat().st_mode for one in above}
    for one in above:
        one.chmod(modes[one] | 0o011)
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)
        for one, mode in modes.items():
            one.chmod(mode)
