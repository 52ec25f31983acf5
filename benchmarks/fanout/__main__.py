"""
One event to many: Quell's live channel beside other servers, on the same machine in the same run.

`make bench-realtime` prints the tables; `JSON=FILE` writes them (with `--parts`, those parts of the file). Each server
has one processor and the clients, a small program in C, have the other. The server makes the events itself (NATS and
nchan are given them by a publisher on the clients' processor): about 290 bytes of JSON with a number and a time. Every
measurement starts the server anew; rounds alternate between the servers and medians are told. A server that had not
delivered 95 % of what was asked for, three seconds after the last event, did not sustain a load, and has no latency
for it.

- *CPU per delivery*: the server's processor time over all deliveries, at 1,000 connections that are given 1,000 events
  a second in bursts of 100 (flat out: a million deliveries a second, which batching makes possible).
- *Latency*: from the making of an event to the read of the client, over every event of one connection in 16.
- *Memory*: growth of the server's resident memory over connections that follow and are told nothing, per connection.
- *REST*: `GET /state` of Quell while 10,000 connections are given 100 events a second each.
- *Resume*: one client that comes back 10,000 events late, from its request to the last of them.
- *Herd*: 5,000 clients that come back at once, until the last has its answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.fanout.come_back import herd_s, resume_ms
from benchmarks.fanout.measure import Heard, Load, measure
from benchmarks.fanout.peers import ALL, CannotRun
from benchmarks.fanout.rest import rest_ms
from benchmarks.result import machine

CACHE = Path(__file__).parents[2] / ".setup" / "peers"
FLAT_OUT = Load(connections=1_000, rate=1_000, burst=100, seconds=3.0)
LATENCY = {
    "1000x100": Load(connections=1_000, rate=100),
    "1000x1000": Load(connections=1_000, rate=1_000),
    "5000x100": Load(connections=5_000, rate=100),
    "10000x100": Load(connections=10_000, rate=100),
}
MEMORY = Load(connections=5_000, rate=10, seconds=1.0)
SUSTAINED = 0.95
PARTS = ("flat", "latency", "memory", "quell")


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__.split("\n\n")[0])
    parser.add_argument("--peers", default=",".join(ALL), help="of " + ", ".join(ALL))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default=",".join(PARTS), help="of " + ", ".join(PARTS))
    parser.add_argument("--loads", default=",".join(LATENCY), help="of the latency: " + ", ".join(LATENCY))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the connections, to try it out")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    parts, names = asked.parts.split(","), asked.peers.split(",")
    CACHE.mkdir(parents=True, exist_ok=True)
    loads = {"flat": FLAT_OUT} if "flat" in parts else {}
    loads |= {name: LATENCY[name] for name in asked.loads.split(",")} if "latency" in parts else {}
    loads |= {"memory": MEMORY} if "memory" in parts else {}
    found, cannot = rounds(names, {name: smaller(load, asked.scale) for name, load in loads.items()}, asked.rounds)
    result = {"machine": machine(), "rounds": asked.rounds, "scale": asked.scale} | summary(found)
    result["cannot_run"] = cannot
    if "quell" in parts:
        many = max(1, round(10_000 * asked.scale))
        result["rest_p99_ms"], result["rest_idle_p99_ms"] = rest_ms(CACHE, connections=many)
        result["resume_10000_ms"] = resume_ms(CACHE)
        result["herd_5000_s"] = herd_s(CACHE, connections=max(1, round(5_000 * asked.scale)))
    show(result)
    if asked.json:
        kept = json.loads(asked.json.read_text()) if asked.json.exists() and set(parts) < set(PARTS) else {}
        asked.json.write_text(json.dumps(merged(kept, result), indent=1) + "\n")


def merged(kept: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return a result with those parts that were not measured anew as they were; each was compared within its run."""
    both = {key: kept.get(key, {}) | new[key] for key in ("runs", "latency_ms")}
    stood = {name: why for name, why in kept.get("cannot_run", {}).items() if name.split(", ")[-1] not in new["runs"]}
    both["cannot_run"] = stood | new["cannot_run"]
    return {**kept, **{key: value for key, value in new.items() if value or key not in kept}, **both}


def smaller(load: Load, scale: float) -> Load:
    """Return a load of fewer connections."""
    return Load(
        connections=max(1, round(load.connections * scale)), rate=load.rate, burst=load.burst, seconds=load.seconds
    )


Found = dict[str, dict[str, list[Heard]]]
"""By load and server, what each round heard."""


def rounds(names: Sequence[str], loads: dict[str, Load], count: int) -> tuple[Found, dict[str, str]]:
    """Measure every server under every load, again and again; leave out who cannot run, saying why."""
    found: Found = {load: {} for load in loads}
    cannot: dict[str, str] = {}
    for number in range(count):
        for load_name, load in loads.items():
            for name in names:
                if f"{name}, {load_name}" in cannot:
                    continue
                try:
                    heard = measure(ALL[name], load, CACHE)
                except CannotRun as error:
                    print(f"round {number} {load_name} {name}: {error}", file=sys.stderr)
                    cannot[f"{name}, {load_name}"] = str(error)
                    continue
                found[load_name].setdefault(name, []).append(heard)
                print(
                    f"round {number} {load_name} {name}: {heard.cpu_us_per_delivery:.2f} us, {heard.share:.0%}, "
                    f"p50 {heard.p50_ms:.1f} ms, p99 {heard.p99_ms:.1f} ms, {heard.kb_per_connection:.1f} kB",
                    file=sys.stderr,
                )
    return found, cannot


def summary(found: Found) -> dict[str, Any]:
    """Return the medians, under the keys that are promised."""
    flat = found.get("flat", {})
    latency: dict[str, dict[str, Any]] = {}
    for load_name in LATENCY.keys() & found.keys():
        latency[load_name] = {name: _latency(heard) for name, heard in found[load_name].items()}
    memory = {name: _median(heard, "kb_per_connection") for name, heard in found.get("memory", {}).items()}
    return {
        "cpu_us_per_delivery": {name: _median(heard, "cpu_us_per_delivery") for name, heard in flat.items()},
        "deliveries_per_s": {name: round(_median(heard, "deliveries_per_s")) for name, heard in flat.items()},
        "sustained": {name: _median(heard, "share") >= SUSTAINED for name, heard in flat.items()},
        "latency_ms": latency,
        "kb_per_connection": memory,
        "runs": {
            load: {name: [asdict(one) for one in heard] for name, heard in of.items()} for load, of in found.items()
        },
    }


def _latency(heard: Sequence[Heard]) -> dict[str, Any]:
    share = _median(heard, "share")
    cpu = {"cpu_us_per_delivery": _median(heard, "cpu_us_per_delivery"), "busy": _median(heard, "busy")}
    if share < SUSTAINED:
        return {"p50": None, "p99": None, "delivered": round(share, 3), **cpu}
    return {"p50": _median(heard, "p50_ms"), "p99": _median(heard, "p99_ms"), "delivered": round(share, 3), **cpu}


def _median(heard: Sequence[Heard], what: str) -> float:
    return round(float(statistics.median(getattr(one, what) for one in heard)), 3)


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    cpu = result["cpu_us_per_delivery"]
    loads = [load for load in LATENCY if result["latency_ms"].get(load)]
    names = list(cpu) or list(result["kb_per_connection"]) or list(next(iter(result["latency_ms"].values()), {}))
    print(f"{'':18}{'us/delivery':>12}{'million/s':>10}{'kB/conn':>9}" + "".join(f"{load:>18}" for load in loads))
    for name in names:
        cells = "".join(f"{_cell(result['latency_ms'][load].get(name)):>18}" for load in loads)
        us, rate = cpu.get(name, float("nan")), result["deliveries_per_s"].get(name, 0) / 1e6
        print(f"{name:18}{us:>12.2f}{rate:>10.2f}{result['kb_per_connection'].get(name, float('nan')):>9.1f}{cells}")
    print("latency: p50 / p99 ms, at connections x events a second")
    for name, why in result["cannot_run"].items():
        print(f"could not be measured: {name}: {why}")
    for key in ("rest_p99_ms", "rest_idle_p99_ms", "resume_10000_ms", "herd_5000_s"):
        if key in result:
            print(f"{key}: {result[key]}")


def _cell(latency: dict[str, Any] | None) -> str:
    if latency is None:
        return "-"
    if latency["p50"] is None:
        return f"only {latency['delivered']:.0%}"
    return f"{latency['p50']:.1f} / {latency['p99']:.1f}"


if __name__ == "__main__":
    main()
