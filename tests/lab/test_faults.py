"""Every fault breaks the shop, is seen, is mended by its action, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TypeVar

import pytest

from quell_lab.faults.catalogue import BY_NAME
from tests.lab.scenario import Deployed, Record, play_all

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("faults"), pytest.mark.timeout(420)]
"""The first test waits for all plays: a minute and a half on two cores with nothing else to do."""

FAULTS = [
    *("bad_release", "slow_dependency", "pool_leak", "memory_leak", "crash_loop", "bad_config"),
    *("disk_fill", "retry_storm", "lock_contention", "cache_stampede", "noisy_neighbour", "cpu_burn"),
]
"""What needs a core to itself comes last, when few others play."""
SECONDS_TO_ALERT = {"memory_leak": 40.0, "disk_fill": 50.0}
USUAL_SECONDS = 25.0
"""Twice what it takes on a machine with nothing else to do."""
FORBIDDEN = re.compile(
    "|".join(
        (
            *(name.replace("_", "[ _-]?") for name in BY_NAME),
            r"overlay|inject|\bfaults?\b|drill|chaos|harmless|defect|decoy|victim",
            r"noisy|stampede|storm|burn|contention|cpu[ _-]?saturat|flap|hidden",
        )
    ),
    re.IGNORECASE,
)


SHOWS = {
    "cpu_burn": ("cpu_use", "above", 0.6),
    "lock_contention": ("lock_wait_ratio", "above", 0.5),
    "cache_stampede": ("cache_hit_ratio", "below", 0.5),
    "disk_fill": ("disk_used_bytes", "above", 10e6),
    "noisy_neighbour": ("cpu_throttled_ratio", "above", 0.4),
    "retry_storm": ("retry_ratio", "above", 0.7),
}
"""What tells a fault apart: a series of its service, and where it goes."""

T = TypeVar("T")
Played = tuple[dict[str, Record | BaseException], dict[str, Deployed | BaseException]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Each fault, played in a lab of its own; all at the same time."""
    return asyncio.run(play_all(FAULTS, lambda: tmp_path_factory.mktemp("shop")))


@pytest.fixture
def record(fault: str, played: Played) -> Record:
    """What was seen of a fault; raises what went wrong while it was played."""
    return _good(played[0][fault])


@pytest.fixture
def seen(which: str, played: Played) -> Deployed:
    """What was seen of a drill with a deploy in it."""
    return _good(played[1][which])


def _good(found: T | BaseException) -> T:
    if isinstance(found, BaseException):
        raise found
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_raises_an_alert_in_time(record: Record) -> None:
    assert record.first_alert_s < SECONDS_TO_ALERT.get(record.fault, USUAL_SECONDS)
    assert record.alerts


ROSE_BY = 0.05
"""Smallest rise above three times what it was that counts."""


@pytest.mark.parametrize("fault", SHOWS)
def test_a_fault_shows_in_what_tells_it_apart_and_only_then(record: Record) -> None:
    name, side, limit = SHOWS[record.fault]
    before, late = record.healthy.get(name, [0.0])[-2:], record.series[name][-3:]

    if side == "above":
        # On a crowded machine nothing gets the share of a core that it would take: by how much it rose tells.
        assert max(before) < limit / 2
        assert max(late) > min(limit, 3 * max(before) + ROSE_BY)
    else:
        assert min(before) > (1 + limit) / 2
        assert min(late) < limit


@pytest.mark.parametrize("fault", FAULTS)
def test_the_right_action_mends_a_fault_while_its_drill_still_runs(record: Record) -> None:
    assert record.answer["status"] == 200
    assert record.answer["before"] != record.answer["after"]
    assert record.mended["state"] == "running"
    assert record.mended["mended_at"]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_end_of_a_drill_leaves_every_service_as_it_was(record: Record) -> None:
    assert [(drill["state"], drill["error"]) for drill in record.ended] == [("ended", ""), ("ended", "")]
    assert record.after == record.before
    assert record.after_unmended == record.before


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_that_reaches_quell_names_a_fault(record: Record) -> None:
    found = {
        where: [text[max(0, m.start() - 40) : m.end() + 40] for m in FORBIDDEN.finditer(text)][:3]
        for where, text in record.crossing.items()
    }

    assert {where: hits for where, hits in found.items() if hits} == {}
    assert all(record.crossing[where] for where in ("alerts", "metrics", "edge.log"))


@pytest.mark.parametrize("fault", FAULTS)
def test_no_token_is_in_metrics_logs_alerts_or_changes(record: Record) -> None:
    leaks = [
        where
        for where, text in record.crossing.items()
        for token in record.tokens
        if token in text and where != "lab.json"
    ]

    assert leaks == []


@pytest.mark.parametrize("fault", ["bad_release"])
def test_a_bad_release_is_a_release_like_any_other(record: Record) -> None:
    changes = [json.loads(line) for line in record.crossing["changes.jsonl"].splitlines()]
    first, second = changes[:2]

    assert (first["kind"], first["what"], first["by"]) == ("deploy", "release", "ci")
    assert re.fullmatch(r"\d+\.\d+\.\d+", first["after"])
    assert (second["before"], second["after"], second["by"]) == (first["after"], first["before"], "quell")
    assert record.broken[record.service]["version"] == first["after"]


@pytest.mark.parametrize("fault", ["bad_release"])
def test_a_bad_release_raises_in_the_code_of_its_service(record: Record) -> None:
    lines = [json.loads(line) for line in record.crossing[f"{record.service}.log"].splitlines()]
    raised = [line for line in lines if "traceback" in line]

    assert raised
    assert all(f'File "{record.service}.py"' in line["traceback"] for line in raised)


@pytest.mark.parametrize("fault", ["crash_loop"])
def test_a_crash_loop_really_ends_the_process_and_leaves_its_traceback(record: Record) -> None:
    catalog = [json.loads(line) for line in record.crossing["catalog.log"].splitlines()]
    supervisor = [json.loads(line)["msg"] for line in record.crossing["supervisor.log"].splitlines()]

    assert any("TypeError" in line.get("traceback", "") for line in catalog)
    assert any("ended with exit code 1" in line for line in supervisor)
    assert record.broken["catalog"]["restarts"] >= 1


@pytest.mark.parametrize("fault", ["memory_leak"])
def test_a_memory_leak_grows_the_process(record: Record) -> None:
    assert ("MemoryNearLimit", record.service) in record.alerts


@pytest.mark.parametrize("fault", ["pool_leak"])
def test_a_pool_leak_uses_the_pool_up(record: Record) -> None:
    assert {("PoolSaturated", record.service), ("HighErrorRate", record.service)} & record.alerts


@pytest.mark.parametrize("fault", ["slow_dependency"])
def test_a_slow_bank_makes_payment_and_its_callers_slow(record: Record) -> None:
    alerts = record.alerts

    assert ("HighLatency", "payment") in alerts
    assert {service for _, service in alerts} & {"checkout", "edge"}


@pytest.mark.parametrize("which", ["harmless"])
def test_a_harmless_deploy_raises_no_alert_and_is_taken_back(seen: Deployed) -> None:
    assert [(change["service"], change["kind"], change["by"]) for change in seen.changes] == [
        ("payment", "deploy", "ci")
    ]
    assert seen.alerts == set()
    assert (seen.ended["state"], seen.ended["mended_at"]) == ("ended", None)
    assert seen.after == seen.before


@pytest.mark.parametrize("which", ["overlay"])
def test_an_overlay_deploys_another_service_before_the_fault(seen: Deployed) -> None:
    assert [(change["service"], change["kind"]) for change in seen.changes] == [
        (seen.drill["decoy"], "deploy"),
        ("checkout", "config"),
    ]
    assert seen.drill["decoy"] != "checkout"
    assert ("HighErrorRate", "checkout") in seen.alerts
    assert seen.after == seen.before


@pytest.mark.parametrize("which", ["harmless", "overlay"])
def test_only_one_drill_runs_at_a_time(seen: Deployed) -> None:
    assert seen.second_status == 409


@pytest.mark.parametrize("which", ["harmless", "overlay"])
def test_nothing_that_reaches_quell_tells_a_harmless_deploy_apart(seen: Deployed) -> None:
    found = {where: FORBIDDEN.findall(text) for where, text in seen.crossing.items()}

    assert {where: hits for where, hits in found.items() if hits} == {}
