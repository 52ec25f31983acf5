"""Quality of records, the confidence word, and clean runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.outcomes.estimate import Estimate
from quell.outcomes.quality import LACKS, Confidence, Counts, clean_runs, confidence, counts, quality, quality_of
from quell.outcomes.record import Clock, OutcomeRecord, RestoredBy
from tests.outcomes.records import DAY, at, record

LATER = DAY + timedelta(days=10)


def shares(*records: OutcomeRecord) -> dict[str, tuple[int, int]]:
    return {share.name: (share.k, share.n) for share in quality(records, as_of=LATER).shares}


def test_a_record_with_nothing_missing_has_quality_1_and_no_worst_part() -> None:
    found = quality([record()], as_of=LATER)

    assert found.value == 1.0
    assert found.worst is None
    assert found.says == ""


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("complete", record(started=None)),
        ("complete", record(service="")),
        ("complete", record(severity="")),
        ("complete", record(restored_by=RestoredBy.UNKNOWN)),
        ("ordered", record(restored=at(0.5))),
        ("ordered", record(started=at(5))),
        ("ordered", record(closed=at(20))),
        ("ordered", record(acknowledged=at(0.5))),
        ("machine_recorded", record(restored=at(31, Clock.TYPED))),
        ("machine_recorded", record(detected=at(1, Clock.IMPORTED), restored=at(31, Clock.TYPED))),
        ("timely", record(closed=None)),
        ("timely", record(closed=at(31 + 3 * 1_440 + 1))),
        ("followed_up", record(followed_up=False)),
        ("linked_to_alerts", record(alerts=0)),
    ],
)
def test_each_part_is_lost_by_what_it_is_about_and_by_nothing_else(name: str, bad: OutcomeRecord) -> None:
    found = shares(record(), bad)

    assert found.pop(name) == (1, 2)
    assert {one for one in found.values() if one != (2, 2)} <= {(1, 1)}


def test_an_open_incident_is_not_blamed_for_having_no_end() -> None:
    found = shares(record(restored=None, closed=None, restored_by=RestoredBy.UNKNOWN, followed_up=False))

    assert found["complete"] == (1, 1)
    assert found["timely"] == found["followed_up"] == (0, 0)


def test_what_ended_less_than_three_days_ago_may_still_be_written_up() -> None:
    fresh = record(closed=None, followed_up=False)

    soon = quality([fresh], as_of=DAY + timedelta(days=3))
    late = quality([fresh], as_of=DAY + timedelta(days=3, minutes=31))

    assert soon.value == 1.0
    assert soon.says == "could not be judged: timely, followed up"
    assert late.value == 0.0


def test_merged_incidents_are_not_records_of_their_own() -> None:
    assert shares(record(), record(merged=True, alerts=0))["linked_to_alerts"] == (1, 1)


def test_quality_is_the_geometric_mean_of_the_six_shares() -> None:
    have = {name: (k, 10) for name, k in zip(LACKS, (10, 9, 8, 10, 5, 10), strict=True)}

    found = quality_of(Counts(have=have))

    assert found.value == pytest.approx((0.9 * 0.8 * 0.5) ** (1 / 6))
    assert found.worst is not None
    assert found.worst.words == "5 of 10 have no cause, note or review written by a person"


def test_no_records_have_no_quality() -> None:
    found = quality([], as_of=LATER)

    assert found.value is None
    assert found.worst is None


def test_more_good_records_than_records_are_refused() -> None:
    with pytest.raises(ValueError, match="more than all"):
        quality_of(Counts(have={"complete": (3, 2)}))


RECORDS = st.lists(
    st.builds(
        lambda alerts, followed_up, typed, closed: record(
            alerts=alerts,
            followed_up=followed_up,
            detected=at(1, Clock.TYPED if typed else Clock.MACHINE),
            closed=at(60) if closed else None,
        ),
        st.integers(0, 2),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(RECORDS, RECORDS)
def test_counts_of_two_sets_add_up_to_those_of_both(first: list[OutcomeRecord], second: list[OutcomeRecord]) -> None:
    apart = counts(first, as_of=LATER).plus(counts(second, as_of=LATER))

    assert apart == counts([*first, *second], as_of=LATER)


def figure(low: float | None, high: float | None, n: int = 50) -> Estimate:
    return Estimate(value=1.0, low=low, high=high, unit="s", n=n, method="any")


@pytest.mark.parametrize(
    ("estimate", "of_records", "word"),
    [
        (figure(1.0, 1.5), 0.9, Confidence.HIGH),
        (figure(1.0, 1.51), 0.9, Confidence.MEDIUM),
        (figure(1.0, 1.5), 0.89, Confidence.MEDIUM),
        (figure(1.0, 2.5), 0.8, Confidence.MEDIUM),
        (figure(1.0, 2.51), 1.0, Confidence.LOW),
        (figure(1.0, 1.1), 0.79, Confidence.LOW),
        (figure(1.0, 1.1), None, Confidence.LOW),
        (figure(1.0, None), 1.0, Confidence.LOW),
        (figure(0.0, 1.0), 1.0, Confidence.LOW),
        (figure(None, None), 1.0, Confidence.LOW),
        (figure(1.0, 1.1, n=5), 1.0, Confidence.NOT_ENOUGH),
    ],
)
def test_the_word_follows_the_width_and_the_records(
    estimate: Estimate, of_records: float | None, word: Confidence
) -> None:
    assert confidence(estimate, of_records) is word


TARGETS = {"SEV2": 1_800.0}


@pytest.mark.parametrize(
    ("part", "bad"),
    [
        ("target", record(restored=at(31.1))),
        ("verified", record(verified=0)),
        ("verified", record(verified=0, undecided=1)),
        ("corrected", record(corrected=True)),
        ("cost", record(cost_usd=0.51)),
    ],
)
def test_a_run_is_clean_only_if_it_keeps_every_part(part: str, bad: OutcomeRecord) -> None:
    found = clean_runs([record()] * 9 + [bad], target_s=TARGETS, cost_cap_usd=0.5)

    assert (found.k, found.n, found.share.value) == (9, 10, 0.9)
    assert {name: count for name, count in found.failed.items() if count} == {part: 1}
    assert found.says == ""


def test_only_incidents_that_ended_and_that_quell_tried_to_mend_are_runs() -> None:
    others = [record(attempts=0), record(restored=None), record(merged=True), record(false_alarm=True)]

    assert clean_runs([record(), *others], target_s=TARGETS, cost_cap_usd=0.5).n == 1


def test_without_a_target_or_a_cap_it_says_what_was_not_judged() -> None:
    found = clean_runs(
        [record(restored=at(9_000)), record(severity="SEV1", cost_usd=None)], target_s=None, cost_cap_usd=None
    )

    assert found.k == 2
    assert found.unjudged == {"target": 2, "cost": 2}
    assert "2 of 2 not judged against a target" in found.says
    assert "2 of 2 not judged against a cost cap" in found.says


def test_fewer_than_six_runs_have_counts_and_no_share() -> None:
    found = clean_runs([record()] * 5, target_s=TARGETS, cost_cap_usd=0.5)

    assert (found.k, found.share.value, found.share.low) == (5, None, None)
    assert found.share.says == "fewer than 6: see the list"


@pytest.mark.parametrize(
    ("field", "bare", "part"),
    [
        ("closed_at", record(closed=None), "timely"),
        ("followed_up", record(followed_up=False), "followed_up"),
        ("alerts", record(alerts=0), "linked_to_alerts"),
    ],
)
def test_a_part_is_not_judged_by_what_the_source_has_no_place_for(field: str, bare: OutcomeRecord, part: str) -> None:
    assert shares(bare)[part] == (0, 1)
    assert shares(replace(bare, not_recorded=(field,)))[part] == (0, 0)


@pytest.mark.parametrize(
    ("field", "bare"),
    [
        ("service", record(service="")),
        ("severity", record(severity="")),
        ("started_at", record(started=None)),
        ("restored_by", record(restored_by=RestoredBy.UNKNOWN)),
    ],
)
def test_a_record_is_complete_that_has_all_that_its_source_has_a_place_for(field: str, bare: OutcomeRecord) -> None:
    assert shares(bare)["complete"] == (0, 1)
    assert shares(replace(bare, not_recorded=(field,)))["complete"] == (1, 1)


def test_of_imported_times_it_is_not_known_whether_a_machine_recorded_them() -> None:
    imported = {
        name: at(minutes, Clock.IMPORTED) for name, minutes in {"started": 0, "detected": 1, "restored": 31}.items()
    }
    found = quality([record(**imported)], as_of=LATER)

    assert found.value == 1.0
    assert found.says == "could not be judged: machine recorded"
