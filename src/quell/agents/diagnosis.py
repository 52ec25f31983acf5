"""Diagnosis: which service, and what about it, with evidence for and against, or "I do not know"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from quell.agents.case import Case, Telemetry
from quell.agents.desk import Desk
from quell.agents.facts import facts_of
from quell.agents.indicators import find, measure, say, worst
from quell.agents.links import elsewhere_of, held_back, say_links
from quell.agents.suspects import suspects_of
from quell.incident.events import (
    Argument,
    Cause,
    Diagnosis,
    EvidenceKind,
    Gap,
    Hypothesis,
    SimilarIncident,
)
from quell.signals.calibration import Calibration
from quell.signals.facts import Candidate, Reason
from quell.signals.rootcause import rank
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
    Cause.CPU_SATURATION: "{service}: computes on a whole core",
    Cause.LOCK_CONTENTION: "{service}: requests wait for one lock",
    Cause.CACHE_STAMPEDE: "{service}: cache misses nearly always",
    Cause.DISK_FULL: "{service}: its disk fills up",
    Cause.NOISY_NEIGHBOUR: "{service}: another process takes its time",
    Cause.RETRY_STORM: "{service}: retries multiply its calls",
    Cause.UNKNOWN: "{service}: something of its own, not known what",
}


def diagnose(
    case: Case,
    telemetry: Telemetry,
    onset: datetime | None,
    *,
    calibration: Calibration | None = None,
    believed: float = BELIEVED,
    similar: Sequence[SimilarIncident] = (),
) -> Diagnosis:
    """
    Rank causes from metrics, call topology, log templates and recent changes.

    Args:
        onset: detection's; None when detection could not say, then the first alert's time counts.
        calibration: learned from this site's own incidents; None while there are too few.
        believed: a best explanation less probable than this is not stood behind: one less this is how often a cause
            that is named may be wrong.
        similar: past incidents that looked like this one, to be named beside the causes.

    Returns: an abstention when no explanation is believed; the ranking is in it all the same.
    """
    gaps = (*telemetry.gaps, *_kinds_missing(telemetry))
    since = onset or case.first_at
    measured = measure(telemetry, case)
    if not measured and not telemetry.spans and not telemetry.lines:
        return Diagnosis(
            hypotheses=(),
            none_of_these=1.0,
            abstained=True,
            says="no metrics, traces or logs to judge by: no cause is named",
            gaps=gaps,
        )
    shifts = _shifts(telemetry, since)
    suspects = suspects_of(case, telemetry.services, telemetry.edges)
    every = facts_of(case, telemetry, measured, shifts, since, among=suspects.services)
    # Where the alerts name nothing, whatever is out of range may be it, and none of it is stood behind.
    facts = [one for one in every if not suspects.named or one.service in suspects.services]
    scored, none = rank(facts)
    scores = {(one.service, one.cause, one.subject): one.probability for one in scored}
    ranked, none = held_back(*_calibrated(scored, none, calibration), facts, suspects, believed)
    elsewhere = elsewhere_of(case, measured, every, suspects)
    desk = Desk(case, telemetry, measured, shifts, since)
    hypotheses = tuple(
        replace(
            _hypothesis(number, candidate, ranked[0], desk, calibrated=calibration is not None),
            score=round(scores[candidate.service, candidate.cause, candidate.subject], 4),
        )
        for number, candidate in enumerate(ranked[:SHOWN], start=1)
        if candidate.probability >= 0.01
    )
    best = hypotheses[0] if hypotheses else None
    abstained = best is None or best.probability < believed
    return Diagnosis(
        hypotheses=hypotheses,
        none_of_these=round(none + sum(one.probability for one in ranked[len(hypotheses) :]), 4),
        abstained=abstained,
        says="; ".join((_say(best, gaps, believed, calibration), *say_links(best, facts, suspects, elsewhere))),
        evidence=tuple(desk.pieces.values()),
        gaps=gaps,
        calibrated_on=calibration.pairs if calibration else 0,
        similar=tuple(similar),
        elsewhere=elsewhere,
    )


def _calibrated(ranked: list[Candidate], none: float, calibration: Calibration | None) -> tuple[list[Candidate], float]:
    """
    Give the first the probability that its score turned out to be worth.

    The others keep their proportions: they share what is left when it rises, and "none of these" takes what it loses.
    """
    if calibration is None or not ranked:
        return ranked, none
    first, rest = ranked[0], ranked[1:]
    probability = calibration.apply(first.probability)
    if probability <= first.probability:
        # No less probable than the next: the order is what the evidence says, the map only how sure it is.
        probability = max(probability, rest[0].probability if rest else 0.0)
        return [replace(first, probability=probability), *rest], none + first.probability - probability
    scale = (1 - probability) / max(1 - first.probability, 1e-12)
    others = [replace(one, probability=one.probability * scale) for one in rest]
    return [replace(first, probability=probability), *others], none * scale


def _say(best: Hypothesis | None, gaps: tuple[Gap, ...], believed: float, calibration: Calibration | None) -> str:
    if best is None:
        says = "no cause found: no service shows trouble of its own"
    elif best.probability < believed:
        says = f"no cause reaches {100 * believed:.0f} %; closest: {best.title} ({100 * best.probability:.0f} %)"
    else:
        worth = f"as {calibration.pairs} incidents turned out" if calibration else "uncalibrated"
        says = f"{best.title}, {100 * best.probability:.0f} % ({worth})"
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


def _hypothesis(number: int, candidate: Candidate, best: Candidate, desk: Desk, *, calibrated: bool) -> Hypothesis:
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
        calibrated=calibrated,
        in_favour=tuple(in_favour),
        against=tuple(against),
        subject=candidate.subject,
    )


def _healthy(candidate: Candidate, desk: Desk) -> list[Argument]:
    """Return what one would expect of the best explanation's service and does not see."""
    found = []
    for name in ("error_ratio", "latency_p99"):
        one = find(desk.measured, candidate.service, name)
        # Not one bad reading: fewer bad ones than call it out of range are no sign that it is well.
        if one is not None and one.normal is not None and one.recent().size and not one.bad(worst(one)):
            says = f"{one.kind.says} of {candidate.service} is in its normal range ({say(worst(one), one.kind.unit)})"
            reason = Reason(fact=name, says=says, weight=0.0)
            found.append(Argument(evidence_id=desk.piece(candidate.service, reason) or "", says=says, weight=0.0))
    return found
