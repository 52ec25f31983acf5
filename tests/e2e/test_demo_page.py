"""The executives' page of a real Quell: it shows an import at once, how each figure came about, and takes a price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import watch
from tests.scenarios.running import RunningQuell

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SENTENCE = "A typical incident is restored in 40 minutes"


def past(number: int, **more: Any) -> dict[str, Any]:
    begun = datetime.now(UTC) - timedelta(days=1, hours=number)
    ended = begun + timedelta(minutes=40)
    return {
        "id": str(number),
        "title": f"Incident {number}",
        "service": "cart",
        "severity": "SEV2",
        "started_at": begun.isoformat(),
        "detected_at": begun.isoformat(),
        "restored_at": ended.isoformat(),
        **more,
    }


def imports(quell: RunningQuell, *incidents: dict[str, Any]) -> None:
    quell.post("/api/v1/outcomes/imports", {"source": "old", "incidents": incidents}).raise_for_status()


def test_an_import_appears_on_an_open_page_and_drills_stay_apart(quell: RunningQuell, browser: Browser) -> None:
    quell.start()
    watched = watch(browser, f"{quell.url}/demo/")
    page = watched.page
    expect(page.get_by_text("No incidents in the last 28 days.")).to_be_visible()

    imports(quell, *(past(number) for number in range(12)), *(past(100 + n, kind="drill") for n in range(3)))

    expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=10_000)
    expect(page.get_by_role("img", name="Time to restore of 12 incidents in 90 days")).to_be_visible()
    page.get_by_role("button", name="Drills").click()
    expect(page.get_by_text("They are never counted with real incidents.")).to_be_visible()
    expect(page.get_by_text("3 incidents in the last 28 days")).to_be_visible()
    assert "kind=drill" in page.url
    assert watched.faults() == []


def test_a_tile_says_how_it_is_computed_and_a_price_is_kept_as_a_version(quell: RunningQuell, browser: Browser) -> None:
    quell.start()
    imports(quell, *(past(number) for number in range(12)))
    watched = watch(browser, f"{quell.url}/demo/?window=90d")
    page = watched.page
    page.get_by_role("button", name="Typical time to restore").click()
    drawer = page.get_by_role("dialog")
    definitions = {one["key"]: one for one in quell.get("/api/v1/outcomes/definitions")["items"]}
    expect(drawer.get_by_text(definitions["median_order_statistics"]["formula"])).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()

    page.get_by_role("button", name="Saved, last 90 days").click()
    give_a_price(page)

    expect(page.get_by_text("Version 1, by")).to_be_visible()
    newest = quell.get("/api/v1/outcomes/assumptions")["items"][0]
    assert (newest["version"], newest["cost_per_minute_low"], newest["cost_per_minute_high"]) == (1, 100, 400)
    assert newest["reason"] == "from the books"
    assert watched.faults() == []


def give_a_price(page: Page) -> None:
    """Fill the form of assumptions in, and send it."""
    page.get_by_label("A minute costs hardly ever less than").fill("100")
    page.get_by_label("and hardly ever more than").fill("400")
    page.get_by_label("Why").fill("from the books")
    page.get_by_role("button", name="Save", exact=True).click()
