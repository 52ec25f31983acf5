"""The connection pill of a real page, while the server it shows is killed and comes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.chromium import Watched, watch
from tests.scenarios.running import RunningQuell, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PILL = "header span.num"
CLOCK = "header .muted.num"
STOP_PAINTING = """() => {
    window.unpainted = [];
    window.painting = window.requestAnimationFrame;
    window.requestAnimationFrame = (call) => window.unpainted.push(call);
}"""
HIDE = """() => {
    Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = """() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
    window.requestAnimationFrame = window.painting;
    for (const call of window.unpainted) call(performance.now());
}"""
"""A page that is hidden paints nothing, and catches up on that when it is shown."""
HIDDEN_S = 3.0
"""Far longer than what a busy machine takes to show an event."""
NOTES = 300
WORDY = "tried what the runbook says, no change; " * 12
SLOW = ("Polling", "Stale", "Not heard")
"""What the pill also says where Quell takes its time."""
WORDS = (*SLOW, "Live", "Reconnecting", "Catching up", "Offline", "Connecting", "Refused")


def walked(page: Watched) -> list[str]:
    """Return the states in the order in which the pill first showed them, and the one it ended with."""
    words = [next(word for word in WORDS if text.startswith(word)) for text in page.shown("pill")]
    return [*dict.fromkeys(words), words[-1]]


def counted_down(page: Watched) -> list[int]:
    """Return the numbers of events to go that the pill showed."""
    found = [re.search(r"Catching up, ([\d,]+) to go", text) for text in page.shown("pill")]
    return [int(match[1].replace(",", "")) for match in found if match]


def delays(page: Watched) -> list[float]:
    """Return how many seconds behind the pill said it was."""
    found = [re.search(r"Live, ([\d.]+) s behind", text) for text in page.shown("pill")]
    return [float(match[1]) for match in found if match]


def says(page: Watched, word: str, *, within_s: float = 30) -> None:
    expect(page.page.locator(PILL).first).to_contain_text(word, timeout=1000 * within_s)


def tell(quell: RunningQuell, *numbers: int) -> None:
    for number in numbers:
        alert = {"name": f"Broken{number}", "service": f"service-{number}", "severity": "critical"}
        quell.post("/ingest/alerts", {"alerts": [alert]}).raise_for_status()


def happens_elsewhere(quell: RunningQuell, *, alerts: range, notes: int) -> None:
    """Let much happen in the data of a Quell that is down, where none of its pages can hear of it."""
    elsewhere = RunningQuell(quell.data)
    elsewhere.start()
    try:
        tell(elsewhere, *alerts)
        until(lambda: elsewhere.get(f"/api/v1/incidents/INC-{alerts[-1]}"), "the last is open", within_s=20)
        for note in range(notes):
            elsewhere.post("/api/v1/incidents/INC-1/notes", {"text": f"{note}: {WORDY}"}).raise_for_status()
    finally:
        elsewhere.close()


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
    happens_elsewhere(quell, alerts=range(2, 6), notes=NOTES)
    quell.start()
    says(page, "Live", within_s=60)
    page.page.locator("#row-INC-5").wait_for()

    walk = [word for word in walked(page) if word not in SLOW]
    assert walk == ["Live", "Reconnecting", "Catching up", "Live"]
    to_go = counted_down(page)
    assert to_go[0] > NOTES / 2
    assert to_go == sorted(to_go, reverse=True)
    assert page.faults(server_was_gone=True) == []


def test_what_was_open_is_called_live_while_another_incident_is_looked_at(
    quell: RunningQuell, browser: Browser
) -> None:
    quell.start()
    tell(quell, 1, 2)
    page = watch(browser, f"{quell.url}/ops/")
    says(page, "Live")
    page.page.locator("#row-INC-2").wait_for()
    page.record("pill", PILL)
    page.record("selected", "#selected-title")

    page.page.keyboard.press("j")
    page.page.keyboard.press("j")
    until(lambda: len(page.shown("selected")) > 1, "another one is selected", within_s=10)
    page.page.get_by_role("region", name="What is known").get_by_role("heading").first.wait_for()

    assert {text.split(",")[0] for text in page.shown("pill")} == {"Live"}


@pytest.mark.parametrize("hidden", ["before the event", "before the event was painted"])
def test_a_hidden_page_does_not_count_the_time_in_which_nobody_looked(
    quell: RunningQuell, browser: Browser, hidden: str
) -> None:
    quell.start()
    page = watch(browser, f"{quell.url}/ops/")
    says(page, "Live")
    page.page.evaluate(STOP_PAINTING)
    page.record("pill", PILL)

    if hidden == "before the event":
        page.page.evaluate(HIDE)
    tell(quell, 1)
    page.page.locator("#row-INC-1").wait_for()
    page.page.evaluate(HIDE)
    page.page.wait_for_timeout(1000 * HIDDEN_S)
    page.page.evaluate(SHOW)
    tell(quell, 2)
    until(lambda: delays(page), "an event is measured again", within_s=10)
    page.record("clock", CLOCK)
    until(lambda: len(page.shown("clock")) > 2, "the page has gone on", within_s=10)

    assert walked(page) == ["Live", "Live"]
    assert all(delay < HIDDEN_S for delay in delays(page)), page.shown("pill")


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
