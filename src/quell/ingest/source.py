"""What a tool that sends alerts looks like to intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from quell.incident.alert import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a body held."""

    alerts: Sequence[Alert]
    """In the body's order."""
    rejected: Sequence[str] = ()
    """One sentence for each alert of the body that could not be read while others could."""
    not_sent: int = 0
    """How many alerts the sender says it left out of the body."""


class AlertSource(Protocol):
    """One vendor's way of sending alerts: one file each."""

    name: str

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise `Unauthenticated` unless the request proves its sender. Header names are lower case."""
        ...

    def parse(self, body: bytes, received_at: datetime) -> Parsed:
        """Return the alerts in a body; raise `Malformed` if it has none to read."""
        ...
