"""kill -9 after every single step of a response: it resumes, ends the same, and makes its change once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from quell.workflow.engine import MemoryEngine
from tests.workflow.stage import ScriptedAgents, open_incident, stage

ROOT = Path(__file__).parents[2]
HELPS = ["begin", "detect", "diagnose", "predict", "plan", "approve", "act", "verify", "resolve"]
DOES_NOT_HELP = [*HELPS[:-1], "undo", "hand_over"]
HELPS_IN_PART = [*HELPS[:-1], "go_on"]


async def killed_after(folder: Path, helped: str, steps: list[str]) -> dict[str, object]:
    return await killed_at("tests.recovery.responder", str(folder), helped, ",".join(steps))


async def killed_at(*words: str) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *words,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-2000:]
    return dict(json.loads(out.decode().splitlines()[-1]))


async def undisturbed(folder: Path, helped: str) -> tuple[str, Counter[str]]:
    async with stage(folder, agents=ScriptedAgents(helped=helped)) as on:
        await open_incident(on.log)
        engine = MemoryEngine(on.workflow)
        await engine.start("INC-1")
        outcome = await engine.result("INC-1")
        records = await on.log.read_stream("incident/INC-1")
    return outcome, Counter(type(record.event).__name__ for record in records)


@pytest.mark.parametrize(
    ("helped", "steps"), [("recovered", HELPS), ("worse", DOES_NOT_HELP), ("in_part", HELPS_IN_PART)]
)
async def test_a_response_killed_after_every_step_ends_as_if_it_had_not_been(
    tmp_path: Path, helped: str, steps: list[str]
) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "killed").mkdir()
    outcome, events = await undisturbed(tmp_path / "calm", helped)

    end = await killed_after(tmp_path / "killed", helped, steps)

    assert end["kills"] == len(steps)
    assert end["outcome"] == outcome
    assert Counter(end["events"]) == events  # type: ignore[arg-type]
    assert [line.split()[0] for line in end["done"]] == (["run", "undo"] if helped == "worse" else ["run"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("helped", "steps"), [("recovered", HELPS), ("worse", DOES_NOT_HELP), ("in_part", HELPS_IN_PART)]
)
async def test_a_response_killed_between_every_record_and_the_engines_note_of_it_ends_as_if_it_had_not_been(
    tmp_path: Path, helped: str, steps: list[str]
) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "killed").mkdir()
    outcome, events = await undisturbed(tmp_path / "calm", helped)

    end = await killed_after(tmp_path / "killed", helped, [f"before {step}" for step in steps])

    assert end["kills"] == len(steps)
    assert end["outcome"] == outcome
    assert Counter(end["events"]) == events  # type: ignore[arg-type]
    assert [line.split()[0] for line in end["done"]] == (["run", "undo"] if helped == "worse" else ["run"])  # type: ignore[attr-defined]


async def test_a_process_killed_between_a_change_and_its_record_makes_the_change_once(tmp_path: Path) -> None:
    end = await killed_after(tmp_path, "recovered", ["in act"])

    assert end["kills"] == 1
    assert end["outcome"] == "resolved"
    assert [line.split()[0] for line in end["done"]] == ["run"]  # type: ignore[attr-defined]


async def test_a_change_is_taken_back_once_wherever_the_process_is_killed(tmp_path: Path) -> None:
    points = ["asked", "look", "in undo", "take_back"]

    end = await killed_at("tests.recovery.take_back_responder", str(tmp_path), ",".join(points))

    assert end["kills"] == len(points)
    assert end["state"] == "undone"
    assert [line.split()[0] for line in end["done"]] == ["run", "undo"]  # type: ignore[attr-defined]
    assert Counter(end["events"])["TakeBackRequested"] == Counter(end["events"])["ActionUndone"] == 1  # type: ignore[arg-type]
