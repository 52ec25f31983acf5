"""What the agents conclude, and what they propose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quell.incident.events.evidence import Evidence, Gap
from quell.incident.events.words import Autonomy, Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A service level indicator under watch, with its own past as the yardstick."""

    service: str
    series: str
    labels: dict[str, str]
    unit: str
    normal_low: float
    normal_high: float
    bad_when: str
    """`above` or `below` the normal range."""
    onset: datetime
    worst: float
    """The value furthest out of range when it was confirmed."""
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What detection found: `confirmed`, `no_sign` (looked, nothing) or `no_data` (could not look)."""

    verdict: str
    says: str
    onset: datetime | None = None
    onset_error_s: float | None = None
    indicators: tuple[Indicator, ...] = ()
    """Out of range, earliest first."""
    services: tuple[str, ...] = ()
    """Affected, in the order in which they left their range."""
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Why a piece of evidence speaks for or against a hypothesis."""

    evidence_id: str
    says: str
    weight: float
    """Log-odds that it adds to the hypothesis, or takes from it, >= 0: 1 makes it 2.7 times as likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A service and what may be wrong about it."""

    id: str
    """`H1`, in order of probability."""
    service: str
    cause: Cause
    title: str
    probability: float
    """In [0, 1]; the shares of all hypotheses and of "none of these" add up to 1."""
    calibrated: bool
    """False until enough resolved incidents show that the probability means what it says."""
    in_favour: tuple[Argument, ...] = ()
    against: tuple[Argument, ...] = ()
    subject: str = ""
    """What exactly: the release, the config key, the dependency, the pool."""
    score: float | None = None
    """What the evidence alone came to, before any calibration, in [0, 1]; None in logs from before it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarIncident:
    """A past incident that looked like this one."""

    incident_id: str
    likeness: float
    """Share of what either showed (alerts, services, indicators out of range) that both did, in (0, 1]."""
    service: str
    cause: Cause | None
    """What its diagnosis said; None when it named nothing."""
    action: str
    """What was done, empty for nothing."""
    outcome: str
    """`recovered`, `in_part`, `not_recovered`, `worse`, `unknown`, or empty when no action was verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Trouble at the same time on a service that no known link leads to: never a cause of this incident."""

    service: str
    says: str
    """What is out of range, and which incident is open on it."""
    incident_id: str | None = None
    """The open incident on that service, which this one may be merged with; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Ranked causes, or an abstention that says why."""

    hypotheses: tuple[Hypothesis, ...]
    none_of_these: float
    """Probability left over, in [0, 1]."""
    abstained: bool
    says: str
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    calibrated_on: int = 0
    """Resolved incidents that its probabilities were learned from; 0 while they are uncalibrated."""
    similar: tuple[SimilarIncident, ...] = ()
    """The most alike first."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """Other trouble at the same time, by service; empty in logs from before it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When something runs out or crosses its limit if nothing is done, with an interval."""

    service: str
    series: str
    unit: str
    limit: float
    limit_is: str
    """What the limit is: `memory limit`, `pool size`, `alert threshold`."""
    in_s: float | None
    """Seconds from `made_at`; 0 when already over; None when it is not heading there."""
    low_s: float | None
    high_s: float | None
    """Interval of `in_s` at `level`; None in `high_s` with a number in `low_s` means no upper bound was found."""
    level: float
    method: str
    made_at: datetime
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """How likely the same cause is to come back to the same service."""

    service: str
    cause: Cause
    seen: int
    """Incidents of it that ended, this one left out; at least 3."""
    over_s: float
    """The time they are spread over."""
    within_s: float
    """The time looked ahead."""
    chance: float
    low90: float
    high90: float
    """In [0, 1]: an interval of the chance at 90 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What happens if nothing is done."""

    says: str
    forecasts: tuple[Forecast, ...] = ()
    blast_services: tuple[str, ...] = ()
    """Services that call the cause, directly or through others, nearest first."""
    blast_share: float | None = None
    """Share of the requests at the entry that fail now, above normal, in [0, 1]; None when it was not measured."""
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    recurrence: Recurrence | None = None
    """None while too few incidents like it are known to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """How often an action helped before."""

    helped: int
    tried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """How a runbook wants its effect verified, where that differs from what the settings say for any incident."""

    series: tuple[str, ...] = ()
    """Watched too, as far as they had left their range."""
    within_s: float | None = None
    steady: int | None = None
    """Readings in range, in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change that could mend the cause; `id` is a hash of what will be done, so a changed plan has another id."""

    id: str
    hypothesis_id: str
    action: str
    """Name of the action: `roll_back`."""
    target: str
    """Service it changes."""
    params: dict[str, str]
    title: str
    steps: tuple[str, ...]
    """What will be done, one line each, from the action's own dry run."""
    expected: str
    risk: str
    undo: str
    """How it is undone; says so when it cannot be."""
    reversible: bool
    reaches: tuple[str, ...]
    """Services that feel the action itself."""
    verified_by: str
    autonomy: Autonomy
    autonomy_reason: str
    record: TrackRecord
    runbook: str = ""
    """Name of the runbook that it follows; empty in logs from before there were any."""
    runbook_version: str = ""
    choice: str = ""
    """Why this runbook, what came second, and what was passed over because of its pre-conditions."""
    checks: Checks | None = None
    held_out: bool = False
    """Drawn by lot to be recommended only, so that it can be seen what incidents last without the action."""
    calls: tuple[str, ...] = ()
    """
    Every HTTP call that it may make, as `METHOD address`: the one that makes the change first, then those that ask
    after it and take it back, with what they are for. Secrets are masked. Empty in logs from before they were kept.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An indicator read during verification."""

    service: str
    series: str
    unit: str
    value: float | None
    normal_low: float
    normal_high: float
    in_range: bool
