"""
Sends alerts as fast as they are taken: a process of its own, on bare sockets, so that it costs little.

`python -m benchmarks.ingest_load` reads one JSON line with what to do from its input and writes one with what happened.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

SERVICES = [f"service-{number:02d}" for number in range(60)]
EDGES = frozenset((SERVICES[(number - 1) // 3], SERVICES[number]) for number in range(1, 60))
"""A tree of calls: each service calls up to three others."""
NAMES = ("HighErrorRate", "HighLatency", "QueueBacklog", "PodRestarting", "DiskFilling", "CertificateExpiring")
SEVERITIES = ("critical", "warning", "warning", "info")
REPEATED = 0.3
"""Share of alerts that were sent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one load process is to send."""

    target: str
    """`quell` or `alertmanager`: the form of the body and where it goes."""
    port: int
    seed: int
    requests: int
    alerts_per_request: int
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it."""

    alerts: int
    seconds: float
    failed: int
    """Requests that were answered with anything but success."""
    p50_ms: float
    p99_ms: float


def alerts_of(order: Order) -> list[dict[str, Any]]:
    """Return the alerts of an order: mostly new ones, some sent before, in a fixed order for a seed."""
    chance = random.Random(order.seed)
    at = datetime.now(UTC).isoformat()
    alerts: list[dict[str, Any]] = []
    for number in range(order.requests * order.alerts_per_request):
        if alerts and chance.random() < REPEATED:
            alerts.append(chance.choice(alerts))
            continue
        service, name = chance.choice(SERVICES), chance.choice(NAMES)
        alerts.append(
            {
                "labels": {
                    "alertname": name,
                    "service": service,
                    "severity": chance.choice(SEVERITIES),
                    "instance": f"{service}-{order.seed}-{number}",
                    "cluster": "eu-1",
                    "namespace": "shop",
                },
                "annotations": {
                    "summary": f"{name} on {service}",
                    "description": "The rate was above its limit for five minutes.",
                },
                "startsAt": at,
                "generatorURL": "http://prometheus.example/graph?g0.expr=up",
            }
        )
    return alerts


def requests_of(order: Order) -> list[bytes]:
    """Return the whole requests, ready to be written to a socket."""
    alerts = alerts_of(order)
    size = order.alerts_per_request
    requests = []
    for start in range(0, len(alerts), size):
        some = alerts[start : start + size]
        if order.target == "quell":
            path = "/ingest/alertmanager"
            marked = [{"status": "firing", "endsAt": "0001-01-01T00:00:00Z", **alert} for alert in some]
            body = json.dumps({"version": "4", "status": "firing", "receiver": "quell", "alerts": marked}).encode()
        else:
            path = "/api/v2/alerts"
            body = json.dumps(some).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
        requests.append(head.encode() + str(len(body)).encode() + b"\r\n\r\n" + body)
    return requests


class Sender(asyncio.Protocol):
    """One connection: sends the next request as soon as the last is answered."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._done = done
        self._sent_at = 0.0
        self._received = b""
        self.failed = 0
        self.waits_s: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast(asyncio.Transport, transport)

    def start(self) -> None:
        """Send the next request, or end."""
        if not self._requests:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:
        """Take in a piece of the answer."""
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if len(rest) < length:
            return
        self._received = b""
        self.failed += not lines[0].startswith(b"http/1.1 2")
        self.waits_s.append(time.perf_counter() - self._sent_at)
        self.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits for an answer."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed the connection"))


async def run(order: Order) -> Outcome:
    """Send everything and wait for the last answer."""
    loop = asyncio.get_running_loop()
    requests = requests_of(order)
    requests.reverse()
    senders, waits = [], []
    for _ in range(order.connections):
        done = loop.create_future()
        waits.append(done)
        _, sender = await loop.create_connection(
            lambda done=done: Sender(requests, done),  # type: ignore[misc]
            "127.0.0.1",
            order.port,
        )
        senders.append(sender)
    began = time.perf_counter()
    for sender in senders:
        sender.start()
    await asyncio.gather(*waits)
    seconds = time.perf_counter() - began
    waits_s = sorted(wait_s for sender in senders for wait_s in sender.waits_s)
    return Outcome(
        alerts=order.requests * order.alerts_per_request,
        seconds=seconds,
        failed=sum(sender.failed for sender in senders),
        p50_ms=1000 * waits_s[len(waits_s) // 2],
        p99_ms=1000 * waits_s[int(len(waits_s) * 0.99)],
    )


if __name__ == "__main__":
    import uvloop

    outcome = uvloop.run(run(Order(**json.loads(sys.stdin.readline()))))
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
