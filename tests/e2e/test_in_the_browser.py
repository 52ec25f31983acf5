"""The whole, seen through a real browser: a fault in the lab is shown, mended and verified while the page is open."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.product import LEARN_S, Product, until

pytestmark = [pytest.mark.browser, pytest.mark.lab, pytest.mark.xdist_group("lab"), pytest.mark.timeout(300)]

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = Path(__file__).parents[2] / "src/quell/dashboard/ops/index.html"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    if not PAGES.exists():
        pytest.skip("the dashboard is not built: make setup")
    product = Product(tmp_path_factory.mktemp("quell") / "data")
    product.start()
    began = time.monotonic()
    until(lambda: time.monotonic() - began > LEARN_S, within_s=LEARN_S + 5, what="healthy traffic")
    yield product
    product.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 880})
    page.set_default_timeout(30_000)
    yield page
    page.close()


def calm(product: Product) -> None:
    """Wait until nothing is open and no alert fires, so that the next fault is alone."""

    def quiet() -> bool:
        rows = product.get("/incidents?state=all&limit=5")["items"]
        return all(row["state"] in ("resolved", "closed") and not row["alerts"]["firing"] for row in rows)

    until(quiet, within_s=90, what="calm")


def test_a_fault_is_shown_mended_and_verified_without_a_reload(product: Product, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{product.url}/ops/")
    expect(page.get_by_text(re.compile(r"^Live"))).to_be_visible()

    drill = product.drill("bad_release", service="inventory")
    row = product.newest(lambda row: row["services"] != [], within_s=40, what="an incident")
    expect(page.get_by_text(row["title"]).first).to_be_visible()
    page.goto(f"{product.url}/incident/?id={row['id']}")
    expect(page.get_by_text("Verified: recovered").first).to_be_visible(timeout=60_000)

    product.end_drill(drill)
    detail = product.get(f"/incidents/{row['id']}")
    best = detail["diagnosis"]["hypotheses"][0]
    assert (best["service"], best["cause"]) == ("inventory", "bad_release")
    assert detail["actions"][-1]["action"] == "roll_back"
    assert said == []


def test_a_killed_quell_is_back_and_ends_the_incident_while_the_page_stays_open(product: Product, page: Page) -> None:
    calm(product)
    before = len(product.changes_by_quell())
    known = {row["id"] for row in product.get("/incidents?state=all")["items"]}
    drill = product.drill("pool_leak", service="payment")
    row = product.newest(
        lambda row: row["id"] not in known and any(p["phase"] == "act" and p["started_at"] for p in row["phases"]),
        within_s=60,
        what="an action",
    )
    page.goto(f"{product.url}/incident/?id={row['id']}")
    expect(page.get_by_text(re.compile(r"^Live"))).to_be_visible()

    product.kill()
    expect(page.get_by_text(re.compile(r"Reconnecting|Stale|Offline")).first).to_be_visible()
    product.start()

    expect(page.get_by_text(re.compile(r"^Live"))).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Verified: recovered").first).to_be_visible(timeout=120_000)
    product.newest(lambda now: now["id"] == row["id"] and now["outcome"] == "resolved", within_s=10, what="its end")
    product.end_drill(drill)
    assert len(product.changes_by_quell()) == before + 1


def test_a_person_is_asked_on_the_page_and_the_click_is_what_acts(product: Product, page: Page) -> None:
    calm(product)
    known = {row["id"] for row in product.get("/incidents?state=all")["items"]}
    page.goto(f"{product.url}/ops/")
    drill = product.drill("slow_dependency")
    row = product.newest(
        lambda row: row["id"] not in known and row["wants"] == "approve", within_s=60, what="a question to a person"
    )
    assert not any(change["what"] == "provider" for change in product.changes_by_quell())

    page.goto(f"{product.url}/incident/?id={row['id']}")
    page.get_by_role("button", name="Approve").first.click()

    expect(page.get_by_text("Verified: recovered").first).to_be_visible(timeout=120_000)
    product.end_drill(drill)
    detail = product.get(f"/incidents/{row['id']}")
    assert detail["summary"]["approval"]["answer"] == "approved"
    assert detail["summary"]["approval"]["by"].startswith("person:")
    assert any(change["what"] == "provider" for change in product.changes_by_quell())


def test_sigterm_drains_within_ten_seconds_with_a_page_open(product: Product, page: Page) -> None:
    page.goto(f"{product.url}/ops/")
    expect(page.get_by_text(re.compile(r"^Live"))).to_be_visible()
    began = time.monotonic()

    assert product.stop() == 0
    assert time.monotonic() - began < 10
