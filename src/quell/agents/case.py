"""What the agents are given: the case, and the telemetry of the services it may concern."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quell.errors import QuellError
from quell.evidence.source import Collected, EvidenceSource, LogLine, Scope, Span
from quell.incident.alert import Alert
from quell.incident.events import Change, EvidenceKind, Gap, Series, Window

Progress = Callable[[int, int, str], Awaitable[None]]

LOOK_BACK = timedelta(minutes=10)
"""How far before the first alert telemetry is read."""

SOURCE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is out of range whatever the past was."""

    error_ratio: float = 0.05
    """Share of requests that fail, above which a service is in trouble; in (0, 1]."""
    full: float = 0.95
    """Share of a disk or of a pool of connections in use, above which it counts as full; in (0, 1]."""

    def of(self, indicator: str) -> float | None:
        """Return the limit of an indicator, in its unit; None where only its own past tells what is normal."""
        return {"error_ratio": self.error_ratio, "disk_use": self.full, "pool_use": self.full, "up": 0.5}.get(indicator)


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An incident as an agent sees it."""

    incident_id: str
    alerts: tuple[Alert, ...]
    first_at: datetime
    """When the first alert says it began, as far as its clock can be believed."""
    now: datetime
    disturbed: tuple[Window, ...] = ()
    """Stretches of other incidents: no yardstick for what is normal."""
    earlier: tuple[Window, ...] = ()
    """Earlier stretches of this incident, before it began again at `first_at`: never a yardstick."""
    limits: Limits = LIMITS
    open_on: Mapping[str, str] = field(default_factory=dict)
    """By service: another incident that is open on it."""
    pieces: int = 0
    """Pieces of evidence that the incident holds already."""

    @property
    def services(self) -> tuple[str, ...]:
        """The services that alerts name, each once, in their order."""
        return tuple(dict.fromkeys(alert.service for alert in self.alerts if alert.service))

    @property
    def ended_s(self) -> tuple[float, ...]:
        """When others ended before this one, or until now where there is no alert; Unix seconds."""
        until = self.first_at if self.alerts else self.now
        return tuple(one.end.timestamp() for one in self.disturbed if one.end <= until)

    @property
    def over_s(self) -> float:
        """When the last of them ended, Unix seconds: readings up to then tell of that one."""
        return max(self.ended_s, default=-math.inf)

    @property
    def window(self) -> Window:
        """What to read: from before the first alert until now."""
        return Window(start=self.first_at - LOOK_BACK, end=self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What all sources together gave for a window."""

    window: Window
    series: Mapping[tuple[str, str], Sequence[Series]]
    """By (service, name)."""
    origins: Mapping[tuple[str, str], tuple[str, str]]
    """(source, query) of each of them."""
    lines: Sequence[LogLine] = ()
    logs_from: tuple[str, str] = ("", "")
    spans: Sequence[Span] = ()
    spans_from: tuple[str, str] = ("", "")
    changes: Sequence[Change] = ()
    changes_from: tuple[str, str] = ("", "")
    edges: Sequence[tuple[str, str]] = ()
    edges_from: tuple[str, str] = ("", "")
    gaps: tuple[Gap, ...] = ()
    kinds: frozenset[EvidenceKind] = field(default_factory=frozenset)
    """Kinds that at least one source answered for."""

    @property
    def services(self) -> tuple[str, ...]:
        """Services with any series, by name."""
        return tuple(sorted({service for service, _ in self.series}))

    def one(self, service: str, name: str) -> Series | None:
        """Return the only, or first, series of that name."""
        found = self.series.get((service, name), ())
        return found[0] if found else None


async def gather(
    sources: Sequence[EvidenceSource],
    window: Window,
    *,
    services: tuple[str, ...] = (),
    kinds: tuple[EvidenceKind, ...] = (),
    progress: Progress | None = None,
    timeout_s: float = SOURCE_TIMEOUT_S,
) -> Telemetry:
    """
    Ask every source at once; one that fails or is too slow becomes a gap and holds up nothing else.

    Args:
        services: only these; empty for all.
        kinds: only these; empty for all.
    """
    # A source that is pushed to has no kind of evidence until something came.
    asked = [source for source in sources if source.kinds and (not kinds or set(source.kinds) & set(kinds))]
    scope = Scope(services=services, kinds=kinds)
    done = 0

    async def ask(source: EvidenceSource) -> Collected | Gap:
        nonlocal done
        try:
            async with asyncio.timeout(timeout_s):
                answer: Collected | Gap = await source.collect(scope, window)
        except TimeoutError:
            answer = Gap(source=source.name, reason=f"no answer within {timeout_s:g} s")
        except QuellError as error:
            answer = Gap(source=source.name, reason=str(error))
        done += 1
        if progress is not None:
            await progress(done, len(asked), f"read {source.name}")
        return answer

    answers = await asyncio.gather(*(ask(source) for source in asked))
    return _joined(window, asked, answers)


def _joined(window: Window, asked: Sequence[EvidenceSource], answers: Sequence[Collected | Gap]) -> Telemetry:
    series: dict[tuple[str, str], list[Series]] = {}
    origins: dict[tuple[str, str], tuple[str, str]] = {}
    lines: list[LogLine] = []
    spans: list[Span] = []
    changes: list[Change] = []
    edges: dict[tuple[str, str], None] = {}
    places: dict[str, tuple[str, str]] = {}
    gaps: list[Gap] = []
    kinds: set[EvidenceKind] = set()
    for source, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Gap):
            gaps.append(answer)
            continue
        kinds.update(source.kinds)
        gaps.extend(Gap(source=f"{answer.source} of {name}", reason="gave nothing") for name in answer.missing)
        for one in answer.series:
            key = (one.service, one.name)
            series.setdefault(key, []).append(one)
            origins.setdefault(key, (answer.source, answer.queries.get(one.name, answer.query)))
        lines.extend(answer.lines)
        spans.extend(answer.spans)
        changes.extend(answer.changes)
        edges.update(dict.fromkeys(answer.edges))
        given = {"lines": answer.lines, "spans": answer.spans, "changes": answer.changes, "edges": answer.edges}
        for kind, found in given.items():
            if found:
                places.setdefault(kind, (answer.source, answer.query))
    return Telemetry(
        window=window,
        series=series,
        origins=origins,
        lines=sorted(lines, key=lambda line: line.at),
        logs_from=places.get("lines", ("", "")),
        spans=sorted(spans, key=lambda span: span.at),
        spans_from=places.get("spans", ("", "")),
        changes=sorted(changes, key=lambda change: change.at),
        changes_from=places.get("changes", ("", "")),
        edges=sorted(edges),
        edges_from=places.get("edges", ("", "")),
        gaps=tuple(gaps),
        kinds=frozenset(kinds),
    )
