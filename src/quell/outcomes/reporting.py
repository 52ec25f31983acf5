"""From the ledger to a report: which incidents count in a window, and every figure over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from quell.outcomes import rates, sketch, strata, times, totals
from quell.outcomes.estimate import Estimate
from quell.outcomes.ledger import Ledger
from quell.outcomes.quality import CleanRuns, Quality, clean_runs, confidence, counts, quality_of
from quell.outcomes.record import OWN, Origin, OutcomeRecord, RestoredBy
from quell.outcomes.report import Counts, Exclusion, Figure, QualityView, Report, Stratum
from quell.outcomes.sentence import Facts, sentence
from quell.outcomes.survival import SHORTEST_OPEN_S, Durations
from quell.outcomes.totals import Day, began, measured, wrong
from quell.outcomes.trend import Decision

NO_IMPACT = frozenset({"open", "prevented", "did_not_come_true", "undecided"})
"""Prevention cases that had no impact, or not yet: there was nothing to restore."""

TITLES: Mapping[str, str] = {
    "time_to_restore": "Typical time to restore",
    "geometric_mean": "Geometric mean of the time to restore",
    "capped_mean": "Mean time to restore, capped at 24 h",
    "percentile_90": "Nine in ten are restored within",
    "time_to_detect": "Typical time to detect",
    "time_to_acknowledge": "Typical time to acknowledge",
    "time_to_close": "Typical time to close",
    "mtbf": "Mean time between failures of a service",
    "verified_success": "Verified fixes",
    "clean_runs": "Clean runs",
    "spend_per_recovery": "Model and service spend per verified recovery",
}
STRATA_SHOWN = 50
DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The incidents of a window: those kept one by one, and the days of those that are not."""

    as_of: datetime
    start: datetime | None
    records: tuple[OutcomeRecord, ...]
    """That count: neither merged, nor false alarms, nor forecasts without an impact."""
    left_out: tuple[OutcomeRecord, ...]
    """The others."""
    days: tuple[Day, ...]
    others: Mapping[str, int]


def select(ledger: Ledger, *, origin: Origin, days: int, as_of: datetime) -> Selection:
    """
    Return the incidents of an origin that began in the last so many days.

    Args:
        days: 0 for all.
    """
    start = as_of - timedelta(days=days) if days else None
    inside, others = [], Counter[str]()
    for record in ledger.records():
        at = began(record)
        if start is not None and (at is None or at < start):
            continue
        if record.origin is origin:
            inside.append(record)
        elif not record.merged:
            others[record.origin] += 1
    found: tuple[Day, ...] = ()
    first = start.date() if start else None
    if ledger.folded(origin, first):
        # Whole days: the first one may begin up to a day before the window.
        found = tuple(ledger.totals().between(origin, first, as_of.date()))
    return Selection(
        as_of=as_of,
        start=start,
        records=tuple(record for record in inside if _counts(record)),
        left_out=tuple(record for record in inside if not _counts(record)),
        days=found,
        others=others,
    )


def _counts(record: OutcomeRecord) -> bool:
    return not (record.merged or record.false_alarm or record.forecast in NO_IMPACT)


def _over(record: OutcomeRecord) -> bool:
    return record.restored is not None or record.source != OWN


def durations(records: Sequence[OutcomeRecord], measure: str, as_of: datetime) -> Durations:
    """Return the times of a measure in seconds; incidents still open count as lasting so long, for restoring only."""
    ended = [took for record in records for name, took in measured(record) if name == measure]
    still = [_age(record, as_of) for record in records if not _over(record)] if measure == "restore" else []
    return Durations.of(ended, still)


def _age(record: OutcomeRecord, as_of: datetime) -> float:
    at = began(record) or as_of
    return max((as_of - at).total_seconds(), SHORTEST_OPEN_S)


def compile_report(
    ledger: Ledger,
    selection: Selection,
    *,
    origin: Origin,
    days: int,
    by: str,
    decision: Decision,
) -> Report:
    """
    Return the report on a selection.

    Args:
        by: what the strata are; empty for none.
        decision: the word of the week, for the sentence.
    """
    assumptions = ledger.assumptions[-1]
    clean = clean_runs(selection.records, target_s=assumptions.target_s, cost_cap_usd=assumptions.cost_cap)
    found = _quality(selection)
    figures = _Figures(selection=selection, quality=found.value).all(clean)
    counted = _counted(selection)
    facts = Facts(
        days=days,
        ended=counted.handled,
        open=counted.open,
        drills=selection.others.get("drill", 0),
        typical=figures[0].estimate,
        decision=decision,
        quality=found,
        by_quell=counted.restored_by.get(RestoredBy.QUELL, 0),
        without_person=sum(one.without_person for one in selection.records if _over(one))
        + totals.counted(selection.days).get("without_person", 0),
        verified=sum(1 for one in selection.records if one.restored_by is RestoredBy.QUELL and one.verified),
        prevented=counted.prevented,
        by_nobody_known=counted.restored_by.get(RestoredBy.UNKNOWN, 0),
    )
    return Report(
        as_of=selection.as_of,
        window_days=days,
        start=selection.start,
        origin=origin,
        exact=not selection.days,
        sentence=sentence(facts),
        figures=figures,
        counts=counted,
        quality=QualityView(
            value=found.value,
            shares=found.shares,
            worst=found.worst.words if found.worst else "",
            says=found.says,
        ),
        clean_failed=clean.failed,
        excluded=_excluded(selection),
        by=by,
        strata=_strata(selection, by, found.value, assumptions.target_s, assumptions.cost_cap) if by else (),
        others=dict(selection.others),
        assumptions_version=assumptions.version,
    )


def _quality(selection: Selection) -> Quality:
    total = counts(selection.records, as_of=selection.as_of)
    for day in selection.days:
        total = total.plus(day.quality)
    return quality_of(total)


def _counted(selection: Selection) -> Counts:
    folded = totals.counted(selection.days)
    over = [record for record in selection.records if _over(record)]
    by = Counter(str(record.restored_by) for record in over)
    for who in RestoredBy:
        by[who] += folded.get(f"restored_by/{who}", 0)
    out = selection.left_out
    return Counts(
        handled=len(over) + folded.get("handled", 0),
        open=len(selection.records) - len(over),
        restored_by={str(who): by[who] for who in RestoredBy},
        prevented=sum(record.forecast == "prevented" for record in out),
        reopened=sum(record.reopened_at is not None for record in selection.records),
        false_alarms=sum(record.false_alarm for record in out),
        merged=sum(record.merged for record in out),
        attempts=sum(record.attempts for record in selection.records),
        verified=sum(record.verified for record in selection.records),
        undecided=sum(record.undecided for record in selection.records),
        held_out=sum(record.held_out for record in selection.records),
    )


def _excluded(selection: Selection) -> tuple[Exclusion, ...]:
    why: Counter[str] = Counter()
    for record in selection.records:
        if reason := wrong(record):
            why[reason] += 1
    for record in selection.left_out:
        if record.merged:
            why["part of another incident"] += 1
        elif record.false_alarm:
            why["declared a false alarm"] += 1
        else:
            why["a forecast that had no impact"] += 1
    for name, n in totals.counted(selection.days).items():
        if name.startswith("excluded/"):
            why[name.removeprefix("excluded/")] += n
    return tuple(Exclusion(why=name, n=n) for name, n in why.most_common() if n)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """The figures over one selection, exact or from sketches."""

    selection: Selection
    quality: float | None
    _merged: dict[str, sketch.DaySketch] = field(default_factory=dict)
    """By measure: to merge the days of a year takes longer than all else."""

    def all(self, clean: CleanRuns) -> tuple[Figure, ...]:
        """Return every figure in the order in which they are shown."""
        spent = [record.cost_usd for record in self.selection.records if record.cost_usd is not None]
        verified = sum(record.verified for record in self.selection.records)
        return (
            self.figure("time_to_restore", self.time("restore", times.median, sketch.median)),
            self.figure("geometric_mean", self._by_shape("geometric_mean")),
            self.figure("capped_mean", self._by_shape("capped_mean")),
            self.figure("percentile_90", self.time("restore", _p90, _sketch_p90)),
            self.figure("time_to_detect", self.time("detect", times.median, sketch.median)),
            self.figure("time_to_acknowledge", self.time("acknowledge", times.median, sketch.median)),
            self.figure("time_to_close", self.time("close", times.median, sketch.median)),
            self.figure("mtbf", self._mtbf()),
            success(self.selection.records, self.quality),
            Figure(
                key="clean_runs",
                title=TITLES["clean_runs"],
                estimate=clean.share,
                confidence=confidence(clean.share, self.quality),
                k=clean.k,
            ),
            self.figure("spend_per_recovery", _spend(spent, verified)),
        )

    def figure(self, key: str, estimate: Estimate) -> Figure:
        """Return a figure with its word."""
        word = confidence(estimate, self.quality)
        return Figure(key=key, title=TITLES[key], estimate=estimate, confidence=word)

    def time(
        self,
        measure: str,
        exact: Callable[[Durations], Estimate],
        folded: Callable[[sketch.DaySketch, Sequence[float]], Estimate],
    ) -> Estimate:
        """Return a time by one method, or by its form for sketches."""
        own = durations(self.selection.records, measure, self.selection.as_of)
        if not self.selection.days:
            return exact(own)
        return folded(self._sketch(measure, own), list(own.open_s))

    def _sketch(self, measure: str, own: Durations) -> sketch.DaySketch:
        if measure not in self._merged:
            kept = sketch.DaySketch.of(own.ended_s)
            past = totals.merged(self.selection.days, (measure, "", ""))
            self._merged[measure] = kept if past is None else sketch.merged([kept, past])
        return self._merged[measure]

    def _by_shape(self, what: str) -> Estimate:
        """The means: within who restored it, as that makes them two shapes; open ones have no such kind yet."""
        mean = what == "geometric_mean"
        own = durations(self.selection.records, "restore", self.selection.as_of)
        if self.selection.days:
            whole = self._sketch("restore", own)
            return (sketch.geometric_mean if mean else sketch.capped_mean)(whole, list(own.open_s))
        if own.open_s.size:
            return (times.geometric_mean if mean else times.capped_mean)(own)
        kinds: dict[str, list[OutcomeRecord]] = {}
        for record in self.selection.records:
            kinds.setdefault(record.restored_by, []).append(record)
        split = {kind: durations(some, "restore", self.selection.as_of) for kind, some in kinds.items()}
        return (strata.stratified_geometric_mean if mean else strata.stratified_capped_mean)(split)

    def _mtbf(self) -> Estimate:
        """Between failures of a service: the time is that of every service that had one."""
        begins = [at for record in self.selection.records if (at := began(record)) is not None]
        if self.selection.days or not begins:
            says = "not kept beyond the newest incidents" if self.selection.days else "no incidents"
            return times.nothing(len(begins), 0, 0.95, "mtbf", says)
        first = self.selection.start or min(begins)
        span_s = max((self.selection.as_of - first).total_seconds(), 1.0)
        services = len({record.service for record in self.selection.records})
        week = np.array([(at - first).total_seconds() // (DAYS_A_WEEK * 86_400) for at in begins], dtype=np.int64)
        weeks = int(span_s // (DAYS_A_WEEK * 86_400))
        weekly = np.bincount(week[week < weeks], minlength=weeks).tolist() if weeks else []
        return times.mtbf(span_s * services, len(begins), weekly)


def _p90(own: Durations) -> Estimate:
    return times.percentile(own, 0.9)


def _sketch_p90(whole: sketch.DaySketch, still: Sequence[float]) -> Estimate:
    return sketch.percentile(whole, 0.9, still)


def success(records: Sequence[OutcomeRecord], quality: float | None) -> Figure:
    """Return the verified recoveries of all eligible attempts; what is not known stays in the denominator."""
    attempts, verified = sum(record.attempts for record in records), sum(record.verified for record in records)
    estimate = rates.success_rate(verified, attempts)
    return Figure(
        key="verified_success",
        title=TITLES["verified_success"],
        estimate=estimate,
        confidence=confidence(estimate, quality),
        k=verified,
    )


def _spend(spent: Sequence[float], verified: int) -> Estimate:
    """Return dollars for each verified recovery; a sum over a count, so it has no interval."""
    says = ""
    if not spent:
        says = "not metered"
    elif not verified:
        says = "no verified recovery"
    elif not sum(spent):
        says = "no model and no paid service was used"
    value = sum(spent) / verified if spent and verified else None
    return Estimate(value=value, low=None, high=None, unit="USD", n=verified, method="spend_per_recovery", says=says)


def _strata(
    selection: Selection,
    by: str,
    quality: float | None,
    target_s: Mapping[str, float] | None,
    cost_cap: float | None,
) -> tuple[Stratum, ...]:
    kinds: dict[str, list[OutcomeRecord]] = {}
    for record in selection.records:
        kinds.setdefault(str(getattr(record, by)), []).append(record)
    for name in totals.names(selection.days, by):
        kinds.setdefault(name, [])
    found = [
        _stratum(selection, by, name, tuple(records), quality, target_s, cost_cap) for name, records in kinds.items()
    ]
    found.sort(key=lambda one: (-one.n, one.name))
    shown = found[:STRATA_SHOWN]
    return tuple(sorted(shown, key=lambda one: one.name) if by == "severity" else shown)


def _stratum(
    selection: Selection,
    by: str,
    name: str,
    records: tuple[OutcomeRecord, ...],
    quality: float | None,
    target_s: Mapping[str, float] | None,
    cost_cap: float | None,
) -> Stratum:
    own = durations(records, "restore", selection.as_of)
    past = totals.merged(selection.days, ("restore", by, name))
    if past is None:
        typical, n = times.median(own), own.ended_s.size
    else:
        whole = sketch.merged([sketch.DaySketch.of(own.ended_s), past])
        typical, n = sketch.median(whole, list(own.open_s)), whole.n
    clean = clean_runs(records, target_s=target_s, cost_cap_usd=cost_cap)
    return Stratum(
        name=name,
        n=int(n),
        open=int(own.open_s.size),
        figures=(
            Figure(
                key="time_to_restore",
                title=TITLES["time_to_restore"],
                estimate=typical,
                confidence=confidence(typical, quality),
            ),
            success(records, quality),
            Figure(
                key="clean_runs",
                title=TITLES["clean_runs"],
                estimate=clean.share,
                confidence=confidence(clean.share, quality),
                k=clean.k,
            ),
        ),
    )
