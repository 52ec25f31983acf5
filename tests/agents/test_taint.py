"""Nothing is done automatically on the word of a text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.agents.taint import REASON, bounded, rests_on_text_alone
from quell.incident import events as ev
from quell.incident.events import Argument, Autonomy, Change, Evidence, EvidenceKind
from tests.projections.given import DIAGNOSIS, PLAN, START, evidence

SERIES = ev.Series(name="error_ratio", service="payment", unit="ratio", times=(1.0, 2.0), values=(None, 0.4))
CHANGE = Change(at=START, service="payment", kind="deploy", what="image", before="1", after="2", by="ci")


def piece(kind: EvidenceKind, *, empty: bool = False) -> Evidence:
    bare = replace(evidence("E1", kind), edges=())
    return bare if empty else replace(bare, series=(SERIES,), changes=(CHANGE,))


def hypothesis(*weights: float) -> ev.Hypothesis:
    arguments = tuple(Argument(evidence_id=f"E{n}", says="", weight=w) for n, w in enumerate(weights, start=1))
    return replace(DIAGNOSIS.hypotheses[0], in_favour=arguments)


@pytest.mark.parametrize(
    ("found", "alone"),
    [
        (piece(EvidenceKind.LOG), True),
        (piece(EvidenceKind.TOPOLOGY), True),
        (piece(EvidenceKind.METRIC), False),
        (piece(EvidenceKind.TRACE), False),
        (piece(EvidenceKind.CHANGE), False),
        (piece(EvidenceKind.METRIC, empty=True), True),
        (piece(EvidenceKind.CHANGE, empty=True), True),
    ],
)
def test_only_a_measured_number_or_a_recorded_change_is_more_than_text(found: Evidence, alone: bool) -> None:
    assert rests_on_text_alone(hypothesis(1.0), {"E1": found}) is alone


def test_an_argument_without_weight_or_evidence_carries_nothing() -> None:
    assert rests_on_text_alone(hypothesis(0.0), {"E1": piece(EvidenceKind.METRIC)})
    assert rests_on_text_alone(hypothesis(1.0), {})


@given(
    st.lists(st.sampled_from(EvidenceKind), max_size=4),
    st.sampled_from(Autonomy),
)
def test_a_plan_runs_by_itself_only_on_more_than_text_and_never_gets_more_freedom(
    kinds: list[EvidenceKind], autonomy: Autonomy
) -> None:
    pieces = tuple(replace(piece(kind), id=f"E{n}") for n, kind in enumerate(kinds, start=1))
    found = replace(DIAGNOSIS, evidence=pieces)
    plan = replace(PLAN, autonomy=autonomy)

    kept = bounded(plan, hypothesis(*[1.0] * len(kinds)), None, found)

    more = {EvidenceKind.METRIC, EvidenceKind.TRACE, EvidenceKind.CHANGE} & set(kinds)
    if autonomy is Autonomy.AUTO and not more:
        assert kept.autonomy is Autonomy.APPROVE
        assert kept.autonomy_reason.endswith(REASON)
    else:
        assert kept == plan
