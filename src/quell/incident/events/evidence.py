"""What was looked at, with the question it was asked, and what was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from quell.incident.events.words import EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time, `start` inclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One measured series; `times` and `values` have the same length, times rise."""

    name: str
    service: str
    unit: str
    labels: dict[str, str] = field(default_factory=dict)
    times: tuple[float, ...] = ()
    """Unix seconds."""
    values: tuple[float | None, ...] = ()
    """None where the source gave nothing usable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """A log template and how often it was seen before and after the onset."""

    template: str
    service: str
    level: str
    count_before: int
    count_after: int
    first_seen: datetime
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A recorded change: a deploy, a config value, a flag."""

    at: datetime
    service: str
    kind: str
    """`deploy`, `config`, `flag`, `scale`, `restart`."""
    what: str
    before: str
    after: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    A piece of evidence with everything needed to judge it: the data, the exact query and the window.

    Only the field of its kind is filled: `series`, `patterns` or `changes`; topology puts its edges in `edges`.
    """

    id: str
    """Unique within the incident: `E1`."""
    source: str
    kind: EvidenceKind
    title: str
    says: str
    """One sentence: what it shows."""
    query: str
    window: Window
    service: str | None = None
    unit: str = ""
    series: tuple[Series, ...] = ()
    patterns: tuple[LogPattern, ...] = ()
    changes: tuple[Change, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    """(caller, callee)."""
    onset: datetime | None = None
    normal_low: float | None = None
    normal_high: float | None = None
    limit: float | None = None
    """A capacity or threshold worth drawing, in `unit`."""
    flagged: tuple[str, ...] = ()
    """What is suspicious in its text; empty as recorded, and filled when it is shown with its text made harmless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that was not looked at, and why."""

    source: str
    reason: str
