"""The vendors' places for telemetry, built from settings; what needs boto3 is imported only when it is asked for."""

from __future__ import annotations

import base64
import importlib
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from quell.app.combining import all_of
from quell.errors import ConfigError
from quell.evidence.github import GitHubSource, Repository
from quell.evidence.indicatorqueries import QUERIES
from quell.evidence.kubernetes import KubernetesSource
from quell.evidence.loki import LokiSource
from quell.evidence.source import EvidenceSource
from quell.settings.telemetry import (
    CloudWatch,
    CloudWatchMetric,
    Ecs,
    Evidence,
    GitHub,
    Kubernetes,
    Loki,
    Prometheus,
    Target,
    XRay,
)

if TYPE_CHECKING:
    from quell.evidence.awscalls import AwsCalls
    from quell.evidence.cloudwatch import Metric

ANSWER_BYTES = 16_000_000
"""A longer answer of AWS is refused."""

THREADS = 8


def sources(wanted: Evidence, client: httpx.AsyncClient) -> list[EvidenceSource]:
    """Return the sources that are configured, those that measure first. Raises: ConfigError: with all faults."""
    return all_of(builders(wanted, client))


def builders(wanted: Evidence, client: httpx.AsyncClient) -> list[Callable[[], EvidenceSource]]:
    """Return what builds each source that is configured, in their order; it raises ConfigError."""
    found = list[Callable[[], EvidenceSource]]()
    pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="aws")
    if wanted.cloudwatch is not None:
        found.append(partial(cloudwatch, wanted.cloudwatch, pool))
    if wanted.xray is not None:
        found.append(partial(xray, wanted.xray, pool))
    if wanted.ecs is not None:
        found.append(partial(ecs, wanted.ecs, pool))
    if wanted.loki is not None:
        found.append(partial(loki, wanted.loki, client))
    if wanted.kubernetes is not None:
        found.append(partial(kubernetes, wanted.kubernetes))
    if wanted.github is not None:
        found.append(partial(github, wanted.github, client))
    return found


def credentials(wanted: Prometheus | Loki | Target) -> dict[str, str]:
    """Return the header that proves who asks: a bearer token, or else basic authentication; none without either."""
    if wanted.token is not None:
        return {"Authorization": f"Bearer {wanted.token.get_secret_value()}"}
    if wanted.password is None:
        return {}
    pair = f"{wanted.username}:{wanted.password.get_secret_value()}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def trusted(setting: str, url: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """
    Return what the certificate behind an https address is checked against; None for what the system trusts.

    Raises: ConfigError: the file cannot be read, or holds no certificate.
    """
    if ca_file is None or not url.startswith("https:"):
        return None
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{setting}: {ca_file}: {error}") from error


def loki(wanted: Loki, client: httpx.AsyncClient) -> LokiSource:
    """Return the source that asks a Loki."""
    headers = credentials(wanted) | ({"X-Scope-OrgID": wanted.tenant} if wanted.tenant else {})
    return LokiSource(
        wanted.url,
        client,
        clock=time.time,
        service_label=wanted.service_label,
        matchers=wanted.matchers,
        filters=wanted.filters,
        max_lines=wanted.max_lines,
        timeout_s=wanted.timeout_s,
        headers=headers,
    )


def kubernetes(wanted: Kubernetes) -> KubernetesSource:
    """Return the source that asks a Kubernetes API server. Raises: ConfigError: its authority cannot be read."""
    authority = trusted("evidence.kubernetes.ca_file", wanted.url, wanted.ca_file) or True
    return KubernetesSource(
        wanted.url,
        lambda: httpx.AsyncClient(verify=authority, trust_env=False, follow_redirects=False),
        clock=time.time,
        namespaces=wanted.namespaces,
        service_label=wanted.service_label,
        token_file=wanted.token_file,
        timeout_s=wanted.timeout_s,
    )


def github(wanted: GitHub, client: httpx.AsyncClient) -> GitHubSource:
    """Return the source that asks GitHub."""
    repositories = [
        Repository(service=one.service, name=one.name, reads=one.reads, environment=one.environment, branch=one.branch)
        for one in wanted.repositories
    ]
    return GitHubSource(
        repositories,
        client,
        clock=time.time,
        url=wanted.url,
        token=wanted.token.get_secret_value() if wanted.token is not None else "",
        timeout_s=wanted.timeout_s,
    )


def cloudwatch(wanted: CloudWatch, pool: ThreadPoolExecutor) -> EvidenceSource:
    """Return the source that asks CloudWatch. Raises: ConfigError."""
    from quell.evidence.cloudwatch import CloudWatchSource
    from quell.evidence.logsinsights import LogsInsights

    if not wanted.metrics and not wanted.log_groups:
        raise ConfigError("evidence.cloudwatch: name `metrics`, `log_groups` or both")
    metrics = all_of(partial(_metric, number, one) for number, one in enumerate(wanted.metrics))
    insights = None
    if wanted.log_groups:
        insights = LogsInsights(
            _calls("logs", wanted, pool),
            wanted.log_groups,
            timeout_s=wanted.logs_timeout_s,
            max_lines=wanted.max_lines,
        )
    return CloudWatchSource(
        _calls("cloudwatch", wanted, pool),
        metrics,
        insights,
        clock=time.time,
        period_s=wanted.period_s,
        settle_s=wanted.settle_s,
    )


def xray(wanted: XRay, pool: ThreadPoolExecutor) -> EvidenceSource:
    """Return the source that asks X-Ray. Raises: ConfigError."""
    from quell.evidence.xray import XRaySource

    return XRaySource(
        _calls("xray", wanted, pool),
        clock=time.time,
        names=wanted.names,
        group=wanted.group,
        step_s=wanted.step_s,
        settle_s=wanted.settle_s,
    )


def ecs(wanted: Ecs, pool: ThreadPoolExecutor) -> EvidenceSource:
    """Return the source that asks ECS. Raises: ConfigError."""
    from quell.evidence.ecs import Cluster, EcsSource

    clusters = [Cluster(name=one.name, services=one.services) for one in wanted.clusters]
    return EcsSource(_calls("ecs", wanted, pool), clusters, clock=time.time)


def _metric(number: int, wanted: CloudWatchMetric) -> Metric:
    """Return how a series is read. Raises: ConfigError: it is none that agents read."""
    from quell.evidence.cloudwatch import Metric, Stat

    if wanted.series not in QUERIES:
        known = ", ".join(QUERIES)
        raise ConfigError(f"evidence.cloudwatch.metrics.{number}.series: no series {wanted.series!r}; known: {known}")
    dimensions = tuple(sorted(wanted.dimensions.items()))

    def stat(metric: str) -> Stat:
        return Stat(namespace=wanted.namespace, metric=metric, dimensions=dimensions, stat=wanted.stat)

    return Metric(
        service=wanted.service,
        name=wanted.series,
        unit=QUERIES[wanted.series].unit,
        stat=stat(wanted.metric),
        over=stat(wanted.over) if wanted.over else None,
        per_second=wanted.per_second,
        scale=wanted.scale,
        peer=wanted.peer,
    )


def _calls(service: str, wanted: CloudWatch | XRay | Ecs, pool: ThreadPoolExecutor) -> AwsCalls:
    """Return the calls of an AWS service, which are not retried: who waits has little time. Raises: ConfigError."""
    from quell.evidence.awscalls import AwsCalls

    try:
        boto3, botocore = importlib.import_module("boto3"), importlib.import_module("botocore")
    except ImportError as error:
        raise ConfigError("evidence.cloudwatch, xray and ecs need boto3: pip install 'quell[aws]'") from error
    config = importlib.import_module("botocore.config").Config(
        connect_timeout=min(wanted.timeout_s, 3.0),
        read_timeout=wanted.timeout_s,
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="quell",
    )
    try:
        make: Callable[..., Any] = boto3.session.Session(profile_name=wanted.profile or None).client
        client = make(service, region_name=wanted.region, endpoint_url=wanted.endpoint_url, config=config)
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise ConfigError(f"no client for AWS {service} in {wanted.region!r}: {error}") from error
    return AwsCalls(client, pool, timeout_s=wanted.timeout_s, max_bytes=ANSWER_BYTES)
