"""Alerts without a service go together as their sender groups them, and unrelated ones do not."""

from __future__ import annotations

from typing import Any

import pytest

from quell.incident import events as ev
from tests.ingest.given import Desk, alert, new_desk

GROUP = '{}/{team="net"}:{alertname="LinkDown"}'


def links(count: int, first: int = 0, **labels: str) -> list[dict[str, Any]]:
    return [alert("LinkDown", None, port=f"sw-{n}", **labels) for n in range(first, first + count)]


async def opened(desk: Desk) -> int:
    return len(await desk.of(ev.IncidentOpened))


async def test_a_group_that_shares_only_its_alertname_is_one_incident() -> None:
    desk = await new_desk()

    taken = await desk.webhook(*links(400), groupKey=GROUP)

    assert (taken.counts.opening, taken.counts.grouped) == (1, 399)
    assert "Its sender groups it" in (await desk.of(ev.AlertGrouped))[-1].why


async def test_later_webhooks_of_the_group_join_it_however_late() -> None:
    desk = await new_desk()
    await desk.webhook(*links(3), groupKey=GROUP)
    desk.clock.pass_s(3_000)

    taken = await desk.webhook(*links(9), groupKey=GROUP)

    assert (taken.counts.duplicate, taken.counts.grouped, taken.incidents) == (3, 6, ("INC-1",))


async def test_warnings_of_a_group_weigh_together() -> None:
    desk = await new_desk()

    await desk.webhook(*links(4, severity="warning"), groupKey=GROUP)

    assert await opened(desk) == 1


@pytest.mark.parametrize(
    "others",
    [
        {"groupKey": '{}:{alertname="LinkDown", zone="b"}'},
        {"groupKey": GROUP, "receiver": "another"},
    ],
)
async def test_another_group_is_not_this_one(others: dict[str, str]) -> None:
    desk = await new_desk()
    await desk.webhook(*links(1), groupKey=GROUP)

    await desk.webhook(*links(1, first=1), **others)

    assert await opened(desk) == 2


async def test_a_receiver_that_groups_by_nothing_glues_no_services_together() -> None:
    desk = await new_desk()
    unrelated = [alert("Slow", service) for service in ("ads", "billing", "crm", "dns")]

    await desk.webhook(*unrelated, alert("DiskDead", None), alert("FanDead", None), groupKey="{}:{}")

    assert await opened(desk) == 6


@pytest.mark.parametrize("place", ["cluster", "region", "environment"])
async def test_one_name_in_two_places_is_two_incidents_even_in_one_group(place: str) -> None:
    desk = await new_desk()

    await desk.webhook(*links(5, **{place: "north"}), *links(5, **{place: "south"}), groupKey="{}:{}")

    assert await opened(desk) == 2


@pytest.mark.parametrize("source", ["alertmanager", "alerts"])
async def test_a_storm_that_nobody_groups_is_a_few_incidents(source: str) -> None:
    desk = await new_desk()

    for number in range(60):
        if source == "alertmanager":  # grouped by `...`: each alert is a group of its own
            await desk.webhook(*links(1, first=number), groupKey=f'{{}}:{{port="sw-{number}"}}')
        else:
            own = {"name": "LinkDown", "severity": "critical", "labels": {"port": f"sw-{number}"}}
            await desk.send(own, source="alerts")

    assert await opened(desk) == 5
    assert "A storm of LinkDown" in (await desk.of(ev.AlertGrouped))[-1].why


async def test_a_few_alerts_of_one_name_without_a_service_stay_apart() -> None:
    desk = await new_desk()

    await desk.send(*links(5))

    assert await opened(desk) == 5


async def test_what_happens_again_and_again_over_hours_is_no_storm() -> None:
    desk = await new_desk()

    for number in range(12):
        await desk.send(*links(1, first=number))
        desk.clock.pass_s(301)

    assert await opened(desk) == 12


async def test_the_groups_of_an_incident_are_found_again_after_it_was_merged() -> None:
    desk = await new_desk()
    await desk.send(alert("SwitchDead", "core"))
    await desk.webhook(*links(2), groupKey=GROUP)
    merged = ev.IncidentMerged(into="INC-1", by="person:ada", reason="the same")
    await desk.others_append("incident/INC-2", merged)

    taken = await desk.webhook(*links(3), groupKey=GROUP)

    assert taken.incidents == ("INC-1",)
