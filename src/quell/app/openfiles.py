"""How many files and sockets this process may have open at once."""

from __future__ import annotations

import resource

OTHERS = 256
"""Files that are no live connection: the log, the stores of workflows, HTTP, telemetry."""


def raise_limit() -> None:
    """Ask for as many as the system allows: what it gives unasked, often 1,024, is less than a wall of screens."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def for_sockets() -> int:
    """Return how many of them live connections may be."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else max(1, soft - OTHERS)
