"""
Which runbooks fit a cause, and in which order to consider them: by fit, track record and risk.

    score  = fit x record x risk
    fit    = probability of the cause x weight of the runbook x specificity
    record = (helped + 1) / (tried + 2): the mean of Beta(1 + helped, 1 + not helped)

Specificity is 0.7 for a runbook that names causes only, and 0.1 more for each of services, kinds and series that it
names too. Labels narrow a runbook and earn it nothing, as whoever sends alerts writes them. The record is that of the
step's action against the cause on the kind of service. Risk is 1 for low, 0.8 for medium, 0.5 for high. Of equal scores
the name comes first; nothing is chosen by that alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from quell.actions.action import Action
from quell.actions.runbook import Match, Runbook, Step, When
from quell.eventlog.projections.history import RunbookRun
from quell.incident.counting import say_count
from quell.incident.events import Cause, Change, Hypothesis, TrackRecord

Records = Mapping[tuple[str, Cause], TrackRecord]
"""How often an action helped against a cause, on one kind of service."""

GENERAL, NARROWER = 0.7, 0.1
RISKS: Mapping[str, float] = {"low": 1.0, "medium": 0.8, "high": 0.5}
HOUR = timedelta(hours=1)

TO = "to"
"""The param that names what an action goes back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTo:
    """What an action that goes back to an earlier state goes back to."""

    version: str = ""
    """The last release that was seen healthy; empty where a configuration is meant, or none is known."""
    is_before_last: bool = False
    """Whether it is what was there just before the last change."""
    why_not: str = ""
    """Why nothing may be gone back to without a person; empty when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What runbooks are matched against."""

    hypothesis: Hypothesis
    kind: str
    """Of the service at fault."""
    onset: datetime
    now: datetime
    changes: Sequence[Change] = ()
    out_of_range: frozenset[tuple[str, str]] = frozenset()
    """(service, series) that left their normal range."""
    labels: Sequence[Mapping[str, str]] = ()
    """Of each alert."""
    edges: Sequence[tuple[str, str]] = ()
    """(caller, callee)."""
    runs: Sequence[RunbookRun] = ()
    """What runbooks were carried out lately."""
    back_to: Mapping[str, BackTo] = field(default_factory=dict)
    """By the actions that go back to an earlier state (`roll_back`): to which; an action that is not here does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a runbook is worth in a situation: each factor in (0, 1]."""

    fit: float
    record: float
    risk: float

    @property
    def total(self) -> float:
        """Return the product."""
        return self.fit * self.record * self.risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A step of a runbook to consider for a hypothesis."""

    runbook: Runbook
    action: Action
    params: Mapping[str, str]
    """As far as the runbook and the hypothesis tell them; the action's dry run names the rest."""
    score: Score
    """Of the runbook, by the first of its steps that there is an action for."""
    record: TrackRecord
    """Of this step's action."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to consider, in order."""

    candidates: tuple[Candidate, ...]
    """The steps of the best runbook first, in their own order, then those of the next."""
    passed_over: tuple[str, ...] = ()
    """Runbooks that fit, with the pre-condition that does not hold."""


def choose(situation: Situation, runbooks: Iterable[Runbook], available: Iterable[Action], records: Records) -> Choice:
    """
    Return what may mend the cause, the best first, and what was passed over; neither when nothing fits.

    Args:
        available: the actions that can be done here; a step without one, or with one that is not for the service at
            fault, is left out.
        records: of the kind of service at fault.
    """
    actions = {action.name: action for action in available}
    ranked: list[tuple[float, str, list[Candidate]]] = []
    passed_over = []
    for runbook in sorted(runbooks, key=lambda one: one.name):
        known = [step for step in runbook.steps if step.action in actions]
        if not known or not matches(runbook.match, situation):
            continue
        service = situation.hypothesis.service
        steps = [step for step in known if actions[step.action].covers(service)]
        if not steps:
            passed_over.append(f"{runbook.name}: {', '.join(step.action for step in known)} is not for {service}")
            continue
        if why := hindrance(runbook, situation):
            passed_over.append(f"{runbook.name}: {why}")
            continue
        unsure = {step.action: why for step in steps if (why := _nowhere_to_go(step, actions[step.action], situation))}
        passed_over += [f"{runbook.name}: {why}" for why in unsure.values()]
        steps = [step for step in steps if step.action not in unsure]
        if not steps:
            continue
        found = _candidates(runbook, steps, actions, situation, records)
        # Rounded, so that what is equal on paper does not differ by the order in which it was multiplied.
        ranked.append((-round(found[0].score.total, 9), runbook.name, found))
    ranked.sort(key=lambda row: row[:2])
    return Choice(
        candidates=tuple(candidate for *_, found in ranked for candidate in found), passed_over=tuple(passed_over)
    )


def matches(match: Match, situation: Situation) -> bool:
    """Return whether a runbook is for a situation, whatever its pre-conditions say."""
    best = situation.hypothesis
    return (
        best.cause in match.causes
        and _one_of(match.services, best.service)
        and _one_of(match.kinds, situation.kind)
        and (not match.series or any((best.service, name) in situation.out_of_range for name in match.series))
        and (not match.labels or any(_carries(labels, match.labels) for labels in situation.labels))
    )


def _one_of(patterns: Sequence[str], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _carries(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(name in labels and fnmatchcase(labels[name], pattern) for name, pattern in wanted.items())


def hindrance(runbook: Runbook, situation: Situation) -> str:
    """Say which pre-condition of a runbook does not hold; empty when all do."""
    best, when = situation.hypothesis, runbook.when
    if best.probability < when.min_probability:
        return f"a probability of {best.probability:.2f} is below its {when.min_probability:g}"
    if when.recent_change and _change_of(when, situation) is None:
        return f"{best.service} got no {when.recent_change} within {when.recent_change_s:g} s before it began"
    if why := run_limit(runbook, best.service, situation.runs, now=situation.now):
        return why
    if when.dependencies_healthy:
        called = {callee for caller, callee in situation.edges if caller == best.service} - {best.service}
        sick = sorted({service for service, _ in situation.out_of_range} & called)
        if sick:
            return f"{', '.join(sick[:3])}, which {best.service} calls, left its normal range too"
    return ""


def run_limit(runbook: Runbook, service: str, runs: Iterable[RunbookRun], *, now: datetime) -> str:
    """Say which limit on how often a runbook is carried out holds it back from a service; empty for none."""
    when = runbook.when
    mine = [run for run in runs if run.runbook == runbook.name]
    last = max((run.at for run in mine if run.service == service), default=None)
    if last is not None and now - last < timedelta(seconds=when.not_within_s):
        ago_s = max(0.0, (now - last).total_seconds())
        return f"it ran on {service} {ago_s:.0f} s ago, and not again within {when.not_within_s:g} s"
    lately = sum(now - run.at < HOUR for run in mine)
    if when.runs_per_hour and lately >= when.runs_per_hour:
        return f"it ran {lately} times in the last hour, and at most {when.runs_per_hour} times are allowed"
    return ""


def helped_share(record: TrackRecord) -> float:
    """
    Return the share of tries that helped, smoothed as if one more had helped and one more had not: in (0, 1), and
    0.5 without any try.

    Source: Laplace's rule of succession, the mean of the posterior Beta(1 + helped, 1 + not helped).
    """
    return (record.helped + 1) / (record.tried + 2)


def recent_change(
    changes: Iterable[Change],
    service: str,
    *,
    onset: datetime,
    kind: str = "deploy",
    within_s: float = 900.0,
    slack_s: float = 5.0,
) -> Change | None:
    """
    Return the last change of a kind that a service got before an onset, if it is recent and not Quell's own doing.

    Args:
        slack_s: how much later than the onset a change may be recorded and still count as before it.
    """
    earliest, latest = onset - timedelta(seconds=within_s), onset + timedelta(seconds=slack_s)
    found = [c for c in changes if c.service == service and c.kind == kind and c.at <= latest]
    last = max(found, key=lambda change: change.at, default=None)
    return last if last is not None and last.at >= earliest and last.by != "quell" else None


def _change_of(when: When, situation: Situation) -> Change | None:
    """Return the change that a runbook's pre-condition wants to see."""
    if not when.recent_change:
        return None
    return recent_change(
        situation.changes,
        situation.hypothesis.service,
        onset=situation.onset,
        kind=when.recent_change,
        within_s=when.recent_change_s,
    )


def _nowhere_to_go(step: Step, action: Action, situation: Situation) -> str:
    """Say why a step that goes back to an earlier state may not be offered; empty when it may."""
    back = situation.back_to.get(step.action)
    if back is None or TO in step.params:
        return ""
    if back.why_not:
        return back.why_not
    if not back.is_before_last and not _takes_to(action):
        return f"{step.action} goes to what was there before, and that was not healthy: {back.version} was"
    return ""


def _takes_to(action: Action) -> bool:
    """Whether an action can be told what to go back to."""
    return TO in getattr(action, "takes", ())


def _params(step: Step, action: Action, situation: Situation) -> dict[str, str]:
    """Return what is known of a step's params beforehand."""
    params = step.params_for(situation.hypothesis.subject)
    back = situation.back_to.get(step.action)
    if back is not None and back.version and _takes_to(action):
        params.setdefault(TO, back.version)
    return params


def _candidates(
    runbook: Runbook,
    steps: Sequence[Step],
    actions: Mapping[str, Action],
    situation: Situation,
    records: Records,
) -> list[Candidate]:
    best = situation.hypothesis
    of = [records.get((step.action, best.cause), TrackRecord(helped=0, tried=0)) for step in steps]
    score = score_of(runbook, best.probability, of[0])
    change = _change_of(runbook.when, situation)
    after = f" ({change.before} → {change.after})" if change is not None else ""
    return [
        Candidate(
            runbook=runbook,
            action=actions[step.action],
            params=_params(step, actions[step.action], situation),
            score=score,
            record=record,
            reason=f"{step.action} {runbook.why}{after}; against {best.cause.value.replace('_', ' ')} {_past(record)}.",
        )
        for step, record in zip(steps, of, strict=True)
    ]


def score_of(runbook: Runbook, probability: float, record: TrackRecord) -> Score:
    """
    Return what a runbook is worth, see the top of this module.

    Args:
        record: of its action against the cause, on the kind of service.
    """
    match = runbook.match
    specificity = GENERAL + NARROWER * sum(map(bool, (match.services, match.kinds, match.series)))
    return Score(fit=probability * runbook.weight * specificity, record=helped_share(record), risk=RISKS[runbook.risk])


def _past(record: TrackRecord) -> str:
    return (
        f"it helped {record.helped} of {say_count(record.tried, 'time')} before"
        if record.tried
        else "it was not tried before"
    )
