"""What a Quell that starts takes up: every open incident of its log, however many, the worst first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quell.app.core import WORKFLOW_FILE
from quell.app.quell import LOG_FILE, Quell
from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event, incident_stream
from quell.settings import Settings
from quell.settings import Watch as StandingWatchSettings
from tests.projections.given import alert, grouped, opened


def clock() -> datetime:
    return datetime.now(UTC)


async def wrote(folder: Path, incidents: dict[str, list[Event]]) -> None:
    """Leave a log behind."""
    folder.mkdir(exist_ok=True)
    log = await SqliteEventLog.open(folder / LOG_FILE, clock=clock)
    writes = [Write(stream=incident_stream(name), events=events) for name, events in incidents.items()]
    for first in range(0, len(writes), 500):
        await log.append(writes[first : first + 500])
    await log.close()


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, watch=StandingWatchSettings(enabled=False))


async def test_more_than_ten_thousand_open_incidents_all_get_their_response(tmp_path: Path) -> None:
    """It used to be the first 10,000; none of the others ever began."""
    many = {f"INC-{n}": [opened(f"INC-{n}", IncidentSeverity.SEV4)] for n in range(1, 10_040)}
    await wrote(tmp_path, many)

    quell = await Quell.open(settings(tmp_path))
    try:
        taken_up = quell.core.queue.waiting + sum(quell.core.queue.running(name) for name in many)
    finally:
        await quell.close()

    assert taken_up == len(many)


async def test_a_lost_workflow_store_is_said_in_health_and_no_incident_stays_without_its_response(
    tmp_path: Path,
) -> None:
    begun = [opened(), grouped(alert()), ev.ResponseStarted(run=1)]
    await wrote(tmp_path, {"INC-1": begun})
    assert not (tmp_path / WORKFLOW_FILE).exists()

    quell = await Quell.open(settings(tmp_path))
    try:
        report = await quell.door.health.report()
        async with asyncio.timeout(60):
            while (incident := await quell.core.incidents.load("INC-1")).outcome is None:
                await asyncio.sleep(0.05)
    finally:
        await quell.close()

    (responses,) = [one for one in report.components if one.name == "responses"]
    assert "the workflow store was out of step with the log" in responses.says
    assert responses.says.endswith("taken up from the log: INC-1")
    assert (incident.run, incident.outcome) == (1, "escalated")


@pytest.mark.parametrize("last", [IncidentSeverity.SEV1, IncidentSeverity.SEV2])
async def test_the_worst_incident_that_comes_last_in_a_storm_begins_before_those_that_wait(
    tmp_path: Path, last: IncidentSeverity
) -> None:
    storm = {f"INC-{n}": [opened(f"INC-{n}", IncidentSeverity.SEV3)] for n in range(1, 300)}
    await wrote(tmp_path, storm)

    quell = await Quell.open(settings(tmp_path))
    try:
        worst = Write(stream=incident_stream("INC-900"), events=[opened("INC-900", last), grouped(alert())])
        await quell.log.append([worst])
        came_at = quell.log.head
        async with asyncio.timeout(60):
            while not (await quell.core.incidents.load("INC-900")).run:
                await asyncio.sleep(0.02)
        since = [one for one in await quell.log.read(after=came_at, limit=5000) if one.stream != "incident/INC-900"]
        waiting = quell.core.queue.waiting
    finally:
        await quell.close()

    begun_before = [one for one in since if isinstance(one.event, ev.ResponseStarted)]
    assert len(begun_before) <= 2 * quell.settings.response.at_once
    assert waiting > 200
