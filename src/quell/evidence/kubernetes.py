"""
Reads a Kubernetes cluster over its API: pods, events and rollouts. Lists only; nothing is watched or changed.

The API tells how things are, and when each last changed. What lies before that is put together from the times it gives:
when a container ended last, since when a pod is ready, when a ReplicaSet was made. Pods that are gone are not told of.

Source: Kubernetes API reference v1: Pod, Event, apps/v1 Deployment and ReplicaSet; error object `Status`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from quell.addresses import shown_address
from quell.errors import BadAnswer, TimedOut, Unreachable, UpstreamError
from quell.evidence import httpjson
from quell.evidence.decoding import decode
from quell.evidence.kubernetesobjects import Deployment, Event, Listing, Pod, ReplicaSet
from quell.evidence.kubernetesstory import changes_of, lines_of, series_of
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Window

PAGE = 250
"""Objects asked for at once."""

_Object = Pod | Event | Deployment | ReplicaSet

NAME_LABEL = "app.kubernetes.io/name"

QUERIES: Mapping[str, str] = {
    "restarts": "sum of .status.containerStatuses[].restartCount of the pods of a service",
    "up": "share of the pods of a service whose condition Ready is True",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of object that is listed."""

    group: str
    resource: str
    shape: type[_Object]

    @property
    def needs(self) -> str:
        """The permission a list takes, as RBAC names it."""
        group = "" if self.group == "api/v1" else self.group.split("/")[1]
        return f'verb list on {self.resource} in apiGroup "{group}"'


PODS = _Kind(group="api/v1", resource="pods", shape=Pod)
EVENTS = _Kind(group="api/v1", resource="events", shape=Event)
DEPLOYMENTS = _Kind(group="apis/apps/v1", resource="deployments", shape=Deployment)
REPLICA_SETS = _Kind(group="apis/apps/v1", resource="replicasets", shape=ReplicaSet)

NEEDED: Mapping[EvidenceKind, tuple[_Kind, ...]] = {
    EvidenceKind.METRIC: (PODS,),
    EvidenceKind.LOG: (PODS, EVENTS, REPLICA_SETS, DEPLOYMENTS),
    EvidenceKind.CHANGE: (DEPLOYMENTS, REPLICA_SETS, EVENTS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """What one list held."""

    objects: Sequence[_Object]
    unread: int
    cut: bool
    """There is more than was read."""


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What the lists held."""

    pods: list[Pod] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    replicasets: list[ReplicaSet] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    truncated: bool = False


class KubernetesSource:
    """
    Lists what a cluster says of its pods, events and rollouts, by service, which a label names.

    A list that fails is named in the warnings; when every one fails, so does the source.
    """

    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.METRIC, EvidenceKind.LOG, EvidenceKind.CHANGE)

    def __init__(
        self,
        url: str,
        connect: Callable[[], httpx.AsyncClient],
        *,
        clock: Callable[[], float],
        namespaces: Sequence[str] = (),
        service_label: str = NAME_LABEL,
        token_file: Path | None = None,
        timeout_s: float = 5.0,
        step_s: float = 15.0,
        fresh_s: float = 15.0,
        max_bytes: int = 16_000_000,
        max_pages: int = 10,
        max_lines: int = 2_000,
        name: str = "kubernetes",
    ) -> None:
        """
        Args:
            url: of the API server.
            connect: gives a client that trusts the cluster's authority; it is closed after each reading.
            clock: Unix seconds.
            namespaces: only these; empty for all, which takes a ClusterRole.
            service_label: the label that holds the service, of pods, ReplicaSets and Deployments.
            token_file: bearer token, read anew each time, as the cluster replaces it.
            timeout_s: for all lists of one reading.
            step_s: between two points of a series.
            fresh_s: a list is not asked for more often than this.
            max_bytes: a longer page is refused.
            max_pages: of one list; the rest is left out and warned about.
            max_lines: of an answer; the newest stay.
        """
        self.name, self._url, self._connect, self._clock = name, url.rstrip("/"), connect, clock
        self._namespaces, self._label, self._token_file = tuple(namespaces), service_label, token_file
        self._timeout_s, self._step_s, self._fresh_s = timeout_s, step_s, fresh_s
        self._max_bytes, self._max_pages, self._max_lines = max_bytes, max_pages, max_lines
        self._kept: dict[frozenset[str], tuple[float, _Seen]] = {}

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return restarts and readiness as series, what went wrong as lines, and rollouts as changes, of a window.

        Raises: UpstreamError: no list was answered.
        """
        kinds = [kind for kind in self.kinds if not scope.kinds or kind in scope.kinds]
        needed = list(dict.fromkeys(one for kind in kinds for one in NEEDED[kind]))
        query = self._query(needed)
        if not needed:
            return Collected(source=self.name, window=window, query=query)
        seen = await self._see(needed)
        wanted, now = set(scope.services), self._clock()
        owners = self._owners(seen)
        pods = [(service, pod) for pod in seen.pods if (service := self._service(pod.metadata.labels))]
        ends = (window.start.timestamp(), window.end.timestamp())
        series = series_of(pods, *ends, now=now, step_s=self._step_s) if EvidenceKind.METRIC in kinds else []
        lines = lines_of(pods, seen.events, owners, *ends) if EvidenceKind.LOG in kinds else []
        changes = []
        if EvidenceKind.CHANGE in kinds:
            changes = changes_of(seen.deployments, seen.replicasets, seen.events, owners, window)
        lines = [line for line in lines if not wanted or line.service in wanted]
        known = {service for service, _ in pods} | set(owners.values())
        return Collected(
            source=self.name,
            window=window,
            query=query,
            series=[one for one in series if not wanted or one.service in wanted],
            lines=lines[-self._max_lines :],
            changes=[one for one in changes if not wanted or one.service in wanted],
            warnings=[*seen.warnings, *self._nameless(seen, len(pods)), *self._cut(len(lines))],
            truncated=seen.truncated or len(lines) > self._max_lines,
            missing=sorted(wanted - known) if not seen.warnings else (),
            queries=dict(QUERIES) if EvidenceKind.METRIC in kinds else {},
        )

    async def check(self) -> str:
        """Say how many pods of how many services are there and ready. Raises: UpstreamError: it does not answer."""
        seen = await self._see([PODS, EVENTS, DEPLOYMENTS, REPLICA_SETS])
        services = {self._service(pod.metadata.labels) for pod in seen.pods} - {""}
        ready = sum(pod.ready() for pod in seen.pods)
        where = ", ".join(self._namespaces) or "all namespaces"
        told = f"{len(seen.pods)} pods in {where}, {ready} ready, {len(services)} services by the label {self._label}"
        return "; ".join([told, f"{len(seen.deployments)} deployments", *seen.warnings])

    def _service(self, labels: Mapping[str, str]) -> str:
        return labels.get(self._label, "")[: httpjson.SAID_CHARS]

    def _owners(self, seen: _Seen) -> dict[tuple[str, str, str], str]:
        """Return the service by (kind, namespace, name) of every object that says whose it is."""
        objects = (("Pod", seen.pods), ("Deployment", seen.deployments), ("ReplicaSet", seen.replicasets))
        return {
            (kind, one.metadata.namespace, one.metadata.name): service
            for kind, found in objects
            for one in found
            if (service := self._service(one.metadata.labels))
        }

    def _nameless(self, seen: _Seen, named: int) -> list[str]:
        count = len(seen.pods) - named
        return [f"{count} of {len(seen.pods)} pods have no label {self._label}"] if count and not named else []

    def _cut(self, lines: int) -> list[str]:
        return [f"the newest {self._max_lines} of {lines} lines were kept"] if lines > self._max_lines else []

    def _query(self, needed: Sequence[_Kind]) -> str:
        return "; ".join(
            f"GET {shown_address(self._url)}{path}?limit={PAGE}" for one in needed for path in self._paths(one)
        )

    def _paths(self, kind: _Kind) -> list[str]:
        if not self._namespaces:
            return [f"/{kind.group}/{kind.resource}"]
        return [f"/{kind.group}/namespaces/{namespace}/{kind.resource}" for namespace in self._namespaces]

    async def _see(self, needed: Sequence[_Kind]) -> _Seen:
        """List, or return what was listed a moment ago. Raises: UpstreamError: no list was answered."""
        key, now = frozenset(one.resource for one in needed), self._clock()
        if key in self._kept and 0 <= now - self._kept[key][0] < self._fresh_s:
            return self._kept[key][1]
        headers = await asyncio.to_thread(self._headers)
        asked = [(kind, path) for kind in needed for path in self._paths(kind)]
        try:
            async with asyncio.timeout(self._timeout_s), self._connect() as client:
                found = await asyncio.gather(*(self._list(client, headers, *one) for one in asked))
        except TimeoutError as error:
            raise TimedOut(
                f"{shown_address(self._url)}: {len(asked)} lists were not answered within {self._timeout_s:g} s"
            ) from error
        failed = [one for one in found if isinstance(one, UpstreamError)]
        if len(failed) == len(found):
            raise failed[0]
        seen = _Seen()
        for (kind, _), answer in zip(asked, found, strict=True):
            if isinstance(answer, UpstreamError):
                seen.warnings.append(f"{kind.resource}: {answer}")
                continue
            getattr(seen, kind.resource).extend(answer.objects)
            if answer.unread:
                seen.warnings.append(f"{kind.resource}: {answer.unread} could not be read")
            if answer.cut:
                seen.truncated = True
                seen.warnings.append(f"{kind.resource}: only the first {len(answer.objects)} were read")
        self._kept[key] = (now, seen)
        return seen

    def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        try:
            token = self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unreachable(
                f"{shown_address(self._url)} was not asked: the token in {self._token_file}: {error}"
            ) from error
        return {"Authorization": f"Bearer {token}"}

    async def _list(
        self, client: httpx.AsyncClient, headers: Mapping[str, str], kind: _Kind, path: str
    ) -> _List | UpstreamError:
        """Return what a list holds, or why it was not answered."""
        found, unread = list[_Object](), 0
        params: dict[str, str | int] = {"limit": PAGE}
        try:
            for _ in range(self._max_pages):
                answered = await httpjson.ask(
                    client,
                    f"{self._url}{path}",
                    timeout_s=self._timeout_s,
                    max_bytes=self._max_bytes,
                    params=params,
                    headers=headers,
                )
                page, objects = await asyncio.to_thread(_page, answered, kind)
                found += objects
                unread += len(page.items) - len(objects)
                params["continue"] = page.metadata.continue_token
                if not page.metadata.continue_token:
                    break
        except UpstreamError as error:
            return error
        return _List(objects=found, unread=unread, cut=bool(params.get("continue")))


def _page(answered: httpjson.Answered, kind: _Kind) -> tuple[Listing, list[_Object]]:
    """Return a page and those of its objects that can be read. Raises: UpstreamError: it is no page of them."""
    page, objects = httpjson.read(answered, Listing, needs=kind.needs), list[_Object]()
    for item in page.items:
        try:
            objects.append(decode(item, kind.shape))
        except (msgspec.DecodeError, RecursionError) as error:
            broken = error
    if page.items and not objects:
        raise BadAnswer(f"{answered.what}: none of {len(page.items)} {kind.resource} can be read: {broken}")
    return page, objects
