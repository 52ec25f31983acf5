"""The streaming detector: what stands out scores higher than what does not, in bounded memory."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.signals.stream import LOCAL_POINTS, MOST_HELD, WARM_POINTS, YARDSTICK, StreamDetector

STEP_S = 300.0
DAY = int(86_400 / STEP_S)


def scores(values: np.ndarray | list[float], *, step_s: float = STEP_S) -> np.ndarray:
    detector = StreamDetector()
    return np.array([detector.update(1e9 + step_s * i, float(value)) for i, value in enumerate(values)])


def noise(count: int, seed: int = 5) -> np.ndarray:
    return 10 + np.random.default_rng(seed).standard_normal(count)


def daily(days: int) -> np.ndarray:
    at = np.arange(days * DAY)
    return 50 + 40 * np.sin(2 * math.pi * at / DAY) + np.random.default_rng(6).standard_normal(at.size)


def test_a_spike_stands_out() -> None:
    values = noise(800)
    values[600] += 40

    found = scores(values)

    assert found[600] > 0.9
    assert found[600] == found.max()


def test_a_step_stands_out_where_it_happens() -> None:
    values = noise(800)
    values[600:] += 30

    found = scores(values)

    assert int(found.argmax()) in range(600, 600 + LOCAL_POINTS)


def test_what_happens_every_day_is_usual_and_its_absence_is_not() -> None:
    usual, missing = daily(10), daily(10)
    jump = 8 * DAY + DAY // 2
    usual[DAY // 2 :: DAY] += 60
    missing[DAY // 2 :: DAY] += 60
    missing[jump + 40] += 60

    assert scores(usual)[jump] < 0.5
    assert scores(missing)[jump + 40] > 0.7


def test_an_alarm_holds_back_weaker_ones_for_a_while() -> None:
    values = noise(2000)
    values[600] += 50
    values[650] += 20
    values[1500] += 20

    found = scores(values)

    assert found[600] > 0.9
    assert found[650] == 0
    assert found[1500] > 0.5


def test_nothing_is_said_of_the_first_values() -> None:
    values = noise(WARM_POINTS)
    values[-1] += 1000

    assert not scores(values).any()


@given(st.floats(0.001, 1e6), st.floats(-1e6, 1e6))
@settings(max_examples=20)
def test_neither_unit_nor_offset_matters(unit: float, offset: float) -> None:
    # Halves and thousands keep sums exact enough for the comparison below.
    values = np.round(noise(300), 3)
    values[250] += 30
    plain, scaled = scores(values), scores(values * unit + offset)

    if abs(offset) < 1e3 * unit:
        assert scaled[250] == pytest.approx(plain[250], abs=1e-3)


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), max_size=200))
def test_any_values_give_a_score_from_0_to_1(values: list[float | None]) -> None:
    detector = StreamDetector()

    for i, value in enumerate(values):
        assert 0 <= detector.update(STEP_S * i, value) < 1


def test_values_at_the_end_of_what_a_float_holds_give_a_score() -> None:
    detector = StreamDetector()

    for i in range(300):
        assert 0 <= detector.update(STEP_S * i, 1.7e308 * (-1) ** (i // 3)) < 1


@given(st.lists(st.floats(0, 1e9), min_size=60, max_size=120))
def test_times_in_any_order_are_survived(times: list[float]) -> None:
    detector = StreamDetector()

    for i, at in enumerate(times):
        assert 0 <= detector.update(at, float(i % 7)) < 1


def test_what_is_not_a_number_changes_nothing() -> None:
    values = noise(300)
    values[250] += 30
    clean, holed = StreamDetector(), StreamDetector()

    for i, value in enumerate(values):
        expected = clean.update(STEP_S * i, value)
        assert holed.update(STEP_S * i + 1, math.nan) == 0
        assert holed.update(STEP_S * i, value) == expected or i < 20


@pytest.mark.parametrize("step_s", [1.0, 15.0, 300.0, 3600.0])
def test_memory_does_not_grow_with_the_series(step_s: float) -> None:
    detector, sizes = StreamDetector(), []
    for i, value in enumerate(noise(12_000)):
        detector.update(step_s * i, value)
        if i in (5999, 11_999):
            sizes.append(_held(detector))

    assert sizes[1] <= 1.1 * sizes[0] + 64 * MOST_HELD
    assert _held(detector) < 100_000
    assert [len(tail.largest) for tail in detector._tails] == [YARDSTICK] * 3


def _held(detector: StreamDetector) -> int:
    lists = (detector._low, detector._high, *(tail.largest for tail in detector._tails))
    held = sum(sys.getsizeof(one) + 32 * len(one) for one in lists)
    return held + detector._past.nbytes + 96 * (len(detector._recent) + len(detector._held))


def test_a_shape_never_seen_stands_out_though_its_values_are_usual() -> None:
    # A swing whose period is no share of a day, and one value of its other half. The next two shapes hold it too.
    swing = 10 * np.sin(2 * np.pi * np.arange(1200) / 37)
    values = swing + 0.1 * (noise(1200) - 10)
    values[893] = -values[893]

    assert abs(values[893]) < 9.0
    found = scores(values)
    assert found[893] > 0.5
    assert 200 + int(found[200:].argmax()) in (893, 894, 895)


def test_a_long_hole_in_the_data_is_survived() -> None:
    detector = StreamDetector()
    for i, value in enumerate(noise(1000)):
        detector.update(STEP_S * i, value)

    assert detector.update(STEP_S * 1000 + 30 * 86_400, 10.0) < 0.5


def test_the_same_values_give_the_same_scores() -> None:
    assert (scores(daily(3)) == scores(daily(3))).all()
