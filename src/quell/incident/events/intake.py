"""What became of alerts that opened or joined no incident, and the silences that people set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from quell.incident.alert import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHeld:
    """An alert alone is not past the threshold of an incident; it waits in its group."""

    alert: Alert
    why: str
    group: str = ""
    """Names the group: alerts that wait in the same one open an incident together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSilenced:
    """A silence keeps back an alert that would have been news; it is looked at again when the silence is over."""

    alert: Alert
    silence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyEnd:
    """The end of a firing that was not known to fire: it may arrive before the firing itself."""

    starts_at: datetime | None
    """When the firing that ended had begun; None when the sender did not say."""
    ended_at: datetime | None
    """None when the sender gave only the beginning: then nothing is known of a firing that began later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTaken:
    """One request's alerts by the stage that ended their way; received is the sum of the others."""

    source: str
    received: int
    rejected: int
    silenced: int
    duplicate: int
    grouped: int
    opening: int
    repeats: dict[str, int] = field(default_factory=dict)
    """Duplicates and silenced by fingerprint: how often each came again."""
    ended: tuple[str, ...] = ()
    """Fingerprints of alerts in no incident, waiting or silenced, that ended; those that waited count as grouped."""
    silenced_by: dict[str, int] = field(default_factory=dict)
    """Silenced alerts by the id of the silence that kept them back."""
    early_ends: dict[str, EarlyEnd] = field(default_factory=dict)
    """Ends by fingerprint, of firings that were not known or of alerts in no incident: a firing that arrives late is
    told from a new one by these."""
    later_starts: dict[str, datetime] = field(default_factory=dict)
    """By fingerprint: alerts that fire already, and that the sender says began again at this later time."""
    tests: int = 0
    """Of the received: alerts that only test the way from the sender to Quell."""
    not_sent: int = 0
    """Alerts that the sender says it left out of this request."""
    ends_unmatched: int = 0
    """Of the duplicates: ends that could be that of several alerts which fire, with other labels; none was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRejected:
    """A request that could not be taken, kept so that a person can see it."""

    source: str
    reason: str
    detail: str
    body: str
    """The start of the body, at most the configured size, undecodable bytes replaced."""
    body_bytes: int
    alerts: int
    """How many alerts it is counted as: 1 for a body that could not be read, 0 when it was telemetry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A test on one label: `=`, `!=`, `=~`, `!~` (regular expressions match the whole value)."""

    label: str
    op: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceCreated:
    """Matching alerts are counted and kept out of incidents from `starts_at` until `ends_at`."""

    silence_id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    by: str
    comment: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded:
    """A silence was ended before its time."""

    silence_id: str
    by: str
    typed_name: str = ""
