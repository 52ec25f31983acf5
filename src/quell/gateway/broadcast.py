"""What changed in the read models, put on the channels that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from quell.errors import NotFound
from quell.eventlog.log import Recorded
from quell.eventlog.projections.models import Changes, Moment, ReadModels
from quell.eventlog.projections.views import TimelineEntry
from quell.gateway.figures import Figure, figures
from quell.gateway.health import Component
from quell.gateway.live import Hub
from quell.gateway.outcomes import SHOWN_DAYS, OutcomeDesk
from quell.gateway.sample import AlertSample
from quell.gateway.scorecard import Scorecards
from quell.incident.alert import IncidentSeverity
from quell.outcomes.report import Report

SHOWN = 500
"""Rows in the snapshot of `incidents`."""

ENDED_WITHIN = timedelta(hours=24)
URGENT = frozenset({IncidentSeverity.SEV1, IncidentSeverity.SEV2})


REMEMBERED = 1_000
"""Incidents that somebody who comes back after a restart is told of one by one."""


class Looks(Protocol):
    """Whoever knows how Quell is doing."""

    async def components(self) -> tuple[Component, ...]:
        """Return every component as it is now."""
        ...


class Broadcaster:
    """
    Owns what is on which channel; the hub owns who follows.

    What cannot be shown is left out, counted in the faults of the read models and seen in health: no channel stops a
    start or the reading of the log.

    What follows from the log has the log's epoch and its positions as offsets, so that a client goes on where it
    stopped on the next process too. What is only true of this process counts for itself.
    """

    def __init__(
        self, hub: Hub, models: ReadModels, health: Looks, *, log_epoch: str, outcomes: OutcomeDesk | None = None
    ) -> None:
        """Open the channels; `models` have taken in the past."""
        self._hub, self._models, self._health = hub, models, health
        self._contain = models.faults.contain
        self._outcomes = outcomes
        self._report: Report | None = None
        self._scorecards = Scorecards(models)
        self._components: dict[str, Component] = {}
        self._intake_shown: Any = None
        self._figures: dict[str, Figure] = {}
        self._sample = AlertSample()
        floor, incidents = models.touched(REMEMBERED)
        fed_from, fed = models.fed()
        hub.state_channel("incidents", snapshot=self._incidents, epoch=log_epoch, start=floor)
        hub.stream_channel("events", snapshot=lambda: {"items": models.feed()}, epoch=log_epoch, start=fed_from)
        hub.stream_channel("alerts", snapshot=self._sample.snapshot, epoch=log_epoch, start=models.position)
        hub.stream_channel("incident:{id}", snapshot=self._detail, epoch=log_epoch, start=self._last_of)
        hub.state_channel("agents", snapshot=lambda: {"items": self._scorecards.all()})
        hub.state_channel("health", snapshot=lambda: {"items": list(self._components.values())})
        hub.state_channel("intake", snapshot=lambda: models.intake.view(hub.now()))
        hub.state_channel("metrics", snapshot=self._metrics)
        hub.state_channel("ai", snapshot=lambda: {"items": []})
        for incident_id, moment in incidents:
            self._publish_row(incident_id, moment)
        for moment, entry in fed:
            self._publish_entry(entry, moment)

    def _incidents(self) -> dict[str, Any]:
        return {"items": self._models.board.recent(now=self._hub.now(), ended_within=ENDED_WITHIN, limit=SHOWN)}

    def _metrics(self) -> dict[str, Any]:
        return {"items": list(self._figures.values()), "outcomes": self._report}

    def _detail(self, incident_id: str) -> object:
        found = self._models.detail(incident_id)
        if found is None:
            raise NotFound(f"{incident_id} is not followed live: read it over REST")
        return found

    def _last_of(self, incident_id: str) -> int:
        moment = self._models.moment(incident_id)
        return moment.position if moment is not None else self._models.position

    def publish(self, changes: Changes, records: Iterable[Recorded] = ()) -> None:
        """Put what one batch of the log changed on its channels; call it before anything else may run."""
        moments = changes.entry_moments
        entries: dict[str, list[TimelineEntry]] = {}
        for entry in sorted(changes.entries.values(), key=lambda entry: moments[entry.position]):
            entries.setdefault(entry.incident_id, []).append(entry)
            self._publish_entry(entry, moments[entry.position])
        for incident_id, moment in sorted(changes.incident_moments.items(), key=lambda found: found[1]):
            self._publish_row(incident_id, moment)
            with self._contain(f"channel incident:{incident_id}", moment.position):
                self._publish_detail(incident_id, entries.get(incident_id, []), changes)
        for agent in sorted(changes.agents):
            with self._contain("channel agents", changes.position):
                self._hub.publish("agents", "agent", self._scorecards.report(agent), key=agent)
        with self._contain("channel alerts", changes.position):
            for told in self._sample.take(records):
                self._hub.publish("alerts", told.kind, told.data, at=told.at, offset=told.position)

    def _publish_entry(self, entry: TimelineEntry, moment: Moment) -> None:
        urgent = entry.level in ("wants", "error")
        with self._contain("channel events", moment.position):
            self._hub.publish("events", "entry", entry, urgent=urgent, at=moment.at, offset=moment.position)

    def _publish_row(self, incident_id: str, moment: Moment) -> None:
        with self._contain("channel incidents", moment.position):
            row = self._models.summary(incident_id)
            if row is None:
                return
            urgent = row.wants is not None or row.severity in URGENT
            self._hub.publish(
                "incidents", "incident", row, key=incident_id, urgent=urgent, at=moment.at, offset=moment.position
            )

    def _publish_detail(self, incident_id: str, entries: list[TimelineEntry], changes: Changes) -> None:
        channel = f"incident:{incident_id}"
        if not self._hub.wanted(channel):
            return
        last = changes.incident_moments[incident_id]
        values = self._models.changed(incident_id, changes.incidents[incident_id])
        newest: TimelineEntry | None = None
        for entry in entries:
            moment = changes.entry_moments[entry.position]
            if moment == last:
                newest = entry
                continue
            data = {"entry": entry, "changes": {}}
            self._hub.publish(channel, "entry", data, at=moment.at, offset=moment.position)
        data = {"entry": newest, "changes": values}
        self._hub.publish(channel, "entry", data, at=last.at, offset=last.position)

    async def look(self) -> None:
        """Look at every component of Quell once, at intake and at the figures; publish what is not as it was."""
        for component in await self._health.components():
            known = self._components.get(component.name)
            self._components[component.name] = component
            if known is None or (known.state, known.says) != (component.state, component.says):
                self._hub.publish("health", "component", component, key=component.name)
        with self._contain("channel intake"):
            shown = self._models.intake.view(self._hub.now())
            if shown != self._intake_shown:
                self._intake_shown = shown
                self._hub.publish("intake", "intake", shown, key="intake")
        with self._contain("channel metrics"):
            for figure in figures(self._models):
                if figure != self._figures.get(figure.key):
                    self._figures[figure.key] = figure
                    self._hub.publish("metrics", "figure", figure, key=figure.key)
        if self._outcomes is not None:
            with self._contain("outcomes"):
                await self._look_at_outcomes(self._outcomes)

    async def _look_at_outcomes(self, desk: OutcomeDesk) -> None:
        """Publish the report when it says something new; that it is of a later moment alone is nothing new."""
        report = await desk.report(days=SHOWN_DAYS, origin=desk.shown, by="")
        known = self._report
        if known is None or report != replace(known, as_of=report.as_of, start=report.start):
            self._report = report
            self._hub.publish("metrics", "outcomes", report, key="outcomes")
