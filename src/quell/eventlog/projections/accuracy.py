"""
How often each agent was right, as far as anybody knows: what it said in an incident beside what it turned out to be.

An incident counts once it is resolved and its truth is known: a person said so (`CauseConfirmed`,
`FalseAlarmDeclared`), or, weaker, a fix that was aimed at what diagnosis named was carried out and verified. That truth
says "right" when the fix helped and "wrong" when it did not; a recovery that is not the action's (`Verified.credit`)
says nothing.
Drills and real incidents are two groups, and never mixed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from quell.eventlog.projections.agents import AGENTS
from quell.incident import events as ev
from quell.incident.events import Cause, Event, State

KEPT = 1_000
"""Incidents of a group that are remembered, the newest opened."""

FORECASTS_KEPT = 20
"""Forecasts of one incident that are followed up."""

HELPED, HURT = "recovered", frozenset({"not_recovered", "worse"})


class Group(StrEnum):
    """Which incidents are counted."""

    REAL = "real"
    DRILLS = "drills"


class Judged(StrEnum):
    """What an agent's work in one incident came to."""

    RIGHT = "right"
    WRONG = "wrong"
    ABSTAINED = "abstained"
    """It said that it does not know, or did nothing, and the truth is known."""
    UNKNOWN = "unknown"
    """Nobody knows whether it was right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An agent's work in one resolved incident."""

    judged: Judged
    positive: bool | None = None
    """Whether there was something to find: a real fault, a breach. None when nobody knows."""
    said: bool = False
    """Whether it said that there was."""
    by_person: bool = False
    """The truth is a person's word, not a fix's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The first hypothesis of a diagnosis, and whether it was right."""

    probability: float
    """As it was shown, in [0, 1]."""
    score: float
    """What the evidence alone came to, before any calibration, in [0, 1]."""
    right: bool


@dataclass(slots=True, kw_only=True)
class _Foretold:
    forecast: ev.Forecast
    came_in_s: float | None = None
    """When the limit was reached, seconds after it was made."""
    seen_until_s: float = 0.0
    """How far it was followed, seconds after it was made."""


@dataclass(slots=True, kw_only=True)
class _Case:
    group: Group
    resolved: bool = False
    detection: str = ""
    diagnosis: ev.Diagnosis | None = None
    aimed_at: str = ""
    """Id of the hypothesis that the plan is for."""
    acted_at: datetime | None = None
    fixes: list[tuple[str, str]] = field(default_factory=list)
    """(hypothesis, verdict) of each action that was verified and is credited with what came."""
    undone: bool = False
    responded: bool = False
    confirmed: ev.CauseConfirmed | None = None
    false_alarm: bool = False
    foretold: list[_Foretold] = field(default_factory=list)


class AccuracyFold:
    """What the agents said and what came of it, folded from the log; pure, a thousand incidents of each group."""

    def __init__(self) -> None:
        self._cases: dict[Group, OrderedDict[str, _Case]] = {group: OrderedDict() for group in Group}
        self.version = 0
        """Rises with every change to what the questions below answer."""

    def apply(self, incident_id: str, event: Event, at: datetime) -> set[str]:
        """Take in an event of an incident; return the agents whose accuracy may have changed."""
        if isinstance(event, ev.IncidentOpened):
            if event.test:
                return set()
            return self._open(incident_id, Group.DRILLS if event.drill else Group.REAL)
        case = next((found for cases in self._cases.values() if (found := cases.get(incident_id))), None)
        if case is None:
            return set()
        counted = case.resolved
        # What comes after the end, such as an undo that failed, still says how the agents did.
        if not _take(case, event, at) or not (counted or case.resolved):
            return set()
        self.version += 1
        return set(AGENTS)

    def _open(self, incident_id: str, group: Group) -> set[str]:
        cases = self._cases[group]
        counted = incident_id in cases and cases[incident_id].resolved
        cases[incident_id] = _Case(group=group)
        while len(cases) > KEPT:
            _, oldest = cases.popitem(last=False)
            counted = counted or oldest.resolved
        if not counted:
            return set()
        self.version += 1
        return set(AGENTS)

    def verdicts(self, agent: str, group: Group) -> list[Verdict]:
        """Return an agent's work in each resolved incident, the oldest first. Raises: KeyError: no such agent."""
        judge = _JUDGES[agent]
        return [judge(case) for case in self._cases[group].values() if case.resolved]

    def pairs(self, group: Group) -> list[Pair]:
        """Return diagnosis' first hypotheses with what they came to, where it is known, the oldest first."""
        found = []
        for case in self._cases[group].values():
            best = _best(case)
            right, _ = _was_right(case)
            if case.resolved and best is not None and right is not None:
                score = best.probability if best.score is None else best.score
                found.append(Pair(probability=best.probability, score=score, right=right))
        return found

    def forecasts(self, group: Group) -> list[bool]:
        """Return for each forecast whose outcome the telemetry shows whether the breach came within its interval."""
        return [
            within
            for case in self._cases[group].values()
            if case.resolved
            for told in case.foretold
            if (within := _came_within(told, case.acted_at)) is not None
        ]


def _take(case: _Case, event: Event, at: datetime) -> bool:
    """Take an event in; return whether it is one that the questions may be answered by."""
    match event:
        case ev.ResponseStarted():
            case.detection, case.diagnosis, case.aimed_at = "", None, ""
            case.fixes, case.undone, case.responded, case.acted_at = [], False, True, None
            case.foretold = []
        case ev.Detected(finding=found):
            case.detection = found.verdict
            _follow(case, found.evidence)
        case ev.Diagnosed(finding=diagnosis):
            _follow(case, diagnosis.evidence)
            case.diagnosis = ev.Diagnosis(
                hypotheses=tuple(_bare(one) for one in diagnosis.hypotheses),
                none_of_these=diagnosis.none_of_these,
                abstained=diagnosis.abstained,
                says="",
            )
        case ev.Predicted(finding=prediction):
            _follow(case, prediction.evidence)
            room = FORECASTS_KEPT - len(case.foretold)
            due = [one for one in prediction.forecasts if one.in_s is not None and one.in_s > 0]
            case.foretold.extend(_Foretold(forecast=one) for one in due[:room])
        case ev.PlanProposed(plan=plan):
            case.aimed_at = plan.hypothesis_id
        case ev.ActionStarted():
            case.acted_at = case.acted_at or at
        case ev.Verified(verdict=verdict):
            if case.acted_at is not None and event.credit == "action":
                case.fixes.append((case.aimed_at, verdict))
        case ev.ActionUndone(by="") | ev.UndoFailed():
            case.undone = True
        case ev.CauseConfirmed():
            case.confirmed, case.false_alarm = event, False
        case ev.FalseAlarmDeclared():
            case.confirmed, case.false_alarm = None, True
        case ev.StateChanged(after=State.RESOLVED | State.CLOSED):
            case.resolved = True
        case ev.IncidentReopened():
            case.resolved, case.confirmed, case.false_alarm = False, None, False
        case ev.IncidentMerged():
            case.resolved = False
        case _:
            return False
    return True


def _bare(one: ev.Hypothesis) -> ev.Hypothesis:
    """Return a hypothesis without its arguments: only what it names is judged."""
    return ev.Hypothesis(
        id=one.id,
        service=one.service,
        cause=one.cause,
        title="",
        probability=one.probability,
        calibrated=one.calibrated,
        score=one.score,
    )


def _follow(case: _Case, pieces: Iterable[ev.Evidence]) -> None:
    """Look in later telemetry whether what was foretold came."""
    for told in case.foretold:
        one = told.forecast
        since = one.made_at.timestamp()
        for piece in pieces:
            for series in piece.series:
                if (series.service, series.name) != (one.service, one.series):
                    continue
                for at, value in zip(series.times, series.values, strict=False):
                    if at <= since or value is None:
                        continue
                    told.seen_until_s = max(told.seen_until_s, at - since)
                    if value >= one.limit and (told.came_in_s is None or at - since < told.came_in_s):
                        told.came_in_s = at - since


def _came_within(told: _Foretold, acted_at: datetime | None) -> bool | None:
    """Return whether the breach came within its interval; None when the telemetry ended, or somebody acted, before."""
    one = told.forecast
    high_s = one.high_s if one.high_s is not None else float("inf")
    open_s = (acted_at - one.made_at).total_seconds() if acted_at is not None else float("inf")
    if told.came_in_s is not None and told.came_in_s <= open_s:
        return (one.low_s or 0.0) <= told.came_in_s <= high_s
    return False if min(told.seen_until_s, open_s) > high_s else None


def _best(case: _Case) -> ev.Hypothesis | None:
    return case.diagnosis.hypotheses[0] if case.diagnosis and case.diagnosis.hypotheses else None


def _named(case: _Case, hypothesis_id: str) -> tuple[str, Cause] | None:
    found = case.diagnosis.hypotheses if case.diagnosis else ()
    return next(((one.service, one.cause) for one in found if one.id == hypothesis_id), None)


def _was_right(case: _Case) -> tuple[bool | None, bool]:
    """Return whether diagnosis' first hypothesis was right (None: nobody knows), and whether a person said so."""
    best = _best(case)
    if case.false_alarm:
        return (False if best is not None else None), True
    if case.confirmed is not None:
        said = case.confirmed
        same = best is not None and best.service == said.service and said.cause in (None, Cause.UNKNOWN, best.cause)
        return same, True
    helped = next((_named(case, aim) for aim, verdict in case.fixes if verdict == HELPED), None)
    if best is None:
        return None, False
    if helped is not None:
        return helped == (best.service, best.cause), False
    tried = any(aim == best.id and verdict in HURT for aim, verdict in case.fixes)
    return (False if tried else None), False


def _real(case: _Case) -> bool | None:
    """Return whether something was wrong at all; None when nobody knows."""
    if case.false_alarm:
        return False
    helped = any(verdict == HELPED for _, verdict in case.fixes)
    return True if case.confirmed is not None or helped else None


def _judge_detection(case: _Case) -> Verdict:
    real, by_person = _real(case), case.false_alarm or case.confirmed is not None
    if not case.responded or real is None:
        return Verdict(judged=Judged.UNKNOWN, positive=real)
    if case.detection not in ("confirmed", "no_sign"):
        return Verdict(judged=Judged.ABSTAINED, positive=real, by_person=by_person)
    said = case.detection == "confirmed"
    judged = Judged.RIGHT if said is real else Judged.WRONG
    return Verdict(judged=judged, positive=real, said=said, by_person=by_person)


def _judge_diagnosis(case: _Case) -> Verdict:
    right, by_person = _was_right(case)
    real = _real(case)
    if not case.responded or (right is None and not (case.false_alarm or case.confirmed)):
        return Verdict(judged=Judged.UNKNOWN, positive=real)
    if case.diagnosis is None or case.diagnosis.abstained or not case.diagnosis.hypotheses:
        return Verdict(judged=Judged.ABSTAINED, positive=real, by_person=by_person)
    return Verdict(judged=Judged.RIGHT if right else Judged.WRONG, positive=real, said=True, by_person=by_person)


def _judge_prediction(case: _Case) -> Verdict:
    seen = [within for told in case.foretold if (within := _came_within(told, case.acted_at)) is not None]
    if not seen:
        return Verdict(judged=Judged.UNKNOWN)
    came = any(told.came_in_s is not None for told in case.foretold)
    return Verdict(judged=Judged.RIGHT if all(seen) else Judged.WRONG, positive=came, said=True)


def _judge_resolution(case: _Case) -> Verdict:
    verdicts = [verdict for _, verdict in case.fixes]
    if HELPED in verdicts:
        return Verdict(judged=Judged.RIGHT, positive=True, said=True)
    if case.undone or any(verdict in HURT for verdict in verdicts):
        return Verdict(judged=Judged.WRONG, positive=_real(case), said=True)
    if case.acted_at is not None or not case.responded or _real(case) is None:
        return Verdict(judged=Judged.UNKNOWN, positive=_real(case))
    return Verdict(judged=Judged.ABSTAINED, positive=_real(case), by_person=True)


_JUDGES = {
    "detection": _judge_detection,
    "diagnosis": _judge_diagnosis,
    "prediction": _judge_prediction,
    "resolution": _judge_resolution,
}
