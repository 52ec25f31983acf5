"""What clients see when a Quell ends or has no room: sent away with "come back", refused with "try again"."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.scenarios.running import RunningQuell, until

DRAINED_S = 10.0
DRAINING = 4001
DISK_MB, ROOM_BYTES = 24, 4096


def alert(number: int) -> dict[str, object]:
    name = f"Number{number}"
    return {"name": name, "service": f"s{number}", "severity": "info", "dedup_key": name, "summary": "x" * 2000}


def closing_code(client: ClientConnection) -> int | None:
    """Read until the server closes; return its code."""
    try:
        while True:
            client.recv(timeout=5)
    except ConnectionClosed as closed:
        return closed.rcvd and closed.rcvd.code


def test_sigterm_drains_in_time_and_tells_every_client_to_come_back(quell: RunningQuell) -> None:
    quell.start()
    address = f"{quell.url.replace('http', 'ws')}/ws"
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(address, subprotocols=[Subprotocol("quell.v1")])) for _ in range(3)]
        for client in clients:
            client.send(json.dumps({"type": "subscribe", "channel": "incidents"}))
            until(lambda one=client: "subscribed" in one.recv(timeout=10), "subscribed", within_s=10)
        slow = stack.enter_context(socket.create_connection(("127.0.0.1", quell.port)))
        slow.sendall(b"POST /ingest/alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        took_s = quell.terminate()
        codes = [closing_code(client) for client in clients]

    assert quell.process is not None
    assert (quell.process.returncode, took_s < DRAINED_S) == (0, True)
    assert codes == [DRAINING] * 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"lacks the right to mount a small disk: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
def cramped(small_disk: Path, tmp_path: Path) -> Iterator[RunningQuell]:
    """A Quell whose disk can fill up."""
    quell = RunningQuell(small_disk / "data", notes=tmp_path)
    yield quell
    quell.close()


def fill(disk: Path) -> Path:
    """Take all that is left of a disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * ROOM_BYTES)
        except OSError:
            return ballast


def test_a_full_disk_refuses_says_why_and_is_over_when_there_is_room(cramped: RunningQuell, small_disk: Path) -> None:
    cramped.start()
    taken: list[int] = []

    def refused() -> httpx.Response | None:
        answer = cramped.post("/ingest/alerts", {"alerts": [alert(len(taken))]})
        if answer.status_code == 202:
            taken.append(len(taken))
            return None
        return answer

    assert refused() is None
    ballast = fill(small_disk)
    answer = until(refused, "alerts are refused", within_s=20)
    ready = until(lambda: not_ready(cramped), "it says that it is not ready", within_s=10)
    alive = cramped.http.get("/healthz")
    ballast.unlink()
    until(lambda: cramped.http.get("/readyz").status_code == 200, "ready again", within_s=30)
    until(lambda: refused() is None, "alerts are taken again", within_s=10)

    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["reason"] == "storage_full"
    assert "full" in ready.json()["detail"]
    assert alive.status_code == 200
    assert cramped.alive
    intake = cramped.get("/api/v1/intake")
    # The one that was at the disk when it became full is written after all, and was known when it was sent again.
    assert intake["received"] - intake["duplicate"] == len(taken)


def not_ready(quell: RunningQuell) -> httpx.Response | None:
    answer = quell.http.get("/readyz")
    return answer if answer.status_code == 503 else None
