"""Which actions are considered for a cause, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions.action import Action
from quell.actions.catalog import FITS, choose, fresh_release, helped_share
from quell.actions.process import (
    FlushCache,
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    SupervisorClient,
    SwitchFlag,
)
from quell.incident.events import Cause, Change, Hypothesis, TrackRecord

NEVER_ASKED = SupervisorClient(
    httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500))), "http://none", "", 1.0
)
ACTIONS: list[Action] = [
    FlushCache(NEVER_ASKED),
    Restart(NEVER_ASKED),
    RollBack(NEVER_ASKED),
    RollBackConfig(NEVER_ASKED),
    ScalePool(NEVER_ASKED),
    SwitchFlag(NEVER_ASKED),
]
AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def hypothesis(cause: Cause, *, subject: str = "") -> Hypothesis:
    return Hypothesis(
        id="H1", service="cart", cause=cause, title="it broke", probability=0.8, calibrated=False, subject=subject
    )


def deploy(seconds: float, *, service: str = "cart", by: str = "ci", kind: str = "deploy") -> Change:
    return Change(
        at=AT + timedelta(seconds=seconds),
        service=service,
        kind=kind,
        what="release",
        before="1.4.1",
        after="1.5.0",
        by=by,
    )


RELEASE = deploy(-30)


@pytest.mark.parametrize(
    ("cause", "release", "names"),
    [
        (Cause.BAD_RELEASE, RELEASE, ["roll_back"]),
        (Cause.BAD_RELEASE, None, ["roll_back"]),
        (Cause.BAD_CONFIG, None, ["roll_back_config"]),
        (Cause.SLOW_DEPENDENCY, None, ["switch_flag"]),
        (Cause.POOL_EXHAUSTION, None, ["restart", "scale_pool"]),
        (Cause.POOL_EXHAUSTION, RELEASE, ["restart", "scale_pool", "roll_back"]),
        (Cause.MEMORY_LEAK, None, ["restart"]),
        (Cause.CRASH_LOOP, RELEASE, ["roll_back", "flush_cache"]),
        (Cause.CRASH_LOOP, None, ["flush_cache"]),
        (Cause.TRAFFIC_SURGE, None, ["scale_pool"]),
        (Cause.UNKNOWN, RELEASE, []),
    ],
)
def test_without_a_past_the_table_gives_the_order(cause: Cause, release: Change | None, names: list[str]) -> None:
    candidates = choose(hypothesis(cause), ACTIONS, {}, release=release)

    assert [candidate.action.name for candidate in candidates] == names


def test_every_cause_is_in_the_table_the_best_fit_first() -> None:
    assert set(FITS) == set(Cause)
    for fits in FITS.values():
        weights = [fit.weight for fit in fits]
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1 for weight in weights)


def test_every_action_of_the_table_exists() -> None:
    assert {fit.action for fits in FITS.values() for fit in fits} <= {action.name for action in ACTIONS}


def test_an_action_that_never_helped_comes_after_one_that_fits_less() -> None:
    records = {("restart", Cause.POOL_EXHAUSTION): TrackRecord(helped=0, tried=6)}

    first, second = choose(hypothesis(Cause.POOL_EXHAUSTION), ACTIONS, records)

    assert (first.action.name, second.action.name) == ("scale_pool", "restart")
    assert second.reason.endswith("against pool exhaustion it helped 0 of 6 times before.")
    assert first.reason.endswith("against pool exhaustion it was not tried before.")


def test_what_an_action_did_against_another_cause_does_not_count() -> None:
    records = {("restart", Cause.MEMORY_LEAK): TrackRecord(helped=0, tried=50)}

    assert choose(hypothesis(Cause.POOL_EXHAUSTION), ACTIONS, records)[0].action.name == "restart"


def test_the_dependency_to_get_away_from_is_passed_on() -> None:
    (candidate,) = choose(hypothesis(Cause.SLOW_DEPENDENCY, subject="bank"), ACTIONS, {})

    assert candidate.params == {"dependency": "bank"}


def test_a_release_that_is_taken_back_is_named() -> None:
    candidates = choose(hypothesis(Cause.CRASH_LOOP), ACTIONS, {}, release=RELEASE)

    assert "(1.4.1 → 1.5.0)" in candidates[0].reason


@st.composite
def track_records(draw: st.DrawFn) -> TrackRecord:
    tried = draw(st.integers(0, 1000))
    return TrackRecord(helped=draw(st.integers(0, tried)), tried=tried)


pasts = st.dictionaries(
    st.tuples(st.sampled_from([action.name for action in ACTIONS]), st.sampled_from(Cause)), track_records()
)


@given(
    cause=st.sampled_from(Cause),
    records=pasts,
    available=st.lists(st.sampled_from(ACTIONS), unique=True),
    release=st.sampled_from([None, RELEASE]),
)
def test_candidates_are_available_fit_the_cause_and_come_best_first(
    cause: Cause,
    records: Mapping[tuple[str, Cause], TrackRecord],
    available: list[Action],
    release: Change | None,
) -> None:
    candidates = choose(hypothesis(cause), available, records, release=release)

    scores = [candidate.score for candidate in candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert all(candidate.action in available for candidate in candidates)
    assert {candidate.action.name for candidate in candidates} <= {fit.action for fit in FITS[cause]}
    assert all(candidate.reason.endswith(".") for candidate in candidates)


@given(record=track_records())
def test_one_more_help_raises_the_share_and_one_more_failure_lowers_it(record: TrackRecord) -> None:
    helped = TrackRecord(helped=record.helped + 1, tried=record.tried + 1)
    failed = TrackRecord(helped=record.helped, tried=record.tried + 1)

    assert 0 < helped_share(failed) < helped_share(record) < helped_share(helped) < 1


def test_nothing_known_is_half() -> None:
    assert helped_share(TrackRecord(helped=0, tried=0)) == 0.5


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([], False),
        ([deploy(-30)], True),
        ([deploy(3)], True),
        ([deploy(30)], False),
        ([deploy(-1000)], False),
        ([deploy(-30, service="catalog")], False),
        ([deploy(-30, kind="config")], False),
        ([deploy(-30, by="quell")], False),
        ([deploy(-60), deploy(-30, by="quell")], False),
        ([deploy(-30), deploy(-60, by="quell")], True),
    ],
)
def test_a_fresh_release_is_the_last_one_before_the_onset_unless_quell_made_it(
    changes: list[Change], found: bool
) -> None:
    assert (fresh_release(changes, "cart", onset=AT) is not None) == found
