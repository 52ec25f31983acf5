"""The deploy log: one JSON line for each change that anybody made on purpose."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from quell_lab.telemetry.log import timestamp


class Changes:
    """Appends to the deploy log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def record(
        self, service: str, *, kind: str, what: str, before: object, after: object, by: str, at: datetime
    ) -> None:
        """
        Write down one change.

        Args:
            kind: deploy, config, flag, scale, restart or cache.
            by: ci, ops or quell.
            at: when it began to take effect.
        """
        line = {
            "at": timestamp(at),
            "service": service,
            "kind": kind,
            "what": what,
            "before": str(before),
            "after": str(after),
            "by": by,
        }
        with self.path.open("ab", buffering=0) as file:
            file.write(msgspec.json.encode(line) + b"\n")
