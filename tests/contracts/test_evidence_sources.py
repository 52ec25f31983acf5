"""What every place that holds telemetry must do, each adapter over a real one."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from quell.errors import BadAnswer, Malformed, UpstreamError
from quell.evidence.changes import ChangeLogSource
from quell.evidence.logfiles import LogFileSource
from quell.evidence.otlp.signal import Encoding, Signal
from quell.evidence.otlp.source import QUIET_S, OtlpSource
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import Collected, EvidenceSource, Scope
from quell.incident.events import EvidenceKind, Window
from tests.contracts.vendors import VENDORS, Made
from tests.evidence.endpoint import Endpoint, hangs, says
from tests.evidence.otlp_wire import Sent, a_line, json_lines, json_spans
from tests.evidence.vendor import Vendor

TIMEOUT_S = 1.0
SERVICES = ("cart", "edge")


@dataclass(kw_only=True)
class Site:
    """A source over something real that has been there for 60 s, and ways to break that."""

    source: EvidenceSource
    window: Window
    """Of the 60 s, the 30 in the middle."""
    garble: Callable[[], Awaitable[None]]
    """From now on it holds nonsense."""
    remove: Callable[[], Awaitable[None]]
    """From now on it is not there."""
    stall: Callable[[], Awaitable[None]]
    """From now on it does not answer."""


def middle(start: float) -> Window:
    return Window(start=datetime.fromtimestamp(start + 15, UTC), end=datetime.fromtimestamp(start + 45, UTC))


async def scraped(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Site]:
    endpoints = [await Endpoint().start() for _ in SERVICES]
    start = now = round(time.time()) - 60.0
    targets = [ScrapeTarget(service=name, url=e.url) for name, e in zip(SERVICES, endpoints, strict=True)]
    source = ScrapeSource(targets, client, clock=lambda: now, timeout_s=TIMEOUT_S, interval_s=1, keep_s=65)

    async def scrape_with(change: Callable[[Endpoint, str], None]) -> None:
        nonlocal now
        for endpoint, name in zip(endpoints, SERVICES, strict=True):
            change(endpoint, name)
        # The clock leaps past what is kept, so that nothing good is left in the window.
        for _ in range(2):
            now += 40
            await source.scrape_once()

    for second in range(60):
        now = start + second
        for endpoint, name in zip(endpoints, SERVICES, strict=True):
            lines = f'http_requests_total{{service="{name}",code="200"}} {7 * second}\n'
            lines += f'http_client_requests_total{{service="{name}",peer="bank",code="200"}} {second}\n'
            endpoint.behaviour = says(lines)
        await source.scrape_once()

    async def remove() -> None:
        for endpoint in endpoints:
            await endpoint.stop()
        await scrape_with(lambda endpoint, name: None)

    yield Site(
        source=source,
        window=middle(start),
        garble=lambda: scrape_with(lambda endpoint, name: setattr(endpoint, "behaviour", says("<p>\nhi\n"))),
        remove=remove,
        stall=lambda: scrape_with(lambda endpoint, name: setattr(endpoint, "behaviour", hangs)),
    )
    for endpoint in endpoints:
        await endpoint.stop()


def stalled(path: Path) -> None:
    """Put a pipe without a writer in the place of a file."""
    path.unlink()
    os.mkfifo(path)


def done(act: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        act()

    return run


async def logged(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Site]:
    start = round(time.time()) - 60.0
    paths = [tmp_path / f"{name}.log" for name in SERVICES]
    for path in paths:
        lines = (
            {"ts": start + i, "level": "info", "service": path.stem, "trace_id": "a", "msg": f"line {i}"}
            for i in range(60)
        )
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    yield Site(
        source=LogFileSource(paths, timeout_s=TIMEOUT_S),
        window=middle(start),
        garble=done(lambda: [path.write_text("???\n" * 9) for path in paths]),
        remove=done(lambda: [path.unlink() for path in paths]),
        stall=done(lambda: [stalled(path) for path in paths]),
    )


async def changed(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Site]:
    start, path = round(time.time()) - 60.0, tmp_path / "changes.jsonl"
    records = (
        {
            "at": start + i,
            "service": SERVICES[i % 2],
            "kind": "flag",
            "what": "x",
            "before": "a",
            "after": "b",
            "by": "ci",
        }
        for i in range(60)
    )
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    yield Site(
        source=ChangeLogSource(path, timeout_s=TIMEOUT_S),
        window=middle(start),
        garble=done(lambda: path.write_text("???\n" * 9)),
        remove=done(path.unlink),
        stall=done(lambda: stalled(path)),
    )


async def pushed(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Site]:
    start = now = round(time.time()) - 60.0
    source = OtlpSource(clock=lambda: now)
    for second in range(60):
        now = start + second
        spans = [
            Sent(trace=second + 1, span=number, parent=number - 1, service=name, at=now - 0.1, took_s=0.05)
            for number, name in enumerate(("edge", "cart"), 1)
        ]
        await source.take(Signal.SPANS, Encoding.JSON, json_spans(spans))
        for name in SERVICES:
            await source.take(Signal.LINES, Encoding.JSON, json_lines(a_line(now, f"line {second}"), service=name))

    async def quiet() -> None:
        nonlocal now
        now = time.time() + QUIET_S + 60

    async def garble() -> None:
        await quiet()
        with suppress(Malformed):
            await source.take(Signal.SPANS, Encoding.PROTOBUF, b"???")

    yield Site(source=source, window=middle(start), garble=garble, remove=quiet, stall=quiet)


def asked(vendor: Callable[[], Made]) -> Callable[[Path, httpx.AsyncClient], AsyncIterator[Site]]:
    async def site(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Site]:
        answer, make = vendor()
        async with Vendor(answer) as server:
            yield Site(
                source=make(server.url, client, TIMEOUT_S),
                window=middle(round(time.time()) - 60.0),
                garble=done(server.is_garbled),
                remove=server.stop,
                stall=done(server.stalls),
            )

    return site


SITES = {"scrape": scraped, "logfiles": logged, "changes": changed, "otlp": pushed}
SITES |= {name: asked(vendor) for name, vendor in VENDORS.items()}


@pytest.fixture(params=SITES.values(), ids=SITES)
async def site(request, tmp_path) -> AsyncIterator[Site]:
    async with httpx.AsyncClient(trust_env=False) as client:
        async for site in request.param(tmp_path, client):
            yield site


def times(collected: Collected) -> list[list[float]]:
    """Return the times of each run of data in an answer."""
    runs = [list(series.times) for series in collected.series]
    return [*runs, [line.at for line in collected.lines], [change.at.timestamp() for change in collected.changes]]


def services(collected: Collected) -> set[str]:
    return {item.service for item in (*collected.series, *collected.lines, *collected.changes)}


async def test_no_services_means_all_that_it_knows(site):
    assert services(await site.source.collect(Scope(), site.window)) == set(SERVICES)


async def test_only_the_services_asked_for_are_given(site):
    assert services(await site.source.collect(Scope(services=("cart",)), site.window)) == {"cart"}


async def test_what_it_gives_lies_in_the_window_in_order(site):
    collected = await site.source.collect(Scope(), site.window)

    start, end = site.window.start.timestamp(), site.window.end.timestamp()
    runs = [run for run in times(collected) if run]
    assert runs
    assert all(run == sorted(run) and start <= run[0] and run[-1] < end for run in runs)


async def test_a_window_gives_the_same_answer_twice(site):
    assert await site.source.collect(Scope(), site.window) == await site.source.collect(Scope(), site.window)


async def test_an_answer_says_where_it_is_from_and_how_to_ask_again(site):
    collected = await site.source.collect(Scope(), site.window)

    assert (collected.source, collected.window) == (site.source.name, site.window)
    assert collected.query
    assert {series.name for series in collected.series} <= collected.queries.keys()


async def test_a_kind_it_does_not_have_gives_nothing(site):
    other = next(kind for kind in EvidenceKind if kind not in site.source.kinds)

    collected = await site.source.collect(Scope(kinds=(other,)), site.window)
    given = (collected.series, collected.lines, collected.changes, collected.edges)
    assert not any(given)


async def test_its_answers_can_be_kept_by_two_who_ask_at_once(site):
    first, second = await asyncio.gather(
        site.source.collect(Scope(services=("cart",)), site.window),
        site.source.collect(Scope(services=("edge",)), site.window),
    )

    assert (services(first), services(second)) == ({"cart"}, {"edge"})


async def test_check_says_in_one_line_what_it_sees(site):
    line = await site.source.check()

    assert line
    assert "\n" not in line


@pytest.mark.parametrize("trouble", ["garble", "remove", "stall"])
async def test_trouble_is_an_upstream_error_in_good_time_and_never_an_empty_answer(site, trouble):
    await getattr(site, trouble)()
    now = datetime.now(UTC)

    async with asyncio.timeout(4 * TIMEOUT_S):
        with pytest.raises(UpstreamError) as raised:
            await site.source.collect(Scope(), Window(start=now + timedelta(seconds=10), end=now + timedelta(days=1)))
        with pytest.raises(UpstreamError):
            await site.source.check()
    assert trouble != "garble" or isinstance(raised.value, BadAnswer)
