"""Bad days that must end well: telemetry that lies or is silent, a fix that does not help, a storm in mid-incident."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.endpoint import hangs, says
from tests.scenarios.running import story
from tests.scenarios.small_shop import BAD, GOOD, Caller, Seen, SmallShop

STORM, PER_BODY = 5_000, 100
NEIGHBOURS = ("edge", "catalog", "payment")


@pytest.fixture
def small_shop(tmp_path: Path) -> SmallShop:
    return SmallShop(tmp_path)


def gaps(detail: Seen) -> str:
    return "; ".join(f"{gap['source']}: {gap['reason']}" for gap in detail["gaps"])


async def test_metrics_logs_and_clocks_that_lie_do_not_hide_the_cause(small_shop: SmallShop) -> None:
    nan_twice = 2 * 'http_requests_total{service="catalog",code="200"} NaN\n'
    small_shop.how["catalog"] = says(f"# TYPE http_requests_total counter\n{nan_twice}up what?\n")
    small_shop.edge_starts_over = True
    small_shop.log_skew_s = 300
    small_shop.past_s = 420
    async with small_shop.open() as quell:
        caller = Caller(quell)
        await caller.payment_fails(since_s=300)
        detail = await caller.ended(within_s=60)

    assert detail["summary"]["outcome"] == "resolved", story(detail)
    best = detail["diagnosis"]["hypotheses"][0]
    assert (best["service"], best["cause"]) == ("payment", "bad_release")
    assert small_shop.control.changed == ["payment roll_back"]
    assert "catalog" in gaps(detail)


async def test_a_fix_that_cannot_be_verified_is_undone_and_what_is_missing_is_named(
    small_shop: SmallShop,
) -> None:
    async with small_shop.open() as quell:
        small_shop.how["payment"] = hangs
        small_shop.how["catalog"] = says("out of order", status="500 Internal Server Error")
        small_shop.log.unlink()
        caller = Caller(quell)
        await caller.payment_fails(since_s=-300)
        detail = await caller.ended(within_s=60)

    assert (detail["summary"]["outcome"], detail["summary"]["wants"]) == ("escalated", "take_over"), story(detail)
    assert "no reading" in detail["verification"]["says"]
    assert small_shop.control.changed == ["payment roll_back", "payment deploy"]
    assert small_shop.control.services["payment"]["version"] == BAD
    assert "logfiles" in gaps(detail)


async def test_with_every_source_down_nothing_is_changed_and_a_person_is_told_what_is_missing(
    small_shop: SmallShop,
) -> None:
    async with small_shop.open() as quell:
        caller = Caller(quell)
        small_shop.log.unlink()
        small_shop.changes.unlink()
        for name in small_shop.services:
            small_shop.how[name] = hangs
        await caller.payment_fails()
        detail = await caller.ended(within_s=90)

    assert small_shop.control.changed == []
    assert (detail["summary"]["outcome"], detail["summary"]["wants"]) == ("escalated", "take_over"), story(detail)
    assert all(source in gaps(detail) for source in ("logfiles", "changes")), gaps(detail)


async def test_a_fix_that_makes_it_worse_is_undone_and_a_person_is_asked_to_take_over(small_shop: SmallShop) -> None:
    small_shop.failing_after_roll_back = 0.9
    async with small_shop.open() as quell:
        caller = Caller(quell)
        await caller.payment_fails()
        detail = await caller.ended(within_s=90)

    assert small_shop.control.changed == ["payment roll_back", "payment deploy"], story(detail)
    assert small_shop.control.services["payment"]["version"] == BAD
    assert (detail["summary"]["outcome"], detail["summary"]["wants"]) == ("escalated", "take_over")
    assert detail["actions"][0]["state"] == "undone"
    assert detail["verification"]["verdict"] in ("worse", "not_recovered")


async def test_a_storm_in_mid_incident_is_all_accounted_for_and_the_incident_goes_on(small_shop: SmallShop) -> None:
    async with small_shop.open() as quell:
        caller = Caller(quell)
        await caller.payment_fails()
        for start in range(0, STORM, PER_BODY):
            alerts = [
                {"name": f"Slow{n}", "service": NEIGHBOURS[n % 3], "severity": "warning", "labels": {"pod": f"p{n}"}}
                for n in range(start, start + PER_BODY)
            ]
            assert (await caller.alert(*alerts))["received"] == PER_BODY
        detail = await caller.ended(within_s=60)
        intake = await caller.get("/api/v1/intake")
        incidents = (await caller.get("/api/v1/incidents?state=all"))["items"]

    parts = ("rejected", "silenced", "duplicate", "grouped", "opening")
    assert intake["received"] == STORM + 1 == sum(intake[part] for part in parts), intake
    assert len(incidents) <= 3, [row["title"] for row in incidents]
    assert detail["summary"]["outcome"] == "resolved", story(detail)
    assert small_shop.control.services["payment"]["version"] == GOOD
    assert small_shop.control.changed == ["payment roll_back"]
