"""
The real programs of a site: Prometheus scrapes the shop and evaluates rules, Alertmanager routes, and Quell has nothing
but the two: the alerts that one sends, and the series of the other.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from quell.linkage import die_with_parent
from tests.scenarios.running import RunningQuell, Seen, story, until

PROMETHEUS, ALERTMANAGER = "prometheus", "prometheus-alertmanager"
MISSING = [name for name in (PROMETHEUS, ALERTMANAGER) if shutil.which(name) is None]

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("lab"),
    pytest.mark.skipif(
        bool(MISSING), reason=f"{' and '.join(MISSING)} missing: apt-get install {' '.join(MISSING)} brings it"
    ),
]

PAST_S = 45.0
"""How long Prometheus watches before something breaks."""

RULES = """
groups:
  - name: shop
    interval: 1s
    rules:
      - alert: HighErrorRate
        expr: >
          sum by (service) (rate(http_requests_total{code=~"5.."}[10s]))
          / sum by (service) (rate(http_requests_total[10s])) > 0.1
        for: 2s
        labels: {severity: critical}
        annotations: {summary: "many requests fail"}
      - alert: HighLatency
        expr: >
          sum by (service) (rate(http_request_duration_seconds_sum[10s]))
          / sum by (service) (rate(http_request_duration_seconds_count[10s])) > 0.5
        for: 2s
        labels: {severity: critical}
        annotations: {summary: "answers are slow"}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(*command: str, said: Path) -> Iterator[None]:
    """A program that runs meanwhile, and ends with the test whatever happens."""
    parent = os.getpid()
    with said.open("wb") as out:
        started = subprocess.Popen(
            command, stdout=out, stderr=out, preexec_fn=lambda: die_with_parent(parent, signum=signal.SIGTERM)
        )
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait(5)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


class Site:
    """The shop, a Prometheus that watches it and an Alertmanager; Quell is an address to them."""

    def __init__(self, folder: Path, quell_port: int) -> None:
        self.folder, self.quell_port = folder, quell_port
        self.prometheus = f"http://127.0.0.1:{free_port()}"
        self.alertmanager = f"127.0.0.1:{free_port()}"

    @contextmanager
    def open(self) -> Iterator[None]:
        with ExitStack() as stack:
            lab = self.folder / "lab"
            # The shop's own alerts go nowhere: those that count come from Prometheus.
            nowhere = f"http://127.0.0.1:{free_port()}"
            words = ("--data", str(lab), "--quell-url", nowhere, "--drills", "none", "--seed", "3")
            command = (sys.executable, "-m", "quell_lab", *words, "--die-with-parent")
            stack.enter_context(process(*command, said=self.folder / "lab.out"))
            until(lambda: (lab / "lab.json").exists(), "the lab is up", within_s=40)
            self.lab: Seen = json.loads((lab / "lab.json").read_text())
            self._write()
            address = self.prometheus.removeprefix("http://")
            stack.enter_context(
                process(
                    PROMETHEUS,
                    f"--config.file={self.folder}/prometheus.yml",
                    f"--storage.tsdb.path={self.folder}/tsdb",
                    f"--web.listen-address={address}",
                    said=self.folder / "prometheus.out",
                )
            )
            stack.enter_context(
                process(
                    ALERTMANAGER,
                    f"--config.file={self.folder}/alertmanager.yml",
                    f"--storage.path={self.folder}/alerts",
                    f"--web.listen-address={self.alertmanager}",
                    "--cluster.listen-address=",
                    said=self.folder / "alertmanager.out",
                )
            )
            until(lambda: answers(f"{self.prometheus}/-/ready"), "Prometheus is ready", within_s=30)
            until(lambda: answers(f"http://{self.alertmanager}/-/ready"), "Alertmanager is ready", within_s=30)
            yield

    def _write(self) -> None:
        """Write what a site would: what to scrape, what to alert on, where alerts go."""
        targets = [
            {"targets": [target["url"].split("/")[2]], "labels": {"service": target["service"]}}
            for target in self.lab["targets"]
        ]
        (self.folder / "rules.yml").write_text(RULES)
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self.folder / "rules.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [self.alertmanager]}]}]},
            "scrape_configs": [{"job_name": "shop", "honor_labels": True, "static_configs": targets}],
        }
        (self.folder / "prometheus.yml").write_text(json.dumps(config))
        url = f"http://127.0.0.1:{self.quell_port}/ingest/alertmanager"
        routes = {
            "route": {"receiver": "quell", "group_by": ["service"], "group_wait": "1s", "group_interval": "2s"},
            "receivers": [{"name": "quell", "webhook_configs": [{"url": url, "send_resolved": True}]}],
        }
        (self.folder / "alertmanager.yml").write_text(json.dumps(routes))

    def breaks(self, fault: str, service: str) -> None:
        headers = {"authorization": f"Bearer {self.lab['drill_token']}"}
        body = {"fault": fault, "service": service}
        httpx.post(f"{self.lab['control_url']}/drills", headers=headers, json=body, timeout=30).raise_for_status()

    def watched_s(self) -> float:
        """Return for how long Prometheus has measured requests at the shop's edge."""
        query = 'time() - min_over_time(timestamp(http_requests_total{service="edge"})[10m:1s])'
        found = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": query}, timeout=5).json()
        rows = found["data"]["result"]
        return max((float(row["value"][1]) for row in rows), default=0.0)


def test_quell_finds_the_cause_from_prometheus_alone(tmp_path: Path) -> None:
    quell = RunningQuell(tmp_path / "data", "--config", str(tmp_path / "quell.toml"))
    quell.port = free_port()
    site = Site(tmp_path, quell.port)
    (tmp_path / "quell.toml").write_text(
        f'[evidence.prometheus]\nurl = "{site.prometheus}"\nstep_s = 2.0\nspan_s = 5.0\n'
    )
    try:
        with site.open():
            quell.start()
            until(lambda: site.watched_s() > PAST_S, "Prometheus knows what is normal", within_s=PAST_S + 40)
            assert quell.get("/api/v1/incidents", state="all")["items"] == []

            site.breaks("pool_leak", "payment")
            rows = until(
                lambda: quell.get("/api/v1/incidents", state="open")["items"], "an alert opens an incident", within_s=60
            )
            found = quell.wait_for(rows[0]["id"], lambda one: one["diagnosis"], "a diagnosis", within_s=60)

            best = found["diagnosis"]["hypotheses"][0]
            assert (best["service"], best["cause"]) == ("payment", "pool_exhaustion"), story(found)
            assert found["detection"]["verdict"] == "confirmed"
            pieces = list(found["evidence"].values())
            assert {piece["source"] for piece in pieces} == {"prometheus"}
            assert all("by (service" in piece["query"] for piece in pieces)
            assert {alert["source"] for alert in quell.get("/api/v1/alerts")["items"]} == {"alertmanager"}
            assert ("edge", "checkout") in {tuple(edge) for edge in edges(quell)}
    finally:
        quell.close()


def edges(quell: RunningQuell) -> list[list[str]]:
    found: list[list[str]] = quell.get("/api/v1/topology")["edges"]
    return found
