"""Everything that a log is folded into, as plain values: what the fixtures of released logs are compared by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from quell.eventlog.log import Recorded
from quell.eventlog.projections.board import Wanted
from quell.eventlog.projections.history import History
from quell.eventlog.projections.models import ReadModels
from quell.gateway.outcomes import OutcomeDesk
from quell.incident.correlation import CorrelationRules
from quell.incident.events import State
from quell.ingest.fold import Fold
from tests.fakes.event_log import MemoryEventLog

INCIDENT = "incident/"


def shown(records: Sequence[Recorded]) -> dict[str, Any]:
    """Return every view of a log, as JSON has it; as of a minute after its last event."""
    later = max(record.at for record in records) + timedelta(minutes=1)
    models, history, intake = ReadModels(), History(), Fold(CorrelationRules())
    outcomes = OutcomeDesk(MemoryEventLog(clock=lambda: later), clock=lambda: later)
    for record in records:
        history.apply(record)
        outcomes.take(record)
    models.apply_all(records)
    intake.take(records)
    assert not models.faults.counts, models.faults.last
    incidents = sorted({record.stream.removeprefix(INCIDENT) for record in records if INCIDENT in record.stream})
    every = Wanted(states=frozenset(State))
    found = {
        "incidents": {incident: models.detail(incident) for incident in incidents},
        "list": models.board.page(every, after=None, limit=1_000)[0],
        "feed": models.feed(),
        "alerts": [view for _, view in models.alerts(incident_id=None, status=None, after=None, limit=1_000)],
        "agents": models.agents.all(),
        "intake": models.intake.view(later),
        "silences": models.silences.all(later),
        "sources": models.sources.all(),
        "earned": models.earned.all(),
        "preventions": models.preventions.newest(),
        "outcomes": outcomes.records(origin=None),
        "similar": {incident: history.similar(incident) for incident in incidents},
        "runs": history.runs(),
        "cases": {incident: case.done_s for incident, case in sorted(intake.ledger.cases.items())},
    }
    read: dict[str, Any] = json.loads(msgspec.json.encode(found, order="deterministic"))
    return read
