"""What the tests of the event log begin with."""

from __future__ import annotations

from datetime import UTC, datetime

from quell.eventlog.log import Recorded, Write
from quell.incident.events import NoteAdded


def now() -> datetime:
    return datetime.now(UTC)


def note(text: str = "x") -> NoteAdded:
    return NoteAdded(by="person:ada", text=text)


def write(stream: str = "a", *texts: str, expected_offset: int | None = None) -> list[Write]:
    events = [note(text) for text in texts or ("x",)]
    return [Write(stream=stream, events=events, expected_offset=expected_offset)]


def texts(records: list[Recorded]) -> list[str]:
    return [record.event.text for record in records if isinstance(record.event, NoteAdded)]
