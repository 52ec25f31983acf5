"""The source that asks a Prometheus, over one that answers as its API documents, and over one that does not."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable, UpstreamError
from quell.evidence.indicatorqueries import QUERIES, IndicatorQuery
from quell.evidence.prometheus import MOST_POINTS, Mapped, PrometheusSource
from quell.evidence.source import Scope
from quell.incident.events import EvidenceKind, Window

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)
ONE = Mapped(queries={"request_rate": QUERIES["request_rate"]})

Rows = list[dict[str, Any]]


def matrix(rows: Rows, **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": rows}, **more}


def row(value: str = "20", count: int = 5, step_s: float = 15.0, **labels: str) -> dict[str, Any]:
    start = WINDOW.start.timestamp()
    return {"metric": labels, "values": [[start + step_s * i, value] for i in range(count)]}


class Api:
    """Answers every query with `body`, and keeps what was asked."""

    def __init__(self, body: Any, status: int = 200) -> None:
        self.body, self.status = body, status
        self.asked: list[dict[str, str]] = []
        self.headers: list[httpx.Headers] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("buildinfo"):
            return httpx.Response(200, json={"status": "success", "data": {"version": "2.42.0"}})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.asked.append(form)
        self.headers.append(request.headers)
        body = self.body(form) if callable(self.body) else self.body
        if isinstance(body, bytes):
            return httpx.Response(self.status, content=body, headers={"content-type": "text/html"})
        return httpx.Response(self.status, json=body)


@asynccontextmanager
async def asking(api: Callable[[httpx.Request], Any], **options: Any) -> AsyncIterator[PrometheusSource]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(api)) as client:
        options = {"mapped": ONE, "clock": NOW.timestamp, **options}
        yield PrometheusSource("http://prometheus:9090/", client, **options)


async def test_a_series_is_named_by_the_first_label_that_it_has() -> None:
    api = Api(matrix([row(service="cart", job="shop"), row(job="mail"), row(instance="x")]))

    async with asking(api) as source:
        found = await source.collect(Scope(), WINDOW)

    assert [one.service for one in found.series] == ["cart", "mail"]
    assert any("1 series name no service" in warning for warning in found.warnings)


async def test_what_is_asked_is_kept_as_the_query_of_its_series() -> None:
    api = Api(matrix([row(service="cart")]))

    async with asking(api, span_s=30.0) as source:
        found = await source.collect(Scope(), WINDOW)

    asked = "sum by (service, service_name, job) (rate(http_requests_total[30s]))"
    assert found.queries == {"request_rate": asked}
    assert api.asked[0]["query"] == found.queries["request_rate"]
    assert float(api.asked[0]["end"]) <= NOW.timestamp()


async def test_calls_to_a_peer_are_edges() -> None:
    api = Api(matrix([row(service="edge", peer="cart"), row("0", service="edge", peer="mail")]))
    mapped = Mapped(queries={"client_request_rate": QUERIES["client_request_rate"]})

    async with asking(api, mapped=mapped) as source:
        found = await source.collect(Scope(kinds=(EvidenceKind.TOPOLOGY,)), WINDOW)

    assert (found.edges, list(found.series)) == ([("edge", "cart")], [])


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf", "x"])
async def test_what_is_not_a_number_is_no_value(text: str) -> None:
    api = Api(matrix([{"metric": {"service": "cart"}, "values": [[WINDOW.start.timestamp(), text],
                                                                 [WINDOW.start.timestamp() + 15, "2"]]}]))  # fmt: skip

    async with asking(api) as source:
        found = await source.collect(Scope(), WINDOW)

    assert found.series[0].values == (None, 2.0)


async def test_points_outside_of_the_window_are_left_out() -> None:
    api = Api(matrix([row(service="cart", count=40)]))

    async with asking(api) as source:
        found = await source.collect(Scope(), WINDOW)

    assert max(found.series[0].times) < WINDOW.end.timestamp()


async def test_services_that_give_nothing_are_named() -> None:
    async with asking(Api(matrix([row(service="cart")]))) as source:
        found = await source.collect(Scope(services=("cart", "mail")), WINDOW)

    assert ([one.service for one in found.series], found.missing) == (["cart"], ["mail"])


async def test_a_long_window_is_asked_for_with_a_longer_step() -> None:
    api = Api(matrix([]))
    week = Window(start=NOW - timedelta(days=7), end=NOW)

    async with asking(api) as source:
        await source.collect(Scope(), week)

    assert 7 * 86_400 / float(api.asked[0]["step"]) <= MOST_POINTS


async def test_one_query_that_fails_is_a_warning_and_holds_up_no_other() -> None:
    def answer(form: dict[str, str]) -> Any:
        return b"<html>" if "code" in form["query"] else matrix([row(service="cart")])

    mapped = Mapped(queries={name: QUERIES[name] for name in ("request_rate", "error_ratio")})
    async with asking(Api(answer), mapped=mapped) as source:
        found = await source.collect(Scope(), WINDOW)

    assert [one.name for one in found.series] == ["request_rate"]
    assert any(warning.startswith("error_ratio: ") for warning in found.warnings)


async def test_its_own_warnings_are_passed_on() -> None:
    async with asking(Api(matrix([], warnings=["exceeded the limit of series"]))) as source:
        found = await source.collect(Scope(), WINDOW)

    assert found.warnings == ["request_rate: exceeded the limit of series"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400, BadAnswer),
        ({"status": "error", "errorType": "timeout", "error": "query timed out"}, 503, TimedOut),
        ({"status": "error", "errorType": "execution", "error": "too many samples"}, 422, BadAnswer),
        (b"<html>502 Bad Gateway</html>", 502, BadAnswer),
        (b'{"status":"success","data":{"resultType":"mat', 200, BadAnswer),
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, 200, BadAnswer),
        ({"status": "success", "data": {"resultType": "matrix", "result": [{"values": "x"}]}}, 200, BadAnswer),
        ({}, 429, RateLimited),
        (b"", 200, BadAnswer),
    ],
)
async def test_a_bad_answer_is_an_error_of_its_kind(body: Any, status: int, error: type[UpstreamError]) -> None:
    async with asking(Api(body, status)) as source:
        with pytest.raises(error):
            await source.collect(Scope(), WINDOW)
        with pytest.raises(error):
            await source.check()


async def test_an_answer_too_large_to_read_is_refused() -> None:
    api = Api(matrix([row(service=f"s{i}", count=50) for i in range(200)]))

    async with asking(api, max_bytes=10_000) as source:
        with pytest.raises(BadAnswer, match="more than 10000 bytes"):
            await source.collect(Scope(), WINDOW)


async def test_nobody_there_is_unreachable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with asking(refuse) as source:
        with pytest.raises(Unreachable):
            await source.collect(Scope(), WINDOW)


async def test_one_that_hangs_is_given_up() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(trust_env=False) as client:
        source = PrometheusSource(url, client, clock=NOW.timestamp, mapped=ONE, timeout_s=0.2)
        with pytest.raises(TimedOut):
            await source.collect(Scope(), WINDOW)
    server.close()


async def test_the_credential_is_sent_with_every_query() -> None:
    api = Api(matrix([]))

    async with asking(api, headers={"Authorization": "Bearer abc"}) as source:
        await source.collect(Scope(), WINDOW)

    assert [headers["authorization"] for headers in api.headers] == ["Bearer abc"]


async def test_check_says_what_it_sees_and_what_it_does_not() -> None:
    def answer(form: dict[str, str]) -> Any:
        return matrix([row(service="cart"), row(service="edge")] if "code" not in form["query"] else [])

    mapped = Mapped(queries={name: QUERIES[name] for name in ("request_rate", "error_ratio")})
    async with asking(Api(answer), mapped=mapped) as source:
        said = await source.check()

    assert "version 2.42.0: 2 series of 2 services" in said
    assert said.endswith("nothing for error_ratio")


async def test_check_says_when_there_is_nothing_to_read() -> None:
    async with asking(Api(matrix([]))) as source:
        assert "has none of the 1 series" in await source.check()


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_is_filled_and_groups_by_service(name: str) -> None:
    filled = QUERIES[name].filled(60)

    assert "$" not in filled
    assert "by (service" in filled
    assert filled.count("(") == filled.count(")")


def test_only_the_span_and_the_labels_are_filled_in() -> None:
    query = IndicatorQuery(unit="", promql="sum by ($service, $peer) (rate(x[$span])) + $other + {0} + {{service}}")

    filled = query.filled(5, ("app", "job"), ("to",))
    assert filled == "sum by (app, job, to) (rate(x[5s])) + $other + {0} + {{service}}"


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_drops_a_label_that_may_name_the_service(name: str) -> None:
    groups = re.findall(r"by \(([^)]*)\)", QUERIES[name].filled(60, ("service", "job"), ("peer", "server_address")))

    assert all(group.startswith("service, job") for group in groups)
    assert all("server_address" in group for group in groups if "peer" in group)


async def test_check_names_the_queries_that_fail_beside_what_it_sees() -> None:
    def answer(form: dict[str, str]) -> Any:
        return b"<html>" if "code" in form["query"] else matrix([row(service="cart")])

    mapped = Mapped(queries={name: QUERIES[name] for name in ("request_rate", "error_ratio")})
    async with asking(Api(answer), mapped=mapped) as source:
        said = await source.check()

    assert "1 series of 1 services" in said
    assert "failing: error_ratio (POST http://prometheus:9090/api/v1/query_range: HTTP 200" in said


def test_the_queries_are_those_that_agents_read() -> None:
    assert json.dumps(sorted(QUERIES)) == json.dumps(sorted(set(QUERIES)))
    assert {"request_rate", "error_ratio", "latency_mean", "latency_p99", "up"} <= set(QUERIES)
