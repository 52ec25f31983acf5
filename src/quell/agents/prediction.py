"""Prediction: what happens if nothing is done, and whom it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quell.agents.case import Case, Telemetry
from quell.agents.indicators import Measured, as_evidence, find, measure, say
from quell.incident.events import Diagnosis, Evidence, Forecast, Prediction
from quell.signals.forecast import time_to

LEVEL = 0.9
HORIZON_S = 3600.0

LIMITED = {"memory_use": "memory limit", "pool_use": "pool size"}
"""Indicators that run out at 1, and what that is called."""


def predict(case: Case, telemetry: Telemetry, diagnosis: Diagnosis | None) -> Prediction:
    """
    Forecast exhaustion and say how far the trouble reaches.

    Returns: forecasts only where a series heads for its limit within the hour; no forecast is an answer too.
    """
    measured = measure(telemetry, case)
    suspects = _suspects(case, diagnosis)
    forecasts, evidence = _forecasts(case, telemetry, measured, suspects)
    root = suspects[0] if suspects else None
    reached = callers_of(root, telemetry.edges) if root else ()
    share = _failing_share(measured, telemetry.edges)
    return Prediction(
        says=_say(forecasts, root, reached, share, bool(telemetry.edges)),
        forecasts=tuple(forecasts),
        blast_services=reached,
        blast_share=share,
        evidence=tuple(evidence),
        gaps=telemetry.gaps,
    )


def _suspects(case: Case, diagnosis: Diagnosis | None) -> tuple[str, ...]:
    named = [one.service for one in diagnosis.hypotheses] if diagnosis else []
    return tuple(dict.fromkeys([*named, *case.services]))


def _forecasts(
    case: Case, telemetry: Telemetry, measured: Sequence[Measured], suspects: Sequence[str]
) -> tuple[list[Forecast], list[Evidence]]:
    forecasts: list[Forecast] = []
    evidence: list[Evidence] = []
    for service in suspects:
        for name, limit_is in LIMITED.items():
            one = find(measured, service, name)
            if one is None or not one.out_of_range():
                continue
            made = _forecast(one, limit_is, case.now, f"E{case.pieces + len(evidence) + 1}")
            if made is None:
                continue
            says = _say_forecast(made)
            number = case.pieces + len(evidence) + 1
            evidence.append(as_evidence(one, number, says=says, since=None, window=telemetry.window))
            forecasts.append(made)
    return forecasts, evidence


def _forecast(one: Measured, limit_is: str, now: datetime, evidence_id: str) -> Forecast | None:
    outlook = time_to(one.times, one.values, 1.0, level=LEVEL, now=now.timestamp(), horizon_s=HORIZON_S)
    if outlook is None:
        return None
    return Forecast(
        service=one.service,
        series=one.kind.name,
        unit=one.kind.unit,
        limit=1.0,
        limit_is=limit_is,
        in_s=round(outlook.in_s, 1),
        low_s=round(outlook.low_s, 1),
        high_s=None if outlook.high_s is None else round(outlook.high_s, 1),
        level=LEVEL,
        method=outlook.method,
        made_at=now,
        evidence_id=evidence_id,
    )


def callers_of(service: str, edges: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the services that call one, directly or through others: nearest first, then by name."""
    found: dict[str, None] = {}
    nearest = {service}
    while nearest:
        nearest = {caller for caller, callee in edges if callee in nearest} - found.keys() - {service}
        found |= dict.fromkeys(sorted(nearest))
    return tuple(found)


def _failing_share(measured: Sequence[Measured], edges: Sequence[tuple[str, str]]) -> float | None:
    """Return the share of the entries' requests that fail now above normal; None when it was not measured."""
    called = {callee for _, callee in edges}
    entries = {caller for caller, _ in edges} - called
    shares = []
    for entry in sorted(entries):
        one = find(measured, entry, "error_ratio")
        if one is not None and one.normal is not None and one.recent().size:
            shares.append(max(float(one.recent().mean()) - one.normal.center, 0.0))
    return round(max(shares), 4) if shares else None


def _say_forecast(made: Forecast) -> str:
    if not made.in_s:
        return f"{made.service}: {made.limit_is} reached"
    upper = "no upper bound" if made.high_s is None else f"to {_minutes(made.high_s)}"
    return f"{made.service}: {made.limit_is} reached in {_minutes(made.in_s)} ({_minutes(made.low_s or 0)} {upper})"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _say(
    forecasts: Sequence[Forecast], root: str | None, reached: Sequence[str], share: float | None, mapped: bool
) -> str:
    parts = [_say_forecast(made) for made in forecasts[:2]]
    if not forecasts:
        parts.append("nothing heads for a limit within the hour")
    if root and reached:
        parts.append(f"reaches {', '.join(reached)}, which call {root}")
    elif root and mapped:
        parts.append(f"nothing calls {root}")
    else:
        parts.append("how far it reaches is unknown: no call was seen in the telemetry")
    if share is not None:
        parts.append(f"{say(share, 'ratio')} of requests at the entry fail because of it")
    return "; ".join(parts)
