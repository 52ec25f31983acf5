"""A map from scores to probabilities that come true as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.signals.builtin import LOCATE
from quell.signals.calibration import Calibration
from quell.signals.scoring import ece

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=8, max_size=120)


def test_a_map_learned_from_one_half_is_calibrated_on_the_other() -> None:
    rng = np.random.default_rng(3)
    scores = rng.uniform(0, 1, 4000)
    right = rng.uniform(0, 1, 4000) < scores**2

    fitted = Calibration.fit(scores[:2000], right[:2000])

    said = [fitted.apply(float(one)) for one in scores[2000:]]
    assert ece(said, right[2000:]) < 0.5 * ece(scores[2000:], right[2000:])


@given(PAIRS, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_never_less_probable(pairs: list[tuple[float, bool]], one: float, other: float) -> None:
    fitted = Calibration.fit([p for p, _ in pairs], [y for _, y in pairs])

    low, high = sorted((one, other))
    assert 0 <= fitted.apply(low) <= fitted.apply(high) <= 1


@given(PAIRS)
def test_the_order_of_answers_does_not_matter(pairs: list[tuple[float, bool]]) -> None:
    scores = [i / 200 for i in range(len(pairs))]
    outcomes = [y for _, y in pairs]

    assert Calibration.fit(scores, outcomes) == Calibration.fit(scores[::-1], outcomes[::-1])


def test_a_few_right_answers_are_no_certainty() -> None:
    fitted = Calibration.fit([0.9] * 8, [True] * 8)

    assert 0.85 < fitted.apply(0.9) < 0.95


def test_no_sign_at_all_is_no_answer() -> None:
    assert Calibration.fit([0.9] * 8, [True] * 8).apply(0.0) == 0.0
    assert LOCATE.apply(0.0) == 0.0


def test_too_few_answers_teach_nothing() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        Calibration.fit([0.5] * 7, [True] * 7)
