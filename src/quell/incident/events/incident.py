"""What happens to an incident, in the stream `incident/<id>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quell.incident.alert import Alert, IncidentSeverity
from quell.incident.events.words import DEFAULT_TEAM, Cause, State


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """Alerts crossed the threshold."""

    incident_id: str
    title: str
    severity: IncidentSeverity
    service: str | None
    reason: str
    drill: bool = False
    """The alerts carry the label that marks a drill's data."""
    test: bool = False
    """Opened by `quell send-test-alert`: it counts nowhere."""
    team: str = DEFAULT_TEAM
    """Whose incident it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGrouped:
    """An alert joined this incident."""

    alert: Alert
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertResolved:
    """The sender says that an alert of this incident no longer fires."""

    fingerprint: str
    name: str
    ended_at: datetime
    starts_at: datetime | None = None
    """When the firing that ended had begun, if the sender says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsNotSent:
    """The sender of alerts of this incident left some of their group out of its message, as it was set up to."""

    source: str
    group: str
    """Of the sender, as in an alert; the newest count of a group counts."""
    count: int
    """0: none any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFlapping:
    """An alert of this incident keeps changing between firing and resolved."""

    fingerprint: str
    name: str
    changes: int
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The incident moved."""

    before: State
    after: State
    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAcknowledged:
    """Somebody owns it now."""

    by: str
    note: str = ""
    typed_name: str = ""
    taken_from: str = ""
    """The owner before, who was asked about and passed over; empty when it had none."""
    taken_from_typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChanged:
    """The incident is worse, or less bad, than thought."""

    before: IncidentSeverity
    after: IncidentSeverity
    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReopened:
    """It came back within the reopen window, or a person reopened it."""

    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMerged:
    """This incident is part of another; its alerts go there from now on."""

    into: str
    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Somebody wrote something down."""

    by: str
    text: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseConfirmed:
    """A person says what it was; the newest one counts."""

    service: str | None
    """At fault; None: a cause that Quell did not name, and the person does not name either."""
    cause: Cause | None
    """None: what about the service is not said."""
    by: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarmDeclared:
    """A person says that nothing was wrong; it counts until the incident is reopened."""

    by: str
    reason: str
    typed_name: str = ""
