"""What senders really send: cut messages, tests, data sources that give nothing, and fields that cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from quell.errors import Malformed
from quell.eventlog.log import Recorded
from quell.eventlog.projections.models import ReadModels
from quell.incident import events as ev
from quell.incident.alert import Alert
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.simple import SimpleAlerts
from tests.ingest.given import START, Desk, alert, body_of, ended, new_desk

GRAFANA = Alertmanager(name="grafana")
OWN = SimpleAlerts()


def read(*alerts: dict[str, Any]) -> list[Alert]:
    return list(GRAFANA.parse(body_of(*alerts), START).alerts)


def no_data(name: str, rule: str | None, **labels: str) -> dict[str, Any]:
    found = alert(name, None, "error", datasource_uid="loki-2", ref_id="B", **labels)
    if rule is not None:
        found["labels"]["rulename"] = rule
    return found


async def models(desk: Desk) -> ReadModels:
    shown = ReadModels()
    shown.apply_all(await desk.log.read(limit=10_000))
    return shown


class TestDataSources:
    @pytest.mark.parametrize(
        ("name", "rule", "reads"),
        [
            ("DatasourceNoData", "Disk latency", "Disk latency: no data"),
            ("DatasourceError", "Disk latency", "Disk latency: query error"),
            ("DatasourceRateLimited", "Disk latency", "Disk latency: rate limited"),
            ("DatasourceNoData", None, "DatasourceNoData"),
            ("DiskLatency", "Disk latency", "DiskLatency"),
            ("", "Disk latency", "Disk latency"),
        ],
    )
    def test_their_alerts_are_named_by_the_rule(self, name: str, rule: str | None, reads: str) -> None:
        assert [each.name for each in read(no_data(name, rule))] == [reads]

    async def test_two_rules_without_data_are_two_incidents_with_their_titles(self) -> None:
        desk = await new_desk()

        rules = [no_data("DatasourceNoData", "Disk latency"), no_data("DatasourceNoData", "MailQueue")]
        await desk.webhook(*rules, groupKey='{}:{alertname="DatasourceNoData"}')

        titles = [each.title for each in await desk.of(ev.IncidentOpened)]
        assert titles == ["Disk latency: no data", "Mail queue: no data"]

    async def test_a_data_source_that_fails_for_all_rules_is_a_few_incidents(self) -> None:
        desk = await new_desk()

        await desk.send(*(no_data("DatasourceError", f"Rule {n}") for n in range(100)))

        assert len(await desk.of(ev.IncidentOpened)) == 5


def legacy(state: str, **more: Any) -> bytes:
    rule = {"ruleId": 7, "ruleName": "Mail queue", "ruleUrl": "http://grafana.example/d/1", "state": state, "orgId": 1}
    return json.dumps({**rule, "title": f"[{state}] Mail queue", "tags": {"service": "mail"}, **more}).encode()


class TestLegacyAlerting:
    @pytest.mark.parametrize(
        ("state", "name", "status"),
        [
            ("alerting", "Mail queue", "firing"),
            ("no_data", "Mail queue: no data", "firing"),
            ("ok", "Mail queue", "resolved"),
        ],
    )
    def test_a_rule_is_an_alert(self, state: str, name: str, status: str) -> None:
        (found,) = GRAFANA.parse(legacy(state), START).alerts

        assert (found.name, found.service, found.status, found.link) == (
            name,
            "mail",
            status,
            "http://grafana.example/d/1",
        )

    def test_its_end_ends_it_whatever_its_state_was(self) -> None:
        prints = {GRAFANA.parse(legacy(state), START).alerts[0].fingerprint for state in ("alerting", "no_data", "ok")}

        assert len(prints) == 1

    @pytest.mark.parametrize("state", ["pending", "paused", "unknown"])
    def test_a_state_that_says_nothing_is_refused(self, state: str) -> None:
        with pytest.raises(Malformed, match=state):
            GRAFANA.parse(legacy(state), START)

    def test_its_test_button_is_known(self) -> None:
        (found,) = GRAFANA.parse(legacy("alerting", ruleName="Test notification", ruleId=0), START).alerts

        assert found.test


TEST_BUTTON = {
    "status": "firing",
    "labels": {"alertname": "TestAlert", "instance": "Grafana"},
    "annotations": {"summary": "Notification test"},
    "startsAt": "2026-01-05T09:59:59Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "",
}


class TestTheTestButton:
    async def test_opens_nothing_and_is_counted_and_shown_as_a_test(self) -> None:
        desk = await new_desk()

        taken = await desk.webhook(TEST_BUTTON, groupKey="test-1", title="[FIRING:1] TestAlert Grafana")

        assert (taken.incidents, taken.counts.grouped, taken.counts.tests) == ((), 1, 1)
        shown = await models(desk)
        assert shown.intake.view(START).tests == 1
        ((_, view),) = shown.alerts(incident_id=None, status=None, after=None, limit=5)
        assert (view.test, view.incident_id) == (True, "")

    async def test_gives_no_weight_to_what_waits(self) -> None:
        desk = await new_desk()
        await desk.send(alert("Busy", None, "warning", instance="Grafana", cluster="eu"))

        await desk.webhook(TEST_BUTTON)
        await desk.send(alert("Full", None, "warning", instance="other"))

        assert await desk.of(ev.IncidentOpened) == []

    async def test_a_real_alert_of_that_name_is_no_test(self) -> None:
        desk = await new_desk()

        taken = await desk.send(alert("TestAlert", "checkout"))

        assert (taken.counts.opening, taken.counts.tests) == (1, 0)


class TestCutMessages:
    @pytest.mark.parametrize(
        ("written", "count"),
        [(41, 41), ("41", 41), (0, 0), (None, 0), ("many", 0), (-3, 0), ([1], 0), (True, 0), (10**400, 10**9)],
    )
    async def test_what_was_left_out_is_said_on_the_incident_and_counted(self, written: Any, count: int) -> None:
        desk = await new_desk()

        taken = await desk.webhook(alert(), truncatedAlerts=written)

        shown = await models(desk)
        summary = shown.summary("INC-1")
        assert summary is not None
        assert (taken.counts.not_sent, shown.intake.view(START).not_sent, summary.not_sent) == (count, count, count)

    async def test_it_is_said_once_and_when_it_changes(self) -> None:
        desk = await new_desk()
        for left_out in (41, 41, 60, 0, 0):
            await desk.webhook(alert(), truncatedAlerts=left_out, groupKey="{}:{}")

        assert [each.count for each in await desk.of(ev.AlertsNotSent)] == [41, 60, 0]

    async def test_a_message_without_the_field_left_nothing_out(self) -> None:
        desk = await new_desk()

        assert (await desk.send(alert())).counts.not_sent == 0

    async def test_the_timeline_says_how_to_get_them_all(self) -> None:
        desk = await new_desk()
        await desk.webhook(alert(), truncatedAlerts=41)

        shown = ReadModels()
        records: list[Recorded] = await desk.log.read(limit=100)
        said = [entry for record in records for entry in [shown.apply(record).entry] if entry is not None]
        (entry,) = [entry for entry in said if entry.type == "AlertsNotSent"]
        assert entry.title == "41 alerts not sent by alertmanager"


class TestFieldsThatCannotBeRead:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("generatorURL", "javascript:alert(1)"),
            ("generatorURL", {"a": 1}),
            ("annotations", "text"),
            ("annotations", {"x" * 300: "long name"}),
            ("startsAt", "yesterday"),
            ("startsAt", {"sec": 1}),
            ("endsAt", [1]),
            ("startsAt", True),
            ("fingerprint", ["a"]),
        ],
    )
    def test_cost_the_field_and_not_the_alert(self, field: str, value: Any) -> None:
        parsed = GRAFANA.parse(body_of({**alert(), field: value}), START)

        assert parsed.rejected == () or list(parsed.rejected) == []
        (found,) = parsed.alerts
        assert (found.name, found.starts_at, found.link) == ("HighErrorRate", START, None)
        assert len(found.notes) == 1
        assert "dropped" in found.notes[0]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("starts_at", "soon"),
            ("ends_at", {}),
            ("link", "file:///etc/passwd"),
            ("link", ["a"]),
            ("labels", "a=b"),
            ("annotations", 7),
            ("summary", {"a": 1}),
            ("dedup_key", ["a"]),
        ],
    )
    def test_so_it_is_in_quells_own_form(self, field: str, value: Any) -> None:
        body = json.dumps({"name": "DiskFull", "service": "db", field: value}).encode()

        (found,) = OWN.parse(body, START).alerts

        assert (found.name, found.service, len(found.notes)) == ("DiskFull", "db", 1)

    @pytest.mark.parametrize("written", [1767607199, 1767607199.0, "1767607199", 1767607199000, "2026-01-05T09:59:59Z"])
    def test_a_time_may_be_written_as_unix_time(self, written: Any) -> None:
        (found,) = read({**alert(), "startsAt": written, "annotations": {"runbook": ["a", 1]}})

        assert found.starts_at == datetime(2026, 1, 5, 9, 59, 59, tzinfo=UTC)
        assert (found.annotations, found.notes) == ({"runbook": '["a",1]'}, ())

    async def test_the_alert_says_what_was_dropped(self) -> None:
        desk = await new_desk()
        await desk.send({**alert(), "startsAt": "yesterday"})

        ((_, view),) = (await models(desk)).alerts(incident_id=None, status=None, after=None, limit=5)

        assert view.notes == ("Its startsAt was dropped: it is no time that can be read.",)

    def test_a_good_alert_has_nothing_to_say(self) -> None:
        assert read(alert(), ended(alert()))[0].notes == ()
