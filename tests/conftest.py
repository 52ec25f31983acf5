"""What holds for every test: the rule about skips, and the running Quells and the browser that several parts share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.running import RunningQuell

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTHING_SKIPPED = "QUELL_TEST_NOTHING_SKIPPED"

LONG_GROUPS = ("lab", "field", "faults", "lab-drills", "lab-shop", "readme")
"""Groups of tests that one worker runs one after the other, the longest first: begun late, it would run on alone."""


def pytest_configure() -> None:
    """Let Ctrl-C reach the processes that tests start: a shell that runs tests in the background has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long groups first; all else stays in order (`--no-loadscope-reorder` keeps xdist from sorting again)."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    marker = item.get_closest_marker("xdist_group")
    group = marker.args[0] if marker is not None else ""
    return LONG_GROUPS.index(group) if group in LONG_GROUPS else len(LONG_GROUPS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """Turn a skip into a failure where everything a test may need is installed, as it is in CI."""
    report = yield
    allowed = item.get_closest_marker("may_skip") is not None
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(NOTHING_SKIPPED) and not allowed:
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> object:
    """The same for a file that skips itself as a whole."""
    report = yield
    if report.skipped and os.environ.get(NOTHING_SKIPPED):
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    report.outcome = "failed"
    report.longrepr = f"{NOTHING_SKIPPED} is set, and this was skipped: {report.longrepr}"


@pytest.fixture(scope="session")
def shop_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningQuell]:
    """One Quell with a lab that has run long enough to know what is normal."""
    quell = RunningQuell(tmp_path_factory.mktemp("shop") / "data", "--lab", "--drills", "none")
    try:
        quell.start()
        quell.wait_until_normal_is_known()
        yield quell
    finally:
        quell.close()


@pytest.fixture
def shop(shop_for_all: RunningQuell) -> Iterator[RunningQuell]:
    """That Quell, up, with nothing broken; what a test breaks is mended after it."""
    if not shop_for_all.alive:
        shop_for_all.start()
    shop_for_all.wait_until_calm()
    shop_for_all.close_ended()
    yield shop_for_all
    shop_for_all.end_drills()


@pytest.fixture
def quell(tmp_path: Path) -> Iterator[RunningQuell]:
    """A Quell of its own, without a lab; not started yet."""
    quell = RunningQuell(tmp_path / "data")
    yield quell
    quell.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    from tests.e2e.chromium import browsing  # only those who browse pay for loading it

    with browsing() as opened:
        yield opened
