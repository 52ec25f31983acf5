"""The standing watch after a restart: the alerts it sent before still end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from quell.app.watching import SEEN_TWICE, StandingWatch, WatchLimits
from quell.eventlog.incidents import Incidents
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.prevention import WATCH
from quell.evidence.source import Collected, EvidenceSource, Scope
from quell.incident.alert import Alert
from quell.incident.events import EvidenceKind, Window
from quell.ingest.counts import Counts
from quell.ingest.intake import Intake, Taken
from tests.agents.shop import NOW, Shop
from tests.projections.given import START, Told, alert, grouped, opened


class Inbox:
    """Takes alerts as `Intake` does, and keeps them."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []

    async def take(self, source: str, headers: Mapping[str, str], body: bytes, received_at: datetime) -> Taken:
        assert source == WATCH
        self.alerts.extend(msgspec.json.decode(body)["alerts"])
        return Taken(counts=Counts(), incidents=())


class Clock:
    now = START + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


def sent_by(source: str, name: str = "LimitForecast", series: str = "disk_use") -> Alert:
    return replace(alert(name, "payment"), source=source, labels={"service": "payment", "series": series})


class Filling:
    """Metrics of a shop whose disk of payment began to fill 45 s before `NOW`."""

    name = "scrape"
    kinds = (EvidenceKind.METRIC,)

    async def collect(self, scope: Scope, window: Window) -> Collected:
        found = Shop().filling(since_s=45, upto=50e6).telemetry().series
        return Collected(
            source=self.name, window=window, query="", series=[one for group in found.values() for one in group]
        )

    async def check(self) -> str:
        return "one shop"


def restarted(
    models: ReadModels, inbox: Inbox, clock: Callable[[], datetime], *sources: EvidenceSource
) -> StandingWatch:
    return StandingWatch(
        sources,
        cast(Intake, inbox),
        cast(Incidents, None),
        models,
        clock=clock,
        disturbed=lambda _: (),
        labels={},
        secret="s",
        limits=WatchLimits(every_s=3, horizon_s=1800, trouble_looks=20),
    )


async def test_an_alert_from_before_the_restart_ends_once_and_not_in_the_first_minute() -> None:
    told, inbox, clock = Told(), Inbox(), Clock()
    told.incident(opened(), grouped(sent_by(WATCH)))
    watch = restarted(told.models, inbox, clock)

    await watch.look()
    clock.now += timedelta(seconds=30)
    await watch.look()
    assert inbox.alerts == []
    for _ in range(3):
        clock.now += timedelta(seconds=31)
        await watch.look()
    assert [(one["status"], one["dedup_key"]) for one in inbox.alerts] == [("resolved", f"{WATCH}/payment/disk_use")]


async def test_the_end_of_trouble_speaks_of_no_limit() -> None:
    told, inbox, clock = Told(), Inbox(), Clock()
    told.incident(opened(), grouped(sent_by(WATCH, "TroubleWithoutAlert", "error_ratio")))
    watch = restarted(told.models, inbox, clock)

    await watch.look()
    clock.now += timedelta(seconds=61)
    await watch.look()
    assert [one["summary"] for one in inbox.alerts] == ["payment: error_ratio is back in its range"]


async def test_an_alert_of_somebody_else_is_not_ended() -> None:
    told, inbox, clock = Told(), Inbox(), Clock()
    told.incident(opened(), grouped(sent_by("alertmanager")))
    watch = restarted(told.models, inbox, clock)

    for _ in range(3):
        await watch.look()
        clock.now += timedelta(seconds=61)
    assert inbox.alerts == []


async def test_the_alert_of_a_forecast_began_when_the_trend_did() -> None:
    told, inbox = Told(), Inbox()
    watch = restarted(told.models, inbox, lambda: NOW, Filling())

    for _ in range(SEEN_TWICE):
        await watch.look()

    (sent,) = inbox.alerts
    assert (sent["name"], sent["service"]) == ("LimitForecast", "payment")
    assert 40 <= (NOW - datetime.fromisoformat(sent["starts_at"])).total_seconds() <= 45
