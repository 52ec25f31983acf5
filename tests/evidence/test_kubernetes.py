"""The source that asks a Kubernetes API server, over one that answers as documented, and over one that does not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from quell.errors import BadAnswer, Unreachable
from quell.evidence.kubernetes import PAGE, KubernetesSource
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Series, Window
from tests.evidence.faults import FAULTS, patience_s
from tests.evidence.vendor import Reply, Request, Vendor, recorded

NOW = datetime(2025, 11, 26, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)

Answer = Callable[[Request], Reply]


def cluster(request: Request) -> Reply:
    return Reply(body=recorded(f"kubernetes/{request.path.rpartition('/')[2]}.json"))


def only(resource: str, *items: dict[str, Any]) -> Answer:
    def answer(request: Request) -> Reply:
        return Reply(body={"items": list(items) if request.path.endswith(f"/{resource}") else []})

    return answer


def refused(*resources: str) -> Answer:
    def answer(request: Request) -> Reply:
        resource = request.path.rpartition("/")[2]
        if resource not in resources:
            return cluster(request)
        said = f'{resource} is forbidden: User "system:serviceaccount:quell:quell" cannot list resource "{resource}"'
        return Reply(body={"kind": "Status", "status": "Failure", "message": said, "code": 403}, status="403 Forbidden")

    return answer


@asynccontextmanager
async def asking(answer: Answer = cluster, **options: Any) -> AsyncIterator[tuple[KubernetesSource, Vendor]]:
    async with Vendor(answer) as vendor:
        options = {"clock": NOW.timestamp, "timeout_s": 30.0, **options}
        yield KubernetesSource(vendor.url, lambda: httpx.AsyncClient(trust_env=False), **options), vendor


async def seen(*kinds: EvidenceKind, answer: Answer = cluster, services: tuple[str, ...] = ()) -> Collected:
    async with asking(answer) as (source, _):
        return await source.collect(Scope(kinds=kinds, services=services), WINDOW)


def values(series: Series) -> dict[str, float | None]:
    stamps = (datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S") for at in series.times)
    return dict(zip(stamps, series.values, strict=True))


def named(found: Collected, service: str, name: str) -> dict[str, float | None]:
    return values(next(one for one in found.series if (one.service, one.name) == (service, name)))


async def test_restarts_step_up_where_the_api_says_that_a_container_began_again() -> None:
    found = named(await seen(EvidenceKind.METRIC), "cart", "restarts")

    assert (found["11:58:30"], found["11:58:45"], found["11:59:45"]) == (2.0, 3.0, 3.0)


async def test_up_is_the_share_of_pods_that_are_ready_and_a_pod_that_never_was_counts_once_it_restarted() -> None:
    found = named(await seen(EvidenceKind.METRIC), "cart", "up")

    assert found["11:55:00"] == 1.0
    assert found["11:59:15"] == 0.5


async def test_a_pod_that_was_ready_until_its_condition_changed_was_up_before() -> None:
    found = named(await seen(EvidenceKind.METRIC), "cart", "up")

    assert found["11:59:00"] == 1.0


def starting(ready: str, since: str) -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": since}
    labels = {"app.kubernetes.io/name": "new"}
    meta = {"name": "new-1", "namespace": "shop", "labels": labels, "creationTimestamp": "2025-11-26T11:57:00Z"}
    return {"metadata": meta, "status": {"startTime": "2025-11-26T11:57:00Z", "conditions": [condition]}}


async def test_a_pod_that_starts_is_not_down() -> None:
    found = await seen(EvidenceKind.METRIC, answer=only("pods", starting("True", "2025-11-26T11:57:40Z")))

    up = named(found, "new", "up")
    assert (up["11:57:30"], up["11:57:45"]) == (None, 1.0)


async def test_a_pod_that_does_not_become_ready_is_down_after_a_minute() -> None:
    found = await seen(EvidenceKind.METRIC, answer=only("pods", starting("False", "2025-11-26T11:57:00Z")))

    up = named(found, "new", "up")
    assert (up["11:57:45"], up["11:58:00"]) == (None, 0.0)


async def test_a_pod_that_did_its_work_is_no_service_that_is_down() -> None:
    found = await seen(EvidenceKind.METRIC)

    assert {one.service for one in found.series} == {"cart", "edge"}


async def test_what_went_wrong_is_told_as_lines_in_order() -> None:
    found = await seen(EvidenceKind.LOG)

    assert [(line.service, line.level, line.text.partition(":")[0]) for line in found.lines] == [
        ("edge", "error", "FailedCreate"),
        ("cart", "info", "ScalingReplicaSet"),
        ("mail", "info", "ScalingReplicaSet"),
        ("cart", "error", "Unhealthy"),
        ("cart", "error", "container app of cart-7d9-aaaaa ended"),
        ("cart", "error", "container app of cart-7d9-aaaaa waits"),
        ("cart", "error", "BackOff"),
    ]
    ended = next(line.text for line in found.lines if "ended" in line.text)
    assert ended == "container app of cart-7d9-aaaaa ended: OOMKilled, exit code 137"


async def test_an_event_of_a_pod_that_is_gone_belongs_to_the_service_of_its_replicaset() -> None:
    found = await seen(EvidenceKind.LOG, services=("cart",))

    assert any("Readiness probe failed" in line.text for line in found.lines)


async def test_each_rollout_is_a_change_of_the_kind_it_was() -> None:
    found = await seen(EvidenceKind.CHANGE)

    assert [(f"{one.at:%H:%M:%S}", one.service, one.kind, one.before, one.after, one.by) for one in found.changes] == [
        ("11:56:00", "cart", "deploy", "shop/cart:1.4.2", "shop/cart:1.5.0", "kubernetes:argocd-controller"),
        ("11:57:05", "mail", "deploy", "shop/mail:9", "shop/mail:8", ""),
        ("11:58:00", "edge", "config", "revision 4", "revision 5", ""),
        ("11:59:00", "pay", "restart", "revision 1", "revision 2", "kubernetes:kubectl-rollout"),
    ]


async def test_a_rollback_without_its_event_is_placed_at_the_last_progress_of_its_deployment() -> None:
    def answer(request: Request) -> Reply:
        return Reply(body={"items": []}) if request.path.endswith("/events") else cluster(request)

    found = await seen(EvidenceKind.CHANGE, answer=answer, services=("mail",))

    assert [f"{one.at:%H:%M:%S}" for one in found.changes] == ["11:57:20"]


async def test_nobody_can_pass_for_quell_by_the_name_of_a_field_manager() -> None:
    meta = {"name": "x", "namespace": "s", "labels": {"app.kubernetes.io/name": "x"}}
    written = [{"manager": "quell", "time": "2025-11-26T11:58:00Z"}]
    owner = [{"kind": "Deployment", "name": "x"}]
    revision = {"deployment.kubernetes.io/revision": "1"}
    made = {"creationTimestamp": "2025-11-26T11:58:00Z"}

    def answer(request: Request) -> Reply:
        items: dict[str, Any] = {
            "deployments": {"metadata": {**meta, "managedFields": written}},
            "replicasets": {"metadata": {**meta, **made, "annotations": revision, "ownerReferences": owner}},
        }
        item = items.get(request.path.rpartition("/")[2])
        return Reply(body={"items": [item] if item else []})

    found = await seen(EvidenceKind.CHANGE, answer=answer)

    assert [one.by for one in found.changes] == ["kubernetes:quell"]


async def test_only_the_services_asked_for_are_given_and_one_that_is_not_there_is_missing() -> None:
    found = await seen(services=("cart", "nobody"))

    assert {one.service for one in (*found.series, *found.lines, *found.changes)} == {"cart"}
    assert found.missing == ["nobody"]


async def test_pages_are_followed_to_the_last() -> None:
    pods = recorded("kubernetes/pods.json")["items"]

    def answer(request: Request) -> Reply:
        at = int(request.query.get("continue", "0"))
        more = {"continue": str(at + 1)} if at + 1 < len(pods) else {}
        return Reply(body={"items": [pods[at]], "metadata": more})

    async with asking(answer) as (source, vendor):
        found = await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)

    assert {one.service for one in found.series} == {"cart", "edge"}
    assert (len(vendor.asked), vendor.asked[0].query["limit"]) == (len(pods), str(PAGE))


async def test_a_list_without_end_is_cut_and_said_to_be() -> None:
    pods = recorded("kubernetes/pods.json")["items"]
    answer: Answer = lambda request: Reply(body={"items": pods, "metadata": {"continue": "again"}})  # noqa: E731

    async with asking(answer, max_pages=2) as (source, vendor):
        found = await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)

    assert len(vendor.asked) == 2
    assert found.truncated
    assert "pods: only the first 10 were read" in found.warnings


async def test_a_list_that_is_refused_is_a_warning_that_names_the_verb_and_holds_up_no_other() -> None:
    found = await seen(answer=refused("events"))

    assert found.series
    assert found.changes
    assert len(found.warnings) == 1
    assert 'cannot list resource "events"' in found.warnings[0]
    assert 'lacks the permission: verb list on events in apiGroup ""' in found.warnings[0]


async def test_when_every_list_is_refused_the_source_fails_and_says_what_is_missing() -> None:
    async with asking(refused("pods", "events", "deployments", "replicasets")) as (source, _):
        with pytest.raises(BadAnswer, match='verb list on pods in apiGroup ""'):
            await source.collect(Scope(), WINDOW)
        with pytest.raises(BadAnswer):
            await source.check()


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_an_error_of_its_kind_in_good_time(fault: str) -> None:
    behaviour, kind = FAULTS[fault]
    async with asking(timeout_s=patience_s(kind), max_bytes=500_000) as (source, vendor):
        vendor.trouble = behaviour
        with pytest.raises(kind):
            await source.collect(Scope(), WINDOW)
        with pytest.raises(kind):
            await source.check()


async def test_an_object_that_cannot_be_read_is_counted_and_the_others_kept() -> None:
    pods = recorded("kubernetes/pods.json")["items"]
    broken = {"metadata": {"name": 7}}

    found = await seen(EvidenceKind.METRIC, answer=only("pods", broken, *pods))

    assert {one.service for one in found.series} == {"cart", "edge"}
    assert "pods: 1 could not be read" in found.warnings


async def test_a_moment_later_the_same_list_is_not_asked_for_again() -> None:
    now = NOW.timestamp()
    async with asking(clock=lambda: now, fresh_s=5.0) as (source, vendor):
        await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)
        now += 4.0
        await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)
        assert len(vendor.asked) == 1
        now += 2.0
        await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)

    assert len(vendor.asked) == 2


async def test_the_token_is_read_anew_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one\n")
    async with asking(token_file=token, fresh_s=0.0) as (source, vendor):
        await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)
        token.write_text("two\n")
        await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)

    assert [one.headers["authorization"] for one in vendor.asked] == ["Bearer one", "Bearer two"]


async def test_without_its_token_nothing_is_asked(tmp_path: Path) -> None:
    async with asking(token_file=tmp_path / "none") as (source, vendor):
        with pytest.raises(Unreachable, match="the token in"):
            await source.collect(Scope(), WINDOW)

    assert vendor.asked == []


async def test_only_the_namespaces_named_are_listed() -> None:
    async with asking(namespaces=("shop", "pay")) as (source, vendor):
        found = await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)

    assert sorted(one.path for one in vendor.asked) == ["/api/v1/namespaces/pay/pods", "/api/v1/namespaces/shop/pods"]
    assert "/api/v1/namespaces/shop/pods?limit=" in found.query


async def test_no_request_changes_anything() -> None:
    async with asking() as (source, vendor):
        await source.collect(Scope(), WINDOW)
        await source.check()

    assert {one.method for one in vendor.asked} == {"GET"}


async def test_check_says_what_it_sees() -> None:
    async with asking() as (source, _):
        said = await source.check()

    assert said == ("5 pods in all namespaces, 2 ready, 3 services by the label app.kubernetes.io/name; 4 deployments")


async def test_text_from_the_cluster_is_one_line_and_cut() -> None:
    event = {
        "metadata": {"namespace": "shop"},
        "involvedObject": {"kind": "Pod", "name": "new-1"},
        "reason": "Failed",
        "type": "Warning",
        "message": "a\nb\n" + "x" * 100_000,
        "lastTimestamp": "2025-11-26T11:58:00Z",
    }

    def answer(request: Request) -> Reply:
        held = {"events": [event], "pods": [starting("True", "2025-11-26T11:57:40Z")]}
        return Reply(body={"items": held.get(request.path.rpartition("/")[2], [])})

    found = await seen(EvidenceKind.LOG, answer=answer)

    assert len(found.lines) == 1
    assert "\n" not in found.lines[0].text
    assert len(json.dumps(found.lines[0].text)) < 1_100
