"""Whether an explanation rests on more than text: what anybody can write into a log line moves nothing alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from quell.incident.events import Autonomy, Detection, Diagnosis, Evidence, EvidenceKind, Hypothesis, Plan

MEASURED = frozenset({EvidenceKind.METRIC, EvidenceKind.TRACE, EvidenceKind.CHANGE})
"""Kinds that are numbers Quell measured or changes that were recorded; log text and names are neither."""

LOWERED = Autonomy.APPROVE
REASON = (
    "What speaks for it is text only (logs, labels, annotations), which anybody may have written: a person decides."
)


def rests_on_text_alone(hypothesis: Hypothesis, evidence: Mapping[str, Evidence]) -> bool:
    """
    Return whether nothing that speaks for a hypothesis is a measured number or a recorded change.

    Args:
        evidence: of the incident, by id; an argument whose evidence is not there counts as text.
    """
    return not any(
        argument.weight > 0 and _measured(evidence.get(argument.evidence_id)) for argument in hypothesis.in_favour
    )


def _measured(piece: Evidence | None) -> bool:
    """Return whether a piece holds what its kind promises: an empty series proves nothing."""
    if piece is None or piece.kind not in MEASURED:
        return False
    if piece.kind is EvidenceKind.CHANGE:
        return bool(piece.changes)
    return any(value is not None for series in piece.series for value in series.values)


def bounded(plan: Plan, best: Hypothesis, *findings: Detection | Diagnosis | None) -> Plan:
    """Return a plan as far as Quell may go with it on its own: never automatically when it rests on text alone."""
    evidence = {piece.id: piece for found in findings if found is not None for piece in found.evidence}
    if plan.autonomy is not Autonomy.AUTO or not rests_on_text_alone(best, evidence):
        return plan
    return replace(plan, autonomy=LOWERED, autonomy_reason=f"{plan.autonomy_reason} {REASON}".strip())
