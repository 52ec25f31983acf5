"""What a test alert opens is shown as a test and counts in no figure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quell.eventlog.log import Recorded
from quell.eventlog.projections.models import ReadModels
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.outcomes.ledger import Ledger
from tests.ingest.given import START

OPENED = ev.IncidentOpened(
    incident_id="INC-1", title="pumps: test alert", severity=IncidentSeverity.SEV1, service="pumps", reason="r"
)


def told(opened: ev.IncidentOpened) -> list[Recorded]:
    ended = ev.StateChanged(before=ev.State.TRIGGERED, after=ev.State.RESOLVED, by="system:intake", reason="over")
    events: list[Any] = [opened, ended]
    return [
        Recorded(position=n, stream="incident/INC-1", offset=n, at=START + timedelta(minutes=n), event=event)
        for n, event in enumerate(events, start=1)
    ]


@pytest.mark.parametrize("test", [False, True])
def test_it_is_no_outcome(test: bool) -> None:
    outcomes = Ledger()

    changed = [outcomes.apply(one.stream, one.event, one.at) for one in told(replace(OPENED, test=test))]

    assert any(changed) is not test


@pytest.mark.parametrize("test", [False, True])
def test_it_is_shown_as_one_and_is_no_incident_of_the_last_minute(test: bool) -> None:
    models = ReadModels()
    records = told(replace(OPENED, test=test))
    models.apply_all(records[:1])

    summary = models.summary("INC-1")
    assert summary is not None
    assert summary.test is test
    assert models.intake.view(records[0].at).last_minute.incidents_opened == (not test)
    assert len(models.accuracy._cases[next(iter(models.accuracy._cases))]) == (not test)
