"""What the bench counts for each agent, for pairs of faults and for missing sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from quell_bench.lab.agents import agents, blind, pairs, phases, sheet
from quell_bench.lab.record import MISSING_SOURCE, TWO_AT_ONCE
from quell_bench.lab.schedule import BLIND, PAIRS, schedule
from quell_lab.faults.catalogue import BY_NAME, REAL
from tests.bench.test_lab import DRILL, HARMLESS, Telling, judged, mended

SECOND: dict[str, Any] = {
    "fault": "disk_fill",
    "service": "payment",
    "cause": "disk_full",
    "actions": ["clear_disk"],
    "mended_at": "2026-01-01T00:00:30.000Z",
}
MEMORY: dict[str, Any] = dict.fromkeys(("fault", "inner", "cause"), "memory_leak") | {"actions": ["restart"]}
MADE_AT = "2026-01-01T00:00:10.000Z"


def _full(second: int) -> dict[str, datetime]:
    return {"memory_use": datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)}


def _foreseen(service: str = "cart", series: str = "memory_use", high_s: float | None = 20.0) -> Telling:
    row = {"service": service, "series": series, "made_at": MADE_AT, "low_s": 5.0, "high_s": high_s}
    told = Telling().opened().detected().diagnosed("cart memory_leak")
    return told.tell("Predicted", finding={"forecasts": [row], "says": ""})


def test_detection_pays_for_what_it_confirms_of_a_red_herring_and_of_quiet_time() -> None:
    wrong = Telling().opened().detected().account()
    right = Telling().opened().detected("no_sign").account()
    runs = [judged(mended()), judged(mended()), judged(), judged(wrong, **HARMLESS), judged(right, **HARMLESS)]

    found = agents(runs, quiet=[wrong])["detection"]

    assert (found["precision"], found["recall"]) == (0.5, 0.6667)
    assert (found["said"], found["there"], found["confirmed_wrongly"], found["turned_down"]) == (4, 3, 2, 1)


def test_an_abstention_costs_diagnosis_recall_and_no_precision() -> None:
    unsure = Telling().opened().detected().diagnosed("cart bad_config", abstained=True).account()
    wrong = Telling().opened().detected().diagnosed("cart bad_config").account()

    found = agents([judged(mended()), judged(unsure), judged(wrong)], quiet=[])["diagnosis"]

    assert (found["precision"], found["recall"], found["abstained"]) == (0.5, 0.3333, 1)
    assert (found["service_right"], found["cause_right"]) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("second", "high_s", "outcome"),
    [(20, 20.0, "held"), (12, 20.0, "early"), (45, 20.0, "late"), (45, None, "held"), (None, 20.0, "cut")],
)
def test_a_forecast_is_held_against_what_was_seen_to_run_out(
    second: int | None, high_s: float | None, outcome: str
) -> None:
    run = judged(_foreseen(high_s=high_s).account(), full_at=_full(second) if second else {}, **MEMORY)

    assert run.outcomes == (outcome,)
    assert agents([run], quiet=[])["prediction"]["outcomes"][outcome] == 1


def test_a_forecast_of_something_else_is_no_foresight() -> None:
    other = judged(_foreseen(service="edge").account(), full_at=_full(20), **MEMORY)
    right = judged(_foreseen().account(), full_at=_full(20), **MEMORY)

    found = agents([other, right, judged(mended())], quiet=[])["prediction"]

    assert (found["precision"], found["recall"], found["given"]) == (0.5, 0.5, 2)


def test_resolution_counts_what_fits_and_what_it_brought_back() -> None:
    told = Telling().opened().detected().diagnosed("edge unknown").acted("restart", "edge", "not_recovered")
    told.tell("ActionUndone", action="restart", target="edge")
    runs = [judged(mended()), judged(told.account(), **HARMLESS), judged()]

    found = agents(runs, quiet=[])["resolution"]

    assert (found["precision"], found["recall"]) == (0.5, 0.5)
    assert (found["acted"], found["restored"], found["undone"], found["unhelpful"]) == (2, 1, 1, 1)


def test_nothing_to_count_has_no_share() -> None:
    found = agents([replace(judged(mended()), injected=False)], quiet=[])

    for part in found.values():
        assert (part["precision"], part["recall"]) == (None, None)


def test_either_of_two_faults_may_be_named_first_and_both_must_be_mended() -> None:
    first = judged(mended(), also=SECOND)
    other = Telling().opened().detected().diagnosed("payment disk_full", "cart bad_release")
    second = judged(other.acted("clear_disk", "payment", "recovered").resolved().account(), also=SECOND)
    unmended = judged(mended(), also={**SECOND, "mended_at": None})

    assert [run.fault for run in (first, second)] == [TWO_AT_ONCE] * 2
    assert all(run.cause_first and run.action_fits for run in (first, second))
    assert (first.also, first.also_named, second.also_named) == ("payment disk_full", False, True)
    found = pairs([first, second, unmended, judged(mended())])
    assert (found["runs"], found["one_named"], found["second_named"]) == (3, 1.0, 0.3333)
    assert (found["one_mended"], found["both_mended"]) == (1.0, 0.6667)


def test_what_a_further_run_named_after_a_fix_that_helped_in_part_counts_as_named() -> None:
    told = Telling().opened().detected().diagnosed("cart bad_release").acted("roll_back", "cart", "in_part")
    told.tell("ResponseEnded", run=1, outcome="helped_in_part", says="payment is still in trouble")
    going_on = judged(told.account(), also=SECOND)
    told.detected().diagnosed("payment disk_full").acted("clear_disk", "payment", "recovered").resolved()
    run = judged(told.account(), also=SECOND)

    assert (going_on.outcome, going_on.also_named, going_on.unhelpful) == ("unfinished", False, 0)
    assert (run.cause, run.also_named, run.outcome, run.restored, run.unhelpful) == (
        "cart bad_release", True, "resolved", True, 0,
    )  # fmt: skip


def test_a_missing_source_counts_what_was_named_without_it() -> None:
    told = Telling().opened().detected()
    told.tell("SourceMissing", source="scrape of cart", reason="gave nothing", phase="diagnose")
    right = judged(told.diagnosed("cart bad_release").account(), missing="metrics")
    wrong = judged(Telling().opened().detected().diagnosed("edge bad_config").account(), missing="logs")

    found = blind([right, wrong, judged(mended())])

    assert right.fault == MISSING_SOURCE
    assert (found["runs"], found["cause_first"], found["named_wrongly"], found["gap_said"]) == (2, 0.5, 1, 0.5)
    assert found["by_source"] == {"metrics": 1, "logs": 1}


PEAK: dict[str, Any] = {**HARMLESS, "fault": "traffic_peak", "inner": "traffic_peak", "service": "edge"}


@pytest.mark.parametrize(
    ("told", "blamed"),
    [
        (Telling().opened().detected("no_sign"), False),
        (Telling().opened().detected().diagnosed("cart pool_exhaustion", abstained=True), False),
        (Telling().opened().detected().diagnosed("cart pool_exhaustion"), True),
        (Telling().opened().detected().acted("scale_pool", "cart", "recovered"), True),
    ],
)
def test_more_customers_are_blamed_when_diagnosis_stands_behind_any_cause(told: Telling, blamed: bool) -> None:
    assert judged(told.account(), **PEAK).blamed is blamed


def test_the_time_to_a_phase_is_that_of_its_first_end() -> None:
    told = Telling().opened().tell("PhaseEnded", phase="detect").detected().tell("PhaseEnded", phase="diagnose")
    told.tell("PhaseEnded", phase="diagnose")

    found = phases([judged(told.account()), judged(**HARMLESS)])

    assert found["detect"] == {"p50": 7.5, "p95": 7.5}
    assert found["diagnose"] == {"p50": 9.5, "p95": 9.5}
    assert found["act"] == {"p50": None, "p95": None}


def test_the_sheet_has_a_line_for_each_agent() -> None:
    runs = [judged(mended())]
    more: dict[str, Any] = {
        "agents": agents(runs, quiet=[]),
        "phases_s": phases(runs),
        "pairs": pairs(runs),
        "missing_source": blind(runs),
    }

    assert all(name in sheet(more) for name in ("detection", "diagnosis", "prediction", "resolution", "two at once"))


def test_pairs_are_two_faults_of_two_services_that_can_have_them() -> None:
    for (fault, service), (also, also_service) in PAIRS:
        assert service != also_service
        assert service in BY_NAME[fault].services
        assert also_service in BY_NAME[also].services
    for fault, service in BLIND:
        assert service in BY_NAME[fault].services
        assert BY_NAME[fault] in REAL


def test_two_at_once_and_a_missing_source_can_be_asked_for() -> None:
    wishes = schedule((TWO_AT_ONCE, MISSING_SOURCE), runs=4, seed=1)

    both = [wish for wish in wishes if wish.also is not None]
    lacking = [wish for wish in wishes if wish.missing is not None]
    assert (len(both), len(lacking), len(wishes)) == (4, 4, 8)
    assert {wish.missing for wish in lacking} == {"metrics", "logs"}
    assert set(both[0].body()) == {"fault", "service", "also", "also_service"}
    assert DRILL["fault"] == "bad_release"
