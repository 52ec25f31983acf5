"""The deploy log: one JSON line for each change that anybody made on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from quell.lab.telemetry.log import timestamp


class Changes:
    """Appends to the deploy log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def record(self, service: str, *, kind: str, what: str, before: object, after: object, by: str) -> None:
        """Write down one change: `kind` is deploy, config, flag, scale, restart or cache; `by` ci, ops or quell."""
        line = {
            "at": timestamp(datetime.now(UTC)),
            "service": service,
            "kind": kind,
            "what": what,
            "before": str(before),
            "after": str(after),
            "by": by,
        }
        with self.path.open("ab", buffering=0) as file:
            file.write(msgspec.json.encode(line) + b"\n")
