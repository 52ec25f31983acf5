"""Alerts count in the order in which they began, whatever the order of their messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from quell.incident import events as ev
from quell.incident.correlation import CorrelationRules
from quell.ingest.ends import KnownEnds
from quell.ingest.intake import Intake, IntakeLimits
from tests.ingest.given import START, Desk, alert, new_desk
from tests.ingest.snapshot import snapshot

HOURS_EARLIER = START - timedelta(hours=3)


def at(minutes: float) -> str:
    return (HOURS_EARLIER + timedelta(minutes=minutes)).isoformat()


def fires(began: float, **labels: str) -> dict[str, Any]:
    return {**alert("PumpStopped", "cooling", **labels), "startsAt": at(began)}


def ends(began: float, ended: float, **labels: str) -> dict[str, Any]:
    return {**fires(began, **labels), "status": "resolved", "endsAt": at(ended)}


async def opened(desk: Desk) -> int:
    return len(await desk.of(ev.IncidentOpened))


@pytest.mark.parametrize("together", [False, True])
async def test_a_firing_whose_end_arrived_before_it_opens_nothing(together: bool) -> None:
    desk = await new_desk()

    if together:
        taken = await desk.send(ends(0, 5), fires(0))
    else:
        await desk.send(ends(0, 5))
        desk.clock.pass_s(600)
        taken = await desk.send(fires(0))

    assert await opened(desk) == 0
    assert taken.counts.duplicate == taken.counts.received


@pytest.mark.parametrize(
    ("end", "firing"),
    [
        ({"starts_at": at(0), "ends_at": at(5)}, {"starts_at": at(0)}),
        ({"starts_at": at(0)}, {"starts_at": at(0)}),
        ({"ends_at": at(5)}, {"starts_at": at(1)}),
    ],
)
async def test_so_it_is_in_quells_own_form(end: dict[str, str], firing: dict[str, str]) -> None:
    desk = await new_desk()
    own = {"name": "PumpStopped", "service": "cooling", "severity": "critical", "dedup_key": "pump-7"}

    await desk.send({**own, "status": "resolved", **end}, source="alerts")
    await desk.send({**own, **firing}, source="alerts")

    assert await opened(desk) == 0


async def test_a_firing_that_began_after_the_known_end_opens_an_incident() -> None:
    desk = await new_desk()
    await desk.send(ends(0, 5))

    await desk.send(fires(6))

    assert await opened(desk) == 1


async def test_the_end_of_another_alert_says_nothing_of_this_one() -> None:
    desk = await new_desk()
    await desk.send(ends(0, 5, host="a"))

    await desk.send(fires(0, host="b"))

    assert await opened(desk) == 1


async def test_an_end_without_any_time_proves_nothing_of_a_firing() -> None:
    desk = await new_desk()
    own = {"name": "PumpStopped", "service": "cooling", "severity": "critical"}
    await desk.send({**own, "status": "resolved"}, source="alerts")

    await desk.send({**own, "starts_at": at(0)}, source="alerts")

    assert await opened(desk) == 1


async def test_a_delayed_repeat_of_a_firing_that_ended_does_not_reopen_its_incident() -> None:
    desk = await new_desk()
    await desk.send(fires(0))
    await desk.send(ends(0, 5))
    await desk.resolve("INC-1")

    await desk.send(fires(0))

    assert await desk.of(ev.IncidentReopened) == []


async def test_an_alert_that_alertmanager_sends_again_with_its_old_start_later_is_believed() -> None:
    desk = await new_desk()
    await desk.send(fires(0))
    await desk.send(ends(0, 5))
    await desk.resolve("INC-1")
    desk.clock.pass_s(61)

    await desk.send(fires(0))

    assert len(await desk.of(ev.IncidentReopened)) == 1


async def test_a_delayed_firing_does_not_begin_again_an_alert_that_waits_below_the_threshold() -> None:
    desk = await new_desk()
    await desk.send(fires(0, severity="warning"))
    await desk.send(ends(0, 5, severity="warning"))
    await desk.send(fires(0, severity="warning"))

    await desk.send({**alert("SlowPump", "cooling", "warning"), "startsAt": at(9)})

    assert await opened(desk) == 0


@pytest.mark.parametrize("heard_of_the_second_firing", ["as a repeat", "as news"])
async def test_the_late_end_of_an_earlier_firing_does_not_end_the_present_one(heard_of_the_second_firing: str) -> None:
    desk = await new_desk()
    if heard_of_the_second_firing == "as a repeat":
        await desk.send(fires(0))
    await desk.send(fires(30))

    await desk.send(ends(0, 5))
    assert await desk.of(ev.AlertResolved) == []

    await desk.send(ends(30, 40))
    assert len(await desk.of(ev.AlertResolved)) == 1


async def test_an_early_end_is_forgotten_after_an_hour() -> None:
    desk = await new_desk()
    await desk.send(ends(0, 5))
    desk.clock.pass_s(3_601)

    await desk.send(fires(0))

    assert await opened(desk) == 1


async def test_early_ends_are_known_after_a_restart() -> None:
    desk = await new_desk()
    await desk.send(ends(0, 5), fires(30, host="b"))
    await desk.send(fires(40, host="b"), ends(40, 50, host="c"))

    restarted = Intake(
        desk.log,
        {},
        limits=IntakeLimits(),
        rules=desk.intake._rules,
        topology=lambda: desk.edges,
        clock=desk.clock,
    )
    await restarted.start()

    assert snapshot(restarted)["over"] == snapshot(desk.intake)["over"] != {}
    assert snapshot(restarted)["tracks"] == snapshot(desk.intake)["tracks"]


async def test_a_storm_of_ends_is_remembered_within_a_bound() -> None:
    desk = await new_desk(rules=CorrelationRules(tracked_alerts=10))
    known: KnownEnds = desk.intake._ledger.over

    for number in range(30):
        await desk.send(ends(0, 5, host=str(number)))

    assert len(known) <= 11
