"""When a person is wanted for an incident, and when no longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Cause, Event, State
from quell.incident.fold import fold
from quell.incident.state import Incident

AT = datetime(2026, 1, 1, tzinfo=UTC)
OPENED = ev.IncidentOpened(
    incident_id="INC-1", title="t", severity=IncidentSeverity.SEV2, service="cart", reason="an alert"
)
ESCALATED = ev.Escalated(reason="no sign in the telemetry")
TAKEN = ev.IncidentAcknowledged(by="person:kim", note="")
ASKED = ev.ApprovalRequested(plan_id="p1", expires_at=AT + timedelta(hours=1), reason="a person decides")
RESOLVED = ev.StateChanged(before=State.INVESTIGATING, after=State.RESOLVED, by="person:kim", reason="done")
REOPENED = ev.IncidentReopened(by="person:kim", reason="it is back")
AGAIN = ev.ResponseStarted(run=2, why="kim asked for it")


def after(*events: Event) -> Incident:
    incident = fold([(AT, event) for event in (OPENED, ev.ResponseStarted(run=1), *events)])
    assert incident is not None
    return incident


@pytest.mark.parametrize(
    ("events", "wants"),
    [
        ([], None),
        ([ESCALATED], "take_over"),
        ([ESCALATED, TAKEN], None),
        ([TAKEN, ESCALATED], None),
        ([ASKED], "approve"),
        ([TAKEN, ASKED], "approve"),
        ([ESCALATED, AGAIN], "take_over"),
        ([ESCALATED, TAKEN, AGAIN], None),
        ([ESCALATED, AGAIN, ASKED], "approve"),
        ([ESCALATED, RESOLVED], None),
        ([ESCALATED, RESOLVED, REOPENED], None),
        ([ESCALATED, ev.ResponseStarted(run=2)], None),
    ],
)
def test_a_person_is_wanted_until_one_has_taken_it_over_or_it_ended(events: Sequence[Event], wants: str | None) -> None:
    assert after(*events).wants == wants


def test_reopening_takes_back_the_hand_over_and_what_a_person_said_it_was() -> None:
    said = ev.CauseConfirmed(service="cart", cause=Cause.BAD_RELEASE, by="person:kim")
    before = after(ESCALATED, said, RESOLVED)
    again = after(ESCALATED, said, RESOLVED, REOPENED)

    assert (before.escalation, before.cause_confirmed) == (ESCALATED, said)
    assert (again.escalation, again.cause_confirmed, again.needs_response) == (None, None, True)
