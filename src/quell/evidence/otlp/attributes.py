"""Which attributes of OpenTelemetry count here, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping

SERVICE = "service.name"

PEERS = (
    "service.peer.name",
    "peer.service",
    "db.system.name",
    "db.system",
    "messaging.system",
    "server.address",
    "net.peer.name",
)
"""Whom a client calls: the first of these that is there. Older names of the conventions are known too."""
PEER_KEYS = frozenset(PEERS)

CLIENT_KINDS = frozenset({3, 4})
"""Client and producer."""
SERVER_KINDS = frozenset({2, 5})
"""Server and consumer."""

ERROR_STATUS = 2

EXCEPTION_KEYS = frozenset({"exception.type", "exception.message"})

MOST_DEPTH = 20
"""Values nested deeper than this are left out."""


def peer_of(found: Mapping[str, str]) -> str:
    """Return the peer that attributes name, or nothing."""
    return next((found[key] for key in PEERS if found.get(key)), "")


def text_of(body: str, event: str, exception: Mapping[str, str]) -> str:
    """Return the text of a log record: its body, else its event name, and the exception when that is not in it."""
    text = body or event
    kind, says = exception.get("exception.type", ""), exception.get("exception.message", "")
    more = [part for part in (kind, says) if part and part not in text]
    if not more:
        return text
    return f"{text}: {': '.join(more)}" if text else ": ".join(more)
