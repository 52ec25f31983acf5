"""A lab that runs for a test: its process, its control interface, and a server that catches what it sends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from quell_lab.http.message import Request, Response, answer
from quell_lab.http.server import Server
from quell_lab.process import listen_on

UP_S = 45.0
MOVING = ("pid", "restarts", "cache_entries", "disk_used_bytes")
"""What a service's own traffic and its restarts change, with nobody asking for it."""


class Capture:
    """Stands where Quell would: keeps every body it is sent."""

    def __init__(self) -> None:
        self.bodies: list[tuple[float, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.refuse = 0
        self._server = Server(self._take)

    async def __aenter__(self) -> Capture:
        sock = listen_on(0)
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        await self._server.start(sock)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.drain(0.1)

    async def _take(self, request: Request) -> Response:
        assert request.path == "/ingest/alertmanager"
        if self.refuse > 0:
            self.refuse -= 1
            return answer({}, status=503)
        self.headers.append(dict(request.headers))
        self.bodies.append((time.time(), json.loads(request.body)))
        return answer({}, status=202)

    def firing(self) -> dict[tuple[str, str], str]:
        """The last status of each (alert, service) seen, severity left out: firing if one of them is."""
        last: dict[tuple[str, str, str], str] = {}
        for _, body in self.bodies:
            for alert in body["alerts"]:
                labels = alert["labels"]
                last[labels["alertname"], labels["service"], labels["severity"]] = alert["status"]
        seen: dict[tuple[str, str], str] = {}
        for (name, service, _), status in last.items():
            seen[name, service] = "firing" if "firing" in (status, seen.get((name, service))) else status
        return seen


class RunningLab:
    """A lab in a process of its own."""

    def __init__(self, data: Path, process: asyncio.subprocess.Process, capture: Capture) -> None:
        self.data = data
        self.process = process
        self.capture = capture
        self.told = json.loads((data / "lab.json").read_text())
        self.http = httpx.AsyncClient(timeout=15)

    async def act(self, path: str, data: Any = None, *, key: str | None = None, token: str | None = None) -> Any:
        """Ask for a change with Quell's token."""
        headers = {"authorization": f"Bearer {token or self.told['action_token']}"}
        if key:
            headers["idempotency-key"] = key
        return await self.http.post(self.told["control_url"] + path, json=data or {}, headers=headers)

    async def services(self) -> dict[str, dict[str, Any]]:
        headers = {"authorization": f"Bearer {self.told['action_token']}"}
        found = await self.http.get(f"{self.told['control_url']}/services", headers=headers)
        return {item["name"]: item for item in found.raise_for_status().json()["items"]}

    async def drill(self, method: str, path: str, data: Any = None) -> Any:
        """Ask for something with the drill's token."""
        headers = {"authorization": f"Bearer {self.told['drill_token']}"}
        return await self.http.request(method, self.told["control_url"] + path, json=data, headers=headers)

    async def metrics(self) -> str:
        """The metrics of all targets that answer, one after the other."""
        texts = []
        for target in self.told["targets"]:
            try:
                texts.append((await self.http.get(target["url"], timeout=2)).text)
            except httpx.HTTPError:
                texts.append("")
        return "\n".join(texts)

    async def metric(self, service: str, name: str) -> float:
        """The sum of one metric of one service over its labels."""
        url = next(target["url"] for target in self.told["targets"] if target["service"] == service)
        total = 0.0
        for line in (await self.http.get(url)).text.splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total += float(line.rpartition(" ")[2])
        return total


async def until(check: Callable[[], Any] | Callable[[], Awaitable[Any]], what: str, *, within_s: float) -> Any:
    """Wait for a condition; fail with `what` after `within_s`."""
    end = time.monotonic() + within_s
    while True:
        found = check()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what}"
        await asyncio.sleep(0.05)


def lasting(described: dict[str, Any]) -> dict[str, Any]:
    """A described service without what moves by itself."""
    return {key: value for key, value in described.items() if key not in MOVING}


def group_of(supervisor: int) -> list[int]:
    """The pids of all processes that a supervisor brought up, directly or not."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
    found, grew = {supervisor}, True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return sorted(found - {supervisor})


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


async def spawn(data: Path, quell_url: str, *more: str) -> asyncio.subprocess.Process:
    """Start a lab and wait for lab.json."""
    command = [sys.executable, "-m", "quell_lab", "--data", str(data), "--quell-url", quell_url]
    process = await asyncio.create_subprocess_exec(*command, f"--die-with-parent={os.getpid()}", *more)
    await until(lambda: (data / "lab.json").exists() or process.returncode is not None, "lab.json", within_s=UP_S)
    assert process.returncode is None
    return process


@asynccontextmanager
async def running_lab(data: Path, *more: str) -> Any:
    """Have a lab for the length of a block."""
    async with Capture() as capture:
        process = await spawn(data, capture.url, *more)
        lab = RunningLab(data, process, capture)
        try:
            yield lab
        finally:
            await lab.http.aclose()
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 10)
