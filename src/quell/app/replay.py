"""Recorded events folded again: the same incident, from nothing but the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from quell.errors import NotFound
from quell.eventlog.log import Recorded
from quell.eventlog.projections.story import fold_story
from quell.eventlog.projections.views import IncidentDetail, detail_of
from quell.eventlog.registry import REGISTRY
from quell.eventlog.sqlite_reader import SqliteReader
from quell.incident.fold import apply
from quell.incident.state import Incident
from quell.outcomes.comparing import newest_first
from quell.outcomes.ledger import Ledger
from quell.outcomes.record import Origin, OutcomeRecord


def stored_events(path: Path, *, stream: str | None = None) -> Iterator[Recorded]:
    """
    Yield the events of a log's file in order, all or those of one stream; another process may own it.

    Raises: NotFound: there is no such file. StorageError: it cannot be read.
    """
    with SqliteReader(path) as reader:
        yield from reader.replay(stream=stream)


def retold(records: Sequence[Recorded]) -> IncidentDetail:
    """Return the incident that the events of one stream add up to, as its page shows it. Raises: NotFound."""
    story = fold_story(records)
    if story is None:
        raise NotFound("these events open no incident")
    return story.detail()


def incidents_of(records: Iterable[Recorded]) -> Iterator[str]:
    """Yield every incident in the events as a line of JSON, in the order in which they were opened."""
    found: dict[str, Incident | None] = {}
    for record in records:
        if record.stream.startswith("incident/"):
            found[record.stream] = apply(found.get(record.stream), record.event, record.at)
    for incident in found.values():
        if incident is not None:
            yield msgspec.json.encode(detail_of(incident)).decode()


def outcomes_of(records: Iterable[Recorded], *, kept: int, origin: Origin | None) -> tuple[OutcomeRecord, ...]:
    """Return what became of every incident in the events, newest first; of imported ones the newest `kept`."""
    ledger = Ledger(kept=kept)
    for record in records:
        ledger.apply(record.stream, record.event, record.at)
    return newest_first(ledger.records(origin))


def as_line(record: Recorded) -> str:
    """Return an event as a line of JSON."""
    line = {
        "position": record.position,
        "stream": record.stream,
        "offset": record.offset,
        "at": record.at,
        "type": REGISTRY.name_of(record.event),
        "data": REGISTRY.fields_of(record.event),
    }
    return msgspec.json.encode(line).decode()
