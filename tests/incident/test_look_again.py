"""When the agents look again, why, and what a look changes: computed from the incident alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Cause, Phase, State
from quell.incident.look_again import (
    RHYTHM,
    Rhythm,
    due_at,
    reason,
    undecided,
    waits_for_a_look,
    wants_response,
    why_now,
)
from quell.incident.looks import Looks
from quell.incident.state import Incident, PhaseRun
from tests.projections.given import PLAN

AT = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = ev.LookAgainRequested(by="person:kim")


def seconds(number: float) -> datetime:
    return AT + timedelta(seconds=number)


def handed_over(detect: str | None = "no_sign", diagnose: str | None = None) -> Incident:
    """An incident that fires and that the agents handed over, with the words of its phases."""
    words = {Phase.DETECT: detect, Phase.DIAGNOSE: diagnose}
    return Incident(
        id="INC-1",
        title="t",
        severity=IncidentSeverity.SEV2,
        opened_at=AT,
        updated_at=AT,
        state=State.INVESTIGATING,
        firing={"a"},
        run=1,
        outcome="escalated",
        phases={phase: PhaseRun(phase=phase, word=word) for phase, word in words.items() if word is not None},
    )


def of(cause: Cause) -> ev.Diagnosis:
    best = ev.Hypothesis(id="H1", service="cart", cause=cause, title="t", probability=0.9, calibrated=False)
    return ev.Diagnosis(hypotheses=(best,), none_of_these=0.1, abstained=False, says="cart")


def test_the_waits_are_15_s_at_first_and_5_min_in_the_end() -> None:
    assert [RHYTHM.wait_s(looks) for looks in range(7)] == [15, 30, 60, 120, 300, 300, 300]
    assert (RHYTHM.joined_s, RHYTHM.apart_s) == (3, 15)


def test_no_wait_of_a_shortened_rhythm_is_longer_than_asked_for_and_none_is_longer_than_it_was() -> None:
    assert RHYTHM.at_most(40.0) == replace(RHYTHM, waits_s=(15.0, 30.0, 40.0, 40.0, 40.0))
    assert RHYTHM.at_most(10.0) == Rhythm(waits_s=(10.0,) * 5, joined_s=3.0, apart_s=10.0)


@pytest.mark.parametrize(
    ("detect", "diagnose", "so"),
    [
        ("no_sign", None, True),
        ("no_data", None, True),
        ("failed", None, True),
        ("timed_out", "found", True),
        ("confirmed", None, False),
        ("confirmed", "found", False),
        ("confirmed", "abstained", True),
        ("confirmed", "failed", True),
        ("confirmed", "timed_out", True),
        (None, "abstained", False),
    ],
)
def test_undecided_is_what_ended_without_a_sign_or_a_cause(detect: str | None, diagnose: str | None, so: bool) -> None:
    assert undecided(handed_over(detect, diagnose)) is so


def test_a_cause_that_is_unknown_is_none_and_a_plan_decides() -> None:
    found = handed_over("confirmed", "found")

    assert undecided(replace(found, diagnosis=of(Cause.UNKNOWN)))
    assert not undecided(replace(found, diagnosis=of(Cause.BAD_RELEASE)))
    assert not undecided(replace(found, diagnosis=replace(of(Cause.UNKNOWN), hypotheses=())))
    assert not undecided(replace(handed_over("no_sign"), plan=PLAN))


@pytest.mark.parametrize(
    ("changed", "waits"),
    [
        ({}, True),
        ({"state": State.RESOLVED}, False),
        ({"firing": set()}, False),
        ({"outcome": "resolved"}, False),
        ({"outcome": None}, False),
        ({"responding": True}, False),
        ({"needs_response": True}, False),
        ({"looks": Looks(requested=ASKED)}, False),
        ({"looks": Looks(news="errors")}, False),
        ({"plan": PLAN}, False),
    ],
)
def test_only_what_fires_undecided_and_that_nobody_works_on_waits_for_a_look(
    changed: dict[str, object], waits: bool
) -> None:
    one = replace(handed_over(), **changed)  # type: ignore[arg-type]

    assert waits_for_a_look(one) is waits
    assert (due_at(one) is not None) is waits


@pytest.mark.parametrize(
    ("changed", "wants"),
    [
        ({}, False),
        ({"needs_response": True}, True),
        ({"outcome": "helped_in_part"}, True),
        ({"looks": Looks(requested=ASKED)}, True),
        ({"looks": Looks(news="errors")}, True),
        ({"needs_response": True, "responding": True}, False),
        ({"needs_response": True, "state": State.RESOLVED}, False),
    ],
)
def test_a_response_begins_at_first_after_a_fix_in_part_and_when_asked_for(
    changed: dict[str, object], wants: bool
) -> None:
    assert wants_response(replace(handed_over(), **changed)) is wants  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("looks", "due_s"),
    [
        (Looks(), 15),
        (Looks(in_vain=2), 60),
        (Looks(last_at=seconds(100)), 115),
        (Looks(last_at=seconds(100), in_vain=9), 400),
        (Looks(last_at=seconds(100), next_at=seconds(130)), 130),
        (Looks(last_at=seconds(100), next_at=seconds(400), joined=1, joined_at=seconds(200)), 203),
        (Looks(last_at=seconds(100), next_at=seconds(400), joined=1, joined_at=seconds(101)), 115),
        (Looks(last_at=seconds(100), next_at=seconds(110), joined=1, joined_at=seconds(109)), 110),
        (Looks(next_at=seconds(400), joined=1, joined_at=seconds(1)), 15),
    ],
)
def test_a_look_is_due_when_planned_or_soon_after_alerts_joined_but_apart_from_the_last_one(
    looks: Looks, due_s: float
) -> None:
    assert due_at(replace(handed_over(), looks=looks)) == seconds(due_s)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"looks": Looks(requested=ASKED)}, "kim asked for it"),
        ({"looks": Looks(requested=replace(ASKED, reason="it is back"))}, "kim asked for it: it is back"),
        ({"looks": Looks(news="errors 40 %")}, "errors 40 %"),
        ({"looks": Looks(requested=ASKED, news="errors 40 %")}, "kim asked for it"),
        ({"looks": Looks(news="errors 40 %"), "needs_response": True}, ""),
        ({"looks": Looks(news="errors 40 %"), "outcome": "helped_in_part"}, ""),
        ({}, ""),
    ],
)
def test_a_response_that_looks_again_says_why(changed: dict[str, object], says: str) -> None:
    assert reason(replace(handed_over(), **changed)) == says  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("looks", "at_s", "says"),
    [
        (Looks(joined=1, last_at=AT), 60, "an alert joined"),
        (Looks(joined=2, last_at=AT), 60, "2 alerts joined"),
        (Looks(last_at=seconds(30)), 60, "after 30 s"),
        (Looks(), 60, "after 60 s"),
        (Looks(), 119, "after 119 s"),
        (Looks(), 120, "after 2 min"),
        (Looks(last_at=seconds(60)), 360, "after 5 min"),
    ],
)
def test_a_look_says_what_made_it_due(looks: Looks, at_s: float, says: str) -> None:
    assert why_now(replace(handed_over(), looks=looks), seconds(at_s)) == says


def test_alerts_that_join_are_counted_from_the_first_and_detection_sees_them_all() -> None:
    two = Looks(last_at=AT, in_vain=2).alert_joined(seconds(5)).alert_joined(seconds(9))

    assert (two.joined, two.joined_at) == (2, seconds(5))
    assert two.detection_began() == Looks(last_at=AT, in_vain=2)


def test_a_response_that_begins_answers_what_asked_for_it_and_keeps_what_joined() -> None:
    before = Looks(
        last_at=AT, in_vain=2, next_at=seconds(9), joined=3, joined_at=seconds(5), requested=ASKED, news="errors"
    )

    after = before.response_began(seconds(7))

    assert after == Looks(last_at=seconds(7), in_vain=2, joined=3, joined_at=seconds(5))
    assert after.response_ended(seconds(60)) == replace(after, next_at=seconds(60))


@pytest.mark.parametrize(
    ("joined", "news", "after"),
    [
        (0, False, Looks(last_at=seconds(50), in_vain=3, next_at=seconds(90))),
        (2, False, Looks(last_at=seconds(50), in_vain=0, next_at=seconds(90))),
        (0, True, Looks(last_at=seconds(50), in_vain=3, next_at=seconds(90), news="errors 40 %")),
    ],
)
def test_a_look_counts_as_in_vain_unless_alerts_asked_for_it(joined: int, news: bool, after: Looks) -> None:
    before = Looks(last_at=AT, in_vain=2, joined=joined, joined_at=seconds(5) if joined else None)
    look = ev.LookedAgain(why="after 30 s", verdict="found", says="errors 40 %", news=news, look_again_at=seconds(90))

    assert before.looked_again(look, seconds(50)) == after
