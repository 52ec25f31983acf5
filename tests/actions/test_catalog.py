"""Which actions are considered for a cause, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions.action import Action
from quell.actions.catalog import BackTo, Candidate, Choice, Situation, choose, helped_share, recent_change, score_of
from quell.actions.process import (
    ClearDisk,
    FlushCache,
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    StopNeighbour,
    SupervisorClient,
    SwitchFlag,
)
from quell.actions.runbook import Match, Runbook, Step, When
from quell.app.runbooks import in_use, shelf
from quell.eventlog.projections.history import RunbookRun
from quell.incident.events import Cause, Change, Hypothesis, TrackRecord
from quell.settings import Settings

SHIPPED = in_use(shelf(Settings()))
WITHOUT_RUNBOOK = {Cause.UNKNOWN}

NEVER_ASKED = SupervisorClient(
    httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500))), "http://none", "", 1.0
)
ACTIONS: list[Action] = [
    ClearDisk(NEVER_ASKED),
    StopNeighbour(NEVER_ASKED),
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


def situation(cause: Cause, *, release: Change | None = None, subject: str = "", **more: Any) -> Situation:
    changes = (release,) if release is not None else ()
    given: dict[str, Any] = {"kind": "service", "onset": AT, "now": AT, "changes": changes}
    return Situation(hypothesis=hypothesis(cause, subject=subject), **{**given, **more})


def shipped(
    cause: Cause,
    records: Mapping[tuple[str, Cause], TrackRecord] | None = None,
    *,
    available: Sequence[Action] = ACTIONS,
    release: Change | None = None,
    subject: str = "",
) -> tuple[Candidate, ...]:
    """What the runbooks that come with Quell offer."""
    return choose(situation(cause, release=release, subject=subject), SHIPPED, available, records or {}).candidates


def own(name: str = "own", **more: Any) -> Runbook:
    """A runbook of one's own: restarts what is at fault in a memory leak."""
    given: dict[str, Any] = {
        "version": "1",
        "title": "Restart it",
        "why": "ends the leak",
        "expected": "memory falls",
        "undo": "nothing to take back",
        "risk": "medium",
        "match": Match(causes=(Cause.MEMORY_LEAK,)),
        "steps": (Step(action="restart"),),
    }
    return Runbook(name=name, **{**given, **more})


def chosen(*runbooks: Runbook, **more: Any) -> Choice:
    """What is chosen of these against a memory leak of the cart."""
    return choose(situation(Cause.MEMORY_LEAK, **more), runbooks, ACTIONS, {})


def names(choice: Choice) -> list[str]:
    return [candidate.runbook.name for candidate in choice.candidates]


@pytest.mark.parametrize(
    ("cause", "release", "actions"),
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
        (Cause.CPU_SATURATION, None, ["restart"]),
        (Cause.CPU_SATURATION, RELEASE, ["roll_back", "restart"]),
        (Cause.LOCK_CONTENTION, None, ["restart"]),
        (Cause.CACHE_STAMPEDE, None, ["flush_cache"]),
        (Cause.DISK_FULL, None, ["clear_disk"]),
        (Cause.NOISY_NEIGHBOUR, None, ["stop_neighbour"]),
        (Cause.RETRY_STORM, None, ["switch_flag"]),
        (Cause.UNKNOWN, RELEASE, []),
    ],
)
def test_without_a_past_the_shipped_runbooks_give_the_order(
    cause: Cause, release: Change | None, actions: list[str]
) -> None:
    assert [candidate.action.name for candidate in shipped(cause, release=release)] == actions


def test_every_cause_has_a_runbook_or_is_known_to_have_none() -> None:
    assert {cause for runbook in SHIPPED for cause in runbook.match.causes} == set(Cause) - WITHOUT_RUNBOOK


def test_an_action_that_never_helped_comes_after_one_that_fits_less() -> None:
    records = {("restart", Cause.POOL_EXHAUSTION): TrackRecord(helped=0, tried=6)}

    first, second = shipped(Cause.POOL_EXHAUSTION, records)

    assert (first.action.name, second.action.name) == ("scale_pool", "restart")
    assert second.reason.endswith("against pool exhaustion it helped 0 of 6 times before.")
    assert first.reason.endswith("against pool exhaustion it was not tried before.")


def test_what_an_action_did_against_another_cause_does_not_count() -> None:
    records = {("restart", Cause.MEMORY_LEAK): TrackRecord(helped=0, tried=50)}

    assert shipped(Cause.POOL_EXHAUSTION, records)[0].action.name == "restart"


def test_the_dependency_to_get_away_from_is_passed_on() -> None:
    (candidate,) = shipped(Cause.SLOW_DEPENDENCY, subject="bank")

    assert candidate.params == {"dependency": "bank"}


def test_a_release_that_is_taken_back_is_named() -> None:
    candidates = shipped(Cause.CRASH_LOOP, release=RELEASE)

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
    candidates = shipped(cause, records, available=available, release=release)

    scores = [candidate.score.total for candidate in candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert all(candidate.action in available for candidate in candidates)
    assert all(cause in candidate.runbook.match.causes for candidate in candidates)
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
def test_a_recent_release_is_the_last_one_before_the_onset_unless_quell_made_it(
    changes: list[Change], found: bool
) -> None:
    assert (recent_change(changes, "cart", onset=AT) is not None) == found


BEFORE = {
    Cause.POOL_EXHAUSTION: {"restart": 1.0, "scale_pool": 0.5, "roll_back": 0.4},
    Cause.MEMORY_LEAK: {"restart": 1.0, "roll_back": 0.4},
    Cause.CRASH_LOOP: {"roll_back": 1.0, "flush_cache": 0.6},
    Cause.CPU_SATURATION: {"roll_back": 1.0, "restart": 0.8},
}
"""The weights of the table that was in the code before there were runbooks, where a cause has more than one action."""


@given(cause=st.sampled_from(sorted(BEFORE)), records=pasts)
def test_whatever_the_records_the_shipped_runbooks_stand_as_the_table_before_them_had_it(
    cause: Cause, records: Mapping[tuple[str, Cause], TrackRecord]
) -> None:
    nothing = TrackRecord(helped=0, tried=0)
    before = {
        action: weight * helped_share(records.get((action, cause), nothing)) for action, weight in BEFORE[cause].items()
    }

    now = {one.action.name: one.score.total for one in shipped(cause, records, release=RELEASE)}

    assert now.keys() == before.keys()
    ratios = [now[action] / before[action] for action in before]
    assert ratios == pytest.approx([ratios[0]] * len(ratios))


@pytest.mark.parametrize(
    ("match", "more", "fits"),
    [
        ({"services": ("cart",)}, {}, True),
        ({"services": ("ca*", "x")}, {}, True),
        ({"services": ("Cart",)}, {}, False),
        ({"kinds": ("data*",)}, {"kind": "database"}, True),
        ({"kinds": ("data*",)}, {"kind": "stateless"}, False),
        ({"series": ("memory_use",)}, {"out_of_range": frozenset({("cart", "memory_use")})}, True),
        ({"series": ("memory_use",)}, {"out_of_range": frozenset({("edge", "memory_use")})}, False),
        ({"labels": {"cluster": "prod-*"}}, {"labels": [{}, {"cluster": "prod-1"}]}, True),
        ({"labels": {"cluster": "prod-*", "tier": "1"}}, {"labels": [{"cluster": "prod-1"}, {"tier": "1"}]}, False),
        ({"causes": (Cause.DISK_FULL,)}, {}, False),
        ({"causes": (Cause.DISK_FULL, Cause.MEMORY_LEAK)}, {}, True),
    ],
)
def test_a_runbook_fits_when_all_of_its_matchers_do(match: dict[str, Any], more: dict[str, Any], fits: bool) -> None:
    choice = chosen(own(match=Match(**{"causes": (Cause.MEMORY_LEAK,), **match})), **more)

    assert (names(choice), choice.passed_over) == (["own"] if fits else [], ())


def test_a_runbook_that_names_the_service_comes_before_a_general_one_of_the_same_weight() -> None:
    narrow = own("narrow", match=Match(causes=(Cause.MEMORY_LEAK,), services=("cart",)))

    assert names(chosen(own("general"), narrow)) == ["narrow", "general"]


def test_labels_that_anybody_can_write_lift_no_runbook_over_another() -> None:
    labelled = own("z-labelled", match=Match(causes=(Cause.MEMORY_LEAK,), labels={"urgent": "*"}))

    assert names(chosen(own("a-plain"), labelled, labels=[{"urgent": "yes"}])) == ["a-plain", "z-labelled"]


def test_of_equal_runbooks_the_less_risky_comes_first_and_then_the_name_decides() -> None:
    high, low = own("a", risk="high"), own("z", risk="low")

    assert names(chosen(high, own("n"), own("m"), low)) == ["z", "m", "n", "a"]


def test_the_steps_of_a_runbook_stay_together_and_one_that_cannot_be_done_here_is_left_out() -> None:
    steps = (Step(action="page"), Step(action="scale_pool", params={"size": 8}), Step(action="restart"))

    choice = chosen(own("a", steps=steps), own("b", risk="high"))

    assert names(choice) == ["a", "a", "b"]
    assert [one.action.name for one in choice.candidates] == ["scale_pool", "restart", "restart"]
    assert choice.candidates[0].params == {"size": "8"}


def ran(seconds: float, *, service: str = "cart", runbook: str = "own") -> RunbookRun:
    return RunbookRun(
        at=AT - timedelta(seconds=seconds), runbook=runbook, service=service, incident_id="INC-1", plan_id="p"
    )


@pytest.mark.parametrize(
    ("when", "more", "because"),
    [
        ({"min_probability": 0.8}, {}, ""),
        ({"min_probability": 0.81}, {}, "a probability of 0.80 is below its 0.81"),
        ({"recent_change": "deploy"}, {"changes": [RELEASE]}, ""),
        ({"recent_change": "deploy"}, {"changes": [deploy(-301)]}, "cart got no deploy within 300 s"),
        ({"recent_change": "flag"}, {"changes": [RELEASE]}, "cart got no flag within 300 s"),
        ({"not_within_s": 600}, {"runs": [ran(601), ran(5, service="edge"), ran(5, runbook="other")]}, ""),
        ({"not_within_s": 600}, {"runs": [ran(599)]}, "it ran on cart 599 s ago"),
        ({"not_within_s": 600}, {"runs": [ran(-1)]}, "it ran on cart 0 s ago"),
        ({"runs_per_hour": 2}, {"runs": [ran(3601), ran(10)]}, ""),
        ({"runs_per_hour": 2}, {"runs": [ran(3599, service="edge"), ran(10)]}, "it ran 2 times in the last hour"),
        (
            {"dependencies_healthy": True},
            {"edges": [("edge", "cart")], "out_of_range": frozenset({("cart", "up"), ("edge", "up")})},
            "",
        ),
        (
            {"dependencies_healthy": True},
            {"edges": [("cart", "bank")], "out_of_range": frozenset({("bank", "up")})},
            "bank, which cart calls, left its normal range too",
        ),
    ],
)
def test_a_runbook_whose_pre_condition_does_not_hold_is_held_back_and_says_why(
    when: dict[str, Any], more: dict[str, Any], because: str
) -> None:
    choice = chosen(own(when=When(**when)), **more)

    assert names(choice) == ([] if because else ["own"])
    assert [because in said for said in choice.passed_over] == ([True] if because else [])


@given(
    probability=st.floats(0.01, 1),
    weight=st.floats(0.01, 1),
    risk=st.sampled_from(["low", "medium", "high"]),
    record=track_records(),
    narrow=st.lists(st.sampled_from(["services", "kinds", "series"]), unique=True),
)
def test_a_score_is_a_share_and_the_product_of_its_factors(
    probability: float, weight: float, risk: str, record: TrackRecord, narrow: list[str]
) -> None:
    narrowed: dict[str, Any] = dict.fromkeys(narrow, ("cart",))
    runbook = own(weight=weight, risk=risk, match=Match(causes=(Cause.MEMORY_LEAK,), **narrowed))

    score = score_of(runbook, probability, record)

    assert 0 < score.total < 1
    assert score.total == pytest.approx(score.fit * score.record * score.risk)
    assert score.fit <= probability * weight * (1 + 1e-9)


@pytest.mark.parametrize(
    ("cause", "action"), [(Cause.BAD_RELEASE, "roll_back"), (Cause.BAD_CONFIG, "roll_back_config")]
)
def test_what_goes_back_is_held_back_where_nothing_was_seen_healthy(cause: Cause, action: str) -> None:
    unknown = BackTo(why_not="no release of cart was seen healthy before the trouble")

    choice = choose(situation(cause, release=RELEASE, back_to={action: unknown}), SHIPPED, ACTIONS, {})

    assert choice.candidates == ()
    assert any(one.endswith(f": {unknown.why_not}") for one in choice.passed_over)


def test_a_runbook_with_another_step_is_left_with_that_one() -> None:
    steps = (Step(action="roll_back"), Step(action="restart"))
    both = own(match=Match(causes=(Cause.MEMORY_LEAK,)), steps=steps)

    choice = chosen(both, back_to={"roll_back": BackTo(why_not="none was seen healthy")})

    assert [candidate.action.name for candidate in choice.candidates] == ["restart"]


def test_a_release_that_the_runbook_names_is_gone_to_whatever_was_seen() -> None:
    fixed = own(steps=(Step(action="roll_back", params={"to": "1.0.0"}),))

    (candidate,) = chosen(fixed, back_to={"roll_back": BackTo(why_not="none was seen healthy")}).candidates

    assert candidate.params == {"to": "1.0.0"}
