"""Which alert a message is about: by source, organisation and labels, by a changed end, and in old logs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quell.eventlog.log import Write
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity, fingerprint
from quell.ingest.alertmanager import Alertmanager
from tests.ingest.given import START, Desk, alert, body_of, new_desk

BEGAN = (START - timedelta(minutes=3)).isoformat()


def fires(name: str = "ValveStuck", began: str = BEGAN, key: str = "", **labels: str) -> dict[str, Any]:
    own = {**alert(name, "pumps", **labels), "startsAt": began}
    return {**own, "fingerprint": key} if key else own


def ends(firing: dict[str, Any], without: str = "", **labels: str) -> dict[str, Any]:
    kept = {name: value for name, value in {**firing["labels"], **labels}.items() if name != without}
    return {**firing, "labels": kept, "status": "resolved", "endsAt": START.isoformat()}


async def resolved(desk: Desk) -> list[str]:
    return [each.fingerprint for each in await desk.of(ev.AlertResolved)]


async def desk_with(*sources: str) -> Desk:
    desk = await new_desk()
    desk.intake._sources.update({name: Alertmanager(name=name) for name in sources})
    return desk


async def test_the_same_labels_from_two_sources_are_two_alerts() -> None:
    desk = await desk_with("north", "south")

    await desk.send(fires(), source="north")
    await desk.send(fires(), source="south")
    await desk.send(ends(fires()), source="south")

    grouped = await desk.of(ev.AlertGrouped)
    assert len({each.alert.fingerprint for each in grouped}) == 2
    assert await resolved(desk) == [grouped[1].alert.fingerprint]


async def test_the_same_labels_of_two_organisations_are_two_alerts() -> None:
    desk = await new_desk()

    first = await desk.webhook(fires(), orgId=1)
    second = await desk.webhook(fires(), orgId=2)
    again = await desk.webhook(fires(), orgId=1)

    assert (first.counts.opening, second.counts.grouped, again.counts.duplicate) == (1, 1, 1)


async def test_an_alert_of_an_older_log_goes_on_under_its_old_identity() -> None:
    desk = await new_desk()
    (known,) = Alertmanager().parse(body_of(fires()), START).alerts
    old = fingerprint(known.labels)
    opened = ev.IncidentOpened(
        incident_id="INC-1", title="t", severity=IncidentSeverity.SEV1, service="pumps", reason="r"
    )
    grouped = ev.AlertGrouped(alert=replace(known, fingerprint=old), why="")
    await desk.log.append([Write(stream="incident/INC-1", events=[opened, grouped])])
    later = await new_desk(desk.clock, log=desk.log)

    assert (await later.send(fires())).counts.duplicate == 1
    await later.send(ends(fires()))
    assert await resolved(later) == [old]


class TestAnEndWithOtherLabels:
    @pytest.mark.parametrize(
        ("firing", "end"),
        [
            (fires(severity="critical"), {"severity": "warning"}),
            (fires(), {"runbook": "added"}),
            (fires(team="water"), {"without": "team"}),
        ],
    )
    async def test_ends_the_one_alert_it_can_be_of(self, firing: dict[str, Any], end: dict[str, str]) -> None:
        desk = await new_desk()
        await desk.send(firing, fires("Other"))

        await desk.send(ends(firing, **end))

        (grouped, _) = await desk.of(ev.AlertGrouped)
        assert await resolved(desk) == [grouped.alert.fingerprint]

    async def test_is_known_by_what_its_sender_calls_it(self) -> None:
        desk = await new_desk()
        firing = fires(key="9f2c", shard="1")
        await desk.send(firing, fires(key="77aa", shard="2"))

        await desk.send(ends(firing, shard="renamed"))

        assert await resolved(desk) == [(await desk.of(ev.AlertGrouped))[0].alert.fingerprint]

    @pytest.mark.parametrize(
        "end",
        [
            {"shard": "2"},
            {"pod": "pump-7"},
            {"host": "h9"},
        ],
    )
    async def test_that_is_of_another_thing_ends_nothing(self, end: dict[str, str]) -> None:
        desk = await new_desk()
        firing = fires(shard="1")
        await desk.send(firing)

        taken = await desk.send(ends(firing, **end))

        assert (taken.counts.duplicate, await resolved(desk)) == (1, [])

    async def test_of_another_beginning_ends_nothing(self) -> None:
        desk = await new_desk()
        await desk.send(fires(severity="critical"))

        await desk.send(ends(fires(began=START.isoformat()), severity="warning"))

        assert await resolved(desk) == []

    async def test_that_fits_two_alerts_ends_neither_and_is_counted(self) -> None:
        desk = await new_desk()
        await desk.send(fires(severity="critical"), fires(severity="error"))

        await desk.send(ends(fires(), severity="warning"))

        assert await resolved(desk) == []
        assert [each.ends_unmatched for each in await desk.of(ev.BatchTaken)] == [0, 1]

    async def test_that_ended_before_is_not_taken_for_another_that_fires(self) -> None:
        desk = await new_desk()
        warning, critical = fires(severity="warning"), fires(severity="critical")
        await desk.send(warning, critical)
        await desk.send(ends(warning))

        await desk.send(ends(warning))

        assert len(await resolved(desk)) == 1

    async def test_a_value_in_a_label_makes_it_another_alert(self) -> None:
        desk = await new_desk()
        await desk.send(fires(value="84"))

        await desk.send(ends(fires(value="83")))

        assert await resolved(desk) == []
