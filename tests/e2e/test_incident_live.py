"""A real service breaks while a person watches in a real browser; no page is loaded again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import watch
from tests.scenarios.running import RunningQuell, Seen

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.xdist_group("lab")]

PILL = "header span.num"
STATE = "main header h1 + span"
PHASES = "main [role=img][aria-label^='Phases.']"


def phase(detail: Seen, name: str) -> str:
    return next((one["state"] for one in detail["summary"]["phases"] if one["phase"] == name), "")


def resolved(detail: Seen) -> bool:
    return bool(detail["summary"]["state"] == "resolved" and detail["summary"]["outcome"])


def row(incident: str, cell: int, inside: str = "") -> str:
    return f"#row-{incident} > [role=cell]:nth-child({cell}) {inside}".strip()


def shows(page: Page, selector: str, words: str, *, within_s: float = 10) -> None:
    expect(page.locator(selector).first).to_contain_text(words, timeout=1000 * within_s)


def test_a_broken_release_is_seen_explained_mended_and_verified_on_open_pages(
    shop: RunningQuell, browser: Browser
) -> None:
    ops = watch(browser, f"{shop.url}/ops/")
    shows(ops.page, PILL, "Live")
    before = len(shop.changes())
    drill = shop.breaks("bad_release", "inventory")
    incident = shop.wait_for_incident()
    ops.page.locator(f"#row-{incident}").wait_for()
    ops.record("states", row(incident, 3))
    ops.record("phases", row(incident, 4, "[role=img]"), "aria-label")
    one = watch(browser, f"{shop.url}/incident/?id={incident}")
    one.record("phases", PHASES, "aria-label")
    one.record("states", STATE)

    detail = shop.wait_for(incident, resolved, "resolved")
    shows(one.page, STATE, "Resolved")
    shows(ops.page, row(incident, 3), "Resolved")

    best = detail["diagnosis"]["hypotheses"][0]
    assert (best["service"], best["cause"]) == (drill["service"], drill["cause"])
    assert [(run["action"], run["target"], run["state"]) for run in detail["actions"]] == [
        ("roll_back", "inventory", "done")
    ]
    assert detail["verification"]["verdict"] == "recovered"
    assert len(shop.changes()) - before == 1
    expect(one.page.get_by_role("heading", name="Verified: recovered")).to_be_visible()
    expect(one.page.get_by_role("complementary", name="Findings")).to_contain_text("inventory: bad release")
    assert {"Monitoring", "Resolved"} <= set(ops.shown("states"))
    assert {"Monitoring", "Resolved"} <= set(one.shown("states"))
    assert any("verify running" in words for words in ops.shown("phases"))
    assert len(one.shown("phases")) >= 3
    assert ops.faults() == []
    assert one.faults() == []


def test_quell_killed_twice_in_mid_incident_ends_it_all_the_same_and_the_open_page_catches_up(
    shop: RunningQuell, browser: Browser
) -> None:
    shop.wait_until_seen_healthy()
    before = len(shop.changes())
    shop.breaks("bad_config", "cart")
    incident = shop.wait_for_incident()
    shown = watch(browser, f"{shop.url}/incident/?id={incident}")
    shows(shown.page, PILL, "Live")
    shown.record("pill", PILL)
    shop.kill()
    expect(shown.page.locator(PILL).first).not_to_contain_text("Live")
    shop.start()
    shows(shown.page, PILL, "Live", within_s=30)

    shop.wait_for(incident, lambda detail: phase(detail, "verify") == "running", "verification runs")
    shop.kill()
    expect(shown.page.locator(PILL).first).not_to_contain_text("Live")
    shop.start()
    detail = shop.wait_for(incident, resolved, "resolved")

    shows(shown.page, PILL, "Live", within_s=30)
    shows(shown.page, STATE, "Resolved")
    expect(shown.page.get_by_role("heading", name="Verified: recovered")).to_be_visible()
    assert [run["state"] for run in detail["actions"]] == ["done"]
    assert [change["service"] for change in shop.changes()[before:]] == ["cart"]
    pill = shown.shown("pill")
    assert any(words.startswith("Reconnecting") for words in pill)
    assert pill[-1].startswith("Live")
    starts = [event["data"] for event in shop.exported() if event["type"] == "ProcessStarted"]
    assert starts[-1]["recovered"] >= 1
    assert shown.faults(server_was_gone=True) == []


def test_a_person_is_asked_a_stale_page_cannot_answer_and_approval_by_keyboard_is_carried_out(
    shop: RunningQuell, browser: Browser
) -> None:
    before = len(shop.changes())
    shop.breaks("slow_dependency", "payment")
    incident = shop.wait_for_incident()
    shown = watch(browser, f"{shop.url}/incident/?id={incident}")
    shop.wait_for(incident, lambda detail: detail["summary"]["wants"] == "approve", "a person is asked")
    card = shown.page.get_by_role("region", name="Approval")
    approve = card.get_by_role("button", name="Approve")
    expect(approve).to_be_enabled()
    expect(card).to_contain_text("Switch flag payment")
    assert shop.changes()[before:] == []

    shop.kill()
    expect(approve).to_be_disabled(timeout=25_000)
    expect(card).to_contain_text("Not now: the connection is lost")
    shop.start()
    expect(approve).to_be_enabled(timeout=30_000)
    shown.page.keyboard.press("a")
    expect(card).to_be_focused()
    approve.focus()
    shown.page.keyboard.press("Enter")
    detail = shop.wait_for(incident, resolved, "resolved")

    shows(shown.page, STATE, "Resolved")
    expect(card).to_contain_text("Approved by operator")
    assert detail["summary"]["approval"]["answer"] == "approved"
    assert [(c["service"], c["kind"], c["after"]) for c in shop.changes()[before:]] == [("payment", "flag", "b")]
    assert shown.faults(server_was_gone=True) == []


def test_a_browser_that_is_closed_in_mid_incident_stops_nobody(shop: RunningQuell, browser: Browser) -> None:
    shown = watch(browser, f"{shop.url}/ops/")
    shop.breaks("bad_release", "catalog")
    incident = shop.wait_for_incident()
    shown.page.locator(f"#row-{incident}").wait_for()

    browser.close()

    detail = shop.wait_for(incident, resolved, "resolved")
    assert detail["diagnosis"]["hypotheses"][0]["service"] == "catalog"
