"""Pieces of evidence for what diagnosis concludes: the data, the query and the window behind each fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from quell.agents.case import Case, Telemetry
from quell.agents.changes import name_change
from quell.agents.facts import is_new_error, levels, peers_of
from quell.agents.indicators import Measured, as_evidence, began, find, shown
from quell.incident.counting import say_count
from quell.incident.events import Change, Evidence, EvidenceKind, LogPattern, Window
from quell.signals.facts import Reason
from quell.signals.sequences import breaks
from quell.signals.series import as_array
from quell.signals.templates import PatternShift

_FACT_SERIES: Mapping[str, str] = {
    "own_errors": "error_ratio",
    "errors": "error_ratio",
    "own_latency": "latency_mean",
    "down": "up",
    "restarts": "restarts_recent",
    "crash": "restarts_recent",
    "pool": "pool_use",
    "pool_use": "pool_use",
    "pool_timeouts": "pool_timeouts_rate",
    "memory": "memory_use",
    "load": "request_rate",
    "memory_use": "memory_use",
}
"""Which indicator shows a fact."""


class Desk:
    """Makes each piece of evidence once, when a reason first needs it."""

    def __init__(
        self,
        case: Case,
        telemetry: Telemetry,
        measured: Sequence[Measured],
        shifts: Sequence[PatternShift],
        onset: datetime,
    ) -> None:
        self.case, self.telemetry, self.measured, self.shifts, self.onset = case, telemetry, measured, shifts, onset
        self.pieces: dict[tuple[str, str], Evidence] = {}

    def piece(self, service: str, reason: Reason) -> str | None:
        """Return the id of the evidence that shows a fact of a service; None when the fact has no data of its own."""
        name = _FACT_SERIES.get(reason.fact, reason.fact)
        key = (service, name)
        if key not in self.pieces:
            number = self.case.pieces + len(self.pieces) + 1
            made = self._make(service, name, number, reason)
            if made is None:
                return None
            self.pieces[key] = made
        return self.pieces[key].id

    def _make(self, service: str, name: str, number: int, reason: Reason) -> Evidence | None:
        if name == "new_errors":
            return self._logs(service, number)
        if name == "log_order":
            return self._order(service, number, reason)
        if name.startswith("trace_"):
            return self._spans(service, number, reason)
        if name.startswith("change:"):
            return self._changes(service, number, reason)
        if name.startswith("peer:"):
            return self._peer(service, name.removeprefix("peer:"), number, reason)
        one = find(self.measured, service, name)
        if one is None or not one.recent().size:
            return None
        since = began(one, self.case)[0] if one.out_of_range() else None
        return as_evidence(one, number, says=reason.says, since=since, window=self.telemetry.window)

    def _logs(self, service: str, number: int) -> Evidence | None:
        fresh = [shift for shift in self.shifts if is_new_error(shift, service)][:5]
        if not fresh:
            return None
        source, query = self.telemetry.logs_from
        count = sum(shift.count_after for shift in fresh)
        patterns = tuple(
            LogPattern(
                template=shift.template,
                service=shift.service,
                level=shift.level,
                count_before=shift.count_before,
                count_after=shift.count_after,
                first_seen=datetime.fromtimestamp(shift.first_seen, UTC),
                example=shift.example,
            )
            for shift in fresh
        )
        return Evidence(
            id=f"E{number}",
            source=source,
            kind=EvidenceKind.LOG,
            title=f"{service}: new log line, {say_count(count, 'time')}",
            says=f"{say_count(len(fresh), 'template')} of errors, not there before {self.onset:%H:%M:%S}",
            query=query,
            window=self.telemetry.window,
            service=service,
            patterns=patterns,
            onset=self.onset,
        )

    def _order(self, service: str, number: int, reason: Reason) -> Evidence | None:
        broken = [one for one in breaks(self.telemetry.lines, onset_s=self.onset.timestamp()) if one.service == service]
        if not broken:
            return None
        source, query = self.telemetry.logs_from
        patterns = tuple(
            LogPattern(
                template=f"{one.statement} > {one.follower} (before: {one.usual})",
                service=service,
                level="error" if one.bad else "info",
                count_before=0,
                count_after=one.count,
                first_seen=self.onset,
                example=f"{one.count} of {one.of} times since; never in {one.past} before",
            )
            for one in broken[:5]
        )
        return Evidence(
            id=f"E{number}",
            source=source,
            kind=EvidenceKind.LOG,
            title=f"{service}: log lines come in another order",
            says=reason.says,
            query=query,
            window=self.telemetry.window,
            service=service,
            patterns=patterns,
            onset=self.onset,
        )

    def _spans(self, service: str, number: int, reason: Reason) -> Evidence | None:
        mine = [span for span in self.telemetry.spans if span.service == service]
        if not mine:
            return None
        source, query = self.telemetry.spans_from
        times, lasted = as_array([span.at for span in mine]), as_array([span.duration_s for span in mine])
        return Evidence(
            id=f"E{number}",
            source=source,
            kind=EvidenceKind.TRACE,
            title=f"{service}: time of its spans",
            says=reason.says,
            query=query,
            window=self.telemetry.window,
            service=service,
            unit="s",
            series=(shown(service, "span duration", "s", times, lasted),),
            onset=self.onset,
        )

    def _changes(self, service: str, number: int, reason: Reason) -> Evidence | None:
        mine = [change for change in self.telemetry.changes if change.service == service]
        # An older one is shown where it is what the reason names: what fills up takes long to show.
        named = [change.at for change in mine if name_change(change) in reason.says]
        since = min([self.onset - timedelta(minutes=5), *named])
        found = [change for change in mine if change.at >= since]
        source, query = self.telemetry.changes_from
        return Evidence(
            id=f"E{number}",
            source=source,
            kind=EvidenceKind.CHANGE,
            title=f"{service}: {_last(found)}",
            says=reason.says,
            query=query,
            window=Window(start=since, end=self.telemetry.window.end),
            service=service,
            changes=tuple(found),
            onset=self.onset,
        )

    def _peer(self, service: str, peer: str, number: int, reason: Reason) -> Evidence | None:
        series = peers_of(self.telemetry, service, "client_latency_mean").get(peer)
        level = levels(series, self.case)
        if series is None or level is None:
            return None
        source, query = self.telemetry.origins[service, "client_latency_mean"]
        return Evidence(
            id=f"E{number}",
            source=source,
            kind=EvidenceKind.METRIC,
            title=f"{service}: time of its calls to {peer}",
            says=reason.says,
            query=query,
            window=self.telemetry.window,
            service=service,
            unit="s",
            series=(shown(service, f"calls to {peer}", "s", as_array(series.times), as_array(series.values)),),
            onset=self.onset,
            normal_low=0.0,
            normal_high=round(level.normal * 2, 6),
        )


def _last(changes: Sequence[Change]) -> str:
    return name_change(changes[-1]) if changes else "a change"
