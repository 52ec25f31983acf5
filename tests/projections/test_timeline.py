from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quell.eventlog.projections.timeline import ALERTS_VERBATIM, ENTRIES_KEPT
from quell.eventlog.projections.views import TimelineEntry
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Phase, State
from tests.projections.given import (
    DETECTION,
    START,
    Told,
    alert,
    asked,
    ended,
    grouped,
    opened,
    started,
    verified,
    whole_response,
)


def entries(told: Told, incident_id: str = "INC-1") -> tuple[TimelineEntry, ...]:
    story = told.models.board.story(incident_id)
    assert story is not None
    return story.timeline.entries


def test_every_event_of_a_response_is_told_in_words_of_its_own() -> None:
    told = Told()
    told.incident(*whole_response())

    for entry in entries(told):
        assert entry.title
        assert entry.title != entry.type
        assert entry.level in {"info", "warning", "error", "wants"}
        assert entry.by.split(":")[0] in {"agent", "person", "system"}


def test_the_first_alerts_are_told_one_by_one_and_the_rest_in_one_entry_that_counts() -> None:
    told = Told()
    told.incident(opened())
    for number in range(118):
        name = "HighLatency" if number % 2 else "HighErrorRate"
        told.incident(grouped(alert(name, f"s{number % 9}", fingerprint=str(number))))

    shown = entries(told)
    assert len(shown) == 1 + ALERTS_VERBATIM + 1
    assert shown[-1].title == "115 more alerts joined"
    assert "58 HighLatency, 57 HighErrorRate" in shown[-1].text
    assert "and 4 more" in shown[-1].text
    assert "the last at 10:01:59 UTC" in shown[-1].text


def test_the_counting_entry_keeps_its_position_and_the_change_says_which_entry_it_is() -> None:
    told = Told()
    told.incident(opened(), *(grouped(alert(fingerprint=str(n))) for n in range(4)))
    before = entries(told)[-1]

    changes = told.incident(grouped(alert(fingerprint="9")))

    assert changes.entry is not None
    assert changes.entry.position == before.position
    assert changes.entry.title == "2 more alerts joined"


def test_a_reopened_incident_tells_its_new_alerts_one_by_one_again() -> None:
    told = Told()
    told.incident(opened(), *(grouped(alert(fingerprint=str(n))) for n in range(9)))
    told.incident(ev.IncidentReopened(by="system:intake", reason="it came back"), grouped(alert(fingerprint="x")))

    assert entries(told)[-1].title == "Alert HighErrorRate on payment"


def test_alerts_that_stop_firing_are_condensed_too_and_the_entry_says_what_still_fires() -> None:
    told = Told()
    told.incident(opened(), *(grouped(alert(fingerprint=str(n))) for n in range(10)))
    for number in range(6):
        told.incident(ev.AlertResolved(fingerprint=str(number), name="HighErrorRate", ended_at=told.now))

    last = entries(told)[-1]
    assert last.title == "3 more alerts no longer fire"
    assert "4 still firing" in last.text


def test_progress_is_told_in_the_entry_of_its_phase() -> None:
    told = Told()
    told.incident(opened(), started(Phase.DIAGNOSE))
    count = len(entries(told))
    for done in range(1, 8):
        told.incident(ev.PhaseProgressed(phase=Phase.DIAGNOSE, done=done, total=7, what=f"source {done}"))

    assert len(entries(told)) == count
    assert entries(told)[-1].text == "at most 45 s\n7 of 7: source 7"


def test_a_finding_says_its_numbers_with_units_and_names_its_evidence() -> None:
    told = Told()
    told.incident(*whole_response())
    by_type = {entry.type: entry for entry in entries(told)}

    assert by_type["Detected"].text.startswith("payment answers with errors")
    assert by_type["Detected"].evidence_ids == ("E1",)
    assert by_type["Diagnosed"].title == "Diagnosis: payment: bad release 1.5.0 (90 %, uncalibrated)"
    assert "not looked at: logfiles (no log of payment)" in by_type["Diagnosed"].text
    assert by_type["Diagnosed"].agent == "diagnosis"
    assert "helped 3 of 4 times before" in by_type["PlanProposed"].text
    assert "0.1 %" in by_type["Verified"].text


def test_what_a_finding_said_is_not_said_again_where_its_phase_ends() -> None:
    told = Told()
    said = "payment answers with errors"
    told.incident(opened(), started(Phase.DETECT), ev.Detected(finding=DETECTION))
    told.incident(replace(ended(Phase.DETECT), says=said), replace(ended(Phase.PLAN), says="no action fits"))

    assert [entry.text for entry in entries(told)[-3:]] == [said, "", "no action fits"]


def test_a_single_alert_past_the_first_few_is_told_as_it_is() -> None:
    told = Told()
    told.incident(opened(), *(grouped(alert(fingerprint=str(n))) for n in range(ALERTS_VERBATIM)))
    told.incident(grouped(alert("ServiceDown", "edge")))

    assert entries(told)[-1].title == "Alert ServiceDown on edge"


def test_a_question_to_a_person_stands_out_and_says_when_it_expires() -> None:
    told = Told()
    told.incident(opened(), asked(START + timedelta(minutes=15)))

    question = entries(told)[-1]
    assert question.level == "wants"
    assert "expires at 10:15:00 UTC, in 14 min 58 s" in question.text


def test_what_a_person_did_is_theirs_and_no_agents() -> None:
    told = Told()
    told.incident(opened(), ev.ActionApproved(plan_id="7c1f", by="person:anna"))

    assert entries(told)[-1].by == "person:anna"
    assert entries(told)[-1].agent is None


def test_a_severity_that_got_worse_warns_and_one_that_got_better_does_not() -> None:
    told = Told()
    told.incident(opened(severity=IncidentSeverity.SEV2))
    for before, after in (("SEV2", "SEV1"), ("SEV1", "SEV3")):
        told.incident(
            ev.SeverityChanged(
                before=IncidentSeverity(before), after=IncidentSeverity(after), by="person:anna", reason="seen"
            )
        )

    assert [entry.level for entry in entries(told)[-2:]] == ["warning", "info"]


def test_resolved_says_how_long_it_was_open() -> None:
    told = Told()
    told.incident(opened())
    told.incident(
        ev.StateChanged(before=State.TRIGGERED, after=State.RESOLVED, by="person:anna", reason="fixed by hand"),
        after_s=261,
    )

    assert entries(told)[-1].text == "fixed by hand; open for 4 min 21 s"


def test_the_time_between_an_end_and_a_reopening_is_no_time_of_the_incident() -> None:
    over = ev.StateChanged(before=State.TRIGGERED, after=State.RESOLVED, by="person:anna", reason="fixed by hand")
    told = Told()
    told.incident(opened())
    told.incident(over, after_s=261)
    told.incident(ev.IncidentReopened(by="system:intake", reason="it fires again"), after_s=480)
    told.incident(ev.IncidentAcknowledged(by="person:anna"), after_s=5)
    told.incident(replace(over, before=State.ACKNOWLEDGED), after_s=15)

    assert [entry.text for entry in entries(told)[-2:]] == [
        "5.0 s after it was reopened",
        "fixed by hand; open again for 20 s",
    ]


def test_only_the_last_thousand_entries_are_kept() -> None:
    told = Told()
    told.incident(opened(), *(ev.NoteAdded(by="person:anna", text=str(n)) for n in range(ENTRIES_KEPT + 50)))

    assert len(entries(told)) == ENTRIES_KEPT
    assert entries(told)[-1].text == str(ENTRIES_KEPT + 49)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["join", "stop", "progress", "verify", "reopen"]), max_size=60))
def test_positions_rise_and_the_entry_of_each_change_is_on_the_timeline(steps: list[str]) -> None:
    told = Told()
    told.incident(opened(), started(Phase.DETECT))
    for number, step in enumerate(steps):
        event: ev.Event = {
            "join": grouped(alert(fingerprint=str(number))),
            "stop": ev.AlertResolved(fingerprint=str(number - 1), name="A", ended_at=told.now),
            "progress": ev.PhaseProgressed(phase=Phase.DETECT, done=number, total=60, what="x"),
            "verify": verified(),
            "reopen": ev.IncidentReopened(by="system:intake", reason="back"),
        }[step]
        changes = told.incident(event)
        assert changes.entry in entries(told)
    positions = [entry.position for entry in entries(told)]

    assert positions == sorted(set(positions))


def test_a_change_that_had_resolved_an_incident_is_said_to_be_taken_back_by_a_person() -> None:
    told = Told()
    what = {"plan_id": "7c1f", "action": "roll_back", "target": "payment"}
    told.incident(
        *whole_response(),
        ev.TakeBackRequested(**what, request=1, key="k/undo", by="person:anna", reason="the sale needs 1.5.0"),
        ev.TakeBackFailed(**what, request=1, error="release 1.5.0 is gone", begun=False),
        ev.TakeBackRequested(**what, request=2, key="k/undo", by="person:anna", reason="the sale needs 1.5.0"),
        ev.ActionUndone(**what, output="1.5.0 runs", by="person:anna", request=2),
    )

    wanted, failed, _, undone = entries(told)[-4:]
    story = told.models.board.story("INC-1")
    assert story is not None
    assert (wanted.title, wanted.text) == ("Anna wants roll back of payment taken back", "the sale needs 1.5.0")
    assert failed.title == "Roll back of payment could not be taken back"
    assert failed.text == "release 1.5.0 is gone; nothing was changed; it can be asked for again"
    assert (undone.title, undone.by) == ("Roll back of payment was taken back for anna", "person:anna")
    assert "the incident stays resolved, though this change had helped" in undone.text
    assert story.summary.state is State.RESOLVED
    assert story.summary.summary.endswith("; afterwards roll back of payment was taken back for anna")
    assert story.detail().actions[-1].taken_back_by == "person:anna"
