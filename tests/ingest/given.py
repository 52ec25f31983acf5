"""What the tests of intake begin with: a clock they move, a log, and bodies as tools send them."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from quell.eventlog.log import EventLog, Write
from quell.incident import events as ev
from quell.incident.correlation import CorrelationRules
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.intake import Intake, IntakeLimits, Taken
from quell.ingest.simple import SimpleAlerts
from tests.fakes.event_log import MemoryEventLog

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SHOP = frozenset({("edge", "checkout"), ("checkout", "payment"), ("checkout", "inventory"), ("edge", "catalog")})


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Desk:
    """An intake over a log, with short ways to send and to look."""

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        *,
        rules: CorrelationRules | None = None,
        limits: IntakeLimits | None = None,
        topology: Collection[tuple[str, str]] = SHOP,
    ) -> None:
        self.log = log
        self.clock = clock
        self.edges = topology
        self.intake = Intake(
            log,
            {"alertmanager": Alertmanager(), "alerts": SimpleAlerts()},
            limits=limits or IntakeLimits(),
            rules=rules or CorrelationRules(),
            topology=lambda: self.edges,
            clock=clock,
        )

    async def send(self, *alerts: dict[str, Any], source: str = "alertmanager") -> Taken:
        return await self.intake.take(source, {}, body_of(*alerts), self.clock())

    async def webhook(self, *alerts: dict[str, Any], source: str = "alertmanager", **fields: Any) -> Taken:
        """Send a webhook of Alertmanager's with more than its alerts in it."""
        body = json.dumps({"version": "4", "alerts": alerts, **fields}).encode()
        return await self.intake.take(source, {}, body, self.clock())

    async def events(self) -> list[tuple[str, ev.Event]]:
        found, after = [], 0
        while records := await self.log.read(after=after):
            found += [(record.stream, record.event) for record in records]
            after = records[-1].position
        return found

    async def of(self, kind: type) -> list[Any]:
        return [event for _, event in await self.events() if type(event) is kind]

    async def others_append(self, stream: str, *events: ev.Event) -> None:
        """Append as the workflow or a person would, and let intake see it."""
        await self.log.append([Write(stream=stream, events=events)])
        for record in await self.log.read(after=self.intake.position, limit=100_000):
            self.intake.apply(record)

    async def resolve(self, incident_id: str, *, by: str = "system:intake") -> None:
        changed = ev.StateChanged(before=ev.State.MONITORING, after=ev.State.RESOLVED, by=by, reason="it is over")
        await self.others_append(f"incident/{incident_id}", changed)


def body_of(*alerts: dict[str, Any]) -> bytes:
    return json.dumps({"version": "4", "alerts": alerts}).encode()


async def new_desk(clock: Clock | None = None, **options: Any) -> Desk:
    clock = clock or Clock()
    desk = Desk(options.pop("log", None) or MemoryEventLog(clock=clock), clock, **options)
    await desk.intake.start()
    return desk


def alert(
    name: str = "HighErrorRate", service: str | None = "checkout", severity: str = "critical", **labels: str
) -> dict[str, Any]:
    """Return an alert of an Alertmanager webhook that fires."""
    own = {"alertname": name, "severity": severity, **labels}
    if service is not None:
        own["service"] = service
    return {"status": "firing", "labels": own, "annotations": {}, "endsAt": "0001-01-01T00:00:00Z"}


def ended(firing: dict[str, Any]) -> dict[str, Any]:
    """Return the resolve of an alert."""
    return {**firing, "status": "resolved"}
