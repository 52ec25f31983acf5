"""What happens to Quell itself, and what people decide about what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quell.incident.events.words import Autonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class AutonomyOverridden:
    """A person sets what an action may do on a kind of service, over what it has earned."""

    action: str
    kind: str
    """Of service, as the settings name them."""
    autonomy: Autonomy | None
    """None: what was earned holds again."""
    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccepted:
    """A request with an idempotency key was carried out, in the same append; the key stands for it and no other."""

    key: str
    digest: str
    """Hash of what the request says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStarted:
    """A Quell process began work on this log."""

    version: str
    epoch: str
    recovered: int
    """Responses that an earlier process left unfinished and this one took up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStopped:
    """A Quell process drained and ended on purpose."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailed:
    """An evidence source went from answering to not answering."""

    source: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecovered:
    """An evidence source answers again."""

    source: str
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent:
    """
    What a newer Quell has written and this one does not know: it is read, counted and shown, and changes nothing.

    It is never written. After a roll-back it lets the older Quell start; the newer one reads the same row again.
    """

    type: str
    """As the log holds it, with its schema number where that is above 1: `Detected@2`."""
    fields: dict[str, Any]
    """As written."""
