"""Logs from before a field was there can still be read."""

from __future__ import annotations

import json
from dataclasses import replace

from quell.eventlog.codec import decode, encode
from quell.eventlog.projections.views import summary_of
from quell.incident import events as ev
from quell.incident.fold import fold
from tests.eventlog.given import now
from tests.projections.given import PLAN


def test_a_plan_from_before_there_were_runbooks_is_read_without_one() -> None:
    newest = replace(
        PLAN, runbook="own", runbook_version="2", choice="it fits", checks=ev.Checks(series=("up",), steady=4)
    )
    name, body = encode(ev.PlanProposed(plan=newest))
    assert decode(name, body) == ev.PlanProposed(plan=newest)

    old = json.loads(body)
    for field in ("runbook", "runbook_version", "choice", "checks"):
        del old["plan"][field]

    assert decode(name, json.dumps(old).encode()) == ev.PlanProposed(plan=PLAN)


def test_an_incident_from_before_there_were_teams_is_of_the_default_one() -> None:
    old = b'{"incident_id":"INC-1","title":"t","severity":"SEV2","service":"a","reason":"r"}'
    event = decode("IncidentOpened", old)

    assert isinstance(event, ev.IncidentOpened)
    assert event.team == "default"
    incident = fold([(now(), event)])
    assert incident is not None
    assert summary_of(incident).team == "default"
    moved = fold([(now(), replace(event, team="payments"))])
    assert moved is not None
    assert summary_of(moved).team == "payments"
