"""Sketches: they add up, forget what is taken away, and give the figures of the durations themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.outcomes import sketch, strata, times
from quell.outcomes.sketch import RELATIVE_ERROR, DaySketch, life_table, merged
from quell.outcomes.survival import Durations

SECONDS = st.lists(st.floats(0.5, 5e6), max_size=60)


@given(st.lists(SECONDS, max_size=5))
def test_the_merge_of_sketches_is_the_sketch_of_the_union(days: list[list[float]]) -> None:
    assert merged(DaySketch.of(day) for day in days) == DaySketch.of([one for day in days for one in day])


@given(SECONDS, SECONDS)
def test_taking_away_undoes_adding_and_leaves_no_trace(kept: list[float], mistaken: list[float]) -> None:
    both = DaySketch.of([*kept, *mistaken])

    assert both.minus(DaySketch.of(mistaken)) == DaySketch.of(kept)


def test_what_is_not_there_cannot_be_taken_away() -> None:
    with pytest.raises(ValueError, match="fewer than no"):
        DaySketch.of([10.0, 20.0]).minus(DaySketch.of([1000.0]))


def test_sketches_of_different_caps_do_not_mix() -> None:
    with pytest.raises(ValueError, match="caps"):
        merged([DaySketch.of([1.0], cap_s=10.0), DaySketch.of([1.0], cap_s=20.0)])


@given(SECONDS)
def test_a_sketch_survives_being_written_down(seconds: list[float]) -> None:
    kept = DaySketch.of(seconds)

    assert DaySketch.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


@pytest.mark.parametrize("wrong", [{}, {"n": 1}, {**DaySketch.of([5.0]).to_dict(), "n": 2}, {"logs": 3}])
def test_what_is_no_sketch_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="sketch"):
        DaySketch.from_dict(wrong)


@given(st.lists(st.floats(1e-3, 1e8), min_size=1, max_size=60))
def test_each_duration_is_within_the_stated_error_of_its_bin(seconds: list[float]) -> None:
    table = life_table(DaySketch.of(seconds))
    places = np.repeat(table.at_s, table.ended.astype(int))

    assert np.abs(places / np.sort(seconds) - 1).max() <= RELATIVE_ERROR * (1 + 1e-6)


@pytest.mark.parametrize("n", [12, 60, 500])
@pytest.mark.parametrize("still", [0, 8])
def test_the_figures_of_a_sketch_are_those_of_the_durations_within_the_error(n: int, still: int) -> None:
    rng = np.random.default_rng(n)
    ended, ages = np.exp(8 + 1.4 * rng.standard_normal(n)), np.exp(7 + rng.standard_normal(still))
    kept, durations = merged(DaySketch.of(part) for part in np.array_split(ended, 4)), Durations.of(ended, ages)

    pairs = [
        (sketch.median(kept, ages), times.median(durations)),
        (sketch.percentile(kept, 0.9, ages), times.percentile(durations, 0.9)),
        (sketch.geometric_mean(kept, ages), times.geometric_mean(durations)),
        (sketch.capped_mean(kept, ages), times.capped_mean(durations)),
    ]
    for ours, exact in pairs:
        assert ours.value == pytest.approx(exact.value, rel=RELATIVE_ERROR * 1.01)
        assert ours.low == pytest.approx(exact.low, rel=0.03)
        assert (ours.high is None) == (exact.high is None)
        assert ours.high is None or ours.high == pytest.approx(exact.high, rel=0.05)
        assert (ours.n, ours.open) == (exact.n, exact.open)


def test_the_stratified_mean_of_sketches_is_that_of_the_durations_within_the_error() -> None:
    rng = np.random.default_rng(9)
    quick, slow = np.exp(5.7 + 0.6 * rng.standard_normal(90)), np.exp(9.3 + 0.9 * rng.standard_normal(30))
    ages = {"person": [4000.0, 9000.0], "unknown": [100.0]}
    ours = sketch.stratified_capped_mean({"quell": DaySketch.of(quick), "person": DaySketch.of(slow)}, ages)
    exact = strata.stratified_capped_mean(
        {
            "quell": Durations.of(quick),
            "person": Durations.of(slow, ages["person"]),
            "unknown": Durations.of([], ages["unknown"]),
        }
    )

    assert (ours.n, ours.open) == (exact.n, exact.open) == (120, 3)
    assert (ours.value, ours.low, ours.high) == pytest.approx((exact.value, exact.low, exact.high), rel=0.03)


def test_with_none_open_the_means_of_a_sketch_are_exact() -> None:
    ended = np.exp(8 + 1.4 * np.random.default_rng(1).standard_normal(5000))
    kept, durations = DaySketch.of(ended), Durations.of(ended)

    assert sketch.geometric_mean(kept).value == pytest.approx(times.geometric_mean(durations).value, rel=1e-8)
    assert sketch.capped_mean(kept).value == pytest.approx(times.capped_mean(durations).value, rel=1e-6)
    assert sketch.geometric_mean(kept).says == ""


def test_a_figure_from_the_histogram_says_so() -> None:
    assert sketch.median(DaySketch.of(np.arange(1.0, 50.0))).says == "from a histogram: within 1%"


def test_a_sketch_of_few_says_nothing() -> None:
    few = DaySketch.of([10.0, 20.0, 30.0])

    for figure in (sketch.median, sketch.geometric_mean, sketch.capped_mean):
        assert figure(few).value is None
        assert figure(few, [5.0, 6.0]).says == "fewer than 6: see the list"


def test_a_million_incidents_need_no_more_room_than_thousands() -> None:
    rng = np.random.default_rng(2)
    many = DaySketch.of(np.exp(8 + 1.4 * rng.standard_normal(300_000)))

    assert many.bins.size < 1000
    assert sketch.median(many, [100.0] * 20).n == 300_000
