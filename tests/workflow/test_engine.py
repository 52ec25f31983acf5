"""The engine on DBOS where things go wrong: our store refuses, or a workflow stands still."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quell.errors import StorageCorrupt, StorageFull
from quell.workflow import dbos
from quell.workflow.dbos import DbosEngine
from quell.workflow.engine import Step


@contextlib.asynccontextmanager
async def launched(path: Path, workflow: object) -> AsyncIterator[DbosEngine]:
    engine = DbosEngine(path / "workflows.db", workflow)  # type: ignore[arg-type]
    await engine.launch()
    try:
        yield engine
    finally:
        await engine.stop()


async def until(test: object) -> None:
    async with asyncio.timeout(20):
        while not test():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_a_step_that_the_store_refuses_goes_on_when_the_store_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbos, "STORAGE_WAITS_S", (0.01,))
    tries: list[str] = []

    async def work() -> str:
        tries.append("tried")
        if len(tries) < 4:
            raise StorageFull("no space is left")
        return "done"

    async def workflow(step: Step, workflow_id: str) -> str:
        word = await step("work", work)
        tries.append(word)
        return word

    async with launched(tmp_path, workflow) as engine:
        await engine.start("INC-1")
        await until(lambda: tries[-1:] == ["done"])

    assert tries == ["tried"] * 4 + ["done"]


async def test_a_store_that_is_beyond_repair_is_not_waited_for(tmp_path: Path) -> None:
    ended: list[str] = []

    async def work() -> str:
        raise StorageCorrupt("not an event log")

    async def workflow(step: Step, workflow_id: str) -> str:
        try:
            return await step("work", work)
        except StorageCorrupt as error:
            ended.append(str(error))
            raise

    async with launched(tmp_path, workflow) as engine:
        await engine.start("INC-1")
        await until(lambda: ended)

    assert ended == ["not an event log"]


async def test_a_workflow_that_stands_still_is_taken_up_at_the_second_look(tmp_path: Path) -> None:
    ran: list[str] = []
    blocked = asyncio.Event()

    async def workflow(step: Step, workflow_id: str) -> str:
        ran.append(workflow_id)
        if len(ran) == 1:
            await blocked.wait()
        return "ended"

    async with launched(tmp_path, workflow) as engine:
        await engine.start("INC-1")
        await until(lambda: ran)
        task = engine._running["INC-1"]
        assert task is not None
        task.cancel()
        await until(lambda: engine.running == 0)

        assert await engine.revive() == 0
        assert await engine.revive() == 1
        await until(lambda: len(ran) == 2 and engine.running == 0)

        assert await engine.revive() == 0


async def test_a_second_start_of_the_same_id_does_nothing(tmp_path: Path) -> None:
    ran: list[str] = []

    async def workflow(step: Step, workflow_id: str) -> str:
        ran.append(workflow_id)
        return "ended"

    async with launched(tmp_path, workflow) as engine:
        await engine.start("INC-1")
        await engine.start("INC-1")
        await until(lambda: ran and engine.running == 0)
        await engine.start("INC-1")
        await engine.start("INC-2")
        await until(lambda: "INC-2" in ran)

    assert ran == ["INC-1", "INC-2"]


async def test_its_file_holds_words_as_json_and_nothing_pickled(tmp_path: Path) -> None:
    done: list[str] = []

    async def work() -> str:
        return "confirmed"

    async def workflow(step: Step, workflow_id: str) -> str:
        done.append(await step("detect", work))
        return "resolved"

    async with launched(tmp_path, workflow) as engine:
        await engine.start("INC-1")
        await until(lambda: done and engine.running == 0)

    with contextlib.closing(sqlite3.connect(tmp_path / "workflows.db")) as file:
        words = [row[0] for row in file.execute("SELECT output FROM operation_outputs WHERE output IS NOT NULL")]
    assert '"confirmed"' in words
