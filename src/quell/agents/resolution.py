"""Resolution: the action that fits the best explanation, tried dry, with its effect, risk and way back."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from quell.actions.action import Action, DryRun, Target
from quell.actions.catalog import Candidate, Choice, Records, Situation, choose, run_limit
from quell.actions.policy import Policy
from quell.actions.runbook import Runbook
from quell.agents import taint
from quell.agents.case import Case, Progress, Telemetry
from quell.agents.changes import configuration_to_go_back_to, release_to_go_back_to
from quell.agents.indicators import KIND_OF, measure, say
from quell.agents.lot import hold_out
from quell.eventlog.projections.history import RunbookRun
from quell.incident.change_words import say_change
from quell.incident.events import Checks, Detection, Diagnosis, Hypothesis, Indicator, Plan

SAID = 4
"""Runbooks named in the reasons of a choice; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What resolution has in hand."""

    actions: Mapping[str, Action]
    policy: Policy
    runbooks: Sequence[Runbook]
    kind_of: Callable[[str], str]
    """The kind of a service."""
    records: Callable[[str], Records]
    """How often actions helped on a kind of service."""
    verify_within_s: float
    steady_s: float
    runs: Sequence[RunbookRun] = ()
    """What runbooks were carried out lately."""
    hold_out: float = 0.0
    """Share of incidents whose plan is only recommended, by lot, in [0, 1)."""


async def plan(
    case: Case,
    telemetry: Telemetry,
    detection: Detection | None,
    diagnosis: Diagnosis | None,
    means: Means,
    progress: Progress,
) -> Plan | str:
    """
    Return a plan for the best explanation, or one sentence on why there is none.

    Only an explanation that diagnosis stands behind is acted on. The candidates are tried dry in their order and the
    first that is possible is proposed, unless another one that is possible fits as well.
    """
    if diagnosis is None or not diagnosis.hypotheses:
        return "no cause is known, so nothing is proposed"
    if diagnosis.abstained:
        return f"{diagnosis.says}: too uncertain to change anything"
    best = diagnosis.hypotheses[0]
    situation = await asyncio.to_thread(_situation, case, telemetry, detection, best, means)
    choice = choose(situation, means.runbooks, means.actions.values(), means.records(situation.kind))
    if not choice.candidates:
        return _sentences(
            f"no action that Quell has mends this: {best.title}", _listed("held back", choice.passed_over)
        )
    refused: list[str] = []
    possible = await _tried(best.service, choice, refused, progress)
    if len({(one.action.name, *sorted(_params(one, dry).items())) for one, dry in possible}) > 1:
        named = ", ".join(f"{one.action.name} ({one.runbook.name})" for one, _ in possible)
        return f"two actions fit and nothing tells them apart: {named}; a person has to say which mends {best.title}"
    for candidate, dry in possible[:1]:
        chosen = _why_chosen(candidate, choice, refused)
        found = _plan(best, candidate, dry, detection, means, chosen)
        return hold_out(taint.bounded(found, best, detection, diagnosis), case.incident_id, means.hold_out)
    return _sentences(
        f"nothing that fits {best.title} is possible: {'; '.join(refused)}", _listed("held back", choice.passed_over)
    )


async def _tried(
    service: str, choice: Choice, refused: list[str], progress: Progress
) -> list[tuple[Candidate, DryRun]]:
    """
    Return the best candidate that is possible, and those of other runbooks with the same score that are possible too.

    Args:
        refused: what is not possible is added, with the reason.
    """
    possible: dict[str, tuple[Candidate, DryRun]] = {}
    best: float | None = None
    for number, candidate in enumerate(choice.candidates, start=1):
        score = round(candidate.score.total, 9)
        if best is not None and score != best:
            break
        if candidate.runbook.name in possible:
            continue
        dry = await candidate.action.dry_run(Target(service=service, params=candidate.params))
        await progress(number, len(choice.candidates), f"asked whether {candidate.action.name} is possible")
        if dry.possible:
            possible[candidate.runbook.name], best = (candidate, dry), score
        else:
            refused.append(f"{candidate.action.name}: {dry.reason}")
    return list(possible.values())


def _params(candidate: Candidate, dry: DryRun) -> dict[str, str]:
    return {**candidate.params, **dry.params}


def _situation(
    case: Case, telemetry: Telemetry, detection: Detection | None, best: Hypothesis, means: Means
) -> Situation:
    measured = measure(telemetry, case)
    return Situation(
        hypothesis=best,
        kind=means.kind_of(best.service),
        onset=(detection.onset if detection else None) or case.first_at,
        now=case.now,
        changes=telemetry.changes,
        out_of_range=frozenset((one.service, one.series) for one in (detection.indicators if detection else ())),
        labels=tuple(alert.labels for alert in case.alerts),
        edges=telemetry.edges,
        runs=means.runs,
        back_to={
            "roll_back": release_to_go_back_to(telemetry.changes, measured, best.service),
            "roll_back_config": configuration_to_go_back_to(telemetry.changes, measured, best.service),
        },
    )


def _why_chosen(candidate: Candidate, choice: Choice, refused: Sequence[str]) -> str:
    """Say by what a runbook was chosen, what came second, and what was not possible or held back."""
    score, name = candidate.score, candidate.runbook.name
    first = (
        f"{name} scores {score.total:.2f}: fit {score.fit:.2f} x record {score.record:.2f} x risk {score.risk:.2f} "
        f"({candidate.runbook.risk})"
    )
    others = dict.fromkeys((one.runbook.name, one.score.total) for one in choice.candidates if one.runbook.name != name)
    second = next((f"next is {other} with {total:.2f}" for other, total in others), "nothing else fits")
    return _sentences(first, second, _listed("not possible", refused), _listed("held back", choice.passed_over))


def _listed(what: str, items: Sequence[str]) -> str:
    more = f"; and {len(items) - SAID} more" if len(items) > SAID else ""
    return f"{what}: {'; '.join(items[:SAID])}{more}" if items else ""


def _sentences(*parts: str) -> str:
    return ". ".join(part for part in parts if part)


def _plan(
    best: Hypothesis,
    candidate: Candidate,
    dry: DryRun,
    detection: Detection | None,
    means: Means,
    choice: str,
) -> Plan:
    action, runbook = candidate.action, candidate.runbook
    decision = means.policy.decide(action.name, best.service)
    params = _params(candidate, dry)
    target = Target(service=best.service, params=params)
    calls = action.calls(target)
    within_s = runbook.verify.within_s or means.verify_within_s
    steady_s = means.steady_s if runbook.verify.steady is None else float(runbook.verify.steady)
    return Plan(
        id=plan_id(action.name, target.service, params, (*dry.steps, *calls), runbook=(runbook.name, runbook.version)),
        hypothesis_id=best.id,
        action=action.name,
        target=target.service,
        params=params,
        title=say_change(action.name, target.service),
        steps=dry.steps,
        expected=f"{runbook.expected}; {_expected(detection, within_s)}",
        risk=action.risk,
        undo=runbook.undo,
        reversible=action.reversible,
        reaches=action.blast_radius(target),
        verified_by=_verified_by(detection, steady_s),
        autonomy=decision.autonomy,
        autonomy_reason=f"{decision.reason} {candidate.reason}",
        record=candidate.record,
        runbook=runbook.name,
        runbook_version=runbook.version,
        choice=choice,
        checks=_checks(runbook),
        calls=calls,
    )


def action_barred(plan: Plan, actions: Mapping[str, Action]) -> str:
    """
    Say why a plan's action may not be carried out as it was shown; empty when it may.

    Settings may have changed, with a restart, since somebody said yes to the plan.

    Args:
        actions: that there are now.
    """
    action = actions.get(plan.action)
    if action is None:
        return f"there is no action {plan.action} any more"
    if not action.covers(plan.target):
        return f"{plan.action} is not for {plan.target}"
    calls = action.calls(Target(service=plan.target, params=plan.params))
    if plan.calls and calls != plan.calls:
        return f"{plan.action} would now call {', '.join(calls)}, and not what the plan showed: {', '.join(plan.calls)}"
    return ""


def run_barred(plan: Plan, runbooks: Sequence[Runbook], runs: Sequence[RunbookRun], *, now: datetime) -> str:
    """
    Say what holds a plan back that was allowed when it was made: its runbook's limits count when it is carried out.

    Args:
        runbooks: in use now.
        runs: what was carried out lately, this plan not among it.
    """
    if not plan.runbook:
        return ""
    runbook = next((one for one in runbooks if one.name == plan.runbook), None)
    if runbook is None:
        return f"runbook {plan.runbook} is no longer in use"
    why = run_limit(runbook, plan.target, runs, now=now)
    return f"{plan.runbook}: {why}" if why else ""


def _checks(runbook: Runbook) -> Checks | None:
    wanted = runbook.verify
    checks = Checks(series=wanted.series, within_s=wanted.within_s, steady=wanted.steady)
    return checks if checks != Checks() else None


def plan_id(
    action: str, target: str, params: Mapping[str, str], steps: Sequence[str], *, runbook: tuple[str, str]
) -> str:
    """
    Return 8 hex digits that change whenever what would be done changes.

    Args:
        runbook: name and version.
    """
    text = json.dumps([action, target, sorted(params.items()), list(steps), *runbook])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _worst(detection: Detection | None) -> Indicator | None:
    if detection is None or not detection.indicators:
        return None
    symptoms = [one for one in detection.indicators if KIND_OF[one.series].symptom]
    return (symptoms or list(detection.indicators))[0]


def _expected(detection: Detection | None, within_s: float) -> str:
    one = _worst(detection)
    if one is None:
        return f"every alert resolved within {within_s:.0f} s"
    kind = KIND_OF[one.series]
    bound = one.normal_high if one.bad_when == "above" else one.normal_low
    side = "under" if one.bad_when == "above" else "over"
    return f"{one.service} {kind.says} {side} {say(bound, one.unit)} within {within_s:.0f} s"


def _verified_by(detection: Detection | None, steady_s: float) -> str:
    names = (
        list(dict.fromkeys(f"{one.service} {KIND_OF[one.series].says}" for one in detection.indicators))
        if (detection is not None)
        else []
    )
    if not names:
        return "the alerts of the incident"
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more}, {steady_s:.0f} s in range"
