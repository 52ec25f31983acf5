"""What the agents' findings say to a person: the verdict, the numbers behind it, and which evidence to look at."""

from __future__ import annotations

from collections.abc import Iterable

from quell.eventlog.projections import quantities as q
from quell.eventlog.projections.said import Said
from quell.incident import events as ev
from quell.incident.counting import say_count
from quell.incident.events import Phase

ARGUMENTS_SAID = 2
"""Arguments in the timeline; the page shows all of them beside it."""


def say_detected(finding: ev.Detection) -> Said:
    """Say whether the telemetry shows it, since when and where first."""
    title = {
        "confirmed": "Detection confirms it",
        "no_sign": "Detection sees no sign of it in the telemetry",
        "no_data": "Detection could not look",
    }.get(finding.verdict, f"Detection: {finding.verdict}")
    return Said(
        title=title,
        text=_lines(finding.says, _gaps(finding.gaps)),
        level="info" if finding.verdict == "confirmed" else "warning",
        phase=Phase.DETECT,
        evidence_ids=_ids(finding.evidence, (i.evidence_id for i in finding.indicators)),
    )


def say_diagnosed(finding: ev.Diagnosis) -> Said:
    """Say the likeliest cause and its share, what speaks for and against it, and what else it could be."""
    if finding.abstained or not finding.hypotheses:
        return Said(
            title="Diagnosis does not know the cause",
            text=_lines(finding.says, _others(finding.hypotheses), _gaps(finding.gaps)),
            level="warning",
            phase=Phase.DIAGNOSE,
            evidence_ids=_ids(finding.evidence),
        )
    best = finding.hypotheses[0]
    calibrated = "" if best.calibrated else ", uncalibrated"
    strongest = sorted(best.in_favour, key=lambda argument: -argument.weight)[:ARGUMENTS_SAID]
    return Said(
        title=f"Diagnosis: {best.title} ({q.say_share(best.probability)}{calibrated})",
        text=_lines("; ".join(argument.says for argument in strongest), _gaps(finding.gaps)),
        phase=Phase.DIAGNOSE,
        evidence_ids=_ids(finding.evidence, (a.evidence_id for a in (*best.in_favour, *best.against))),
    )


def _others(hypotheses: Iterable[ev.Hypothesis]) -> str:
    said = [f"{h.title} ({q.say_share(h.probability)})" for h in hypotheses]
    return f"otherwise: {', '.join(said)}" if said else ""


def say_predicted(finding: ev.Prediction) -> Said:
    """Say what happens if nothing is done, when, and to whom."""
    urgent = any(forecast.in_s is not None for forecast in finding.forecasts)
    return Said(
        title="Prediction: what happens if nothing is done",
        text=_lines(finding.says, _gaps(finding.gaps)),
        level="warning" if urgent else "info",
        phase=Phase.PREDICT,
        evidence_ids=_ids(finding.evidence, (forecast.evidence_id for forecast in finding.forecasts)),
    )


def say_plan(plan: ev.Plan) -> Said:
    """Say what would be done, what it should do, its risk, its undo and its record."""
    record = (
        f"helped {plan.record.helped} of {say_count(plan.record.tried, 'time')} before"
        if plan.record.tried
        else "not tried before"
    )
    reaches = f"reaches {', '.join(plan.reaches)}" if plan.reaches else ""
    return Said(
        title=f"Plan {plan.id}: {plan.title}",
        text=_lines(
            *plan.steps,
            f"expected: {plan.expected}",
            f"risk: {plan.risk.rstrip('.')}; {reaches}" if reaches else f"risk: {plan.risk}",
            f"undo: {plan.undo}",
            f"runbook: {plan.runbook} version {plan.runbook_version}; {plan.choice}" if plan.runbook else "",
            f"policy: {plan.autonomy}, {plan.autonomy_reason}",
            record,
        ),
        phase=Phase.PLAN,
    )


def say_verified(event: ev.Verified) -> Said:
    """Say whether the fix helped, by which readings."""
    title, level = {
        "recovered": ("Recovered, not verified as the fix's doing", "info"),
        "in_part": ("Helped in part, not verified", "info"),
        "not_recovered": ("Not recovered", "warning"),
        "worse": ("Worse than before", "error"),
        "unknown": ("Verification could not look", "warning"),
    }.get(event.verdict, (f"Not verified: {event.verdict}", "warning"))
    if event.helped:
        title = "Verified: recovered"
    readings = [
        f"{r.series} of {r.service} {q.say_value(r.value, r.unit)}, {'in' if r.in_range else 'out of'} its range "
        f"({_span(r.normal_low, r.normal_high, r.unit)})"
        for r in event.readings
    ]
    return Said(
        title=f"{title} after {q.say_duration(event.took_s)}",
        text=_lines(event.says, _whose(event), *readings),
        level=level,
        phase=Phase.VERIFY,
    )


def _whose(event: ev.Verified) -> str:
    """Say that a recovery may not be the action's; nothing where it is, or where there is none."""
    if event.verdict != "recovered" or event.credit != "unclear":
        return ""
    return f"perhaps not by the action, and not counted for it: {event.credit_says}"


def _span(low: float, high: float, unit: str) -> str:
    return f"{q.say_value(low, unit)} to {q.say_value(high, unit)}"


def _gaps(gaps: Iterable[ev.Gap]) -> str:
    said = [f"{gap.source} ({gap.reason})" for gap in gaps]
    return f"not looked at: {', '.join(said)}" if said else ""


def _ids(evidence: Iterable[ev.Evidence], cited: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the ids of pieces that were cited or came with the finding, cited ones first, each once."""
    return tuple(dict.fromkeys([*(i for i in cited if i), *(piece.id for piece in evidence)]))


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
