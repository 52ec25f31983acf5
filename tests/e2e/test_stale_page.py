"""A page whose server is gone says so loudly, shows nothing as if it were of now, and recovers when it returns."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.chromium import watch
from tests.scenarios.running import RunningQuell

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

STALE_MS = 30_000
"""Twice the silence after which a page calls itself stale."""
COLOURS = "(panel) => getComputedStyle(panel).filter"


def test_a_page_whose_server_is_gone_says_so_everywhere_until_it_is_back(quell: RunningQuell, browser: Browser) -> None:
    quell.start()
    shown = watch(browser, f"{quell.url}/ops/")
    page = shown.page
    banner = page.get_by_role("alert").filter(has_text="Not live.")
    now = page.get_by_role("region", name="Now")
    expect(now).to_contain_text("Open0")
    expect(page.get_by_text("No incident is open, and none ended in the last 24 hours")).to_be_visible()
    title = page.title()
    assert now.evaluate(COLOURS) == "none"

    quell.kill()
    expect(banner).to_be_visible(timeout=STALE_MS)

    expect(banner).to_contain_text(re.compile(r"Everything below is as of \d\d:\d\d:\d\d UTC and cannot be acted on"))
    assert page.title() == f"Not live · {title}"
    assert now.evaluate(COLOURS) == "grayscale(1)"
    expect(now).to_contain_text(re.compile(r"As of\d\d:\d\d:\d\d UTC"))
    expect(now).to_contain_text("Open– none when last heard")
    expect(page.get_by_text("What is open now is not known")).to_be_visible()
    for panel in ("Incidents", "Events", "Agents and parts"):
        expect(page.get_by_role("region", name=panel, exact=True)).to_contain_text("as of ")
    expect(page.get_by_text("Open 0")).to_have_count(0)

    quell.start()
    expect(banner).to_have_count(0, timeout=60_000)

    assert page.title() == title
    assert now.evaluate(COLOURS) == "none"
    expect(now).to_contain_text("Open0")
    expect(page.get_by_text("as of ")).to_have_count(0)
    assert shown.faults(server_was_gone=True) == []


def test_an_incident_on_a_page_whose_server_is_gone_cannot_be_acted_on(quell: RunningQuell, browser: Browser) -> None:
    quell.start()
    alert = {"name": "Broken", "service": "payment", "severity": "critical"}
    quell.post("/ingest/alerts", {"alerts": [alert]}).raise_for_status()
    shown = watch(browser, f"{quell.url}/incident/?id=INC-1", size=(390, 844))
    page = shown.page
    resolve = page.get_by_role("button", name="Resolve")
    expect(resolve).to_be_enabled()

    quell.kill()
    expect(page.get_by_text("Not live.")).to_be_visible(timeout=STALE_MS)

    for name in ("Acknowledge", "Look again", "Resolve", "False alarm", "Add note"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    assert page.title().startswith("Not live · ")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0

    quell.start()
    expect(resolve).to_be_enabled(timeout=60_000)
    assert not page.title().startswith("Not live")
