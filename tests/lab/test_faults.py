"""Every fault breaks the shop, is seen, is mended by its action, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from tests.lab.running import RunningLab, running_lab, until
from tests.lab.scenario import Record, play_all, settled

pytestmark = pytest.mark.lab

FAULTS = ["bad_release", "slow_dependency", "pool_leak", "memory_leak", "crash_loop", "bad_config"]
SECONDS_TO_ALERT = {"memory_leak": 32.0}
FORBIDDEN = re.compile(
    "|".join(
        (
            *(name.replace("_", "[ _-]?") for name in (*FAULTS, "harmless_deploy")),
            r"overlay|inject|\bfaults?\b|drill|chaos|harmless|defect|decoy|victim",
        )
    ),
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """Each fault, played once in a lab of its own; all at the same time."""
    folders = {fault: tmp_path_factory.mktemp("shop") for fault in FAULTS}
    return asyncio.run(play_all(FAULTS, folders))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_raises_an_alert_in_time(fault: str, records: dict[str, Record]) -> None:
    record = records[fault]

    assert record.first_alert_s < SECONDS_TO_ALERT.get(fault, 16.0)
    assert record.alerts


@pytest.mark.parametrize("fault", FAULTS)
def test_the_right_action_mends_a_fault_while_its_drill_still_runs(fault: str, records: dict[str, Record]) -> None:
    record = records[fault]

    assert record.answer["status"] == 200
    assert record.answer["before"] != record.answer["after"]
    assert record.mended["state"] == "running"
    assert record.mended["mended_at"]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_end_of_a_drill_leaves_every_service_as_it_was(fault: str, records: dict[str, Record]) -> None:
    record = records[fault]

    assert [(drill["state"], drill["error"]) for drill in record.ended] == [("ended", ""), ("ended", "")]
    assert record.after == record.before
    assert record.after_unmended == record.before


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_that_reaches_quell_names_a_fault(fault: str, records: dict[str, Record]) -> None:
    found = {
        where: [text[max(0, m.start() - 40) : m.end() + 40] for m in FORBIDDEN.finditer(text)][:3]
        for where, text in records[fault].crossing.items()
    }

    assert {where: hits for where, hits in found.items() if hits} == {}
    assert all(records[fault].crossing[where] for where in ("alerts", "metrics", "edge.log"))


@pytest.mark.parametrize("fault", FAULTS)
def test_no_token_is_in_metrics_logs_alerts_or_changes(fault: str, records: dict[str, Record]) -> None:
    record = records[fault]
    leaks = [
        where
        for where, text in record.crossing.items()
        for token in record.tokens
        if token in text and where != "lab.json"
    ]

    assert leaks == []


def test_a_bad_release_is_a_release_like_any_other(records: dict[str, Record]) -> None:
    record = records["bad_release"]
    changes = [json.loads(line) for line in record.crossing["changes.jsonl"].splitlines()]
    first, second = changes[:2]

    assert (first["kind"], first["what"], first["by"]) == ("deploy", "release", "ci")
    assert re.fullmatch(r"\d+\.\d+\.\d+", first["after"])
    assert (second["before"], second["after"], second["by"]) == (first["after"], first["before"], "quell")
    assert record.broken[record.service]["version"] == first["after"]


def test_a_bad_release_raises_in_the_code_of_its_service(records: dict[str, Record]) -> None:
    record = records["bad_release"]
    lines = [json.loads(line) for line in record.crossing[f"{record.service}.log"].splitlines()]
    raised = [line for line in lines if "traceback" in line]

    assert raised
    assert all(f'File "{record.service}.py"' in line["traceback"] for line in raised)


def test_a_crash_loop_really_ends_the_process_and_leaves_its_traceback(records: dict[str, Record]) -> None:
    record = records["crash_loop"]
    catalog = [json.loads(line) for line in record.crossing["catalog.log"].splitlines()]
    supervisor = [json.loads(line)["msg"] for line in record.crossing["supervisor.log"].splitlines()]

    assert any("TypeError" in line.get("traceback", "") for line in catalog)
    assert any("ended with exit code 1" in line for line in supervisor)
    assert record.broken["catalog"]["restarts"] >= 1


def test_a_memory_leak_grows_the_process(records: dict[str, Record]) -> None:
    record = records["memory_leak"]

    assert ("MemoryNearLimit", record.service) in record.alerts


def test_a_pool_leak_uses_the_pool_up(records: dict[str, Record]) -> None:
    record = records["pool_leak"]

    assert {("PoolSaturated", record.service), ("HighErrorRate", record.service)} & record.alerts


def test_a_slow_bank_makes_payment_and_its_callers_slow(records: dict[str, Record]) -> None:
    alerts = records["slow_dependency"].alerts

    assert ("HighLatency", "payment") in alerts
    assert {service for _, service in alerts} & {"checkout", "edge"}


async def test_a_harmless_deploy_raises_no_alert_and_is_taken_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running_lab(tmp_path_factory.mktemp("shop"), "--seed", "3") as lab:
        before = await settled(lab)
        drill = (await lab.drill("POST", "/drills", {"fault": "harmless_deploy", "service": "payment"})).json()
        version = await until(lambda: _other_version(lab, "payment", before), "the new release", within_s=10)
        served = await lab.metric("payment", "http_requests_total")
        await until(lambda: _served_more(lab, served + 12), "requests to the new release", within_s=15)
        ended = (await lab.drill("DELETE", f"/drills/{drill['id']}")).json()

        assert re.fullmatch(r"2\.\d+\.\d+", version)
        assert lab.capture.bodies == []
        assert (ended["state"], ended["mended_at"]) == ("ended", None)
        assert await settled(lab) == before


async def test_an_overlay_deploys_another_service_before_the_fault(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running_lab(tmp_path_factory.mktemp("shop"), "--seed", "3") as lab:
        before = await settled(lab)
        wanted = {"fault": "overlay", "of": "bad_config", "service": "checkout"}
        drill = (await lab.drill("POST", "/drills", wanted)).json()
        second = await lab.drill("POST", "/drills", wanted)
        await until(lambda: lab.capture.bodies, "an alert", within_s=30)
        changes = [json.loads(line) for line in (lab.data / "changes.jsonl").read_text().splitlines()]
        await lab.drill("DELETE", f"/drills/{drill['id']}")

        assert second.status_code == 409
        assert [(c["service"], c["kind"]) for c in changes] == [(drill["decoy"], "deploy"), ("checkout", "config")]
        assert drill["decoy"] != "checkout"
        assert await settled(lab) == before


async def _other_version(lab: RunningLab, service: str, before: dict[str, dict[str, str]]) -> str | None:
    found = (await lab.services())[service]["version"]
    return found if found != before[service]["version"] else None


async def _served_more(lab: RunningLab, count: float) -> bool:
    return await lab.metric("payment", "http_requests_total") >= count
