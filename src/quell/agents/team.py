"""The four agents with their sources and means in hand, as the response asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from quell.agents import detection, diagnosis, prediction, resolution, verification
from quell.agents.case import Case, Progress, Telemetry, believed_start, gather
from quell.agents.resolution import Means
from quell.agents.verification import Patience
from quell.evidence.source import EvidenceSource
from quell.incident import events as ev
from quell.incident.state import Incident

T = TypeVar("T")

LOOKS = 4
"""How often detection and diagnosis look again before they say that they do not know: trouble takes time to show."""

BETWEEN_LOOKS_S = 3.0


class Team:
    """
    Detection, diagnosis, prediction and resolution.

    Args:
        disturbed: stretches of other incidents, for an incident id.
        means: what resolution has in hand now.
        looks: how often to look when nothing is certain; without sources, looking again shows nothing new.
    """

    def __init__(
        self,
        sources: Sequence[EvidenceSource],
        *,
        clock: Callable[[], datetime],
        disturbed: Callable[[str], tuple[ev.Window, ...]],
        means: Callable[[], Means],
        patience: Patience,
        looks: int = LOOKS,
        between_looks_s: float = BETWEEN_LOOKS_S,
    ) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._disturbed = disturbed
        self._means = means
        self._patience = patience
        self._looks = looks if self._sources else 1
        self._between_looks_s = between_looks_s

    def _case(self, incident: Incident) -> Case:
        firing = [alert for key, alert in incident.alerts.items() if key in incident.firing]
        alerts = tuple(firing or incident.alerts.values())
        since = incident.opened_at if not incident.reopened else incident.updated_at
        return Case(
            incident_id=incident.id,
            alerts=alerts,
            first_at=min((believed_start(alert) for alert in alerts), default=since),
            now=self._clock(),
            disturbed=self._disturbed(incident.id),
            pieces=len(incident.evidence),
        )

    async def _look(self, incident: Incident, progress: Progress) -> tuple[Case, Telemetry]:
        case = self._case(incident)
        return case, await gather(self._sources, case.window, progress=progress)

    async def detect(self, incident: Incident, progress: Progress) -> ev.Detection:
        """Look until something shows, or often enough to say that nothing does."""

        async def look() -> tuple[ev.Detection, bool]:
            case, telemetry = await self._look(incident, progress)
            found = await asyncio.to_thread(detection.detect, case, telemetry)
            return found, found.verdict == "confirmed"

        return await self._until_sure(look, progress)

    async def diagnose(self, incident: Incident, progress: Progress) -> ev.Diagnosis:
        """Look until one explanation stands out, or often enough to say that none does."""
        onset = incident.detection.onset if incident.detection else None

        async def look() -> tuple[ev.Diagnosis, bool]:
            case, telemetry = await self._look(incident, progress)
            found = await asyncio.to_thread(diagnosis.diagnose, case, telemetry, onset)
            return found, not found.abstained and found.hypotheses[0].cause is not ev.Cause.UNKNOWN

        return await self._until_sure(look, progress)

    async def _until_sure(self, look: Callable[[], Awaitable[tuple[T, bool]]], progress: Progress) -> T:
        for number in range(1, self._looks + 1):
            found, sure = await look()
            if sure or number == self._looks:
                return found
            await progress(number, self._looks, "nothing certain yet, looks again")
            await asyncio.sleep(self._between_looks_s)
        raise AssertionError("unreachable: the last look returns")

    async def predict(self, incident: Incident, progress: Progress) -> ev.Prediction:
        """Forecast what runs out, and say how far it reaches."""
        case, telemetry = await self._look(incident, progress)
        return await asyncio.to_thread(prediction.predict, case, telemetry, incident.diagnosis)

    async def plan(self, incident: Incident, progress: Progress) -> ev.Plan | str:
        """Choose an action for the best explanation."""
        case, telemetry = await self._look(incident, progress)
        return await resolution.plan(case, telemetry, incident.detection, incident.diagnosis, self._means(), progress)

    async def verify(self, incident: Incident, progress: Progress) -> ev.Verified:
        """Watch the indicators that raised the alerts; without any, the alerts themselves cannot be verified."""
        found = incident.detection
        services = tuple(alert.service for alert in incident.alerts.values() if alert.service)
        indicators = verification.watched(found.indicators if found else (), services)
        if not indicators:
            says = "could not be verified: no indicator had been out of range to watch"
            return ev.Verified(verdict="unknown", says=says, readings=(), took_s=0.0)
        return await verification.verify(
            indicators, self._sources, clock=self._clock, progress=progress, patience=self._patience
        )
