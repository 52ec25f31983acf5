"""How quickly clients are back: one that missed much, and thousands at once."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from benchmarks.fanout.measure import Load, publish, started
from benchmarks.fanout.peers import ALL, HERE, compiled, first_line, run

MISSED = 10_000
TIMES = 5


def resume_ms(cache: Path) -> float:
    """Return the median time, in ms, in which a client is given 10,000 events that it missed."""
    with started(ALL["quell"], cache) as server:
        with _connect(server.port) as line:
            epoch, offset = _subscribed(line)
        published = publish(server, Load(connections=1, rate=MISSED, burst=100, seconds=1.0))
        publish(server, Load(connections=1, rate=MISSED, burst=100, seconds=MISSED / published - 0.9))
        took = [_resume(server.port, epoch, offset) for _ in range(TIMES)]
    return round(statistics.median(took), 1)


def _connect(port: int) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}/ws", compression=None, max_size=None, proxy=None)


def _subscribed(line: ClientConnection) -> tuple[str, int]:
    line.recv()
    line.send('{"type":"subscribe","channel":"events"}')
    [answer] = json.loads(line.recv())
    return answer["epoch"], answer["offset"]


def _resume(port: int, epoch: str, offset: int) -> float:
    with _connect(port) as line:
        line.recv()
        began_s = time.perf_counter()
        since = {"epoch": epoch, "offset": offset}
        line.send(json.dumps({"type": "subscribe", "channel": "events", "since": since}))
        frames, events, behind = [], 0, -1
        while events < max(behind, 1):
            frames.append(line.recv())
            events += frames[-1].count('"type":"event"' if isinstance(frames[-1], str) else b'"type":"event"')  # type: ignore[arg-type]
            if behind < 0:
                behind = json.loads(frames[0])[0]["behind"]
        took_ms = 1000 * (time.perf_counter() - began_s)
    if behind < MISSED:
        raise RuntimeError(f"only {behind} events were missed")
    return took_ms


def herd_s(cache: Path, *, connections: int) -> float:
    """Return the median seconds from the first of many requests to connect until the last is connected and follows."""
    program = compiled(HERE / "load.c", cache)
    took = []
    for _ in range(3):
        with started(ALL["quell"], cache) as server:
            began_s = time.perf_counter()
            command = [str(program), str(server.port), str(connections), "/ws", ALL["quell"].subscribe, '"n":', "0"]
            clients = run(command, cpu=1)
            first_line(clients, 60.0)
            took.append(time.perf_counter() - began_s)
            clients.communicate("\n")
    return round(statistics.median(took), 2)
