"""
Reads Amazon ECS: services with their deployments and events, and why tasks stopped. Describes and lists only.

ECS tells of stopped tasks for about an hour. How many ran at a time is put together from when tasks started and
stopped.

Source: Amazon ECS API reference: `ListServices`, `DescribeServices`, `ListTasks`, `DescribeTasks`,
`DescribeTaskDefinition`; stopped task error codes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quell.errors import BadAnswer, TimedOut, UpstreamError
from quell.evidence.awscalls import AwsCalls
from quell.evidence.ecsstory import Key, Service, Task, changes_of, lines_of, read_service, read_task, series_of, short
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Window

MOST_PAGES = 10
SERVICES_A_CALL = 10
TASKS_A_CALL = 100
DEFINITIONS = 256
"""Task definitions kept: one never changes."""

QUERIES: Mapping[str, str] = {
    "restarts": "tasks of a service in ecs list-tasks --desired-status STOPPED that failed, counted up",
    "up": "tasks of a service that ran / tasks that ran in the 5 minutes before, at most desiredCount",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that is looked at."""

    name: str
    services: Mapping[str, str] = field(default_factory=dict)
    """Service by the name that ECS has for it; empty for all, by their own names."""


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What a cluster held."""

    services: list[Service] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    images: dict[str, str] = field(default_factory=dict)
    """By task definition."""
    warnings: list[str] = field(default_factory=list)
    truncated: bool = False
    """Not all services or tasks were read."""
    counted: bool = False
    """All tasks were read, so that those that ran can be counted."""


class EcsSource:
    """
    Asks ECS how the services of clusters are.

    What fails of a cluster is named in the warnings; when every cluster fails, so does the source.
    """

    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.METRIC, EvidenceKind.LOG, EvidenceKind.CHANGE)

    def __init__(
        self,
        calls: AwsCalls,
        clusters: Sequence[Cluster],
        *,
        clock: Callable[[], float],
        timeout_s: float = 8.0,
        step_s: float = 15.0,
        fresh_s: float = 15.0,
        max_lines: int = 2_000,
        name: str = "ecs",
    ) -> None:
        """
        Args:
            calls: of an `ecs` client.
            clock: Unix seconds.
            timeout_s: for all that is asked of one cluster.
            step_s: between two points of a series.
            fresh_s: a cluster is not asked more often than this.
            max_lines: of an answer; the newest stay.
        """
        self.name, self._calls, self._clusters, self._clock = name, calls, tuple(clusters), clock
        self._timeout_s, self._step_s, self._fresh_s, self._max_lines = timeout_s, step_s, fresh_s, max_lines
        self._kept: dict[str, tuple[float, _Seen]] = {}
        self._definitions: OrderedDict[str, str] = OrderedDict()

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return running tasks and restarts as series, what went wrong as lines, and deployments as changes, of a window.

        Raises: UpstreamError: no cluster was answered for.
        """
        kinds = [kind for kind in self.kinds if not scope.kinds or kind in scope.kinds]
        if not kinds:
            return Collected(source=self.name, window=window, query=self._query())
        seen, warnings = await self._see_all()
        wanted, now = set(scope.services), self._clock()
        services = [one for part in seen for one in part.services if not wanted or one.service in wanted]
        tasks: dict[Key, list[Task]] = defaultdict(list)
        for part in seen:
            for task in part.tasks:
                tasks[task.service_key].append(task)
        images = {name: told for part in seen for name, told in part.images.items()}
        start, end = window.start.timestamp(), window.end.timestamp()
        lines = lines_of(services, tasks, start, end) if EvidenceKind.LOG in kinds else []
        metrics = EvidenceKind.METRIC in kinds
        counted = {service.key for part in seen if part.counted for service in part.services}
        measured = [one for one in services if one.key in counted]
        if len(lines) > self._max_lines:
            warnings.append(f"the newest {self._max_lines} of {len(lines)} lines were kept")
        return Collected(
            source=self.name,
            window=window,
            query=self._query(),
            series=series_of(measured, tasks, start, end, now=now, step_s=self._step_s) if metrics else (),
            lines=lines[-self._max_lines :],
            changes=changes_of(services, tasks, images, window) if EvidenceKind.CHANGE in kinds else (),
            warnings=warnings,
            truncated=any(part.truncated for part in seen) or len(lines) > self._max_lines,
            missing=sorted(wanted - {one.service for one in services}) if len(seen) == len(self._clusters) else (),
            queries=dict(QUERIES) if metrics else {},
        )

    async def check(self) -> str:
        """Say how many services and tasks run, and of how many wanted. Raises: UpstreamError: no cluster answers."""
        seen, warnings = await self._see_all()
        services = [one for part in seen for one in part.services]
        running, desired = sum(one.running for one in services), sum(one.desired for one in services)
        short_of = [one.service for one in services if one.running < one.desired]
        told = f"{len(services)} services in {len(seen)} clusters, {running} of {desired} tasks run"
        return "; ".join([told, *([f"too few: {', '.join(short_of)}"] if short_of else []), *warnings])

    def _query(self) -> str:
        return "; ".join(
            f"aws ecs describe-services --cluster {one.name} --services {' '.join(one.services) or '(all)'}; "
            f"aws ecs describe-tasks --cluster {one.name} --tasks (all RUNNING and STOPPED)"
            for one in self._clusters
        )

    async def _see_all(self) -> tuple[list[_Seen], list[str]]:
        """Return what the clusters hold, and what went wrong. Raises: UpstreamError: none was answered for."""
        found = await asyncio.gather(*(self._see(one) for one in self._clusters))
        seen = [one for one in found if isinstance(one, _Seen)]
        failed = [one for one in found if isinstance(one, UpstreamError)]
        if not seen:
            raise failed[0]
        return seen, [*map(str, failed), *(text for one in seen for text in one.warnings)]

    async def _see(self, cluster: Cluster) -> _Seen | UpstreamError:
        now, kept = self._clock(), self._kept.get(cluster.name)
        if kept is not None and 0 <= now - kept[0] < self._fresh_s:
            return kept[1]
        try:
            async with asyncio.timeout(self._timeout_s):
                seen = await self._look(cluster)
        except TimeoutError:
            return TimedOut(f"ECS cluster {cluster.name}: not all was answered within {self._timeout_s:g} s")
        except UpstreamError as error:
            return error
        self._kept[cluster.name] = (now, seen)
        return seen

    async def _look(self, cluster: Cluster) -> _Seen:
        """Ask for the services, then for tasks and task definitions. Raises: UpstreamError: there are no services."""
        seen = _Seen()
        names = list(cluster.services) or await self._names(cluster, seen)
        for i in range(0, len(names), SERVICES_A_CALL):
            some = names[i : i + SERVICES_A_CALL]
            answer = await self._calls.call("describe_services", gives="services", cluster=cluster.name, services=some)
            seen.warnings += [f"ECS: {_failure(one)}" for one in answer.get("failures", ())]
            for row in answer["services"]:
                seen.services.append(_readable(read_service, row, cluster.name, cluster.services))
        try:
            await self._add_tasks(cluster, seen)
        except UpstreamError as error:
            seen.warnings.append(f"ECS tasks of {cluster.name}: {error}")
        await self._add_images(seen)
        return seen

    async def _names(self, cluster: Cluster, seen: _Seen) -> list[str]:
        pages, more = await self._calls.pages(
            "list_services", gives="serviceArns", most=MOST_PAGES, cluster=cluster.name, maxResults=100
        )
        if more:
            seen.truncated = True
            seen.warnings.append(f"ECS cluster {cluster.name}: only its first {100 * MOST_PAGES} services were read")
        return [short(arn) for page in pages for arn in page["serviceArns"]]

    async def _add_tasks(self, cluster: Cluster, seen: _Seen) -> None:
        """Add the tasks that run and those that stopped lately. Raises: UpstreamError."""
        arns, cut = list[str](), False
        for status in ("RUNNING", "STOPPED"):
            pages, more = await self._calls.pages(
                "list_tasks", gives="taskArns", most=MOST_PAGES, cluster=cluster.name, desiredStatus=status
            )
            arns += [arn for page in pages for arn in page["taskArns"]]
            if more:
                cut = seen.truncated = True
                seen.warnings.append(f"ECS cluster {cluster.name}: not all of its {status} tasks were read")
        for i in range(0, len(arns), TASKS_A_CALL):
            some = arns[i : i + TASKS_A_CALL]
            answer = await self._calls.call("describe_tasks", gives="tasks", cluster=cluster.name, tasks=some)
            seen.tasks += [_readable(read_task, row, cluster.name) for row in answer["tasks"]]
        seen.counted = not cut

    async def _add_images(self, seen: _Seen) -> None:
        """Add the images of what is deployed; what may not be read keeps the name of its task definition."""
        names = {one.definition for service in seen.services for one in service.deployments if one.definition}
        refused = ""
        for name in sorted(names):
            if name not in self._definitions and not refused:
                try:
                    await self._describe(name)
                except UpstreamError as error:
                    refused = str(error)
            if name in self._definitions:
                self._definitions.move_to_end(name)
                seen.images[name] = self._definitions[name]
        while len(self._definitions) > DEFINITIONS:
            self._definitions.popitem(last=False)
        if refused:
            seen.warnings.append(f"the images of task definitions are not known: {refused}")

    async def _describe(self, name: str) -> None:
        answer = await self._calls.call("describe_task_definition", gives="taskDefinition", taskDefinition=name)
        containers = answer["taskDefinition"].get("containerDefinitions", ())
        images = sorted((str(one.get("name", "")), str(one.get("image", ""))) for one in containers)
        told = images[0][1] if len(images) == 1 else ", ".join(f"{name}={image}" for name, image in images)
        self._definitions[name] = told[:300]


def _readable(read: Callable[..., Any], row: Mapping[str, Any], *more: Any) -> Any:
    """Return what a row says. Raises: BadAnswer: it has not the documented shape."""
    try:
        return read(row, *more)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadAnswer(f"ECS: a row has not the documented shape: {type(error).__name__}: {error}") from error


def _failure(failure: Mapping[str, Any]) -> str:
    told = (short(str(failure.get("arn", ""))), failure.get("reason", ""), failure.get("detail", ""))
    return " ".join(str(part) for part in told if part)[:200]
