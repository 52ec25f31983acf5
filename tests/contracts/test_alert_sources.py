"""What every source of alerts keeps to, over the payloads recorded for it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import Malformed
from quell.eventlog.codec import decode, encode
from quell.incident.alert import Alert, AlertStatus
from quell.incident.events import AlertGrouped
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.bounds import AlertBounds
from quell.ingest.simple import SimpleAlerts
from quell.ingest.source import AlertSource

PAYLOADS = Path(__file__).parent.parent / "payloads"
NOW = datetime(2026, 1, 5, 10, 10, tzinfo=UTC)

SOURCES: dict[str, AlertSource] = {
    "alertmanager": Alertmanager(),
    "grafana": Alertmanager(name="grafana"),
    "simple": SimpleAlerts(),
}
"""By the folder that holds their payloads."""
RECORDED = [(folder, path) for folder in SOURCES for path in sorted((PAYLOADS / folder).glob("*.json"))]

READ = {
    "alertmanager/firing": [("HighErrorRate", "checkout", "critical", "firing")],
    "alertmanager/resolved": [("HighErrorRate", "checkout", "critical", "resolved")],
    "alertmanager/several": [
        ("PodCrashLooping", "payment", "error", "firing"),
        ("PodCrashLooping", "payment", "error", "resolved"),
        ("Watchdog", None, "info", "firing"),
        ("QueueBacklog", "inventory", "error", "firing"),
    ],
    "grafana/firing": [("SlowCheckout", "checkout", "critical", "firing")],
    "grafana/resolved": [("SlowCheckout", "checkout", "critical", "resolved")],
    "grafana/no-data": [("SlowCheckout: no data", "checkout", "error", "firing")],
    "simple/firing": [
        ("DiskFull", "orders-db", "critical", "firing"),
        ("BackupLate", "orders-db", "warning", "firing"),
    ],
    "simple/resolved": [("DiskFull", "orders-db", "error", "resolved")],
    "simple/one": [("NightlyImportFailed", None, "error", "firing")],
}


def read(folder: str, name: str) -> list[Alert]:
    return list(SOURCES[folder].parse((PAYLOADS / folder / f"{name}.json").read_bytes(), NOW).alerts)


@pytest.fixture(params=list(SOURCES))
def source(request: pytest.FixtureRequest) -> AlertSource:
    return SOURCES[request.param]


@pytest.mark.parametrize(("folder", "path"), RECORDED, ids=lambda value: getattr(value, "stem", value))
class TestEveryRecordedPayload:
    def test_is_read_as_written_down(self, folder: str, path: Path) -> None:
        alerts = read(folder, path.stem)

        found = [(alert.name, alert.service, alert.severity.value, alert.status.value) for alert in alerts]
        assert found == READ[f"{folder}/{path.stem}"]

    def test_gives_alerts_within_their_bounds(self, folder: str, path: Path) -> None:
        for alert in read(folder, path.stem):
            assert re.fullmatch("[0-9a-f]{16}", alert.fingerprint)
            assert alert.source == SOURCES[folder].name
            assert alert.name.isprintable()
            assert all(text.isprintable() for label in alert.labels.items() for text in label)
            assert alert.received_at == NOW
            for at in (alert.starts_at, alert.ends_at):
                assert at is None or at.utcoffset() == timedelta(0)
            assert alert.link is None or alert.link.startswith(("http://", "https://"))

    def test_is_the_same_when_it_comes_again(self, folder: str, path: Path) -> None:
        assert read(folder, path.stem) == read(folder, path.stem)

    def test_survives_the_log(self, folder: str, path: Path) -> None:
        for alert in read(folder, path.stem):
            event = AlertGrouped(alert=alert, why="a test")
            assert decode(*encode(event)) == event

    def test_loses_only_the_alert_that_is_broken(self, folder: str, path: Path) -> None:
        body = json.loads(path.read_text())
        alerts = body.pop("alerts", None) or [body]
        broken = [7, {"labels": "no", "name": ["no"]}, *alerts, None]

        parsed = SOURCES[folder].parse(json.dumps({**body, "alerts": broken}).encode(), NOW)

        assert [alert.fingerprint for alert in parsed.alerts] == [a.fingerprint for a in read(folder, path.stem)]
        assert len(parsed.rejected) == 3

    def test_tolerates_fields_nobody_knows(self, folder: str, path: Path) -> None:
        body = json.loads(path.read_text())
        for alert in body.get("alerts", [body]):
            alert["later"] = {"deep": [1, None]}
        parsed = SOURCES[folder].parse(json.dumps({**body, "brand_new": [{}]}).encode(), NOW)

        assert list(parsed.alerts) == read(folder, path.stem)

    def test_refuses_every_truncation_of_itself(self, folder: str, path: Path) -> None:
        whole = path.read_bytes().rstrip()
        for end in range(0, len(whole), 37):
            with pytest.raises(Malformed):
                SOURCES[folder].parse(whole[:end], NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"alerts"',
        b"\xff\xfe{}",
        b'{"alerts": 3}',
        b'{"alerts": {"a": 1}}',
        b'{"alerts": "\\ud800"}',
        b"[" * 100_000,
        b'{"alerts": [], "x": ' + b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_refuses_what_is_no_list_of_alerts(source: AlertSource, body: bytes) -> None:
    with pytest.raises(Malformed):
        source.parse(body, NOW)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["alerts", "name", "labels", "status", "startsAt", "severity", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
def test_never_fails_in_another_way_than_refusing(body: bytes) -> None:
    for source in SOURCES.values():
        try:
            parsed = source.parse(body, NOW)
        except Malformed:
            continue
        for alert in parsed.alerts:
            msgspec.json.encode(alert)


def test_a_lone_surrogate_costs_only_its_alert() -> None:
    good = b'{"labels": {"alertname": "A"}}'
    for bad in (rb"\ud800", rb"\udc00x"):
        body = b'{"alerts": [{"labels": {"alertname": "' + bad + b'"}}, ' + good + b"]}"
        try:
            parsed = SOURCES["alertmanager"].parse(body, NOW)
        except Malformed:
            continue
        msgspec.json.encode(parsed.alerts)


class TestAlertmanager:
    def test_reads_the_year_one_as_no_end(self) -> None:
        (alert,) = read("alertmanager", "firing")

        assert (alert.status, alert.ends_at) == (AlertStatus.FIRING, None)

    @pytest.mark.parametrize(
        ("alert", "status"),
        [
            ({"endsAt": "0001-01-01T00:00:00Z"}, "firing"),
            ({"endsAt": "0001-01-01T00:00:00+02:00"}, "firing"),
            ({"endsAt": "2026-01-05T10:09:59Z"}, "resolved"),
            ({"endsAt": "2026-01-05T10:14:00Z"}, "firing"),
            ({"status": "resolved"}, "resolved"),
            ({"status": "Firing", "endsAt": "2026-01-05T10:09:59Z"}, "firing"),
        ],
    )
    def test_takes_the_word_before_the_times(self, alert: dict[str, str], status: str) -> None:
        body = json.dumps({"alerts": [{"labels": {"alertname": "A"}, **alert}]}).encode()

        assert SOURCES["alertmanager"].parse(body, NOW).alerts[0].status == status

    def test_takes_the_status_of_the_body_where_an_alert_has_none(self) -> None:
        body = b'{"status": "resolved", "alerts": [{"labels": {"alertname": "A"}}]}'

        assert SOURCES["alertmanager"].parse(body, NOW).alerts[0].status is AlertStatus.RESOLVED

    def test_makes_text_of_values_that_are_none(self) -> None:
        body = b'{"alerts": [{"labels": {"alertname": "A", "port": 80, "on": true, "no": null}, "annotations": null}]}'

        assert SOURCES["alertmanager"].parse(body, NOW).alerts[0].labels == {
            "alertname": "A",
            "port": "80",
            "on": "true",
            "no": "",
        }

    def test_resolve_keeps_the_fingerprint_of_its_trigger(self) -> None:
        assert read("alertmanager", "firing")[0].fingerprint == read("alertmanager", "resolved")[0].fingerprint
        assert read("grafana", "firing")[0].fingerprint == read("grafana", "resolved")[0].fingerprint
        assert read("simple", "firing")[0].fingerprint == read("simple", "resolved")[0].fingerprint

    def test_marks_a_severity_it_does_not_know(self) -> None:
        alert = read("alertmanager", "several")[3]

        assert (alert.severity_raw, alert.severity_known) == ("P9", False)

    def test_takes_invisible_characters_out_and_dangerous_links_off(self) -> None:
        alert = read("alertmanager", "several")[3]

        assert alert.annotations["summary"] == "queue orders is long"
        assert alert.link is None


class TestBounds:
    def test_an_alert_with_too_many_labels_is_rejected_alone(self) -> None:
        many = {f"l{number}": "x" for number in range(65)}
        body = {"alerts": [{"labels": {"alertname": "A", **many}}, {"labels": {"alertname": "B"}}]}

        parsed = SOURCES["alertmanager"].parse(json.dumps(body).encode(), NOW)

        assert [alert.name for alert in parsed.alerts] == ["B"]
        assert "64" in parsed.rejected[0]

    def test_a_long_value_is_cut_with_a_mark_and_keeps_its_identity(self) -> None:
        def one(tail: str) -> Alert:
            body = {"alerts": [{"labels": {"alertname": "A", "sql": "s" * 5_000 + tail}}]}
            return SOURCES["alertmanager"].parse(json.dumps(body).encode(), NOW).alerts[0]

        assert len(one("a").labels["sql"]) == 1_024
        assert one("a").labels["sql"].endswith("[cut]")
        assert one("a").fingerprint != one("b").fingerprint

    @pytest.mark.parametrize("folder", list(SOURCES))
    def test_alerts_past_the_bound_are_rejected_one_by_one(self, folder: str) -> None:
        kind = type(SOURCES[folder])
        source = kind(name="small", bounds=AlertBounds(alerts=2))  # type: ignore[call-arg]
        each = {"labels": {"alertname": "A"}, "name": "A"}
        if folder == "simple":
            each = {"name": "A"}

        parsed = source.parse(json.dumps({"alerts": [each] * 5}).encode(), NOW)

        assert (len(parsed.alerts), len(parsed.rejected)) == (2, 3)


def test_the_example_in_the_documentation_is_read_whole() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text()
    (example,) = (block for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL) if '"alerts"' in block)

    parsed = SimpleAlerts().parse(example.encode(), NOW)

    (read_alert,) = parsed.alerts
    assert not parsed.rejected
    assert read_alert.severity_known
    assert (read_alert.name, read_alert.service, read_alert.link) == (
        "DiskFull",
        "orders-db",
        "https://hosts.example/db-2",
    )
