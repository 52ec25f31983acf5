"""An alert as Quell keeps it, whatever tool sent it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Severity(StrEnum):
    """How bad one alert says it is (the words most tools share)."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class IncidentSeverity(StrEnum):
    """How bad an incident is; lower is worse."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"
    SEV5 = "SEV5"


class AlertStatus(StrEnum):
    """Whether the condition holds."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. Text in it comes from outside and is never trusted."""

    fingerprint: str
    """16 hex digits; the same alert has the same one, whenever it fires."""
    source: str
    """Which ingest source it came through, as configured: `alertmanager`."""
    name: str
    service: str | None
    """`service.name` as far as the labels tell it."""
    severity: Severity
    severity_raw: str
    """What the sender wrote; empty when it wrote none."""
    severity_known: bool
    """False when `severity_raw` is not a word that is known and the default was taken."""
    status: AlertStatus
    starts_at: datetime
    received_at: datetime
    ends_at: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    link: str | None = None
    group: str = ""
    """Names the group in which its sender sent it, in 16 hex digits; empty when it has none."""
    org: str = ""
    """The organisation of the sender that it belongs to, where one sender has several."""
    sender_key: str = ""
    """What the sender identifies it by, if it says so."""
    test: str = ""
    """Empty for an alert; `sender`: from the test button of a tool, opens no incident; `quell`: from Quell's own
    `send-test-alert`, opens an incident that is marked as a test. Both end by themselves and count nowhere."""
    notes: tuple[str, ...] = ()
    """What of it could not be read and was dropped, in sentences."""

    @property
    def started_s(self) -> float | None:
        """When it began, in Unix seconds; None when the sender gave no time and that of the receipt stands in."""
        return None if self.starts_at == self.received_at else self.starts_at.timestamp()


SKEW = timedelta(minutes=10)
"""A start time further than this before its arrival is taken for a wrong clock, and the arrival counts."""


def believed_start(alert: Alert) -> datetime:
    """Return when an alert began; its arrival when the sender's clock cannot be right."""
    known = timedelta(0) <= alert.received_at - alert.starts_at <= SKEW
    return alert.starts_at if known else alert.received_at


def fingerprint(labels: Mapping[str, str], *, namespace: str = "") -> str:
    """
    Identify an alert by its labels.

    Args:
        namespace: keeps ids of tools apart that send a key of their own instead of labels.

    Returns: 16 hex digits.
    """
    digest = hashlib.blake2b(namespace.encode(), digest_size=8)
    for name in sorted(labels):
        digest.update(b"\xff" + name.encode() + b"\xfe" + labels[name].encode())
    return digest.hexdigest()


SERVICE_LABELS = ("service", "service_name", "service.name", "app", "app_kubernetes_io_name", "job")
"""Which labels name the service, the first that is there."""


def service_of(labels: Mapping[str, str]) -> str | None:
    """Return the service that the labels name, or None."""
    return next((labels[name] for name in SERVICE_LABELS if labels.get(name)), None)
