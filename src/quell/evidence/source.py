"""What a place that holds telemetry looks like to the agents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from quell.incident.events import Change, EvidenceKind, Series, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One log line; `text` is from outside."""

    at: float
    """Unix seconds."""
    service: str
    level: str
    text: str
    trace_id: str = ""
    span_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One finished piece of a trace, in the words of OpenTelemetry; `name` is from outside."""

    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the root of a trace."""
    service: str
    name: str
    at: float
    """Start, Unix seconds."""
    duration_s: float
    error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at. No services means all that the source knows."""

    services: tuple[str, ...] = ()
    kinds: tuple[EvidenceKind, ...] = ()
    """Empty: every kind the source has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a source gave, with the exact question it was asked."""

    source: str
    window: Window
    query: str
    """As one would type it into the source, for a person to repeat."""
    series: Sequence[Series] = ()
    lines: Sequence[LogLine] = ()
    spans: Sequence[Span] = ()
    changes: Sequence[Change] = ()
    edges: Sequence[tuple[str, str]] = ()
    """(caller, callee) as seen in the telemetry."""
    warnings: Sequence[str] = ()
    """What was left out or looked wrong: `payment: 3 values were not numbers`."""
    truncated: bool = False
    """True when a limit cut the answer."""
    missing: Sequence[str] = ()
    """Services asked for that gave nothing."""
    queries: dict[str, str] = field(default_factory=dict)
    """Query per series name, where it differs from `query`."""


class EvidenceSource(Protocol):
    """A place to read telemetry from. Reads only, and never for longer than `timeout_s`."""

    name: str
    kinds: tuple[EvidenceKind, ...]

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return what the source holds for a scope and window.

        Raises: UpstreamError: it could not be asked, or did not answer in time.
        """
        ...

    async def check(self) -> str:
        """Return one line of what the source sees now; raise `UpstreamError` when it does not answer."""
        ...
