"""Every benchmark that starts a whole Quell, with tiny numbers: it runs to its end and says what it measures."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import result

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, name: str, *options: str) -> dict[str, Any]:
    """Run a benchmark and return its JSON."""
    file = tmp_path / "result.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(file), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for row in content["rows"]:
        assert row["measured"] in done.stdout
    return content


def times(content: dict[str, Any]) -> dict[str, int]:
    """Return how often each thing was measured; every number is one."""
    for row in content["rows"]:
        assert math.isfinite(row["median"])
        assert row["met"] in ("yes", "no", "")
        assert bool(row["met"]) is bool(row["aim"])
    return {row["measured"]: row["times"] for row in content["rows"]}


def test_latency_sees_each_incident_and_each_change_of_an_agent(tmp_path: Path) -> None:
    content = run(tmp_path, "latency", "--alerts", "4")

    measured = times(content)
    assert measured["alert sent > incident on the page"] == 4
    assert measured["alert accepted > incident on the page"] == 4
    assert measured["alert sent > incident, 10 alerts/s, agents at work"] == 4
    assert measured["floor: GET /healthz and its answer"] == 4
    assert measured["agent's state > incident's page"] >= 4
    assert measured["agent's state > agents' panel"] >= 4
    sent, accepted = (row["median"] for row in content["rows"][:2])
    assert sent > accepted
    assert content["machine"]["cpus"] >= 1


def test_scale_opens_every_incident_and_starts_again_on_their_log(tmp_path: Path) -> None:
    measured = times(run(tmp_path, "scale", "--incidents", "12", "--requests", "3", "--starts", "1"))

    assert measured["GET /api/v1/incidents?limit=50"] == 3
    assert measured["POST a note, answered when it is durable"] == 3
    assert measured["memory of the server, 12 incidents open"] == 1
    assert [says for says in measured if says.startswith("start to ready, log of 12 open incidents")]


def test_startup_measures_so_many_starts(tmp_path: Path) -> None:
    measured = times(run(tmp_path, "startup", "--runs", "1"))

    assert measured == {"start to ready, no log yet": 1}


def test_an_aim_is_met_by_the_median_below_it_and_by_nothing_else() -> None:
    assert result.row("x", [1.0, 2.0, 300.0], under=10).met == "yes"
    assert result.row("x", [1.0, 10.0, 300.0], under=10).met == "no"
    assert result.row("x", [1.0]).met == ""


@pytest.mark.parametrize(("count", "known"), [(99, False), (100, True)])
def test_a_99th_percentile_is_said_from_a_hundred_measurements_on(count: int, known: bool) -> None:
    shown = result.row("x", [float(value) for value in range(count)])

    assert (shown.p99 != "") is known


def test_fanout_accounts_for_every_delivery_of_quell_and_of_the_floor(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("lacks gcc, which builds the clients: apt-get install -y gcc")
    file = tmp_path / "result.json"
    command = [sys.executable, "-m", "benchmarks.fanout", "--peers", "quell,floor in C", "--rounds", "1"]
    command += ["--parts", "flat,quell", "--scale", "0.02", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-4000:]

    content = json.loads(file.read_text(encoding="utf-8"))
    runs = content["runs"]["flat"]
    for name in ("quell", "floor in C"):
        [heard] = runs[name]
        assert heard["deliveries"] == heard["published"] * 20 > 0
        assert (heard["disorder"], heard["lost"]) == (0, 0)
        assert content["cpu_us_per_delivery"][name] > 0
    assert content["rest_p99_ms"] > 0
    assert content["resume_10000_ms"] > 0
    assert content["cannot_run"] == {}


def test_the_ledger_is_measured_at_every_size(tmp_path: Path) -> None:
    measured = times(run(tmp_path, "ledger", "--incidents", "300", "1500"))

    assert measured["300 incidents: report of 365 days"] == 9
    assert measured["1,500 incidents: one correction"] == 1
