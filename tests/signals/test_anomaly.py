"""What counts as normal."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.signals.anomaly import floor_of, normal_of, outside, scores

FINITE = st.floats(-1e6, 1e6)
BASELINE = st.lists(FINITE, min_size=8, max_size=80)


def test_fewer_than_eight_values_say_nothing():
    assert normal_of([1.0] * 7 + [math.nan] * 5) is None


def test_a_constant_series_keeps_a_scale_of_two_per_cent():
    normal = normal_of([100.0] * 20)

    assert normal is not None
    assert (normal.center, normal.scale) == (100.0, pytest.approx(2.0))


def test_a_series_of_zeros_is_as_wide_as_the_floor_of_its_unit():
    normal = normal_of([0.0] * 20, unit_floor=floor_of("ratio"))

    assert normal is not None
    assert normal.scale == 0.005
    assert (normal.low, normal.high) == (0.0, pytest.approx(0.02))


def test_a_quantised_series_with_no_spread_between_its_quartiles_still_has_a_scale():
    values = ([2.0] * 8 + [3.0] * 2) * 5

    normal = normal_of(values, smooth=1)
    assert normal is not None
    assert normal.scale == pytest.approx(0.2)


def test_a_tenth_of_outliers_does_not_widen_the_range_much():
    rng = np.random.default_rng(1)
    calm = rng.normal(50, 2, 200)
    dirty = calm.copy()
    dirty[::10] = 500

    clean, stained = normal_of(calm), normal_of(dirty)
    assert clean is not None
    assert stained is not None
    assert stained.center == pytest.approx(clean.center, abs=1)
    assert stained.scale < 2 * clean.scale


def test_a_series_that_was_never_negative_has_no_negative_range():
    normal = normal_of([0.0, 1.0] * 10)

    assert normal is not None
    assert normal.low == 0.0


@given(BASELINE, st.lists(FINITE, min_size=1, max_size=20))
def test_the_range_holds_its_centre_and_a_score_grows_with_its_value(baseline, values):
    normal = normal_of(baseline)

    assert normal is not None
    assert normal.low <= normal.center <= normal.high
    assert normal.scale > 0
    assert (np.diff(scores(sorted(values), normal)) >= 0).all()


@given(BASELINE, st.floats(0.1, 100), st.floats(-1000, 1000))
def test_a_score_does_not_depend_on_the_unit_when_no_floor_binds(baseline, factor, shift):
    spread = [value + 10.0 * (-1) ** i * (abs(value) + 1) for i, value in enumerate(baseline)]
    normal = normal_of(spread)
    scaled = normal_of([value * factor for value in spread])

    assert normal is not None
    assert scaled is not None
    expected = scores([shift], normal)
    assert scores([shift * factor], scaled) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_what_is_no_number_has_no_score_and_is_not_outside():
    normal = normal_of([1.0] * 20)

    assert normal is not None
    assert np.isnan(scores([None, math.inf], normal)).all()
    assert outside([None, math.nan, 9, -9], normal).tolist() == [False, False, True, True]
    assert outside([9, -9], normal, direction="above").tolist() == [True, False]
    assert outside([9, -9], normal, direction="below").tolist() == [False, True]
