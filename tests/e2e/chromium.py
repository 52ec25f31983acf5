"""A real Chromium whose pages remember every error, every broken rule, and what they showed one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

__all__ = ["Browser", "Watched", "browsing", "watch"]

PATH = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NO_SERVER = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "WebSocket connection to")
"""What a browser logs while nobody answers; only a page whose server was ended may."""

RECORDER = """
    window.violations = [];
    window.shown = {};
    addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI || event.sourceFile}`));
    window.record = (name, selector, attribute) => {
        const list = (window.shown[name] = []);
        const look = () => {
            const element = document.querySelector(selector);
            const words = element && (attribute ? element.getAttribute(attribute) : element.textContent);
            if (words && words !== list.at(-1)) list.push(words);
        };
        look();
        new MutationObserver(look).observe(document.documentElement,
            { subtree: true, childList: true, characterData: true, attributes: true });
    };
"""


@contextmanager
def browsing() -> Iterator[Browser]:
    """Have a Chromium for the length of a block; skip where there is none."""
    if not PATH.exists():
        pytest.skip("lacks Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and everything that went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def record(self, name: str, selector: str, attribute: str | None = None) -> None:
        """From now on keep each different text (or attribute) that the first match shows."""
        self.page.evaluate("(wanted) => record(...wanted)", [name, selector, attribute])

    def shown(self, name: str) -> list[str]:
        """Return what was recorded; nothing when the page was loaded again since."""
        found: list[str] = self.page.evaluate("(name) => window.shown[name] ?? []", name)
        return found

    def faults(self, *, server_was_gone: bool = False) -> list[str]:
        """Return errors of the console and breaches of the Content-Security-Policy."""
        violations: list[str] = self.page.evaluate("() => window.violations")
        errors = [one for one in self.errors if not (server_was_gone and any(word in one for word in NO_SERVER))]
        return [*errors, *violations]


def watch(browser: Browser, url: str, *, size: tuple[int, int] = (1280, 900), dark: bool = False) -> Watched:
    """Open an address in a page of its own, of a width and height in pixels."""
    width, height = size
    viewport: ViewportSize = {"width": width, "height": height}
    page = browser.new_context(viewport=viewport, color_scheme="dark" if dark else "light").new_page()
    page.add_init_script(RECORDER)
    watched = Watched(page)
    page.goto(url)
    return watched
