"""What is kept of imported incidents that are too many to keep one by one: sums of each day that can be taken apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from quell.outcomes import quality, sketch
from quell.outcomes.record import OWN, Origin, OutcomeRecord
from quell.outcomes.sketch import DaySketch

MEASURES = ("restore", "detect", "acknowledge", "close")
DIMENSIONS = ("restored_by", "severity", "service", "team")
NAMES = 200
"""Most kinds of a dimension that are told apart; what comes beyond is one more, `OTHERS`."""
OTHERS = "(others)"
WAITING = 512
FAR = timedelta(days=36_500)
"""Added to the moment that the quality is judged from: nothing that is folded away is still being written up."""

Key = tuple[str, str, str]
"""Measure, dimension and name; the dimension of all incidents together is empty."""


def began(record: OutcomeRecord) -> datetime | None:
    """Return when an incident began for windows: it was detected, or else its impact began."""
    stamp = record.detected or record.started
    return None if stamp is None else stamp.at


def measured(record: OutcomeRecord) -> Iterator[tuple[str, float]]:
    """Yield the times of a record in seconds, by measure; those that cannot be are left out."""
    started, detected, restored = record.started, record.detected, record.restored
    pairs = (
        ("detect", started, detected),
        ("acknowledge", detected, record.acknowledged),
        ("restore", detected or started, restored),
        ("close", detected or started, record.closed),
    )
    for name, first, last in pairs:
        if first is None or last is None:
            continue
        took_s = (last.at - first.at).total_seconds()
        if took_s > 0:
            yield name, took_s


def wrong(record: OutcomeRecord) -> str:
    """Return why an incident that is over has no time to restore; empty when it has one."""
    first = record.detected or record.started
    if first is None:
        return "no time of detection or start"
    if record.restored is None:
        return "no end in the import" if record.source != OWN else ""
    if record.restored.at == first.at:
        return "restored in the moment it was detected"
    return "restored before it was detected" if record.restored.at < first.at else ""


@dataclass(slots=True)
class Day:
    """The sums of one day and origin."""

    waiting: dict[Key, list[float]] = field(default_factory=dict)
    """Durations that are not in the sketches yet, in seconds: a sketch of one costs as much as one of hundreds."""
    sketches: dict[Key, DaySketch] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    """`handled`, `restored_by/<who>`, `without_person`, `excluded/<why>`."""
    quality: quality.Counts = field(default_factory=quality.Counts)

    def add(self, key: Key, took_s: list[float]) -> None:
        """Take durations in."""
        waiting = self.waiting.setdefault(key, [])
        waiting += took_s
        if len(waiting) >= WAITING:
            self.sketch(key)

    def sketch(self, key: Key) -> DaySketch | None:
        """Return the sketch of a key; None when there is none."""
        waiting = self.waiting.pop(key, None)
        if waiting:
            part, known = DaySketch.of(waiting), self.sketches.get(key)
            self.sketches[key] = part if known is None else sketch.merged([known, part])
        return self.sketches.get(key)

    def held(self) -> set[Key]:
        """Return what there are sketches of."""
        return {*self.sketches, *self.waiting}


class Totals:
    """Day by day, by origin; records go in, and come out again when they were corrected."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._days: dict[Origin, dict[date, Day]] = {origin: {} for origin in Origin}
        self._names: dict[str, set[str]] = {dimension: set() for dimension in DIMENSIONS}

    def add(self, records: Iterable[OutcomeRecord]) -> None:
        """Take records in; all of them are over."""
        self._change(records, 1)

    def take_out(self, record: OutcomeRecord) -> None:
        """Take out a record that is in it, exactly as it went in. Raises: ValueError: it is not."""
        self._change([record], -1)

    def _change(self, records: Iterable[OutcomeRecord], sign: int) -> None:
        values: dict[tuple[Origin, date], dict[Key, list[float]]] = defaultdict(lambda: defaultdict(list))
        groups: dict[tuple[Origin, date], list[OutcomeRecord]] = defaultdict(list)
        for record in records:
            at = began(record)
            if at is None:
                at = datetime.fromtimestamp(0, UTC)
            place = (record.origin, at.astimezone(UTC).date())
            groups[place].append(record)
            for measure, took_s in measured(record):
                values[place][(measure, "", "")].append(took_s)
                if measure == "restore":
                    for dimension in DIMENSIONS:
                        values[place][(measure, dimension, self._name(dimension, record))].append(took_s)
        for (origin, at_day), members in groups.items():
            day = self._days[origin].setdefault(at_day, Day())
            self._count(day, members, sign)
            for key, took in values[origin, at_day].items():
                if sign > 0:
                    day.add(key, took)
                elif (known := day.sketch(key)) is not None:
                    day.sketches[key] = known.minus(DaySketch.of(took))
                else:
                    raise ValueError(f"{key} of {at_day} was never taken in")

    def _count(self, day: Day, members: list[OutcomeRecord], sign: int) -> None:
        for record in members:
            day.counts["handled"] += sign
            day.counts[f"restored_by/{record.restored_by}"] += sign
            day.counts["without_person"] += sign * record.without_person
            if why := wrong(record):
                day.counts[f"excluded/{why}"] += sign
        judged = quality.counts(members, as_of=_end(members))
        have = {name: (sign * k, sign * n) for name, (k, n) in judged.have.items()}
        day.quality = day.quality.plus(quality.Counts(have=have))

    def _name(self, dimension: str, record: OutcomeRecord) -> str:
        name = str(getattr(record, dimension))
        known = self._names[dimension]
        if name not in known:
            if len(known) >= NAMES:
                return OTHERS
            known.add(name)
        return name

    def between(self, origin: Origin, start: date | None, end: date) -> list[Day]:
        """Return the days from `start`, or from the beginning, to `end`, both inclusive."""
        days = self._days[origin]
        return [days[day] for day in sorted(days) if (start is None or day >= start) and day <= end]


def merged(days: Iterable[Day], key: Key) -> DaySketch | None:
    """Return the sketch of several days; None when none of them has it."""
    found = [one for day in days if (one := day.sketch(key)) is not None]
    return sketch.merged(found) if found else None


def names(days: Iterable[Day], dimension: str) -> list[str]:
    """Return the kinds of a dimension that are in some days."""
    return sorted({name for day in days for _, found, name in day.held() if found == dimension and dimension})


def counted(days: Iterable[Day]) -> Mapping[str, int]:
    """Return the counts of several days together."""
    total: Counter[str] = Counter()
    for day in days:
        total.update(day.counts)
    return total


def _end(members: list[OutcomeRecord]) -> datetime:
    """A moment by which everything about them could have been written up."""
    ends = [record.restored.at for record in members if record.restored is not None]
    return max(ends, default=datetime.fromtimestamp(0, UTC)) + FAR
