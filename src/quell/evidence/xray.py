"""
Reads AWS X-Ray: who calls whom, how often, how fast and with how many faults, from its service graph.

X-Ray counts the requests that were sampled: rates are too low by as much; shares and times are those of the sample.

Source: AWS X-Ray API reference: `GetServiceGraph`; service types and edges.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from quell.errors import BadAnswer, TimedOut, UpstreamError
from quell.evidence.awscalls import AwsCalls
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Series, Window

MOST_STEPS = 20
"""A window is asked for in so many calls at most; a longer one in longer steps."""

MOST_PAGES = 5
KEPT = 128
"""Graphs kept: one of a stretch that is over does not change."""

CHECK_S = 300.0
NAME_CHARS = 200

PROCESSES = frozenset(
    {
        "AWS::ECS::Container",
        "AWS::ECS::Fargate",
        "AWS::EC2::Instance",
        "AWS::EKS::Container",
        "AWS::ElasticBeanstalk::Environment",
        "AWS::AppRunner::Service",
        "AWS::Lambda",
        "AWS::Lambda::Function",
        "AWS::ApiGateway::Stage",
        "AWS::StepFunctions::StateMachine",
    }
)
"""Of AWS's own types, those of programs that report themselves; the others are only seen by who calls them."""

QUERIES: Mapping[str, str] = {
    "request_rate": "SummaryStatistics.TotalCount of a service / seconds",
    "error_ratio": "SummaryStatistics.FaultStatistics.TotalCount / TotalCount of a service",
    "latency_mean": "SummaryStatistics.TotalResponseTime / TotalCount of a service",
    "client_request_rate": "SummaryStatistics.TotalCount of an edge / seconds",
    "client_error_ratio": "SummaryStatistics.FaultStatistics.TotalCount / TotalCount of an edge",
    "client_latency_mean": "SummaryStatistics.TotalResponseTime / TotalCount of an edge",
}


@dataclass(slots=True)
class Summary:
    """What `SummaryStatistics` says."""

    total: int = 0
    faults: int = 0
    time_s: float = 0.0
    """Of all requests together."""

    def add(self, other: Summary) -> None:
        """Take another in."""
        self.total += other.total
        self.faults += other.faults
        self.time_s += other.time_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The service graph of one stretch of time."""

    start: float
    end: float
    services: Mapping[str, Summary] = field(default_factory=dict)
    """Of those that report themselves."""
    edges: Mapping[tuple[str, str], Summary] = field(default_factory=dict)
    """By (caller, callee)."""
    truncated: bool = False


class XRaySource:
    """
    Asks X-Ray for its service graph, a call for each step of a window.

    A point stands at the end of its step, and only steps that are over are asked for. A step that fails is named in the
    warnings; when every one fails, so does the source.
    """

    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.METRIC, EvidenceKind.TOPOLOGY)

    def __init__(
        self,
        calls: AwsCalls,
        *,
        clock: Callable[[], float],
        names: Mapping[str, str] | None = None,
        group: str = "",
        step_s: float = 60.0,
        settle_s: float = 30.0,
        timeout_s: float = 8.0,
        name: str = "xray",
    ) -> None:
        """
        Args:
            calls: of an `xray` client.
            clock: Unix seconds.
            names: service by the name that X-Ray has for it, where they differ.
            group: of X-Ray, whose graph is asked for; empty for the whole.
            step_s: between two points of a series.
            settle_s: a step is asked for only so long after its end, as traces come late.
            timeout_s: for all steps of a window.
        """
        self.name, self._calls, self._clock, self._names, self._group = name, calls, clock, dict(names or {}), group
        self._step_s, self._settle_s, self._timeout_s = step_s, settle_s, timeout_s
        self._kept: OrderedDict[tuple[float, float], Graph] = OrderedDict()

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return series of services and calls, and who calls whom, of a window.

        Raises: UpstreamError: no step was answered for.
        """
        kinds = [kind for kind in self.kinds if not scope.kinds or kind in scope.kinds]
        start, end = window.start.timestamp(), window.end.timestamp()
        step_s, steps = self._steps(start, end)
        query = self._told(steps[0][0], steps[-1][1], step_s)
        if not kinds:
            return Collected(source=self.name, window=window, query=query)
        answers = await self._graphs(steps)
        graphs = [answer for answer in answers if isinstance(answer, Graph)]
        failed = [answer for answer in answers if isinstance(answer, UpstreamError)]
        if not graphs:
            raise failed[0]
        wanted = set(scope.services)
        series = [one for one in _series(graphs, start, end) if not wanted or one.service in wanted]
        edges = {edge for graph in graphs for edge, summary in graph.edges.items() if summary.total}
        known = {service for graph in graphs for service in graph.services} | {end for edge in edges for end in edge}
        metrics = EvidenceKind.METRIC in kinds
        return Collected(
            source=self.name,
            window=window,
            query=query,
            series=series if metrics else (),
            edges=sorted(edge for edge in edges if not wanted or wanted & set(edge))
            if EvidenceKind.TOPOLOGY in kinds
            else (),
            warnings=self._warnings(graphs, failed, len(steps)),
            truncated=bool(failed) or any(graph.truncated for graph in graphs),
            missing=sorted(wanted - known) if not failed else (),
            queries=dict(QUERIES) if metrics else {},
        )

    async def check(self) -> str:
        """Say how many services and calls the last minutes had. Raises: UpstreamError: it does not answer."""
        end = math.floor(self._clock() - self._settle_s)
        graph = await self._ask(end - CHECK_S, float(end))
        total = sum(summary.total for summary in graph.services.values())
        return (
            f"{len(graph.services)} services and {len(graph.edges)} calls between them, {total} sampled requests "
            "in the last 5 minutes"
        )

    def _steps(self, start: float, end: float) -> tuple[float, list[tuple[float, float]]]:
        """Return the length of a step, and the steps (from, to) of a window that are over; at least one."""
        step_s = self._step_s * max(math.ceil((end - start) / self._step_s / MOST_STEPS), 1)
        over = math.floor((self._clock() - self._settle_s) / step_s)
        first, last = math.floor(start / step_s), min(math.floor(end / step_s), over)
        # The step before the window ends in it, unless both begin together.
        numbers = range(first - 1, last) if last > first - 1 else range(over - 1, over)
        return step_s, [(number * step_s, (number + 1) * step_s) for number in numbers]

    async def _graphs(self, steps: Sequence[tuple[float, float]]) -> Sequence[Graph | UpstreamError]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.gather(*(self._graph(*step) for step in steps))
        except TimeoutError as error:
            raise TimedOut(
                f"xray:GetServiceGraph: {len(steps)} steps were not answered within {self._timeout_s:g} s"
            ) from error

    async def _graph(self, start: float, end: float) -> Graph | UpstreamError:
        kept = self._kept.get((start, end))
        if kept is not None:
            self._kept.move_to_end((start, end))
            return kept
        try:
            graph = await self._ask(start, end)
        except UpstreamError as error:
            return error
        self._kept[start, end] = graph
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return graph

    async def _ask(self, start: float, end: float) -> Graph:
        """Return the graph of a stretch. Raises: UpstreamError."""
        pages, more = await self._calls.pages(
            "get_service_graph",
            gives="Services",
            following="NextToken",
            most=MOST_PAGES,
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            **({"GroupName": self._group} if self._group else {}),
        )
        try:
            return _graph_of([row for page in pages for row in page["Services"]], self._names, start, end, more)
        except (TypeError, ValueError, AttributeError) as error:
            raise BadAnswer(f"xray:GetServiceGraph: not the documented shape: {error}") from error

    def _told(self, start: float, end: float, step_s: float) -> str:
        first, last = (datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z") for at in (start, end))
        group = f" --group-name {self._group}" if self._group else ""
        return f"aws xray get-service-graph --start-time {first} --end-time {last}{group} (in steps of {step_s:g} s)"

    def _warnings(self, graphs: Sequence[Graph], failed: Sequence[UpstreamError], asked: int) -> list[str]:
        found = [f"{len(failed)} of {asked} steps are missing: {failed[0]}"] if failed else []
        if any(graph.truncated for graph in graphs):
            found.append("a service graph was longer than is read")
        return found


def _graph_of(
    rows: Iterable[Mapping[str, Any]], names: Mapping[str, str], start: float, end: float, truncated: bool
) -> Graph:
    """Return the graph of what `GetServiceGraph` gave. Raises: TypeError, ValueError, AttributeError."""
    rows = [row for row in rows if row.get("Type") != "client"]
    named = {
        row.get("ReferenceId"): names.get(str(row.get("Name", "")), str(row.get("Name", "")))[:NAME_CHARS]
        for row in rows
    }
    by_type: dict[str, dict[str, Summary]] = defaultdict(dict)
    edges: dict[tuple[str, str], Summary] = defaultdict(Summary)
    for row in rows:
        service, kind = named[row.get("ReferenceId")], str(row.get("Type") or "")
        if service and _reports_itself(kind):
            by_type[service].setdefault(kind, Summary()).add(_summary(row))
        for edge in row.get("Edges", ()):
            callee = named.get(edge.get("ReferenceId"))
            if service and callee and callee != service:
                edges[service, callee].add(_summary(edge))
    # A Lambda function is there twice, as what AWS runs and as what it says itself: the same requests.
    services = {service: max(found.values(), key=lambda one: one.total) for service, found in by_type.items()}
    return Graph(start=start, end=end, services=services, edges=dict(edges), truncated=truncated)


def _reports_itself(kind: str) -> bool:
    if kind.startswith("AWS::"):
        return kind in PROCESSES
    return kind != "remote" and not kind.startswith("Database::")


def _summary(row: Mapping[str, Any]) -> Summary:
    held = row.get("SummaryStatistics") or {}
    return Summary(
        total=int(held.get("TotalCount", 0)),
        faults=int((held.get("FaultStatistics") or {}).get("TotalCount", 0)),
        time_s=float(held.get("TotalResponseTime", 0.0)),
    )


def _series(graphs: Sequence[Graph], start: float, end: float) -> list[Series]:
    """Return the series of services, and of calls by `peer`, of the steps that end in [start, end)."""
    found: dict[tuple[str, str, str], list[tuple[float, float | None]]] = defaultdict(list)
    for graph in sorted(graphs, key=lambda graph: graph.end):
        if not start <= graph.end < end:
            continue
        lasts_s = graph.end - graph.start
        ends = [((service, ""), summary) for service, summary in graph.services.items()] + list(graph.edges.items())
        for (service, peer), one in ends:
            prefix = "client_" if peer else ""
            found[service, f"{prefix}request_rate", peer].append((graph.end, one.total / lasts_s))
            found[service, f"{prefix}error_ratio", peer].append(
                (graph.end, one.faults / one.total if one.total else None)
            )
            found[service, f"{prefix}latency_mean", peer].append(
                (graph.end, one.time_s / one.total if one.total else None)
            )
    return [
        Series(
            name=name,
            service=service,
            unit=_UNITS[name.removeprefix("client_")],
            labels={"peer": peer} if peer else {},
            times=tuple(at for at, _ in points),
            values=tuple(value for _, value in points),
        )
        for (service, name, peer), points in sorted(found.items())
    ]


_UNITS = {"request_rate": "1/s", "error_ratio": "ratio", "latency_mean": "s"}
