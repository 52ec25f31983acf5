"""The source that asks ECS: real boto3 against moto's server, and against one that answers as documented."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quell.errors import BadAnswer, RateLimited
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Series, Window
from tests.evidence import aws
from tests.evidence.faults import FAULTS, must_fail, patience_s
from tests.evidence.vendor import Reply, Request, Vendor, recorded

from quell.evidence.ecs import Cluster, EcsSource  # isort: skip

NOW = datetime(2025, 11, 26, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)
PROD = Cluster(name="prod")


def reply(body: Any) -> Reply:
    return Reply(body=body, content="application/x-amz-json-1.1")


def cluster(request: Request) -> Reply:
    """Answer as ECS does, from what was recorded."""
    asked, name = request.json(), aws.operation(request)
    if name == "ListServices":
        return reply({"serviceArns": [one["serviceArn"] for one in recorded("aws/ecs-services.json")["services"]]})
    if name == "DescribeServices":
        held = {one["serviceName"]: one for one in recorded("aws/ecs-services.json")["services"]}
        missing = [{"arn": f"x/{one}", "reason": "MISSING"} for one in asked["services"] if one not in held]
        return reply({"services": [held[one] for one in asked["services"] if one in held], "failures": missing})
    tasks = recorded("aws/ecs-tasks.json")
    if name == "ListTasks":
        return reply({"taskArns": [one["taskArn"] for one in tasks[asked["desiredStatus"]]]})
    if name == "DescribeTasks":
        held = {one["taskArn"]: one for one in (*tasks["RUNNING"], *tasks["STOPPED"])}
        return reply({"tasks": [held[arn] for arn in asked["tasks"]], "failures": []})
    image = recorded("aws/ecs-images.json")[asked["taskDefinition"].rpartition("/")[2]]
    return reply({"taskDefinition": {"containerDefinitions": [{"name": "app", "image": image}]}})


def but(name: str, other: aws.Answer) -> aws.Answer:
    """Answer as ECS does, but for one operation."""
    return lambda request: (other if aws.operation(request) == name else cluster)(request)


@asynccontextmanager
async def asking(answer: aws.Answer = cluster, **options: Any) -> AsyncIterator[tuple[EcsSource, Vendor]]:
    timeout_s, max_bytes = options.get("timeout_s", 30.0), options.pop("max_bytes", 16_000_000)
    async with Vendor(answer) as vendor:
        calls = aws.calls("ecs", vendor.url, timeout_s=timeout_s, max_bytes=max_bytes)
        options = {"timeout_s": timeout_s, "clock": NOW.timestamp, "clusters": (PROD,), **options}
        yield EcsSource(calls, options.pop("clusters"), **options), vendor


async def seen(*kinds: EvidenceKind, answer: aws.Answer = cluster, services: tuple[str, ...] = ()) -> Collected:
    async with asking(answer) as (source, _):
        return await source.collect(Scope(kinds=kinds, services=services), WINDOW)


def values(found: Collected, service: str, name: str) -> dict[str, float | None]:
    one: Series = next(one for one in found.series if (one.service, one.name) == (service, name))
    stamps = (datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S") for at in one.times)
    return dict(zip(stamps, one.values, strict=True))


async def test_tasks_that_failed_are_restarts_and_those_that_were_told_to_stop_are_not() -> None:
    found = await seen(EvidenceKind.METRIC)

    cart = values(found, "cart", "restarts")
    assert (cart["11:57:45"], cart["11:58:00"], cart["11:59:00"]) == (0.0, 1.0, 2.0)
    assert set(values(found, "edge", "restarts").values()) == {0.0}
    assert values(found, "mail", "restarts")["11:59:45"] == 1.0


async def test_up_is_the_share_of_expected_tasks_that_run() -> None:
    found = values(await seen(EvidenceKind.METRIC), "cart", "up")

    assert (found["11:57:45"], found["11:58:00"], found["11:59:45"]) == (1.0, 0.5, 0.5)


async def test_a_rolling_deployment_is_no_outage() -> None:
    assert set(values(await seen(EvidenceKind.METRIC), "edge", "up").values()) == {1.0}


def described(**more: Any) -> aws.Answer:
    one = {**recorded("aws/ecs-services.json")["services"][0], **more}
    return but("DescribeServices", lambda request: reply({"services": [one], "failures": []}))


async def test_a_service_that_is_scaled_up_is_not_down_meanwhile() -> None:
    found = await seen(EvidenceKind.METRIC, answer=described(desiredCount=20))

    assert values(found, "cart", "up")["11:57:45"] == 1.0


async def test_tasks_that_are_in_no_list_tell_nothing() -> None:
    answer = but("ListTasks", lambda request: reply({"taskArns": []}))
    empty = but("DescribeTasks", lambda request: reply({"tasks": []}))
    found = await seen(EvidenceKind.METRIC, answer=lambda r: (answer if aws.operation(r) == "ListTasks" else empty)(r))

    assert "up" not in {one.name for one in found.series}


async def test_without_the_tasks_there_are_no_series_and_the_missing_permission_is_named() -> None:
    found = await seen(answer=but("ListTasks", aws.refused()))

    assert found.series == []
    assert found.changes
    assert "lacks the permission: ecs:ListTasks" in found.warnings[0]


async def test_events_failed_tasks_and_failed_deployments_are_lines_in_order() -> None:
    found = await seen(EvidenceKind.LOG, services=("cart",))

    assert [(f"{datetime.fromtimestamp(one.at, UTC):%H:%M:%S}", one.level) for one in found.lines] == [
        ("11:56:00", "info"), ("11:58:00", "error"), ("11:58:30", "error"), ("11:58:50", "error"),
        ("11:59:00", "error"), ("11:59:30", "error"),
    ]  # fmt: skip
    assert "app: exit code 137, OutOfMemoryError: Container killed" in found.lines[1].text
    assert "CannotPullContainerError" in found.lines[3].text
    assert found.lines[5].text == "deployment of cart:43 failed: ECS deployment circuit breaker: tasks failed to start."


async def test_each_deployment_is_a_change_of_the_kind_it_was() -> None:
    found = await seen(EvidenceKind.CHANGE)

    assert [(f"{one.at:%H:%M:%S}", one.service, one.kind, one.before, one.after, one.by) for one in found.changes] == [
        ("11:56:30", "mail", "config", "shop/mail:9 (mail:4)", "shop/mail:9 (mail:5)", ""),
        ("11:57:00", "cart", "deploy", "shop/cart:1.4.2 (cart:42)", "shop/cart:1.5.0 (cart:43)", ""),
        ("11:58:00", "edge", "restart", "shop/edge:2.0 (edge:7)", "shop/edge:2.0 (edge:7)", ""),
        ("11:59:10", "mail", "restart", "task m0", "stopped: Task stopped by user", "ecs:user"),
    ]


async def test_images_that_may_not_be_read_leave_the_names_of_task_definitions() -> None:
    found = await seen(EvidenceKind.CHANGE, answer=but("DescribeTaskDefinition", aws.refused()), services=("cart",))

    assert [(one.kind, one.before, one.after) for one in found.changes] == [("deploy", "cart:42", "cart:43")]
    assert "ecs:DescribeTaskDefinition" in found.warnings[0]


async def test_a_task_definition_is_read_once() -> None:
    async with asking(fresh_s=0.0) as (source, vendor):
        await source.collect(Scope(), WINDOW)
        await source.collect(Scope(), WINDOW)

    assert sum(aws.operation(one) == "DescribeTaskDefinition" for one in vendor.asked) == 5


async def test_services_are_named_as_the_settings_say_and_only_those_are_read() -> None:
    named = Cluster(name="prod", services={"cart": "basket", "gone": "gone"})
    async with asking(clusters=(named,)) as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert {one.service for one in found.series} == {"basket"}
    assert "ListServices" not in {aws.operation(one) for one in vendor.asked}
    assert "ECS: gone MISSING" in found.warnings


async def test_many_services_are_described_ten_at_a_time() -> None:
    arns = [f"arn:aws:ecs:eu-central-1:1:service/prod/s{i}" for i in range(25)]
    async with asking(but("ListServices", lambda request: reply({"serviceArns": arns}))) as (source, vendor):
        await source.collect(Scope(), WINDOW)

    sizes = [len(one.json()["services"]) for one in vendor.asked if aws.operation(one) == "DescribeServices"]
    assert sizes == [10, 10, 5]


async def test_a_list_of_tasks_without_end_is_cut_and_nothing_is_counted_from_it() -> None:
    def endless(request: Request) -> Reply:
        return Reply(body={**cluster(request).body, "nextToken": "x"}, content="application/x-amz-json-1.1")

    found = await seen(answer=but("ListTasks", endless))

    assert found.truncated
    assert found.series == []
    assert "ECS cluster prod: not all of its RUNNING tasks were read" in found.warnings


async def test_a_cluster_that_fails_is_a_warning_and_holds_up_no_other() -> None:
    def answer(request: Request) -> Reply:
        if request.json().get("cluster") == "gone":
            return aws.refused("ClusterNotFoundException")(request)
        return cluster(request)

    async with asking(answer, clusters=(PROD, Cluster(name="gone"))) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert found.series
    assert "ClusterNotFoundException" in found.warnings[0]


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_an_error_of_its_kind_in_good_time(fault: str) -> None:
    behaviour, kind = FAULTS[fault]
    async with asking(timeout_s=patience_s(kind), max_bytes=500_000) as (source, vendor):
        vendor.trouble = behaviour
        await must_fail(source, kind, WINDOW)


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("AccessDeniedException", BadAnswer, "lacks the permission: ecs:ListServices"),
        ("ThrottlingException", RateLimited, "ecs:ListServices"),
    ],
)
async def test_what_the_api_says_becomes_ours(code: str, kind: type[Exception], told: str) -> None:
    async with asking(aws.refused(code)) as (source, _):
        with pytest.raises(kind, match=told):
            await source.collect(Scope(), WINDOW)


@pytest.mark.parametrize("row", [{}, {"serviceName": "x", "deployments": [{"createdAt": None}]}])
async def test_a_row_that_is_no_service_is_a_bad_answer(row: dict[str, Any]) -> None:
    answer = but("DescribeServices", lambda request: reply({"services": [row]}))
    async with asking(answer) as (source, _):
        with pytest.raises(BadAnswer, match="has not the documented shape"):
            await source.collect(Scope(), WINDOW)


async def test_a_moment_later_the_cluster_is_not_asked_again() -> None:
    now = NOW.timestamp()
    async with asking(clock=lambda: now, fresh_s=15.0) as (source, vendor):
        first = await source.collect(Scope(), WINDOW)
        asked = len(vendor.asked)
        now += 10.0
        assert await source.collect(Scope(), WINDOW) == first
        assert len(vendor.asked) == asked


async def test_no_call_changes_anything() -> None:
    async with asking() as (source, vendor):
        await source.collect(Scope(), WINDOW)
        await source.check()

    assert all(aws.operation(one).startswith(("List", "Describe")) for one in vendor.asked)


async def test_check_says_how_many_tasks_run_and_where_there_are_too_few() -> None:
    async with asking() as (source, _):
        assert await source.check() == "3 services in 1 clusters, 4 of 5 tasks run; too few: cart"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with aws.moto() as url:
        ecs = aws.client("ecs", url)
        ecs.create_cluster(clusterName="prod")
        container = {"name": "app", "image": "shop/cart:1.4.2", "memory": 64}
        ecs.register_task_definition(family="cart", containerDefinitions=[container])
        ecs.create_service(cluster="prod", serviceName="cart", taskDefinition="cart", desiredCount=2)
        yield url


async def test_a_service_of_moto_is_seen_with_its_deployment(moto: str) -> None:
    now = datetime.now(UTC)
    source = EcsSource(aws.calls("ecs", moto), (PROD,), clock=lambda: now.timestamp() + 1)

    found = await source.collect(Scope(), Window(start=now - timedelta(minutes=5), end=now + timedelta(minutes=5)))

    assert [(one.service, one.kind, one.after) for one in found.changes] == [
        ("cart", "deploy", "shop/cart:1.4.2 (cart:1)")
    ]
    assert await source.check() == "1 services in 1 clusters, 0 of 2 tasks run; too few: cart"


async def test_a_cluster_that_moto_does_not_have_is_a_bad_answer(moto: str) -> None:
    source = EcsSource(aws.calls("ecs", moto), (Cluster(name="none"),), clock=NOW.timestamp)

    with pytest.raises(BadAnswer, match="ClusterNotFoundException"):
        await source.collect(Scope(), WINDOW)
