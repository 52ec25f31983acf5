"""What past incidents teach: which of them looked like a new one, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quell.eventlog.log import Recorded
from quell.eventlog.projections import history as past
from quell.eventlog.projections.history import BEFORE, ONSET_ERROR, RUNS_KEPT, History
from quell.incident import events as ev
from quell.incident.events import Event, TrackRecord
from tests.projections.given import PLAN, START, Told, alert, grouped, opened, whole_response


def taught(*incidents: tuple[str, list[Event]]) -> History:
    history, told = History(), Told()
    for incident_id, events in incidents:
        records: list[Recorded] = told.record(f"incident/{incident_id}", *events)
        for record in records:
            history.apply(record)
    return history


def test_a_past_incident_that_showed_the_same_is_similar_and_says_what_helped() -> None:
    history = taught(("INC-1", whole_response("INC-1")), ("INC-2", [opened("INC-2"), grouped(alert())]))

    (found,) = history.similar("INC-2", at_least=0.1)

    assert (found.incident_id, found.action, found.outcome) == ("INC-1", "roll_back", "recovered")
    assert 0 < found.likeness <= 1


def test_one_that_showed_something_else_is_not_similar() -> None:
    other = alert("QueueDepth", "mail")
    history = taught(("INC-1", whole_response("INC-1")), ("INC-2", [opened("INC-2", service="mail"), grouped(other)]))

    assert history.similar("INC-2") == ()


def test_an_incident_that_still_goes_on_is_no_past_one() -> None:
    history = taught(("INC-1", [opened("INC-1"), grouped(alert())]), ("INC-2", [opened("INC-2"), grouped(alert())]))

    assert history.similar("INC-2", at_least=0.0) == ()


def test_the_newest_of_equals_comes_first_and_few_are_named() -> None:
    past = [(f"INC-{i}", whole_response(f"INC-{i}")) for i in range(1, 7)]
    history = taught(*past, ("INC-9", [opened("INC-9"), grouped(alert())]))

    assert [one.incident_id for one in history.similar("INC-9", at_least=0.0)] == ["INC-6", "INC-5", "INC-4"]


def test_an_incident_disturbed_from_its_onset_until_its_end_and_others_since_before_they_opened() -> None:
    measured, unmeasured = whole_response("INC-1"), [opened("INC-2"), grouped(alert())]
    history = taught(("INC-1", measured), ("INC-2", unmeasured))

    (this,) = history.disturbed("INC-2")
    (other,) = history.disturbed("INC-1")

    assert this.start == START - timedelta(seconds=10) - ONSET_ERROR
    assert this.end == START + timedelta(seconds=len(measured) - 1)
    assert other.start == START + timedelta(seconds=len(measured) + 1) - BEFORE
    assert other.end.year == 9999


def by_runbook(incident_id: str) -> list[Event]:
    """A response whose plan follows a runbook."""
    plan = replace(PLAN, runbook="roll-back", runbook_version="1")
    return [
        replace(event, plan=plan) if isinstance(event, ev.PlanProposed) else event
        for event in whole_response(incident_id)
    ]


def test_a_run_of_a_runbook_is_remembered_from_when_its_action_begins_and_for_a_day() -> None:
    history = taught(("INC-1", by_runbook("INC-1")), ("INC-2", whole_response("INC-2")))

    (run,) = history.runs()

    assert (run.runbook, run.service, run.incident_id, run.plan_id) == ("roll-back", "payment", "INC-1", "7c1f")

    told = Told()
    told.now = run.at + RUNS_KEPT
    for record in told.record("incident/INC-3", *by_runbook("INC-3")):
        history.apply(record)

    assert [run.incident_id for run in history.runs()] == ["INC-3"]


def test_what_helped_counts_for_services_of_the_same_kind_and_no_others() -> None:
    history = History(lambda service: "money" if service == "payment" else "other")
    for record in Told().record("incident/INC-1", *whole_response("INC-1")):
        history.apply(record)

    assert history.records("other") == {}
    assert list(history.records("money").values()) == [TrackRecord(helped=1, tried=1)]
    assert [(action, kind) for action, _, kind in history.all_records()] == [("roll_back", "money")]


def test_an_unknown_incident_has_none_like_it() -> None:
    assert History().similar("INC-404") == ()


def test_a_run_in_an_incident_that_is_open_counts_however_many_were_opened_and_ended_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(past, "KEPT", 3)
    long_open = [event for event in by_runbook("INC-1") if not isinstance(event, ev.StateChanged | ev.ResponseEnded)]
    before, after = long_open[: len(long_open) // 2], long_open[len(long_open) // 2 :]
    storm = [(f"INC-{number}", whole_response(f"INC-{number}")) for number in range(2, 12)]
    history, told = History(), Told()
    for incident_id, events in (("INC-1", before), *storm, ("INC-1", after)):
        for record in told.record(f"incident/{incident_id}", *events):
            history.apply(record)

    assert [run.incident_id for run in history.runs()] == ["INC-1"]
    assert len(history.disturbed("INC-1")) == 3


def test_those_still_open_disturb_as_one_stretch_from_the_first_of_them_on() -> None:
    history = taught(*[(f"INC-{number}", [opened(f"INC-{number}"), grouped(alert())]) for number in range(1, 5)])

    (this,) = history.disturbed("INC-1")

    assert this.start == START + timedelta(seconds=3) - BEFORE
    assert this.end.year == 9999
