"""The runbooks in use, and how each came out so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from quell.actions.runbook import Entry
from quell.gateway.rest.wire import Page, reply
from quell.incident.events import Cause, TrackRecord

Records = Mapping[tuple[str, Cause, str], TrackRecord]
"""How often an action helped, by action, cause and kind of service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookStep:
    """An action, with the params that are known beforehand."""

    action: str
    params: dict[str, str]
    subject: str
    """The param that is given what diagnosis named beside the service; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookMatch:
    """What a runbook is for; what is empty matches anything."""

    causes: Sequence[Cause]
    services: Sequence[str]
    kinds: Sequence[str]
    series: Sequence[str]
    labels: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookWhen:
    """What must hold before it is carried out."""

    min_probability: float
    recent_change: str
    recent_change_s: float
    not_within_s: float
    runs_per_hour: int
    dependencies_healthy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookRecord:
    """How often one of its actions helped against one of its causes, on a kind of service."""

    action: str
    cause: Cause
    kind: str
    helped: int
    tried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookView:
    """A runbook as it is in use."""

    name: str
    version: str
    title: str
    enabled: bool
    origin: str
    """`shipped`, `own`, or `settings` for one that a webhook's causes make."""
    file: str
    """Its name; empty for one that is not from a file."""
    why: str
    expected: str
    undo: str
    risk: str
    weight: float
    match: RunbookMatch
    when: RunbookWhen
    steps: Sequence[RunbookStep]
    verify_series: Sequence[str]
    verify_within_s: float | None
    verify_steady: int | None
    record: Sequence[RunbookRecord]
    """Only what was tried; runbooks with the same action against the same cause share it."""


class RunbookRoutes:
    """
    The route below /runbooks.

    Args:
        records: what every action did so far.
    """

    def __init__(self, shelf: Sequence[Entry], records: Callable[[], Records]) -> None:
        self._shelf, self._records = shelf, records

    def add_to(self, router: APIRouter) -> None:
        """Add the route."""
        router.add_api_route("/runbooks", self.list, name="list_runbooks", response_model=Page[RunbookView])

    async def list(self) -> Response:
        """List the runbooks by name: what each is for, what it does, and how that came out so far."""
        records = self._records()
        return reply(Page(items=[view(entry, records) for entry in self._shelf], next_cursor=None))


def view(entry: Entry, records: Records) -> RunbookView:
    """Return a runbook as it is shown."""
    one = entry.runbook
    return RunbookView(
        name=one.name,
        version=one.version,
        title=one.title,
        enabled=one.enabled,
        origin=entry.origin,
        file=entry.file,
        why=one.why,
        expected=one.expected,
        undo=one.undo,
        risk=one.risk,
        weight=one.weight,
        match=RunbookMatch(
            causes=one.match.causes,
            services=one.match.services,
            kinds=one.match.kinds,
            series=one.match.series,
            labels=dict(one.match.labels),
        ),
        when=RunbookWhen(
            min_probability=one.when.min_probability,
            recent_change=one.when.recent_change,
            recent_change_s=one.when.recent_change_s,
            not_within_s=one.when.not_within_s,
            runs_per_hour=one.when.runs_per_hour,
            dependencies_healthy=one.when.dependencies_healthy,
        ),
        steps=[RunbookStep(action=step.action, params=step.params_for(""), subject=step.subject) for step in one.steps],
        verify_series=one.verify.series,
        verify_within_s=one.verify.within_s,
        verify_steady=one.verify.steady,
        record=_records_of(entry, records),
    )


def _records_of(entry: Entry, records: Records) -> list[RunbookRecord]:
    actions = {step.action for step in entry.runbook.steps}
    return [
        RunbookRecord(action=action, cause=cause, kind=kind, helped=record.helped, tried=record.tried)
        for (action, cause, kind), record in sorted(records.items())
        if action in actions and cause in entry.runbook.match.causes
    ]
