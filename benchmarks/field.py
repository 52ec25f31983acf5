"""
Quell on services that nobody of Quell wrote for it: and what became of each.

`make bench-field` prints the table; `JSON=FILE` writes it as well. The services, the load, the alert rules, Prometheus,
Alertmanager and what restarts services are those of `tests/field`; Quell is `quell serve` as a user starts it, with
the settings that the documentation names. A question is always answered with yes, so that a wrong plan does its harm.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import write
from tests.field.job import Job
from tests.field.scenarios import SCENARIOS
from tests.field.site import Site

PAST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What became of one failure."""

    scenario: str
    at_fault: str
    named: str
    """`right`, `wrong`, or `none`: an honest "I do not know"."""
    called_normal: bool
    acted_on: tuple[str, ...]
    acted_wrongly: bool
    verified: bool
    whole_job: bool
    says: str


def _response(scenario: str, job: Job) -> Response:
    detection = job.detail["detection"] or {"verdict": "", "says": ""}
    return Response(
        scenario=scenario,
        at_fault=job.name,
        named="none" if job.named is None else "right" if job.named == job.name else "wrong",
        called_normal=detection["verdict"] == "no_sign",
        acted_on=job.acted_on,
        acted_wrongly=bool(set(job.acted_on) - {job.name}),
        verified=job.verified,
        whole_job=job.whole,
        says=job.detail["summary"]["summary"],
    )


def run(folder: Path) -> list[Response]:
    """Run every scenario, each on a site of its own."""
    found = []
    for number, scenario in enumerate(SCENARIOS):
        home = folder / str(number)
        home.mkdir()
        with Site(home, scenario.specs, edges=scenario.edges).open(known_s=PAST_S) as site:
            for job in scenario.play(site):
                found.append(_response(scenario.name, job))
                print(found[-1], flush=True)
    return found


def main() -> None:
    """Run, print, and write."""
    parser = argparse.ArgumentParser(description="Responses on services that nobody wrote for Quell.")
    parser.add_argument("--json", type=Path, help="where to write the results")
    asked = parser.parse_args()
    missing = [name for name in ("prometheus", "prometheus-alertmanager") if shutil.which(name) is None]
    if missing:
        sys.exit(f"{' and '.join(missing)} missing: apt-get install {' '.join(missing)} brings it")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quell-field-") as folder:
        found = run(Path(folder))
    summary = {
        "responses": len(found),
        "whole_job": sum(one.whole_job for one in found),
        "right_service": sum(one.named == "right" for one in found),
        "wrong_service": sum(one.named == "wrong" for one in found),
        "abstained": sum(one.named == "none" for one in found),
        "acted_wrongly": sum(one.acted_wrongly for one in found),
        "called_normal": sum(one.called_normal for one in found),
        "took_s": round(time.monotonic() - began),
    }
    print(summary)
    if asked.json is not None:
        write(asked.json, found, **summary)


if __name__ == "__main__":
    main()
