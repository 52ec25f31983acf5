"""The series that tell causes apart: CPU, locks, caches, disks, retries, queues, hosts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from quell.agents.case import Case, Telemetry, gather
from quell.agents.indicators import KIND_OF, Measured, find, measure
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.incident.events import Window
from tests.evidence.endpoint import Endpoint, says

START = 1_700_000_000.0


async def seen(text: Callable[[int], str], *, seconds: int = 12) -> Telemetry:
    """What Quell knows of a service `cart` whose metrics say `text(second)`."""
    now = START
    endpoint = await Endpoint().start()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            target = ScrapeTarget(service="cart", url=endpoint.url)
            source = ScrapeSource([target], client, clock=lambda: now, timeout_s=2.0)
            for second in range(seconds):
                now = START + second
                endpoint.behaviour = says(text(second))
                await source.scrape_once()
            window = Window(start=_at(START - 60), end=_at(now + 0.5))
            return await gather([source], window)
    finally:
        await endpoint.stop()


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def last(telemetry: Telemetry, name: str) -> float | None:
    found = telemetry.one("cart", name)
    return None if found is None else next(value for value in reversed(found.values) if value is not None)


def measured(telemetry: Telemetry, name: str) -> Measured | None:
    case = Case(incident_id="INC-1", alerts=(), first_at=_at(START + 12), now=_at(START + 12))
    return find(measure(telemetry, case), "cart", name)


@pytest.mark.parametrize(
    ("metric", "series"),
    [
        ("process_cpu_seconds_total", "cpu_use"),
        ('lock_wait_seconds_total{service="cart",lock="ledger"}', "lock_wait_ratio"),
        ('container_cpu_cfs_throttled_seconds_total{service="cart"}', "cpu_throttled_ratio"),
        ('host_other_cpu_seconds_total{service="cart"}', "neighbour_cpu_use"),
    ],
)
async def test_seconds_become_seconds_per_second(metric: str, series: str) -> None:
    telemetry = await seen(lambda second: f"{metric} {0.4 * second}\n")

    assert last(telemetry, series) == pytest.approx(0.4)
    assert metric.partition("{")[0] in telemetry.origins["cart", series][1]


async def test_waits_for_several_locks_add_up() -> None:
    telemetry = await seen(
        lambda second: "".join(
            f'lock_wait_seconds_total{{service="cart",lock="{name}"}} {share * second}\n'
            for name, share in (("a", 0.5), ("b", 2.0))
        )
    )

    assert last(telemetry, "lock_wait_ratio") == pytest.approx(2.5)
    assert len(telemetry.series["cart", "lock_wait_ratio"]) == 1


async def test_the_hit_ratio_counts_hits_of_all_reads() -> None:
    telemetry = await seen(
        lambda second: (
            f'cache_reads_total{{service="cart",result="hit"}} {9 * second}\n'
            f'cache_reads_total{{service="cart",result="miss"}} {3 * second}\n'
        )
    )

    assert last(telemetry, "cache_hit_ratio") == pytest.approx(0.75)


async def test_a_cache_that_nobody_reads_has_no_hit_ratio() -> None:
    telemetry = await seen(lambda _: 'cache_reads_total{service="cart",result="hit"} 7\n')

    assert telemetry.one("cart", "cache_hit_ratio") is None


async def test_retries_are_counted_per_first_try_and_by_peer() -> None:
    def text(second: int) -> str:
        return (
            f'http_client_requests_total{{service="cart",peer="inventory",code="504"}} {8 * second}\n'
            f'http_client_retries_total{{service="cart",peer="inventory"}} {6 * second}\n'
            f'http_client_requests_total{{service="cart",peer="catalog",code="200"}} {5 * second}\n'
            f'http_client_retries_total{{service="cart",peer="catalog"}} 0\n'
        )

    telemetry = await seen(text)
    by_peer = {one.labels["peer"]: one.values[-1] for one in telemetry.series["cart", "retry_ratio"]}

    assert by_peer == {"inventory": pytest.approx(3.0), "catalog": 0.0}
    indicator = measured(telemetry, "retry_ratio")
    assert indicator is not None
    assert indicator.values[-1] == pytest.approx(3.0)


async def test_a_disk_is_measured_against_its_quota() -> None:
    telemetry = await seen(
        lambda second: f'disk_used_bytes{{service="cart"}} {second * 1e6}\ndisk_quota_bytes{{service="cart"}} 20e6\n'
    )

    assert last(telemetry, "disk_used_bytes") == 11e6
    indicator = measured(telemetry, "disk_use")
    assert indicator is not None
    assert indicator.values[-1] == pytest.approx(0.55)


async def test_a_queue_is_read_as_it_is() -> None:
    assert last(await seen(lambda second: f'request_queue_depth{{service="cart"}} {second}\n'), "queue_depth") == 11


def test_only_a_disk_that_fills_is_felt_by_itself() -> None:
    new = ("cpu_use", "lock_wait_ratio", "cache_hit_ratio", "retry_ratio", "queue_depth", "cpu_throttled_ratio")

    assert not any(KIND_OF[name].symptom for name in (*new, "neighbour_cpu_use"))
    assert KIND_OF["disk_use"].symptom
