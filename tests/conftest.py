"""What holds for every test."""

from __future__ import annotations

import os

import pytest

NOTHING_SKIPPED = "QUELL_TEST_NOTHING_SKIPPED"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """Turn a skip into a failure where everything a test may need is installed, as it is in CI."""
    report = yield
    allowed = item.get_closest_marker("may_skip") is not None
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(NOTHING_SKIPPED) and not allowed:
        report.outcome = "failed"
        report.longrepr = f"{NOTHING_SKIPPED} is set, and this was skipped: {report.longrepr}"
    return report
