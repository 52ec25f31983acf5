"""Reading the deploy log."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quell.errors import BadAnswer, Unreachable
from quell.evidence.changes import ChangeLogSource
from quell.evidence.source import Collected, Scope
from quell.incident.events import Change, Window

START = 1_700_000_000.0


def record(at: float, service: str = "cart", **fields: object) -> str:
    whole = {
        "at": datetime.fromtimestamp(at, UTC).isoformat(),
        "service": service,
        "kind": "deploy",
        "what": "release",
        "before": "1.4.0",
        "after": "1.5.0",
        "by": "ci",
    }
    return json.dumps(whole | fields) + "\n"


def write(path: Path, *lines: str, at: float = START + 10) -> Path:
    path.write_text("".join(lines))
    os.utime(path, (at, at))
    return path


async def collect(source: ChangeLogSource, *services: str, start: float = START, end: float = START + 100) -> Collected:
    window = Window(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))
    return await source.collect(Scope(services=services), window)


async def test_changes_of_a_window_come_in_order_with_all_they_say(tmp_path):
    path = write(tmp_path / "changes.jsonl", record(START - 1), record(START + 5, "edge"), record(START))

    collected = await collect(ChangeLogSource(path))
    assert [change.service for change in collected.changes] == ["cart", "edge"]
    assert collected.changes[0] == Change(
        at=datetime.fromtimestamp(START, UTC),
        service="cart",
        kind="deploy",
        what="release",
        before="1.4.0",
        after="1.5.0",
        by="ci",
    )


async def test_only_the_services_asked_for_are_given(tmp_path):
    path = write(tmp_path / "changes.jsonl", record(START), record(START + 1, "edge"))

    assert [c.service for c in (await collect(ChangeLogSource(path), "edge")).changes] == ["edge"]


async def test_values_that_are_no_text_are_written_as_text(tmp_path):
    path = write(tmp_path / "changes.jsonl", record(START, kind="scale", before=4, after=None, by=True))

    (change,) = (await collect(ChangeLogSource(path))).changes
    assert (change.before, change.after, change.by) == ("4", "", "True")


async def test_a_change_that_names_no_service_is_left_out_and_counted(tmp_path):
    path = write(tmp_path / "changes.jsonl", record(START, ""), record(START + 1), "{broken\n")

    collected = await collect(ChangeLogSource(path))
    assert len(collected.changes) == 1
    assert collected.warnings == [
        "changes.jsonl: 1 lines could not be read",
        "changes.jsonl: 1 changes name no service or kind",
    ]


async def test_of_too_many_changes_the_newest_stay(tmp_path):
    path = write(tmp_path / "changes.jsonl", *(record(START + i, what=f"{i}") for i in range(20)), at=START + 20)

    collected = await collect(ChangeLogSource(path, max_changes=3))
    assert [change.what for change in collected.changes] == ["17", "18", "19"]
    assert collected.truncated


async def test_a_deploy_log_five_minutes_ahead_is_named(tmp_path):
    path = write(tmp_path / "changes.jsonl", record(START + 310))

    collected = await collect(ChangeLogSource(path))
    assert collected.warnings == ["changes.jsonl: its times are 300 s ahead of the clock of this machine"]


async def test_no_file_is_unreachable_and_an_empty_one_holds_no_change(tmp_path):
    path = tmp_path / "changes.jsonl"

    with pytest.raises(Unreachable, match="No such file"):
        await collect(ChangeLogSource(path))
    write(path)
    assert (await collect(ChangeLogSource(path))).changes == []


async def test_nothing_but_garbage_is_a_bad_answer(tmp_path):
    path = write(tmp_path / "changes.jsonl", "deployed it, works\n")

    with pytest.raises(BadAnswer, match="none of 1 lines"):
        await collect(ChangeLogSource(path))
