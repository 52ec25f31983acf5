"""Watching endpoints, on good days and bad ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest

from quell.errors import BadAnswer, TimedOut, Unreachable, UpstreamError
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Series, Window
from tests.evidence.endpoint import Endpoint, drips, floods, hangs, hangs_up, says
from tests.evidence.shop import Service

START = 1_700_000_000.0


class Bench:
    """Two services behind real endpoints, a source that watches them, and a clock in our hand."""

    def __init__(self) -> None:
        self.now = START
        self.cart, self.edge = Service("cart"), Service("edge", peer="cart")
        self.endpoints: dict[str, Endpoint] = {}
        self.changes: list[tuple[str, bool, str, str]] = []
        self.broken: set[str] = set()

    async def start(self, client: httpx.AsyncClient, **options: float) -> Bench:
        for service in (self.cart, self.edge):
            self.endpoints[service.name] = await Endpoint().start()
        self.source = ScrapeSource(
            [ScrapeTarget(service=name, url=endpoint.url) for name, endpoint in self.endpoints.items()],
            client,
            clock=lambda: self.now,
            timeout_s=options.pop("timeout_s", 2.0),
            on_state_change=lambda *change: self.changes.append(change),
            **options,
        )
        return self

    async def second(self, *, requests: int = 10, errors: int = 0, took_s: float = 0.02) -> None:
        """Let a second pass with some traffic, and scrape at its end."""
        self.now += 1
        for service in (self.cart, self.edge):
            service.serve(requests, took_s=took_s)
            if errors:
                service.serve(errors, code="500")
        self.edge.call(requests)
        for service in (self.cart, self.edge):
            if service.name not in self.broken:
                self.endpoints[service.name].behaviour = says(service.text())
        await self.source.scrape_once()

    async def collect(self, *services: str, seconds: float = 600) -> Collected:
        return await self.source.collect(Scope(services=services), window(self.now + 0.5 - seconds, self.now + 0.5))


def window(start: float, end: float) -> Window:
    return Window(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))


def only(collected: Collected, name: str, service: str, **labels: str) -> Series:
    (found,) = [s for s in collected.series if (s.name, s.service, s.labels) == (name, service, labels)]
    return found


def known(series: Series) -> list[float]:
    return [value for value in series.values if value is not None]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
async def bench(client: httpx.AsyncClient) -> AsyncIterator[Bench]:
    bench = await Bench().start(client, timeout_s=0.4, max_bytes=100_000, max_series=60)
    yield bench
    for endpoint in bench.endpoints.values():
        await endpoint.stop()


async def test_rates_ratios_and_latencies_come_out_as_the_traffic_was(bench):
    for _ in range(8):
        await bench.second(requests=10)
    for _ in range(8):
        await bench.second(requests=8, errors=2, took_s=0.4)

    collected = await bench.collect("cart")
    assert known(only(collected, "request_rate", "cart")) == pytest.approx([10] * 15)
    ratio = known(only(collected, "error_ratio", "cart"))
    assert (ratio[0], ratio[-1]) == (0, pytest.approx(0.2))
    mean = known(only(collected, "latency_mean", "cart"))
    assert (mean[0], mean[-1]) == (pytest.approx(0.02), pytest.approx(0.8 * 0.4 + 0.2 * 0.02))
    p99 = known(only(collected, "latency_p99", "cart"))
    assert 0.005 <= p99[0] <= 0.05
    assert 0.05 < p99[-1] <= 0.5
    assert known(only(collected, "orders_rate", "cart")) == pytest.approx([20] * 15)


async def test_levels_keep_their_values_and_build_info_its_version(bench):
    await bench.second()
    bench.cart.restart(version="1.5.0")
    bench.cart.pool_in_use = 8
    await bench.second()

    collected = await bench.collect("cart")
    assert known(only(collected, "pool_in_use", "cart")) == [2, 8]
    assert known(only(collected, "memory_bytes", "cart")) == [30_000_000] * 2
    assert known(only(collected, "cache_entries", "cart")) == [12, 12]
    assert only(collected, "build_info", "cart", version="1.4.0").values == (1, None)
    assert only(collected, "build_info", "cart", version="1.5.0").values == (None, 1)


async def test_every_series_has_a_query_to_repeat_it_with(bench):
    for _ in range(2):
        await bench.second()

    collected = await bench.collect()
    assert {series.name for series in collected.series} <= collected.queries.keys()
    assert collected.queries["request_rate"] == "sum by (service) (rate(http_requests_total[5s]))"


async def test_an_edge_is_a_call_that_was_seen_in_the_window(bench):
    for _ in range(3):
        await bench.second()

    assert (await bench.collect()).edges == [("edge", "cart")]
    assert (await bench.collect("edge")).edges == [("edge", "cart")]
    series = only(await bench.collect(), "client_request_rate", "edge", peer="cart")
    assert known(series) == pytest.approx([10, 10])


async def test_only_the_kinds_asked_for_are_given(bench):
    for _ in range(2):
        await bench.second()
    span = window(START, START + 10)

    topology = await bench.source.collect(Scope(kinds=(EvidenceKind.TOPOLOGY,)), span)
    metrics = await bench.source.collect(Scope(kinds=(EvidenceKind.METRIC,)), span)
    assert (bool(topology.series), bool(topology.edges)) == (False, True)
    assert (bool(metrics.series), bool(metrics.edges)) == (True, False)


async def test_a_service_label_wins_over_the_name_of_the_target(bench):
    text = 'service_up{service="payment"} 0\nservice_restarts_total{service="payment"} 3\nprocess_cpu_seconds_total 1\n'
    bench.broken.add("edge")
    bench.endpoints["edge"].behaviour = says(text)
    for _ in range(2):
        await bench.second()

    collected = await bench.collect()
    assert known(only(collected, "restarts", "payment")) == [3, 3]
    assert known(only(collected, "service_up", "payment")) == [0, 0]
    assert known(only(collected, "cpu_use", "edge")) == [0]


async def test_a_counter_reset_gives_no_negative_rate_and_no_spike(bench):
    for _ in range(6):
        await bench.second()
    bench.cart.restart()
    for _ in range(6):
        await bench.second()

    rate = known(only(await bench.collect("cart"), "request_rate", "cart"))
    assert min(rate) >= 0
    assert max(rate) <= 10 + 1e-9


async def test_errors_of_a_new_process_count_in_full_although_the_old_one_had_some_too(bench):
    await bench.second(requests=5, errors=5)
    for _ in range(6):
        await bench.second()
    bench.cart.restart()
    await bench.second()
    await bench.second(requests=0, errors=6)

    ratio = only(await bench.collect("cart"), "error_ratio", "cart").values
    assert ratio[-1] == pytest.approx(6 / 46)


async def test_the_first_error_counts_although_its_series_was_not_there_before(bench):
    for _ in range(3):
        await bench.second()
    await bench.second(requests=9, errors=1)

    ratio = only(await bench.collect("cart"), "error_ratio", "cart").values
    assert ratio[-1] == pytest.approx(1 / 40, rel=0.5)
    assert ratio[-2] == 0


async def test_no_requests_have_no_error_ratio(bench):
    for _ in range(4):
        await bench.second(requests=0)

    collected = await bench.collect("cart")
    assert not [series for series in collected.series if series.name in ("error_ratio", "latency_mean", "latency_p99")]
    assert known(only(collected, "request_rate", "cart")) == [0, 0, 0]


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (hangs, TimedOut, "0.4 s"),
        (drips, TimedOut, "0.4 s"),
        (hangs_up, Unreachable, "GET http"),
        (floods, BadAnswer, "100000 bytes"),
        (says("oops", status="500 Internal Server Error"), BadAnswer, "HTTP 500"),
        (says("", status="302 Found", headers={"Location": "http://127.0.0.1:1/"}), BadAnswer, "HTTP 302"),
        (says("<html>hi</html>", headers={"Content-Type": "text/html"}), BadAnswer, "text/html"),
        (says("<html>\nhi\n</html>"), BadAnswer, "lines cannot be read"),
        (says(bytes(range(256)) * 10), BadAnswer, "cannot be read"),
        (says(""), BadAnswer, "0 lines"),
        (says(b"not gzip", headers={"Content-Encoding": "gzip"}), BadAnswer, "decoded"),
    ],
    ids=["hangs", "drips", "hangs-up", "floods", "500", "redirect", "html", "html-as-text", "binary", "empty", "gzip"],
)
async def test_a_target_that_misbehaves_is_down_and_the_other_goes_on(bench, behaviour, kind, words):
    await bench.second()
    bench.broken.add("cart")
    bench.endpoints["cart"].behaviour = behaviour
    await bench.second()

    collected = await bench.collect()
    assert only(collected, "up", "cart").values == (1, 0)
    assert only(collected, "up", "edge").values == (1, 1)
    cart = bench.source.state()[0]
    assert (cart.service, cart.failures, cart.last_success_at) == ("cart", 1, START + 1)
    assert words in cart.last_error
    assert [w for w in collected.warnings if w.startswith("cart: 1 of 2 scrapes failed")]
    edge_only = await bench.collect("cart", seconds=1)
    assert edge_only.missing == ["cart"]

    bench.broken.add("edge")
    bench.endpoints["edge"].behaviour = behaviour
    await bench.second()
    with pytest.raises(kind):
        await bench.collect(seconds=1)


async def test_a_refused_connection_is_unreachable(bench):
    for endpoint in bench.endpoints.values():
        await endpoint.stop()
    await bench.source.scrape_once()

    with pytest.raises(Unreachable, match="no scrape of 2 targets succeeded"):
        await bench.collect()
    with pytest.raises(Unreachable, match="none of 2 targets answers"):
        await bench.source.check()


async def test_bytes_that_are_no_text_lose_their_line_only(bench):
    bench.broken.add("cart")
    bench.endpoints["cart"].behaviour = says(b'good 1\nname{a="\xff\xfe"} 2\n\xc3\x28 3\n')
    await bench.second()

    collected = await bench.collect("cart")
    assert {s.name for s in collected.series} == {"good", "name", "up"}
    assert "cart: 1 lines could not be read" in collected.warnings


async def test_values_that_are_no_numbers_are_holes_and_warned_about(bench):
    bench.broken.add("cart")
    for value in ("1", "NaN", "+Inf", "4"):
        bench.endpoints["cart"].behaviour = says(f'db_pool_in_use{{service="cart"}} {value}\n')
        await bench.second()

    collected = await bench.collect("cart")
    assert only(collected, "pool_in_use", "cart").values == (1, None, None, 4)
    assert "cart: 2 values were not numbers" in collected.warnings


async def test_series_that_come_twice_count_once_and_are_warned_about(bench):
    bench.broken.add("cart")
    bench.endpoints["cart"].behaviour = says('queue{service="cart"} 5\nqueue{service="cart"} 900\n')
    await bench.second()

    collected = await bench.collect("cart")
    assert known(only(collected, "queue", "cart")) == [5]
    assert "cart: 1 samples came twice" in collected.warnings


async def test_two_targets_with_the_same_series_give_it_once_from_its_own(bench):
    bench.broken |= {"cart", "edge"}
    bench.endpoints["edge"].behaviour = says('queue{service="cart"} 900\n')
    bench.endpoints["cart"].behaviour = says('queue{service="cart"} 5\n')
    await bench.second()

    collected = await bench.collect()
    assert known(only(collected, "queue", "cart")) == [5]
    assert "cart: two targets give the same series; its own was taken" in collected.warnings


@pytest.mark.parametrize(("skew_s", "side"), [(300, "ahead"), (-300, "behind")])
async def test_a_clock_five_minutes_off_does_not_move_the_samples(bench, skew_s, side):
    bench.broken.add("cart")
    for _ in range(3):
        stamp = int((bench.now + 1 + skew_s) * 1000)
        bench.endpoints["cart"].behaviour = says(f"queue 5 {stamp}\n")
        await bench.second()

    collected = await bench.collect("cart")
    assert only(collected, "queue", "cart").times == (START + 1, START + 2, START + 3)
    assert f"cart: its timestamps are 300 s {side}; our own clock was used" in collected.warnings


async def test_our_own_clock_set_back_five_minutes_keeps_times_rising(bench):
    for _ in range(4):
        await bench.second()
    bench.now -= 300
    for _ in range(4):
        await bench.second()

    times = only(await bench.collect("cart"), "up", "cart").times
    assert len(times) == 8
    assert (np.diff(times) > 0).all()
    rate = known(only(await bench.collect("cart"), "request_rate", "cart"))
    assert rate == pytest.approx([10] * 7)


async def test_a_target_that_invents_series_without_end_stays_within_its_bound(bench):
    bench.broken.add("cart")
    for i in range(20):
        lines = "".join(f'junk{{i="{i}-{j}"}} 1\n' for j in range(50))
        bench.endpoints["cart"].behaviour = says("queue 5\n" + lines)
        await bench.second()

    collected = await bench.collect("cart")
    assert bench.source.held_bytes <= bench.source.bound_bytes
    assert known(only(collected, "queue", "cart")) == [5] * 20
    assert any("samples were beyond the cap" in warning for warning in collected.warnings)


async def test_failing_is_reported_once_after_three_times_and_recovery_once(bench):
    await bench.second()
    bench.broken.add("cart")
    bench.endpoints["cart"].behaviour = says("", status="503 Service Unavailable")
    for _ in range(5):
        await bench.second()
    bench.broken.clear()
    for _ in range(3):
        await bench.second()

    assert [(source, ok, reason) for source, ok, reason, _ in bench.changes] == [
        ("scrape/cart", False, "bad_answer"),
        ("scrape/cart", True, "answers"),
    ]
    assert "answers again after 5.0 s" in bench.changes[1][3]


async def test_a_window_older_than_memory_is_said_to_be_cut(client):
    bench = await Bench().start(client, keep_s=5.0)
    for _ in range(8):
        await bench.second()

    recent, older = await bench.collect(seconds=3), await bench.collect(seconds=60)
    assert (recent.truncated, older.truncated) == (False, True)
    assert len(only(older, "up", "cart").times) == 5
    for endpoint in bench.endpoints.values():
        await endpoint.stop()


async def test_nothing_is_said_before_the_first_scrape(bench):
    with pytest.raises(UpstreamError, match="no scrape of 2 targets succeeded"):
        await bench.collect()


async def test_check_scrapes_when_nothing_was_and_names_who_does_not_answer(bench):
    await bench.endpoints["edge"].stop()

    line = await bench.source.check()
    assert line.startswith("1 of 2 targets answer")
    assert line.endswith("not answering: edge")


async def test_run_goes_on_for_each_target_on_its_own_while_one_hangs(client):
    bench = await Bench().start(client, timeout_s=5.0, interval_s=0.02)
    bench.endpoints["cart"].behaviour = hangs
    task = asyncio.create_task(bench.source.run())

    async with asyncio.timeout(10):
        while bench.endpoints["edge"].asked < 5:
            bench.now += 0.1
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.endpoints["cart"].asked == 1
    for endpoint in bench.endpoints.values():
        await endpoint.stop()


async def test_a_window_gives_only_what_lies_in_it(bench):
    for _ in range(20):
        await bench.second()
    span = Window(
        start=datetime.fromtimestamp(START + 5, UTC), end=datetime.fromtimestamp(START + 5, UTC) + timedelta(seconds=6)
    )

    collected = await bench.source.collect(Scope(), span)
    assert {t for series in collected.series for t in series.times} == {START + i for i in range(5, 11)}
    assert known(only(collected, "request_rate", "cart")) == pytest.approx([10] * 6)
