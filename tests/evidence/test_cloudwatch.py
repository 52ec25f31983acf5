"""The source that asks CloudWatch: real boto3 against moto's server, and against one that a test scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable
from quell.evidence.source import Scope
from quell.incident.events import EvidenceKind, Window
from tests.evidence import aws
from tests.evidence.faults import FAULTS, must_fail, patience_s
from tests.evidence.vendor import Reply, Request, Vendor, recorded

from quell.evidence.cloudwatch import CloudWatchSource, Metric, Stat  # isort: skip
from quell.evidence.logsinsights import LogsInsights  # isort: skip

NOW = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)
GROUPS = {"cart": "/ecs/cart", "edge": "/ecs/edge"}


def stat(metric: str, how: str = "Sum", service: str = "cart") -> Stat:
    dimensions = (("TargetGroup", f"targetgroup/{service}/1"),)
    return Stat(namespace="AWS/ApplicationELB", metric=metric, dimensions=dimensions, stat=how)


RATE = Metric(service="cart", name="request_rate", unit="1/s", stat=stat("RequestCount"), per_second=True)
ERRORS = Metric(
    service="cart", name="error_ratio", unit="ratio", stat=stat("HTTPCode_Target_5XX_Count"), over=stat("RequestCount")
)
LATENCY = Metric(service="cart", name="latency_mean", unit="s", stat=stat("Time", "Average"), scale=0.001)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with aws.moto() as url:
        yield url


def put(url: str, metric: str, minute: int, value: float, service: str = "cart") -> None:
    dimensions = [{"Name": name, "Value": text} for name, text in stat(metric, service=service).dimensions]
    data = {
        "MetricName": metric,
        "Dimensions": dimensions,
        "Timestamp": NOW - timedelta(minutes=minute),
        "Value": value,
    }
    aws.client("cloudwatch", url).put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[data])


@pytest.fixture(scope="module")
def filled(moto: str) -> str:
    for minute in range(1, 8):
        put(moto, "RequestCount", minute, 600.0)
        put(moto, "Time", minute, 120.0)
    put(moto, "HTTPCode_Target_5XX_Count", 2, 60.0)
    logs = aws.client("logs", moto)
    for group in GROUPS.values():
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        at = int((NOW - timedelta(minutes=1)).timestamp() * 1000)
        events = [
            {"timestamp": at, "message": '{"level":"error","msg":"pool is empty","trace_id":"ab"}'},
            {"timestamp": at + 1, "message": "WARN slow"},
            {"timestamp": at + 400_000, "message": "later than the window"},
        ]
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)
    return moto


def source_at(url: str, metrics: tuple[Metric, ...] = (RATE, ERRORS, LATENCY), **options: Any) -> CloudWatchSource:
    options = {"clock": lambda: NOW.timestamp() + 60, **options}
    return CloudWatchSource(aws.calls("cloudwatch", url), metrics, **options)


def insights_at(url: str, groups: dict[str, str] = GROUPS, **options: Any) -> LogsInsights:
    return LogsInsights(
        aws.calls("logs", url, timeout_s=options.get("timeout_s", 30.0)), groups, **{"poll_s": 0.01, **options}
    )


@asynccontextmanager
async def scripted(answer: aws.Answer, **options: Any) -> AsyncIterator[tuple[CloudWatchSource, Vendor]]:
    timeout_s, max_bytes = options.pop("timeout_s", 30.0), options.pop("max_bytes", 16_000_000)
    async with Vendor(answer) as vendor:
        calls = aws.calls("cloudwatch", vendor.url, timeout_s=timeout_s, max_bytes=max_bytes)
        options = {"clock": lambda: NOW.timestamp() + 60, "metrics": (RATE,), **options}
        yield CloudWatchSource(calls, options.pop("metrics"), **options), vendor


def results(*rows: dict[str, Any], **more: Any) -> Reply:
    return Reply(body={"MetricDataResults": list(rows), "Messages": [], **more}, content="application/x-amz-json-1.0")


async def test_metrics_become_the_series_that_agents_read_at_the_end_of_their_periods(filled: str) -> None:
    found = await source_at(filled).collect(Scope(), WINDOW)

    rates = next(one for one in found.series if one.name == "request_rate")
    assert set(rates.values) == {10.0}
    assert rates.times == tuple(WINDOW.start.timestamp() + 60 * i for i in range(5))
    latency = next(one for one in found.series if one.name == "latency_mean")
    assert latency.values[0] == pytest.approx(0.12)


async def test_a_ratio_is_zero_where_only_its_whole_has_a_value(filled: str) -> None:
    found = await source_at(filled).collect(Scope(), WINDOW)

    errors = next(one for one in found.series if one.name == "error_ratio")
    assert errors.values == (0.0, 0.0, 0.0, 0.0, 0.1)


async def test_the_query_can_be_typed_into_the_aws_command(filled: str) -> None:
    found = await source_at(filled).collect(Scope(), WINDOW)

    assert found.query.startswith("aws cloudwatch get-metric-data --start-time ")
    asked = json.loads(found.query.partition("'")[2].rstrip("'"))
    assert {one["MetricStat"]["Metric"]["MetricName"] for one in asked} == {
        "RequestCount", "HTTPCode_Target_5XX_Count", "Time",
    }  # fmt: skip
    assert found.queries["error_ratio"].startswith("cart: Sum of AWS/ApplicationELB HTTPCode_Target_5XX_Count{Target")


async def test_only_the_services_asked_for_are_asked_about(filled: str) -> None:
    other = replace(RATE, service="edge", stat=stat("RequestCount", service="edge"))

    found = await source_at(filled, (RATE, other)).collect(Scope(services=("cart", "edge")), WINDOW)

    assert ([one.service for one in found.series], found.missing) == (["cart"], ["edge"])


async def test_lines_of_logs_insights_have_service_level_and_trace(filled: str) -> None:
    found = await source_at(filled, (), insights=insights_at(filled)).collect(Scope(), WINDOW)

    assert {(line.service, line.level, line.text, line.trace_id) for line in found.lines} == {
        ("cart", "error", "pool is empty", "ab"),
        ("edge", "error", "pool is empty", "ab"),
        ("cart", "warning", "WARN slow", ""),
        ("edge", "warning", "WARN slow", ""),
    }
    assert "fields @timestamp, @message, @log | sort @timestamp desc | limit 10000" in found.query


async def test_only_the_log_groups_of_the_services_asked_for_are_read(filled: str) -> None:
    found = await source_at(filled, (), insights=insights_at(filled)).collect(Scope(services=("edge",)), WINDOW)

    assert {line.service for line in found.lines} == {"edge"}
    assert "/ecs/cart" not in found.query


async def test_check_says_what_has_values_and_what_has_not(filled: str) -> None:
    silent = replace(LATENCY, service="mail", stat=stat("Time", "Average", "mail"))

    said = await source_at(filled, (RATE, silent), insights=insights_at(filled)).check()

    assert said.startswith("1 of 2 metrics have values in the last 15 minutes, the newest ")
    assert "nothing for mail latency_mean; 2 log groups can be read" in said


async def test_pages_are_followed_and_joined() -> None:
    def answer(request: Request) -> Reply:
        at = NOW.timestamp() - (180 if "NextToken" in request.json() else 240)
        row = {"Id": "m0", "Timestamps": [at], "Values": [60.0], "StatusCode": "PartialData"}
        more = {} if "NextToken" in request.json() else {"NextToken": "two"}
        return results(row, **more)

    async with scripted(answer) as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert len(vendor.asked) == 2
    assert found.series[0].times == (NOW.timestamp() - 180, NOW.timestamp() - 120)


async def test_pages_without_end_are_cut_and_said_to_be() -> None:
    async with scripted(lambda request: results(NextToken="again")) as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert len(vendor.asked) == 10
    assert found.truncated
    assert "there are more values than were read" in found.warnings


async def test_a_period_that_is_not_over_is_not_asked_for() -> None:
    now = NOW.timestamp() + 45
    window = Window(start=WINDOW.start, end=NOW + timedelta(minutes=3))
    async with scripted(lambda request: results(), clock=lambda: now, settle_s=30.0) as (source, vendor):
        await source.collect(Scope(), window)

    assert vendor.asked[0].json()["EndTime"] == NOW.timestamp()


async def test_who_asks_for_the_same_a_moment_later_costs_no_call() -> None:
    now = NOW.timestamp() + 40
    async with scripted(lambda request: results(), clock=lambda: now) as (source, vendor):
        for _ in range(5):
            await source.collect(Scope(), WINDOW)
            now += 3
        assert len(vendor.asked) == 1
        now += 60
        await source.collect(Scope(), WINDOW)

    assert len(vendor.asked) == 2


async def test_a_long_window_is_asked_for_with_a_longer_period() -> None:
    async with scripted(lambda request: results()) as (source, vendor):
        await source.collect(Scope(), Window(start=NOW - timedelta(days=7), end=NOW))

    period_s = vendor.asked[0].json()["MetricDataQueries"][0]["MetricStat"]["Period"]
    assert period_s % 60 == 0
    assert 7 * 86_400 / period_s <= 1_440


async def test_many_metrics_are_asked_for_in_calls_of_five_hundred() -> None:
    metrics = tuple(replace(RATE, service=f"s{i}", stat=stat("RequestCount", service=f"s{i}")) for i in range(1_100))
    async with scripted(lambda request: results(), metrics=metrics) as (source, vendor):
        await source.collect(Scope(), WINDOW)

    assert sorted(len(one.json()["MetricDataQueries"]) for one in vendor.asked) == [100, 500, 500]


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_an_error_of_its_kind_in_good_time(fault: str) -> None:
    behaviour, kind = FAULTS[fault]
    async with scripted(lambda request: results(), timeout_s=patience_s(kind), max_bytes=500_000) as (source, vendor):
        vendor.trouble = behaviour
        await must_fail(source, kind, WINDOW)


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("AccessDenied", BadAnswer, r"lacks the permission: cloudwatch:GetMetricData"),
        ("ExpiredTokenException", BadAnswer, r"the credential is not accepted"),
        ("ThrottlingException", RateLimited, r"cloudwatch:GetMetricData \(AWS region eu-central-1\): ThrottlingEx"),
        ("InternalServiceFault", BadAnswer, r"InternalServiceFault"),
    ],
)
async def test_what_the_api_says_becomes_ours(code: str, kind: type[Exception], told: str) -> None:
    async with scripted(aws.refused(code)) as (source, _):
        with pytest.raises(kind, match=told):
            await source.collect(Scope(), WINDOW)


async def test_one_that_is_not_there_is_unreachable() -> None:
    async with scripted(lambda request: results()) as (source, vendor):
        await vendor.stop()
        with pytest.raises(Unreachable):
            await source.collect(Scope(), WINDOW)


async def test_without_credentials_nothing_is_asked_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    async with Vendor(lambda request: results()) as vendor:
        bare = aws.boto3.session.Session().client("cloudwatch", region_name=aws.REGION, endpoint_url=vendor.url)
        calls = aws.AwsCalls(bare, aws.ThreadPoolExecutor(1), timeout_s=3.0, max_bytes=1_000_000)
        source = CloudWatchSource(calls, (RATE,), clock=NOW.timestamp)
        with pytest.raises(Unreachable, match="no AWS credentials were found"):
            await source.collect(Scope(), WINDOW)

    assert vendor.asked == []


async def test_a_metric_that_is_forbidden_is_a_warning_and_an_id_nobody_asked_for_no_answer() -> None:
    async with scripted(lambda request: results({"Id": "m0", "StatusCode": "Forbidden"})) as (source, vendor):
        found = await source.collect(Scope(), WINDOW)
        vendor.answer = lambda request: results({"Id": "m7", "StatusCode": "Complete"})
        with pytest.raises(BadAnswer, match="'m7', which was not asked for"):
            await source.collect(Scope(), Window(start=WINDOW.start - timedelta(minutes=9), end=NOW))

    assert found.warnings == [f"{RATE.stat}: Forbidden"]


async def test_when_only_the_logs_fail_the_metrics_are_given_with_a_warning(filled: str) -> None:
    async with Vendor(aws.refused()) as vendor:
        source = source_at(filled, insights=insights_at(vendor.url))
        found = await source.collect(Scope(), WINDOW)

    assert found.series
    assert found.truncated
    assert any("lacks the permission: logs:StartQuery" in warning for warning in found.warnings)


def insights(request: Request, *statuses: str, counts: dict[str, int]) -> Reply:
    """Answer as Logs Insights does: so many looks, each with the status that stands there."""
    name = aws.operation(request)
    counts[name] = counts.get(name, 0) + 1
    if name == "StartQuery":
        return Reply(body={"queryId": "q1"}, content="application/x-amz-json-1.1")
    if name == "StopQuery":
        return Reply(body={"success": True}, content="application/x-amz-json-1.1")
    status = statuses[min(counts[name], len(statuses)) - 1]
    body = recorded("aws/insights.json") if status == "Complete" else {"results": []}
    return Reply(body={**body, "status": status}, content="application/x-amz-json-1.1")


RECORDED = Window(start=datetime(2025, 11, 26, 11, 55, tzinfo=UTC), end=datetime(2025, 11, 26, 12, 0, tzinfo=UTC))


async def test_a_query_is_asked_for_until_it_is_complete() -> None:
    counts: dict[str, int] = {}
    answer = lambda request: insights(request, "Scheduled", "Running", "Complete", counts=counts)  # noqa: E731
    async with Vendor(answer) as vendor:
        found = await insights_at(vendor.url).lines((), RECORDED)

    assert counts == {"StartQuery": 1, "GetQueryResults": 3}
    assert [(line.service, line.level, line.text) for line in found.lines] == [
        ("edge", "info", "GET /cart 200"),
        ("cart", "error", "pool is empty"),
    ]
    assert found.warnings == ["1 lines could not be read"]


async def test_services_that_share_a_log_group_are_told_apart_by_the_lines_own_field() -> None:
    counts: dict[str, int] = {}
    shared = {"cart": "/ecs/cart", "mail": "/ecs/cart"}
    async with Vendor(lambda request: insights(request, "Complete", counts=counts)) as vendor:
        found = await insights_at(vendor.url, shared).lines((), RECORDED)

    assert [(line.service, line.text) for line in found.lines] == [("cart", "pool is empty")]


async def test_a_query_that_takes_too_long_is_stopped() -> None:
    counts: dict[str, int] = {}
    async with Vendor(lambda request: insights(request, "Running", counts=counts)) as vendor:
        with pytest.raises(TimedOut, match=r"the query was not complete within 0\.5 s"):
            await insights_at(vendor.url, timeout_s=0.5).lines((), RECORDED)

    assert counts["StopQuery"] == 1
    assert vendor.asked[-1].json() == {"queryId": "q1"}


async def test_a_query_nobody_waits_for_any_more_is_stopped() -> None:
    counts: dict[str, int] = {}
    looked = asyncio.Event()

    def answer(request: Request) -> Reply:
        if aws.operation(request) == "GetQueryResults":
            looked.set()
        return insights(request, "Running", counts=counts)

    async with Vendor(answer) as vendor:
        task = asyncio.create_task(insights_at(vendor.url).lines((), RECORDED))
        await looked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert counts["StopQuery"] == 1


@pytest.mark.parametrize(("status", "kind"), [("Failed", BadAnswer), ("Cancelled", BadAnswer), ("Timeout", TimedOut)])
async def test_a_query_that_fails_says_how(status: str, kind: type[Exception]) -> None:
    counts: dict[str, int] = {}
    async with Vendor(lambda request: insights(request, status, counts=counts)) as vendor:
        with pytest.raises(kind, match=f"the query ended as {status}"):
            await insights_at(vendor.url).lines((), RECORDED)

    assert "StopQuery" not in counts


async def test_a_limit_that_is_reached_says_since_when_there_are_lines() -> None:
    counts: dict[str, int] = {}
    async with Vendor(lambda request: insights(request, "Complete", counts=counts)) as vendor:
        found = await insights_at(vendor.url, max_lines=1).lines((), RECORDED)

    assert found.truncated
    assert found.warnings == [
        "the limit of 1 lines was reached, older ones are missing; there are none before 11:59:10"
    ]


async def test_nothing_is_asked_for_a_kind_that_is_not_wanted() -> None:
    async with scripted(lambda request: results()) as (source, vendor):
        await source.collect(Scope(kinds=(EvidenceKind.TRACE,)), WINDOW)

    assert vendor.asked == []
