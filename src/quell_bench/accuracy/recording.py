"""What a site's telemetry held around an incident of a public set, and the source that answers from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quell.evidence.source import Collected, LogLine, Scope, Span
from quell.incident.events import EvidenceKind, Series, Window

SOURCE = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One incident as a site would have it: an alert, and telemetry under the names that the agents read."""

    alert: str
    """What the alert is called: `HighLatency`."""
    service: str | None
    """The service that the alert names: the one whose users feel it, never the one at fault because it is."""
    alert_at_s: float
    """When the alert fired, Unix seconds. When the fault began is told to nobody."""
    now_s: float
    """When the agents look, Unix seconds."""
    ends_s: float
    """Nothing was recorded later."""
    step_s: float
    """Seconds between two readings of the slowest series."""
    series: Sequence[Series] = ()
    edges: Sequence[tuple[str, str]] = ()
    """(caller, callee) as the site's call graph has them; calls in spans come from the spans."""
    spans: Sequence[Span] = ()
    lines: Sequence[LogLine] = ()


class RecordedSource:
    """The metrics and the call graph of a recording, as an evidence source gives them: what lies in the window."""

    def __init__(self, recording: Recording) -> None:
        self.name = SOURCE
        metrics = (EvidenceKind.METRIC,) if recording.series else ()
        self.kinds: tuple[EvidenceKind, ...] = (*metrics, *((EvidenceKind.TOPOLOGY,) if recording.edges else ()))
        self._recording = recording

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """Return the readings from the start of the window to its end, both included."""
        start, end = window.start.timestamp(), window.end.timestamp()
        wanted = set(scope.services)
        cut = (_within(one, start, end) for one in self._recording.series if not wanted or one.service in wanted)
        metrics = not scope.kinds or EvidenceKind.METRIC in scope.kinds
        topology = not scope.kinds or EvidenceKind.TOPOLOGY in scope.kinds
        return Collected(
            source=self.name,
            window=window,
            query="the recorded incident",
            series=[one for one in cut if one.times] if metrics else (),
            edges=self._recording.edges if topology else (),
        )

    async def check(self) -> str:
        """Say how much there is."""
        return f"{len(self._recording.series)} series and {len(self._recording.edges)} calls"


def _within(series: Series, start: float, end: float) -> Series:
    kept = [(at, value) for at, value in zip(series.times, series.values, strict=True) if start <= at <= end]
    return replace(series, times=tuple(at for at, _ in kept), values=tuple(value for _, value in kept))
