"""The weekly word: what makes it, what must not make it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quell.outcomes.matching import matched
from quell.outcomes.permutation import Group, two_sided
from quell.outcomes.rolling import rolling
from quell.outcomes.survival import Durations
from quell.outcomes.timeline import Timeline, by_severity
from quell.outcomes.trend import WINDOW, Word, decide, decision_at, expected_log, weekly
from tests.outcomes.records import record

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def durations(count: int, typical_s: float, *, open_s: tuple[float, ...] = (), seed: int = 1) -> dict[str, Durations]:
    return {"": Durations.of(np.random.default_rng(seed).lognormal(np.log(typical_s), 1.1, count), open_s)}


def history(per_day: int, factor: float, *, seed: int = 1, days: int = 56) -> Timeline:
    """Incidents of the 56 days before a Monday; those of the last 28 last `factor` times as long."""
    draws = np.random.default_rng(seed)
    count = per_day * days
    began = MONDAY.timestamp() - 86_400.0 * days * draws.random(count)
    lasted = draws.lognormal(np.log(2_400), 1.1, count)
    later = began >= (MONDAY - WINDOW).timestamp()
    return Timeline.of(began, began + np.where(later, lasted * factor, lasted))


def test_the_word_of_a_week_is_decided_on_monday_at_midnight_utc() -> None:
    auckland = timezone(timedelta(hours=13))

    assert decision_at(datetime(2026, 11, 26, 18, 30, tzinfo=UTC)) == MONDAY
    assert decision_at(MONDAY) == MONDAY
    assert decision_at(MONDAY - timedelta(microseconds=1)) == MONDAY - timedelta(days=7)
    assert decision_at(datetime(2026, 11, 23, 12, 59, tzinfo=auckland)) == MONDAY - timedelta(days=7)


@pytest.mark.parametrize(
    ("factor", "word"), [(0.3, Word.IMPROVED), (1.0, Word.NO_CLEAR_CHANGE), (3.0, Word.WORSE)], ids=str
)
def test_a_large_change_gets_its_word_and_none_gets_no_clear_change(factor: float, word: Word) -> None:
    decision = weekly(history(3, factor), as_of=MONDAY + timedelta(days=3), quality=0.9, rng=rng())

    assert decision.word is word
    assert decision.p is not None
    assert (decision.p < 0.005) == (word is not Word.NO_CLEAR_CHANGE)
    assert bool(decision.says) == (word is Word.NO_CLEAR_CHANGE)
    assert decision.ratio.low is not None
    assert decision.ratio.high is not None
    assert decision.ratio.low < factor < decision.ratio.high


def test_what_happens_after_monday_leaves_the_word_of_the_week_as_it_is() -> None:
    timeline = history(3, 0.3)
    new = MONDAY.timestamp() + np.arange(1.0, 40.0) * 3_600
    longer = Timeline.of(
        np.append(timeline.began_s, new), np.append(timeline.ended_s, new + 1e6), [""] * (timeline.began_s.size + 39)
    )

    first = weekly(timeline, as_of=MONDAY, quality=0.9, rng=rng())
    last = weekly(longer, as_of=MONDAY + timedelta(days=6, hours=23), quality=0.9, rng=rng())

    assert first == last


def test_an_end_that_was_not_known_on_monday_counts_as_open() -> None:
    began = MONDAY.timestamp() - 86_400.0
    timeline = Timeline.of([began], [MONDAY.timestamp() + 60.0])

    decision = weekly(timeline, as_of=MONDAY + timedelta(days=1), quality=0.9, rng=rng())

    assert (decision.n_after, decision.open_after) == (0, 1)


@pytest.mark.parametrize(("before", "after"), [(19, 200), (200, 19), (0, 0)])
def test_nothing_is_decided_with_fewer_than_20_resolved_in_a_window(before: int, after: int) -> None:
    decision = decide(durations(before, 9_000), durations(after, 10), quality=1.0, rng=rng())

    assert decision.word is Word.NOT_ENOUGH
    assert decision.p is None
    assert "20 in each are needed" in decision.says


@pytest.mark.parametrize("quality", [None, 0.79])
def test_nothing_is_decided_on_records_that_are_not_good_enough(quality: float | None) -> None:
    decision = decide(durations(60, 9_000), durations(60, 100), quality=quality, rng=rng())

    assert decision.word is Word.NOT_ENOUGH
    assert "quality" in decision.says
    assert decision.ratio.value is not None


def test_long_incidents_that_are_still_open_do_not_make_improved() -> None:
    """Half of the later incidents are the long ones, and they have been open for a minute."""
    draws = np.random.default_rng(3).lognormal(np.log(2_400), 1.1, 80)
    long = draws > np.median(draws)
    seen = {"": Durations.of(draws[~long], np.full(long.sum(), 60.0))}

    blind = decide({"": Durations.of(draws)}, {"": Durations.of(draws[~long])}, quality=1.0, rng=rng())
    found = decide({"": Durations.of(draws)}, seen, quality=1.0, rng=rng())

    assert blind.word is Word.IMPROVED
    assert found.word is Word.NO_CLEAR_CHANGE
    assert found.ratio.high is not None
    assert found.ratio.high > 1
    assert "open" in found.ratio.says


def test_open_incidents_of_the_earlier_window_do_not_make_worse() -> None:
    few, long = durations(30, 600), durations(60, 1_200, seed=2)
    half_open = {"": Durations.of(few[""].ended_s, [30.0] * 30)}

    assert decide(few, long, quality=1.0, rng=rng()).word is Word.WORSE
    assert decide(half_open, long, quality=1.0, rng=rng()).word is Word.NO_CLEAR_CHANGE


def test_a_change_in_the_mix_of_strata_is_no_change() -> None:
    draws = np.random.default_rng(4)
    quick = [draws.lognormal(np.log(300), 0.5, count) for count in (60, 30)]
    slow = [draws.lognormal(np.log(30_000), 0.5, count) for count in (30, 60)]
    before, after = ({"SEV3": Durations.of(quick[i]), "SEV1": Durations.of(slow[i])} for i in (0, 1))
    together = [{"": Durations.of(np.append(quick[i], slow[i]))} for i in (0, 1)]

    assert decide(*together, quality=1.0, rng=rng()).word is Word.WORSE
    assert decide(before, after, quality=1.0, rng=rng()).word is Word.NO_CLEAR_CHANGE


def test_one_bad_day_with_many_incidents_alike_makes_no_word() -> None:
    quiet = history(2, 1.0)
    storm = (MONDAY - timedelta(days=5)).timestamp() + np.arange(60.0)
    timeline = Timeline.of(np.append(quiet.began_s, storm), np.append(quiet.ended_s, storm + 20_000.0))

    decision = weekly(timeline, as_of=MONDAY, quality=1.0, rng=rng())

    assert decision.word is Word.NO_CLEAR_CHANGE
    assert "days" in decision.says


def test_more_incidents_can_show_a_smaller_change() -> None:
    shown = [
        decide(durations(n, 600), durations(n, 600, seed=2), quality=1.0, rng=rng()).detectable for n in (20, 80, 320)
    ]

    assert shown == sorted(shown, key=lambda one: one or 0.0)
    assert all(one is not None and 0 < one < 1 for one in shown)


def test_a_change_of_the_detectable_size_is_seen_about_four_times_in_five() -> None:
    draws = np.random.default_rng(5)
    logs = [(draws.normal(0, 1.1, 50), draws.normal(0, 1.1, 50)) for _ in range(150)]
    seen = 0
    for before, after in logs:
        first = {"": Durations.of(np.exp(before))}
        size = decide(first, {"": Durations.of(np.exp(after))}, quality=1.0, rng=draws).detectable
        assert size is not None
        seen += decide(first, {"": Durations.of(np.exp(after) * size)}, quality=1.0, rng=draws).word is Word.IMPROVED

    assert 0.68 < seen / 150 < 0.92


def test_equal_durations_have_no_interval_and_no_word() -> None:
    same = {"": Durations.of([600.0] * 30)}

    decision = decide(same, same, quality=1.0, rng=rng())

    assert decision.word is Word.NO_CLEAR_CHANGE
    assert decision.p == 1.0
    assert (decision.ratio.value, decision.ratio.low) == (1.0, None)


def test_small_strata_join_until_each_has_six_in_both_windows() -> None:
    first = {"a": Durations.of(range(1, 21)), "b": Durations.of([5.0, 6.0]), "c": Durations.of([7.0])}
    second = {"a": Durations.of(range(1, 21)), "c": Durations.of([8.0, 9.0])}

    pairs = matched(first, second)

    assert [pair.names for pair in pairs] == [("a", "b", "c")]
    assert sum(pair.first.ended_s.size for pair in pairs) == 23


def test_p_is_exact_where_all_ways_can_be_counted() -> None:
    values = np.array([0.3, 1.9, -0.2, 0.8, 2.4, 1.1, 0.05])
    sums = [abs(sum(chosen) - 3 * values.mean()) for chosen in combinations(values, 3)]
    seen = abs(values[-3:].sum() - 3 * values.mean())

    p = two_sided([Group(before=values[:4], after=values[4:])], rng())

    assert p == pytest.approx(np.mean([one >= seen - 1e-12 for one in sums]))


@given(st.integers(0, 10_000), st.integers(40, 90), st.floats(-1, 1))
def test_drawn_p_agrees_with_the_t_test(seed: int, count: int, shift: float) -> None:
    draws = np.random.default_rng(seed)
    before, after = draws.normal(size=count), draws.normal(size=count) + shift
    expected = stats.ttest_ind(before, after).pvalue

    p = two_sided([Group(before=before, after=after)], draws)

    assert abs(p - expected) < 0.02 + expected


def test_normal_p_agrees_with_the_t_test_for_many() -> None:
    draws = np.random.default_rng(6)
    before, after = draws.normal(size=900), draws.normal(0.12, 1, size=700)

    p = two_sided([Group(before=before, after=after)], draws)

    assert p == pytest.approx(stats.ttest_ind(before, after).pvalue, rel=0.05)


def test_p_of_no_difference_is_uniform() -> None:
    draws = np.random.default_rng(7)
    found = [
        two_sided([Group(before=draws.exponential(size=30), after=draws.exponential(size=20))], draws)
        for _ in range(400)
    ]

    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_the_expected_rest_is_the_mean_of_those_that_lasted_longer() -> None:
    table = Durations.of([1.0, 10.0, 100.0, 1_000.0]).table()

    found = expected_log(table, np.array([5.0, 100.0, 5_000.0]))

    assert found == pytest.approx(np.log([10 * 10 ** (2 / 2), 1_000.0, 5_000.0]))


def test_the_stratum_is_what_is_known_when_an_incident_begins() -> None:
    assert by_severity(record(severity="SEV1")) == "SEV1"


def test_incidents_that_end_before_they_begin_are_left_out() -> None:
    timeline = Timeline.of([5.0, 1.0, 3.0, 4.0], [6.0, 9.0, 3.0, 2.0], ["a", "b", "c", "d"])

    assert timeline.began_s.tolist() == [1.0, 5.0]
    assert timeline.stratum.tolist() == ["b", "a"]


def test_arrays_of_different_lengths_are_no_timeline() -> None:
    with pytest.raises(ValueError, match="every incident"):
        Timeline(began_s=np.zeros(2), ended_s=np.ones(1), stratum=np.array(["", ""]))


def test_the_line_has_a_point_a_day_and_none_where_incidents_are_few() -> None:
    timeline = history(1, 1.0, days=20)

    line = rolling(timeline, as_of=MONDAY + timedelta(hours=5))

    assert len(line) == 90
    assert line[-1].day == MONDAY.date()
    assert [one.value_s for one in line[:60]] == [None] * 60
    assert all((one.value_s is None) == (one.n < 6) for one in line)


def test_a_point_of_the_line_is_the_geometric_mean_of_its_seven_days() -> None:
    timeline = history(4, 1.0)
    as_of = MONDAY - timedelta(seconds=1)
    inside = timeline.began_s >= (MONDAY - timedelta(days=7)).timestamp()
    logs = np.log((timeline.ended_s - timeline.began_s)[inside & (timeline.ended_s < as_of.timestamp())])
    settled = Timeline.of(timeline.began_s, np.where(timeline.ended_s < as_of.timestamp(), timeline.ended_s, 0.0))

    point = rolling(settled, as_of=as_of)[-1]

    reach = stats.t.ppf(0.975, logs.size - 1) * stats.sem(logs)
    assert (point.n, point.open) == (logs.size, 0)
    assert [point.value_s, point.low_s, point.high_s] == pytest.approx(
        np.exp([logs.mean(), logs.mean() - reach, logs.mean() + reach])
    )


def test_open_incidents_do_not_bend_the_line_down() -> None:
    draws = np.random.default_rng(8)
    began = MONDAY.timestamp() - 86_400.0 * 90 * draws.random(2_000)
    lasted = draws.lognormal(np.log(20_000), 1.5, 2_000)
    open_now = Timeline.of(began, began + lasted)

    point = rolling(open_now, as_of=MONDAY)[-1]

    assert point.open > 10
    assert point.value_s is not None
    assert point.high_s is not None
    assert point.low_s is not None
    assert point.low_s < 20_000 < point.high_s
    assert point.value_s > 0.75 * 20_000


def test_the_line_of_no_incidents_is_empty() -> None:
    assert all(one.n == 0 and one.value_s is None for one in rolling(Timeline.of([], []), as_of=MONDAY))
