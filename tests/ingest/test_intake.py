"""What becomes of alerts: the rules of intake as a sender and a reader of the log see them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quell.errors import Malformed, NotFound
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity, Severity
from quell.incident.correlation import CorrelationRules
from quell.incident.events import Matcher
from quell.ingest import ledger as ledger_module
from quell.ingest.counts import Counts
from quell.ingest.intake import Taken
from quell.ingest.silences import create_silence
from tests.ingest.given import START, Desk, alert, ended, new_desk

WARNING = alert("QueueBacklog", "mail", "warning")


def stages(taken: Taken) -> dict[str, int]:
    """Return the stages that took any, without their sum."""
    counts = taken.counts
    found = {
        "rejected": counts.rejected,
        "silenced": counts.silenced,
        "duplicate": counts.duplicate,
        "grouped": counts.grouped,
        "opening": counts.opening,
    }
    assert counts.received == sum(found.values())
    return {stage: count for stage, count in found.items() if count}


async def silence(desk: Desk, *matchers: tuple[str, str, str], minutes: float = 60) -> None:
    created = create_silence(
        silence_id="S1",
        matchers=[Matcher(label=label, op=op, value=value) for label, op, value in matchers],
        starts_at=desk.clock(),
        ends_at=desk.clock() + timedelta(minutes=minutes),
        by="person:ada",
        comment="maintenance",
        now=desk.clock(),
    )
    await desk.others_append(ev.SILENCE_STREAM, created)


class TestOpening:
    async def test_a_critical_alert_opens_an_incident_at_once(self) -> None:
        desk = await new_desk()

        taken = await desk.send(alert())

        assert (stages(taken), taken.incidents) == ({"opening": 1}, ("INC-1",))
        assert [type(event) for _, event in await desk.events()] == [ev.IncidentOpened, ev.AlertGrouped, ev.BatchTaken]
        (opened,) = await desk.of(ev.IncidentOpened)
        assert (opened.title, opened.severity) == ("checkout: high error rate", IncidentSeverity.SEV1)

    async def test_a_warning_alone_waits(self) -> None:
        desk = await new_desk()

        assert stages(await desk.send(WARNING)) == {"grouped": 1}
        assert await desk.of(ev.IncidentOpened) == []
        (held,) = await desk.of(ev.AlertHeld)
        assert "0.5" in held.why

    async def test_a_second_warning_opens_it_and_takes_the_first_along(self) -> None:
        desk = await new_desk()
        await desk.send(WARNING)
        desk.clock.pass_s(40)

        taken = await desk.send(alert("SlowDelivery", "mail", "warning", summary="no"))

        assert stages(taken) == {"opening": 1}
        grouped = await desk.of(ev.AlertGrouped)
        assert [each.alert.name for each in grouped] == ["QueueBacklog", "SlowDelivery"]
        assert grouped[0].why.startswith("It waited below the threshold. Same service (mail), 40 s after")

    async def test_it_carries_the_title_and_severity_of_its_worst_alert(self) -> None:
        desk = await new_desk()
        await desk.send(WARNING)

        await desk.send(alert("MailDown", "mail", "error"))

        (opened,) = await desk.of(ev.IncidentOpened)
        assert (opened.title, opened.severity) == ("mail: mail down", IncidentSeverity.SEV2)
        assert await desk.of(ev.SeverityChanged) == []

    async def test_warnings_that_ended_weigh_nothing(self) -> None:
        desk = await new_desk()
        await desk.send(WARNING)
        await desk.send(ended(WARNING))

        assert stages(await desk.send(alert("SlowDelivery", "mail", "warning"))) == {"grouped": 1}

    async def test_infos_never_open_one(self) -> None:
        desk = await new_desk()

        await desk.send(*(alert("Deployed", "mail", "info", pod=str(number)) for number in range(50)))

        assert await desk.of(ev.IncidentOpened) == []

    async def test_the_first_critical_alert_of_its_kind_opens_below_any_threshold(self) -> None:
        desk = await new_desk(rules=CorrelationRules(threshold=3.0))

        first = await desk.send(alert("A", "mail"))
        other = await desk.send(alert("B", "search", "error"))

        assert (stages(first), stages(other)) == ({"opening": 1}, {"grouped": 1})
        (opened,) = await desk.of(ev.IncidentOpened)
        assert "first" in opened.reason

    async def test_ids_count_on(self) -> None:
        desk = await new_desk()

        await desk.send(alert(service="mail"), alert(service="search"))

        assert [each.incident_id for each in await desk.of(ev.IncidentOpened)] == ["INC-1", "INC-2"]

    async def test_a_drill_is_marked(self) -> None:
        desk = await new_desk()

        await desk.send(alert(service="mail", environment="lab"), alert(service="search", environment="prod"))

        assert [each.drill for each in await desk.of(ev.IncidentOpened)] == [True, False]

    async def test_an_unknown_severity_counts_as_error_and_is_marked(self) -> None:
        desk = await new_desk()

        await desk.send(alert(severity="weird"))

        (grouped,) = await desk.of(ev.AlertGrouped)
        assert (grouped.alert.severity, grouped.alert.severity_known) == (Severity.ERROR, False)


class TestDuplicates:
    async def test_an_alert_that_fires_again_while_it_fires_is_only_counted(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        before = len(await desk.events())

        assert stages(await desk.send(alert(), alert())) == {"duplicate": 2}
        assert len(await desk.events()) == before + 1

    async def test_repeats_are_recorded_with_their_fingerprints(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.send(alert(), alert())

        fingerprint = (await desk.of(ev.AlertGrouped))[0].alert.fingerprint
        assert (await desk.of(ev.BatchTaken))[-1].repeats == {fingerprint: 2}

    async def test_the_end_of_an_alert_that_does_not_fire_is_a_duplicate(self) -> None:
        desk = await new_desk()

        assert stages(await desk.send(ended(alert()))) == {"duplicate": 1}

    async def test_an_end_is_recorded_once(self) -> None:
        desk = await new_desk()
        await desk.send(alert())

        assert stages(await desk.send(ended(alert()))) == {"grouped": 1}
        assert stages(await desk.send(ended(alert()))) == {"duplicate": 1}
        assert len(await desk.of(ev.AlertResolved)) == 1

    async def test_an_alert_that_fires_after_its_end_joins_again(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.send(ended(alert()))
        desk.clock.pass_s(20)

        taken = await desk.send(alert())

        assert (stages(taken), taken.incidents) == ({"grouped": 1}, ("INC-1",))
        assert "fires again after 20 s" in (await desk.of(ev.AlertGrouped))[-1].why

    async def test_fired_ended_and_fired_in_one_body_are_three_facts(self) -> None:
        desk = await new_desk()

        taken = await desk.send(alert(), ended(alert()), alert(), alert())

        assert stages(taken) == {"opening": 1, "grouped": 2, "duplicate": 1}

    async def test_an_alert_unheard_of_for_a_day_is_no_duplicate(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        desk.clock.pass_s(86_401)

        assert stages(await desk.send(alert())) == {"grouped": 1}

    async def test_an_alert_that_keeps_repeating_stays_known(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        for _ in range(3):
            desk.clock.pass_s(80_000)
            assert stages(await desk.send(alert())) == {"duplicate": 1}

    async def test_a_known_alert_that_gets_worse_is_news(self) -> None:
        desk = await new_desk()
        one = {"name": "Disk", "service": "db", "severity": "error", "dedup_key": "k"}
        await desk.send(one, source="alerts")

        taken = await desk.send({**one, "severity": "critical"}, source="alerts")

        assert stages(taken) == {"grouped": 1}
        (changed,) = await desk.of(ev.SeverityChanged)
        assert (changed.before, changed.after, changed.by) == ("SEV2", "SEV1", "system:intake")


class TestJoining:
    async def test_says_on_each_alert_why_it_joined(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        desk.clock.pass_s(12)

        await desk.send(alert("Slow"), alert("Slow", "payment"))

        assert [each.why for each in await desk.of(ev.AlertGrouped)] == [
            "It opened the incident: One alert weighs 1, and 1 opens an incident.",
            "Same service (checkout), 12 s after the last alert that joined.",
            "Neighbouring service: checkout calls payment; 0 s after the last alert that joined.",
        ]

    async def test_neighbours_of_neighbours_follow_as_it_spreads(self) -> None:
        desk = await new_desk()
        await desk.send(alert(service="payment"))

        taken = await desk.send(alert(service="checkout"), alert(service="edge"), alert(service="catalog"))

        assert taken.incidents == ("INC-1",)

    async def test_a_neighbour_after_the_window_opens_its_own(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        desk.clock.pass_s(301)

        assert stages(await desk.send(alert(service="payment"))) == {"opening": 1}

    @pytest.mark.parametrize(("after_s", "joins"), [(300, True), (301, False)])
    async def test_the_window_runs_from_the_last_alert_that_joined(self, after_s: float, joins: bool) -> None:
        desk = await new_desk()
        await desk.send(alert())
        desk.clock.pass_s(250)
        await desk.send(alert("Slow"))
        desk.clock.pass_s(after_s)

        assert ("INC-1" in (await desk.send(alert(service="payment"))).incidents) is joins

    @pytest.mark.parametrize(("after_s", "joins"), [(300, True), (301, False)])
    async def test_the_window_for_shared_labels_is_as_long(self, after_s: float, joins: bool) -> None:
        desk = await new_desk()
        await desk.send(alert(service="mail", node="n7", zone="a"))
        desk.clock.pass_s(after_s)

        taken = await desk.send(alert("Slow", "search", node="n7", zone="a"))

        assert ("INC-1" in taken.incidents) is joins

    async def test_a_repeat_does_not_lengthen_the_window(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        desk.clock.pass_s(250)
        await desk.send(alert())
        desk.clock.pass_s(100)

        assert stages(await desk.send(alert(service="payment"))) == {"opening": 1}

    async def test_an_alert_that_waited_long_does_not_draw_the_window_back_when_it_joins(self) -> None:
        desk = await new_desk()
        await desk.send(alert("Busy", "checkout", "info"))
        desk.clock.pass_s(400)
        await desk.send(alert("Down", "checkout"))
        desk.clock.pass_s(300)

        assert (await desk.send(alert(service="payment"))).incidents == ("INC-1",)

    async def test_shared_labels_tie_services_that_nothing_else_ties(self) -> None:
        desk = await new_desk()
        await desk.send(alert(service="mail", node="n7", zone="a"))

        taken = await desk.send(alert("Slow", "search", node="n7", zone="a"))

        assert taken.incidents == ("INC-1",)
        assert (await desk.of(ev.AlertGrouped))[-1].why.startswith("Shares node=n7 and zone=a;")

    async def test_the_name_of_the_alert_alone_ties_nothing(self) -> None:
        desk = await new_desk()
        await desk.send(alert(service="mail"))

        assert stages(await desk.send(alert(service="search"))) == {"opening": 1}

    async def test_labels_that_everything_carries_tie_nothing(self) -> None:
        desk = await new_desk()
        for number in range(9):
            await desk.send(alert("A", f"s{number}", "info", cluster="eu", namespace="prod"))

        await desk.send(alert("A", "mail", cluster="eu", namespace="prod"))
        taken = await desk.send(alert("B", "search", cluster="eu", namespace="prod"))

        assert stages(taken) == {"opening": 1}

    async def test_a_worse_alert_makes_the_incident_worse(self) -> None:
        desk = await new_desk()
        await desk.send(alert(severity="error"))

        await desk.send(alert("Down"))

        (changed,) = await desk.of(ev.SeverityChanged)
        assert (changed.before, changed.after, changed.by) == ("SEV2", "SEV1", "system:intake")

    async def test_the_severity_a_person_gave_stands_against_more_of_the_same(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        lowered = ev.SeverityChanged(
            before=IncidentSeverity.SEV1, after=IncidentSeverity.SEV4, by="person:ada", reason="a test"
        )
        await desk.others_append("incident/INC-1", lowered)

        await desk.send(alert("Down"))

        assert await desk.of(ev.SeverityChanged) == [lowered]

    async def test_what_waited_comes_along_when_its_neighbour_joins(self) -> None:
        desk = await new_desk()
        await desk.send(alert("Slow", "edge", "warning"))

        await desk.send(alert())

        assert [each.alert.service for each in await desk.of(ev.AlertGrouped)] == ["edge", "checkout"]

    async def test_a_changed_topology_counts_at_once(self) -> None:
        desk = await new_desk(topology=set())
        await desk.send(alert())
        desk.edges = {("checkout", "mail")}

        assert (await desk.send(alert(service="mail"))).incidents == ("INC-1",)


class TestReopening:
    async def test_the_same_alert_soon_after_the_end_reopens(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        desk.clock.pass_s(90)

        taken = await desk.send(alert())

        assert (stages(taken), taken.incidents) == ({"grouped": 1}, ("INC-1",))
        (reopened,) = await desk.of(ev.IncidentReopened)
        assert reopened.by == "system:intake"
        assert "90 s after it was resolved" in reopened.reason

    async def test_the_same_kind_from_another_pod_reopens_too(self) -> None:
        desk = await new_desk()
        await desk.send(alert(pod="a"))
        await desk.resolve("INC-1")

        assert (await desk.send(alert(pod="b"))).incidents == ("INC-1",)

    async def test_another_alert_of_the_service_opens_its_own(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.resolve("INC-1")

        assert (await desk.send(alert("Slow"))).incidents == ("INC-2",)

    async def test_after_the_window_it_is_a_new_incident(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        desk.clock.pass_s(601)

        assert (await desk.send(alert())).incidents == ("INC-2",)

    async def test_a_closed_incident_stays_closed(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        closed = ev.StateChanged(before=ev.State.RESOLVED, after=ev.State.CLOSED, by="person:ada", reason="")
        await desk.others_append("incident/INC-1", closed)

        assert (await desk.send(alert())).incidents == ("INC-2",)

    async def test_repeats_just_after_the_end_are_repeats(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.resolve("INC-1")
        desk.clock.pass_s(60)

        assert stages(await desk.send(alert())) == {"duplicate": 1}

    async def test_an_alert_that_goes_on_for_long_after_the_end_reopens(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.resolve("INC-1")
        desk.clock.pass_s(301)

        assert (await desk.send(alert())).incidents == ("INC-1",)
        assert len(await desk.of(ev.IncidentReopened)) == 1

    async def test_a_newer_start_shows_that_it_came_back(self) -> None:
        desk = await new_desk()
        await desk.send({**alert(), "startsAt": START.isoformat()})
        desk.clock.pass_s(30)
        await desk.resolve("INC-1")
        desk.clock.pass_s(30)
        started = (desk.clock() - timedelta(seconds=5)).isoformat()

        assert (await desk.send({**alert(), "startsAt": started})).incidents == ("INC-1",)

    async def test_an_incident_that_a_person_reopened_takes_alerts_again(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await desk.resolve("INC-1")
        await desk.others_append("incident/INC-1", ev.IncidentReopened(by="person:ada", reason="not yet"))

        assert (await desk.send(alert("Slow"))).incidents == ("INC-1",)


class TestMerging:
    async def test_alerts_follow_to_where_their_incident_went(self) -> None:
        desk = await new_desk()
        await desk.send(alert(service="mail"), alert(service="search"), alert(service="cdn"))
        for source, target in (("INC-3", "INC-2"), ("INC-2", "INC-1")):
            merged = ev.IncidentMerged(into=target, by="person:ada", reason="same cause")
            await desk.others_append(f"incident/{source}", merged)

        taken = await desk.send(ended(alert(service="cdn")), alert(service="cdn"), alert("Slow", "search"))

        assert taken.incidents == ("INC-1",)
        assert [stream for stream, event in await desk.events() if type(event) is ev.AlertResolved] == [
            "incident/INC-1"
        ]


class TestFlapping:
    async def flap(self, desk: Desk, times: int) -> None:
        for _ in range(times):
            desk.clock.pass_s(30)
            await desk.send(ended(alert()))
            desk.clock.pass_s(30)
            await desk.send(alert())

    async def test_is_said_once(self) -> None:
        desk = await new_desk()
        await desk.send(alert())

        await self.flap(desk, 4)

        (flapping,) = await desk.of(ev.AlertFlapping)
        assert (flapping.changes, flapping.within_s) == (4, 90)

    async def test_does_not_reopen_nor_open(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await self.flap(desk, 2)
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        desk.clock.pass_s(30)

        taken = await desk.send(alert())

        assert (stages(taken), taken.incidents) == ({"grouped": 1}, ())
        (held,) = await desk.of(ev.AlertHeld)
        assert "changed between firing and resolved" in held.why

    async def test_what_a_fix_ended_each_time_does_not_flap(self) -> None:
        desk = await new_desk()
        seen = []
        for _ in range(4):
            seen.append(stages(await desk.send(alert())))
            desk.clock.pass_s(30)
            await desk.resolve("INC-1", by="agent:resolution")
            await desk.send(ended(alert()))
            desk.clock.pass_s(30)

        assert seen[0] == {"opening": 1}
        assert len(await desk.of(ev.IncidentReopened)) == 3
        assert await desk.of(ev.AlertFlapping) == []
        assert await desk.of(ev.AlertHeld) == []

    async def test_a_flapping_alert_that_stays_is_taken_once_it_was_quiet(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await self.flap(desk, 2)
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        await desk.send(alert())
        desk.clock.pass_s(300)
        assert stages(await desk.send(alert())) == {"duplicate": 1}
        desk.clock.pass_s(301)

        assert stages(await desk.send(alert())) == {"opening": 1}

    async def test_a_flapping_alert_that_stays_is_taken_once_it_was_quiet_though_its_sender_says_nothing_more(
        self,
    ) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await self.flap(desk, 2)
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        desk.clock.pass_s(30)
        await desk.send(alert())
        desk.clock.pass_s(599)
        await desk.intake.look_at_the_time()
        assert len(await desk.of(ev.IncidentOpened)) == 1
        desk.clock.pass_s(2)
        await desk.intake.look_at_the_time()

        opened = (await desk.of(ev.IncidentOpened))[-1]
        assert (opened.title, opened.severity) == ("checkout: high error rate", IncidentSeverity.SEV1)
        before = len(await desk.events())
        desk.clock.pass_s(2_000)
        await desk.intake.look_at_the_time()
        assert len(await desk.events()) == before

    async def test_a_flapping_alert_that_ended_meanwhile_is_not_taken_by_time(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await self.flap(desk, 2)
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        await desk.send(alert())
        desk.clock.pass_s(30)
        await desk.send(ended(alert()))
        desk.clock.pass_s(2_000)
        await desk.intake.look_at_the_time()

        assert len(await desk.of(ev.IncidentOpened)) == 1

    async def test_another_alert_takes_it_along_and_says_why_it_had_waited(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await self.flap(desk, 2)
        await desk.send(ended(alert()))
        await desk.resolve("INC-1")
        await desk.send(alert())
        desk.clock.pass_s(700)
        assert stages(await desk.send(alert("TroubleWithoutAlert", severity="error"))) == {"opening": 1}

        opened = (await desk.of(ev.IncidentOpened))[-1]
        assert opened.reason == "One alert weighs 1, and 1 opens an incident."
        assert opened.severity is IncidentSeverity.SEV1
        waited, own = (await desk.of(ev.AlertGrouped))[-2:]
        assert waited.why.startswith(
            "It waited since it kept changing between firing and resolved. Same service (checkout)"
        )
        assert own.why == f"It opened the incident: {opened.reason}"

    async def test_other_alerts_are_not_held_up_by_it(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await self.flap(desk, 2)
        await desk.resolve("INC-1")

        assert stages(await desk.send(alert("Down"))) == {"opening": 1}


class TestSilences:
    async def test_a_silenced_alert_is_counted_and_kept_out(self) -> None:
        desk = await new_desk()
        await silence(desk, ("service", "=", "checkout"))

        assert stages(await desk.send(alert())) == {"silenced": 1}
        assert await desk.of(ev.IncidentOpened) == []

    async def test_when_it_is_over_the_next_repeat_is_news(self) -> None:
        desk = await new_desk()
        await silence(desk, ("service", "=", "checkout"), minutes=10)
        await desk.send(alert())
        desk.clock.pass_s(600)

        assert stages(await desk.send(alert())) == {"opening": 1}

    async def test_one_that_was_ended_keeps_nothing_back(self) -> None:
        desk = await new_desk()
        await silence(desk, ("service", "=", "checkout"))
        await desk.others_append(ev.SILENCE_STREAM, ev.SilenceEnded(silence_id="S1", by="person:ada"))

        assert stages(await desk.send(alert())) == {"opening": 1}

    async def test_a_broad_one_does_not_keep_a_first_critical_alert_back(self) -> None:
        desk = await new_desk()
        await silence(desk, ("cluster", "=", "eu-1"))

        first = await desk.send(alert(cluster="eu-1", pod="a"))
        second = await desk.send(alert(cluster="eu-1", pod="b"))
        warning = await desk.send(alert("Slow", severity="warning", cluster="eu-1"))

        assert [stages(each) for each in (first, second, warning)] == [{"opening": 1}, {"silenced": 1}, {"silenced": 1}]

    async def test_the_end_of_an_alert_in_an_incident_is_recorded_all_the_same(self) -> None:
        desk = await new_desk()
        await desk.send(alert())
        await silence(desk, ("service", "=", "checkout"))

        assert stages(await desk.send(ended(alert()))) == {"grouped": 1}


class TestRejected:
    async def test_a_body_that_cannot_be_read_is_kept_and_counted(self) -> None:
        desk = await new_desk()
        with pytest.raises(Malformed):
            await desk.intake.take("alertmanager", {}, b'{"alerts": \x00 5' + b"x" * 10_000, desk.clock())

        (rejected,) = await desk.of(ev.BodyRejected)
        assert (rejected.body_bytes, rejected.alerts, rejected.reason) == (10_014, 1, "malformed")
        assert len(rejected.body) <= 4_096
        assert desk.intake.counts()[0].rejected == 1

    async def test_a_body_of_telemetry_is_kept_beside_the_alerts_and_is_none(self) -> None:
        desk = await new_desk()

        await desk.intake.note("otlp/v1/traces", "malformed", "no protobuf", b"\xff\x00", 2)

        (rejected,) = await desk.of(ev.BodyRejected)
        assert (rejected.source, rejected.alerts, rejected.body_bytes) == ("otlp/v1/traces", 0, 2)
        assert desk.intake.counts()[0] == Counts()
        assert stages(await desk.send(alert())) == {"opening": 1}

    async def test_one_bad_alert_costs_only_itself(self) -> None:
        desk = await new_desk()

        taken = await desk.send(alert(), {"labels": {}}, {"labels": 3})

        assert stages(taken) == {"opening": 1, "rejected": 2}
        (rejected,) = await desk.of(ev.BodyRejected)
        assert (rejected.alerts, rejected.reason) == (2, "alert")
        assert "alert 2: it has no alertname" in rejected.detail

    async def test_a_source_nobody_configured_is_not_found(self) -> None:
        desk = await new_desk()
        with pytest.raises(NotFound):
            await desk.intake.take("nagios", {}, b"{}", desk.clock())


class TestBoundedMemory:
    async def test_what_is_remembered_of_alerts_is_bounded(self) -> None:
        desk = await new_desk(rules=CorrelationRules(tracked_alerts=100))
        for number in range(30):
            await desk.send(*(alert(pod=f"{number}-{each}", severity="info") for each in range(10)))

        ledger = desk.intake._ledger
        assert len(ledger.tracks) <= 110
        assert sum(len(group.alerts) for group in ledger.waiting.values()) <= 110

    async def test_incidents_that_are_over_are_remembered_in_a_bounded_number(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ledger_module, "DONE_REMEMBERED", 2)
        desk = await new_desk()
        for number in range(1, 6):
            await desk.send(alert(service=f"s{number}"))
            await desk.resolve(f"INC-{number}")
        await desk.send(alert(service="mail"))

        assert list(desk.intake._ledger.cases) == ["INC-4", "INC-5", "INC-6"]


async def test_an_alert_whose_sender_says_it_ends_in_the_future_ended_when_it_was_received() -> None:
    desk = await new_desk()
    firing = alert()
    await desk.send(firing)
    desk.clock.pass_s(60)
    later = (desk.clock() + timedelta(hours=2)).isoformat()
    earlier = (desk.clock() - timedelta(seconds=20)).isoformat()

    await desk.send({**ended(firing), "endsAt": later})
    await desk.send(alert())
    await desk.send({**ended(firing), "endsAt": earlier})

    future, past = await desk.of(ev.AlertResolved)
    assert future.ended_at == desk.clock()
    assert past.ended_at == desk.clock() - timedelta(seconds=20)
