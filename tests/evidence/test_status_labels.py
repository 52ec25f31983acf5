"""Which requests failed is read from whatever label a site's instrumentation writes the status into."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from quell.evidence.indicatorqueries import QUERIES
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import Scope
from quell.evidence.statuslabels import STATUS_LABELS, failure, status_of
from tests.evidence.endpoint import Endpoint, says
from tests.evidence.test_scrape import START, window

GOOD, BAD = ("200", "404", "success", "2xx"), ("500", "503", "5xx", "timeout", "error", "0")


@pytest.mark.parametrize(("status", "fails"), [*((one, False) for one in (*GOOD, "")), *((one, True) for one in BAD)])
def test_5xx_and_words_of_no_success_are_failures(status: str, fails: bool) -> None:
    assert failure(status) is fails


def test_the_first_status_label_that_a_series_has_counts() -> None:
    assert status_of({"status": "error", "code": "200"}) == "200"
    assert status_of({"code": "", "status_code": "500"}) == "500"
    assert status_of({"method": "GET"}) == ""


def counters(second: int, label: str, *, bad: str = "500") -> str:
    """Return the counters of a service that fails 3 of 10 requests."""
    rows = (("200", 7 * second), (bad, 3 * second))
    told = ((f'{{{label}="{status}"}}' if label else f'{{path="/{status}"}}', count) for status, count in rows)
    return "".join(f"http_requests_total{labels} {count}\n" for labels, count in told)


async def scraped(label: str) -> list[float]:
    """Return the readings of `error_ratio` of ten seconds of scrapes."""
    now, endpoint = START, await Endpoint().start()
    async with httpx.AsyncClient(trust_env=False) as client:
        target = ScrapeTarget(service="orders", url=endpoint.url)
        source = ScrapeSource([target], client, clock=lambda: now)
        for second in range(10):
            now = START + second
            endpoint.behaviour = says(counters(second, label))
            await source.scrape_once()
        found = await source.collect(Scope(), window(START, now + 1))
    await endpoint.stop()
    return [v for one in found.series if one.name == "error_ratio" for v in one.values if v is not None]


@pytest.mark.parametrize("label", STATUS_LABELS)
async def test_scraped_failures_are_counted_by_any_status_label(label: str) -> None:
    ratios = await scraped(label)

    assert ratios
    assert ratios == pytest.approx([0.3] * len(ratios))


async def test_scraped_requests_of_no_told_status_have_no_error_ratio() -> None:
    assert await scraped("") == []


def evaluated(tmp_path: Path, label: str, name: str = "error_ratio", *, bad: str = "500", idle: bool = False) -> str:
    """
    Let promtool evaluate the query of a series for a counter that fails 3 of 10 requests a second.

    Returns: nothing when it gives 0.3 for the service, else what promtool says it gave.
    """
    rows = {'status="200"': 7, f'status="{bad}"': 3}
    step = {one: 0 if idle else many for one, many in rows.items()}
    labels = {one: one.replace("status", label) if label else one.replace("status", "path") for one in rows}
    series = [
        {"series": f'http_requests_total{{service="orders",{labels[one]}}}', "values": f"0+{many}x60"}
        for one, many in step.items()
    ]
    wanted = [] if idle or not label else [{"labels": '{service="orders"}', "value": 0.3}]
    query = QUERIES[name].filled(30.0)
    # Rounded, as 0.3 is no number that floats have.
    expression = {"expr": f"round({query}, 0.001)", "eval_time": "40s", "exp_samples": wanted}
    test = {"interval": "1s", "input_series": series, "promql_expr_test": [expression]}
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1s", "tests": [test]}))
    told = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, timeout=60)
    return "" if told.returncode == 0 else told.stdout + told.stderr


needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool missing: apt-get install prometheus brings it"
)


@needs_promtool
@pytest.mark.parametrize("label", [*STATUS_LABELS, ""])
def test_a_prometheus_counts_failures_by_any_status_label_and_guesses_none(tmp_path: Path, label: str) -> None:
    assert evaluated(tmp_path, label) == ""


@needs_promtool
def test_a_prometheus_takes_words_of_no_success_for_failures(tmp_path: Path) -> None:
    assert evaluated(tmp_path, "status", bad="timeout") == ""


@needs_promtool
def test_a_prometheus_has_no_error_ratio_where_nothing_was_asked(tmp_path: Path) -> None:
    assert evaluated(tmp_path, "code", idle=True) == ""
