"""What the figures are computed from: one record for each incident, folded from its events or imported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

OWN = "quell"
"""The source of records of incidents that came in as alerts."""


class Origin(StrEnum):
    """What kind of incident it was; the kinds never mix in a figure."""

    REAL = "real"
    DRILL = "drill"
    """Of the lab, or a planned exercise."""
    MAINTENANCE = "maintenance"


class Clock(StrEnum):
    """Where a time comes from."""

    MACHINE = "machine"
    IMPORTED = "imported"
    TYPED = "typed"


class RestoredBy(StrEnum):
    """Who ended the impact."""

    QUELL = "quell"
    """An action of Quell, by itself or with a person's yes."""
    PERSON = "person"
    ITSELF = "itself"
    """Its alerts ended, and nobody is known to have done anything."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment and where it comes from."""

    at: datetime
    """Aware, UTC."""
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecord:
    """How one incident went, as far as it is known."""

    id: str
    title: str
    service: str
    """Empty: not known."""
    team: str
    """Empty: not known."""
    severity: str
    """`SEV1` to `SEV5`; empty: not known."""
    origin: Origin
    source: str
    """`quell`, or the name of the import."""
    started: Stamp | None
    """Impact began (t0)."""
    detected: Stamp | None
    acknowledged: Stamp | None
    acknowledged_by: str
    """`agent`, `person` or empty."""
    restored: Stamp | None
    """Impact ended (tm); None while it is open."""
    closed: Stamp | None
    """The incident was closed (tr), shown apart."""
    restored_by: RestoredBy
    attempts: int = 0
    """Eligible attempts to mend it by an action of Quell."""
    verified: int = 0
    """Of them, those whose indicators came back, by the action, and that nothing took back since."""
    undecided: int = 0
    """Of them, those of which it is not known; they stay in the denominator."""
    verified_at: datetime | None = None
    """When the last one was seen to have helped."""
    approved: bool = False
    """A person approved an action of Quell."""
    corrected: bool = False
    """A person corrected what Quell did or said: rejected, undone, another cause, another severity."""
    reopened_at: datetime | None = None
    """The first time that it came back after it was resolved."""
    false_alarm: bool = False
    merged: bool = False
    """Part of another incident: not counted."""
    alerts: int = 0
    followed_up: bool = False
    """A person wrote down what it was: a cause, a note after the end, a review."""
    cost_usd: float | None = None
    """Of models and services used on it; None when it was not metered."""
    forecast: str = ""
    """
    Of a prevention case: `open`, `prevented`, `missed`, `came_true`, `did_not_come_true` or `undecided`; empty for all
    others. Only `missed` and `came_true` had an impact.
    """
    held_out: bool = False
    """By lot, Quell only recommended: what it would have been without it."""
    did: str = ""
    """What was done last, in words: `rolled back inventory`."""
    not_recorded: tuple[str, ...] = ()
    """
    Of an import: fields for which the source has no place at all, as `PastIncident` names them (`closed_at`, `alerts`).
    A record is not judged by them.
    """
    edited_by: str = ""
    """Who corrected this record last; empty when nobody did."""

    @property
    def without_person(self) -> bool:
        """Whether Quell restored it and no person approved or corrected anything; False of imports."""
        quell = self.restored_by is RestoredBy.QUELL and self.source == OWN
        return quell and not (self.approved or self.corrected)
