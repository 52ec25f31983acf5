"""One measurement: a server on one processor, clients on the other, events for some seconds."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fanout.peers import HERE, CannotRun, Peer, Started, compiled, first_line, run

SETTLE_S = 0.7
WARM_UP = 20
LATE_S = 3.0
"""How long who has not been given everything may still be, after the last event."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
MARKER = '"n":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of a server."""

    connections: int
    rate: int
    """Events a second."""
    burst: int = 1
    """Published at once, as often as the rate needs."""
    seconds: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of it."""

    published: int
    deliveries: int
    share: float
    """Of the deliveries of all that was asked to be published, those made before the patience ended."""
    cpu_us_per_delivery: float
    busy: float
    """Share of its processor that the server took."""
    deliveries_per_s: float
    p50_ms: float
    p99_ms: float
    disorder: int
    lost: int
    """Connections that the server ended."""
    kb_per_connection: float


@contextmanager
def started(peer: Peer, cache: Path) -> Iterator[Started]:
    """Run a peer for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="quell-fanout-") as folder:
        yield from peer.start(cache, Path(folder))


@contextmanager
def following(peer: Peer, port: int, connections: int, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Have clients that follow, all connected."""
    program = compiled(HERE / "load.c", cache)
    command = [str(program), str(port), str(connections), peer.path, peer.subscribe, MARKER, str(int(peer.binary))]
    clients = run(command, cpu=1)
    try:
        if first_line(clients, 60.0) != "ready\n":
            raise CannotRun("not all clients were let in")
        time.sleep(SETTLE_S)
        yield clients
    finally:
        clients.kill()
        clients.wait()


def measure(peer: Peer, load: Load, cache: Path) -> Heard:
    """Run one load on one peer."""
    with started(peer, cache) as server:
        # What a server loads and sets aside for its first clients is no cost of those that follow.
        with following(peer, server.port, WARM_UP, cache):
            pass
        before_kb = memory_kb(server.server.pid)
        with following(peer, server.port, load.connections, cache) as clients:
            idle_kb = memory_kb(server.server.pid) - before_kb
            return _heard(server, clients, load, idle_kb)


def _heard(server: Started, clients: subprocess.Popen[str], load: Load, idle_kb: float) -> Heard:
    before_s, began_s = cpu_s(server.server.pid), time.monotonic()
    published = publish(server, load)
    took_s = time.monotonic() - began_s
    # A server that keeps up is done at once; one that does not is given some time for what it still holds.
    deadline_s = time.monotonic() + LATE_S
    busy_s = cpu_s(server.server.pid)
    while time.monotonic() < deadline_s:
        time.sleep(0.25)
        now_s = cpu_s(server.server.pid)
        if now_s - busy_s < 0.02:
            break
        busy_s = now_s
    used_s = cpu_s(server.server.pid) - before_s
    whole_s = time.monotonic() - began_s
    told = finish(clients)
    deliveries = int(told["deliveries"])
    return Heard(
        published=published,
        deliveries=deliveries,
        share=deliveries / (load.rate * load.seconds * load.connections),
        cpu_us_per_delivery=used_s / max(1, deliveries) * 1e6,
        busy=min(1.0, used_s / took_s),
        deliveries_per_s=deliveries / whole_s,
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        disorder=told["disorder"],
        lost=told["lost"],
        kb_per_connection=idle_kb / load.connections,
    )


def publish(server: Started, load: Load) -> int:
    """Let a server publish; return how many events it did."""
    assert server.publisher.stdin is not None
    assert server.publisher.stdout is not None
    server.publisher.stdin.write(f"{load.rate} {load.burst} {load.seconds}\n")
    server.publisher.stdin.flush()
    # One that is overwhelmed says so late, or never: then nobody knows how many events there were.
    line = first_line(server.publisher, 4 * load.seconds + 20)
    return int(line.removeprefix("done "))


def finish(clients: subprocess.Popen[str]) -> dict[str, Any]:
    """Let the clients end; return what they heard."""
    told, _ = clients.communicate("\n", timeout=60)
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def cpu_s(pid: int) -> float:
    """Return the processor seconds a process has used, of the user and of the system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid: int) -> float:
    """Return what a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1024
