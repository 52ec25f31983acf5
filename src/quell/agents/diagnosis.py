"""Diagnosis: which service, and what about it, with evidence for and against, or "I do not know"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from quell.agents.case import Case, Telemetry
from quell.agents.facts import facts_of, is_new_error, levels, name_change, peers_of
from quell.agents.indicators import Measured, as_evidence, began, find, measure, say, shown, worst
from quell.incident.events import (
    Argument,
    Cause,
    Change,
    Diagnosis,
    Evidence,
    EvidenceKind,
    Gap,
    Hypothesis,
    LogPattern,
    Window,
)
from quell.signals.rootcause import Candidate, Reason, rank
from quell.signals.series import as_array
from quell.signals.templates import PatternShift, compare

BELIEVED = 0.5
"""A best explanation less probable than this is not stood behind."""

SHOWN = 4
"""Hypotheses recorded."""

SETTLE_S = 5.0
"""Log lines this much before the onset may belong to the incident."""

TITLES: Mapping[Cause, str] = {
    Cause.BAD_RELEASE: "{service}: bad {subject}",
    Cause.BAD_CONFIG: "{service}: wrong {subject}",
    Cause.SLOW_DEPENDENCY: "{service}: {subject} answers slowly or fails",
    Cause.POOL_EXHAUSTION: "{service}: connection pool full",
    Cause.MEMORY_LEAK: "{service}: memory leak",
    Cause.CRASH_LOOP: "{service}: starts and dies again",
    Cause.TRAFFIC_SURGE: "{service}: more requests than it can take",
    Cause.UNKNOWN: "{service}: something of its own, not known what",
}

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
    "memory_use": "memory_use",
}
"""Which indicator shows a fact."""


def diagnose(case: Case, telemetry: Telemetry, onset: datetime | None) -> Diagnosis:
    """
    Rank causes from metrics, call topology, log templates and recent changes.

    Args:
        onset: detection's; None when detection could not say, then the first alert's time counts.

    Returns: an abstention when no explanation reaches `BELIEVED`; the ranking is in it all the same.
    """
    gaps = (*telemetry.gaps, *_kinds_missing(telemetry))
    since = onset or case.first_at
    measured = measure(telemetry, case)
    if not measured:
        return Diagnosis(
            hypotheses=(),
            none_of_these=1.0,
            abstained=True,
            says="no metrics to judge by: no cause is named",
            gaps=gaps,
        )
    shifts = _shifts(telemetry, since)
    facts = facts_of(case, telemetry, measured, shifts, since)
    ranked, none = rank(facts)
    desk = _Desk(case, telemetry, measured, shifts, since)
    hypotheses = tuple(
        _hypothesis(number, candidate, ranked[0], desk)
        for number, candidate in enumerate(ranked[:SHOWN], start=1)
        if candidate.probability >= 0.01
    )
    best = hypotheses[0] if hypotheses else None
    abstained = best is None or best.probability < BELIEVED
    return Diagnosis(
        hypotheses=hypotheses,
        none_of_these=round(none + sum(one.probability for one in ranked[len(hypotheses) :]), 4),
        abstained=abstained,
        says=_say(best, abstained, gaps),
        evidence=tuple(desk.pieces.values()),
        gaps=gaps,
    )


def _say(best: Hypothesis | None, abstained: bool, gaps: tuple[Gap, ...]) -> str:
    if best is None:
        says = "no cause found: no service shows trouble of its own"
    elif abstained:
        says = f"no cause reaches {100 * BELIEVED:.0f} %; closest: {best.title} ({100 * best.probability:.0f} %)"
    else:
        says = f"{best.title}, {100 * best.probability:.0f} % (uncalibrated)"
    missing = ", ".join(dict.fromkeys(gap.source for gap in gaps))
    return f"{says}; not looked at: {missing}" if missing else says


def _kinds_missing(telemetry: Telemetry) -> tuple[Gap, ...]:
    wanted = (EvidenceKind.METRIC, EvidenceKind.LOG, EvidenceKind.CHANGE)
    failed = len(telemetry.gaps) > 0
    reason = "its source gave no answer" if failed else "no source is connected"
    return tuple(Gap(source=f"{kind}s", reason=reason) for kind in wanted if kind not in telemetry.kinds)


def _shifts(telemetry: Telemetry, onset: datetime) -> list[PatternShift]:
    edge = onset.timestamp() - SETTLE_S
    before = [line for line in telemetry.lines if line.at < edge]
    after = [line for line in telemetry.lines if line.at >= edge]
    if not after:
        return []
    return compare(
        before,
        after,
        before_s=max(edge - telemetry.window.start.timestamp(), 1.0),
        after_s=max(telemetry.window.end.timestamp() - edge, 1.0),
    )


class _Desk:
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
            title=f"{service}: new log line, {count} times",
            says=f"{len(fresh)} templates of errors that were not there before {self.onset:%H:%M:%S}",
            query=query,
            window=self.telemetry.window,
            service=service,
            patterns=patterns,
            onset=self.onset,
        )

    def _changes(self, service: str, number: int, reason: Reason) -> Evidence | None:
        since = self.onset - timedelta(minutes=5)
        found = [change for change in self.telemetry.changes if change.service == service and change.at >= since]
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


def _hypothesis(number: int, candidate: Candidate, best: Candidate, desk: _Desk) -> Hypothesis:
    in_favour: list[Argument] = []
    against: list[Argument] = []
    for reason in candidate.reasons:
        argument = Argument(
            evidence_id=desk.piece(candidate.service, reason) or "",
            says=reason.says,
            weight=round(abs(reason.weight), 2),
        )
        (in_favour if reason.weight >= 0 else against).append(argument)
    if candidate is not best:
        says = f"{TITLES[best.cause].format(service=best.service, subject=best.subject)} explains more"
        against.append(Argument(evidence_id="", says=says, weight=round(best.weight - candidate.weight, 2)))
    else:
        against.extend(_healthy(candidate, desk))
    return Hypothesis(
        id=f"H{number}",
        service=candidate.service,
        cause=candidate.cause,
        title=TITLES[candidate.cause].format(service=candidate.service, subject=candidate.subject),
        probability=round(candidate.probability, 4),
        calibrated=False,
        in_favour=tuple(in_favour),
        against=tuple(against),
        subject=candidate.subject,
    )


def _healthy(candidate: Candidate, desk: _Desk) -> list[Argument]:
    """Return what one would expect of the best explanation's service and does not see."""
    found = []
    for name in ("error_ratio", "latency_p99"):
        one = find(desk.measured, candidate.service, name)
        if one is not None and one.normal is not None and one.recent().size and not one.out_of_range():
            says = f"{one.kind.says} of {candidate.service} is in its normal range ({say(worst(one), one.kind.unit)})"
            reason = Reason(fact=name, says=says, weight=0.0)
            found.append(Argument(evidence_id=desk.piece(candidate.service, reason) or "", says=says, weight=0.0))
    return found
