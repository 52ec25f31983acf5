"""Works on a recorded incident with the product's agents: `Team.detect`, then `Team.diagnose`, as a response does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from quell.agents.resolution import Means
from quell.agents.team import Team
from quell.agents.verification import Patience
from quell.errors import ConfigError
from quell.evidence.source import EvidenceSource
from quell.incident.alert import Alert, AlertStatus, Severity, fingerprint
from quell.incident.events import Detection, Diagnosis, Gap
from quell.incident.severity import INCIDENT_SEVERITY
from quell.incident.state import Incident
from quell.signals.calibration import Calibration
from quell_bench.accuracy.pushing import pushed
from quell_bench.accuracy.recording import RecordedSource, Recording

TOO_SLOW = "no answer within"
"""How a gap begins that comes of a machine too busy to answer: no finding of the agents' then counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the agents found."""

    detection: Detection
    diagnosis: Diagnosis


def look(recording: Recording, *, calibration: Calibration | None = None) -> Findings:
    """
    Open an incident on the alert of a recording and let the product's own agents detect and diagnose.

    The clock stands at `now_s`: looking again at the same moment shows the same, so one look is made.

    Args:
        calibration: what a site has learned of its own incidents; None as at a new site.

    Raises: ConfigError: the machine was too slow for the agents' time-out on a source.
    """
    return asyncio.run(_look(recording, calibration))


async def _look(recording: Recording, calibration: Calibration | None) -> Findings:
    sources: list[EvidenceSource] = []
    if recording.spans or recording.lines:
        sources.append(await pushed(recording.spans, recording.lines, until_s=recording.now_s))
    sources.append(RecordedSource(recording))
    team = _team(sources, now=_time(recording.now_s), calibration=lambda: calibration)
    incident = incident_of(recording)
    incident.detection = await team.detect(incident, _no_progress)
    diagnosis = await team.diagnose(incident, _no_progress)
    for gap in (*incident.detection.gaps, *diagnosis.gaps):
        _refuse_if_slow(gap)
    return Findings(detection=incident.detection, diagnosis=diagnosis)


def incident_of(recording: Recording) -> Incident:
    """Return the incident that the alert opens."""
    at = _time(recording.alert_at_s)
    labels = {"alertname": recording.alert, "severity": "critical"}
    if recording.service is not None:
        labels["service"] = recording.service
    alert = Alert(
        fingerprint=fingerprint(labels),
        source="alertmanager",
        name=recording.alert,
        service=recording.service,
        severity=Severity.CRITICAL,
        severity_raw="critical",
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=at,
        received_at=at,
        labels=labels,
    )
    return Incident(
        id="INC-1",
        title=recording.alert,
        severity=INCIDENT_SEVERITY[alert.severity],
        opened_at=at,
        updated_at=at,
        service=alert.service,
        alerts={alert.fingerprint: alert},
        firing={alert.fingerprint},
    )


def _team(sources: list[EvidenceSource], *, now: datetime, calibration: Callable[[], Calibration | None]) -> Team:
    return Team(
        sources,
        clock=lambda: now,
        disturbed=lambda incident_id: (),
        means=_no_means,
        patience=Patience(),
        calibration=calibration,
        looks=1,
    )


def _no_means() -> Means:
    raise AssertionError("neither detection nor diagnosis asks for means")


async def _no_progress(done: int, of: int, says: str) -> None:
    """Nobody watches."""


def _refuse_if_slow(gap: Gap) -> None:
    if gap.reason.startswith(TOO_SLOW):
        raise ConfigError(f"{gap.source}: {gap.reason}: the machine is too busy to measure on")


def _time(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
