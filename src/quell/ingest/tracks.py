"""What intake knows of one alert, of one group that waits, and of one incident."""

from __future__ import annotations

from dataclasses import dataclass, field

from quell.incident.alert import Alert, IncidentSeverity, Severity
from quell.incident.correlation import CorrelationRules, Group, Hint
from quell.incident.flapping import Flaps

Kind = tuple[str, str | None]
"""An alert's name and service."""


@dataclass(slots=True, eq=False, kw_only=True)
class Track:
    """One alert, by its fingerprint."""

    kind: Kind
    severity: Severity
    firing: bool
    seen_s: float
    group: str
    """Id of the incident it is in, or key of the group it waits in."""
    waiting: bool
    started_s: float | None = None
    """When this firing began, as the sender says; None when it did not."""
    source: str = ""
    flaps: Flaps | None = None
    """None until it changes for the first time, as most never do."""

    def change(self, firing: bool, now_s: float, rules: CorrelationRules) -> None:
        """Note that it went from firing to resolved or back."""
        self.firing = firing
        if self.flaps is None:
            self.flaps = Flaps()
        self.flaps.change(now_s, rules)

    def begins_later(self, alert: Alert) -> bool:
        """Return whether the sender says that it began later than what is known."""
        started_s = alert.started_s
        return self.started_s is not None and started_s is not None and started_s > self.started_s

    def begins_after(self, end: Alert) -> bool:
        """Return whether an end is that of a firing before this one: begun and over before this began."""
        started_s, ended_at = end.started_s, end.ends_at
        if self.started_s is None or started_s is None or ended_at is None:
            return False
        return started_s < self.started_s and ended_at.timestamp() < self.started_s

    def flaps_at(self, now_s: float, rules: CorrelationRules) -> bool:
        """Return whether it flaps now."""
        return self.flaps is not None and self.flaps.active(now_s, rules)

    def would_flap(self, now_s: float, rules: CorrelationRules) -> bool:
        """Return whether it flaps once it is seen firing now."""
        if self.firing or self.flaps is None:
            return self.flaps_at(now_s, rules)
        return self.flaps.would_flap(now_s, rules)


@dataclass(slots=True, eq=False, kw_only=True)
class Waiting(Group):
    """Alerts below the threshold."""

    alerts: dict[str, tuple[Alert, float]] = field(default_factory=dict)
    """Firing alerts and what each weighs, by fingerprint."""
    weight: float = 0.0

    def weight_without(self, fingerprint: str) -> float:
        """Return what all but one of them weigh together."""
        held = self.alerts.get(fingerprint)
        return self.weight - held[1] if held is not None else self.weight


@dataclass(slots=True, eq=False, kw_only=True)
class Case(Group):
    """An incident as intake needs to know it."""

    severity: IncidentSeverity
    worst: Severity
    """Of all alerts that joined."""
    done_s: float | None = None
    """When it was resolved or closed; None while it is open."""
    closed: bool = False
    into: str | None = None
    """The incident it was merged into."""
    appended: int = 0
    """Position of the last batch of ours that put an alert into it."""
    test: bool = False
    """Opened by a test: nothing but tests joins it."""
    mended_s: float | None = None
    """When a verified fix last ended it."""
    not_sent: dict[Hint, int] = field(default_factory=dict)
    """By source and group of the sender: how many alerts the newest message left out."""
