"""What the objects of a Kubernetes cluster say about a window: series, lines and changes. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from quell.evidence.kubernetesobjects import (
    RESTARTED,
    ContainerStatus,
    Deployment,
    Event,
    Pod,
    ReplicaSet,
    Terminated,
    moment,
    said,
)
from quell.evidence.source import LogLine
from quell.incident.events import Change, Series, Window

Owners = Mapping[tuple[str, str, str], str]
"""Service by (kind, namespace, name)."""

STARTING_S = 60.0
"""A pod that was never ready counts as one that is not only after so long; until then it is starting."""

FIRST_S = 2.0
"""A pod whose readiness changed last within this of its start has had no other since."""

BAD_WAITING = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)

BAD_EVENTS = frozenset({"BackOff", "OOMKilling", "SystemOOM", "Evicted", "NodeNotReady", "Killing", "Unhealthy"})
"""Warnings that speak of something that does not run; so does every reason that begins with `Failed`."""

MOST_POINTS = 2_000


def series_of(pods: Sequence[tuple[str, Pod]], start: float, end: float, *, now: float, step_s: float) -> list[Series]:
    """
    Return `restarts` and `up` by service on a grid of times in [start, end) that are not in the future.

    Args:
        pods: with the service of each.
        start, end, now: Unix seconds.
    """
    step_s = max(step_s, (end - start) / MOST_POINTS)
    last = min(end, now + step_s / 1e3)
    grid = range(math.ceil(start / step_s), math.ceil(end / step_s))
    times = [at for i in grid if start <= (at := i * step_s) < last]
    found: dict[str, list[Pod]] = defaultdict(list)
    for service, pod in pods:
        if pod.status.phase != "Succeeded":
            found[service].append(pod)
    if not times:
        return []
    return [series for service in sorted(found) for series in _of_service(service, found[service], times)]


def lines_of(
    pods: Sequence[tuple[str, Pod]], events: Iterable[Event], owners: Owners, start: float, end: float
) -> list[LogLine]:
    """Return what went wrong with pods, and the events, of a window, oldest first."""
    lines = [line for service, pod in pods for line in _lines_of_pod(service, pod)]
    for event in events:
        at, service = moment(event.at()), service_of(event, owners)
        if at is not None and service:
            text = f"{said(event.reason)}: {said(event.message)}"
            lines.append(LogLine(at=at, service=service, level=_level(event), text=text))
    lines = [line for line in lines if start <= line.at < end]
    return sorted(lines, key=lambda line: (line.at, line.service, line.text))


def service_of(event: Event, owners: Owners) -> str:
    """Return the service an event is about; a pod that is gone is known by its ReplicaSet or Deployment."""
    about = event.involved_object
    space = about.namespace or event.metadata.namespace
    kinds, name = ["Pod", "ReplicaSet", "Deployment"], about.name
    if about.kind not in kinds:
        return ""
    for kind in kinds[kinds.index(about.kind) :]:
        if (service := owners.get((kind, space, name))) is not None:
            return service
        name = name.rpartition("-")[0]
    return ""


def changes_of(
    deployments: Iterable[Deployment],
    replicasets: Iterable[ReplicaSet],
    events: Sequence[Event],
    owners: Owners,
    window: Window,
) -> list[Change]:
    """Return the rollouts of a window, oldest first: each revision of a Deployment is one."""
    revisions: dict[tuple[str, str], list[ReplicaSet]] = defaultdict(list)
    for one in replicasets:
        for owner in one.metadata.owner_references:
            if owner.kind == "Deployment" and one.revision:
                revisions[one.metadata.namespace, owner.name].append(one)
    changes = []
    for deployment in deployments:
        meta = deployment.metadata
        service = owners.get(("Deployment", meta.namespace, meta.name))
        if service:
            found = sorted(revisions[meta.namespace, meta.name], key=lambda one: one.revision)
            changes += list(_rollouts(service, deployment, found, events))
    changes = [change for change in changes if window.start <= change.at < window.end]
    return sorted(changes, key=lambda change: (change.at, change.service, change.what))


def _of_service(service: str, pods: Sequence[Pod], times: Sequence[float]) -> Iterator[Series]:
    restarts = [(status.restart_count, _starts(status)) for pod in pods for status in pod.status.container_statuses]
    counts = [sum(count - sum(at > t for at in starts) for count, starts in restarts) for t in times]
    if restarts:
        yield _series("restarts", service, "restarts", times, [float(count) for count in counts])
    shares: list[float | None] = []
    for t in times:
        states = [state for pod in pods if (state := _ready_at(pod, t)) is not None]
        shares.append(sum(states) / len(states) if states else None)
    if any(share is not None for share in shares):
        yield _series("up", service, "", times, shares)


def _series(name: str, service: str, unit: str, times: Sequence[float], values: Sequence[float | None]) -> Series:
    return Series(name=name, service=service, unit=unit, times=tuple(times), values=tuple(values))


def _starts(status: ContainerStatus) -> list[float]:
    """Return when the last restarts of a container that the API tells of were, the newest first."""
    runs = [
        status.state.running.started_at if status.state.running else None,
        status.state.terminated.started_at if status.state.terminated else None,
        status.last_state.terminated.started_at if status.last_state.terminated else None,
    ]
    known = sorted({at for run in runs if (at := moment(run)) is not None}, reverse=True)
    # The first run of a container is no restart.
    return known[: status.restart_count]


def _ready_at(pod: Pod, t: float) -> bool | None:
    """Say whether a pod took requests at a time; None when it was not there, or was starting."""
    born = moment(pod.status.start_time or pod.metadata.creation_timestamp)
    ready = pod.condition("Ready")
    since = moment(ready.last_transition_time) if ready else None
    if born is None or ready is None or since is None or t < born:
        return None
    now_ready, restarted = ready.status == "True", any(s.restart_count for s in pod.status.container_statuses)
    if t >= since:
        if now_ready or since - born > FIRST_S or restarted:
            return now_ready
        return False if t >= born + STARTING_S else None
    # Before its last change it was the other way round. A pod that became ready once and never restarted was starting.
    if not now_ready:
        return True
    return False if restarted else None


def _lines_of_pod(service: str, pod: Pod) -> Iterator[LogLine]:
    ready = pod.condition("Ready")
    since = moment(ready.last_transition_time) if ready else None
    name = said(pod.metadata.name)
    for status in pod.status.container_statuses:
        for ended in (status.last_state.terminated, status.state.terminated):
            at = moment(ended.finished_at) if ended else None
            if ended is not None and at is not None and (ended.exit_code or ended.reason not in ("", "Completed")):
                yield LogLine(at=at, service=service, level="error", text=_ended(status.name, name, ended))
        waiting = status.state.waiting
        if waiting is not None and waiting.reason in BAD_WAITING and since is not None:
            text = f"container {said(status.name)} of {name} waits: {waiting.reason}: {said(waiting.message)}"
            yield LogLine(at=since, service=service, level="error", text=text)
    if pod.status.phase == "Failed" and since is not None:
        text = f"pod {name} failed: {said(pod.status.reason)}: {said(pod.status.message)}"
        yield LogLine(at=since, service=service, level="error", text=text)


def _ended(container: str, pod: str, ended: Terminated) -> str:
    how = f"exit code {ended.exit_code}" + (f", signal {ended.signal}" if ended.signal else "")
    more = f": {said(ended.message)}" if ended.message else ""
    return f"container {said(container)} of {pod} ended: {said(ended.reason) or 'no reason given'}, {how}{more}"


def _level(event: Event) -> str:
    if event.type != "Warning":
        return "info"
    return "error" if event.reason in BAD_EVENTS or event.reason.startswith("Failed") else "warning"


def _rollouts(
    service: str, deployment: Deployment, revisions: Sequence[ReplicaSet], events: Sequence[Event]
) -> Iterator[Change]:
    """Return a change for each revision whose time is known; revisions by their number."""
    newest_made = -math.inf
    for i, one in enumerate(revisions):
        made = moment(one.metadata.creation_timestamp)
        if made is None:
            continue
        # One that is older than a lower revision was taken up again: a rollback.
        again, newest_made = made < newest_made, max(made, newest_made)
        at = _taken_up_at(deployment, one, events, newest=i == len(revisions) - 1) if again else made
        if at is not None:
            yield _change(service, deployment, one, revisions[i - 1] if i else None, at)


def _change(service: str, deployment: Deployment, one: ReplicaSet, last: ReplicaSet | None, at: float) -> Change:
    kind, before, after = "deploy", last.images() if last else "", one.images()
    if last is not None and before == after:
        restarted = (held.spec.template.metadata.annotations.get(RESTARTED) for held in (last, one))
        kind = "restart" if len(set(restarted)) > 1 else "config"
        before, after = f"revision {last.revision}", f"revision {one.revision}"
    return Change(
        at=datetime.fromtimestamp(at, UTC),
        service=service,
        kind=kind,
        what=f"{'pod template of ' if kind == 'config' else ''}deployment {said(deployment.metadata.name)}",
        before=before,
        after=after,
        by=_by(deployment, at),
    )


def _taken_up_at(deployment: Deployment, one: ReplicaSet, events: Sequence[Event], *, newest: bool) -> float | None:
    """Return when an old ReplicaSet was scaled up again: from its event, else from the Deployment's last progress."""
    space, name = deployment.metadata.namespace, deployment.metadata.name
    told = [
        at
        for event in events
        if event.reason == "ScalingReplicaSet"
        and (event.involved_object.namespace, event.involved_object.name) == (space, name)
        and event.message.startswith(f"Scaled up replica set {one.metadata.name} ")
        and (at := moment(event.first_timestamp or event.at())) is not None
    ]
    if told:
        return max(told)
    progress = next((c for c in deployment.status.conditions if c.type == "Progressing"), None)
    return moment(progress.last_update_time) if progress and newest else None


def _by(deployment: Deployment, at: float) -> str:
    """Return who wrote the Deployment last before a time, as the API tells; empty when it does not."""
    wrote = [
        (when, one.manager)
        for one in deployment.metadata.managed_fields
        if not one.subresource and one.manager != "kube-controller-manager"
        if (when := moment(one.time)) is not None and when <= at + FIRST_S
    ]
    return f"kubernetes:{said(max(wrote)[1])}" if wrote else ""
