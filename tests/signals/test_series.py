"""Counters, buckets and grids."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.signals.series import (
    aligned,
    as_array,
    increases,
    ordered,
    quantiles,
    rates,
    rolling_median,
    spread,
    unreset,
)

COUNTS = st.lists(st.one_of(st.floats(0, 1e9), st.just(math.nan)), min_size=1, max_size=60)


def test_a_counter_that_drops_restarts_from_its_new_value():
    counts = as_array([10, 20, 3, 5])

    assert unreset(counts).tolist() == [10, 20, 23, 25]


def test_a_counter_not_seen_for_a_while_stands_still_and_goes_on():
    counts = as_array([10, None, None, 16])

    assert unreset(counts).tolist() == [10, 10, 10, 16]


def test_what_is_before_the_first_value_is_not_known():
    assert np.isnan(unreset(as_array([None, 4, 6]))[0])


@given(COUNTS)
def test_a_counter_made_whole_never_falls_and_keeps_its_length(counts):
    risen = unreset(as_array(counts))

    known = risen[np.isfinite(risen)]
    assert risen.shape == (len(counts),)
    assert (np.diff(known) >= 0).all()


@given(COUNTS, st.floats(0.5, 20))
def test_a_rate_is_never_negative_whatever_the_counter_does(counts, span_s):
    times = np.arange(len(counts), dtype=float)

    rate = rates(times, as_array(counts), span_s)
    assert not (rate < 0).any()


def test_a_steady_counter_gives_its_slope_over_the_whole_span():
    times = np.arange(20.0)

    rate = rates(times, 3 * times, 5)
    assert np.isnan(rate[0])
    assert rate[1:] == pytest.approx(np.full(19, 3.0))


def test_a_rate_reaches_over_a_short_gap_and_not_over_a_long_one():
    times = np.array([0.0, 1, 2, 9, 100])

    rate = rates(times, 2 * times, 5)
    assert rate[3] == pytest.approx(2.0)
    assert np.isnan(rate[4])


def test_the_columns_of_a_table_are_counted_each_for_itself():
    counts = np.array([[0.0, 5], [1, 6], [2, 1]])

    assert increases(np.arange(3.0), counts, 1).tolist()[1:] == [[1, 1], [1, 1]]


def test_an_empty_series_has_empty_rates():
    assert rates(np.array([]), np.array([]), 5).size == 0
    assert unreset(np.zeros((0, 3))).shape == (0, 3)


def test_a_quantile_is_read_linearly_within_its_bucket():
    bounds = np.array([0.1, 0.2, 0.4, math.inf])

    assert quantiles(bounds, np.array([[0.0, 50, 100, 100]]), 0.75).tolist() == pytest.approx([0.3])


def test_a_quantile_above_every_finite_bound_is_the_highest_bound():
    assert quantiles(np.array([0.1, 0.2, math.inf]), np.array([[0.0, 0, 9]]), 0.99).tolist() == [0.2]


def test_no_observation_has_no_quantile():
    assert np.isnan(quantiles(np.array([0.1, math.inf]), np.array([[0.0, 0]]), 0.5)).all()


@given(
    st.lists(st.integers(0, 50), min_size=4, max_size=4),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_a_higher_quantile_is_never_smaller(increments, one, other):
    bounds = np.array([0.1, 0.5, 2.0, math.inf])
    counts = np.cumsum(increments, dtype=float)[None, :]

    low, high = (quantiles(bounds, counts, level)[0] for level in sorted((one, other)))
    assert np.isnan(low) or low <= high + 1e-12


def test_a_median_of_three_takes_out_a_single_outlier_and_leaves_a_step():
    values = as_array([1, 1, 99, 1, 1, 5, 5, 5])

    assert rolling_median(values).tolist() == [1, 1, 1, 1, 1, 5, 5, 5]


def test_a_median_keeps_holes_as_holes():
    smooth = rolling_median(as_array([1, None, 3, 3]))

    assert np.isnan(smooth[1])
    assert smooth[0] == 1


def test_points_come_out_in_order_without_repeats_and_holes():
    t, v = ordered([3, 1, 1, 2, 4], [30, 10, 11, None, math.inf])

    assert t.tolist() == [1, 3]
    assert v.tolist() == [10, 30]


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="2 times and 1 values"):
        ordered([1, 2], [1])


def test_a_grid_reads_the_newest_value_that_is_not_too_old():
    values = aligned([0, 10], [1, 2], np.array([-1.0, 0, 4, 6, 12]), max_age_s=5)

    assert values.tolist() == pytest.approx([math.nan, 1, 1, math.nan, 2], nan_ok=True)


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_spread_picks_one_position_of_each_equal_part_in_order(count, most):
    picked = spread(max(count, most), most)

    assert len(set(picked)) == most
    assert picked == sorted(picked)
    assert picked[0] >= 0
    assert picked[-1] < max(count, most)
