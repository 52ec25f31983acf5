"""
Writes the documentation that follows from the code; with --check it writes nothing and names what is stale.

Whole pages: docs/settings.md, docs/events.md, docs/cli.md, docs/severity.md, docs/metrics.md, docs/openapi.json,
docs/asyncapi.json.
Marked places: the tables of docs/evidence.md, and the results in README, docs/performance.md and docs/accuracy.md,
out of benchmarks/results/*.json. The same code gives the same text.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pages import accuracy, asyncapi, benchmarks, commands, events, metrics, settings, severity, telemetry
from pages.table import fill

from quell.app import openapi

ROOT = Path(__file__).resolve().parents[1]


def documents(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file of the documentation below `root` that has a generated part, and what it should hold."""
    yield root / "docs/settings.md", settings.page()
    yield root / "docs/events.md", events.page()
    yield root / "docs/cli.md", commands.page()
    yield root / "docs/severity.md", severity.page()
    yield root / "docs/openapi.json", json.dumps(openapi.document(), indent=1, ensure_ascii=False) + "\n"
    live = asyncapi.document((root / "docs/protocol.md").read_text(encoding="utf-8"))
    yield root / "docs/asyncapi.json", json.dumps(live, indent=1, ensure_ascii=False) + "\n"
    evidence = root / "docs/evidence.md"
    page = fill(evidence.read_text(encoding="utf-8"), "metrics", telemetry.metrics())
    yield evidence, fill(page, "indicators", telemetry.indicators())
    readme, results = root / "README.md", root / "benchmarks/results"
    yield root / "docs/metrics.md", metrics.page(results)
    page = fill(readme.read_text(encoding="utf-8"), "bench:lab", benchmarks.lab(results))
    page = fill(page, "bench:field", benchmarks.field(results))
    page = fill(page, "bench:realtime", benchmarks.realtime(results, whole=False))
    page = fill(page, "bench:accuracy", accuracy.short(results))
    yield readme, fill(page, "bench:speed", benchmarks.speed(results))
    yield root / "docs/images/reliability.svg", accuracy.reliability_picture(results)
    page = (root / "docs/accuracy.md").read_text(encoding="utf-8")
    for name, written in {**accuracy.PARTS, "lab-whole": benchmarks.lab_whole}.items():
        page = fill(page, f"bench:{name}", written(results))
    yield root / "docs/accuracy.md", page
    performance = root / "docs/performance.md"
    page = fill(performance.read_text(encoding="utf-8"), "bench:realtime", benchmarks.realtime(results, whole=True))
    yield performance, fill(page, "bench:speed", benchmarks.speed(results))


def main() -> int:
    """Write, or check; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the documentation that follows from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name each stale file")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds README.md and docs")
    asked = parser.parse_args()
    stale = [(path, text) for path, text in documents(asked.root) if _held(path) != text]
    for path, text in stale:
        name = path.relative_to(asked.root)
        if asked.check:
            sys.stderr.write(f"{name} is stale: run `make docs`\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")
    return 1 if asked.check and stale else 0


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
