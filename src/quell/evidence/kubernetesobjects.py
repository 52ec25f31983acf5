"""What is read of the objects of the Kubernetes API; fields that are not named here are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

REVISION = "deployment.kubernetes.io/revision"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
SAID_CHARS = 500


class Owner(msgspec.Struct, frozen=True):
    """Who an object belongs to."""

    kind: str = ""
    name: str = ""


class Managed(msgspec.Struct, frozen=True):
    """Who wrote fields of an object, and when."""

    manager: str = ""
    subresource: str = ""
    time: datetime | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What every object has."""

    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    creation_timestamp: datetime | None = None
    owner_references: list[Owner] = []
    managed_fields: list[Managed] = []


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    """One condition of a pod or a Deployment."""

    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None


class Waiting(msgspec.Struct, frozen=True):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class Running(msgspec.Struct, frozen=True, rename="camel"):
    """Since when a container runs."""

    started_at: datetime | None = None


class Terminated(msgspec.Struct, frozen=True, rename="camel"):
    """How a container ended."""

    reason: str = ""
    message: str = ""
    exit_code: int = 0
    signal: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(msgspec.Struct, frozen=True):
    """One of the three is there."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How one container of a pod is."""

    name: str = ""
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How a pod is."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: datetime | None = None
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []


class Pod(msgspec.Struct, frozen=True):
    """A pod."""

    metadata: Metadata = Metadata()
    status: PodStatus = PodStatus()

    def condition(self, name: str) -> Condition | None:
        """Return a condition by its type."""
        return next((one for one in self.status.conditions if one.type == name), None)

    def ready(self) -> bool:
        """Whether it takes requests now."""
        found = self.condition("Ready")
        return found is not None and found.status == "True"


class Container(msgspec.Struct, frozen=True):
    """A container as it is asked for."""

    name: str = ""
    image: str = ""


class PodSpec(msgspec.Struct, frozen=True):
    """What a template asks for."""

    containers: list[Container] = []


class Template(msgspec.Struct, frozen=True):
    """What pods are made from."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()


class ReplicaSetSpec(msgspec.Struct, frozen=True):
    """What a ReplicaSet asks for."""

    template: Template = Template()


class ReplicaSet(msgspec.Struct, frozen=True):
    """One revision of a Deployment."""

    metadata: Metadata = Metadata()
    spec: ReplicaSetSpec = ReplicaSetSpec()

    @property
    def revision(self) -> int:
        """Its place among the revisions; 0 when it belongs to none."""
        text = self.metadata.annotations.get(REVISION, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def images(self) -> str:
        """Return the images of its containers, by container: `shop/cart:1.5.0`, or `app=a:1, proxy=b:2`."""
        found = sorted((one.name, one.image) for one in self.spec.template.spec.containers)
        if len(found) == 1:
            return found[0][1][:SAID_CHARS]
        return ", ".join(f"{name}={image}" for name, image in found)[:SAID_CHARS]


class DeploymentStatus(msgspec.Struct, frozen=True):
    """How a Deployment is."""

    conditions: list[Condition] = []


class Deployment(msgspec.Struct, frozen=True):
    """A Deployment."""

    metadata: Metadata = Metadata()
    status: DeploymentStatus = DeploymentStatus()


class Reference(msgspec.Struct, frozen=True):
    """What an event is about."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class EventSeries(msgspec.Struct, frozen=True, rename="camel"):
    """How often an event came, and when last."""

    count: int = 0
    last_observed_time: datetime | None = None


class Event(msgspec.Struct, frozen=True, rename="camel"):
    """Something that happened, as a part of the cluster tells it; its texts are from outside."""

    metadata: Metadata = Metadata()
    involved_object: Reference = Reference()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None

    def at(self) -> datetime | None:
        """When it came last."""
        last = self.series.last_observed_time if self.series else None
        return last or self.last_timestamp or self.event_time or self.metadata.creation_timestamp


class ListMetadata(msgspec.Struct, frozen=True):
    """Where a list goes on."""

    continue_token: str = msgspec.field(default="", name="continue")


class Listing(msgspec.Struct, frozen=True):
    """One page of a list; an answer without `items` is none."""

    items: list[msgspec.Raw]
    metadata: ListMetadata = ListMetadata()


def said(text: str) -> str:
    """Return a text from outside on one line, cut."""
    return " ".join(text[: 2 * SAID_CHARS].split())[:SAID_CHARS]


def moment(at: datetime | None) -> float | None:
    """Return Unix seconds of a time of the API; one without a zone is UTC."""
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
