"""The sources of vendors over servers that answer for the services cart and edge, from a minute ago up to now."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from quell.evidence.github import GitHubSource, Repository
from quell.evidence.kubernetes import KubernetesSource
from quell.evidence.loki import LokiSource
from quell.evidence.source import EvidenceSource
from tests.evidence.vendor import Reply, Request

SERVICES = ("cart", "edge")

Made = tuple[Callable[[Request], Reply], Callable[[str, httpx.AsyncClient, float], EvidenceSource]]
"""(What the server answers, what makes the source: of an address, a client and a time-out in seconds)."""


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def loki() -> Made:
    def answer(request: Request) -> Reply:
        if "label" in request.path:
            return Reply(body={"status": "success", "data": list(SERVICES)})
        start, end = (int(request.query[name]) // 10**9 for name in ("start", "end"))
        rows = [
            {
                "stream": {"service_name": name},
                "values": [[f"{at}000000001", "x"] for at in range(end - 1, start - 1, -1)],
            }
            for name in SERVICES
        ]
        return Reply(body={"status": "success", "data": {"resultType": "streams", "result": rows}})

    return answer, lambda url, client, timeout_s: LokiSource(url, client, clock=time.time, timeout_s=timeout_s)


def kubernetes() -> Made:
    begun = time.time() - 30

    def named(name: str, **more: Any) -> dict[str, Any]:
        labels = {"app.kubernetes.io/name": name}
        return {"name": name, "namespace": "shop", "labels": labels, "creationTimestamp": iso(begun - 600), **more}

    def pod(name: str) -> dict[str, Any]:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": iso(begun - 500)}
        running = {"name": "app", "restartCount": 0, "state": {"running": {"startedAt": iso(begun - 600)}}}
        return {"metadata": named(name), "status": {"conditions": [ready], "containerStatuses": [running]}}

    def event(name: str) -> dict[str, Any]:
        about = {"kind": "Pod", "namespace": "shop", "name": name}
        return {"involvedObject": about, "reason": "Pulled", "type": "Normal", "lastTimestamp": iso(begun)}

    def revision(name: str) -> dict[str, Any]:
        meta = named(
            f"{name}-1",
            creationTimestamp=iso(begun),
            annotations={"deployment.kubernetes.io/revision": "1"},
            ownerReferences=[{"kind": "Deployment", "name": name}],
        )
        return {"metadata": meta}

    held = {
        "pods": [pod(name) for name in SERVICES],
        "events": [event(name) for name in SERVICES],
        "deployments": [{"metadata": named(name)} for name in SERVICES],
        "replicasets": [revision(name) for name in SERVICES],
    }

    def make(url: str, client: httpx.AsyncClient, timeout_s: float) -> EvidenceSource:
        return KubernetesSource(
            url, lambda: httpx.AsyncClient(trust_env=False), clock=time.time, timeout_s=timeout_s, fresh_s=0.0
        )

    return lambda request: Reply(body={"items": held[request.path.rpartition("/")[2]]}), make


def github() -> Made:
    begun = time.time() - 30

    def answer(request: Request) -> Reply:
        if request.path.endswith("/statuses"):
            return Reply(body=[{"state": "success", "created_at": iso(begun)}])
        if "/commits/" in request.path:
            return Reply(body={"sha": "a" * 40})
        row = {"id": 1, "sha": "a" * 40, "environment": "production", "created_at": iso(begun - 5)}
        return Reply(body=[row])

    repositories = [Repository(service=name, name=f"shop/{name}") for name in SERVICES]
    return answer, lambda url, client, timeout_s: GitHubSource(
        repositories, client, clock=time.time, url=url, timeout_s=timeout_s
    )


def cloudwatch() -> Made:
    from tests.evidence import aws

    asked: dict[str, Any] = {}

    def answer(request: Request) -> Reply:
        name, body = aws.operation(request), request.json()
        if name == "StartQuery":
            asked.update(body)
            return Reply(body={"queryId": "q"})
        if name == "GetQueryResults":
            row = [
                [{"field": "@timestamp", "value": str(at * 1000)}, {"field": "@log", "value": f"1:{group}"}]
                for at in range(asked["startTime"], asked["endTime"])
                for group in asked["logGroupNames"]
            ]
            return Reply(body={"status": "Complete", "results": row})
        period_s = body["MetricDataQueries"][0]["MetricStat"]["Period"]
        times = list(range(int(body["StartTime"]), int(body["EndTime"]), period_s))
        return Reply(
            body={
                "MetricDataResults": [
                    {"Id": one["Id"], "Timestamps": times, "Values": [1.0] * len(times), "StatusCode": "Complete"}
                    for one in body["MetricDataQueries"]
                ]
            }
        )

    def make(url: str, client: httpx.AsyncClient, timeout_s: float) -> EvidenceSource:
        from quell.evidence.cloudwatch import CloudWatchSource, Metric, Stat
        from quell.evidence.logsinsights import LogsInsights

        metrics = [
            Metric(
                service=name,
                name="request_rate",
                unit="1/s",
                stat=Stat(namespace="Shop", metric="Requests", dimensions=(("service", name),), stat="Sum"),
            )
            for name in SERVICES
        ]
        groups = {name: f"/shop/{name}" for name in SERVICES}
        insights = LogsInsights(aws.calls("logs", url, timeout_s=timeout_s), groups, timeout_s=timeout_s, poll_s=0.01)
        calls = aws.calls("cloudwatch", url, timeout_s=timeout_s)
        return CloudWatchSource(calls, metrics, insights, clock=time.time, period_s=5, settle_s=0.0)

    return answer, make


def ecs() -> Made:
    from tests.evidence import aws

    begun = time.time() - 30

    def answer(request: Request) -> Reply:
        name, body = aws.operation(request), request.json()
        if name == "ListServices":
            return Reply(body={"serviceArns": [f"arn:aws:ecs:x:1:service/prod/{one}" for one in SERVICES]})
        if name == "DescribeServices":
            deployment = {"status": "PRIMARY", "taskDefinition": "t/a:1", "createdAt": begun}
            event = {"createdAt": begun, "message": "has reached a steady state."}
            rows = [
                {
                    "serviceName": one,
                    "runningCount": 1,
                    "desiredCount": 1,
                    "deployments": [deployment],
                    "events": [event],
                }
                for one in body["services"]
            ]
            return Reply(body={"services": rows})
        if name == "ListTasks":
            running = body["desiredStatus"] == "RUNNING"
            return Reply(body={"taskArns": [f"task/{one}" for one in SERVICES] if running else []})
        if name == "DescribeTasks":
            rows = [{"taskArn": one, "group": f"service:{one[5:]}", "startedAt": begun - 900} for one in body["tasks"]]
            return Reply(body={"tasks": rows})
        return Reply(body={"taskDefinition": {"containerDefinitions": [{"name": "app", "image": "a:1"}]}})

    def make(url: str, client: httpx.AsyncClient, timeout_s: float) -> EvidenceSource:
        from quell.evidence.ecs import Cluster, EcsSource

        calls = aws.calls("ecs", url, timeout_s=timeout_s)
        return EcsSource(calls, [Cluster(name="prod")], clock=time.time, timeout_s=timeout_s, fresh_s=0.0)

    return answer, make


def xray() -> Made:
    from tests.evidence import aws

    rows = [
        {"ReferenceId": number, "Name": name, "SummaryStatistics": {"TotalCount": 10, "TotalResponseTime": 1.0},
         "Edges": [{"ReferenceId": 1 - number, "SummaryStatistics": {"TotalCount": 5}}]}
        for number, name in enumerate(SERVICES)
    ]  # fmt: skip

    def make(url: str, client: httpx.AsyncClient, timeout_s: float) -> EvidenceSource:
        from quell.evidence.xray import XRaySource

        calls = aws.calls("xray", url, timeout_s=timeout_s)
        return XRaySource(calls, clock=time.time, step_s=10.0, settle_s=0.0, timeout_s=timeout_s)

    return lambda request: Reply(body={"Services": rows}), make


VENDORS = {one.__name__: one for one in (loki, kubernetes, github, cloudwatch, ecs, xray)}
