"""The commands that look at a Quell that runs, and talk to it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Command, Server, only_line, quell, serving, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("beside")) as server:
        yield server


@pytest.fixture(scope="module")
def incident(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An incident that a test alert opened."""
    sent = ("--url", server.url, "--service", "billing", "--severity", "critical", "-o", "json")
    ended = quell("send-test-alert", *sent, cwd=tmp_path_factory.mktemp("sender"))
    assert ended.returncode == 0, ended.stderr
    (answer,) = json.loads(ended.stdout)
    (incident_id,) = answer["incidents"]
    return str(incident_id)


def test_a_second_process_on_the_same_data_is_refused_and_the_first_goes_on(server: Server, tmp_path: Path) -> None:
    said = only_line(quell("serve", "--port", "0", "--data", str(server.data), cwd=tmp_path))

    assert f"in use by process {server.process.pid}" in said
    assert server.send({"name": "StillHere", "service": "cart", "severity": "info"}).status_code == 202


def test_a_test_alert_is_counted_and_said_as_a_table_too(server: Server, tmp_path: Path) -> None:
    ended = quell("send-test-alert", "--url", server.url, "--severity", "info", cwd=tmp_path)

    head, row = ended.stdout.splitlines()
    assert "received" in head.split()
    assert "1" in row.split()


def test_a_test_alert_is_ended_by_the_same_command(server: Server, tmp_path: Path) -> None:
    sent = ("send-test-alert", "--url", server.url, "--service", "ended", "--severity", "critical")
    assert quell(*sent, cwd=tmp_path).returncode == 0

    assert quell(*sent, "--resolve", cwd=tmp_path).returncode == 0

    firing = server.get("/alerts", status="firing")["items"]
    assert "ended" not in [alert["service"] for alert in firing]


def test_replay_folds_the_same_incident_from_the_file(server: Server, incident: str, tmp_path: Path) -> None:
    def looked_at_twice() -> tuple[Any, Any] | None:
        """While the agents work on it, only what stood still meanwhile can be compared."""
        before = server.get(f"/incidents/{incident}")
        ended = quell("replay", incident, "--data", str(server.data), "-o", "json", cwd=tmp_path)
        return (before, json.loads(ended.stdout)) if server.get(f"/incidents/{incident}") == before else None

    shown, retold = until(looked_at_twice, "two looks at the same state") or ({}, {})
    assert retold == shown


def test_replay_tells_a_person_the_story_in_order(server: Server, incident: str, tmp_path: Path) -> None:
    def begun() -> bool:
        return any(phase["started_at"] for phase in server.get(f"/incidents/{incident}")["summary"]["phases"])

    until(begun, "the first phase")

    lines = quell("replay", incident, "--data", str(server.data), cwd=tmp_path).stdout.splitlines()
    times = [line[:8] for line in lines if re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert lines[0].startswith(incident)
    assert any("detection" in line for line in lines)
    assert len(times) > 2
    assert times == sorted(times)


def test_replay_of_an_incident_that_never_was_is_refused(server: Server, tmp_path: Path) -> None:
    ended = quell("replay", "INC-4711", "--data", str(server.data), cwd=tmp_path)

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "INC-4711" in ended.stderr


def test_export_prints_every_event_in_order(server: Server, incident: str, tmp_path: Path) -> None:
    ended = quell("export", "--data", str(server.data), cwd=tmp_path)

    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "ProcessStarted"


def test_export_prints_the_events_of_one_incident(server: Server, incident: str, tmp_path: Path) -> None:
    known = server.get(f"/incidents/{incident}")["offset"]
    ended = quell("export", "--incident", incident, "--data", str(server.data), cwd=tmp_path)

    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {event["stream"] for event in events} == {f"incident/{incident}"}
    assert len(events) >= known
    assert [event["offset"] for event in events] == list(range(1, len(events) + 1))


def test_export_prints_incidents_as_they_stand(server: Server, incident: str, tmp_path: Path) -> None:
    ended = quell("export", "incidents", "--data", str(server.data), cwd=tmp_path)

    found = {row["summary"]["id"]: row["summary"]["service"] for row in map(json.loads, ended.stdout.splitlines())}
    assert found[incident] == "billing"


def test_the_doctor_sees_the_running_process_and_stops_nothing(server: Server, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    ended = quell("doctor", "--data", str(server.data), "-o", "json", cwd=tmp_path, QUELL_PORT=port)

    found = {row["check"]: row for row in json.loads(ended.stdout)}
    assert f"in use by process {server.process.pid}" in found["event log"]["says"]
    assert "a Quell answers" in found["port"]["says"]
    bad = {check for check, row in found.items() if row["state"] == "bad"}
    assert (bad <= {"dashboard"}, ended.returncode) == (True, 1 if bad else 0)
    assert server.send({"name": "AfterTheVisit", "service": "cart", "severity": "info"}).status_code == 202


def test_the_doctor_exits_1_and_says_what_to_mend(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("not a database " * 100)

    ended = quell("doctor", "--data", ".", cwd=tmp_path)

    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("event log ")]
    assert ended.returncode == 1
    assert " bad " in line
    assert "Choose another folder" in " ".join(ended.stdout.split())


def test_settings_are_shown_as_json_without_secrets(tmp_path: Path) -> None:
    ended = quell("check-config", "-o", "json", cwd=tmp_path, QUELL_TOKEN="tell-nobody", QUELL_PORT="8799")

    assert json.loads(ended.stdout)["port"] == 8799
    assert "tell-nobody" not in ended.stdout


def test_tail_follows_what_happens_and_ends_by_ctrl_c(server: Server, tmp_path: Path) -> None:
    tail = Command(tmp_path, "tail", "tail", "--url", server.url, "-o", "json")
    try:
        tail.says("\n")
        sent = server.send({"name": "SeenLive", "service": "seen-live", "severity": "critical"})
        said = tail.says("seen-live")
    finally:
        code = tail.end(signal.SIGINT)

    assert sent.status_code == 202
    messages = [json.loads(line) for line in said.splitlines() if line.endswith("}")]
    assert {message["channel"] for message in messages} == {"events"}
    assert (code, tail.err) == (0, "")


def test_tail_says_it_for_people(server: Server, tmp_path: Path) -> None:
    tail = Command(tmp_path, "tail", "tail", "--url", server.url)
    try:
        tail.says("following\n")
        server.send({"name": "SaidAloud", "service": "said-aloud", "severity": "critical"})
        tail.says("said-aloud")
    finally:
        tail.end(signal.SIGINT)


def test_the_agents_are_asked_to_look_again_and_an_incident_that_is_not_there_is_refused(
    server: Server, incident: str, tmp_path: Path
) -> None:
    def handed_over() -> bool:
        return bool(server.get(f"/incidents/{incident}")["summary"]["outcome"])

    until(handed_over, "the hand-over")

    asked = quell("look-again", incident, "--url", server.url, "--reason", "it is back", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert incident in asked.stdout

    def begun() -> bool:
        types = [row["type"] for row in server.get(f"/incidents/{incident}/events")["items"]]
        return types.count("ResponseStarted") == 2

    until(begun, "the second response")
    said = only_line(quell("look-again", "INC-999", "--url", server.url, cwd=tmp_path))
    assert "404: there is no incident INC-999" in said
