"""Where telemetry is read: one section for each kind of source."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from quell.settings.section import Address, BearerSecret, Filled, FilledPath, Section


class _Asked(Section):
    """What is asked with a bearer token, with a name and a password, or with neither."""

    url: Address = Field(description="Its address.")
    token: BearerSecret | None = Field(default=None, description="Bearer token it is sent.")
    username: str = Field(default="", description="Name for basic authentication, with `password`.")
    password: SecretStr | None = Field(default=None, description="Password for basic authentication.")

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.token is not None and self.password is not None:
            raise ValueError("give `token` or `password`, not both")
        if self.username and self.password is None:
            raise ValueError("`username` is sent only with `password`: give both or neither")
        return self


class Target(_Asked):
    """A Prometheus text endpoint to watch."""

    service: Filled = Field(description="Name of the service, unless a metric's own `service` label says otherwise.")
    url: Address = Field(description="Address of its metrics, for instance `http://127.0.0.1:9100/metrics`.")
    ca_file: FilledPath | None = Field(
        default=None,
        description="File with the certificate of the authority that an `https` address is checked against.",
    )


class Otlp(Section):
    """Spans and log records that OpenTelemetry exporters push to `/v1/traces` and `/v1/logs`, on Quell's own port."""

    enabled: bool = Field(default=True, description="Take them.")
    token: BearerSecret | None = Field(default=None, description="Bearer token that exporters must send.")
    keep_s: float = Field(default=1800.0, ge=120, le=7200, description="Seconds for which they are kept in memory.")
    max_bytes: int = Field(
        default=64_000_000,
        ge=1_000_000,
        le=4_000_000_000,
        description="Memory they may take, half for spans and half for log records; the oldest give way.",
    )
    body_bytes: int = Field(
        default=4 * 1024 * 1024, gt=0, description="Largest body taken, in bytes, as sent and unpacked."
    )
    items_per_body: int = Field(default=20_000, gt=0, description="Most spans or log records taken from one body.")
    requests_per_s: int = Field(default=1_000, gt=0, description="Requests per second and path, then 429.")


class Prometheus(_Asked):
    """A Prometheus, or whatever answers as it does, that is asked for the series that agents read."""

    url: Address = Field(description="Its address, for instance `http://prometheus:9090`.")
    step_s: float = Field(
        default=15.0, ge=1, le=300, description="Seconds between points; at least the interval at which it scrapes."
    )
    span_s: float = Field(
        default=60.0, ge=2, le=3600, description="Seconds over which rates are taken; at least twice that interval."
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Longest wait for the answer to one query.")
    service_labels: tuple[Filled, ...] = Field(
        default=("service", "service_name", "job"),
        min_length=1,
        description="The first of these labels that a series has names its service.",
    )
    peer_labels: tuple[Filled, ...] = Field(
        default=("peer", "server_address", "destination_service"),
        description="The first of these labels that a series of calls has names who is called.",
    )
    queries: dict[str, str] = Field(
        default_factory=dict,
        description="PromQL by series, in place of Quell's; `$span`, `$service`, `$peer` are filled in. Empty: none.",
    )

    @model_validator(mode="after")
    def _whole_past_is_read(self) -> Self:
        if self.span_s < self.step_s:
            raise ValueError(
                f"span_s is {self.span_s:g} and step_s {self.step_s:g}: between two points there would be seconds that "
                "no rate covers; span_s must be at least step_s"
            )
        return self


class Loki(_Asked):
    """A Grafana Loki that is asked for log lines."""

    url: Address = Field(description="Its address, for instance `http://loki:3100`.")
    tenant: str = Field(default="", description="Tenant, sent as `X-Scope-OrgID`.")
    service_label: str = Field(
        default="service_name", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="The label that holds the service."
    )
    matchers: tuple[Filled, ...] = Field(default=(), description='Further matchers of every query: `env="prod"`.')
    filters: str = Field(default="", description='LogQL behind the selector of every query: `!= "healthz"`.')
    max_lines: int = Field(default=5_000, ge=100, le=20_000, description="Most lines of an answer.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Longest wait for the answer to one query.")


class Kubernetes(Section):
    """A Kubernetes cluster whose pods, events and rollouts are listed."""

    url: Address = Field(default="https://kubernetes.default.svc", description="Address of the API server.")
    token_file: FilledPath | None = Field(
        default=Path("/var/run/secrets/kubernetes.io/serviceaccount/token"),
        description="File with the bearer token, read anew each time.",
    )
    ca_file: FilledPath | None = Field(
        default=Path("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"),
        description="File with the certificate of the authority that the API server is checked against.",
    )
    namespaces: tuple[Filled, ...] = Field(
        default=(), description="Only these; empty for all, which takes a ClusterRole."
    )
    service_label: str = Field(
        default="app.kubernetes.io/name",
        description="The label that holds the service, of pods, ReplicaSets and Deployments.",
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Longest wait for all lists of one reading.")


class GitHubRepository(Section):
    """A repository whose releases are a service's."""

    service: Filled = Field(description="The service.")
    name: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="As `owner/name`.")
    reads: Literal["deployments", "commits"] = Field(
        default="deployments", description="What counts as a release; `commits` where no deployments are recorded."
    )
    environment: str = Field(default="production", description="Whose deployments count; empty for all.")
    branch: str = Field(default="main", description="Whose commits count.")


class GitHub(Section):
    """GitHub, asked for what was deployed."""

    url: Address = Field(
        default="https://api.github.com", description="Of its API; `https://HOST/api/v3` for an Enterprise Server."
    )
    token: BearerSecret | None = Field(default=None, description="Token it is sent.")
    repositories: tuple[GitHubRepository, ...] = Field(min_length=1, description="The repositories.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Longest wait for all that is asked of one.")


class _Aws(Section):
    region: Filled = Field(description="AWS region.")
    profile: str = Field(default="", description="Profile of the AWS configuration; empty for the usual search.")
    endpoint_url: Address | None = Field(
        default=None, description="Another address than AWS's own, such as a VPC endpoint."
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Longest wait for the answer to one call.")


class CloudWatchMetric(Section):
    """Which metric gives a series that agents read."""

    service: Filled = Field(description="The service.")
    series: str = Field(description="The series: `request_rate`, `error_ratio`, `latency_p99`, `memory_bytes` ...")
    namespace: str = Field(description="Namespace of the metric: `AWS/ApplicationELB`.")
    metric: str = Field(description="Its name: `RequestCount`.")
    dimensions: dict[str, str] = Field(default_factory=dict, description="All of its dimensions.")
    stat: str = Field(default="Average", description="Statistic: `Average`, `Sum`, `Maximum`, `p99` ...")
    over: str = Field(
        default="", description="Name of a metric with the same dimensions it is divided by, as a share of its sum."
    )
    per_second: bool = Field(default=False, description="Divide by the seconds of a period: a sum becomes a rate.")
    scale: float = Field(default=1.0, description="Multiply with this: 0.001 makes seconds of milliseconds.")
    peer: str = Field(default="", description="Who is called, for a `client_` series.")


class CloudWatch(_Aws):
    """CloudWatch, asked for metrics and by Logs Insights for log lines."""

    metrics: tuple[CloudWatchMetric, ...] = Field(default=(), description="The metrics, one for each series.")
    period_s: Literal[1, 5, 10, 30, 60, 300] = Field(default=60, description="Seconds between two points.")
    settle_s: float = Field(
        default=30.0, ge=0, le=600, description="A period is asked for only so long after its end, as values come late."
    )
    log_groups: dict[Filled, Filled] = Field(default_factory=dict, description="Log group by service.")
    logs_timeout_s: float = Field(default=8.0, gt=0, le=60, description="Longest wait for a query; then it is stopped.")
    max_lines: int = Field(default=10_000, ge=100, le=10_000, description="Most lines of an answer.")


class EcsCluster(Section):
    """An ECS cluster."""

    name: Filled = Field(description="Its name.")
    services: dict[str, str] = Field(
        default_factory=dict, description="Service by the name that ECS has for it; empty for all, by their own names."
    )


class Ecs(_Aws):
    """ECS, asked for services, deployments and tasks that stopped."""

    clusters: tuple[EcsCluster, ...] = Field(min_length=1, description="The clusters.")


class XRay(_Aws):
    """X-Ray, asked for its service graph."""

    group: str = Field(default="", description="Group whose graph is asked for; empty for the whole.")
    names: dict[str, str] = Field(
        default_factory=dict, description="Service by the name that X-Ray has for it, where they differ."
    )
    step_s: float = Field(default=60.0, ge=10, le=600, description="Seconds between two points.")
    settle_s: float = Field(
        default=30.0, ge=0, le=600, description="A step is asked for only so long after its end, as traces come late."
    )


class Evidence(Section):
    """Where telemetry is read."""

    targets: tuple[Target, ...] = Field(default=(), description="Prometheus text endpoints to watch.")
    scrape_interval_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between two readings of a target.")
    scrape_keep_s: float = Field(default=1800.0, ge=120, le=7200, description="Seconds of readings kept in memory.")
    logs: tuple[FilledPath, ...] = Field(default=(), description="JSON-lines log files, followed over rotation.")
    changes: FilledPath | None = Field(default=None, description="JSON-lines log of deploys, config changes and flags.")
    prometheus: Prometheus | None = Field(default=None, description="A Prometheus that is asked.")
    loki: Loki | None = Field(default=None, description="A Loki that is asked.")
    cloudwatch: CloudWatch | None = Field(default=None, description="CloudWatch, that is asked.")
    xray: XRay | None = Field(default=None, description="X-Ray, that is asked.")
    kubernetes: Kubernetes | None = Field(default=None, description="A Kubernetes cluster that is asked.")
    ecs: Ecs | None = Field(default=None, description="ECS, that is asked.")
    github: GitHub | None = Field(default=None, description="GitHub, that is asked.")
    otlp: Otlp = Field(default_factory=Otlp, description="Spans and log records that are pushed.")
    edges: tuple[tuple[Filled, Filled], ...] = Field(
        default=(), description="Calls between services that the telemetry does not show, as [caller, callee]."
    )

    @model_validator(mode="after")
    def _edges_are_calls(self) -> Self:
        alone = sorted({caller for caller, callee in self.edges if caller == callee})
        if alone:
            raise ValueError(f"edges: {', '.join(alone)} cannot be its own callee")
        return self
