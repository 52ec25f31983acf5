"""A Quell that runs as a process of its own, with or without the lab beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from quell.linkage import die_with_parent

READY_S = 40.0
NORMAL_S = 25.0
"""Uptime after which agents have enough of a past to say what is normal."""
CALM_S = 45.0
HEALTHY_S = 45.0
Seen = dict[str, Any]


def until(check: Callable[[], Any], what: str, *, within_s: float) -> Any:
    """Wait for a condition and return what it gave; fail with `what` after `within_s`."""
    end = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.03)
    return found


class RunningQuell:
    """`quell serve` on one data folder; started again it keeps its port."""

    def __init__(self, data: Path, *options: str, notes: Path | None = None) -> None:
        """Keep what it says beside its data, or in the folder `notes`."""
        self.data, self.options, self.port = data, options, 0
        self.said = (notes or data.parent) / f"{data.name}.out"
        self.errors = (notes or data.parent) / f"{data.name}.err"
        self.metrics_while_broken: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def command(self) -> list[str]:
        serve = [sys.executable, "-m", "quell.cli", "serve", "--port", str(self.port), "--data", str(self.data)]
        return [*serve, *self.options]

    def start(self) -> None:
        """Start it and wait until it is ready."""
        parent = os.getpid()
        with self.said.open("wb") as out, self.errors.open("ab") as err:
            self.process = subprocess.Popen(
                self.command(),
                stdout=out,
                stderr=err,
                preexec_fn=lambda: die_with_parent(parent, signum=signal.SIGTERM),
            )
        until(self._ready, f"ready; it said: {self._last_words()}", within_s=READY_S)

    def _ready(self) -> bool:
        assert self.alive, f"it ended with {self.process and self.process.returncode}: {self._last_words()}"
        said = re.search(rb"ready: http://127\.0\.0\.1:(\d+)/", self.said.read_bytes())
        if said is None:
            return False
        self.port = int(said[1])
        self._http = self._http or httpx.Client(base_url=self.url, timeout=10, headers={"connection": "close"})
        return self._http.get("/readyz").status_code == 200

    def _last_words(self) -> str:
        return self.errors.read_text(errors="replace")[-1500:] if self.errors.exists() else ""

    def kill(self) -> None:
        """End it as a crash would; the lab goes on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> float:
        """Ask it to end; return how many seconds that took."""
        assert self.process is not None
        asked = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - asked

    def close(self) -> None:
        """Leave nothing behind: neither Quell nor the lab, which is a session of its own."""
        lab = self.lab if (self.data / "lab" / "lab.json").exists() else None
        if self.alive:
            self.terminate()
        if self._http is not None:
            self._http.close()
        if lab is not None:
            with suppress(ProcessLookupError, TimeoutError, AssertionError):
                os.kill(lab["pid"], signal.SIGTERM)
                until(lambda: not Path(f"/proc/{lab['pid']}").exists(), "the lab has ended", within_s=10)
            with suppress(ProcessLookupError):
                os.killpg(lab["pid"], signal.SIGKILL)

    @property
    def http(self) -> httpx.Client:
        assert self._http is not None, "it was never started"
        return self._http

    def get(self, path: str, **params: Any) -> Any:
        return self.http.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self.http.post(path, json=body or {})

    def metrics(self) -> str:
        """Return what a scrape shows."""
        return self.http.get("/metrics").raise_for_status().text

    def incident(self, incident_id: str) -> Seen:
        """Return all that is known of an incident."""
        found: Seen = self.get(f"/api/v1/incidents/{incident_id}")
        return found

    def events(self, incident_id: str) -> list[Seen]:
        found: list[Seen] = self.get(f"/api/v1/incidents/{incident_id}/events", limit=500)["items"]
        return found

    def exported(self) -> list[Seen]:
        """Return every recorded event, as `quell export events` prints them."""
        command = [sys.executable, "-m", "quell.cli", "export", "events", "--data", str(self.data)]
        lines = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def wait_for_incident(self) -> str:
        """Return the id of the incident that opens, or opens again, on what was broken."""

        def firing() -> str | None:
            rows = self.get("/api/v1/incidents", state="open")["items"]
            return next((row["id"] for row in rows if row["alerts"]["firing"]), None)

        found: str = until(firing, "an incident opens", within_s=45)
        self.metrics_while_broken += [self._scrape(target["url"]) for target in self.lab["targets"]]
        return found

    def wait_for(self, incident_id: str, test: Callable[[Seen], Any], what: str, *, within_s: float = 60) -> Seen:
        """Wait until something is true of an incident; return the incident."""

        def look() -> Seen | None:
            found = self.incident(incident_id)
            return found if test(found) else None

        try:
            detail: Seen = until(look, what, within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; {story(self.incident(incident_id))}") from None
        return detail

    @property
    def lab(self) -> Seen:
        found: Seen = json.loads((self.data / "lab" / "lab.json").read_text())
        return found

    def _ask_lab(self, method: str, path: str, body: Any = None, *, token: str = "drill_token") -> Any:
        lab = self.lab
        headers = {"authorization": f"Bearer {lab[token]}"}
        url = f"{lab['control_url']}{path}"
        return httpx.request(method, url, headers=headers, json=body, timeout=30).raise_for_status().json()

    def faults(self) -> list[Seen]:
        found: list[Seen] = self._ask_lab("GET", "/faults")["items"]
        return found

    def drills(self) -> list[Seen]:
        found: list[Seen] = self._ask_lab("GET", "/drills")["items"]
        return found

    def breaks(self, fault: str, service: str) -> Seen:
        """Break a service of the lab for real."""
        found: Seen = self._ask_lab("POST", "/drills", {"fault": fault, "service": service})
        return found

    def end_drills(self) -> None:
        for drill in self.drills():
            if drill["state"] != "ended":
                self._ask_lab("DELETE", f"/drills/{drill['id']}")

    def services(self) -> dict[str, Seen]:
        items = self._ask_lab("GET", "/services", token="action_token")["items"]
        return {item["name"]: item for item in items}

    def changes(self, *, by: str = "quell") -> list[Seen]:
        """Return the changes that somebody made to the shop, oldest first."""
        path = Path(self.lab["changes"])
        lines = path.read_text().splitlines() if path.exists() else []
        return [change for change in map(json.loads, lines) if change["by"] == by]

    def close_ended(self) -> None:
        """Close what has ended, so that what breaks next opens an incident of its own instead of reopening one."""
        for row in self.get("/api/v1/incidents", state="resolved")["items"]:
            self.post(f"/api/v1/incidents/{row['id']}/close").raise_for_status()

    def _scrape(self, url: str) -> str:
        with suppress(httpx.HTTPError):
            return httpx.get(url, timeout=2).text
        return ""

    def wait_until_normal_is_known(self) -> None:
        """Wait until there is a past to compare with."""
        until(lambda: self.get("/api/v1/server")["uptime_s"] > NORMAL_S, "a past", within_s=NORMAL_S + 20)

    def wait_until_calm(self) -> None:
        """Wait until every service is up and no alert fires."""

        def calm() -> bool:
            rows = self.get("/api/v1/incidents", state="all")["items"]
            up = all(service["state"] == "up" for service in self.services().values())
            return up and not any(row["alerts"]["firing"] or row["responding"] for row in rows)

        until(calm, "the shop is calm", within_s=CALM_S)

    def wait_until_seen_healthy(self) -> None:
        """Wait until nothing was wrong for a while: Quell goes back only to what it has seen well."""

        def healthy() -> bool:
            ended = [row["resolved_at"] for row in self.get("/api/v1/incidents", state="all")["items"]]
            last = max((datetime.fromisoformat(at) for at in ended if at), default=datetime.min.replace(tzinfo=UTC))
            return (datetime.now(UTC) - last).total_seconds() > HEALTHY_S

        until(healthy, "nothing was wrong for a while", within_s=HEALTHY_S + 10)


def story(detail: Seen) -> str:
    """Tell an incident in a few lines, for a test that fails."""
    summary = detail["summary"]
    said = [(one, one["says"] or one["error"] or one["what"]) for one in summary["phases"]]
    phases = [f"{one['phase']} {one['state']}: {says}" for one, says in said]
    head = f"{summary['id']} {summary['state']}, wants {summary['wants']}, outcome {summary['outcome']}"
    return "\n  ".join([head, *phases])
