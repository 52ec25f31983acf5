"""How a server ends: told to, or killed; what it acknowledged is there afterwards."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.cli.running import Command, Server, quell, serving, until

DRAINED_WITHIN_S = 10.0
BEFORE_THE_END = 40


class Senders:
    """Threads that send alerts under names of their own until the server is gone."""

    def __init__(self, server: Server, name: str) -> None:
        self.acknowledged: list[str] = []
        self._server, self._name = server, name
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(4)]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        until(lambda: len(self.acknowledged) >= BEFORE_THE_END, "acknowledged alerts")
        return self

    def __exit__(self, *_: object) -> None:
        if self._server.process.poll() is None:
            self._server.process.kill()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        count = 0
        with suppress(httpx.HTTPError), httpx.Client(timeout=20) as client:
            while True:
                count += 1
                name = f"Alert-{self._name}-{number}-{count}-"
                alert = {"name": name, "service": f"s{number}", "severity": "info", "dedup_key": name}
                response = client.post(f"{self._server.url}/ingest/alerts", json={"alerts": [alert]})
                if response.status_code == 202:
                    self.acknowledged.append(name)


def _terminate_twice(server: Server) -> int:
    server.process.send_signal(signal.SIGTERM)
    return server.end(signal.SIGTERM)


def _kill(server: Server) -> int:
    return server.end(signal.SIGKILL)


ENDS: dict[str, tuple[Callable[[Server], int], int]] = {
    "told twice": (_terminate_twice, 0),
    "killed": (_kill, -signal.SIGKILL),
}


def test_what_was_acknowledged_is_there_after_any_end(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for name, (end, expected) in ENDS.items():
        with serving(tmp_path, name) as server, Senders(server, name) as senders:
            began = time.monotonic()
            code = end(server)
            took_s = time.monotonic() - began
        acknowledged += senders.acknowledged
        assert code == expected, server.err[-2000:]
        assert took_s < DRAINED_WITHIN_S, name
        assert "Traceback" not in server.err

    with serving(tmp_path, "last") as server:
        server.send({"name": "Afterwards", "service": "s", "severity": "info"}).raise_for_status()
        told = quell("export", "--data", str(server.data), cwd=tmp_path).stdout
    assert [name for name in acknowledged if name not in told] == []
    assert "Afterwards" in told


def test_it_drains_in_time_while_someone_watches_and_work_is_under_way(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        tail = Command(tmp_path, "tail", "tail", "--url", server.url)
        try:
            tail.says("following\n")
            server.send({"name": "Down", "service": "cart", "severity": "critical"}).raise_for_status()
            tail.says("cart")
            began = time.monotonic()
            code = server.end(signal.SIGTERM)
            took_s = time.monotonic() - began
        finally:
            tail.end(signal.SIGINT)

    assert (code, took_s < DRAINED_WITHIN_S) == (0, True), server.err[-2000:]
    assert "Traceback" not in server.err


def test_work_that_a_kill_cut_short_goes_on_at_the_next_start(tmp_path: Path) -> None:
    # A log without a word in it keeps detection looking for seconds, so that the kill comes in the middle.
    (tmp_path / "cart.log").touch()
    looks_at = {"QUELL_EVIDENCE__LOGS": json.dumps([str(tmp_path / "cart.log")])}
    with serving(tmp_path, "first", **looks_at) as first:
        first.send({"name": "Down", "service": "cart", "severity": "critical"}).raise_for_status()
        (row,) = until(lambda: first.get("/incidents")["items"], "an incident")
        before = until(lambda: _kinds(first, row["id"]).count("PhaseStarted"), "the first phase")
        first.end(signal.SIGKILL)
    with serving(tmp_path, "second", **looks_at) as second:
        until(lambda: _kinds(second, row["id"]).count("PhaseStarted") > before, "a phase begun after the start")
        kinds = _kinds(second, row["id"])
        told = quell("export", "--data", str(second.data), cwd=tmp_path).stdout

    starts = [event["data"]["recovered"] for event in map(json.loads, told.splitlines()) if _is_start(event)]
    assert (kinds.count("IncidentOpened"), kinds.count("ResponseStarted")) == (1, 1)
    assert starts == [0, 1]


def _kinds(server: Server, incident_id: str) -> list[str]:
    return [event["type"] for event in server.get(f"/incidents/{incident_id}/events", limit=1000)["items"]]


def _is_start(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "ProcessStarted")
