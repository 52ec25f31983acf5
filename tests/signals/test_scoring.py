"""Intervals, Brier score, calibration error: against known values and against themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from quell.signals.scoring import brier, coverage_curve, ece, reliability, wilson

PREDICTIONS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(pair: tuple[int, int]) -> None:
    successes, n = pair
    theirs = binomtest(successes, n).proportion_ci(0.95, method="wilson")

    assert wilson(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_nothing_is_known_of_no_trial() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_perfect_predictions_have_no_error() -> None:
    assert brier([1, 0, 1], [True, False, True]) == 0
    assert ece([1, 0, 1], [True, False, True]) == 0


def test_calibration_error_is_the_weighted_gap() -> None:
    assert ece([0.95] * 10, [True] * 8 + [False] * 2) == pytest.approx(0.15)
    assert ece([0.95] * 10 + [0.05] * 10, [True] * 8 + [False] * 2 + [False] * 10) == pytest.approx(0.1)


@given(PREDICTIONS)
def test_bins_hold_every_prediction_once(pairs: list[tuple[float, bool]]) -> None:
    bins = reliability([p for p, _ in pairs], [y for _, y in pairs])

    assert sum(one.count for one in bins) == len(pairs)
    for one in bins:
        assert one.low - 1e-9 <= one.mean_probability <= one.high + 1e-9
        assert one.low95 <= one.share_right <= one.high95


@given(PREDICTIONS)
def test_scores_lie_between_0_and_1(pairs: list[tuple[float, bool]]) -> None:
    p, y = [one for one, _ in pairs], [one for _, one in pairs]

    assert 0 <= brier(p, y) <= 1
    assert 0 <= ece(p, y) <= 1


@given(PREDICTIONS)
def test_a_higher_threshold_covers_less(pairs: list[tuple[float, bool]]) -> None:
    curve = coverage_curve([p for p, _ in pairs], [y for _, y in pairs])

    assert curve[0].coverage == 1
    assert all(np.diff([one.coverage for one in curve]) < 0)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="2 probabilities and 1 outcomes"):
        brier([0.1, 0.2], [True])
