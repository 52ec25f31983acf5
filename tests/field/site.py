"""A site of its own: services under load, Prometheus, Alertmanager, what restarts services, and Quell beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from quell.linkage import die_with_parent
from tests.scenarios.running import RunningQuell, Seen, until
from tests.scenarios.test_real_prometheus import ALERTMANAGER, PROMETHEUS, answers, free_port, process

ROOT = Path(__file__).parents[2]
REQUESTS_PER_S = 12.0

RULES = """
groups:
  - name: services
    interval: 1s
    rules:
      - alert: HighErrorRate
        expr: >
          sum by (job) (rate(http_requests_total{LABEL=~"5.."}[15s])) / sum by (job) (rate(http_requests_total[15s]))
          > 0.05
        for: 3s
        labels: {severity: critical}
        annotations: {summary: "more than 5 % of the requests of {{ $labels.job }} fail"}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One service of the site."""

    name: str
    label: str
    """Of the counter: `status` or `code`."""
    calls: str | None = None


class Site:
    """
    The services of `specs`, each under load, watched and restartable; Quell knows what a user would tell it.

    Args:
        edges: which calls the settings name; a stranger's services show none by their metrics.
    """

    def __init__(self, folder: Path, specs: tuple[Spec, ...], *, edges: tuple[tuple[str, str], ...] = ()) -> None:
        self.folder, self.specs, self.edges = folder, {spec.name: spec for spec in specs}, edges
        self.ports = {spec.name: free_port() for spec in specs}
        self.restarted: list[str] = []
        """Services that were restarted because somebody called the webhook for it, in order."""
        self.changes = folder / "changes.jsonl"
        self.prometheus, self.alertmanager = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.quell = RunningQuell(folder / "data", "--config", str(folder / "quell.toml"))
        self.quell.port = free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        # One thread starts every service: the kernel ends a child with the thread that started it.
        self._supervisor = ThreadPoolExecutor(1)
        self._closing = threading.Event()
        self._webhooks = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @contextmanager
    def open(self, *, known_s: float) -> Iterator[Site]:
        """Run everything; at first, wait until Prometheus has known the services well for so many seconds."""
        with ExitStack() as stack:
            stack.callback(self._webhooks.server_close)
            threading.Thread(target=self._webhooks.serve_forever, daemon=True).start()
            stack.callback(self._webhooks.shutdown)
            stack.callback(self._end_services)
            stack.callback(self._supervisor.shutdown)
            for name in self.specs:
                self._supervisor.submit(self._start, name).result(60)
            stack.callback(self._closing.set)
            for name in self._called_from_outside():
                threading.Thread(target=self._load, args=(name,), daemon=True).start()
            self._write()
            stack.enter_context(self._program(PROMETHEUS, "prometheus", f"--web.listen-address={self.prometheus}",
                                              f"--storage.tsdb.path={self.folder}/tsdb"))  # fmt: skip
            stack.enter_context(self._program(ALERTMANAGER, "alertmanager", "--cluster.listen-address=",
                                              f"--web.listen-address={self.alertmanager}",
                                              f"--storage.path={self.folder}/alerts"))  # fmt: skip
            for address in (self.prometheus, self.alertmanager):
                until(partial(answers, f"http://{address}/-/ready"), f"{address} is ready", within_s=30)
            self.quell.start()
            stack.callback(self.quell.close)
            until(lambda: self.watched_s() > known_s, "Prometheus knows what is normal", within_s=known_s + 60)
            yield self

    @contextmanager
    def _program(self, command: str, name: str, *words: str) -> Iterator[None]:
        config = f"--config.file={self.folder}/{name}.yml"
        with process(command, config, *words, said=self.folder / f"{name}.out"):
            yield

    def _called_from_outside(self) -> list[str]:
        called = {spec.calls for spec in self.specs.values()}
        return [name for name in self.specs if name not in called]

    def url(self, name: str, path: str = "/work") -> str:
        return f"http://127.0.0.1:{self.ports[name]}{path}"

    def _start(self, name: str) -> None:
        spec = self.specs[name]
        words = [sys.executable, "-m", "tests.field.service", name, str(self.ports[name]), spec.label]
        words += [self.url(spec.calls)] if spec.calls is not None else []
        parent = os.getpid()
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._processes[name] = subprocess.Popen(
            words, cwd=self.folder, env=env, stderr=subprocess.DEVNULL, preexec_fn=lambda: die_with_parent(parent)
        )
        until(lambda: answers(self.url(name, "/metrics")), f"{name} answers", within_s=20)

    def _end(self, name: str) -> None:
        self._processes[name].kill()
        self._processes[name].wait(10)

    def _end_services(self) -> None:
        for name in self._processes:
            self._end(name)

    def restart(self, name: str) -> None:
        """Start a service anew, as its supervisor would; one at a time, whoever asks."""
        self._supervisor.submit(self._again, name).result(60)

    def _again(self, name: str) -> None:
        self._end(name)
        self._start(name)

    def _load(self, name: str) -> None:
        with httpx.Client(timeout=3, trust_env=False) as client:
            while not self._closing.wait(1 / REQUESTS_PER_S):
                with suppress(httpx.HTTPError):
                    client.get(self.url(name))

    def _write(self) -> None:
        rules = "".join(
            RULES.replace("LABEL", label).replace("name: services", f"name: services-{label}").replace("groups:\n", "")
            for label in sorted({spec.label for spec in self.specs.values()})
        )
        (self.folder / "rules.yml").write_text(f"groups:\n{rules}")
        jobs = [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for name, port in self.ports.items()
        ]
        prometheus = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self.folder / "rules.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [self.alertmanager]}]}]},
            "scrape_configs": jobs,
        }
        (self.folder / "prometheus.yml").write_text(json.dumps(prometheus))
        url = f"http://127.0.0.1:{self.quell.port}/ingest/alertmanager"
        alertmanager = {
            "route": {"receiver": "quell", "group_by": ["job"], "group_wait": "1s", "group_interval": "2s"},
            "receivers": [{"name": "quell", "webhook_configs": [{"url": url, "send_resolved": True}]}],
        }
        (self.folder / "alertmanager.yml").write_text(json.dumps(alertmanager))
        hooks = f"127.0.0.1:{self._webhooks.server_port}"
        edges = json.dumps([list(edge) for edge in self.edges])
        lines = [
            f'[evidence]\nchanges = "{self.changes}"\nedges = {edges}\n',
            f'[evidence.prometheus]\nurl = "http://{self.prometheus}"\nstep_s = 2.0\nspan_s = 10.0\n',
            f'[actions]\nallowed_hosts = ["{hooks}"]\n',
        ]
        bound = "" if "QUELL_FIELD_UNBOUND" in os.environ else 'services = ["{}"]\n'
        lines += [
            f'[actions.webhooks.restart-{name}]\nurl = "http://{hooks}/restart/{name}"\n'
            f'verify_url = "http://{hooks}/alive/{name}"\n{bound.format(name)}'
            'causes = ["unknown", "crash_loop", "memory_leak", "cpu_saturation", "pool_exhaustion"]\n'
            for name in self.specs
        ]
        (self.folder / "quell.toml").write_text("\n".join(lines))
        self.changes.touch()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                _, what, name = self.path.split("/")
                if what == "restart":
                    site.restarted.append(name)
                    site.restart(name)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        return Handler

    def record_change(self, name: str, *, before: str, after: str) -> None:
        """Write down a release, as the site's deployment tool would."""
        at = datetime.now(UTC).isoformat()
        row = {"at": at, "service": name, "kind": "deploy", "what": "release", "before": before, "after": after}
        with self.changes.open("a") as file:
            file.write(json.dumps({**row, "by": "ci"}) + "\n")

    def breaks(self, name: str, share: float) -> None:
        """Make a share of its requests fail until it is restarted."""
        httpx.post(self.url(name, f"/break?share={share}"), timeout=5, trust_env=False).raise_for_status()

    def failing(self, name: str) -> float:
        """Return the share of its requests that failed in the last 10 s, by Prometheus."""
        total = f'sum(rate(http_requests_total{{job="{name}"}}[10s]))'
        bad = total.replace("}", f', {self.specs[name].label}=~"5.."}}')
        return self._ask(f"({bad} or vector(0)) / {total}")

    def watched_s(self) -> float:
        """Return for how long Prometheus has measured requests of every service."""
        return self._ask('min(time() - min_over_time(timestamp(http_requests_total{path="/work"})[30m:1s]))')

    def _ask(self, query: str) -> float:
        url = f"http://{self.prometheus}/api/v1/query"
        answer = httpx.get(url, params={"query": query}, timeout=5, trust_env=False).raise_for_status().json()
        found = answer["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

    def incident_of(self, name: str, *, within_s: float = 60.0) -> str:
        """Return the incident that has a firing alert of a service."""

        def firing() -> str | None:
            rows: list[Seen] = self.quell.get("/api/v1/incidents", state="open")["items"]
            for row in rows:
                alerts = self.quell.incident(row["id"])["alerts"]
                if any(one["service"] == name and one["status"] == "firing" for one in alerts):
                    return str(row["id"])
            return None

        found: str = until(firing, f"an incident of {name}", within_s=within_s)
        return found

    def quiet(self, *, for_s: float) -> None:
        """Let the site be for a while: what comes next is meant to come so much later."""
        end = time.monotonic() + for_s
        until(lambda: time.monotonic() > end, "the while is over", within_s=for_s + 5)
