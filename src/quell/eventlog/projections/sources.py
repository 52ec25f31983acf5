"""Which evidence sources answer, as far as the log tells, and where telemetry says who calls whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quell.incident import events as ev
from quell.incident.events import Event, EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """An evidence source that failed, or answers again since it did."""

    source: str
    answers: bool
    since: datetime
    reason: str
    """Empty when it answers."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopologyView:
    """Who calls whom."""

    edges: tuple[tuple[str, str], ...]
    """(caller, callee)."""
    services: tuple[str, ...]
    as_of: datetime | None
    """When it was seen; None when it never was."""


class Sources:
    """The evidence sources, folded from what they did since the process started."""

    def __init__(self) -> None:
        self._views: dict[str, SourceView] = {}
        self._edges: tuple[tuple[str, str], ...] = ()
        self._edges_at: datetime | None = None

    def apply(self, event: Event, at: datetime) -> set[str]:
        """Take in an event of any stream; return the sources that changed."""
        match event:
            case ev.SourceFailed():
                view = SourceView(
                    source=event.source, answers=False, since=at, reason=event.reason, detail=event.detail
                )
            case ev.SourceRecovered():
                view = SourceView(
                    source=event.source,
                    answers=True,
                    since=at,
                    reason="",
                    detail=f"answers again after {event.after_s:.0f} s",
                )
            case ev.ProcessStarted():
                forgotten = set(self._views)
                self._views.clear()
                return forgotten
            case ev.Detected() | ev.Diagnosed() | ev.Predicted():
                self._see(event, at)
                return set()
            case _:
                return set()
        self._views[event.source] = view
        return {event.source}

    def _see(self, event: ev.Detected | ev.Diagnosed | ev.Predicted, at: datetime) -> None:
        for piece in event.finding.evidence:
            if piece.kind is EvidenceKind.TOPOLOGY and piece.edges:
                self._edges, self._edges_at = piece.edges, piece.window.end

    def all(self) -> list[SourceView]:
        """Return every source that something is known of, by name."""
        return sorted(self._views.values(), key=lambda view: view.source)

    def topology(self) -> TopologyView:
        """Return who calls whom in the newest topology that evidence held."""
        return topology_view(self._edges, self._edges_at)


def topology_view(edges: tuple[tuple[str, str], ...], as_of: datetime | None) -> TopologyView:
    """Return calls in order, with every service in them."""
    services = sorted({service for edge in edges for service in edge})
    return TopologyView(edges=tuple(sorted(set(edges))), services=tuple(services), as_of=as_of)
