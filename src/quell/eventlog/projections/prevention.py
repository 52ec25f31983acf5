"""Prevention cases: what was forecast to run out, what was done, and how it came out; each is counted once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from quell.incident import events as ev
from quell.incident.alert import Alert, Severity
from quell.incident.events import Event, Forecast, Outcome

KEPT = 1_000
"""Cases listed; the counts go on beyond."""

UNDECIDED_AFTER = timedelta(minutes=10)
"""How long after the end of its interval a case that was acted upon may still show how it came out."""

SERIOUS = frozenset({Severity.CRITICAL, Severity.ERROR})
"""An alert of this severity is what was to be prevented; a warning says that it comes."""

WATCH = "quell-watch"
"""The source under which the standing watch sends its alerts; no other sender may have this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventionCase:
    """One forecast breach."""

    incident_id: str
    service: str
    series: str
    drill: bool
    opened_at: datetime
    forecast: Forecast
    value_at_forecast: float
    acted_at: datetime | None
    """When an action against it had been made; None while none was."""
    alerted: bool
    """Whether a serious alert of another source came on the service: what was to be prevented is there."""
    recovered: bool
    """Whether verification saw the series back in range."""
    state: str
    """`open`, or how it came out: `prevented`, `missed`, `came_true`, `did_not_come_true`, `undecided`."""
    settled_at: datetime | None
    says: str

    @property
    def due_at(self) -> datetime:
        """When the breach was expected."""
        return self.forecast.made_at + timedelta(seconds=self.forecast.in_s or 0.0)

    @property
    def latest_at(self) -> datetime:
        """The end of the forecast's interval."""
        return self.forecast.made_at + timedelta(seconds=self.forecast.high_s or self.forecast.in_s or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventionCounts:
    """How cases came out, drills apart."""

    open: int
    prevented: int
    missed: int
    came_true: int
    did_not_come_true: int
    undecided: int


class Preventions:
    """Folds prevention cases from the streams of incidents."""

    def __init__(self) -> None:
        self._cases: OrderedDict[str, PreventionCase] = OrderedDict()
        self._drills: set[str] = set()
        self._tests: set[str] = set()
        self._settled: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def apply(self, incident_id: str, event: Event, at: datetime) -> bool:
        """Take in an event of an incident; return whether a case changed."""
        if isinstance(event, ev.IncidentOpened) and event.drill:
            self._drills.add(incident_id)
        if isinstance(event, ev.IncidentOpened) and event.test:
            self._tests.add(incident_id)
        if isinstance(event, ev.BreachForecast):
            if incident_id in self._tests:
                return False
            return self._open(incident_id, event, at)
        if isinstance(event, ev.AlertGrouped):
            return self._alerted(event.alert)
        case = self._cases.get(incident_id)
        if case is None or case.state != "open":
            return False
        changed = self._changed(case, event, at)
        if changed is not None:
            self._cases[incident_id] = changed
            if changed.state != "open":
                self._settled[changed.drill][changed.state] += 1
        return changed is not None

    def _open(self, incident_id: str, event: ev.BreachForecast, at: datetime) -> bool:
        if incident_id in self._cases:
            return False
        self._cases[incident_id] = PreventionCase(
            incident_id=incident_id,
            service=event.forecast.service,
            series=event.forecast.series,
            drill=incident_id in self._drills,
            opened_at=at,
            forecast=event.forecast,
            value_at_forecast=event.value,
            acted_at=None,
            alerted=False,
            recovered=False,
            state="open",
            settled_at=None,
            says=event.says,
        )
        while len(self._cases) > KEPT:
            self._cases.popitem(last=False)
        return True

    def _alerted(self, alert: Alert) -> bool:
        """Note a serious alert on the service of an open case, whichever incident it is in."""
        if alert.source == WATCH or alert.severity not in SERIOUS:
            return False
        hit = [case for case in self.open() if case.service == alert.service and not case.alerted]
        for case in hit:
            self._cases[case.incident_id] = replace(case, alerted=True)
        return bool(hit)

    def _changed(self, case: PreventionCase, event: Event, at: datetime) -> PreventionCase | None:
        match event:
            case ev.ActionFinished():
                return replace(case, acted_at=case.acted_at or at)
            case ev.Verified(verdict=verdict):
                return replace(case, recovered=verdict == "recovered")
            case ev.PreventionSettled(outcome=outcome, says=says):
                return replace(case, state=str(outcome), settled_at=at, says=says)
            case _:
                return None

    def one(self, incident_id: str) -> PreventionCase | None:
        """Return the case of an incident."""
        return self._cases.get(incident_id)

    def open(self) -> list[PreventionCase]:
        """Return the cases that are not settled, oldest first."""
        return [case for case in self._cases.values() if case.state == "open"]

    def newest(self) -> list[PreventionCase]:
        """Return every case that is remembered, newest first."""
        return list(reversed(self._cases.values()))

    def counts(self, *, drills: bool) -> PreventionCounts:
        """Return how cases came out since the log began."""
        settled = self._settled[drills]
        return PreventionCounts(
            open=sum(case.drill is drills for case in self.open()),
            prevented=settled[Outcome.PREVENTED],
            missed=settled[Outcome.MISSED],
            came_true=settled[Outcome.CAME_TRUE],
            did_not_come_true=settled[Outcome.DID_NOT_COME_TRUE],
            undecided=settled[Outcome.UNDECIDED],
        )


def settle(case: PreventionCase, *, now: datetime, value: float | None) -> ev.PreventionSettled | None:
    """
    Decide how a case came out; None while it is too early to say.

    Args:
        value: the series now, in the unit of its limit; None when it cannot be read.

    Acted upon, and the breach or an alert came all the same: missed. Acted upon before it was expected, verified to be
    back in its range, and below where it was when it was forecast: prevented. Not acted upon by the end of the
    forecast's interval: a shadow record, that came true when the limit was reached or an alert came, and did not when
    that end passed. Whatever else was acted upon is undecided a while after that end: neither can be claimed.
    """
    limit, then = case.forecast.limit, case.value_at_forecast
    reached = value is not None and value >= limit
    acted = case.acted_at is not None
    shown = "not readable" if value is None else f"{100 * value:.0f} % of its limit"
    if reached or case.alerted:
        what = "its limit was reached" if reached else "an alert came"
        outcome = Outcome.MISSED if acted else Outcome.CAME_TRUE
        return _settled(case, outcome, f"{what}, {_after(case, now)}; now {shown}", value)
    if case.acted_at is not None and case.acted_at < case.latest_at:
        if case.acted_at < case.due_at and case.recovered and value is not None and value < then:
            says = f"acted upon before it was due, now {shown}; it was {100 * then:.0f} % when it was forecast"
            return _settled(case, Outcome.PREVENTED, says, value)
        if now > case.latest_at + UNDECIDED_AFTER:
            says = f"acted upon, and neither that it was in time nor that it turned back is sure; now {shown}"
            return _settled(case, Outcome.UNDECIDED, says, value)
        return None
    if now > case.latest_at and value is not None:
        says = f"nothing was done by the end of the forecast's interval, and it was not reached; now {shown}"
        return _settled(case, Outcome.DID_NOT_COME_TRUE, says, value)
    return None


def _after(case: PreventionCase, now: datetime) -> str:
    late_s = (now - case.due_at).total_seconds()
    return f"{abs(late_s):.0f} s {'after' if late_s >= 0 else 'before'} it was expected"


def _settled(case: PreventionCase, outcome: Outcome, says: str, value: float | None) -> ev.PreventionSettled:
    return ev.PreventionSettled(
        outcome=outcome,
        says=f"{case.service} {case.forecast.limit_is}: {says}",
        value_at_forecast=case.value_at_forecast,
        value=value,
        limit=case.forecast.limit,
    )
