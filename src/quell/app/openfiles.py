"""How many files and sockets this process may have open at once, and who gets how many of them."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from quell.errors import ConfigError

RESERVE = 256
"""Files that are no connection of a client: the log, the stores of workflows, telemetry, calls to others."""
RELAY_SOCKETS = 200
"""Connections of one relay to the first process."""
BACKLOG = 4096
"""Connections that the system holds ready; they may all be accepted before the first that is too many is closed."""

LEAST = 512
"""Fewer leave less for clients than a few browsers and an Alertmanager behind one address take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How the files are shared out. All of it together stays below the limit."""

    live: int
    http: int
    backlog: int


def raise_limit() -> None:
    """Ask for as many as the system allows: what it gives unasked, often 1,024, is less than a wall of screens."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def needed(processes: int) -> int:
    """Return how many files the first of so many processes must be allowed."""
    return LEAST + RELAY_SOCKETS * (processes - 1)


def most_allowed() -> int | None:
    """Return how many files the system allows this process at most; None for any number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard


def check_limit(processes: int) -> None:
    """Check that there are enough files to serve with. Raises: ConfigError: it says how many are needed."""
    most, least = most_allowed(), needed(processes)
    if most is not None and most < least:
        raise ConfigError(
            f"this process may have {most} files and sockets open at once, and needs at least {least}: raise the hard "
            f"limit (`ulimit -Hn {least}`, or LimitNOFILE= of its systemd unit)"
        )


def share(*, live: int, http: int, inside: int = 0) -> Share:
    """
    Return how many connections there may be, so that the stores find a file whatever clients do.

    Args:
        live: live connections that are wanted.
        http: other connections that are wanted.
        inside: sockets to our own processes.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return Share(live=live, http=http, backlog=BACKLOG)
    backlog = min(BACKLOG, max(16, most // 16))
    sockets = max(2, most - min(RESERVE, most // 2) - backlog - inside)
    most_live = min(live, sockets - min(http, max(1, sockets // 8)))
    return Share(live=most_live, http=min(http, sockets - most_live), backlog=backlog)
