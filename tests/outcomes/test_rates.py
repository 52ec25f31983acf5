"""Shares of attempts: Wilson's interval and the Beta posterior."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quell.outcomes.rates import share_posterior, success_rate, wilson

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_wilson_is_that_of_scipy(counts: tuple[int, int]) -> None:
    theirs = stats.binomtest(*counts).proportion_ci(method="wilson")

    assert wilson(*counts) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@given(COUNTS)
def test_the_interval_holds_the_share(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts)

    assert low <= counts[0] / counts[1] <= high


def test_all_successes_of_few_are_not_certain() -> None:
    found = success_rate(8, 8)

    assert found.value == 1.0
    assert found.low < 0.7
    assert found.unit == "share"


@pytest.mark.parametrize("counts", [(0, 0), (3, 5)])
def test_few_attempts_have_no_rate(counts: tuple[int, int]) -> None:
    found = success_rate(*counts)

    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.says == "fewer than 6: see the list"


@pytest.mark.parametrize("counts", [(3, 2), (-1, 5)])
def test_more_successes_than_attempts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot have succeeded"):
        success_rate(*counts)


def test_the_posterior_is_a_beta() -> None:
    mean, low, high = share_posterior(7, 10, prior=(1.0, 1.0))

    assert mean == pytest.approx(8 / 12)
    assert (low, high) == pytest.approx(tuple(stats.beta.interval(0.95, 8, 4)))


def test_a_prior_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        share_posterior(1, 2, prior=(0.0, 1.0))


def test_the_interval_of_a_rate_near_one_holds_the_truth() -> None:
    truth, n = 0.97, 40
    covered = sum(stats.binom.pmf(k, n, truth) for k in range(n + 1) if wilson(k, n)[0] <= truth <= wilson(k, n)[1])

    assert covered > 0.9
