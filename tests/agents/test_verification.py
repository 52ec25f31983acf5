"""Verification: back in range and staying there, worse, or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quell.agents.verification import Patience, past_worst, verify, watched
from quell.errors import Unreachable
from quell.evidence.source import Collected, Scope
from quell.incident.events import Checks, EvidenceKind, Indicator, Reading, Series, Verified, Window

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class Clock:
    """Goes on by a second each time it is read."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class ScriptedMetrics:
    """A source whose error ratio is a function of the seconds since the start; None is silence."""

    name = "scripted"
    kinds = (EvidenceKind.METRIC,)

    def __init__(self, at: Callable[[float], float | None]) -> None:
        self._at = at

    async def collect(self, scope: Scope, window: Window) -> Collected:
        value = self._at((window.end - START).total_seconds())
        if value is None:
            raise Unreachable("the target does not answer")
        one = Series(
            name="error_ratio",
            service="payment",
            unit="ratio",
            times=(window.end.timestamp() - 0.5,),
            values=(value,),
        )
        return Collected(source=self.name, window=window, query="errors", series=(one,))

    async def check(self) -> str:
        return "scripted"


def out_of_range(service: str = "payment", series: str = "error_ratio") -> Indicator:
    return Indicator(
        service=service,
        series=series,
        labels={},
        unit="ratio",
        normal_low=0.0,
        normal_high=0.03,
        bad_when="above",
        onset=START,
        worst=0.4,
        evidence_id="E1",
    )


async def judged(
    at: Callable[[float], float | None], *, within_s: float = 60, elsewhere: bool = False
) -> tuple[Verified, list[str]]:
    said: list[str] = []

    async def progress(done: int, total: int, what: str) -> None:
        said.append(f"{done}/{total}")

    async def explained(worsened: frozenset[str]) -> bool:
        assert worsened == {"payment"}
        return elsewhere

    verdict = await verify(
        [out_of_range()],
        [ScriptedMetrics(at)],
        clock=Clock(),
        progress=progress,
        patience=Patience(within_s=within_s, every_s=0.0, steady=4, worse=3),
        elsewhere=explained,
    )
    return verdict, said


async def test_steady_readings_in_range_are_a_recovery() -> None:
    verdict, said = await judged(lambda at: 0.4 if at < 10 else 0.01)

    assert verdict.verdict == "recovered"
    assert said[-1] == "4/4"
    assert all(reading.in_range for reading in verdict.readings)


async def test_a_service_that_flickers_has_not_recovered() -> None:
    verdict, said = await judged(lambda at: 0.4 if int(at / 2) % 3 == 0 else 0.01)

    assert verdict.verdict == "not_recovered"
    assert "4/4" not in said


async def test_one_that_goes_far_past_its_worst_got_worse_and_is_not_waited_for() -> None:
    verdict, said = await judged(lambda at: 0.9, within_s=10_000)

    assert verdict.verdict == "worse"
    assert len(said) == 3


async def test_one_that_something_else_made_worse_is_watched_on() -> None:
    verdict, _ = await judged(lambda at: 0.9 if at < 30 else 0.01, elsewhere=True)
    never_back, _ = await judged(lambda at: 0.9, elsewhere=True)

    assert (verdict.verdict, never_back.verdict) == ("recovered", "not_recovered")


async def test_a_silent_source_can_confirm_nothing() -> None:
    verdict, _ = await judged(lambda at: None)

    assert verdict.verdict == "unknown"
    assert "no reading" in verdict.says


async def test_silence_after_a_reading_is_no_recovery() -> None:
    verdict, _ = await judged(lambda at: 0.01 if at < 6 else None)

    assert verdict.verdict == "not_recovered"


def test_a_count_over_the_last_half_minute_cannot_get_worse_by_the_change() -> None:
    before, after = (
        Reading(
            service="catalog",
            series=name,
            unit="",
            value=4.0,
            normal_low=0.0,
            normal_high=0.9,
            in_range=False,
        )
        for name in ("restarts_recent", "error_ratio")
    )
    counted, measured = (
        replace(out_of_range("catalog", series), normal_high=0.9, worst=2.0)
        for series in ("restarts_recent", "error_ratio")
    )

    assert past_worst([counted], [before], 0.5) == frozenset()
    assert past_worst([measured], [after], 0.5) == {"catalog"}


@pytest.mark.parametrize(
    ("services", "kept"),
    [
        (("payment",), ["payment/error_ratio"]),
        (("mail",), ["payment/error_ratio", "payment/pool_use", "edge/error_ratio"]),
    ],
)
def test_the_symptoms_of_the_alerts_are_watched_else_all(services: tuple[str, ...], kept: list[str]) -> None:
    all_of_them = [out_of_range(), out_of_range(series="pool_use"), out_of_range("edge")]

    assert [f"{one.service}/{one.series}" for one in watched(all_of_them, services)] == kept


def test_what_a_runbook_wants_watched_comes_to_the_symptoms_and_never_in_their_place() -> None:
    all_of_them = [out_of_range(), out_of_range(series="pool_use"), out_of_range("edge")]

    kept = watched(all_of_them, ("payment",), ("pool_use", "memory_use"))

    assert [f"{one.service}/{one.series}" for one in kept] == ["payment/error_ratio", "payment/pool_use"]


def test_a_runbook_changes_the_patience_only_where_it_says_so() -> None:
    given = Patience(within_s=90, steady=6, worse=9)

    assert given.as_wanted(Checks()) == given
    assert given.as_wanted(Checks(within_s=30)) == replace(given, within_s=30)
    assert given.as_wanted(Checks(steady=12)) == replace(given, steady=12)
