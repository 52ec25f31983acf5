"""Resolution: the action that fits the best explanation, tried dry, with its effect, risk and way back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quell.actions.action import Action, DryRun, Target
from quell.actions.catalog import Candidate, Fit, Records, choose, fresh_release
from quell.actions.policy import Policy
from quell.agents.case import Case, Progress, Telemetry
from quell.agents.indicators import KIND_OF, say
from quell.incident.events import Cause, Detection, Diagnosis, Hypothesis, Indicator, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What resolution has in hand."""

    actions: Mapping[str, Action]
    policy: Policy
    records: Records
    fits: Mapping[Cause, tuple[Fit, ...]]
    """Which action can mend which cause."""
    verify_within_s: float
    steady_s: float


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
    first that is possible is proposed.
    """
    if diagnosis is None or not diagnosis.hypotheses:
        return "no cause is known, so nothing is proposed"
    if diagnosis.abstained:
        return f"{diagnosis.says}: too uncertain to change anything"
    best = diagnosis.hypotheses[0]
    onset = (detection.onset if detection else None) or case.first_at
    release = fresh_release(telemetry.changes, best.service, onset=onset, within_s=300.0)
    candidates = choose(best, means.actions.values(), means.records, release=release, fits=means.fits)
    if not candidates:
        return f"no action that Quell has mends this: {best.title}"
    refused = []
    for number, candidate in enumerate(candidates, start=1):
        target = Target(service=best.service, params=candidate.params)
        dry = await candidate.action.dry_run(target)
        await progress(number, len(candidates), f"tried {candidate.action.name} dry")
        if dry.possible:
            return _plan(best, candidate, target, dry, detection, means)
        refused.append(f"{candidate.action.name}: {dry.reason}")
    return f"nothing that fits {best.title} is possible: {'; '.join(refused)}"


def _plan(
    best: Hypothesis,
    candidate: Candidate,
    target: Target,
    dry: DryRun,
    detection: Detection | None,
    means: Means,
) -> Plan:
    action = candidate.action
    decision = means.policy.decide(action.name, target.service)
    params = {**candidate.params, **dry.params}
    return Plan(
        id=plan_id(action.name, target.service, params, dry.steps),
        hypothesis_id=best.id,
        action=action.name,
        target=target.service,
        params=params,
        title=f"{action.name.replace('_', ' ')} {target.service}",
        steps=dry.steps,
        expected=f"{action.expected}; {_expected(detection, means.verify_within_s)}",
        risk=action.risk,
        undo=action.undo_is,
        reversible=action.reversible,
        reaches=action.blast_radius(target),
        verified_by=_verified_by(detection, means.steady_s),
        autonomy=decision.autonomy,
        autonomy_reason=f"{decision.reason} {candidate.reason}",
        record=candidate.record,
    )


def plan_id(action: str, target: str, params: Mapping[str, str], steps: Sequence[str]) -> str:
    """Return 8 hex digits that change whenever what would be done changes."""
    text = json.dumps([action, target, sorted(params.items()), list(steps)])
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
