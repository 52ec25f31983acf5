"""The four agents with their sources and means in hand, as the response asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from quell.agents import credit, detection, diagnosis, prediction, resolution, verification
from quell.agents.case import LIMITS, Case, Limits, Progress, Telemetry, gather
from quell.agents.diagnosis import BELIEVED
from quell.agents.facts import trouble_now
from quell.agents.resolution import Means
from quell.agents.suspects import suspects_of
from quell.agents.verification import Patience
from quell.evidence.source import EvidenceSource
from quell.incident import events as ev
from quell.incident.events import Window
from quell.incident.state import Incident
from quell.signals.calibration import Calibration
from quell.signals.causes import SLOW_CHANGE_S

T = TypeVar("T")

LOOKS = 4
"""How often detection and diagnosis look again before they say that they do not know: trouble takes time to show."""

BETWEEN_LOOKS_S = 3.0

ALL_BUT_CHANGES = tuple(kind for kind in ev.EvidenceKind if kind is not ev.EvidenceKind.CHANGE)
"""Changes are read over a longer window than the rest: what fills up takes long to show."""


class Team:
    """
    Detection, diagnosis, prediction and resolution.

    Args:
        disturbed: stretches of other incidents, for an incident id.
        means: what resolution has in hand now.
        calibration: what diagnosis' scores are worth at this site; None while too few incidents are resolved.
        similar: past incidents like that of an id.
        occurrences: when others than an incident had a cause at a service.
        believed: see `diagnosis.diagnose`.
        limits: what is out of range whatever the past was.
        edges: (caller, callee) known besides what sources show now, as from the settings.
        open_on: of each service the incident that is open on it, other than an id's.
        looks: how often to look when nothing is certain; without sources, looking again shows nothing new.
    """

    def __init__(
        self,
        sources: Sequence[EvidenceSource],
        *,
        clock: Callable[[], datetime],
        disturbed: Callable[[str], tuple[Window, ...]],
        means: Callable[[], Means],
        patience: Patience,
        calibration: Callable[[], Calibration | None] = lambda: None,
        similar: Callable[[str], tuple[ev.SimilarIncident, ...]] = lambda incident_id: (),
        occurrences: Callable[[str, str, ev.Cause], tuple[datetime, ...]] = lambda incident_id, service, cause: (),
        believed: float = BELIEVED,
        limits: Limits = LIMITS,
        edges: Callable[[], Iterable[tuple[str, str]]] = tuple,
        open_on: Callable[[str], Mapping[str, str]] = lambda incident_id: {},
        looks: int = LOOKS,
        between_looks_s: float = BETWEEN_LOOKS_S,
    ) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._disturbed = disturbed
        self._means = means
        self._patience = patience
        self._calibration = calibration
        self._similar = similar
        self._occurrences = occurrences
        self._believed = believed
        self._limits = limits
        self._edges = edges
        self._open_on = open_on
        self._looks_most = looks
        self._between_looks_s = between_looks_s

    def _case(self, incident: Incident) -> Case:
        alerts = tuple(incident.alerts[key] for key in incident.alerts if key in incident.firing)
        stretches = incident.stretches
        # Of one that goes on since it opened the first stretch counts: normal was before all of it. One that was
        # reopened began again with its newest, and what was before that is no more normal than this is.
        earlier = stretches[:-1] if incident.reopened else []
        since = stretches[len(earlier)].start if stretches else incident.opened_at
        now = self._clock()
        return Case(
            incident_id=incident.id,
            alerts=alerts or tuple(incident.alerts.values()),
            first_at=since,
            now=now,
            disturbed=self._disturbed(incident.id),
            earlier=tuple(Window(start=one.start, end=one.end or now) for one in earlier),
            limits=self._limits,
            open_on=self._open_on(incident.id),
            pieces=len(incident.evidence),
        )

    async def _look(self, incident: Incident, progress: Progress | None) -> tuple[Case, Telemetry]:
        case = self._case(incident)
        longer = Window(start=case.first_at - timedelta(seconds=SLOW_CHANGE_S), end=case.window.end)
        telemetry, changed = await asyncio.gather(
            gather(self._sources, case.window, kinds=ALL_BUT_CHANGES, progress=progress),
            gather(self._sources, longer, kinds=(ev.EvidenceKind.CHANGE,)),
        )
        return case, self._linked(
            replace(
                telemetry,
                changes=changed.changes,
                changes_from=changed.changes_from,
                gaps=tuple(dict.fromkeys((*telemetry.gaps, *changed.gaps))),
                kinds=telemetry.kinds | changed.kinds,
            )
        )

    def _linked(self, telemetry: Telemetry) -> Telemetry:
        """Add the links that are known besides what the sources showed in the window."""
        return replace(telemetry, edges=sorted({*telemetry.edges, *self._edges()}))

    async def detect(self, incident: Incident, progress: Progress) -> ev.Detection:
        """Look until something shows, or often enough to say that nothing does."""

        async def look() -> tuple[ev.Detection, bool]:
            found = await self._detected(*await self._look(incident, progress))
            return found, found.verdict == "confirmed"

        return await self._until_sure(look, progress)

    async def _detected(self, case: Case, telemetry: Telemetry) -> ev.Detection:
        return await asyncio.to_thread(detection.detect, case, telemetry)

    async def diagnose(self, incident: Incident, progress: Progress) -> ev.Diagnosis:
        """Look until one explanation stands out, or often enough to say that none does."""
        onset = incident.detection.onset if incident.detection else None

        async def look() -> tuple[ev.Diagnosis, bool]:
            found = await self._diagnosed(*await self._look(incident, progress), onset)
            return found, not found.abstained and found.hypotheses[0].cause is not ev.Cause.UNKNOWN

        return await self._until_sure(look, progress)

    async def _diagnosed(self, case: Case, telemetry: Telemetry, onset: datetime | None) -> ev.Diagnosis:
        return await asyncio.to_thread(
            partial(
                diagnosis.diagnose,
                case,
                telemetry,
                onset,
                calibration=self._calibration(),
                believed=self._believed,
                similar=self._similar(case.incident_id),
            )
        )

    async def glance(self, incident: Incident) -> tuple[ev.Detection, ev.Diagnosis | None]:
        """Look once; diagnose where the last response came so far and this look finds no clear "no sign"."""
        diagnosed = incident.diagnosis is not None
        case, telemetry = await self._look(incident, None)
        found = await self._detected(case, telemetry)
        if found.verdict == "no_sign" or not diagnosed:
            return found, None
        return found, await self._diagnosed(case, telemetry, found.onset)

    @property
    def _looks(self) -> int:
        """How often to look; once where no source has anything: one that is pushed to may be empty."""
        return self._looks_most if any(source.kinds for source in self._sources) else 1

    async def _until_sure(self, look: Callable[[], Awaitable[tuple[T, bool]]], progress: Progress) -> T:
        looks = self._looks
        for number in range(1, looks + 1):
            found, sure = await look()
            if sure or number == looks:
                return found
            await progress(number, looks, "nothing certain yet, looks again")
            await asyncio.sleep(self._between_looks_s)
        raise AssertionError("unreachable: the last look returns")

    async def predict(self, incident: Incident, progress: Progress) -> ev.Prediction:
        """Forecast what runs out, and say how far it reaches."""
        case, telemetry = await self._look(incident, progress)
        found = incident.diagnosis
        best = found.hypotheses[0] if found is not None and found.hypotheses and not found.abstained else None
        past = self._occurrences(incident.id, best.service, best.cause) if best is not None else ()
        return await asyncio.to_thread(prediction.predict, case, telemetry, found, past)

    async def plan(self, incident: Incident, progress: Progress) -> ev.Plan | str:
        """Choose an action for the best explanation."""
        case, telemetry = await self._look(incident, progress)
        return await resolution.plan(case, telemetry, incident.detection, incident.diagnosis, self._means(), progress)

    async def verify(self, incident: Incident, progress: Progress) -> ev.Verified:
        """Watch the indicators that raised the alerts; without any, the alerts themselves cannot be verified."""
        found = incident.detection
        services = tuple(alert.service for alert in incident.alerts.values() if alert.service)
        plan = _done(incident)
        checks = (plan.checks if plan is not None else None) or ev.Checks()
        indicators = verification.watched(found.indicators if found else (), services, checks.series)
        if not indicators:
            says = "could not be verified: no indicator had been out of range to watch"
            return ev.Verified(verdict="unknown", says=says, readings=(), took_s=0.0)
        verdict = await verification.verify(
            indicators,
            self._sources,
            clock=self._clock,
            progress=progress,
            patience=self._patience.as_wanted(checks),
            elsewhere=partial(self._elsewhere, incident, plan.target, progress) if plan else verification.never,
        )
        if verdict.verdict == "recovered":
            return await self._credited(incident, verdict)
        if verdict.verdict == "not_recovered" and plan is not None:
            return await self._or_in_part(incident, plan.target, verdict, progress)
        return verdict

    async def _elsewhere(self, incident: Incident, changed: str, progress: Progress, worsened: frozenset[str]) -> bool:
        """Whether the only trouble beside the changed service is where the change cannot have touched anything."""
        if changed in worsened:
            return False
        case, telemetry = await self._look(incident, progress)
        now = await asyncio.to_thread(trouble_now, case, telemetry)
        others = {service for service, bad in now.items() if bad} - {changed}
        return bool(others) and others.isdisjoint(credit.touched_by(changed, telemetry.edges))

    async def _or_in_part(
        self, incident: Incident, changed: str, verdict: ev.Verified, progress: Progress
    ) -> ev.Verified:
        """Say that a fix helped in part where its service shows no trouble of its own any more, and another does."""
        case, telemetry = await self._look(incident, progress)
        now = await asyncio.to_thread(trouble_now, case, telemetry)
        linked = suspects_of(case, telemetry.services, telemetry.edges).services
        troubled = {service for service, bad in now.items() if bad and (service in linked or service == changed)}
        if changed not in now or changed in troubled or not troubled:
            return verdict
        why = f"{changed} shows no trouble of its own any more, {' and '.join(sorted(troubled))} does"
        return replace(verdict, verdict="in_part", says=f"{why}; {verdict.says}", credit="unclear", credit_says=why)

    async def _credited(self, incident: Incident, verdict: ev.Verified) -> ev.Verified:
        """Say whose a recovery is, by what came back beside it."""
        own = (run for run in reversed(incident.actions) if run.run == incident.run)
        done = next((run for run in own if run.state == "done"), None)
        acted = done.ended_at if done is not None else None
        now = self._clock()
        since = (acted or now) - timedelta(seconds=2 * credit.BEFORE_S)
        kinds = (ev.EvidenceKind.METRIC, ev.EvidenceKind.TOPOLOGY)
        telemetry = self._linked(await gather(self._sources, Window(start=since, end=now), kinds=kinds))
        whose, why = credit.credit_of(
            done.target if done is not None else None,
            incident.detection.indicators if incident.detection else (),
            telemetry,
            acted_s=acted.timestamp() if acted is not None else None,
        )
        return replace(verdict, credit=whose, credit_says=why)


def _done(incident: Incident) -> ev.Plan | None:
    """Return the plan that this response carried out, if it did; an earlier one may have had the same plan."""
    plan = incident.plan
    ran = plan is not None and any(one.plan_id == plan.id and one.run == incident.run for one in incident.actions)
    return plan if ran else None
