"""What pages say after a drill of the lab: who was right is counted, and managers see it apart from real incidents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.chromium import watch
from tests.scenarios.running import RunningQuell

pytestmark = [pytest.mark.browser, pytest.mark.lab, pytest.mark.xdist_group("lab"), pytest.mark.timeout(240)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """A Quell whose lab had a drill that ended well."""

    shop: RunningQuell
    right_before: int
    """Causes of drills that were named right before it."""
    incident: dict[str, Any]


@pytest.fixture(scope="module")
def drilled(shop_for_all: RunningQuell) -> Iterator[Drilled]:
    shop = shop_for_all
    if not shop.alive:
        shop.start()
    shop.wait_until_calm()
    shop.close_ended()
    before = right(shop)
    shop.breaks("bad_release", "inventory")
    known_as = shop.wait_for_incident()
    ended = shop.wait_for(known_as, lambda one: one["summary"]["outcome"] == "resolved", "resolved", within_s=90)
    yield Drilled(shop=shop, right_before=before, incident=ended)
    shop.end_drills()


def test_a_cause_that_a_person_confirms_is_counted_as_right(drilled: Drilled, browser: Browser) -> None:
    shop, ended = drilled.shop, drilled.incident
    best = ended["diagnosis"]["hypotheses"][0]

    body = {"service": best["service"], "cause": best["cause"]}
    shop.post(f"/api/v1/incidents/{ended['summary']['id']}/cause", body).raise_for_status()

    assert right(shop) == drilled.right_before + 1
    page = watch(browser, f"{shop.url}/ops/?tab=agents").page
    page.get_by_role("button", name="Drills").click()
    expect(page.get_by_text("How often the agents were right")).to_be_visible()
    expect(page.get_by_text("uncalibrated").first).to_be_visible()
    page.get_by_role("button", name="Real incidents").click()
    expect(page.get_by_text("unknown: no resolved incident has a known truth").first).to_be_visible()


def right(shop: RunningQuell) -> int:
    rows = {row["agent"]: row for row in shop.get("/api/v1/agents", of="drills")["items"]}
    return sum(one["right"] for one in rows["diagnosis"]["accuracy"] if one["of"] == "drills")


def test_a_drill_is_shown_apart_and_never_counted_as_real(drilled: Drilled, browser: Browser) -> None:
    shop, ended = drilled.shop, drilled.incident
    watched = watch(browser, f"{shop.url}/demo/")
    page = watched.page

    expect(page.get_by_text("There are no real incidents yet, so this shows drills.")).to_be_visible()
    deeds = page.get_by_role("region", name="What the system did last")
    expect(deeds.get_by_role("link", name=ended["summary"]["title"]).first).to_be_visible()

    page.get_by_role("button", name="Real").click()
    expect(page.get_by_text("No incidents in the last 28 days.")).to_be_visible()
    expect(page.get_by_text("shown apart and not counted")).to_be_visible()
    assert shop.get("/api/v1/outcomes", kind="real")["counts"]["handled"] == 0
    assert shop.get("/api/v1/outcomes", kind="drill")["counts"]["handled"] >= 1
    assert watched.faults() == []
