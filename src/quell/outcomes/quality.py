"""
How good the records are, what a figure is worth, and how many runs were clean.

Data quality is about the records and not about how many there are: six shares, and their geometric mean. Each
share is a count and a number, so days can be added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quell.outcomes.estimate import Estimate
from quell.outcomes.rates import FEWEST, wilson
from quell.outcomes.record import Clock, OutcomeRecord, RestoredBy

GRACE = timedelta(days=3)
"""So long after the impact ended a record may stay unfinished before it counts as late or not followed up."""

LACKS = {
    "complete": "lack a start, a detection, a service, a severity, or who restored it",
    "ordered": "have times out of order",
    "machine_recorded": "have a time that a person typed",
    "timely": f"were not closed within {GRACE.days} days",
    "followed_up": "have no cause, note or review written by a person",
    "linked_to_alerts": "are not linked to an alert",
}
"""The six parts, in their order, and what is said of those that fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One part of the quality."""

    name: str
    k: int
    """Records that have it."""
    n: int
    """Records that could be judged."""

    @property
    def words(self) -> str:
        """What is wrong with how many: `12 of 46 are not linked to an alert`."""
        return f"{self.n - self.k} of {self.n} {LACKS[self.name]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the quality is computed from; those of two sets of records add up."""

    have: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By part: records that have it, of how many judged."""

    def plus(self, other: Counts) -> Counts:
        """The counts of both sets of records together."""
        return Counts(
            have={
                name: (mine[0] + yours[0], mine[1] + yours[1])
                for name in LACKS
                for mine, yours in [(self.have.get(name, (0, 0)), other.have.get(name, (0, 0)))]
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Data quality."""

    value: float | None
    """In [0, 1]; None without records, or when fewer than two parts could be judged."""
    shares: tuple[Share, ...]
    worst: Share | None
    """The smallest share below 1; None when nothing is wrong, or nothing is known."""
    says: str
    """Which parts could not be judged; empty when all could."""


def quality(records: Iterable[OutcomeRecord], *, as_of: datetime) -> Quality:
    """
    Return the quality of records of one origin; merged incidents are left out.

    Args:
        as_of: the time from which one looks: what ended less than three days before may still be written up.
    """
    return quality_of(counts(records, as_of=as_of))


def counts(records: Iterable[OutcomeRecord], *, as_of: datetime) -> Counts:
    """Count the parts; see `judged` for each."""
    have = {name: [0, 0] for name in LACKS}
    for record in records:
        if record.merged:
            continue
        for name, good in judged(record, as_of=as_of).items():
            have[name][0] += good
            have[name][1] += 1
    return Counts(have={name: (k, n) for name, (k, n) in have.items()})


def judged(record: OutcomeRecord, *, as_of: datetime) -> dict[str, bool]:
    """
    Return which parts of the quality a record has; parts that cannot be judged yet are left out.

    complete: start, detection, service and severity are known and, once it is over, who or what restored it.
    ordered: of start, detection, restored and closed, none is before the one before it; nor is the acknowledgement
      before the detection. Judged with two times or more.
    machine_recorded: start, detection and restored, as far as they are there, were recorded by a machine: neither
      typed nor imported. Judged when one of them was typed, or when none is of an import, which does not say.
    timely: closed within three days after it was restored. Judged three days after.
    followed_up: a person wrote down a cause, a note or a review. Judged three days after it was restored.
    linked_to_alerts: at least one alert belongs to it.

    Nothing is judged by a field for which the source of an import has no place.
    """
    path = [stamp for stamp in (record.started, record.detected, record.restored, record.closed) if stamp is not None]
    times = [stamp.at for stamp in path]
    measured = [stamp for stamp in (record.started, record.detected, record.restored) if stamp is not None]
    late = record.detected and record.acknowledged and record.acknowledged.at < record.detected.at
    known = {
        "started_at": record.started is not None,
        "detected_at": record.detected is not None,
        "service": bool(record.service),
        "severity": bool(record.severity),
        "restored_by": record.restored is None or record.restored_by is not RestoredBy.UNKNOWN,
    }
    lacks = record.not_recorded
    found = {"complete": all(good for name, good in known.items() if name not in lacks)}
    if "alerts" not in lacks:
        found["linked_to_alerts"] = record.alerts > 0
    if len(times) >= 2:
        found["ordered"] = not late and times == sorted(times)
    clocks = {stamp.clock for stamp in measured}
    if Clock.TYPED in clocks:
        found["machine_recorded"] = False
    elif clocks == {Clock.MACHINE}:
        found["machine_recorded"] = True
    if record.restored is not None and as_of - record.restored.at >= GRACE:
        if "closed_at" not in lacks:
            found["timely"] = record.closed is not None and record.closed.at - record.restored.at <= GRACE
        if "followed_up" not in lacks:
            found["followed_up"] = record.followed_up
    return found


def quality_of(found: Counts) -> Quality:
    """
    Return the quality of counts: the geometric mean of the shares that could be judged.

    Raises: ValueError: a part has more than all.
    """
    shares = tuple(Share(name=name, k=k, n=n) for name in LACKS for k, n in [found.have.get(name, (0, 0))])
    if any(not 0 <= share.k <= share.n for share in shares):
        raise ValueError("a part of the records cannot be more than all of them")
    seen = [share for share in shares if share.n]
    missing = [share.name.replace("_", " ") for share in shares if not share.n]
    value = None
    if len(seen) >= 2:
        value = 1.0
        for share in seen:
            value *= (share.k / share.n) ** (1.0 / len(seen))
    worst = min(seen, key=lambda share: share.k / share.n, default=None)
    return Quality(
        value=value,
        shares=shares,
        worst=worst if worst is not None and worst.k < worst.n else None,
        says=f"could not be judged: {', '.join(missing)}" if missing else "",
    )


class Confidence(StrEnum):
    """What a figure is worth, in one word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOT_ENOUGH = "not_enough_data"


WORTH = ((Confidence.HIGH, 1.5, 0.9), (Confidence.MEDIUM, 2.5, 0.8))
"""Each word, with the widest interval (upper over lower bound) and the lowest quality of the records it allows."""


def confidence(figure: Estimate, value: float | None) -> Confidence:
    """
    Return the word for a figure.

    Args:
        value: quality of the records; None: not known, which is low.
    """
    if figure.n < FEWEST or figure.value is None:
        return Confidence.NOT_ENOUGH
    if value is None or figure.low is None or figure.high is None or figure.low <= 0:
        return Confidence.LOW
    wide = figure.high / figure.low
    for word, widest, lowest in WORTH:
        if wide <= widest and value >= lowest:
            return word
    return Confidence.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanRuns:
    """The efficiency score: how many of Quell's runs needed nothing and nobody else."""

    share: Estimate
    k: int
    """Clean ones."""
    n: int
    """Incidents that ended and in which Quell tried to mend something."""
    failed: Mapping[str, int]
    """How many failed each part: `target`, `verified`, `corrected`, `cost`; one run may fail several."""
    unjudged: Mapping[str, int]
    """How many could not be judged by a part (`target`, `cost`), which then does not count against them."""
    says: str
    """Which parts were not judged, in words; empty when all were."""


FAILED = {
    "target": "took longer than their target",
    "verified": "were not verified",
    "corrected": "needed a correction",
    "cost": "cost more than the cap",
}


def clean_runs(
    records: Iterable[OutcomeRecord],
    *,
    target_s: Mapping[str, float] | None,
    cost_cap_usd: float | None,
    level: float = 0.95,
) -> CleanRuns:
    """
    Return the share of runs within their target, verified, not corrected by a person and inside the cost cap.

    Args:
        records: of one origin; merged ones, false alarms, open ones and those without an attempt are left out.
        target_s: seconds to restore by severity; None, or none for a severity: time is not judged there.
        cost_cap_usd: of models and services for one incident; None: cost is not judged.
    """
    failed, unjudged = dict.fromkeys(FAILED, 0), {"target": 0, "cost": 0}
    k = n = 0
    for record in records:
        if record.merged or record.false_alarm or record.attempts == 0 or record.restored is None:
            continue
        n += 1
        clean = True
        for part, good in _run(record, target_s or {}, cost_cap_usd).items():
            if good is None:
                unjudged[part] += 1
            elif not good:
                failed[part] += 1
                clean = False
        k += clean
    low, high = wilson(k, n, level=level)
    enough = n >= FEWEST
    says = _not_judged(unjudged, n)
    if not enough:
        says = "; ".join(filter(None, (f"fewer than {FEWEST}: see the list", says)))
    share = Estimate(
        value=k / n if enough else None,
        low=low if enough else None,
        high=high if enough else None,
        unit="share",
        n=n,
        level=level,
        method="clean_runs_wilson",
        says=says,
    )
    return CleanRuns(share=share, k=k, n=n, failed=failed, unjudged=unjudged, says=_not_judged(unjudged, n))


def _run(record: OutcomeRecord, target_s: Mapping[str, float], cost_cap_usd: float | None) -> dict[str, bool | None]:
    """Each part: kept, not kept, or None where it cannot be judged."""
    target = target_s.get(record.severity)
    within = None
    if target is not None and record.detected is not None and record.restored is not None:
        within = (record.restored.at - record.detected.at).total_seconds() <= target
    cheap = None if cost_cap_usd is None or record.cost_usd is None else record.cost_usd <= cost_cap_usd
    return {"target": within, "verified": record.verified > 0, "corrected": not record.corrected, "cost": cheap}


def _not_judged(unjudged: Mapping[str, int], n: int) -> str:
    said = {
        "target": "against a target (no target, or no time of detection)",
        "cost": "against a cost cap (no cap, or not metered)",
    }
    return "; ".join(f"{unjudged[part]} of {n} not judged {words}" for part, words in said.items() if unjudged[part])
