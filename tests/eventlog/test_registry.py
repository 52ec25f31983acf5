"""A log that grows: names apart from classes, older forms lifted, newer ones taken for nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from quell.errors import Malformed, StorageCorrupt
from quell.eventlog import append
from quell.eventlog.checksum import checksum_of
from quell.eventlog.codec import decode, encode
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.story import fold_story
from quell.eventlog.registry import REGISTRY, WIRE_NAMES, Registry
from quell.eventlog.sqlite import SqliteEventLog
from quell.eventlog.upcasters import UPCASTERS
from quell.incident import events as ev
from tests.eventlog.given import note, now, texts, write

RELEASED = Path(__file__).parent / "released" / "names.json"
"""Every type text that a released Quell has written; entries are added, never taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """An event of another form than it had."""

    duration_s: float


LIFTED = Registry(
    {"Lasted": Renamed},  # type: ignore[dict-item]
    {
        "Lasted": (
            lambda fields: {"duration_ms": fields["millis"]},
            lambda fields: {"duration_s": fields["duration_ms"] / 1000},
        )
    },
)


def test_every_event_has_one_name_and_is_read_back_under_it() -> None:
    assert sorted(kind.__name__ for kind in WIRE_NAMES.values()) == sorted(
        kind.__name__ for kind in get_args(ev.WrittenEvent)
    )
    event = note("hello")
    assert encode(event) == ("NoteAdded", b'{"by":"person:ada","text":"hello","typed_name":""}')
    assert decode(*encode(event)) == event
    assert REGISTRY.name_of(event) == "NoteAdded"


def test_no_type_that_a_released_quell_wrote_is_unknown() -> None:
    for type_text in json.loads(RELEASED.read_text()):
        name, _, number = type_text.partition("@")
        assert name in WIRE_NAMES
        assert int(number or 1) <= 1 + len(UPCASTERS.get(name, ()))


@pytest.mark.parametrize(
    ("type_text", "body"),
    [("Lasted", b'{"millis":1500}'), ("Lasted@2", b'{"duration_ms":1500}'), ("Lasted@3", b'{"duration_s":1.5}')],
)
def test_each_older_form_is_lifted_step_by_step_to_the_one_of_today(type_text: str, body: bytes) -> None:
    event: Any = LIFTED.decode(type_text, body)

    assert event == Renamed(duration_s=1.5)
    assert LIFTED.type_of(event) == "Lasted@3"
    assert LIFTED.name_of(event) == "Lasted"


@pytest.mark.parametrize("type_text", ["Invented", "Invented@2", "NoteAdded@2", "NoteAdded@0", "NoteAdded@x"])
def test_a_kind_or_schema_of_a_newer_quell_is_unknown_and_keeps_what_was_written(type_text: str) -> None:
    event = decode(type_text, b'{"by":"x","of":{"a":[1]}}', as_written=True)

    assert event == ev.UnknownEvent(type=type_text, fields={"by": "x", "of": {"a": [1]}})
    assert REGISTRY.name_of(event) == type_text
    with pytest.raises(StorageCorrupt, match="unknown type"):
        decode(type_text, b'{"by":"x"}')


def test_a_body_that_does_not_fit_is_damage_unless_it_is_as_it_was_written() -> None:
    with pytest.raises(StorageCorrupt, match="NoteAdded in the log cannot be read"):
        decode("NoteAdded", b'{"by":1}')
    assert decode("NoteAdded", b'{"by":1}', as_written=True) == ev.UnknownEvent(type="NoteAdded", fields={"by": 1})
    for body in (b"[1]", b"{", b""):
        with pytest.raises(StorageCorrupt):
            decode("NoteAdded", body, as_written=True)


@pytest.mark.parametrize("names", [{"Not a name": ev.NoteAdded}, {"Note@2": ev.NoteAdded}])
def test_a_name_that_could_be_taken_for_another_is_refused(names: dict[str, type[ev.Event]]) -> None:
    with pytest.raises(ValueError, match="no wire name"):
        Registry(names, {})


def test_steps_for_an_event_that_there_is_not_are_refused() -> None:
    with pytest.raises(ValueError, match="'Gone'"):
        Registry({}, {"Gone": (dict,)})


async def newer(path: Path, *, checksummed: bool = True, type_text: str = "Invented@3") -> None:
    """Write what a newer Quell would: an event of an unknown kind between two notes of an incident."""
    stream = ev.incident_stream("INC-1")
    log = await SqliteEventLog.open(path, clock=now)
    opened = ev.IncidentOpened(incident_id="INC-1", title="t", severity="SEV2", service="a", reason="r", drill=False)  # type: ignore[arg-type]
    await log.append([append.Write(stream=stream, events=[opened, note("before")])])
    await log.close()
    with closing(sqlite3.connect(path)) as file:
        row = (3, stream, 3, 1_700_000_000_000_000, type_text, b'{"by":7}', None, 1)
        if checksummed:
            file.execute("INSERT INTO appending VALUES (?,?,?,?,?,?,?,?,?)", (*row, checksum_of(row)))
        else:
            file.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?)", row)
        file.commit()
    log = await SqliteEventLog.open(path, clock=now)
    await log.append(write(stream, "after", expected_offset=3))
    await log.close()


@pytest.mark.parametrize("type_text", ["Invented@3", "NoteAdded"])
async def test_a_log_that_a_newer_quell_has_written_is_folded_past_what_is_unknown(
    tmp_path: Path, type_text: str
) -> None:
    await newer(tmp_path / "log.db", type_text=type_text)
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    records = await log.read()
    await log.close()
    models = ReadModels()
    models.apply_all(records)

    assert texts(records) == ["before", "after"]
    assert models.unknown.counts == {type_text: 1}
    assert models.unknown.last_position == 3
    story = fold_story(records)
    assert story is not None
    shown = [entry for entry in story.timeline.after(0, 10) if "newer Quell" in entry.title]
    assert [(entry.type, entry.level) for entry in shown] == [(type_text, "warning")]
    assert story.summary.title == "t"


async def test_without_a_checksum_a_body_that_does_not_fit_is_damage(tmp_path: Path) -> None:
    await newer(tmp_path / "log.db", checksummed=False, type_text="NoteAdded")
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    with pytest.raises(StorageCorrupt, match="NoteAdded"):
        await log.read()
    await log.close()


async def test_what_is_unknown_is_never_written(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    unknown = ev.UnknownEvent(type="Invented", fields={})
    with pytest.raises(Malformed, match="UnknownEvent cannot be kept"):
        await log.append([append.Write(stream="a", events=[unknown])])
    assert log.head == 0
    await log.close()
