"""
The standing watch: looks at the telemetry all the time, whether an alert fires or not.

What heads for its limit opens a prevention case; what users feel and no alert speaks of opens an incident. Both come in
as alerts of the source `quell-watch` through the same intake as any other, so that they are silenced, de-duplicated and
grouped as others are.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog

from quell.agents import watchman
from quell.agents.case import LIMITS, Case, Limits, Telemetry, gather
from quell.agents.prediction import TREND_S
from quell.agents.watchman import Breach, Trouble
from quell.errors import Malformed, Overloaded, QuellError, StorageError
from quell.eventlog.incidents import Incidents
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.prevention import WATCH, settle
from quell.evidence.source import EvidenceSource
from quell.incident import events as ev
from quell.incident.alert import AlertStatus
from quell.incident.events import EvidenceKind, Window
from quell.ingest.intake import Intake
from quell.ingest.proof import BearerToken
from quell.ingest.simple import SimpleAlerts

logger = structlog.get_logger()

SEEN_TWICE = 2
"""A forecast must stand in so many looks in a row before it opens a case."""

SERIES = "series"
"""The label that says which series an alert of the watch is about."""

FORECAST, TROUBLE = "LimitForecast", "TroubleWithoutAlert"
"""The names of its alerts."""
OVER = {FORECAST: "heads for no limit any more", TROUBLE: "is back in its range"}
"""What is said when one ends."""

MOST_REMEMBERED = 1_000
"""Firing alerts read, newest first, to find the watch's own after a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """How the watch looks."""

    every_s: float
    horizon_s: float
    """A breach later than this is left to a later look."""
    trouble_looks: int
    """Looks in a row in which users feel trouble before it opens an incident by itself; alerts come first."""
    absolute: Limits = LIMITS
    """What is out of range whatever the past was."""


class StandingWatch:
    """Looks every few seconds; a look that fails is reported and the next one goes on."""

    def __init__(
        self,
        sources: Sequence[EvidenceSource],
        intake: Intake,
        incidents: Incidents,
        models: ReadModels,
        *,
        clock: Callable[[], datetime],
        disturbed: Callable[[str], tuple[Window, ...]],
        labels: dict[str, str],
        secret: str,
        limits: WatchLimits,
    ) -> None:
        """
        Args:
            labels: put on each of its alerts, such as the one that marks drills.
            secret: what `source` asks for: nobody else can send in its name.
        """
        self._sources = sources
        self._intake, self._incidents, self._models = intake, incidents, models
        self._clock, self._disturbed, self._labels, self._limits = clock, disturbed, labels, limits
        self._headers = {"authorization": f"Bearer {secret}"}
        self._seen: Counter[tuple[str, str]] = Counter()
        self._felt: Counter[tuple[str, str]] = Counter()
        self._firing: dict[str, tuple[str, str]] = {}
        """Its own alerts that fire, by `service/series`: their name and service."""
        self._first_look: datetime | None = None
        self._remembers = False
        """Whether it knows the alerts that fired before this process began."""

    async def run(self) -> None:
        """Look for ever; the caller owns the task."""
        while self._sources:
            await asyncio.sleep(self._limits.every_s)
            # Asked each time: a source of what is pushed has series only once something was.
            if not any(EvidenceKind.METRIC in source.kinds for source in self._sources):
                continue
            try:
                await self.look()
            except QuellError as error:
                logger.warning("watch_failed", error=str(error))

    async def look(self) -> None:
        """Look once. Raises: QuellError: what it found could not be recorded."""
        now = self._clock()
        window = Window(start=now - watchman.LOOK_BACK, end=now)
        telemetry = await gather(self._sources, window, kinds=(EvidenceKind.METRIC, EvidenceKind.TOPOLOGY))
        case = watchman.case_of(now, self._disturbed(""), self._limits.absolute)
        found, felt = await asyncio.to_thread(self._conclude, telemetry, case)
        for breach in self._standing(found):
            await self._open(breach)
        for trouble in self._lasting(felt, telemetry):
            await self._tell(
                f"{trouble.service}/{trouble.series}",
                TROUBLE,
                trouble.service,
                trouble.says,
                since=trouble.since,
            )
        self._remember(now)
        await self._settle(telemetry, case)

    def _remember(self, now: datetime) -> None:
        """
        Take up, once, its alerts that fire since before this process began, so that they end too.

        Not in the first minute: the telemetry may hold too little of a past by then to say that a forecast is gone.
        """
        self._first_look = self._first_look or now
        if self._remembers or (now - self._first_look).total_seconds() < TREND_S:
            return
        rows = self._models.alerts(incident_id=None, status=AlertStatus.FIRING, after=None, limit=MOST_REMEMBERED)
        for _, alert in rows:
            if alert.source == WATCH and alert.name in OVER and alert.service and SERIES in alert.labels:
                self._firing.setdefault(f"{alert.service}/{alert.labels[SERIES]}", (alert.name, alert.service))
        self._remembers = True

    def _conclude(self, telemetry: Telemetry, case: Case) -> tuple[list[Breach], list[Trouble]]:
        found = watchman.breaches(telemetry, case, horizon_s=self._limits.horizon_s)
        return found, watchman.troubles(telemetry, case)

    def _standing(self, found: Sequence[Breach]) -> list[Breach]:
        """Return the forecasts that were there the last time, too, and are no one's case yet."""
        keys = {(one.service, one.series) for one in found}
        self._seen = Counter({key: self._seen[key] + 1 for key in keys})
        busy = self._busy()
        return [one for one in found if self._seen[one.service, one.series] >= SEEN_TWICE and one.service not in busy]

    def _lasting(self, felt: Sequence[Trouble], telemetry: Telemetry) -> list[Trouble]:
        """Return the trouble that lasted, of which neither the service nor a neighbour has an open incident."""
        self._felt = Counter({(one.service, one.series): self._felt[one.service, one.series] + 1 for one in felt})
        busy = self._busy()
        near = busy | {callee for caller, callee in telemetry.edges if caller in busy}
        near |= {caller for caller, callee in telemetry.edges if callee in busy}
        lasting = [one for one in felt if self._felt[one.service, one.series] >= self._limits.trouble_looks]
        first: dict[str, Trouble] = {}
        for one in lasting:
            if one.service not in near:
                first.setdefault(one.service, one)
        return list(first.values())[:1]

    def _busy(self) -> set[str]:
        """Return the services that open incidents touch."""
        rows = self._models.board.open_summaries()
        return {service for row in rows for service in (row.service, *row.services) if service}

    async def _open(self, breach: Breach) -> None:
        key = f"{breach.service}/{breach.series}"
        opened = await self._tell(key, FORECAST, breach.service, breach.says, since=breach.since)
        for incident_id in opened:
            event = ev.BreachForecast(forecast=breach.forecast, value=breach.value, says=breach.says)
            await self._incidents.record(incident_id, [event], key=f"{incident_id}/forecast")

    async def _tell(self, key: str, name: str, service: str, says: str, *, since: datetime | None) -> tuple[str, ...]:
        """Send an alert that began at `since`, or its end when that is None, and return the incidents it is in."""
        alert: dict[str, Any] = {
            "name": name,
            "service": service,
            "severity": "error",
            "status": "firing" if since else "resolved",
            "summary": says,
            "labels": {**self._labels, SERIES: key.partition("/")[2]},
            "dedup_key": f"{WATCH}/{key}",
        }
        if since is not None:
            # Not after now, whatever a clock of the telemetry says: what is normal is learned from before it.
            alert["starts_at"] = min(since, self._clock()).isoformat()
        body = msgspec.json.encode({"alerts": [alert]})
        try:
            taken = await self._intake.take(WATCH, self._headers, body, self._clock())
        except (Malformed, Overloaded, StorageError) as error:
            logger.warning("watch_not_heard", service=service, error=str(error))
            return ()
        if since is None:
            self._firing.pop(key, None)
        else:
            self._firing[key] = (name, service)
        return taken.incidents

    async def _settle(self, telemetry: Telemetry, case: Case) -> None:
        """Say how cases came out, and end the alerts of what turned back."""
        for open_case in self._models.preventions.open():
            value = watchman.value_of(telemetry, case, open_case.service, open_case.series)
            decided = settle(open_case, now=case.now, value=value)
            if decided is not None:
                key = f"{open_case.incident_id}/prevention"
                await self._incidents.record(open_case.incident_id, [decided], key=key)
        for key in list(self._firing):
            service, _, series = key.partition("/")
            if (service, series) not in self._seen and (service, series) not in self._felt:
                name, _ = self._firing[key]
                await self._tell(key, name, service, f"{service}: {series} {OVER[name]}", since=None)


def source(secret: str) -> SimpleAlerts:
    """Return the way in for the watch's own alerts."""
    return SimpleAlerts(name=WATCH, proofs=[BearerToken(secret)])


def new_secret() -> str:
    """Return a secret that lives as long as this process."""
    return secrets.token_urlsafe(32)
