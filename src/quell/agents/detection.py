"""Detection: do the numbers show what the alerts claim, since when, and where?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quell.agents.case import Case, Telemetry
from quell.agents.indicators import NEEDS_NO_PAST, Measured, as_evidence, began, find, indicator, measure, say, worst
from quell.incident.events import Detection, EvidenceKind, Gap

SHOWN = 12
"""Indicators recorded at most, earliest first."""


def detect(case: Case, telemetry: Telemetry) -> Detection:
    """
    Compare every indicator of the services concerned with its own past.

    Returns: `confirmed` with indicators, onset and scope; `no_sign` when there is data and nothing is out of range
        near the alerts; `no_data` when there is nothing to look at.
    """
    measured = measure(telemetry, case)
    judged = [one for one in measured if one.normal is not None and one.recent().size]
    gaps = list(telemetry.gaps)
    if EvidenceKind.METRIC not in telemetry.kinds or not judged:
        why = "; ".join(f"{gap.source}: {gap.reason}" for gap in gaps) or "no series has a past to compare with"
        return Detection(verdict="no_data", says=f"could not look: {why}", gaps=tuple(gaps))
    near = _neighbourhood(case.services, telemetry.edges) or set(telemetry.services)
    out = [one for one in judged if one.out_of_range() and one.service in near]
    gaps.extend(Gap(source=service, reason="no metrics") for service in case.services if not _has(judged, service))
    if not any(one.kind.symptom for one in out):
        if not any(one.kind.name not in NEEDS_NO_PAST and one.service in near for one in judged):
            says = "could not look: the services of the alerts have no past to compare with yet"
            return Detection(verdict="no_data", says=says, gaps=tuple(gaps))
        return Detection(verdict="no_sign", says=_say_nothing(case, judged), gaps=tuple(gaps))
    return _confirmed(case, telemetry, out, tuple(gaps))


def _confirmed(case: Case, telemetry: Telemetry, out: Sequence[Measured], gaps: tuple[Gap, ...]) -> Detection:
    dated: list[tuple[datetime, float, Measured]] = sorted(
        ((*began(one, case), one) for one in out), key=lambda row: (row[0], row[2].service, row[2].kind.name)
    )
    kept = dated[:SHOWN]
    evidence, indicators = [], []
    for number, (since, _, one) in enumerate(kept, start=case.pieces + 1):
        assert one.normal is not None
        normal, now = say(one.normal.center, one.kind.unit), say(worst(one), one.kind.unit)
        says = f"{one.service}: {one.kind.says} {now}, normally {normal}"
        piece = as_evidence(one, number, says=says, since=since, window=telemetry.window)
        evidence.append(piece)
        indicators.append(indicator(one, since, piece.id))
    first_at, error_s, first = dated[0]
    services = tuple(dict.fromkeys(one.service for _, _, one in dated))
    assert first.normal is not None
    says = (
        f"{first.service} first: {first.kind.says} {say(worst(first), first.kind.unit)}, "
        f"normally {say(first.normal.center, first.kind.unit)}, since {first_at:%H:%M:%S} (± {error_s:.0f} s)"
    )
    if len(services) > 1:
        says += f"; then {', '.join(services[1:4])}"
    return Detection(
        verdict="confirmed",
        says=says,
        onset=first_at,
        onset_error_s=round(error_s, 1),
        indicators=tuple(indicators),
        services=services,
        evidence=tuple(evidence),
        gaps=gaps,
    )


def _neighbourhood(services: Sequence[str], edges: Sequence[tuple[str, str]]) -> set[str]:
    """Return the services and those one call away, either way."""
    near = set(services)
    for caller, callee in edges:
        if caller in services:
            near.add(callee)
        if callee in services:
            near.add(caller)
    return near


def _has(measured: Sequence[Measured], service: str) -> bool:
    return any(one.service == service for one in measured)


def _say_nothing(case: Case, judged: Sequence[Measured]) -> str:
    looked = len({one.service for one in judged})
    said = []
    for service in case.services[:2]:
        for name in ("error_ratio", "latency_p99"):
            one = find(judged, service, name)
            if one is not None and one.recent().size:
                said.append(f"{service} {one.kind.says} {say(worst(one), one.kind.unit)}")
    detail = f" ({'; '.join(said)})" if said else ""
    return f"no sign in the telemetry: {len(judged)} indicators of {looked} services are in their normal range{detail}"
