"""Detection: do the numbers show what the alerts claim, since when, and where?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quell.agents.case import Case, Telemetry
from quell.agents.claims import Claim, claims_of
from quell.agents.indicators import KIND_OF, Measured, as_evidence, began, find, indicator, measure, say, worst
from quell.agents.past import NEEDS_NO_PAST
from quell.agents.suspects import Suspects, neighbours_of, suspects_of
from quell.incident.counting import say_count
from quell.incident.events import Detection, EvidenceKind, Gap

SHOWN = 12
"""Indicators recorded at most, earliest first."""

PAST_S = 45.0
"""A service of which less past is known may have been in trouble for all of it: nothing is called normal by that."""

SAID = 4
"""Services out of range that are named where no alert names any."""


def detect(case: Case, telemetry: Telemetry) -> Detection:
    """
    Compare every indicator of the services concerned with its own past and with the absolute limits.

    Returns: `confirmed` with indicators, onset and scope; `no_sign` when what the alerts are about was read, has a past
        to compare with, and is in its range; `no_data` when something of that is missing, and where a critical alert
        is about an indicator with an absolute limit: what was read does not show it, and does not refute it either.
    """
    measured = measure(telemetry, case)
    judged = [one for one in measured if one.judged and one.recent().size]
    gaps = list(telemetry.gaps)
    if EvidenceKind.METRIC not in telemetry.kinds or not judged:
        why = "; ".join(f"{gap.source}: {gap.reason}" for gap in gaps) or "no series has a past to compare with"
        return Detection(verdict="no_data", says=f"could not look: {why}", gaps=tuple(gaps))
    suspects = suspects_of(case, telemetry.services, telemetry.edges)
    near = neighbours_of(suspects.named, telemetry.edges)
    claims = claims_of(case.alerts)
    unread = [claim for claim in claims if not _read(judged, claim)]
    gaps.extend(Gap(source=service, reason="no metrics") for service in suspects.named if not _has(judged, service))
    gaps.extend(Gap(source=one.service, reason=_not_read(one)) for one in unread if _has(judged, one.service))
    out = [one for one in judged if one.out_of_range() and one.service in near]
    if any(one.kind.symptom or (one.over_limit() and one.service in suspects.named) for one in out):
        return _confirmed(case, telemetry, out, tuple(gaps))
    if why := _why_unsure(suspects, judged, claims, unread):
        return Detection(verdict="no_data", says=why, gaps=tuple(gaps))
    looked = [one for one in judged if one.service in near]
    return Detection(verdict="no_sign", says=_say_nothing(suspects, looked), gaps=tuple(gaps))


def _why_unsure(
    suspects: Suspects, judged: Sequence[Measured], claims: Sequence[Claim], unread: Sequence[Claim]
) -> str:
    """Say why nothing out of range does not mean that nothing is wrong; empty when it does."""
    if not suspects.named:
        return _say_unnamed(judged)
    missing = [service for service in suspects.named if not _has(judged, service)]
    if missing:
        return f"could not look: no metrics of {', '.join(missing)}"
    if unread:
        return f"could not look: {'; '.join(dict.fromkeys(f'{_not_read(one)}, of {one.service}' for one in unread))}"
    short = [service for service in suspects.named if not _has_past(judged, service)]
    if short:
        names = "the services of the alerts have" if len(suspects.named) > 1 else f"{short[0]} has"
        return f"could not look: {names} no past to compare with yet, at least not {PAST_S:.0f} s of it"
    doubted = [claim for claim in claims if claim.critical and _limited(judged, claim) is not None]
    return "; ".join(dict.fromkeys(_say_doubted(judged, claim) for claim in doubted))


def _say_doubted(judged: Sequence[Measured], claim: Claim) -> str:
    one = _limited(judged, claim)
    assert one is not None
    assert one.limit is not None
    return (
        f"not confirmed, and not refuted: {claim.alert} is critical, and {one.kind.says} of {claim.service} reads "
        f"{say(worst(one), one.kind.unit)} here, where the limit is {say(one.limit, one.kind.unit)}"
    )


def _limited(judged: Sequence[Measured], claim: Claim) -> Measured | None:
    """Return the indicator with an absolute limit that a claim is about."""
    found = (find(judged, claim.service, name) for name in claim.indicators)
    return next((one for one in found if one is not None and one.limit is not None), None)


def _read(judged: Sequence[Measured], claim: Claim) -> bool:
    return any(find(judged, claim.service, name) is not None for name in claim.indicators)


def _not_read(claim: Claim) -> str:
    what = " or ".join(KIND_OF[name].says for name in claim.indicators)
    return f"{what} could not be read, which {claim.alert} is about"


def _say_unnamed(judged: Sequence[Measured]) -> str:
    out = list(dict.fromkeys(one.service for one in judged if one.out_of_range() and one.kind.symptom))
    says = "could not look: no alert names a service that is known here"
    if not out:
        return says
    more = f" and {len(out) - SAID} more" if len(out) > SAID else ""
    return f"{says}; out of range now, whether it belongs to this or not: {', '.join(out[:SAID])}{more}"


def _has_past(judged: Sequence[Measured], service: str) -> bool:
    return any(
        one.service == service
        and one.kind.symptom
        and one.kind.name not in NEEDS_NO_PAST
        and one.normal is not None
        and one.past_s >= PAST_S
        for one in judged
    )


def _confirmed(case: Case, telemetry: Telemetry, out: Sequence[Measured], gaps: tuple[Gap, ...]) -> Detection:
    dated: list[tuple[datetime, float, Measured]] = sorted(
        ((*began(one, case), one) for one in out), key=lambda row: (row[0], row[2].service, row[2].kind.name)
    )
    kept = dated[:SHOWN]
    evidence, indicators = [], []
    for number, (since, _, one) in enumerate(kept, start=case.pieces + 1):
        says = f"{one.service}: {one.kind.says} {say(worst(one), one.kind.unit)}, {one.yardstick()}"
        piece = as_evidence(one, number, says=says, since=since, window=telemetry.window)
        evidence.append(piece)
        indicators.append(indicator(one, since, piece.id))
    first_at, error_s, first = dated[0]
    services = tuple(dict.fromkeys(one.service for _, _, one in dated))
    says = (
        f"{first.service} first: {first.kind.says} {say(worst(first), first.kind.unit)}, {first.yardstick()}, "
        f"since {first_at:%H:%M:%S} (± {error_s:.0f} s)"
    )
    apart = _apart(dated)
    if together := [name for name in services[1:] if name not in apart]:
        says += f"; {', '.join(together[:SAID])} within the error of that"
    if apart:
        says += f"; then {', '.join(apart[:SAID])}"
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


def _apart(dated: Sequence[tuple[datetime, float, Measured]]) -> list[str]:
    """Return the services whose trouble began after the first one's by more than the errors of both, in order."""
    first_at, first_error_s, _ = dated[0]
    found: dict[str, bool] = {}
    for at, error_s, one in dated:
        later = (at - first_at).total_seconds() > first_error_s + error_s
        found[one.service] = found.get(one.service, True) and later
    return [service for service, later in found.items() if later]


def _has(measured: Sequence[Measured], service: str) -> bool:
    return any(one.service == service for one in measured)


def _say_nothing(suspects: Suspects, looked: Sequence[Measured]) -> str:
    services = len({one.service for one in looked})
    # One that had a bad reading, too few to call it out of range, is not called normal either.
    calm = [one for one in looked if not one.bad(worst(one))]
    said = []
    for service in suspects.named[:2]:
        for name in ("error_ratio", "latency_p99"):
            one = find(calm, service, name)
            if one is not None:
                said.append(f"{service} {one.kind.says} {say(worst(one), one.kind.unit)}")
    detail = f" ({'; '.join(said)})" if said else ""
    are = "is" if len(calm) == 1 else "are"
    of_services = f"{say_count(len(calm), 'indicator')} of {say_count(services, 'service')} {are}"
    says = f"no sign in the telemetry: {of_services} in their normal range{detail}"
    brief = [one for one in looked if one.kind.symptom and one.bad(worst(one))][:SAID]
    if not brief:
        return says
    bad = "; ".join(f"{one.service} {one.kind.says} {say(worst(one), one.kind.unit)}" for one in brief)
    return f"{says}; out of it in too few readings to tell: {bad}"
