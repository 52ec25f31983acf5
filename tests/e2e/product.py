"""A real Quell with its lab, as a newcomer starts it, for tests that look at it from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

READY_S = 60.0
LEARN_S = 25.0
"""Healthy traffic that agents need before anything breaks."""


def until(look: Callable[[], T], *, within_s: float, what: str) -> T:
    """Return the first true answer; fail when there is none in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {within_s:g} s")


class Product:
    """One data folder and one port, over any number of processes."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(timeout=10)

    def start(self) -> None:
        command = [sys.executable, "-m", "quell.cli", "serve", "--lab", "--drills", "none"]
        command += ["--port", str(self.port), "--data", str(self.data)]
        out = (self.data.parent / "quell.out").open("ab")
        self.process = subprocess.Popen(command, stdout=out, stderr=out)
        until(self._ready, within_s=READY_S, what="Quell ready")

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data.parent / "quell.out").read_text()[-2000:]
        try:
            return self.client.get(f"{self.url}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it as an operator does; return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=20)

    def end(self) -> None:
        """End everything, the lab too, whatever happened."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.client.close()
        try:
            pid = int(self.lab["pid"])
        except FileNotFoundError:
            return
        os.kill(pid, signal.SIGTERM)

    @property
    def lab(self) -> dict[str, Any]:
        return dict(json.loads((self.data / "lab" / "lab.json").read_text()))

    def get(self, path: str) -> Any:
        return self.client.get(f"{self.url}/api/v1{path}").raise_for_status().json()

    def drill(self, fault: str, **body: str) -> str:
        """Break something; return the drill's id."""
        lab = self.lab
        headers = {"authorization": f"Bearer {lab['drill_token']}"}
        answer = self.client.post(f"{lab['control_url']}/drills", json={"fault": fault, **body}, headers=headers)
        return str(answer.raise_for_status().json()["id"])

    def end_drill(self, drill_id: str) -> None:
        lab = self.lab
        headers = {"authorization": f"Bearer {lab['drill_token']}"}
        self.client.delete(f"{lab['control_url']}/drills/{drill_id}", headers=headers)

    def changes_by_quell(self) -> list[dict[str, Any]]:
        lines = Path(self.lab["changes"]).read_text().splitlines()
        return [change for change in map(json.loads, lines) if change["by"] == "quell"]

    def newest(self, test: Callable[[dict[str, Any]], bool], *, within_s: float, what: str) -> dict[str, Any]:
        """Return the newest incident once it passes a test."""

        def look() -> dict[str, Any] | None:
            rows = self.get("/incidents?state=all&limit=1")["items"]
            return rows[0] if rows and test(rows[0]) else None

        found = until(look, within_s=within_s, what=what)
        assert found is not None
        return found
