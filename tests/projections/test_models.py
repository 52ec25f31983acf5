from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.eventlog.projections import models
from quell.eventlog.projections.board import WHOLE_ENDED_KEPT, Wanted
from quell.eventlog.projections.models import FEED_KEPT
from quell.eventlog.projections.story import fold_story
from quell.incident import events as ev
from quell.incident.alert import AlertStatus, IncidentSeverity
from quell.incident.events import Phase, State
from quell.incident.state import ENDED
from quell.outcomes.ledger import Ledger
from tests.projections.given import (
    DETECTION,
    PLAN,
    START,
    Told,
    alert,
    asked,
    evidence,
    finished,
    grouped,
    opened,
    started,
    verified,
    whole_response,
)


def resolved(before: State = State.TRIGGERED) -> ev.StateChanged:
    return ev.StateChanged(before=before, after=State.RESOLVED, by="person:anna", reason="fixed")


def test_an_event_taken_in_twice_changes_nothing() -> None:
    told = Told()
    told.incident(*whole_response())
    before = told.models.detail("INC-1")

    changes = told.models.apply_all(told.records)

    assert not changes
    assert told.models.detail("INC-1") == before
    assert told.models.position == len(told.records)


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=1, max_value=len(whole_response())))
def test_patching_a_snapshot_with_each_change_gives_the_detail_as_it_is_now(at: int) -> None:
    told = Told()
    events = whole_response()
    told.incident(*events[:at])
    shown = told.models.detail("INC-1")
    assert shown is not None
    patched = {name: getattr(shown, name) for name in shown.__slots__}
    timeline = {entry.position: entry for entry in shown.timeline}

    for event in events[at:]:
        changes = told.incident(event)
        values = told.models.changed("INC-1", changes.incidents["INC-1"])
        pieces = values.pop("evidence", {})
        patched |= values
        patched["evidence"] = patched["evidence"] | pieces
        timeline |= changes.entries

    now = told.models.detail("INC-1")
    assert now is not None
    patched["timeline"] = tuple(timeline.values())
    assert patched == {name: getattr(now, name) for name in now.__slots__}


def test_the_list_puts_who_wants_a_person_first_then_the_worst_then_the_oldest() -> None:
    told = Told()
    for number, severity in enumerate(["SEV3", "SEV1", "SEV2", "SEV1"], start=1):
        told.incident(opened(f"INC-{number}", IncidentSeverity(severity)), incident_id=f"INC-{number}")
    told.incident(asked(START + timedelta(hours=1)), incident_id="INC-3")

    rows, more = told.models.board.page(Wanted(), after=None, limit=10)

    assert [row.id for row in rows] == ["INC-3", "INC-2", "INC-4", "INC-1"]
    assert more is None


def test_pages_one_after_the_other_hold_every_row_once() -> None:
    told = Told()
    for number in range(23):
        told.incident(opened(f"INC-{number}", IncidentSeverity(f"SEV{number % 4 + 1}")), incident_id=f"INC-{number}")
    for wanted in (Wanted(), Wanted(states=frozenset(State))):
        seen: list[str] = []
        after = None
        while True:
            rows, after = told.models.board.page(wanted, after=after, limit=5)
            seen += [row.id for row in rows]
            if after is None:
                break

        assert len(seen) == len(set(seen)) == 23


def test_ended_incidents_leave_the_open_list_and_come_newest_first() -> None:
    told = Told()
    for number in range(4):
        told.incident(opened(f"INC-{number}"), incident_id=f"INC-{number}")
    for number in (0, 2):
        told.incident(resolved(), incident_id=f"INC-{number}")

    board = told.models.board
    assert [row.id for row in board.page(Wanted(), after=None, limit=9)[0]] == ["INC-1", "INC-3"]
    assert [row.id for row in board.page(Wanted(states=ENDED), after=None, limit=9)[0]] == ["INC-2", "INC-0"]
    assert board.open == 2
    assert board.counts[State.RESOLVED, IncidentSeverity.SEV1] == 2


def test_the_live_list_holds_what_is_open_and_what_ended_lately() -> None:
    told = Told()
    told.incident(opened("INC-1"), resolved(), incident_id="INC-1")
    told.incident(opened("INC-2"), resolved(), incident_id="INC-2", after_s=90_000)
    told.incident(opened("INC-3"), incident_id="INC-3")

    rows = told.models.board.recent(now=told.now, ended_within=timedelta(hours=24), limit=500)

    assert [row.id for row in rows] == ["INC-3", "INC-2"]
    assert len(told.models.board.recent(now=told.now, ended_within=timedelta(days=9), limit=2)) == 2


def test_an_incident_that_ended_long_ago_keeps_its_row_and_its_detail_comes_from_the_log() -> None:
    told = Told()
    told.incident(*whole_response())
    whole = told.models.detail("INC-1")
    row = told.models.summary("INC-1")
    for number in range(2, WHOLE_ENDED_KEPT + 2):
        told.incident(opened(f"INC-{number}"), resolved(), incident_id=f"INC-{number}")

    assert told.models.detail("INC-1") is None
    assert told.models.summary("INC-1") == row

    story = fold_story(r for r in told.records if r.stream == "incident/INC-1")
    assert story is not None
    assert story.detail() == whole

    told.models.board.adopt(story)
    assert told.models.detail("INC-1") == whole
    assert told.models.detail("INC-2") is None


def test_alerts_are_listed_newest_first_and_filtered_by_what_still_fires() -> None:
    told = Told()
    told.incident(opened())
    for number in range(5):
        received_at = START + timedelta(seconds=number)
        told.incident(grouped(alert(fingerprint=str(number), received_at=received_at)))
    told.incident(ev.AlertResolved(fingerprint="3", name="HighErrorRate", ended_at=told.now))

    firing = told.models.board.alerts(incident_id=None, status=AlertStatus.FIRING, after=None, limit=2)
    rest = told.models.board.alerts(incident_id="INC-1", status=AlertStatus.FIRING, after=firing[-1][0], limit=9)

    assert [row.fingerprint for _, row in firing + rest] == ["4", "2", "1", "0"]


def test_the_feed_holds_the_last_entries_over_all_incidents() -> None:
    told = Told()
    for number in range(FEED_KEPT):
        told.incident(opened(f"INC-{number}"), ev.NoteAdded(by="person:anna", text="seen"), incident_id=f"INC-{number}")

    feed = told.models.feed()
    assert len(feed) == FEED_KEPT
    assert feed[-1].position == told.models.position


def test_an_event_of_an_incident_that_was_never_opened_is_left_out() -> None:
    told = Told()

    assert not told.incident(ev.NoteAdded(by="person:anna", text="where is it?"))
    assert told.models.summary("INC-1") is None


@pytest.mark.parametrize(
    ("events", "helped", "tried"),
    [
        ([finished(), verified("recovered")], 1, 1),
        ([finished(), verified("worse")], 0, 1),
        ([finished(), verified("unknown")], 0, 0),
        ([verified("recovered")], 0, 0),
        ([ev.ActionBroke(plan_id="7c1f", action="roll_back", target="payment", error="no")], 0, 1),
        ([finished(), verified("recovered"), verified("recovered")], 1, 1),
    ],
)
def test_an_action_helped_when_verification_said_so(events: list[ev.Event], helped: int, tried: int) -> None:
    told = Told()
    told.incident(opened(), ev.ResponseStarted(run=1), *events)

    assert told.models.track_record("roll_back", "payment") == ev.TrackRecord(helped=helped, tried=tried)
    assert told.models.track_record("roll_back") == ev.TrackRecord(helped=helped, tried=tried)
    assert told.models.track_record("roll_back", "cart").tried == 0


def test_the_newest_topology_that_evidence_held_is_the_map() -> None:
    told = Told()
    assert told.models.sources.topology().as_of is None

    told.incident(*whole_response())

    assert told.models.sources.topology().services == ("checkout", "edge", "payment")
    assert told.models.sources.topology().as_of == START


def test_a_source_that_failed_is_down_until_it_answers_or_the_process_starts_anew() -> None:
    told = Told()
    told.tell("system", ev.SourceFailed(source="scrape", reason="timed_out", detail="no answer within 2 s"))
    assert [view.answers for view in told.models.sources.all()] == [False]

    told.tell("system", ev.SourceRecovered(source="scrape", after_s=12))
    assert [view.answers for view in told.models.sources.all()] == [True]

    told.tell("system", ev.ProcessStarted(version="0.1.0", epoch="e", recovered=0))
    assert told.models.sources.all() == []


def test_a_phase_that_runs_changes_the_agents_and_an_alert_does_not() -> None:
    told = Told()
    told.incident(opened())

    assert told.incident(grouped()).agents == set()
    assert told.incident(started(Phase.PREDICT)).agents == {"prediction"}


def test_an_entry_told_again_in_a_storm_stands_where_it_was_told_last_and_the_floor_stays_below_all_that_remain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "FEED_REMEMBERED", 20)
    told = Told()
    for number in range(1, 7):
        told.incident(opened(f"INC-{number}"), incident_id=f"INC-{number}")
    for wave in range(30):
        number = wave % 6 + 1
        storm = [grouped(alert(f"High{wave}-{one}")) for one in range(4)]
        told.incident(*storm, incident_id=f"INC-{number}")

    floor, fed = told.models.fed()
    moments = [moment.position for moment, _ in fed]

    assert moments == sorted(moments)
    assert floor < moments[0]
    assert moments[-1] == len(told.records)
    shown = [entry.position for entry in told.models.feed()]
    assert shown == sorted(shown)


@pytest.mark.parametrize(
    ("verdict", "credit", "title", "counts"),
    [
        ("recovered", "action", "Verified: recovered", True),
        ("recovered", "unclear", "Recovered, not verified as the fix's doing", False),
        ("recovered", "none", "Recovered, not verified as the fix's doing", False),
        ("in_part", "action", "Helped in part, not verified", False),
        ("not_recovered", "action", "Not recovered", False),
        ("worse", "action", "Worse than before", False),
        ("unknown", "action", "Verification could not look", False),
    ],
)
def test_verified_means_the_same_in_the_row_the_timeline_and_the_figures(
    verdict: str, credit: str, title: str, counts: bool
) -> None:
    told, ledger = Told(), Ledger()
    events = [
        replace(event, verdict=verdict, credit=credit) if isinstance(event, ev.Verified) else event
        for event in whole_response()
    ]
    told.incident(*events)
    for record in told.records:
        ledger.apply(record.stream, record.event, record.at)
    detail, figures = told.models.detail("INC-1"), ledger.record("INC-1")

    assert detail is not None
    assert figures is not None
    (entry,) = [entry for entry in detail.timeline if entry.type == "Verified"]
    assert entry.title.startswith(f"{title} after")
    assert ("Verified" in entry.title.split()[0]) is counts
    assert (detail.summary.verified, figures.verified > 0) == (counts, counts)


def test_an_incident_that_came_back_says_nothing_that_the_run_before_found() -> None:
    told = Told()
    told.incident(*whole_response())
    before = told.models.detail("INC-1")
    changes = told.incident(ev.IncidentReopened(by="system:intake", reason="payment fails again"))
    patched = told.models.changed("INC-1", changes.incidents["INC-1"])

    after = told.models.detail("INC-1")
    assert before is not None
    assert after is not None
    assert (before.summary.verified, before.run_evidence) == (True, ("E1", "E2"))
    assert after.summary.summary == "a critical alert"
    assert not after.summary.verified
    assert after.run_evidence == ()
    assert after.detection is after.diagnosis is after.plan is after.verification is after.summary.approval is None
    assert patched["detection"] is patched["verification"] is None
    assert patched["run_evidence"] == ()
    assert set(after.evidence) == {"E1", "E2"}


def test_a_second_run_shows_its_own_onset_and_only_its_own_evidence() -> None:
    told = Told()
    told.incident(*whole_response())
    later = replace(DETECTION, onset=START + timedelta(hours=1), evidence=(evidence("E7"),), says="it is slow")
    told.incident(
        ev.IncidentReopened(by="system:intake", reason="again"), ev.ResponseStarted(run=2), ev.Detected(finding=later)
    )

    detail = told.models.detail("INC-1")

    assert detail is not None
    assert detail.detection is not None
    assert detail.detection.onset == START + timedelta(hours=1)
    assert detail.run_evidence == ("E7",)
    assert detail.summary.summary == "it is slow"


def test_what_a_run_under_way_found_stays_its_own_when_a_person_resolves_and_reopens_meanwhile() -> None:
    told = Told()
    events = whole_response()
    told.incident(*events[: events.index(next(one for one in events if isinstance(one, ev.ActionStarted)))])
    told.incident(resolved(State.INVESTIGATING), ev.IncidentReopened(by="person:anna", reason="not over"))

    detail = told.models.detail("INC-1")

    assert detail is not None
    assert detail.plan == PLAN
