"""Medians, means and percentiles: what they give, when they give nothing, and how often they hold the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quell.outcomes import lognormal, tails
from quell.outcomes.estimate import Estimate
from quell.outcomes.strata import TAKEN_TOGETHER, stratified_capped_mean, stratified_geometric_mean, stratified_median
from quell.outcomes.survival import Durations
from quell.outcomes.times import CAP_S, capped_mean, geometric_mean, median, mtbf, percentile

FIGURES = [median, geometric_mean, capped_mean]
SECONDS = st.floats(1.0, 1e6)
SAMPLES = st.tuples(st.lists(SECONDS, min_size=6, max_size=60), st.lists(SECONDS, max_size=20))
Figure = Callable[[Durations], Estimate]


def draw(seed: int, n: int, still: int = 0) -> Durations:
    rng = np.random.default_rng(seed)
    return Durations.of(np.exp(7.5 + 1.3 * rng.standard_normal(n)), np.exp(7 + 1.3 * rng.standard_normal(still)))


def held(found: Estimate, truth: float) -> bool:
    assert found.low is not None
    return found.low <= truth and (found.high is None or truth <= found.high)


@pytest.mark.parametrize("figure", FIGURES)
@given(sample=SAMPLES)
def test_the_interval_holds_the_value(figure: Figure, sample: tuple[list[float], list[float]]) -> None:
    found = figure(Durations.of(*sample))

    if found.low is not None and found.value is not None:
        assert found.low <= found.value * (1 + 1e-9)
    if found.high is not None and found.value is not None:
        assert found.value <= found.high * (1 + 1e-9)


@pytest.mark.parametrize("figure", [median, geometric_mean, lambda sample: capped_mean(sample, cap_s=1e5)])
@given(sample=SAMPLES, factor=st.sampled_from([0.25, 8.0, 60.0]))
def test_in_another_unit_the_figure_is_the_same(
    figure: Figure, sample: tuple[list[float], list[float]], factor: float
) -> None:
    ended, still = sample
    in_seconds = figure(Durations.of(ended, still))
    scaled_sample = Durations.of([factor * one for one in ended], [factor * one for one in still])
    is_capped = in_seconds.method == "capped_mean_hull"
    scaled = capped_mean(scaled_sample, cap_s=1e5 * factor) if is_capped else figure(scaled_sample)

    for one, other in ((in_seconds.value, scaled.value), (in_seconds.low, scaled.low), (in_seconds.high, scaled.high)):
        assert (one is None) == (other is None)
        assert one is None or other == pytest.approx(one * factor, rel=1e-3)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("sample", [draw(1, 0), draw(1, 5), draw(1, 5, 30), draw(1, 0, 30)])
def test_fewer_than_six_that_ended_give_no_figure_and_say_so(figure: Figure, sample: Durations) -> None:
    found = figure(sample)

    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.says == "fewer than 6: see the list"


@pytest.mark.parametrize("figure", FIGURES)
def test_open_incidents_are_counted_apart_and_lengthen_the_figure(figure: Figure) -> None:
    ended = draw(2, 40)
    found = figure(Durations.of(ended.ended_s, np.full(10, ended.ended_s[-5])))

    assert (found.n, found.open) == (40, 10)
    assert found.value > figure(ended).value


@pytest.mark.parametrize("figure", [geometric_mean, capped_mean])
def test_equal_durations_have_a_value_and_no_interval(figure: Figure) -> None:
    found = figure(Durations.of([300.0] * 12))

    assert found.value == pytest.approx(300.0)
    assert (found.low, found.high) == (None, None)
    assert "equal" in found.says


@pytest.mark.parametrize("n", [6, 7, 10, 23, 200])
def test_the_median_interval_is_hettmansperger_and_sheathers(n: int) -> None:
    durations = Durations.of(stats.lognorm(1.3, scale=1800).ppf((np.arange(n) + 0.5) / n))
    k = int(stats.binom.ppf(0.025, n, 0.5))
    k = k if stats.binom.cdf(k, n, 0.5) <= 0.025 else k - 1
    k += 1  # x_(k) is the outer one: P(B < k) <= 0.025
    outer, inner = (1 - 2 * stats.binom.cdf(one - 1, n, 0.5) for one in (k, k + 1))
    part = (outer - 0.95) / (outer - inner)
    weight = (n - k) * part / (k + (n - 2 * k) * part)
    logs = np.log(durations.ended_s)
    found = median(durations)

    assert found.low == pytest.approx(np.exp((1 - weight) * logs[k - 1] + weight * logs[k]), rel=1e-6)
    assert found.high == pytest.approx(np.exp((1 - weight) * logs[n - k] + weight * logs[n - k - 1]), rel=1e-6)
    assert found.value == pytest.approx(np.median(durations.ended_s))


def test_the_median_interval_takes_in_a_gap_instead_of_guessing_where_in_it_the_median_is() -> None:
    found = median(Durations.of([10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 7200, 7300]))

    assert found.high == 7200


def test_too_many_open_leave_the_upper_bound_of_the_median_open() -> None:
    found = median(Durations.of(np.arange(1.0, 9.0), np.full(20, 8.5)))

    assert found.value is None
    assert found.low is not None
    assert found.high is None
    assert found.says == "too many are still open for an upper bound"


def test_a_high_percentile_of_few_has_no_upper_bound() -> None:
    assert percentile(draw(3, 71), 0.95).high is None
    assert percentile(draw(3, 73), 0.95).high is not None


def test_a_percentile_is_a_share() -> None:
    with pytest.raises(ValueError, match="share"):
        percentile(draw(3, 30), 95)


def test_geometric_mean_of_many_is_the_t_interval_on_logs() -> None:
    durations = draw(4, 80)
    logs = np.log(durations.ended_s)
    low, high = stats.t.interval(0.95, 79, logs.mean(), stats.sem(logs))

    found = geometric_mean(durations)
    assert (found.low, found.high) == pytest.approx((np.exp(low), np.exp(high)), rel=1e-6)


def test_longer_than_the_cap_counts_as_the_cap() -> None:
    short = np.linspace(60, 6000, 30)

    long = capped_mean(Durations.of([*short, 30 * CAP_S]))
    assert long.value == pytest.approx(np.mean([*short, CAP_S]))


def test_no_bound_of_a_capped_mean_passes_the_cap() -> None:
    found = capped_mean(Durations.of([60.0, 80.0, 90.0, 5 * CAP_S, 6 * CAP_S, 7 * CAP_S, 8 * CAP_S]))

    assert found.high <= CAP_S


def test_the_same_data_give_the_same_interval() -> None:
    assert capped_mean(draw(5, 60, 7)) == capped_mean(draw(5, 60, 7))


def test_the_log_normal_posterior_is_that_of_exact_draws() -> None:
    durations = draw(6, 20)
    logs, rng = np.log(durations.ended_s), np.random.default_rng(0)
    sigma2 = 19 * logs.var(ddof=1) / rng.chisquare(19, 200_000)
    mu = logs.mean() + np.sqrt(sigma2 / 20) * rng.standard_normal(200_000)
    exact = np.quantile(lognormal.capped_mean(mu, np.sqrt(sigma2), CAP_S), [0.025, 0.975])

    posterior = lognormal.posterior(lognormal.log_sample(durations.table()), CAP_S)
    assert posterior is not None
    assert posterior.central(0.95) == pytest.approx(tuple(exact), rel=0.02)


def test_the_log_normal_fit_counts_open_incidents_as_lasting_longer() -> None:
    rng = np.random.default_rng(8)
    duration_s = np.exp(7.0 + 1.2 * rng.standard_normal(5000))
    age_s = 4000 * rng.random(5000)
    over = duration_s <= age_s
    mu, sigma = lognormal.fit(lognormal.log_sample(Durations.of(duration_s[over], age_s[~over]).table()))

    assert (mu, sigma) == pytest.approx((7.0, 1.2), abs=0.1)


def test_a_pareto_tail_widens_the_interval_to_what_has_not_been_seen() -> None:
    durations = Durations.of(600 * (1 - (np.arange(50) + 0.5) / 50) ** (-1 / 1.1))
    posterior = tails.pareto_posterior(durations.table(), CAP_S)

    assert posterior is not None
    assert posterior.central(0.95)[1] > durations.ended_s.mean() * 1.3


def test_mtbf_is_the_exact_interval_of_a_poisson_count() -> None:
    found = mtbf(1e6, 20, [2, 2, 2, 2, 2])
    low, high = stats.gamma.ppf(0.025, 20), stats.gamma.ppf(0.975, 21)

    assert found.value == 5e4
    assert (found.low, found.high) == pytest.approx((1e6 / high, 1e6 / low))


def test_mtbf_is_less_sure_when_failures_come_in_clusters() -> None:
    even, clustered = mtbf(1e6, 20, [5, 5, 5, 5]), mtbf(1e6, 20, [0, 20, 0, 0])

    assert clustered.low < even.low
    assert clustered.high > even.high


def test_mtbf_of_few_failures_says_nothing() -> None:
    assert mtbf(1e6, 5, [1, 2, 2]).value is None


@pytest.mark.parametrize("wrong", [(0.0, 6, [1, 1]), (1.0, -1, [1]), (1.0, 6, [-1, 2])])
def test_mtbf_of_impossible_counts_is_refused(wrong: tuple[float, int, list[int]]) -> None:
    with pytest.raises(ValueError, match="exposure"):
        mtbf(*wrong)


def strata(seed: int, n: int, share: float) -> tuple[dict[str, Durations], np.ndarray]:
    rng = np.random.default_rng(seed)
    person = rng.random(n) < share
    quick, slow = np.exp(5.7 + 0.6 * rng.standard_normal(n)), np.exp(9.3 + 0.9 * rng.standard_normal(n))
    duration_s = np.where(person, slow, quick)
    return {"quell": Durations.of(duration_s[~person]), "person": Durations.of(duration_s[person])}, duration_s


@pytest.mark.parametrize(
    ("stratified", "plain"),
    [(stratified_median, median), (stratified_geometric_mean, geometric_mean), (stratified_capped_mean, capped_mean)],
)
def test_with_the_observed_shares_as_weights_the_value_is_that_of_all_together(
    stratified: Callable[[dict[str, Durations]], Estimate], plain: Figure
) -> None:
    parts, duration_s = strata(1, 80, 0.3)

    assert stratified(parts).value == pytest.approx(plain(Durations.of(duration_s)).value)


def test_a_stratum_with_too_few_is_not_taken_apart() -> None:
    few = {"quell": draw(1, 30), "person": draw(2, 3)}

    found = stratified_capped_mean(few)
    assert found.n == 33
    assert found.says == TAKEN_TOGETHER


def test_open_incidents_of_a_stratum_last_as_long_as_its_own_kind() -> None:
    parts, _ = strata(3, 100, 0.3)
    quick = {**parts, "quell": Durations.of(parts["quell"].ended_s, np.full(8, 200.0))}
    slow = {**parts, "person": Durations.of(parts["person"].ended_s, np.full(8, 200.0))}

    assert stratified_capped_mean(slow).value > stratified_capped_mean(quick).value


@pytest.mark.parametrize("n", [10, 50])
@pytest.mark.parametrize("shape", ["log-normal", "pareto", "rounded", "mixture"])
def test_the_intervals_hold_the_truth_as_often_as_they_say(shape: str, n: int) -> None:
    rng = np.random.default_rng(11)
    population = {
        "log-normal": np.exp(7.8 + 1.6 * rng.standard_normal(50_000)),
        "pareto": 600.0 * rng.random(50_000) ** (-1 / 1.5),
        "rounded": np.maximum(np.round(np.exp(7.8 + 1.1 * rng.standard_normal(50_000)) / 900), 1) * 900,
        "mixture": np.exp(np.where(rng.random(50_000) < 0.25, 9.3, 5.7) + 0.7 * rng.standard_normal(50_000)),
    }[shape]
    truth = (np.median(population), np.exp(np.log(population).mean()), np.minimum(population, CAP_S).mean())
    counts = np.zeros(3)
    for _ in range(300):
        sample = Durations.of(rng.choice(population, n))
        counts += [held(figure(sample), value) for figure, value in zip(FIGURES, truth, strict=True)]

    # 300 draws at a true 0.95 fall below 0.905 once in about 1,000.
    assert counts.min() / 300 >= 0.905


def test_leaving_open_incidents_out_would_miss_the_truth_that_counting_them_holds() -> None:
    rng = np.random.default_rng(12)
    population = np.exp(7.8 + 1.6 * rng.standard_normal(50_000))
    truth = np.minimum(population, CAP_S).mean()
    counted, dropped, values = 0, 0, []
    for _ in range(200):
        duration_s, age_s = rng.choice(population, 100), 4e4 * rng.random(100)
        over = duration_s <= age_s
        found = capped_mean(Durations.of(duration_s[over], age_s[~over]))
        values.append(found.value)
        counted += held(found, truth)
        dropped += held(capped_mean(Durations.of(duration_s[over])), truth)

    assert counted / 200 >= 0.92
    assert dropped / 200 < 0.8
    assert np.mean(values) == pytest.approx(truth, rel=0.06)
