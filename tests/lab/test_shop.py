"""The shop in good health: its services, its control interface, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from tests.lab.running import Capture, RunningLab, alive, group_of, lasting, running_lab, spawn, until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab-shop"), pytest.mark.asyncio(loop_scope="module")]

CALLS = {
    ("edge", "catalog"),
    ("edge", "cart"),
    ("edge", "checkout"),
    ("cart", "catalog"),
    ("cart", "inventory"),
    ("checkout", "cart"),
    ("checkout", "payment"),
    ("checkout", "inventory"),
    ("payment", "bank"),
    ("catalog", "supplier"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLab]:
    """One lab for all tests that leave it as they found it."""
    async with running_lab(tmp_path_factory.mktemp("shop"), "--seed", "3", "--token", "ingest-secret-1") as running:
        yield running


async def test_every_service_answers_and_its_calls_are_seen_in_metrics(lab: RunningLab) -> None:
    async def calls() -> set[tuple[str, str]]:
        families = text_string_to_metric_families(await lab.metrics())
        samples = [sample for family in families for sample in family.samples]
        return {
            (sample.labels["service"], sample.labels["peer"])
            for sample in samples
            if sample.name == "http_client_requests_total" and sample.labels["code"] in ("200", "201")
        }

    await until(lambda: _equal(calls, CALLS), "every call of the shop", within_s=15)

    for target in lab.told["targets"]:
        root = target["url"].removesuffix("/metrics")
        found = await lab.http.get(f"{root}/healthz")
        metrics = await lab.http.get(target["url"])
        assert found.json()["status"] == "ok"
        assert "version=0.0.4" in metrics.headers["content-type"]


async def test_quiet_traffic_is_healthy(lab: RunningLab) -> None:
    await until(lambda: _at_least(lab, "edge", "http_requests_total", 120), "some traffic", within_s=15)

    failed = [line for line in (await lab.metrics()).splitlines() if 'requests_total{service="edge",code="5' in line]
    assert sum(float(line.rpartition(" ")[2]) for line in failed) <= 3
    assert lab.capture.bodies == []


async def test_a_restart_loses_no_request(lab: RunningLab) -> None:
    edge, statuses, done = lab.told["edge_url"], [], asyncio.Event()

    async def keep_asking() -> None:
        while not done.is_set():
            statuses.append((await lab.http.get(f"{edge}/cart/nobody")).status_code)

    asking = asyncio.create_task(keep_asking())
    answer = await lab.act("/services/cart/restart")
    done.set()
    await asking

    assert answer.status_code == 200
    assert len(statuses) > 5
    assert set(statuses) == {200}


async def test_the_same_idempotency_key_gets_the_first_answer_and_changes_nothing(lab: RunningLab) -> None:
    known = len(changes_of(lab))
    first = await lab.act("/services/inventory/restart", key="incident-7/act")
    again = await asyncio.gather(*(lab.act("/services/inventory/restart", key="incident-7/act") for _ in range(3)))
    other = await lab.act("/services/cart/restart", key="incident-7/act")
    changes = changes_of(lab)[known:]

    assert first.status_code == 200
    assert [answer.json() for answer in again] == [first.json()] * 3
    assert other.status_code == 409
    assert len(changes) == 1
    assert changes[0]["by"] == "quell"


@pytest.mark.parametrize(
    ("path", "data", "undo_path", "undo_data", "field"),
    [
        ("/services/cart/roll_back", {}, "/services/cart/deploy", {"version": "1.4.2"}, "version"),
        (
            "/services/payment/flag",
            {"name": "provider", "value": "b"},
            "/services/payment/flag",
            {"name": "provider", "value": "a"},
            "flags",
        ),
        ("/services/cart/scale_pool", {"size": 12}, "/services/cart/scale_pool", {"size": "8"}, "pool_size"),
        (
            "/services/cart/set_config",
            {"key": "max_lines", "value": "9"},
            "/services/cart/roll_back_config",
            {},
            "config",
        ),
    ],
)
async def test_a_change_and_its_undo_restore_a_service(
    lab: RunningLab, path: str, data: dict[str, object], undo_path: str, undo_data: dict[str, object], field: str
) -> None:
    name, known = path.split("/")[2], len(changes_of(lab))
    before = (await lab.services())[name]
    done = await lab.act(path, data)
    between = (await lab.services())[name]
    undone = await lab.act(undo_path, undo_data)
    after = (await lab.services())[name]

    assert (done.status_code, undone.status_code) == (200, 200)
    assert done.json()["before"] != done.json()["after"]
    assert between[field] != before[field]
    assert (lasting(after), after["restarts"]) == (lasting(before), before["restarts"])
    kinds = [change["kind"] for change in changes_of(lab)[known:]]
    assert len(kinds) == 2
    assert len(set(kinds)) == 1


REFUSED = [
    ("/services/bank-a/restart", {}, 404),
    ("/services/nobody/restart", {}, 404),
    ("/services/cart/explode", {}, 404),
    ("/services/cart/deploy", {"version": "9.9.9"}, 404),
    ("/services/cart/deploy", {}, 400),
    ("/services/cart/deploy", {"version": "1.4.2"}, 409),
    ("/services/cart/roll_back_config", {}, 409),
    ("/services/cart/scale_pool", {"size": 0}, 400),
    ("/services/cart/scale_pool", {"size": "many"}, 400),
    ("/services/checkout/scale_pool", {"size": 4}, 409),
    ("/services/payment/flag", {"name": "provider", "value": "c"}, 400),
    ("/services/cart/flush_cache", {}, 409),
    ("/services/cart/clear_disk", {}, 409),
    ("/services/cart/stop_neighbour", {}, 409),
    ("/services/cart/set_config", {"key": "max_lines", "value": "lots"}, 400),
    ("/services/cart/set_config", {"key": "nothing", "value": 1}, 404),
]


async def test_what_cannot_be_done_is_a_problem_and_changes_nothing(lab: RunningLab) -> None:
    known = len(changes_of(lab))
    for path, data, status in REFUSED:
        found = await lab.act(path, data)

        assert (path, found.status_code) == (path, status)
        assert found.headers["content-type"] == "application/problem+json"
        assert found.json()["detail"]
    assert len(changes_of(lab)) == known


async def test_each_token_opens_its_own_part_only(lab: RunningLab) -> None:
    control, action, drill = (lab.told[name] for name in ("control_url", "action_token", "drill_token"))

    async def status(path: str, token: str | None) -> int:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return (await lab.http.get(f"{control}{path}", headers=headers)).status_code

    assert [await status("/services", token) for token in (action, drill, "wrong", None)] == [200, 403, 401, 401]
    assert [await status("/drills", token) for token in (drill, action, "wrong", None)] == [200, 403, 401, 401]
    assert [await status("/faults", token) for token in (drill, action)] == [200, 403]
    assert (lab.data / "lab.json").stat().st_mode & 0o077 == 0


async def test_alerts_are_alertmanager_bodies_and_carry_the_token(lab: RunningLab) -> None:
    lab.capture.refuse = 2
    drill = (await lab.drill("POST", "/drills", {"fault": "bad_config", "service": "payment"})).json()
    _, body = (await until(lambda: lab.capture.bodies, "an alert", within_s=30))[0]
    await lab.drill("DELETE", f"/drills/{drill['id']}")
    alert = body["alerts"][0]

    assert (body["version"], body["receiver"], body["status"]) == ("4", "quell", "firing")
    assert alert["endsAt"] == "0001-01-01T00:00:00Z"
    assert len(alert["fingerprint"]) == 16
    assert {"alertname", "service", "severity", "environment"} == set(alert["labels"])
    assert alert["annotations"]["summary"]
    assert lab.capture.headers[0]["authorization"] == "Bearer ingest-secret-1"
    assert "ingest-secret-1" not in await lab.metrics()


async def test_log_lines_of_one_request_share_a_trace_id(lab: RunningLab) -> None:
    def traced() -> bool:
        seen: dict[str, set[str]] = {}
        for path in (lab.data / "logs").glob("*.log"):
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                assert {"ts", "level", "service", "trace_id", "msg"} <= set(entry)
                if entry["trace_id"]:
                    seen.setdefault(entry["trace_id"], set()).add(entry["service"])
        return any(len(services) > 1 for services in seen.values())

    asked = lab.told["edge_url"] + "/products?category=1e1"
    await lab.http.get(asked)

    await until(traced, "a trace id in the logs of two services", within_s=10)


async def test_killing_the_supervisor_leaves_no_process(tmp_path: Path) -> None:
    async with Capture() as capture:
        process = await spawn(tmp_path, capture.url)
        pids = group_of(process.pid)
        process.kill()
        await process.wait()

        await until(lambda: not any(map(alive, pids)), f"all of {pids} gone", within_s=5)
        assert len(pids) == 11


async def test_sigterm_in_the_middle_of_a_drill_ends_everything_within_five_seconds(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        await lab.drill("POST", "/drills", {"fault": "pool_leak"})
        pids = group_of(lab.process.pid)
        began = time.monotonic()
        lab.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(lab.process.wait(), 6)

        assert time.monotonic() - began < 5
        assert code == 0
        assert not any(map(alive, pids))
        assert not (tmp_path / "lab.json").exists()


async def test_the_lab_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-m', 'quell_lab', '--data', sys.argv[1], '--quell-url',"
        " 'http://127.0.0.1:9', f'--die-with-parent={os.getpid()}'])\n"
        "time.sleep(60)\n"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path))
    await until(lambda: (tmp_path / "lab.json").exists(), "lab.json", within_s=20)
    pids = group_of(starter.pid)
    starter.kill()
    await starter.wait()

    await until(lambda: not any(map(alive, pids)), f"all of {pids} gone", within_s=8)
    assert len(pids) == 12


async def test_the_lab_ends_when_it_can_start_no_more_processes(tmp_path: Path) -> None:
    async with Capture() as capture:
        process = await spawn(tmp_path, capture.url)
        pids = group_of(process.pid)
        os.kill(next(pid for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == "shop"), signal.SIGKILL)

        assert await asyncio.wait_for(process.wait(), 10) == 1
        assert not any(map(alive, pids))


async def test_two_labs_do_not_share_a_folder(lab: RunningLab) -> None:
    command = [sys.executable, "-m", "quell_lab", "--data", str(lab.data), "--quell-url", "http://127.0.0.1:9"]
    second = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, says = await asyncio.wait_for(second.communicate(), 10)

    assert second.returncode == 1
    assert b"another lab uses" in says
    assert (await lab.services())["edge"]["state"] == "up"


async def test_a_process_that_is_killed_comes_back_and_is_counted(lab: RunningLab) -> None:
    before, known = (await lab.services())["inventory"], len(changes_of(lab))
    os.kill(before["pid"], signal.SIGKILL)

    async def back() -> bool:
        now = (await lab.services())["inventory"]
        return bool(now["state"] == "up" and now["pid"] != before["pid"] and now["restarts"] == 1)

    await until(back, "inventory is back", within_s=10)
    assert (await lab.http.get(f"{lab.told['control_url']}/metrics")).text.count(
        'service_restarts_total{service="inventory"} 1'
    )
    assert len(changes_of(lab)) == known


def changes_of(lab: RunningLab) -> list[dict[str, str]]:
    """The deploy log."""
    return [json.loads(line) for line in (lab.data / "changes.jsonl").read_text().splitlines()]


async def _equal(look: Callable[[], Awaitable[set[tuple[str, str]]]], wanted: set[tuple[str, str]]) -> bool:
    return await look() == wanted


async def _at_least(lab: RunningLab, service: str, name: str, count: float) -> bool:
    return await lab.metric(service, name) >= count
