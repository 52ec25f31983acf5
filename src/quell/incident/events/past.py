"""What people say about the past: imported incidents, corrected records, and what the figures assume."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncident:
    """An incident of the time before Quell, or beside it, as another tool has it."""

    id: str
    """Unique within its source."""
    title: str
    service: str = ""
    team: str = ""
    severity: str = ""
    """`SEV1` to `SEV5`; empty: not known."""
    kind: str = "real"
    """`real`, `drill` or `maintenance`."""
    started_at: datetime | None = None
    """Its impact began."""
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    restored_at: datetime | None = None
    """Its impact ended; None: not known, or it is still open."""
    closed_at: datetime | None = None
    restored_by: str = "unknown"
    """`quell`, `person`, `itself` or `unknown`."""
    alerts: int = 0
    """Alerts that it is linked to."""
    followed_up: bool = False
    """A cause or a review was written down."""
    not_recorded: tuple[str, ...] = ()
    """Fields of this class for which the source has no place at all: they are not known, rather than not so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncidentsImported:
    """Incidents were taken over from another tool; those with an id that is known already are left out before."""

    source: str
    """Names the tool or the export; with an id it names an incident."""
    incidents: tuple[PastIncident, ...]
    by: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCorrected:
    """A person corrected what the figures are computed from; the newest correction of a field counts."""

    incident_id: str
    """Of Quell, or `<source>/<id>` of an imported one."""
    changes: dict[str, str]
    """
    New values by name: `started_at`, `detected_at`, `restored_at` (ISO 8601, or empty: not known), `kind` (`real`,
    `drill`, `maintenance`), `service`, `team`, `severity`, `restored_by`.
    """
    before: PastIncident | None
    """An imported incident as it was, so that its old part of the sums can be taken out; None for one of Quell's."""
    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionsSet:
    """What the customer says a minute is worth, and what is good enough; each change is a new version."""

    version: int
    cost_per_minute_low: float | None
    """5th percentile, in `currency`; None: not given, and then no money is shown."""
    cost_per_minute_high: float | None
    """95th percentile."""
    currency: str
    running_cost_month: float | None
    target_s: dict[str, float]
    """Longest time to restore that counts as clean, by severity."""
    cost_cap: float | None
    """Dollars of models and services that a clean run may cost."""
    by: str
    reason: str
    typed_name: str = ""
