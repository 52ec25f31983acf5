"""The source that asks X-Ray: real boto3 against a server that answers as the API reference says, or does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quell.errors import BadAnswer, RateLimited
from quell.evidence.source import Scope
from quell.incident.events import EvidenceKind, Window
from tests.evidence import aws
from tests.evidence.faults import FAULTS, must_fail, patience_s
from tests.evidence.vendor import Reply, Request, Vendor, recorded

from quell.evidence.xray import KEPT, MOST_PAGES, MOST_STEPS, XRaySource  # isort: skip

NOW = datetime(2025, 11, 26, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)


def graph(request: Request) -> Reply:
    return Reply(body=recorded("aws/xray-graph.json"))


@asynccontextmanager
async def asking(answer: aws.Answer = graph, **options: Any) -> AsyncIterator[tuple[XRaySource, Vendor]]:
    timeout_s, max_bytes = options.get("timeout_s", 30.0), options.pop("max_bytes", 16_000_000)
    async with Vendor(answer) as vendor:
        calls = aws.calls("xray", vendor.url, timeout_s=timeout_s, max_bytes=max_bytes)
        options = {
            "timeout_s": timeout_s,
            "clock": lambda: NOW.timestamp() + 30,
            "names": {"cart-svc": "cart"},
            **options,
        }
        yield XRaySource(calls, **options), vendor


async def test_edges_are_who_calls_whom_and_the_users_are_nobody() -> None:
    async with asking() as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert found.edges == [("cart", "api.bank.example"), ("cart", "carts"), ("edge", "cart"), ("edge", "resize")]


async def test_series_of_services_and_calls_stand_at_the_end_of_their_steps() -> None:
    async with asking() as (source, _):
        found = await source.collect(Scope(), WINDOW)

    newest = {(one.service, one.name, one.labels.get("peer", "")): one.values[-1] for one in found.series}
    assert newest["edge", "request_rate", ""] == 2.0
    assert newest["cart", "error_ratio", ""] == 0.1
    assert newest["cart", "latency_mean", ""] == pytest.approx(0.29)
    assert newest["edge", "client_latency_mean", "cart"] == pytest.approx(0.3)
    assert newest["cart", "client_error_ratio", "api.bank.example"] == 1.0
    assert found.series[0].times == tuple(WINDOW.start.timestamp() + 60 * i for i in range(5))


async def test_what_only_others_see_has_no_series_of_its_own_and_a_function_is_counted_once() -> None:
    async with asking() as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert {one.service for one in found.series} == {"edge", "cart", "resize"}
    rate = next(one for one in found.series if (one.service, one.name) == ("resize", "request_rate"))
    assert rate.values[0] == 0.5


async def test_steps_without_requests_have_no_ratio() -> None:
    body = {"Services": [{"ReferenceId": 1, "Name": "edge", "SummaryStatistics": {"TotalCount": 0}}]}
    async with asking(lambda request: Reply(body=body)) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert {one.name: one.values[0] for one in found.series} == {
        "request_rate": 0.0, "error_ratio": None, "latency_mean": None,
    }  # fmt: skip


async def test_only_the_services_asked_for_are_given_with_the_calls_they_take_part_in() -> None:
    async with asking() as (source, _):
        found = await source.collect(Scope(services=("cart", "mail")), WINDOW)

    assert {one.service for one in found.series} == {"cart"}
    assert ("edge", "cart") in found.edges
    assert ("edge", "resize") not in found.edges
    assert found.missing == ["mail"]


async def test_steps_that_are_over_are_asked_for_once() -> None:
    now = NOW.timestamp() + 30
    async with asking(clock=lambda: now) as (source, vendor):
        for second in range(0, 60, 5):
            now = NOW.timestamp() + 30 + second
            end = datetime.fromtimestamp(now, UTC)
            await source.collect(Scope(), Window(start=end - timedelta(minutes=5), end=end))

    starts = [one.json()["StartTime"] for one in vendor.asked]
    assert len(starts) == len(set(starts))
    assert len(starts) <= 8


async def test_a_step_that_is_not_over_is_not_asked_for() -> None:
    async with asking(clock=lambda: NOW.timestamp() + 20, settle_s=30.0) as (source, vendor):
        await source.collect(Scope(), Window(start=WINDOW.start, end=NOW + timedelta(minutes=9)))

    assert max(one.json()["EndTime"] for one in vendor.asked) == NOW.timestamp() - 60


async def test_a_long_window_is_asked_for_in_longer_steps_and_what_is_kept_is_bounded() -> None:
    async with asking() as (source, vendor):
        for day in range(20):
            end = NOW - timedelta(days=day)
            await source.collect(Scope(), Window(start=end - timedelta(days=1), end=end))
            assert len(vendor.asked) <= (day + 1) * (MOST_STEPS + 2)

        assert len(source._kept) <= KEPT


async def test_pages_are_joined_and_those_without_end_cut() -> None:
    async with asking(lambda request: Reply(body={**graph(request).body, "NextToken": "x"})) as (source, vendor):
        found = await source.collect(Scope(), Window(start=NOW - timedelta(seconds=60), end=NOW))

    assert len(vendor.asked) % MOST_PAGES == 0
    assert found.truncated
    assert "a service graph was longer than is read" in found.warnings


async def test_a_step_that_fails_is_a_warning_and_holds_up_no_other() -> None:
    def answer(request: Request) -> Reply:
        if request.json()["StartTime"] == NOW.timestamp() - 120:
            return aws.refused("ThrottledException", "429 Too Many Requests")(request)
        return graph(request)

    async with asking(answer) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert len(found.series[0].times) == 4
    assert "1 of 6 steps are missing: xray:GetServiceGraph" in found.warnings[0]


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_an_error_of_its_kind_in_good_time(fault: str) -> None:
    behaviour, kind = FAULTS[fault]
    async with asking(timeout_s=patience_s(kind), max_bytes=500_000) as (source, vendor):
        vendor.trouble = behaviour
        await must_fail(source, kind, WINDOW)


@pytest.mark.parametrize(
    ("code", "status", "kind", "told"),
    [
        ("AccessDeniedException", "403 Forbidden", BadAnswer, "lacks the permission: xray:GetServiceGraph"),
        ("ThrottledException", "429 Too Many Requests", RateLimited, "xray:GetServiceGraph"),
        ("InvalidRequestException", "400 Bad Request", BadAnswer, "InvalidRequestException"),
    ],
)
async def test_what_the_api_says_becomes_ours(code: str, status: str, kind: type[Exception], told: str) -> None:
    body = {"__type": code, "Message": "no"}
    async with asking(lambda request: Reply(body=body, status=status)) as (source, _):
        with pytest.raises(kind, match=told):
            await source.collect(Scope(), WINDOW)


@pytest.mark.parametrize("rows", [["x"], [{"ReferenceId": 1, "Name": "a", "SummaryStatistics": {"TotalCount": "x"}}]])
async def test_rows_that_are_no_services_are_a_bad_answer(rows: list[Any]) -> None:
    async with asking(lambda request: Reply(body={"Services": rows})) as (source, _):
        with pytest.raises(BadAnswer):
            await source.collect(Scope(), WINDOW)


async def test_the_query_can_be_typed_into_the_aws_command_and_has_the_group() -> None:
    async with asking(group="prod") as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert found.query == (
        "aws xray get-service-graph --start-time 2025-11-26T11:54:00Z --end-time 2025-11-26T12:00:00Z "
        "--group-name prod (in steps of 60 s)"
    )
    assert {one.json()["GroupName"] for one in vendor.asked} == {"prod"}
    assert {one.path for one in vendor.asked} == {"/ServiceGraph"}


async def test_check_says_what_it_sees() -> None:
    async with asking() as (source, _):
        said = await source.check()

    assert said == "3 services and 4 calls between them, 210 sampled requests in the last 5 minutes"


async def test_another_kind_is_not_asked_for() -> None:
    async with asking() as (source, vendor):
        await source.collect(Scope(kinds=(EvidenceKind.LOG,)), WINDOW)

    assert vendor.asked == []
