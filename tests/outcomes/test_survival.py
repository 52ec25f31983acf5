"""The life table against lifelines, and what it does at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times, restricted_mean_survival_time

from quell.outcomes import tails
from quell.outcomes.quantiles import quantile
from quell.outcomes.survival import Durations, LifeTable, moments, pooled

WHOLE_SECONDS = st.integers(1, 50).map(float)
SAMPLES = st.tuples(st.lists(WHOLE_SECONDS, min_size=2, max_size=40), st.lists(WHOLE_SECONDS, max_size=40))


def fitted(durations: Durations) -> KaplanMeierFitter:
    times = np.concatenate([durations.ended_s, durations.open_s])
    return KaplanMeierFitter().fit(times, np.arange(times.size) < durations.ended_s.size)


def some(n: int, still: int) -> Durations:
    rng = np.random.default_rng(7)
    return Durations.of(np.exp(7 + 1.4 * rng.standard_normal(n)), np.exp(6 + 1.4 * rng.standard_normal(still)))


@given(SAMPLES)
def test_survival_is_that_of_lifelines(sample: tuple[list[float], list[float]]) -> None:
    durations = Durations.of(*sample)
    table, theirs = durations.table(), fitted(durations)

    assert table.survival() == pytest.approx(theirs.survival_function_at_times(table.at_s).to_numpy(), abs=1e-6)


@given(SAMPLES)
def test_greenwood_is_that_of_lifelines(sample: tuple[list[float], list[float]]) -> None:
    durations = Durations.of(*sample)
    table, theirs = durations.table(), fitted(durations)
    summed = theirs._cumulative_sq_

    alive = table.survival() > 0
    expected = table.survival() ** 2 * summed.reindex(table.at_s).to_numpy()
    assert table.greenwood()[alive] == pytest.approx(expected[alive], abs=1e-6)


@given(SAMPLES)
def test_median_is_that_of_lifelines_where_the_curve_is_not_level_at_one_half(
    sample: tuple[list[float], list[float]],
) -> None:
    durations = Durations.of(*sample)
    table = durations.table()
    ours, theirs = quantile(table, 0.5, 0.95).value, median_survival_times(fitted(durations))

    if not np.isclose(table.survival(), 0.5).any():
        assert ours == (None if np.isinf(theirs) else theirs)


@pytest.mark.parametrize("still", [0, 9, 60])
def test_mean_up_to_a_cap_is_that_of_lifelines(still: int) -> None:
    durations = some(80, still)
    cap_s = 900.0
    within = durations.table().capped(cap_s)

    theirs = restricted_mean_survival_time(fitted(durations), t=cap_s)
    assert moments(within, within.at_s, 0.0).mean == pytest.approx(theirs, rel=1e-6)


def test_variance_of_the_mean_is_greenwoods_sum() -> None:
    durations = some(60, 20)
    within = durations.table().capped(900.0)
    risk, survival, n = within.at_risk(), within.survival(), within.n_ended
    rise = np.diff(within.at_s)
    total = 0.0
    for i in range(within.at_s.size - 1):
        area = float((survival[i:-1] * rise[i:]).sum())
        total += area**2 * within.ended[i] / (risk[i] * (risk[i] - within.ended[i]))

    assert moments(within, within.at_s, 0.0).error ** 2 == pytest.approx(total * n / (n - 1), rel=0.02)


@given(st.lists(WHOLE_SECONDS, min_size=2, max_size=40))
def test_with_none_open_the_moments_are_the_usual_ones(seconds: list[float]) -> None:
    table = Durations.of(seconds).table()
    found = moments(table, table.at_s, 0.0)

    assert found.mean == pytest.approx(np.mean(seconds))
    assert found.error == pytest.approx(np.std(seconds, ddof=1) / np.sqrt(len(seconds)), abs=1e-9)
    if np.std(seconds) > 0:
        deviations = np.array(seconds) - np.mean(seconds)
        assert found.skewness == pytest.approx((deviations**3).mean() / np.std(seconds) ** 3, abs=1e-6)


def test_an_open_incident_beyond_the_cap_counts_as_the_cap() -> None:
    assert Durations.of([10.0], [200.0]).table().capped(100.0).n_ended == 2


def test_an_open_incident_can_only_lengthen_the_mean() -> None:
    alone = some(30, 0)
    beside = Durations.of(alone.ended_s, [alone.ended_s[-2]])

    def mean(durations: Durations) -> float:
        table = durations.table()
        return moments(table, table.at_s, 0.0).mean

    assert mean(beside) > mean(alone)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_a_duration_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Durations.of([10.0, wrong])


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_an_age_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="not below zero"):
        Durations.of([10.0], [wrong])


def test_an_incident_that_opened_this_instant_changes_nothing() -> None:
    alone, beside = some(20, 0).table(), Durations.of(some(20, 0).ended_s, [0.0]).table()

    assert quantile(alone, 0.5, 0.95).value == quantile(beside, 0.5, 0.95).value


def test_pooling_keeps_all() -> None:
    whole = pooled([some(5, 2), Durations.of([]), some(3, 0)])

    assert (whole.ended_s.size, whole.open_s.size) == (8, 2)


@pytest.mark.parametrize(("shape", "off"), [("lognormal", 0.3), ("pareto", 0.3), ("exponential", 0.6)])
def test_what_is_still_to_come_of_the_longest_is_near_the_truth_of_its_shape(shape: str, off: float) -> None:
    rng = np.random.default_rng(3)
    draw = {
        "lognormal": lambda: np.exp(7.5 + 1.3 * rng.standard_normal(200_000)),
        "pareto": lambda: 600.0 * rng.random(200_000) ** (-1 / 1.5),
        "exponential": lambda: rng.exponential(4000.0, 200_000),
    }[shape]()
    cut_s, cap_s = float(np.quantile(draw, 0.97)), 86_400.0
    truth = float((np.minimum(draw, cap_s) - cut_s)[draw > cut_s].mean())
    found = []
    for _ in range(30):
        seen = rng.choice(draw, 300)
        table = Durations.of(seen[seen <= cut_s], np.minimum(seen[seen > cut_s], cut_s)).table()
        found.append(tails.rest_capped(table, cap_s).likely)

    assert np.mean(found) == pytest.approx(truth, rel=off)


def test_nothing_is_to_come_when_the_longest_is_over() -> None:
    table = LifeTable(at_s=np.array([1.0, 2.0]), ended=np.array([5.0, 1.0]), open=np.array([3.0, 0.0]))

    assert tails.rest_of_log(table) == tails.NO_REST
