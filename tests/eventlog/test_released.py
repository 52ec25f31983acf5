"""Logs that released versions have written are read for ever, and show what they showed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from quell.eventlog.registry import REGISTRY
from quell.incident import events as ev
from tests.eventlog.released.record import FOLDER, whole
from tests.eventlog.released.shown import shown

RELEASED = sorted(path.name.removesuffix(".db.gz") for path in FOLDER.glob("*.db.gz"))


def lacking(was: Any, now: Any, where: str = "") -> list[str]:
    """Return where something of a view is not as it was; what was added since is nobody's loss."""
    if isinstance(was, dict) and isinstance(now, dict):
        return [fault for key, value in was.items() for fault in lacking(value, now.get(key), f"{where}.{key}")]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return [
            fault for at, pair in enumerate(zip(was, now, strict=True)) for fault in lacking(*pair, f"{where}[{at}]")
        ]
    return [] if was == now else [f"{where}: {was!r} became {now!r}"]


def test_there_are_fixtures() -> None:
    assert len(RELEASED) >= 2


@pytest.mark.parametrize("name", RELEASED)
async def test_a_released_log_is_read_and_shows_what_it_showed(name: str, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(gzip.decompress((FOLDER / f"{name}.db.gz").read_bytes()))
    records = await whole(path)

    assert [record for record in records if isinstance(record.event, ev.UnknownEvent)] == []
    was = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    assert lacking(was, shown(records)) == []


async def test_the_fixtures_have_every_event_of_their_version(tmp_path: Path) -> None:
    seen = set()
    for name in RELEASED:
        path = tmp_path / f"{name}.db"
        path.write_bytes(gzip.decompress((FOLDER / f"{name}.db.gz").read_bytes()))
        seen |= {REGISTRY.name_of(record.event) for record in await whole(path)}

    assert seen >= set(json.loads((FOLDER / "names.json").read_text()))
