"""Makes an answer of what is held: pure, and at work in a thread on copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from quell.evidence.logfiles import fair
from quell.evidence.otlp import red, traces
from quell.evidence.otlp.store import Part
from quell.evidence.source import LogLine, Scope, Span
from quell.incident.events import EvidenceKind, Series

SPAN_KINDS = (EvidenceKind.TRACE, EvidenceKind.TOPOLOGY, EvidenceKind.METRIC)
"""What is made of spans."""
SKEW_S = 60.0
"""Spans and lines that came further than this from their own time are named in the warnings."""
MOST_SKEWED = 10
"""Services named so, those with the most of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, with what is held: threads work on it while more comes in."""

    scope: Scope
    start: float
    """Unix seconds, as `end` and `now`."""
    end: float
    now: float
    spans: Sequence[Part]
    lines: Sequence[Part]
    max_spans: int
    max_lines: int

    def wants(self, kind: EvidenceKind) -> bool:
        """Whether a kind of evidence is asked for."""
        return not self.scope.kinds or kind in self.scope.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a question brought to light."""

    spans: Sequence[Span] = ()
    lines: Sequence[LogLine] = ()
    series: Sequence[Series] = ()
    edges: Sequence[tuple[str, str]] = ()
    services: frozenset[str] = frozenset()
    """Whatever has a span or a line in the window."""
    warnings: Sequence[str] = ()
    truncated: bool = False


_Row = tuple[float, tuple[str, str], Part, int]
"""A line: Unix seconds, its service and level, and where its text is."""


def find(asked: Asked) -> Found:
    """Return what the window of a question holds."""
    wanted = frozenset(asked.scope.services)
    points = red.grid(asked.start, asked.end, asked.now)
    parts = asked.spans if any(asked.wants(kind) for kind in SPAN_KINDS) else ()
    spans, twice = traces.once(traces.frame(parts, start=asked.start - points.span_s, end=asked.end))
    calls = traces.calls(spans)
    given, fewer_spans = _traces(asked, spans, wanted)
    lines, spoke, fewer_lines = _logs(asked, wanted)
    series, fewer_series = _series(spans, calls, points, wanted) if asked.wants(EvidenceKind.METRIC) else ([], "")
    edges = sorted(calls.edges) if asked.wants(EvidenceKind.TOPOLOGY) else []
    again = f"{twice} spans came twice and count once" if twice else ""
    active = np.unique(spans.service[spans.end >= asked.start]).tolist()
    return Found(
        spans=given,
        lines=lines,
        series=series,
        edges=[edge for edge in edges if not wanted or wanted & set(edge)],
        services=spoke | {spans.names[place] for place in active},
        warnings=[*_skews(asked, wanted), *filter(None, (again, fewer_spans, fewer_lines, fewer_series))],
        truncated=bool(fewer_spans or fewer_lines),
    )


def _traces(asked: Asked, spans: traces.Frame, wanted: frozenset[str]) -> tuple[list[Span], str]:
    """Return the spans to give, and what to say when they are not all."""
    if not asked.wants(EvidenceKind.TRACE):
        return [], ""
    begun = spans.pick(spans.at >= asked.start)
    if wanted:
        begun = begun.pick(np.isin(begun.service, [i for i, name in enumerate(begun.names) if name in wanted]))
    kept = traces.sampled(begun, asked.max_spans)
    fewer = f"{len(kept)} of {len(begun)} spans were kept, whole traces chosen by their ids"
    return _spans(kept), fewer if len(kept) < len(begun) else ""


def _logs(asked: Asked, wanted: frozenset[str]) -> tuple[list[LogLine], frozenset[str], str]:
    """Return the lines to give, the services that wrote any, and what to say when they are not all."""
    if not asked.wants(EvidenceKind.LOG):
        return [], frozenset(), ""
    rows = [row for part in asked.lines for row in _rows(part, asked.start, asked.end, wanted)]
    rows.sort(key=lambda row: row[0])
    kept = fair([row[1] for row in rows], asked.max_lines)
    spoke = frozenset(service for _, (service, _), _, _ in rows)
    fewer = f"{len(kept)} of {len(rows)} lines were kept, spread evenly over the window"
    return [_line(*rows[place]) for place in kept], spoke, fewer if len(kept) < len(rows) else ""


def _series(
    spans: traces.Frame, calls: traces.Calls, points: red.Grid, wanted: frozenset[str]
) -> tuple[list[Series], str]:
    """Return the series to give, and what to say when they are not of all."""
    served, few = red.served(spans, points)
    called, fewer = red.called(spans, calls, points)
    series = [one for one in (*served, *called) if not wanted or one.service in wanted]
    series = [one for one in series if any(value is not None for value in one.values)]
    series.sort(key=lambda one: (one.service, one.name, sorted(one.labels.items())))
    out = few + fewer
    return series, f"series of the busiest {red.MOST_FLOWS} only; {out} services or pairs left out" if out else ""


def _spans(frame: traces.Frame) -> list[Span]:
    columns = (
        column.tolist()
        for column in (
            frame.trace_high,
            frame.trace_low,
            frame.span,
            frame.parent,
            frame.service,
            frame.name,
            frame.at,
            frame.duration_s,
            frame.error,
        )
    )
    names = frame.names
    return [
        Span(
            trace_id=f"{high:016x}{low:016x}",
            span_id=f"{span:016x}",
            parent_id=f"{parent:016x}" if parent else "",
            service=names[service],
            name=names[name],
            at=at,
            duration_s=duration_s,
            error=error,
        )
        for high, low, span, parent, service, name, at, duration_s, error in zip(*columns, strict=True)
    ]


def _rows(part: Part, start: float, end: float, wanted: frozenset[str]) -> Iterator[_Row]:
    """Yield the lines of a part that lie in the window, without their texts: most may not be given."""
    columns, names = part.columns, tuple(part.names)
    inside = (columns["at"] >= start) & (columns["at"] < end)
    if wanted:
        inside &= np.isin(columns["service"], [place for place, name in enumerate(names) if name in wanted])
    places = np.flatnonzero(inside)
    found = columns[places]
    for at, service, level, place in zip(
        found["at"].tolist(), found["service"].tolist(), found["level"].tolist(), places.tolist(), strict=True
    ):
        yield at, (names[service], names[level]), part, place


def _line(at: float, key: tuple[str, str], part: Part, place: int) -> LogLine:
    high, low = int(part.columns["trace_high"][place]), int(part.columns["trace_low"][place])
    trace_id = f"{high:016x}{low:016x}" if high or low else ""
    return LogLine(at=at, service=key[0], level=key[1], text=part.line(place), trace_id=trace_id)


def _skews(asked: Asked, wanted: frozenset[str]) -> list[str]:
    """Return what came in the window and is dated far from then, a line for each service and signal."""
    late: dict[tuple[str, str], list[float]] = {}
    for what, parts in (("spans", asked.spans), ("lines", asked.lines)):
        for part in parts:
            columns, arrived = part.columns, part.arrived()
            dated = columns["at"] + (columns["duration_s"] if what == "spans" else 0.0)
            far = np.flatnonzero((arrived >= asked.start) & (arrived < asked.end) & (np.abs(arrived - dated) > SKEW_S))
            for service in np.unique(columns["service"][far]).tolist():
                name = part.names[service]
                if not wanted or name in wanted:
                    rows = far[columns["service"][far] == service]
                    late.setdefault((name, what), []).extend((arrived[rows] - dated[rows]).tolist())
    most = sorted(sorted(late.items(), key=lambda item: -len(item[1]))[:MOST_SKEWED])
    rest = [f"{len(late) - len(most)} more services with times that are far off"] if len(late) > len(most) else []
    return [_skew(service, what, found) for (service, what), found in most] + rest


def _skew(service: str, what: str, late_s: Sequence[float]) -> str:
    middle = float(np.median(late_s))
    side = "before they came" if middle > 0 else "ahead of the clock of this machine"
    return f"{service}: {len(late_s)} {what} are dated {abs(middle):.0f} s {side}; their own times were kept"
