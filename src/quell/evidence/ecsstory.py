"""What the services and tasks of ECS say about a window: series, lines and changes. Pure."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quell.evidence.source import LogLine
from quell.incident.events import Change, Series, Window

BEFORE_S = 300.0
"""As many tasks as ran in the time before are expected to run, up to the number that is wanted now."""

STARTING_S = 60.0
"""A service of which nothing ever ran is down only so long after it was made."""

TOLD_S = 3_000.0
"""ECS forgets stopped tasks after about an hour: what ran before this long ago is not known."""

TEXT_CHARS = 500
MOST_POINTS = 2_000

FAILED_CODES = frozenset({"EssentialContainerExited", "TaskFailedToStart"})
_BAD = re.compile(r"unable|fail|unhealthy|could not|error|insufficient|stopped", re.IGNORECASE)

Key = tuple[str, str]
"""(cluster, name that ECS has for a service)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment of a service."""

    status: str
    definition: str
    created_at: float
    updated_at: float
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of a cluster."""

    key: Key
    service: str
    running: int
    desired: int
    created_at: float
    deployments: tuple[Deployment, ...]
    """The newest first."""
    events: tuple[tuple[float, str], ...]
    """(Unix seconds, message)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task that runs, or stopped lately."""

    service_key: Key
    name: str
    started_at: float | None
    stopped_at: float | None
    """When it began to stop."""
    code: str
    reason: str
    containers: tuple[str, ...]
    """Of those that ended badly: `app: exit code 137, OutOfMemoryError: ...`."""

    @property
    def failed(self) -> bool:
        """Whether it stopped because something was wrong with it, and not because it was told to."""
        if self.stopped_at is None:
            return False
        if self.code == "EssentialContainerExited":
            return bool(self.containers)
        return self.code in FAILED_CODES or (self.code == "ServiceSchedulerInitiated" and "failed" in self.reason)


def short(arn: str) -> str:
    """Return the last part of an ARN: `cart:42`."""
    return arn.rpartition("/")[2]


def read_service(row: Mapping[str, Any], cluster: str, names: Mapping[str, str]) -> Service:
    """Return what `DescribeServices` says of one. Raises: KeyError, TypeError, AttributeError: it is none."""
    name = _cut(row["serviceName"])
    deployments = [
        Deployment(
            status=_cut(one.get("status", "")),
            definition=_cut(one.get("taskDefinition", "")),
            created_at=one["createdAt"].timestamp(),
            updated_at=one.get("updatedAt", one["createdAt"]).timestamp(),
            state=_cut(one.get("rolloutState", "")),
            reason=_cut(one.get("rolloutStateReason", "")),
        )
        for one in row.get("deployments", ())
    ]
    created = row.get("createdAt")
    return Service(
        key=(cluster, name),
        service=names.get(name, name),
        running=int(row.get("runningCount", 0)),
        desired=int(row.get("desiredCount", 0)),
        created_at=created.timestamp() if created else 0.0,
        deployments=tuple(sorted(deployments, key=lambda one: -one.created_at)),
        events=tuple((one["createdAt"].timestamp(), _cut(one.get("message", ""))) for one in row.get("events", ())),
    )


def read_task(row: Mapping[str, Any], cluster: str) -> Task:
    """Return what `DescribeTasks` says of one. Raises: KeyError, TypeError, AttributeError: it is none."""
    stopped = row.get("stoppingAt") or row.get("executionStoppedAt") or row.get("stoppedAt")
    started = row.get("startedAt")
    ended = []
    for one in row.get("containers", ()):
        code, reason = one.get("exitCode"), _cut(one.get("reason", ""))
        if code or reason:
            how = ", ".join(part for part in ("" if code is None else f"exit code {code}", reason) if part)
            ended.append(f"{_cut(one.get('name', ''))}: {how}")
    return Task(
        service_key=(cluster, _cut(row.get("group", "")).removeprefix("service:")),
        name=short(_cut(row["taskArn"])),
        started_at=started.timestamp() if started else None,
        stopped_at=stopped.timestamp() if stopped else None,
        code=_cut(row.get("stopCode", "")),
        reason=_cut(row.get("stoppedReason", "")),
        containers=tuple(ended),
    )


def series_of(
    services: Sequence[Service],
    tasks: Mapping[Key, Sequence[Task]],
    start: float,
    end: float,
    *,
    now: float,
    step_s: float,
) -> list[Series]:
    """
    Return `restarts` and `up` by service on a grid of times in [start, end) that are not in the future.

    Args:
        start, end, now: Unix seconds.
    """
    step_s = max(step_s, (end - start) / MOST_POINTS)
    grid = range(math.ceil(start / step_s), math.ceil(end / step_s))
    times = [at for i in grid if start <= (at := i * step_s) < end and at <= now]
    found = []
    for one in sorted(services, key=lambda one: (one.service, one.key)) if times else ():
        own = tasks.get(one.key, ())
        failed = [task.stopped_at for task in own if task.failed and task.stopped_at is not None]
        restarts = [float(sum(at <= t for at in failed)) for t in times]
        found.append(_series("restarts", one.service, "restarts", times, restarts))
        up = _up(one, own, times, now)
        if any(value is not None for value in up):
            found.append(_series("up", one.service, "", times, up))
    return found


def lines_of(
    services: Sequence[Service], tasks: Mapping[Key, Sequence[Task]], start: float, end: float
) -> list[LogLine]:
    """Return the events of services, and why tasks stopped, in a window, oldest first."""
    lines = []
    for one in services:
        for at, text in one.events:
            level = "error" if _BAD.search(text) and "steady state" not in text else "info"
            lines.append(LogLine(at=at, service=one.service, level=level, text=text))
        for task in tasks.get(one.key, ()):
            if task.stopped_at is not None and task.failed:
                text = f"task {task.name} stopped: {task.code}: {'; '.join((task.reason, *task.containers))}"
                lines.append(LogLine(at=task.stopped_at, service=one.service, level="error", text=text))
        for deployment in one.deployments:
            if deployment.state == "FAILED":
                text = f"deployment of {short(deployment.definition)} failed: {deployment.reason}"
                lines.append(LogLine(at=deployment.updated_at, service=one.service, level="error", text=text))
    lines = [line for line in lines if start <= line.at < end]
    return sorted(lines, key=lambda line: (line.at, line.service, line.text))


def changes_of(
    services: Sequence[Service], tasks: Mapping[Key, Sequence[Task]], images: Mapping[str, str], window: Window
) -> list[Change]:
    """
    Return deployments, and tasks that a person stopped, in a window, oldest first.

    Args:
        images: by task definition, as far as they are known.
    """
    found = [change for one in services for change in _deployments(one, images)]
    for one in services:
        found += [
            Change(
                at=datetime.fromtimestamp(task.stopped_at, UTC),
                service=one.service,
                kind="restart",
                what=f"a task of ECS service {one.key[1]}",
                before=f"task {task.name}",
                after=f"stopped: {task.reason or 'no reason given'}",
                by="ecs:user",
            )
            for task in tasks.get(one.key, ())
            if task.code == "UserInitiated" and task.stopped_at is not None
        ]
    found = [change for change in found if window.start <= change.at < window.end]
    return sorted(found, key=lambda change: (change.at, change.service, change.what, change.before))


def _deployments(one: Service, images: Mapping[str, str]) -> Iterator[Change]:
    """Yield a change for each deployment; what was there before is told while ECS still knows it."""
    for newer, older in zip(one.deployments, (*one.deployments[1:], None), strict=True):
        kind, what = "deploy", f"ECS service {one.key[1]}"
        if older is not None and older.definition == newer.definition:
            kind = "restart"
        elif older is not None and images.get(newer.definition) and _same(images, newer, older):
            kind, what = "config", f"task definition of {what}"
        yield Change(
            at=datetime.fromtimestamp(newer.created_at, UTC),
            service=one.service,
            kind=kind,
            what=what,
            before="" if older is None else _named(older.definition, images),
            after=_named(newer.definition, images),
            by="",
        )


def _same(images: Mapping[str, str], newer: Deployment, older: Deployment) -> bool:
    return images.get(newer.definition) == images.get(older.definition)


def _named(definition: str, images: Mapping[str, str]) -> str:
    told = images.get(definition)
    return f"{told} ({short(definition)})" if told else short(definition)


def _up(one: Service, tasks: Sequence[Task], times: Sequence[float], now: float) -> list[float | None]:
    """Return, at each time, the share of the tasks that were expected to run that did; None where that is not known."""
    spans = [(task.started_at, task.stopped_at) for task in tasks if task.started_at is not None]
    began = sorted(start for start, _ in spans)
    ended = sorted(stop for _, stop in spans if stop is not None)

    def running(t: float) -> int:
        return bisect_right(began, t) - bisect_right(ended, t)

    if one.running and running(now) <= 0:
        # It runs tasks that are not in the lists, so they tell nothing.
        return [None] * len(times)
    at_starts = [running(t) for t in began]
    values: list[float | None] = []
    for t in times:
        # Between two starts the number only falls: it is highest at a start, or at the beginning of the stretch.
        first, last = bisect_right(began, t - BEFORE_S), bisect_right(began, t)
        expected = min(one.desired, max([running(t - BEFORE_S), *at_starts[first:last]]))
        if expected <= 0 and t >= one.created_at + STARTING_S and (last or not began):
            expected = one.desired
        known = expected > 0 and t >= now - TOLD_S
        values.append(min(max(running(t), 0) / expected, 1.0) if known else None)
    return values


def _series(name: str, service: str, unit: str, times: Sequence[float], values: Sequence[float | None]) -> Series:
    return Series(name=name, service=service, unit=unit, times=tuple(times), values=tuple(values))


def _cut(text: object) -> str:
    return " ".join(str(text)[: 2 * TEXT_CHARS].split())[:TEXT_CHARS]
