"""When a series left its range."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.signals.anomaly import Normal, normal_of
from quell.signals.change import onset

TIMES = np.arange(300.0)


def noisy(seed: int = 1, sigma: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.0, sigma, TIMES.size)


def normal(values: np.ndarray) -> Normal:
    found = normal_of(values[:150])
    assert found is not None
    return found


def test_a_step_is_placed_between_the_two_points_around_it():
    values = noisy()
    values[200:] += 2

    found = onset(TIMES, values, normal(values), direction="above")
    assert found is not None
    assert found.at_s == pytest.approx(199.5, abs=0.6)
    assert found.error_s < 3


def test_a_slope_is_placed_where_it_began_and_not_where_it_crossed_the_range():
    values = noisy(sigma=0.05) + 0.05 * np.maximum(0, TIMES - 200)

    found = onset(TIMES, values, normal(values))
    assert found is not None
    assert abs(found.at_s - 200) <= max(found.error_s, 3)


def test_a_step_seen_through_a_rate_over_five_seconds_is_placed_at_its_start():
    values = noisy() + 2 * np.clip((TIMES - 200) / 5, 0, 1)

    found = onset(TIMES, values, normal(values))
    assert found is not None
    assert found.at_s == pytest.approx(200.5, abs=1.5)


def test_a_series_that_never_leaves_its_range_has_no_onset():
    values = noisy()

    assert onset(TIMES, values, normal(values)) is None


def test_single_outliers_are_not_an_onset():
    values = noisy()
    values[[50, 120, 121, 260]] = 50

    assert onset(TIMES, values, normal(values), min_points=3) is None


def test_the_wrong_direction_is_not_an_onset():
    values = noisy()
    values[200:] -= 2

    assert onset(TIMES, values, normal(values), direction="above") is None
    assert onset(TIMES, values, normal(values), direction="below") is not None


def test_an_old_trouble_that_passed_is_not_taken_for_the_one_that_lasts():
    values = noisy()
    values[40:60] += 9
    values[250:] += 2

    found = onset(TIMES, values, normal(noisy()))
    assert found is not None
    assert found.at_s == pytest.approx(249.5, abs=1)


def test_a_trouble_that_is_over_is_still_found():
    values = noisy()
    values[180:220] += 2

    found = onset(TIMES, values, normal(values))
    assert found is not None
    assert found.at_s == pytest.approx(179.5, abs=1)


def test_two_troubles_close_together_do_not_become_one():
    values = noisy()
    values[200:210] += 2
    values[225:] += 2

    found = onset(TIMES, values, normal(values), min_points=3)
    assert found is not None
    assert found.at_s == pytest.approx(224.5, abs=1)


def test_a_hole_over_the_change_is_part_of_its_error():
    values = noisy()
    values[200:] += 2
    values[190:210] = math.nan

    found = onset(TIMES, values, normal(values))
    assert found is not None
    assert abs(found.at_s - 200) <= found.error_s


def test_a_ratio_that_flickers_is_one_trouble():
    values = np.zeros(300)
    values[200:] = np.where(np.arange(100) % 3 == 0, 0.0, 0.3)
    base = normal_of(values[:150], unit_floor=0.005)

    assert base is not None
    found = onset(TIMES, values, base, direction="above")
    assert found is not None
    assert found.at_s == pytest.approx(200, abs=1.5)


def test_a_series_that_starts_out_of_range_has_its_onset_at_its_start():
    base = Normal(center=0, scale=1, low=-4, high=4)

    found = onset(TIMES[:20], np.full(20, 50.0), base)
    assert found is not None
    assert found.at_s == pytest.approx(-0.5)


def test_no_points_have_no_onset():
    assert onset([], [], Normal(center=0, scale=1, low=-4, high=4)) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e4), st.one_of(st.none(), st.floats(-1e9, 1e9), st.just(math.nan))), max_size=60),
    st.sampled_from(("above", "below", "either")),
)
def test_whatever_comes_in_an_onset_is_finite_and_near_the_points(points, direction):
    times, values = [t for t, _ in points], [v for _, v in points]

    found = onset(times, values, Normal(center=0, scale=1, low=-4, high=4), direction=direction)
    if found is not None:
        step = max(times) - min(times)
        assert min(times) - step <= found.at_s <= max(times)
        assert math.isfinite(found.error_s)
        assert found.error_s >= 0


def test_the_error_covers_the_truth_in_nine_of_ten_simulated_steps():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(100):
        times = TIMES + rng.normal(0, 0.05, TIMES.size)
        values, truth = rng.normal(1, 0.1, TIMES.size), 200 + rng.random()
        values[times >= truth] += rng.uniform(0.6, 3)
        found = onset(times, values, normal(values))
        assert found is not None
        covered += abs(found.at_s - truth) <= found.error_s

    assert covered >= 90
