"""How quickly REST answers while many connections are written to."""

from __future__ import annotations

import http.client
import os
import statistics
import threading
import time
from pathlib import Path

from benchmarks.fanout.measure import Load, following, publish, started
from benchmarks.fanout.peers import ALL

REQUESTS = 300
EVERY_S = 0.01


def rest_ms(cache: Path, *, connections: int) -> tuple[float, float]:
    """Return the 99th percentile of `GET /state`, in ms: with 100 events a second to every connection, and without."""
    peer = ALL["quell"]
    with started(peer, cache) as server, following(peer, server.port, connections, cache):
        idle = ask(server.port, REQUESTS)
        load = Load(connections=connections, rate=100, seconds=REQUESTS * EVERY_S + 3)
        publishing = threading.Thread(target=publish, args=(server, load))
        publishing.start()
        time.sleep(1.0)
        busy = ask(server.port, REQUESTS)
        publishing.join()
    return p99(busy), p99(idle)


def ask(port: int, times: int) -> list[float]:
    """Ask again and again over one connection; return how long each answer took, in ms."""
    os.sched_setaffinity(0, {1})  # not on the server's processor
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    took = []
    for _ in range(times):
        began_s = time.perf_counter()
        line.request("GET", "/state")
        answer = line.getresponse()
        answer.read()
        took.append(1000 * (time.perf_counter() - began_s))
        assert answer.status == 200
        time.sleep(EVERY_S)
    line.close()
    return took


def p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return round(statistics.quantiles(values, n=100, method="inclusive")[98], 2)
