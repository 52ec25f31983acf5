"""
What each action has earned on each kind of service: a record of how it went, and the autonomy that follows from it.

Shadow records come first: what Quell would have done, beside what a person said the cause was. Then what it did with a
person's yes. By itself it acts only while the lower bound of its record stays high, and one miss takes that away.

Source: the exact lower confidence bound of a share, Clopper and Pearson (1934), The Use of Confidence or Fiducial
Limits; it never says more than the record does, however short that is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from quell.incident import events as ev
from quell.incident.actor import signed_event
from quell.incident.counting import say_count
from quell.incident.events import Autonomy, Cause, Event

LEVEL = 0.9
"""Confidence of the bound, one-sided."""

APPROVE_FROM = 0.5
"""Lower bound of the shadow record from which a person is asked instead of only told."""

AUTO_FROM = 0.7
"""Lower bound of what was really done, since the last miss, from which Quell acts by itself."""

KEPT = 2_000
"""Incidents whose outcome is waited for; those in which nothing was done and nothing happened for longest go first."""

KindOf = Callable[[str], str]
"""The kind of a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an action has earned on a kind of service."""

    action: str
    kind: str
    shadow_right: int
    shadow_tried: int
    """Plans that were not carried out, of incidents whose cause a person named."""
    helped: int
    tried: int
    """Really done and judged."""
    helped_since_miss: int
    """Of them, in a row up to now."""
    missed_at: datetime | None
    lower_bound: float
    """Of the share that helps, by what was done since the last miss; 0 while nothing was."""
    earned: Autonomy
    override: Autonomy | None
    override_by: str
    override_reason: str
    says: str

    @property
    def level(self) -> Autonomy:
        """What holds: a person's word before what was earned."""
        return self.override or self.earned


@dataclass(slots=True, kw_only=True)
class _Record:
    shadow_right: int = 0
    shadow_tried: int = 0
    helped: int = 0
    tried: int = 0
    since_miss: int = 0
    missed_at: datetime | None = None
    override: Autonomy | None = None
    override_by: str = ""
    override_reason: str = ""


@dataclass(slots=True, kw_only=True)
class _Planned:
    """What is planned in an incident."""

    action: str
    target: str
    cause: Cause | None
    run: bool = False
    judged: bool = False
    shadowed: bool = False


@dataclass(slots=True)
class EarnedAutonomy:
    """Folds the record of every action from the streams of incidents, and what people decided over it."""

    kind_of: KindOf
    drills: bool = False
    """Which incidents count: drills, or real ones. What an action does in a drill earns it nothing elsewhere."""
    _counted: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """Incidents whose plans count, as long as they may still come out one way or the other, the quietest first."""
    _records: dict[tuple[str, str], _Record] = field(default_factory=dict)
    _planned: dict[str, _Planned] = field(default_factory=dict)
    _causes: dict[str, Cause] = field(default_factory=dict)

    def apply(self, incident_id: str, event: Event, at: datetime) -> None:
        """Take in an event of an incident."""
        if isinstance(event, ev.IncidentOpened) and not event.test:
            self._begin(incident_id, drill=event.drill)
        if incident_id not in self._counted:
            return
        self._counted.move_to_end(incident_id)
        match event:
            case ev.Diagnosed(finding=found) if found.hypotheses:
                self._causes[incident_id] = found.hypotheses[0].cause
            case ev.PlanProposed(plan=plan):
                cause = self._causes.get(incident_id)
                self._planned[incident_id] = _Planned(action=plan.action, target=plan.target, cause=cause)
            case ev.ActionStarted() if incident_id in self._planned:
                self._planned[incident_id].run = True
            case ev.Verified(helped=helped):
                self._judge(incident_id, helped, at)
            case ev.ActionBroke() | ev.UndoFailed():
                self._miss(incident_id, at)
            case ev.CauseConfirmed(service=service, cause=cause):
                self._shadow(incident_id, lambda planned: _named(planned, service, cause))
            case ev.FalseAlarmDeclared():
                self._shadow(incident_id, lambda planned: False)
            case ev.IncidentMerged() | ev.StateChanged(after=ev.State.CLOSED):
                self._forget(incident_id)
            case _:
                return

    def _begin(self, incident_id: str, *, drill: bool) -> None:
        if drill is not self.drills:
            return
        self._counted[incident_id] = None
        while len(self._counted) > KEPT:
            quietest = next(iter(self._counted))
            self._forget(next((one for one in self._counted if not self._acting(one)), quietest))

    def _acting(self, incident_id: str) -> bool:
        """Return whether something was done of which nobody knows yet what came of it: a miss must not be lost."""
        planned = self._planned.get(incident_id)
        return planned is not None and planned.run and not planned.judged

    def _forget(self, incident_id: str) -> None:
        self._counted.pop(incident_id, None)
        self._planned.pop(incident_id, None)
        self._causes.pop(incident_id, None)

    def override(self, event: ev.AutonomyOverridden) -> None:
        """Take in what a person decided."""
        record = self._record(event.action, event.kind)
        record.override, record.override_reason = event.autonomy, event.reason
        record.override_by = signed_event(event)

    def _record(self, action: str, kind: str) -> _Record:
        return self._records.setdefault((action, kind), _Record())

    def _of(self, planned: _Planned) -> _Record:
        return self._record(planned.action, self.kind_of(planned.target))

    def _judge(self, incident_id: str, helped: bool | None, at: datetime) -> None:
        planned = self._planned.get(incident_id)
        if planned is None or not planned.run or planned.judged or helped is None:
            return
        if not helped:
            self._miss(incident_id, at)
            return
        planned.judged = True
        record = self._of(planned)
        record.helped, record.tried, record.since_miss = record.helped + 1, record.tried + 1, record.since_miss + 1

    def _miss(self, incident_id: str, at: datetime) -> None:
        planned = self._planned.get(incident_id)
        if planned is None:
            return
        record = self._of(planned)
        record.tried += not planned.judged
        planned.judged = True
        record.since_miss, record.missed_at = 0, at

    def _shadow(self, incident_id: str, right: Callable[[_Planned], bool]) -> None:
        planned = self._planned.get(incident_id)
        if planned is None or planned.run or planned.shadowed:
            return
        planned.shadowed = True
        record = self._of(planned)
        record.shadow_tried += 1
        record.shadow_right += right(planned)

    def standing(self, action: str, service: str) -> Standing:
        """Return what an action has earned on a service's kind; nothing is known of one that was never planned."""
        return self.standing_of_kind(action, self.kind_of(service))

    def standing_of_kind(self, action: str, kind: str) -> Standing:
        """Return what an action has earned on a kind of service."""
        return _standing(action, kind, self._records.get((action, kind), _Record()))

    def all(self) -> list[Standing]:
        """Return every standing, by action and kind."""
        return [_standing(action, kind, record) for (action, kind), record in sorted(self._records.items())]


def _named(planned: _Planned, service: str | None, cause: Cause | None) -> bool:
    """Return whether a person named what the plan was made for; no cause named leaves it at the service."""
    return service == planned.target and cause in (None, planned.cause)


def lower_bound(successes: int, n: int, level: float = LEVEL) -> float:
    """
    Return the exact one-sided lower bound of a share; 0 for n = 0.

    For a record without a miss it is (1 - level) ** (1 / n).
    """
    if n <= 0 or successes <= 0:
        return 0.0
    if successes >= n:
        return float((1 - level) ** (1 / n))
    from scipy.stats import beta  # a second to load, and only for records with a miss

    return float(beta.ppf(1 - level, successes, n - successes + 1))


def needed_for(bound: float, level: float = LEVEL) -> int:
    """Return how many successes in a row it takes to reach a bound in (0, 1)."""
    n = 1
    while lower_bound(n, n, level) < bound:
        n += 1
    return n


def _standing(action: str, kind: str, record: _Record) -> Standing:
    bound = lower_bound(record.since_miss, record.since_miss)
    shadow = lower_bound(record.shadow_right, record.shadow_tried)
    if bound >= AUTO_FROM:
        earned = Autonomy.AUTO
    elif (record.helped and 2 * record.helped >= record.tried) or shadow >= APPROVE_FROM:
        earned = Autonomy.APPROVE
    else:
        earned = Autonomy.RECOMMEND
    standing = Standing(
        action=action,
        kind=kind,
        shadow_right=record.shadow_right,
        shadow_tried=record.shadow_tried,
        helped=record.helped,
        tried=record.tried,
        helped_since_miss=record.since_miss,
        missed_at=record.missed_at,
        lower_bound=round(bound, 4),
        earned=earned,
        override=record.override,
        override_by=record.override_by,
        override_reason=record.override_reason,
        says="",
    )
    return replace(standing, says=_say(standing, shadow))


def _say(one: Standing, shadow: float) -> str:
    done = f"helped {one.helped} of {say_count(one.tried, 'time')}" if one.tried else "was never done"
    parts = [f"{one.action.replace('_', ' ')} on a {one.kind} {done}"]
    if one.shadow_tried:
        parts.append(f"would have been right {one.shadow_right} of {say_count(one.shadow_tried, 'time')} in shadow")
    if one.override is not None:
        parts.append(f"{one.override_by} set it to {one.override}: {one.override_reason}")
    elif one.earned is Autonomy.AUTO:
        parts.append(f"helps at least {100 * one.lower_bound:.0f} % of the time by its record, so Quell acts by itself")
    elif one.earned is Autonomy.APPROVE:
        left = needed_for(AUTO_FROM) - one.helped_since_miss
        parts.append(f"a person approves; {left} more that help, and none that does not, make it automatic")
    else:
        parts.append(
            f"only recommended until it helps half of the time, or its shadow bound ({shadow:.2f}) reaches 0.50"
        )
    return "; ".join(parts)
