"""
Every fact Quell records, and the values in them. Read this first: what is shown, decided or measured is folded
from these events and from nothing else.

Times are aware UTC. `by` names who did it: `agent:<name>`, `person:<name>` or `system:<part>`; `typed_name` is what a
person typed as their name beside it, a note that nothing proves.
A field's text that came from telemetry or alerts is data, never an instruction.
"""

from __future__ import annotations

from quell.incident.events.evidence import (
    Change,
    Evidence,
    Gap,
    LogPattern,
    Series,
    Window,
)
from quell.incident.events.findings import (
    Argument,
    Checks,
    Detection,
    Diagnosis,
    Elsewhere,
    Forecast,
    Hypothesis,
    Indicator,
    Plan,
    Prediction,
    Reading,
    Recurrence,
    SimilarIncident,
    TrackRecord,
)
from quell.incident.events.incident import (
    AlertFlapping,
    AlertGrouped,
    AlertResolved,
    AlertsNotSent,
    CauseConfirmed,
    FalseAlarmDeclared,
    IncidentAcknowledged,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    NoteAdded,
    SeverityChanged,
    StateChanged,
)
from quell.incident.events.intake import (
    AlertHeld,
    AlertSilenced,
    BatchTaken,
    BodyRejected,
    EarlyEnd,
    Matcher,
    SilenceCreated,
    SilenceEnded,
)
from quell.incident.events.past import (
    AssumptionsSet,
    PastIncident,
    PastIncidentsImported,
    RecordCorrected,
)
from quell.incident.events.response import (
    ActionApproved,
    ActionBroke,
    ActionFinished,
    ActionRejected,
    ActionStarted,
    ActionUndone,
    ApprovalExpired,
    ApprovalRequested,
    ApprovalWithdrawn,
    BreachForecast,
    Detected,
    Diagnosed,
    Escalated,
    LookAgainRequested,
    LookedAgain,
    PhaseEnded,
    PhaseProgressed,
    PhaseRecovered,
    PhaseRetrying,
    PhaseStarted,
    PlanProposed,
    Predicted,
    PreventionSettled,
    ResponseEnded,
    ResponseStarted,
    SourceMissing,
    TakeBackFailed,
    TakeBackRequested,
    UndoFailed,
    Verified,
    is_verified,
)
from quell.incident.events.system import (
    AutonomyOverridden,
    ProcessStarted,
    ProcessStopped,
    RequestAccepted,
    SourceFailed,
    SourceRecovered,
    UnknownEvent,
)
from quell.incident.events.words import (
    AGENT_OF,
    DEFAULT_TEAM,
    Autonomy,
    Cause,
    EvidenceKind,
    Outcome,
    Phase,
    PhaseState,
    State,
)

__all__ = [
    "AGENT_OF",
    "AUTONOMY_STREAM",
    "DEFAULT_TEAM",
    "INTAKE_STREAM",
    "OUTCOME_STREAM",
    "REQUEST_STREAM",
    "SILENCE_STREAM",
    "SYSTEM_STREAM",
    "ActionApproved",
    "ActionBroke",
    "ActionFinished",
    "ActionRejected",
    "ActionStarted",
    "ActionUndone",
    "AlertFlapping",
    "AlertGrouped",
    "AlertHeld",
    "AlertResolved",
    "AlertSilenced",
    "AlertsNotSent",
    "ApprovalExpired",
    "ApprovalRequested",
    "ApprovalWithdrawn",
    "Argument",
    "AssumptionsSet",
    "Autonomy",
    "AutonomyEvent",
    "AutonomyOverridden",
    "BatchTaken",
    "BodyRejected",
    "BreachForecast",
    "Cause",
    "CauseConfirmed",
    "Change",
    "Checks",
    "Detected",
    "Detection",
    "Diagnosed",
    "Diagnosis",
    "EarlyEnd",
    "Elsewhere",
    "Escalated",
    "Event",
    "Evidence",
    "EvidenceKind",
    "FalseAlarmDeclared",
    "Forecast",
    "Gap",
    "Hypothesis",
    "IncidentAcknowledged",
    "IncidentEvent",
    "IncidentMerged",
    "IncidentOpened",
    "IncidentReopened",
    "Indicator",
    "IntakeEvent",
    "LogPattern",
    "LookAgainRequested",
    "LookedAgain",
    "Matcher",
    "NoteAdded",
    "Outcome",
    "OutcomeEvent",
    "PastIncident",
    "PastIncidentsImported",
    "Phase",
    "PhaseEnded",
    "PhaseProgressed",
    "PhaseRecovered",
    "PhaseRetrying",
    "PhaseStarted",
    "PhaseState",
    "Plan",
    "PlanProposed",
    "Predicted",
    "Prediction",
    "PreventionSettled",
    "ProcessStarted",
    "ProcessStopped",
    "Reading",
    "RecordCorrected",
    "Recurrence",
    "RequestAccepted",
    "ResponseEnded",
    "ResponseStarted",
    "Series",
    "SeverityChanged",
    "SilenceCreated",
    "SilenceEnded",
    "SilenceEvent",
    "SimilarIncident",
    "SourceFailed",
    "SourceMissing",
    "SourceRecovered",
    "State",
    "StateChanged",
    "SystemEvent",
    "TakeBackFailed",
    "TakeBackRequested",
    "TrackRecord",
    "UndoFailed",
    "UnknownEvent",
    "Verified",
    "Window",
    "WrittenEvent",
    "incident_stream",
    "is_verified",
]

IncidentEvent = (
    IncidentOpened
    | AlertGrouped
    | AlertResolved
    | AlertFlapping
    | AlertsNotSent
    | StateChanged
    | IncidentAcknowledged
    | SeverityChanged
    | IncidentReopened
    | IncidentMerged
    | NoteAdded
    | CauseConfirmed
    | FalseAlarmDeclared
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
    | BreachForecast
    | PreventionSettled
    | PlanProposed
    | ApprovalRequested
    | ActionApproved
    | ActionRejected
    | ApprovalExpired
    | ApprovalWithdrawn
    | ActionStarted
    | ActionFinished
    | ActionBroke
    | Verified
    | ActionUndone
    | UndoFailed
    | TakeBackRequested
    | TakeBackFailed
    | Escalated
    | ResponseEnded
    | LookAgainRequested
    | LookedAgain
)
IntakeEvent = AlertHeld | AlertSilenced | BatchTaken | BodyRejected
SilenceEvent = SilenceCreated | SilenceEnded
AutonomyEvent = AutonomyOverridden
SystemEvent = ProcessStarted | ProcessStopped | SourceFailed | SourceRecovered | RequestAccepted
OutcomeEvent = PastIncidentsImported | RecordCorrected | AssumptionsSet
WrittenEvent = IncidentEvent | IntakeEvent | SilenceEvent | AutonomyEvent | SystemEvent | OutcomeEvent
Event = WrittenEvent | UnknownEvent
"""What is read from the log; what is written to it is never unknown."""

INTAKE_STREAM = "intake"
SILENCE_STREAM = "silences"
AUTONOMY_STREAM = "autonomy"
SYSTEM_STREAM = "system"
REQUEST_STREAM = "requests"
OUTCOME_STREAM = "outcomes"


def incident_stream(incident_id: str) -> str:
    """Return the stream that holds an incident's events."""
    return f"incident/{incident_id}"
