"""
Seconds from the start of the `quell serve` process until `/readyz` says 200.

`python -m benchmarks.startup` starts it on an empty data folder; `--data DIR` on a folder with a log as well. It prints
which packages the time of imports goes to. `--json FILE` writes the table. The imports come first and leave bytecode
and a warm file cache behind.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.result import Row, row, show, write
from benchmarks.server import environment, serving

AIM_S = 2.0
PACKAGES_SHOWN = 12


def starts(runs: int, data: Path | None = None) -> list[float]:
    """Return the seconds of each start, on an empty folder each time without `data`."""
    return [_start(data) for _ in range(runs)]


def _start(data: Path | None) -> float:
    with tempfile.TemporaryDirectory(prefix="quell-bench-") as empty, serving(data or Path(empty)) as quell:
        return quell.ready_s


def start_rows(runs: int, data: Path | None, says: str = "the log given") -> list[Row]:
    """Measure the starts on nothing and on a log, none of them the first on this machine; return their rows."""
    rows = [row("start to ready, no log yet", starts(runs), unit="s", under=AIM_S)]
    if data is not None:
        rows.append(row(f"start to ready, {says}", starts(runs, data), unit="s", under=AIM_S))
    return rows


def import_ms() -> Counter[str]:
    """Return the milliseconds that importing the server takes in each top-level package, its own modules alone."""
    command = [sys.executable, "-X", "importtime", "-c", "import quell.app.server"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stderr
    took_ms: Counter[str] = Counter()
    for line in said.splitlines():
        own, _, module = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            took_ms[module.strip().partition(".")[0]] += int(own) / 1000  # type: ignore[assignment]
    return took_ms


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", type=Path, help="a data folder of Quell, to start on as well")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    took_ms = import_ms()
    rows = start_rows(asked.runs, asked.data)
    show(rows)
    largest = ", ".join(f"{name} {ms:.0f}" for name, ms in took_ms.most_common(PACKAGES_SHOWN))
    print(f"imports, measured with their own overhead: {took_ms.total():.0f} ms, of them {largest}")
    if asked.json:
        write(asked.json, rows)


if __name__ == "__main__":
    main()
