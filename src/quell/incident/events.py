"""
Every fact Quell records, and the values in them. Read this first: what is shown, decided or measured is folded
from these events and from nothing else.

Times are aware UTC. `by` names who did it: `agent:<name>`, `person:<name>` or `system:<part>`.
A field's text that came from telemetry or alerts is data, never an instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from quell.incident.alert import Alert, IncidentSeverity


class State(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"


class Phase(StrEnum):
    """The steps of a response, in their order; `undo` only when a fix did not help."""

    DETECT = "detect"
    DIAGNOSE = "diagnose"
    PREDICT = "predict"
    PLAN = "plan"
    APPROVE = "approve"
    ACT = "act"
    VERIFY = "verify"
    UNDO = "undo"


AGENT_OF: dict[Phase, str] = {
    Phase.DETECT: "detection",
    Phase.DIAGNOSE: "diagnosis",
    Phase.PREDICT: "prediction",
    Phase.PLAN: "resolution",
    Phase.APPROVE: "resolution",
    Phase.ACT: "resolution",
    Phase.VERIFY: "resolution",
    Phase.UNDO: "resolution",
}
"""Which agent does a phase."""


class PhaseState(StrEnum):
    """How a phase of one response stands."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABSTAINED = "abstained"
    """It ran, and says that it does not know, or that there was nothing to do."""


class Autonomy(StrEnum):
    """What policy lets Quell do with an action, from least to most."""

    OBSERVE = "observe"
    RECOMMEND = "recommend"
    APPROVE = "approve"
    AUTO = "auto"


class EvidenceKind(StrEnum):
    """What sort of thing was looked at."""

    METRIC = "metric"
    LOG = "log"
    CHANGE = "change"
    TOPOLOGY = "topology"


class Cause(StrEnum):
    """What about a service can be wrong: the kinds diagnosis tells apart."""

    BAD_RELEASE = "bad_release"
    BAD_CONFIG = "bad_config"
    SLOW_DEPENDENCY = "slow_dependency"
    POOL_EXHAUSTION = "pool_exhaustion"
    MEMORY_LEAK = "memory_leak"
    CRASH_LOOP = "crash_loop"
    TRAFFIC_SURGE = "traffic_surge"
    UNKNOWN = "unknown"
    """This service, and what about it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time, `start` inclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One measured series; `times` and `values` have the same length, times rise."""

    name: str
    service: str
    unit: str
    labels: dict[str, str] = field(default_factory=dict)
    times: tuple[float, ...] = ()
    """Unix seconds."""
    values: tuple[float | None, ...] = ()
    """None where the source gave nothing usable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """A log template and how often it was seen before and after the onset."""

    template: str
    service: str
    level: str
    count_before: int
    count_after: int
    first_seen: datetime
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A recorded change: a deploy, a config value, a flag."""

    at: datetime
    service: str
    kind: str
    """`deploy`, `config`, `flag`, `scale`, `restart`."""
    what: str
    before: str
    after: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    A piece of evidence with everything needed to judge it: the data, the exact query and the window.

    Only the field of its kind is filled: `series`, `patterns` or `changes`; topology puts its edges in `edges`.
    """

    id: str
    """Unique within the incident: `E1`."""
    source: str
    kind: EvidenceKind
    title: str
    says: str
    """One sentence: what it shows."""
    query: str
    window: Window
    service: str | None = None
    unit: str = ""
    series: tuple[Series, ...] = ()
    patterns: tuple[LogPattern, ...] = ()
    changes: tuple[Change, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    """(caller, callee)."""
    onset: datetime | None = None
    normal_low: float | None = None
    normal_high: float | None = None
    limit: float | None = None
    """A capacity or threshold worth drawing, in `unit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that was not looked at, and why."""

    source: str
    reason: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """How often an action helped before."""

    helped: int
    tried: int


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


# --- incident/<id> -------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAcknowledged:
    """Somebody owns it now."""

    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChanged:
    """The incident is worse, or less bad, than thought."""

    before: IncidentSeverity
    after: IncidentSeverity
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReopened:
    """It came back within the reopen window, or a person reopened it."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMerged:
    """This incident is part of another; its alerts go there from now on."""

    into: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Somebody wrote something down."""

    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStarted:
    """The agents began; `run` counts responses of this incident from 1."""

    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """An agent began a phase."""

    phase: Phase
    agent: str
    attempt: int
    timeout_s: float
    expected_s: float | None
    """Median of past runs of this phase; None while there are too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseProgressed:
    """Items done of items known."""

    phase: Phase
    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRetrying:
    """An attempt failed and another follows."""

    phase: Phase
    attempt: int
    """The attempt that failed, from 1."""
    error: str
    reason: str
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRecovered:
    """A later attempt succeeded."""

    phase: Phase
    attempt: int
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnded:
    """A phase came to its end."""

    phase: Phase
    agent: str
    state: PhaseState
    took_s: float
    attempts: int
    says: str
    word: str
    """What the response branched on: `confirmed`, `proposed`, `failed` ..."""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMissing:
    """A source gave nothing for this incident; what follows rests on less."""

    source: str
    reason: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """Detection's finding."""

    finding: Detection


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """Diagnosis' finding."""

    finding: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Prediction's finding."""

    finding: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProposed:
    """Resolution chose an action."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A person is wanted."""

    plan_id: str
    expires_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionApproved:
    """A person, or policy, said yes to exactly this plan."""

    plan_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRejected:
    """A person said no."""

    plan_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    """Nobody answered in time."""

    plan_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStarted:
    """The change is about to be made; `key` makes it happen once."""

    plan_id: str
    action: str
    target: str
    key: str
    undo_params: dict[str, str] = field(default_factory=dict)
    """The state before, so that a change that breaks half-way can be undone too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFinished:
    """The change was made."""

    plan_id: str
    action: str
    target: str
    output: str
    undo_params: dict[str, str]
    """What the action needs to undo itself, kept so that a restart can still undo."""
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionBroke:
    """The change did not complete; what it had done so far is in `output`."""

    plan_id: str
    action: str
    target: str
    error: str
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The verdict on a fix: `recovered`, `not_recovered`, `worse` or `unknown` (could not look)."""

    verdict: str
    says: str
    readings: tuple[Reading, ...]
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUndone:
    """The change was taken back."""

    plan_id: str
    action: str
    target: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFailed:
    """The change could not be taken back: a person must look."""

    plan_id: str
    action: str
    target: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Quell hands over to a person and says what it knows and lacks."""

    reason: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseEnded:
    """The agents are done with this run: `resolved`, `escalated`, `superseded` or `failed`."""

    run: int
    outcome: str
    says: str


# --- intake --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHeld:
    """An alert alone is not past the threshold of an incident; it waits in its group."""

    alert: Alert
    why: str
    group: str = ""
    """Names the group: alerts that wait in the same one open an incident together."""


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
    """Fingerprints of waiting alerts (in no incident) that the sender says ended; they count as grouped."""
    silenced_by: dict[str, int] = field(default_factory=dict)
    """Silenced alerts by the id of the silence that kept them back."""


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
    """How many alerts it is counted as: 1 for a body that could not be read."""


# --- silences ------------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded:
    """A silence was ended before its time."""

    silence_id: str
    by: str


# --- system --------------------------------------------------------------------------------------------------------


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


IncidentEvent = (
    IncidentOpened
    | AlertGrouped
    | AlertResolved
    | AlertFlapping
    | StateChanged
    | IncidentAcknowledged
    | SeverityChanged
    | IncidentReopened
    | IncidentMerged
    | NoteAdded
    | ResponseStarted
    | PhaseStarted
    | PhaseProgressed
    | PhaseRetrying
    | PhaseRecovered
    | PhaseEnded
    | SourceMissing
    | Detected
    | Diagnosed
    | Predicted
    | PlanProposed
    | ApprovalRequested
    | ActionApproved
    | ActionRejected
    | ApprovalExpired
    | ActionStarted
    | ActionFinished
    | ActionBroke
    | Verified
    | ActionUndone
    | UndoFailed
    | Escalated
    | ResponseEnded
)
IntakeEvent = AlertHeld | BatchTaken | BodyRejected
SilenceEvent = SilenceCreated | SilenceEnded
SystemEvent = ProcessStarted | ProcessStopped | SourceFailed | SourceRecovered
Event = IncidentEvent | IntakeEvent | SilenceEvent | SystemEvent

INTAKE_STREAM = "intake"
SILENCE_STREAM = "silences"
SYSTEM_STREAM = "system"


def incident_stream(incident_id: str) -> str:
    """Return the stream that holds an incident's events."""
    return f"incident/{incident_id}"
