"""What changed in the read models, put on the channels that show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from quell.errors import NotFound
from quell.eventlog.projections.models import Changes, ReadModels
from quell.eventlog.projections.views import TimelineEntry
from quell.gateway.health import Component, Health
from quell.gateway.live import Hub
from quell.incident.alert import IncidentSeverity

SHOWN = 500
"""Rows in the snapshot of `incidents`."""

ENDED_WITHIN = timedelta(hours=24)
URGENT = frozenset({IncidentSeverity.SEV1, IncidentSeverity.SEV2})


class Broadcaster:
    """Owns what is on which channel; the hub owns who follows."""

    def __init__(self, hub: Hub, models: ReadModels, health: Health) -> None:
        self._hub, self._models, self._health = hub, models, health
        self._components: dict[str, Component] = {}
        self._intake_shown: Any = None
        hub.state_channel("incidents", snapshot=self._incidents)
        hub.state_channel("agents", snapshot=lambda: {"items": models.agents.all()})
        hub.state_channel("health", snapshot=lambda: {"items": list(self._components.values())})
        hub.state_channel("intake", snapshot=lambda: models.intake.view(hub.now()))
        hub.stream_channel("events", snapshot=lambda: {"items": models.feed()})
        hub.stream_channel("incident:{id}", snapshot=self._detail)

    def _incidents(self) -> dict[str, Any]:
        return {"items": self._models.board.recent(now=self._hub.now(), ended_within=ENDED_WITHIN, limit=SHOWN)}

    def _detail(self, incident_id: str) -> object:
        found = self._models.detail(incident_id)
        if found is None:
            raise NotFound(f"{incident_id} is not followed live: read it over REST")
        return found

    def publish(self, changes: Changes) -> None:
        """Put the changes of one batch on their channels; call it before anything else may run."""
        entries: dict[str, list[TimelineEntry]] = {}
        for entry in changes.entries.values():
            entries.setdefault(entry.incident_id, []).append(entry)
            self._hub.publish("events", "entry", entry, urgent=entry.level in ("wants", "error"))
        for incident_id in changes.incidents:
            summary = self._models.summary(incident_id)
            if summary is not None:
                urgent = summary.wants is not None or summary.severity in URGENT
                self._hub.publish("incidents", "incident", summary, key=incident_id, urgent=urgent)
            self._publish_detail(incident_id, entries.get(incident_id, []), changes)
        self._publish_agents(changes.agents)

    def _publish_detail(self, incident_id: str, entries: list[TimelineEntry], changes: Changes) -> None:
        channel = f"incident:{incident_id}"
        if not self._hub.wanted(channel):
            self._hub.skip(channel)
            return
        values = self._models.changed(incident_id, changes.incidents[incident_id])
        for entry in entries[:-1]:
            self._hub.publish(channel, "entry", {"entry": entry, "changes": {}})
        last = entries[-1] if entries else None
        self._hub.publish(channel, "entry", {"entry": last, "changes": values})

    def _publish_agents(self, agents: Iterable[str]) -> None:
        for name in sorted(agents):
            self._hub.publish("agents", "agent", self._models.agents.health(name), key=name)

    async def look(self) -> None:
        """Look at every component of Quell once, and at intake; publish what is not as it was."""
        for component in await self._health.components():
            known = self._components.get(component.name)
            self._components[component.name] = component
            if known is None or (known.state, known.says) != (component.state, component.says):
                self._hub.publish("health", "component", component, key=component.name)
        shown = self._models.intake.view(self._hub.now())
        if shown != self._intake_shown:
            self._intake_shown = shown
            self._hub.publish("intake", "intake", shown, key="intake")
