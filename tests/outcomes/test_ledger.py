"""The ledger: what is folded away still counts, a correction reflows, kinds never mix, and twice is as once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.incident import events as ev
from quell.incident.events import OUTCOME_STREAM, PastIncident
from quell.outcomes.comparing import timeline
from quell.outcomes.ledger import Ledger
from quell.outcomes.record import Origin
from quell.outcomes.report import Report
from quell.outcomes.reporting import compile_report, select
from quell.outcomes.seen import SeenIds
from quell.outcomes.trend import weekly
from tests.projections.given import Told, opened, whole_response

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def past(number: int, *, minutes: float = 30.0, days_ago: float = 5.0, kind: str = "real") -> PastIncident:
    begun = NOW - timedelta(days=days_ago)
    return PastIncident(
        id=str(number),
        title=f"Incident {number}",
        service=f"s{number % 3}",
        severity=f"SEV{1 + number % 3}",
        kind=kind,
        started_at=begun - timedelta(minutes=1),
        detected_at=begun,
        restored_at=begun + timedelta(minutes=minutes),
        restored_by="person",
    )


def imported(*incidents: PastIncident, source: str = "old") -> ev.PastIncidentsImported:
    return ev.PastIncidentsImported(source=source, incidents=incidents, by="anna")


def ledger(*events: ev.Event, kept: int = 1_000) -> Ledger:
    found = Ledger(kept=kept)
    for event in events:
        found.apply(OUTCOME_STREAM, event, NOW)
    return found


def report(of: Ledger, *, days: int = 28, origin: Origin = Origin.REAL, by: str = "") -> Report:
    selection = select(of, origin=origin, days=days, as_of=NOW)
    line = timeline(list(of.records(origin)), of.drawn(origin))
    decision = weekly(line, as_of=NOW, quality=None, rng=np.random.default_rng(1))
    return compile_report(of, selection, origin=origin, days=days, by=by, decision=decision)


def value(of: Report, key: str) -> float | None:
    return next(figure.estimate.value for figure in of.figures if figure.key == key)


def some(count: int) -> list[PastIncident]:
    lasted = np.exp(np.random.default_rng(7).normal(3, 1, count))
    return [past(i, minutes=float(lasted[i]), days_ago=1 + 26 * i / count) for i in range(count)]


def test_no_incident_gives_a_report_that_says_so() -> None:
    found = report(ledger())

    assert found.sentence.text == "No incidents in the last 28 days."
    assert {figure.estimate.value for figure in found.figures} == {None}
    assert all(figure.estimate.says for figure in found.figures)


def test_what_is_imported_twice_is_there_once() -> None:
    found = ledger(imported(past(1), past(2)), imported(past(2), past(3)))

    assert (len(found), report(found).counts.handled) == (3, 3)
    assert found.known("old", "3")
    assert not found.known("other", "3")


def test_the_same_id_of_another_source_is_another_incident() -> None:
    assert report(ledger(imported(past(1)), imported(past(1), source="new"))).counts.handled == 2


def test_incidents_of_other_kinds_are_counted_apart_and_never_mixed() -> None:
    found = ledger(imported(past(1), past(2, kind="drill"), past(3, kind="maintenance")))

    assert report(found).counts.handled == 1
    assert report(found, origin=Origin.DRILL).counts.handled == 1
    assert report(found).others == {"drill": 1, "maintenance": 1}


def test_figures_from_sums_are_within_their_stated_error_of_the_exact_ones() -> None:
    incidents = some(600)
    exact, folded = report(ledger(imported(*incidents))), report(ledger(imported(*incidents), kept=50))

    assert (exact.exact, folded.exact) == (True, False)
    assert folded.counts == exact.counts
    assert folded.quality == exact.quality
    for key in ("time_to_restore", "geometric_mean", "percentile_90", "time_to_detect"):
        assert value(folded, key) == pytest.approx(value(exact, key), rel=0.0201), key


def test_strata_of_folded_incidents_add_up_to_all() -> None:
    found = report(ledger(imported(*some(300)), kept=40), by="severity")

    assert {one.name for one in found.strata} == {"SEV1", "SEV2", "SEV3"}
    assert sum(one.n for one in found.strata) == 300


@pytest.mark.parametrize("kept", [1_000, 20])
def test_a_correction_reflows_wherever_the_incident_is_kept(kept: int) -> None:
    incidents = some(100)
    oldest = incidents[-1]
    assert oldest.detected_at is not None
    new = PastIncident(
        **{name: getattr(oldest, name) for name in PastIncident.__slots__ if name != "restored_at"},
        restored_at=oldest.detected_at + timedelta(hours=20),
    )
    change = ev.RecordCorrected(
        incident_id=f"old/{oldest.id}",
        changes={"restored_at": new.restored_at.isoformat() if new.restored_at else ""},
        before=oldest,
        by="anna",
        reason="typed wrong",
    )

    edited = ledger(imported(*incidents), change, kept=kept)
    again = ledger(imported(*incidents), change, change, kept=kept)
    straight = ledger(imported(*incidents[:-1], new), kept=kept)

    for found in (edited, again):
        assert value(report(found), "capped_mean") == pytest.approx(value(report(straight), "capped_mean"))
        assert report(found).counts == report(straight).counts


@pytest.mark.parametrize("kept", [1_000, 20])
def test_an_incident_marked_as_a_drill_leaves_the_real_ones(kept: int) -> None:
    incidents = some(100)
    change = ev.RecordCorrected(
        incident_id="old/99", changes={"kind": "drill"}, before=incidents[99], by="anna", reason="was an exercise"
    )

    found = ledger(imported(*incidents), change, kept=kept)

    assert report(found).counts.handled == 99
    assert report(found, origin=Origin.DRILL).counts.handled == 1


def test_times_that_cannot_be_are_left_out_and_counted() -> None:
    bad = past(1, minutes=-5), past(2, minutes=0), PastIncident(id="3", title="no times")
    open_ended = PastIncident(id="4", title="no end", detected_at=NOW - timedelta(days=3))

    found = report(ledger(imported(*bad, open_ended, past(5))), days=0)

    assert {one.why: one.n for one in found.excluded} == {
        "restored before it was detected": 1,
        "restored in the moment it was detected": 1,
        "no time of detection or start": 1,
        "no end in the import": 1,
    }
    assert next(one.estimate.n for one in found.figures if one.key == "time_to_restore") == 1


def test_an_incident_of_quell_counts_from_its_events_and_a_correction_of_it_holds() -> None:
    found = Ledger()
    for one in Told().record("incident/INC-1", *whole_response()):
        found.apply(one.stream, one.event, NOW - timedelta(hours=1) if one.offset == 1 else NOW)
    assert report(found).counts.restored_by["quell"] == 1

    found.apply(
        OUTCOME_STREAM,
        ev.RecordCorrected(incident_id="INC-1", changes={"kind": "drill"}, before=None, by="anna", reason="exercise"),
        NOW,
    )

    assert report(found).counts.handled == 0
    assert report(found, origin=Origin.DRILL).counts.handled == 1


def test_an_open_incident_is_counted_as_open_and_as_lasting_at_least_so_long() -> None:
    found = ledger(imported(*some(30)))
    found.apply("incident/INC-9", opened("INC-9"), NOW - timedelta(days=2))

    shown = report(found)

    assert shown.counts.open == 1
    assert next(one.estimate.open for one in shown.figures if one.key == "time_to_restore") == 1


def test_a_version_of_the_assumptions_that_is_not_newer_changes_nothing() -> None:
    def set_to(version: int, low: float) -> ev.AssumptionsSet:
        return ev.AssumptionsSet(
            version=version,
            cost_per_minute_low=low,
            cost_per_minute_high=1000.0,
            currency="EUR",
            running_cost_month=None,
            target_s={},
            cost_cap=None,
            by="anna",
            reason="asked finance",
        )

    found = ledger(set_to(1, 10.0), set_to(1, 20.0), set_to(2, 30.0))

    assert [one.cost_per_minute_low for one in found.assumptions] == [None, 10.0, 30.0]


@given(st.lists(st.text(max_size=8), max_size=60))
def test_seen_ids_are_a_set(texts: list[str]) -> None:
    seen, truth = SeenIds(), set[str]()

    for text in texts:
        assert seen.add(text) is (text not in truth)
        truth.add(text)
        assert text in seen
    assert len(seen) == len(truth)


def test_seen_ids_hold_after_they_were_sorted_in() -> None:
    seen = SeenIds()
    for number in range(10_000):
        seen.add(f"old/{number}")

    assert all(f"old/{number}" in seen for number in range(0, 10_000, 97))
    assert "old/10000" not in seen
    assert len(seen) == 10_000
