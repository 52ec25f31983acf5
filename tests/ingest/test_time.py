"""What time alone brings: silences that are over while their alerts fire, and tests that nobody ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from quell.incident import events as ev
from quell.incident.events import Matcher
from quell.ingest.silences import create_silence
from tests.ingest.given import Desk, alert, ended, new_desk
from tests.ingest.snapshot import snapshot

LEAK = alert("Leak", "pumps")
OWN_TEST = {"name": "TestAlert", "service": "pumps", "severity": "critical", "dedup_key": "test/pumps", "test": True}


async def silence(desk: Desk, name: str = "S1", value: str = "pumps", minutes: float = 30) -> None:
    created = create_silence(
        silence_id=name,
        matchers=[Matcher(label="service", op="=", value=value)],
        starts_at=desk.clock(),
        ends_at=desk.clock() + timedelta(minutes=minutes),
        by="person:operator",
        comment="",
        now=desk.clock(),
    )
    await desk.others_append(ev.SILENCE_STREAM, created)


async def unsilence(desk: Desk, name: str = "S1") -> None:
    await desk.others_append(ev.SILENCE_STREAM, ev.SilenceEnded(silence_id=name, by="person:operator"))


async def opened(desk: Desk) -> list[str]:
    return [each.title for each in await desk.of(ev.IncidentOpened)]


class TestASilenceThatIsOver:
    @pytest.mark.parametrize("how", ["by its time", "by a person"])
    async def test_lets_the_alerts_through_that_fire_still(self, how: str) -> None:
        desk = await new_desk()
        await silence(desk)
        await desk.send(LEAK)
        await desk.intake.look_at_the_time()
        assert await opened(desk) == []

        if how == "by a person":
            await unsilence(desk)
        else:
            desk.clock.pass_s(1_800)
        await desk.intake.look_at_the_time()

        assert await opened(desk) == ["pumps: leak"]
        assert (await desk.send(LEAK)).counts.duplicate == 1

    async def test_lets_nothing_through_that_ended_meanwhile(self) -> None:
        desk = await new_desk()
        await silence(desk)
        await desk.send(LEAK)
        await desk.send(ended(LEAK))

        await unsilence(desk)
        await desk.intake.look_at_the_time()

        assert await opened(desk) == []

    async def test_lets_nothing_through_that_another_silence_covers(self) -> None:
        desk = await new_desk()
        await silence(desk)
        await silence(desk, "S2")
        await desk.send(LEAK)

        await unsilence(desk)
        await desk.intake.look_at_the_time()
        assert await opened(desk) == []

        await unsilence(desk, "S2")
        await desk.intake.look_at_the_time()
        assert await opened(desk) == ["pumps: leak"]

    async def test_counts_no_alert_twice(self) -> None:
        desk = await new_desk()
        await silence(desk)
        for _ in range(3):
            await desk.send(LEAK)

        await unsilence(desk)
        await desk.intake.look_at_the_time()

        counts, _ = desk.intake.counts()
        assert (counts.received, counts.silenced, counts.opening) == (3, 3, 0)
        assert len(await desk.of(ev.AlertSilenced)) == 1

    async def test_does_so_too_when_it_was_over_while_no_process_ran(self) -> None:
        desk = await new_desk()
        await silence(desk)
        await desk.send(LEAK)
        desk.clock.pass_s(3_600)

        restarted = await new_desk(desk.clock, log=desk.log)
        await restarted.intake.look_at_the_time()

        assert await opened(restarted) == ["pumps: leak"]
        again = await new_desk(desk.clock, log=desk.log)
        assert snapshot(again.intake) == snapshot(restarted.intake)

    async def test_brings_nothing_when_nothing_was_kept_back(self) -> None:
        desk = await new_desk()
        await silence(desk)
        before = desk.log.head

        desk.clock.pass_s(3_600)
        await desk.intake.look_at_the_time()

        assert desk.log.head == before


class TestATest:
    async def test_of_quells_own_opens_an_incident_that_is_marked(self) -> None:
        desk = await new_desk()

        taken = await desk.send(OWN_TEST, source="alerts")

        (opening,) = await desk.of(ev.IncidentOpened)
        assert (taken.incidents, taken.counts.tests, opening.test) == (("INC-1",), 1, True)

    @pytest.mark.parametrize("restarts", [False, True])
    async def test_ends_by_itself(self, restarts: bool) -> None:
        desk = await new_desk()
        await desk.send(OWN_TEST, {**OWN_TEST, "severity": "info", "dedup_key": "x"}, source="alerts")
        desk.clock.pass_s(599)
        await desk.intake.look_at_the_time()
        assert await desk.of(ev.AlertResolved) == []

        desk.clock.pass_s(2)
        if restarts:
            desk = await new_desk(desk.clock, log=desk.log)
        await desk.intake.look_at_the_time()

        (resolved,) = await desk.of(ev.AlertResolved)
        assert (resolved.name, resolved.ended_at) == ("TestAlert", desk.clock())
        assert len((await desk.of(ev.BatchTaken))[-1].ended) == 1
        assert not desk.intake._ledger.tests

    async def test_is_not_kept_alive_by_its_repeats(self) -> None:
        desk = await new_desk()
        for _ in range(3):
            await desk.send(OWN_TEST, source="alerts")
            desk.clock.pass_s(250)

        await desk.intake.look_at_the_time()

        assert len(await desk.of(ev.AlertResolved)) == 1

    async def test_is_ended_by_its_sender_before_that(self) -> None:
        desk = await new_desk()
        await desk.send(OWN_TEST, source="alerts")

        await desk.send({**OWN_TEST, "status": "resolved"}, source="alerts")

        assert len(await desk.of(ev.AlertResolved)) == 1

    @pytest.mark.parametrize("order", ["test first", "real first"])
    async def test_never_meets_a_real_alert(self, order: str) -> None:
        desk = await new_desk()
        both: list[tuple[dict[str, Any], str]] = [(OWN_TEST, "alerts"), (LEAK, "alertmanager")]

        for each, source in both if order == "test first" else reversed(both):
            await desk.send(each, source=source)

        assert sorted(each.test for each in await desk.of(ev.IncidentOpened)) == [False, True]

    async def test_takes_the_first_of_its_kind_from_no_real_alert(self) -> None:
        desk = await new_desk()
        await desk.send({**OWN_TEST, "name": "Leak"}, source="alerts")

        await silence(desk, value="elsewhere")
        await desk.send(LEAK)

        assert len(await opened(desk)) == 2
