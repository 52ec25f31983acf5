"""
Durable accepted alerts a second, beside Alertmanager on the same machine in the same run.

`make bench-ingest` measures both of what follows and writes the tables. Quell de-duplicates, correlates and fsyncs
before it answers; Alertmanager de-duplicates and groups in memory. Rounds alternate between the two; medians are
compared. `--whole` measures `quell serve` as users run it, where the same events also go to the agents, the screens and
the read models in the same process. Without it Quell is a part: the ingest route and all that stands behind it before
the answer. Without Debian's `prometheus-alertmanager` only Quell is measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.ingest_load import Order, Outcome
from benchmarks.result import machine
from benchmarks.server import serving, stop

SIZES = {30: 600, 1: 6_000}
"""Alerts a request: requests a round."""
CONNECTIONS = 24
START_S = 20.0
ALERTMANAGER = "prometheus-alertmanager"
ALERTMANAGER_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The medians of one size."""

    alerts_per_request: int
    quell_alerts_per_s: float
    quell_p50_ms: float
    quell_p99_ms: float
    alertmanager_alerts_per_s: float | None
    alertmanager_p50_ms: float | None
    alertmanager_p99_ms: float | None
    ratio: float | None


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--whole", action="store_true", help="measure `quell serve` with everything in it")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quell-bench-")))
        ports = {"quell": stack.enter_context(whole_quell(folder) if asked.whole else quell(folder))}
        if shutil.which(ALERTMANAGER):
            ports["alertmanager"] = stack.enter_context(alertmanager(folder))
        else:
            print(f"{ALERTMANAGER} is not installed: only Quell is measured")
        measured = measure(ports, asked.rounds)
        sent = sum(outcome.alerts for (target, _), each in measured.items() for outcome in each if target == "quell")
        failed = sum(outcome.failed for each in measured.values() for outcome in each)
        kept = durable(folder / "log.db")
    rows = [row(measured, size) for size in SIZES]
    report(rows)
    print(f"{kept['received']} of {sent} alerts are accounted for in Quell's log: {kept}; failed requests: {failed}")
    if asked.json:
        result: dict[str, Any] = {
            "machine": machine(),
            "whole": asked.whole,
            "rounds": asked.rounds,
            "connections": CONNECTIONS,
            "sent": sent,
            "log": kept,
        }
        result |= {"failed_requests": failed, "rows": [asdict(each) for each in rows]}
        asked.json.write_text(json.dumps(result, indent=1) + "\n")
    if failed or kept["received"] != sent:
        sys.exit("not every alert was taken: the rates above do not count")


def measure(ports: dict[str, int], rounds: int) -> dict[tuple[str, int], list[Outcome]]:
    """Run every target at every size, one after the other, `rounds` times after one to warm up."""
    measured: dict[tuple[str, int], list[Outcome]] = {}
    for number in range(rounds + 1):
        for size, requests in SIZES.items():
            for target, port in ports.items():
                order = Order(
                    target=target,
                    port=port,
                    seed=1_000 * size + number,
                    requests=requests,
                    alerts_per_request=size,
                    connections=CONNECTIONS,
                )
                measured.setdefault((target, size), []).append(load(order))
                print(f"round {number} {target} {size}: {rate(measured[target, size][-1]):,.0f}/s", file=sys.stderr)
    return measured


def load(order: Order) -> Outcome:
    """Run one load process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest_load"],
        input=json.dumps(asdict(order)) + "\n",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        sys.exit(f"the load process failed: {done.stderr[-2000:]}")
    return Outcome(**json.loads(done.stdout))


def row(measured: dict[tuple[str, int], list[Outcome]], size: int) -> Row:
    """Return the medians of one size, the warm-up left out."""
    ours = measured["quell", size][1:]
    theirs = measured.get(("alertmanager", size), [])[1:]
    quell_rate = statistics.median(map(rate, ours))
    other_rate = statistics.median(map(rate, theirs)) if theirs else None
    return Row(
        alerts_per_request=size,
        quell_alerts_per_s=quell_rate,
        quell_p50_ms=statistics.median(outcome.p50_ms for outcome in ours),
        quell_p99_ms=statistics.median(outcome.p99_ms for outcome in ours),
        alertmanager_alerts_per_s=other_rate,
        alertmanager_p50_ms=statistics.median(outcome.p50_ms for outcome in theirs) if theirs else None,
        alertmanager_p99_ms=statistics.median(outcome.p99_ms for outcome in theirs) if theirs else None,
        ratio=quell_rate / other_rate if other_rate else None,
    )


def rate(outcome: Outcome) -> float:
    """Return alerts a second."""
    return outcome.alerts / outcome.seconds


def report(rows: list[Row]) -> None:
    """Print the table."""
    print(f"{machine()['cpus']} CPUs, {CONNECTIONS} connections, medians")
    print(f"{'alerts a request':>16} {'Quell/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'Alertmanager/s':>15} {'ratio':>7}")
    for each in rows:
        other = "-" if each.alertmanager_alerts_per_s is None else f"{each.alertmanager_alerts_per_s:,.0f}"
        ratio = "-" if each.ratio is None else f"{each.ratio:.2f}x"
        print(
            f"{each.alerts_per_request:>16} {each.quell_alerts_per_s:>10,.0f} {each.quell_p50_ms:>8.1f} "
            f"{each.quell_p99_ms:>8.1f} {other:>15} {ratio:>7}"
        )


@contextmanager
def quell(folder: Path) -> Iterator[int]:
    """Start the ingest server and give its port."""
    arguments = [sys.executable, "-m", "benchmarks.ingest_server", str(folder / "log.db")]
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            sys.exit("the ingest server did not start")
        yield int(line)
    finally:
        stop(server)


@contextmanager
def whole_quell(folder: Path) -> Iterator[int]:
    """Start `quell serve` with its defaults and give its port."""
    with serving(folder) as running:
        yield running.port


@contextmanager
def alertmanager(folder: Path) -> Iterator[int]:
    """Start Alertmanager, alone and with nobody to notify, and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    config = folder / "alertmanager.yml"
    config.write_text(ALERTMANAGER_CONFIG)
    arguments = [ALERTMANAGER, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}"]
    arguments += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]
    server = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        stop(server)


def wait_for(port: int) -> None:
    """Wait until something listens."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port} after {START_S:.0f} s")


def durable(path: Path) -> dict[str, int]:
    """Return the counts that are in the file, read past the server."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        bodies = connection.execute("SELECT body FROM events WHERE type = 'BatchTaken'").fetchall()
        (incidents,) = connection.execute("SELECT count(*) FROM events WHERE type = 'IncidentOpened'").fetchone()
    batches = [json.loads(body) for (body,) in bodies]
    stages = ("received", "rejected", "silenced", "duplicate", "grouped", "opening")
    return {stage: sum(batch[stage] for batch in batches) for stage in stages} | {"incidents": incidents}


if __name__ == "__main__":
    main()
