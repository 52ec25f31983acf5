"""What a person who is asked sees at once, on a laptop and on a phone, of a question that a real drill raised."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.chromium import watch
from tests.scenarios.running import RunningQuell

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.xdist_group("lab"), pytest.mark.timeout(180)]

SIZES = ((1280, 800), (390, 844))
IN_FRONT = """(element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const points = [[left + 2, top + 2], [right - 2, bottom - 2], [(left + right) / 2, (top + bottom) / 2]];
    return points.every(([x, y]) => {
        const front = document.elementFromPoint(x, y);
        return front !== null && (element.contains(front) || front.contains(element));
    });
}"""
"""Whether nothing lies over an element; also false where it is out of the viewport."""


def out_of_view(page: Page, parts: dict[str, Locator]) -> list[str]:
    """Return the names of the parts that are not whole in the viewport, or behind something else."""
    size = page.viewport_size
    assert size is not None
    missing = []
    for name, part in parts.items():
        box = part.bounding_box()
        inside = box is not None and (
            box["x"] >= 0
            and box["y"] >= 0
            and box["x"] + box["width"] <= size["width"]
            and box["y"] + box["height"] <= size["height"]
        )
        if not inside or not part.evaluate(IN_FRONT):
            missing.append(f"{name} at {size['width']}x{size['height']}: {box}")
    return missing


def test_a_question_is_whole_in_view_with_both_answers_without_scrolling(shop: RunningQuell, browser: Browser) -> None:
    shop.breaks("slow_dependency", "payment")
    incident = shop.wait_for_incident()
    detail = shop.wait_for(incident, lambda one: one["summary"]["wants"] == "approve", "a person is asked")
    plan, cause = detail["plan"], detail["diagnosis"]["hypotheses"][0]
    missing = []

    for size in SIZES:
        for dark in (False, True):
            shown = watch(browser, f"{shop.url}/incident/?id={incident}", size=size, dark=dark)
            card = shown.page.get_by_role("region", name="Approval")
            expect(card.get_by_role("button", name="Approve")).to_be_enabled()
            change = card.get_by_role("list", name="What will change")
            parts = {
                "question": card.get_by_role("heading"),
                "cause": card.get_by_text(cause["title"], exact=True),
                "probability": card.get_by_text("99 %"),
                "change": change,
                "risk": card.get_by_text(plan["risk"], exact=True),
                "undo": card.get_by_text(plan["undo"], exact=True),
                "expiry": card.get_by_text("expires in"),
                "approve": card.get_by_role("button", name="Approve"),
                "reject": card.get_by_role("button", name="Reject"),
            }
            missing += out_of_view(shown.page, parts)
            assert [change.locator(side).text_content() for side in ("del", "ins")] == [
                "−before: flag provider a",
                "+after: flag provider b",
            ]
            assert shown.page.evaluate("() => scrollY") == 0
            assert shown.faults() == []
            shown.page.context.close()

    assert missing == []
