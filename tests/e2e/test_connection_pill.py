"""The connection pill of a real page, while the server it shows is killed and comes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.chromium import Watched, watch
from tests.scenarios.running import RunningQuell, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PILL = "header span.num"
WORDS = ("Live", "Reconnecting", "Catching up", "Stale", "Polling", "Offline", "Connecting", "Refused")


def walked(page: Watched) -> list[str]:
    """Return the states that the pill went through, without those that only a slow start brings."""
    words = [next(word for word in WORDS if text.startswith(word)) for text in page.shown("pill")]
    words = [word for word in words if word not in ("Polling", "Stale")]
    return [word for place, word in enumerate(words) if place == 0 or words[place - 1] != word]


def says(page: Watched, word: str, *, within_s: float = 30) -> None:
    expect(page.page.locator(PILL).first).to_contain_text(word, timeout=1000 * within_s)


def tell(quell: RunningQuell, *numbers: int) -> None:
    for number in numbers:
        alert = {"name": f"Broken{number}", "service": f"service-{number}", "severity": "critical"}
        quell.post("/ingest/alerts", {"alerts": [alert]}).raise_for_status()


def rows(page: Watched) -> list[str]:
    """Return the ids of the incidents that a page lists, in its order."""
    found: list[str] = page.page.evaluate("() => [...document.querySelectorAll('[id^=row-INC-]')].map(row => row.id)")
    return found


def test_the_pill_walks_from_live_over_reconnecting_and_catching_up_to_live(
    quell: RunningQuell, browser: Browser
) -> None:
    quell.start()
    tell(quell, 1)
    page = watch(browser, f"{quell.url}/ops/")
    says(page, "Live")
    page.page.locator("#row-INC-1").wait_for()
    page.record("pill", PILL)

    quell.kill()
    says(page, "Reconnecting")
    expect(page.page.get_by_role("button", name="Retry now")).to_be_visible()
    quell.start()
    tell(quell, 2, 3)
    says(page, "Live", within_s=60)
    page.page.locator("#row-INC-3").wait_for()

    assert walked(page) == ["Live", "Reconnecting", "Catching up", "Live"]
    assert page.faults(server_was_gone=True) == []


def test_two_tabs_end_with_the_same_list_after_the_server_came_back(quell: RunningQuell, browser: Browser) -> None:
    quell.start()
    tell(quell, 1)
    tabs = [watch(browser, f"{quell.url}/ops/") for _ in range(2)]
    for tab in tabs:
        says(tab, "Live")

    quell.kill()
    for tab in tabs:
        says(tab, "Reconnecting")
    quell.start()
    tell(quell, 2, 3, 4)

    for tab in tabs:
        says(tab, "Live", within_s=60)
    until(lambda: len(rows(tabs[0])) == 4, "every incident is listed", within_s=20)
    until(lambda: rows(tabs[1]) == rows(tabs[0]), "both list the same", within_s=20)
