"""What the tests of read models begin with: a log's worth of events without a log, and an incident from end to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quell.eventlog.log import Recorded
from quell.eventlog.projections.models import Changes, ReadModels
from quell.incident import events as ev
from quell.incident.alert import Alert, AlertStatus, IncidentSeverity, Severity
from quell.incident.events import Autonomy, Cause, Event, EvidenceKind, Phase, PhaseState, State

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def alert(
    name: str = "HighErrorRate",
    service: str | None = "payment",
    *,
    fingerprint: str | None = None,
    severity: Severity = Severity.CRITICAL,
    received_at: datetime = START,
) -> Alert:
    return Alert(
        fingerprint=fingerprint or f"{name}-{service}",
        source="alertmanager",
        name=name,
        service=service,
        severity=severity,
        severity_raw=str(severity),
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=received_at,
        received_at=received_at,
        annotations={"summary": f"{name} of {service}"},
    )


def opened(
    incident_id: str = "INC-1",
    severity: IncidentSeverity = IncidentSeverity.SEV1,
    *,
    service: str = "payment",
    drill: bool = False,
) -> ev.IncidentOpened:
    return ev.IncidentOpened(
        incident_id=incident_id,
        title=f"{service} fails",
        severity=severity,
        service=service,
        reason="a critical alert",
        drill=drill,
    )


def grouped(of: Alert | None = None, why: str = "it opened the incident") -> ev.AlertGrouped:
    return ev.AlertGrouped(alert=of or alert(), why=why)


def batch(source: str = "alertmanager", **counts: int) -> ev.BatchTaken:
    stages = {"rejected": 0, "silenced": 0, "duplicate": 0, "grouped": 0, "opening": 0} | counts
    return ev.BatchTaken(source=source, received=sum(stages.values()), **stages)


def started(phase: Phase, attempt: int = 1) -> ev.PhaseStarted:
    return ev.PhaseStarted(phase=phase, agent=ev.AGENT_OF[phase], attempt=attempt, timeout_s=45, expected_s=None)


def ended(phase: Phase, state: PhaseState = PhaseState.COMPLETED, took_s: float = 2.0) -> ev.PhaseEnded:
    bad = state in (PhaseState.FAILED, PhaseState.TIMED_OUT)
    return ev.PhaseEnded(
        phase=phase,
        agent=ev.AGENT_OF[phase],
        state=state,
        took_s=took_s,
        attempts=1,
        says="it is done",
        word="done",
        error="it broke" if bad else None,
    )


def evidence(piece: str = "E1", kind: EvidenceKind = EvidenceKind.METRIC) -> ev.Evidence:
    return ev.Evidence(
        id=piece,
        source="scrape",
        kind=kind,
        title="errors of payment",
        says="42 % of requests fail",
        query='error_ratio{service="payment"}',
        window=ev.Window(start=START - timedelta(minutes=5), end=START),
        service="payment",
        unit="ratio",
        edges=(("edge", "checkout"), ("checkout", "payment")) if kind is EvidenceKind.TOPOLOGY else (),
    )


DETECTION = ev.Detection(
    verdict="confirmed",
    says="payment answers with errors",
    onset=START - timedelta(seconds=10),
    onset_error_s=2,
    indicators=(
        ev.Indicator(
            service="payment",
            series="error_ratio",
            labels={},
            unit="ratio",
            normal_low=0,
            normal_high=0.02,
            bad_when="above",
            onset=START - timedelta(seconds=10),
            worst=0.42,
            evidence_id="E1",
        ),
    ),
    services=("payment", "checkout"),
    evidence=(evidence("E1"),),
)

DIAGNOSIS = ev.Diagnosis(
    hypotheses=(
        ev.Hypothesis(
            id="H1",
            service="payment",
            cause=Cause.BAD_RELEASE,
            title="payment: bad release 1.5.0",
            probability=0.9,
            calibrated=False,
            in_favour=(ev.Argument(evidence_id="E2", says="released 8 s before", weight=0.5),),
        ),
    ),
    none_of_these=0.1,
    abstained=False,
    says="payment 1.5.0 raises",
    evidence=(evidence("E2", EvidenceKind.TOPOLOGY),),
    gaps=(ev.Gap(source="logfiles", reason="no log of payment"),),
)

PLAN = ev.Plan(
    id="7c1f",
    hypothesis_id="H1",
    action="roll_back",
    target="payment",
    params={},
    title="roll back payment to 1.4.2",
    steps=("payment 1.5.0 to 1.4.2",),
    expected="errors stop",
    risk="low",
    undo="deploy 1.5.0 again",
    reversible=True,
    reaches=("payment",),
    verified_by="error_ratio",
    autonomy=Autonomy.APPROVE,
    autonomy_reason="payment needs a person",
    record=ev.TrackRecord(helped=3, tried=4),
)


def verified(verdict: str = "recovered") -> ev.Verified:
    reading = ev.Reading(
        service="payment",
        series="error_ratio",
        unit="ratio",
        value=0.001,
        normal_low=0,
        normal_high=0.02,
        in_range=True,
    )
    return ev.Verified(verdict=verdict, says="errors are back in range", readings=(reading,), took_s=30)


def finished(action: str = "roll_back", target: str = "payment") -> ev.ActionFinished:
    return ev.ActionFinished(
        plan_id="7c1f", action=action, target=target, output="1.4.2 runs", undo_params={}, took_s=1.5
    )


def asked(expires_at: datetime) -> ev.ApprovalRequested:
    return ev.ApprovalRequested(plan_id="7c1f", expires_at=expires_at, reason="payment needs a person")


def whole_response(incident_id: str = "INC-1") -> list[Event]:
    """Everything from the first alert to the all-clear, and most of what can go wrong on the way."""
    return [
        opened(incident_id),
        grouped(),
        ev.ResponseStarted(run=1),
        ev.StateChanged(before=State.TRIGGERED, after=State.INVESTIGATING, by="system:response", reason="begun"),
        started(Phase.DETECT),
        ev.PhaseProgressed(phase=Phase.DETECT, done=1, total=2, what="payment"),
        ev.PhaseRetrying(phase=Phase.DETECT, attempt=1, error="no answer", reason="timed_out", wait_s=0.5),
        started(Phase.DETECT, 2),
        ev.PhaseRecovered(phase=Phase.DETECT, attempt=2, after_s=3.1),
        ev.Detected(finding=DETECTION),
        ended(Phase.DETECT),
        started(Phase.DIAGNOSE),
        ev.Diagnosed(finding=DIAGNOSIS),
        ev.SourceMissing(source="logfiles", reason="no log of payment", phase=Phase.DIAGNOSE),
        ended(Phase.DIAGNOSE),
        ev.PlanProposed(plan=PLAN),
        asked(START + timedelta(minutes=15)),
        ev.IncidentAcknowledged(by="person:anna"),
        ev.ActionApproved(plan_id="7c1f", by="person:anna"),
        ev.ActionStarted(plan_id="7c1f", action="roll_back", target="payment", key="k"),
        finished(),
        verified(),
        ev.StateChanged(
            before=State.INVESTIGATING, after=State.RESOLVED, by="agent:resolution", reason="back in range"
        ),
        ev.ResponseEnded(run=1, outcome="resolved", says="errors are back in range"),
    ]


class Told:
    """Read models that are told events as a log would tell them."""

    def __init__(self) -> None:
        self.models = ReadModels()
        self.records: list[Recorded] = []
        self.now = START
        self._offsets: dict[str, int] = {}

    def record(self, stream: str, *events: Event, after_s: float = 1.0) -> list[Recorded]:
        """Return events as the log would record them, each a while after the one before."""
        recorded: list[Recorded] = []
        for event in events:
            self.now += timedelta(seconds=after_s)
            self._offsets[stream] = self._offsets.get(stream, 0) + 1
            recorded.append(
                Recorded(
                    position=len(self.records) + 1,
                    stream=stream,
                    offset=self._offsets[stream],
                    at=self.now,
                    event=event,
                )
            )
            self.records.append(recorded[-1])
        return recorded

    def tell(self, stream: str, *events: Event, after_s: float = 1.0) -> Changes:
        return self.models.apply_all(self.record(stream, *events, after_s=after_s))

    def incident(self, *events: Event, incident_id: str = "INC-1", after_s: float = 1.0) -> Changes:
        return self.tell(ev.incident_stream(incident_id), *events, after_s=after_s)
