"""From the rows of a file to past incidents, and for each that cannot be taken the reason."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from quell.errors import InputError
from quell.incident.events import PastIncident
from quell.incident.severity import INCIDENT_SEVERITY, known_severity
from quell.ingest.past.checks import MOST_ALERTS, NAME_CHARACTERS, TITLE_CHARACTERS, fault_in
from quell.ingest.past.dates import Columns, DateFormat
from quell.ingest.past.fields import TIMES, Row, lacking
from quell.ingest.past.moments import BadTime, read_moment
from quell.ingest.text import clean
from quell.outcomes.seen import SeenIds

DETECTED = "without a detection: taken as detected when it started"
OPEN = "without an end: not counted in any time to restore"
SEVERITY = "with a severity that is not known: left empty"
RESTORER = "with a word for who restored it that is not known: taken as unknown"

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("", "real", "incident", "outage", "unplanned", "unplanned outage"), "real"),
    **dict.fromkeys(("drill", "exercise", "game day", "test", "lab"), "drill"),
    **dict.fromkeys(("maintenance", "scheduled", "planned", "planned outage", "scheduled maintenance"), "maintenance"),
}
_RESTORERS: Mapping[str, str] = {
    **dict.fromkeys(("", "unknown"), "unknown"),
    **dict.fromkeys(("person", "human", "manual", "user"), "person"),
    **dict.fromkeys(("itself", "auto", "automatic", "automatically", "self", "timeout"), "itself"),
    "quell": "quell",
}
_DURATION = ("duration_minutes", timedelta(minutes=1))
_ACKNOWLEDGED = ("acknowledged_after_s", timedelta(seconds=1))
_LONGEST_SPAN = timedelta(days=36_500)
_YES, _NO = ("1", "true", "yes", "y", "t"), ("", "0", "false", "no", "n", "f")


class _Bad(Exception):
    """A row that cannot be taken: (reason, the same for the same fault; what it says)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A row that can be imported."""

    place: int
    past: PastIncident
    raw: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that cannot."""

    place: int
    id: str
    """Empty when it is not known."""
    reason: str
    """One of a bounded number of texts."""
    says: str
    """The reason with what the row holds."""
    raw: object = None


def look_through(rows: Iterable[Row], given: DateFormat) -> tuple[DateFormat, tuple[str, ...]]:
    """
    Return how a file writes its dates, by what its columns as a whole show, and the fields for which it has no place.

    Raises: Malformed: a column has dates that may be one of two days, and nothing settles which.
    """
    columns, said = Columns(), set[str]()
    # A file that cannot be read to its end says so when it is read for good.
    with contextlib.suppress(InputError):
        for row in rows:
            said.update(row.values)
            for name in TIMES:
                if row.values.get(name):
                    columns.note(name, row.values[name])
    return columns.settled(given), lacking(said) if said else ()


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads rows one at a time, and counts."""

    now: datetime
    zone: ZoneInfo | None = None
    """Where times without a zone were written."""
    dates: DateFormat = field(default_factory=DateFormat)
    """How the file writes its dates."""
    lacks: tuple[str, ...] = ()
    """Fields for which the file has no place."""
    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Incidents that can be imported, by kind."""
    notices: Counter[str] = field(default_factory=Counter)
    """What was assumed or left out, in how many incidents that can be imported."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejected rows by reason."""
    _seen: SeenIds = field(default_factory=SeenIds)

    def read(self, rows: Iterable[Row]) -> Iterator[Taken | Rejected]:
        """Yield what becomes of each row, in their order."""
        for row in rows:
            self.rows += 1
            try:
                past, notices = self._incident(row)
            except _Bad as bad:
                reason, says = bad.args
                self.reasons[reason] += 1
                shown = clean(row.values.get("id", ""), most=60)
                yield Rejected(place=row.place, id=shown, reason=reason, says=says, raw=row.raw)
                continue
            self.kinds[past.kind] += 1
            self.notices.update(notices)
            yield Taken(place=row.place, past=past, raw=row.raw)

    def _incident(self, row: Row) -> tuple[PastIncident, list[str]]:
        if row.fault:
            raise _Bad(row.fault, row.fault)
        values, notices = row.values, []
        known_as = values.get("id", "").strip()
        if not known_as:
            raise _Bad("no id", "no id")
        times = self._times(row)
        if times["detected_at"] is None:
            times["detected_at"] = times["started_at"]
            notices.append(DETECTED)
        if times["restored_at"] is None:
            notices.append(OPEN)
        severity = _severity(values.get("severity", ""), notices)
        past = PastIncident(
            id=known_as,
            title=clean(values.get("title", ""), most=TITLE_CHARACTERS).strip() or known_as,
            service=clean(values.get("service", ""), most=NAME_CHARACTERS).strip(),
            team=clean(values.get("team", ""), most=NAME_CHARACTERS).strip(),
            severity=severity,
            kind=_kind(values),
            restored_by=_restorer(values.get("restored_by", ""), notices),
            alerts=_count(values.get("alerts", "")),
            followed_up=_flag("followed_up", values.get("followed_up", "")),
            not_recorded=self.lacks,
            **times,
        )
        fault = fault_in(past, self.now)
        if fault:
            raise _Bad(fault, fault)
        before = len(self._seen)
        self._seen.add(known_as)
        if len(self._seen) == before:
            raise _Bad("the id is in the file before", f"the id {known_as[:60]!r} is in the file before")
        return past, notices

    def _times(self, row: Row) -> dict[str, datetime | None]:
        values = row.values
        times: dict[str, datetime | None] = {}
        for name in TIMES:
            text = values.get(name, "")
            try:
                dates = self.dates
                order, pattern = dates.order_in(name), dates.pattern
                times[name] = read_moment(text, self.zone, order=order, pattern=pattern) if text.strip() else None
            except BadTime as bad:
                column = row.columns.get(name, name)
                named = name if column == name else f"{name} (column {clean(column, most=60)!r})"
                raise _Bad(f"{name} {bad}", f"{named} {clean(text, most=60)!r} {bad}") from None
        start, found = times["started_at"] or times["detected_at"], times["detected_at"] or times["started_at"]
        for name, first, unit in (("restored_at", start, _DURATION), ("acknowledged_at", found, _ACKNOWLEDGED)):
            if times[name] is None and first is not None:
                span = _span(values, *unit)
                times[name] = None if span is None else _later(first, span, unit[0])
        return times


def _span(values: Mapping[str, str], name: str, unit: timedelta) -> timedelta | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        span = float(text) * unit
    except (ValueError, OverflowError):
        span = None
    if span is None or abs(span) > _LONGEST_SPAN:
        raise _Bad(f"{name} is not a length of time", f"{name} {clean(text, most=60)!r} is not a length of time")
    return span


def _later(first: datetime, span: timedelta, name: str) -> datetime:
    try:
        return first + span
    except OverflowError:
        says = f"{name} leads to a time that no calendar has"
        raise _Bad(says, says) from None


def _severity(text: str, notices: list[str]) -> str:
    word = text.strip().lower()
    if word == "sev5":  # the table for alerts counts it as SEV4; here a person gave it
        return "SEV5"
    known = known_severity(word)
    if known is not None:
        return str(INCIDENT_SEVERITY[known])
    if word:
        notices.append(SEVERITY)
    return ""


def _kind(values: Mapping[str, str]) -> str:
    if _flag("maintenance", values.get("maintenance", "")):
        return "maintenance"
    text = values.get("kind", "")
    kind = _KINDS.get(text.strip().lower().replace("_", " "))
    if kind is None:
        raise _Bad(
            "kind is none of real, drill and maintenance",
            f"kind {clean(text, most=60)!r} is none of real, drill and maintenance",
        )
    return kind


def _restorer(text: str, notices: list[str]) -> str:
    by = _RESTORERS.get(text.strip().lower())
    if by is None:
        notices.append(RESTORER)
    return by or "unknown"


def _count(text: str) -> int:
    text = text.strip() or "0"
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or int(text) > MOST_ALERTS:
        raise _Bad("alerts is not a number", f"alerts {clean(text, most=60)!r} is not a number up to {MOST_ALERTS}")
    return int(text)


def _flag(name: str, text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES and word not in _NO:
        raise _Bad(f"{name} is neither yes nor no", f"{name} {clean(text, most=60)!r} is neither yes nor no")
    return word in _YES
