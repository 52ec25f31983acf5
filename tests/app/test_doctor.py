"""The doctor: what it finds on real files, ports and endpoints, and that it changes nothing."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quell.app.doctor import Finding, examine
from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident.events import SYSTEM_STREAM, ProcessStopped
from quell.settings import Settings
from tests.actions.control_api import TOKEN, ControlApi
from tests.evidence.endpoint import Endpoint, hangs_up, says


@pytest.fixture(autouse=True)
def _no_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"PATH": "/usr/bin:/bin"})


async def _found(data: Path, **values: Any) -> dict[str, Finding]:
    findings = await examine(Settings(data_dir=data, **{"port": 0, **values}))
    assert all(one.mend for one in findings if one.state != "ok")
    assert all(one.says for one in findings)
    return {one.check: one for one in findings}


def _tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


async def _record(log: SqliteEventLog, count: int) -> None:
    for number in range(count):
        await log.append([Write(stream=SYSTEM_STREAM, events=[ProcessStopped(reason=str(number))])])


def _clock() -> datetime:
    return datetime.now(UTC)


async def test_before_the_first_start_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    found = await _found(tmp_path / "deep" / "data")

    assert found["data folder"].state == found["event log"].state == "ok"
    assert "at the first start" in found["event log"].says
    assert list(tmp_path.iterdir()) == []


async def test_a_log_that_was_closed_is_counted_and_not_touched(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=_clock)
    await _record(log, 3)
    await log.close()
    before = _tree(tmp_path)

    found = await _found(tmp_path)

    assert "3 events" in found["event log"].says
    assert "in use by nobody" in found["event log"].says
    assert _tree(tmp_path) == before


async def test_a_log_in_use_is_looked_at_beside_its_owner_who_goes_on(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=_clock)
    try:
        await _record(log, 2)
        found = await _found(tmp_path)
        await _record(log, 1)
        later = await _found(tmp_path)
    finally:
        await log.close()

    assert "2 events" in found["event log"].says
    assert "in use by process" in found["event log"].says
    assert "3 events" in later["event log"].says


async def test_the_name_of_a_killed_owner_is_not_believed(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=_clock)
    await log.close()
    (tmp_path / "log.db.lock").write_text("1\n")

    found = await _found(tmp_path)

    assert "in use by nobody" in found["event log"].says
    again = await SqliteEventLog.open(tmp_path / "log.db", clock=_clock)
    await again.close()


async def test_a_file_that_is_no_log_is_bad(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"hello" * 1000)

    found = await _found(tmp_path)

    assert found["event log"].state == "bad"


async def test_somebody_elses_database_is_bad_and_stays_as_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "log.db") as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    before = _tree(tmp_path)

    found = await _found(tmp_path)

    assert "not an event log" in found["event log"].says
    assert _tree(tmp_path) == before


async def test_a_log_of_a_newer_quell_is_bad(tmp_path: Path) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=_clock)
    await log.close()
    with sqlite3.connect(tmp_path / "log.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()

    found = await _found(tmp_path)

    assert (found["event log"].state, "format 99" in found["event log"].says) == ("bad", True)


async def test_a_file_where_the_folder_should_be_is_bad(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    found = await _found(tmp_path / "data" / "below")

    assert (found["data folder"].state, "is not a folder" in found["data folder"].says) == ("bad", True)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "ok"),
        ({"token": "0123456789abcdef0123456789abcdef", "host": "0.0.0.0"}, "ok"),
        ({"token": "short"}, "bad"),
        ({"host": "0.0.0.0"}, "bad"),
        ({"token_file": "/nowhere/token"}, "bad"),
    ],
)
async def test_the_token_is_looked_at(values: dict[str, Any], state: str, tmp_path: Path) -> None:
    found = await _found(tmp_path, **values)

    assert found["token"].state == state
    assert "0123456789abcdef" not in str(found)


@pytest.mark.parametrize(
    ("host", "sender", "state", "words"),
    [
        ("127.0.0.1", {}, "ok", "everybody on this machine"),
        ("0.0.0.0", {}, "bad", "everybody who reaches"),
        ("0.0.0.0", {"token": "secret-of-the-sender"}, "ok", "a bearer token"),
        ("0.0.0.0", {"hmac_secret": "secret-of-the-sender"}, "ok", "a signature"),
    ],
)
async def test_each_sender_is_looked_at(
    host: str, sender: dict[str, str], state: str, words: str, tmp_path: Path
) -> None:
    found = await _found(tmp_path, host=host, ingest={"senders": {"pager": {"kind": "simple", **sender}}})

    assert (found["sender pager"].state, words in found["sender pager"].says) == (state, True)
    assert "secret-of-the-sender" not in str(found)


@pytest.mark.parametrize(
    ("host", "otlp", "state", "words"),
    [
        ("127.0.0.1", {}, "ok", "everybody on this machine"),
        ("0.0.0.0", {}, "bad", "everybody who reaches 0.0.0.0"),
        ("0.0.0.0", {"token": "secret-of-the-exporter"}, "ok", "want a bearer token"),
        ("0.0.0.0", {"enabled": False}, "ok", "are not there"),
    ],
)
async def test_the_way_in_for_telemetry_is_looked_at(
    host: str, otlp: dict[str, Any], state: str, words: str, tmp_path: Path
) -> None:
    found = await _found(tmp_path, host=host, evidence={"otlp": otlp})

    assert (found["pushed telemetry"].state, words in found["pushed telemetry"].says) == (state, True)
    assert "secret-of-the-exporter" not in str(found)


async def test_a_free_port_is_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    found = await _found(tmp_path, port=port)

    assert (found["port"].state, "is free" in found["port"].says) == ("ok", True)


@pytest.mark.parametrize("behaviour", [says("hello"), hangs_up], ids=["no Quell", "no HTTP"])
async def test_a_port_that_something_else_has_is_bad(behaviour: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.behaviour = behaviour

    found = await _found(tmp_path, port=_port(endpoint))

    assert (found["port"].state, "--port" in found["port"].mend) == ("bad", True)


async def test_an_address_of_another_machine_is_bad(tmp_path: Path) -> None:
    found = await _found(tmp_path, host="192.0.2.1", port=8700, token="0123456789abcdef")

    assert found["port"].state == "bad"


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    served = await Endpoint().start()
    yield served
    await served.stop()


def _port(endpoint: Endpoint) -> int:
    return int(endpoint.url.split(":")[2].split("/")[0])


def _dead() -> str:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return f"http://127.0.0.1:{gone.getsockname()[1]}/metrics"


async def test_without_sources_nobody_can_tell(tmp_path: Path) -> None:
    found = await _found(tmp_path)

    assert (found["evidence"].state, "evidence.targets" in found["evidence"].mend) == ("unknown", True)


async def test_sources_that_answer_say_what_they_see(endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "cart.log").write_text(json.dumps({"ts": _clock().isoformat(), "msg": "hello"}) + "\n")
    (tmp_path / "changes.jsonl").write_text("")
    evidence = {
        "targets": [{"service": "cart", "url": endpoint.url}],
        "logs": [str(tmp_path / "cart.log")],
        "changes": str(tmp_path / "changes.jsonl"),
    }

    found = await _found(tmp_path, evidence=evidence)

    said = {name: one for name, one in found.items() if name.startswith("evidence")}
    assert {one.state for one in said.values()} == {"ok"}
    assert "1 of 1 targets answer" in said["evidence scrape"].says
    assert "1 of 1 files" in said["evidence logfiles"].says
    assert "0 changes" in said["evidence changes"].says


async def test_one_of_many_that_is_missing_is_named(endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "cart.log").write_text("")
    evidence = {
        "targets": [{"service": "cart", "url": endpoint.url}, {"service": "edge", "url": _dead()}],
        "logs": [str(tmp_path / "cart.log"), str(tmp_path / "edge.log")],
    }

    found = await _found(tmp_path, evidence=evidence)

    bad = {name for name, one in found.items() if one.state == "bad" and name.startswith("evidence")}
    assert bad == {"evidence scrape edge", "evidence logfiles edge.log"}


async def test_sources_of_which_nothing_answers_are_bad_once(tmp_path: Path) -> None:
    evidence = {
        "targets": [{"service": "edge", "url": _dead()}],
        "logs": [str(tmp_path / "edge.log")],
        "changes": str(tmp_path / "changes.jsonl"),
    }

    found = await _found(tmp_path, evidence=evidence)

    bad = {name for name, one in found.items() if one.state == "bad" and name.startswith("evidence")}
    assert bad == {"evidence scrape", "evidence logfiles", "evidence changes"}


@pytest.fixture
async def api() -> AsyncIterator[ControlApi]:
    async with ControlApi().serving() as serving:
        yield serving


async def test_a_supervisor_that_answers_lists_its_services_and_nothing_is_changed(
    api: ControlApi, tmp_path: Path
) -> None:
    found = await _found(tmp_path, actions={"supervisor": {"url": api.base_url, "token": TOKEN}})

    assert (found["supervisor"].state, "2 services" in found["supervisor"].says) == ("ok", True)
    assert {method for method, _ in api.asked} == {"GET"}
    assert api.changed == []


async def test_a_supervisor_that_does_not_know_us_is_bad(api: ControlApi, tmp_path: Path) -> None:
    found = await _found(tmp_path, actions={"supervisor": {"url": api.base_url, "token": "another-one"}})

    assert found["supervisor"].state == "bad"
    assert "another-one" not in str(found)


async def test_a_supervisor_that_is_gone_is_bad(tmp_path: Path) -> None:
    found = await _found(tmp_path, actions={"supervisor": {"url": _dead(), "token": TOKEN}})

    assert (found["supervisor"].state, "Start the supervisor" in found["supervisor"].mend) == ("bad", True)


@pytest.mark.parametrize(("allowed", "state"), [((), "bad"), (("hooks.example",), "ok")])
async def test_a_webhook_is_looked_at_and_never_called(allowed: tuple[str, ...], state: str, tmp_path: Path) -> None:
    webhook = {"url": "https://hooks.example/restart?key=secret-of-the-hook", "services": ["cart"]}
    found = await _found(tmp_path, actions={"webhooks": {"restart": webhook}, "allowed_hosts": allowed})

    assert found["webhook restart"].state == state
    assert "secret-of-the-hook" not in str(found)


async def test_a_webhook_that_names_no_service_is_bad(tmp_path: Path) -> None:
    webhook = {"url": "https://hooks.example/restart"}
    found = await _found(tmp_path, actions={"webhooks": {"restart": webhook}, "allowed_hosts": ("hooks.example",)})

    assert (found["webhook restart"].state, "services" in found["webhook restart"].mend) == ("bad", True)


@pytest.mark.parametrize("services", [["cart"], ["c*"]])
async def test_webhooks_that_the_start_would_refuse_are_bad(services: list[str], tmp_path: Path) -> None:
    one = {"url": "https://hooks.example/a", "services": ["cart"], "causes": ["memory_leak"]}
    hooks = {"a": one, "ab": {**one, "services": services}, "c": {**one, "services": ["pay"]}}
    found = await _found(tmp_path, actions={"webhooks": hooks, "allowed_hosts": ("hooks.example",)})

    assert [found[f"webhook {name}"].state for name in hooks] == ["bad", "bad", "ok"]
    assert "nothing tells them apart" in found["webhook ab"].says
    assert found["settings"].state == "bad"
    assert found["settings"].says in found["webhook a"].says


async def test_a_source_that_cannot_be_built_is_bad_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    prometheus = {"url": "http://127.0.0.1:1", "queries": {"mood": "up"}}
    found = await _found(tmp_path, evidence={"prometheus": prometheus})

    assert (found["evidence"].state, "no series mood" in found["evidence"].says) == ("bad", True)
    assert found["data folder"].state == "ok"


@pytest.mark.parametrize(
    ("most", "processes", "state"), [(200, 1, "bad"), (511, 1, "bad"), (512, 1, "ok"), (512, 2, "bad"), (712, 2, "ok")]
)
async def test_a_limit_on_open_files_that_is_too_low_is_bad(
    most: int, processes: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (most, most))
    found = await _found(tmp_path, live={"processes": processes})

    assert (found["open files"].state, str(most) in found["open files"].says) == (state, True)


async def test_a_runbook_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = {"runbooks": tmp_path / "own"}

    assert (await _found(tmp_path / "data", actions=own))["runbooks"].state == "ok"

    (tmp_path / "own" / "mine.toml").write_text("= =")
    found = (await _found(tmp_path / "data", actions=own))["runbooks"]

    assert found.state == "bad"
    assert "mine.toml: not TOML" in found.says
