"""Two faults at once, telemetry that does not come, and what only looks like trouble; each is undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.lab.running import RunningLab, running_lab, until
from tests.lab.scenario import crossing, settled
from tests.lab.test_faults import FORBIDDEN

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab-drills"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLab]:
    """One lab for all: each drill leaves it as it was."""
    async with running_lab(tmp_path_factory.mktemp("shop"), "--seed", "5") as running:
        await until(lambda: _served(running), "healthy traffic", within_s=15)
        yield running


async def _served(lab: RunningLab) -> bool:
    return await lab.metric("edge", "http_requests_total") >= 40


async def _begun(lab: RunningLab, **wanted: str) -> dict[str, Any]:
    drill: dict[str, Any] = (await lab.drill("POST", "/drills", wanted)).raise_for_status().json()

    async def running() -> bool:
        return bool((await _now(lab))["state"] == "running")

    await until(running, f"{wanted} in place", within_s=15)
    return drill


async def _now(lab: RunningLab) -> dict[str, Any]:
    found: dict[str, Any] = (await lab.drill("GET", "/drills")).json()["items"][-1]
    return found


async def _ended(lab: RunningLab, drill: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await lab.drill("DELETE", f"/drills/{drill['id']}")).json()
    return found


async def test_two_faults_are_in_place_at_once_and_each_is_mended_by_itself(lab: RunningLab) -> None:
    before = await settled(lab)
    drill = await _begun(lab, fault="bad_config", service="payment", also="bad_release", also_service="cart")
    broken = await settled(lab)
    await lab.act("/services/cart/roll_back")

    async def second() -> bool:
        return (await _now(lab))["also"]["mended_at"] is not None

    await until(second, "the second mended", within_s=5)
    now = await _now(lab)
    ended = await _ended(lab, drill)

    assert broken["payment"]["config"] != before["payment"]["config"]
    assert broken["cart"]["version"] != before["cart"]["version"]
    assert (now["mended_at"], now["also"]["cause"]) == (None, "bad_release")
    assert (ended["state"], ended["error"]) == ("ended", "")
    assert await settled(lab) == before


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"fault": "bad_config", "service": "cart", "also": "retry_storm", "also_service": "cart"}, 400),
        ({"fault": "bad_config", "service": "cart", "also": "retry_storm"}, 400),
        ({"fault": "bad_config", "also": "traffic_peak"}, 404),
        ({"fault": "bad_config", "also": "sabotage"}, 404),
        ({"fault": "bad_config", "missing": "money"}, 400),
    ],
)
async def test_a_second_fault_needs_another_service_and_a_cause(
    lab: RunningLab, wanted: dict[str, str], status: int
) -> None:
    assert (await lab.drill("POST", "/drills", wanted)).status_code == status


async def test_metrics_that_are_missing_stay_missing_over_a_restart_and_come_back(lab: RunningLab) -> None:
    url = next(target["url"] for target in lab.told["targets"] if target["service"] == "payment")
    drill = await _begun(lab, fault="bad_config", service="payment", missing="metrics")
    missing = [(await lab.http.get(url)).status_code]
    await lab.act("/services/payment/restart")
    missing.append((await lab.http.get(url)).status_code)
    healthy = (await lab.http.get(url.replace("/metrics", "/healthz"))).status_code
    await _ended(lab, drill)

    assert missing == [404, 404]
    assert healthy == 200
    assert (await lab.http.get(url)).status_code == 200


async def test_a_log_that_is_missing_is_no_file_and_is_written_again_afterwards(lab: RunningLab) -> None:
    path = lab.data / "logs" / "cart.log"
    drill = await _begun(lab, fault="bad_release", service="cart", missing="logs")
    await until(lambda: ("HighErrorRate", "cart") in lab.capture.firing(), "failures", within_s=30)
    there = path.exists()
    await _ended(lab, drill)

    assert not there
    await until(lambda: path.exists() and path.stat().st_size > 0, "lines again", within_s=15)


async def test_a_flapping_probe_fires_and_resolves_by_itself_while_the_service_is_well(lab: RunningLab) -> None:
    drill = await _begun(lab, fault="flapping_probe", service="checkout")
    told = ("ProbeFailed", "checkout")
    await until(lambda: lab.capture.firing().get(told) == "firing", "a probe that fails", within_s=15)
    up = (await lab.services())["checkout"]["state"]
    await until(lambda: lab.capture.firing().get(told) == "resolved", "a probe that is well", within_s=15)
    ended = await _ended(lab, drill)

    assert up == "up"
    assert (ended["cause"], ended["mended_at"], ended["error"]) == (None, None, "")


async def test_a_traffic_peak_brings_more_requests_and_ends(lab: RunningLab) -> None:
    before = await _rate(lab)
    drill = await _begun(lab, fault="traffic_peak")
    during = await _rate(lab)
    ended = await _ended(lab, drill)
    after = await _rate(lab)

    assert during > 1.25 * before
    assert after < 0.85 * during
    assert ended["error"] == ""


async def _rate(lab: RunningLab) -> float:
    """Requests per second at the edge, over as many as leave little to chance."""
    loop, first = asyncio.get_running_loop(), await lab.metric("edge", "http_requests_total")
    began = loop.time()

    async def enough() -> bool:
        return await lab.metric("edge", "http_requests_total") >= first + 150

    await until(enough, "150 requests", within_s=20)
    return float(150 / (loop.time() - began))


async def test_nothing_of_all_this_reaches_quell_by_name(lab: RunningLab) -> None:
    found = {where: FORBIDDEN.findall(text) for where, text in crossing(lab, [await lab.metrics()]).items()}

    assert {where: hits for where, hits in found.items() if hits} == {}
