"""Prediction: what happens if nothing is done, and whom it reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from quell.agents.case import Case, Telemetry
from quell.agents.indicators import Measured, as_evidence, find, latest, measure, say
from quell.incident.events import Cause, Diagnosis, Evidence, Forecast, Prediction, Recurrence
from quell.signals.forecast import time_to

LEVEL = 0.9
HORIZON_S = 3600.0

LEAST_SEEN = 3
"""Fewer earlier incidents than this say nothing of how often they come."""

AHEAD_S = 7 * 86_400.0

TREND_S = 60.0
"""What runs out soon shows in so many of the latest seconds."""

RATE_S = 30.0
"""A rate of requests older than this does not weigh."""

LIMITED = {"memory_use": "memory limit", "pool_use": "pool size", "disk_use": "disk quota"}
"""Indicators that run out at 1, and what that is called."""


def predict(case: Case, telemetry: Telemetry, diagnosis: Diagnosis | None, past: Sequence[datetime] = ()) -> Prediction:
    """
    Forecast exhaustion and say how far the trouble reaches.

    Args:
        past: when other incidents had the same cause at the same service.

    Returns: forecasts only where a series heads for its limit within the hour; no forecast is an answer too.
    """
    measured = measure(telemetry, case)
    suspects = _suspects(case, diagnosis)
    forecasts, evidence = _forecasts(case, telemetry, measured, suspects)
    best = diagnosis.hypotheses[0] if diagnosis and diagnosis.hypotheses and not diagnosis.abstained else None
    root = best.service if best is not None else next(iter(case.services), None)
    reached = callers_of(root, telemetry.edges) if root else ()
    share = _failing_share(measured, telemetry)
    again = recurrence(best.service, best.cause, past, case.now) if best is not None else None
    says = _say(forecasts, root, reached, share, bool(telemetry.edges))
    return Prediction(
        says=says if again is None else f"{says}; {_say_again(again)}",
        recurrence=again,
        forecasts=tuple(forecasts),
        blast_services=reached,
        blast_share=share,
        evidence=tuple(evidence),
        gaps=telemetry.gaps,
    )


def recurrence(service: str, cause: Cause, past: Sequence[datetime], now: datetime) -> Recurrence | None:
    """
    Say how likely a cause is to come back within a week, from when it came before.

    Returns: None below 3 earlier incidents, or when they are not spread over any time.
    Source: the conjugate posterior of a Poisson rate with the prior of Jeffreys, Gamma(n + 1/2, time); an incident of
        its own begins the time and is not counted.
    """
    if len(past) < LEAST_SEEN:
        return None
    over_s = (now - min(past)).total_seconds()
    if over_s <= 0:
        return None
    from scipy.stats import gamma  # a second to load, and only where there is a past

    count = len(past) - 1
    rates = gamma.ppf((0.05, 0.5, 0.95), count + 0.5, scale=1 / over_s)
    low, chance, high = (1 - math.exp(-float(rate) * AHEAD_S) for rate in rates)
    return Recurrence(
        service=service,
        cause=cause,
        seen=len(past),
        over_s=round(over_s, 1),
        within_s=AHEAD_S,
        chance=round(chance, 4),
        low90=round(low, 4),
        high90=round(high, 4),
    )


def _say_again(one: Recurrence) -> str:
    return (
        f"{one.cause.value.replace('_', ' ')} of {one.service} came {one.seen} times before: "
        f"{100 * one.chance:.0f} % ({100 * one.low90:.0f} to {100 * one.high90:.0f} %) to come back within a week"
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
            made = forecast_of(one, limit_is, case.now, evidence_id=f"E{case.pieces + len(evidence) + 1}")
            if made is None:
                continue
            says = _say_forecast(made)
            number = case.pieces + len(evidence) + 1
            evidence.append(as_evidence(one, number, says=says, since=None, window=telemetry.window))
            forecasts.append(made)
    return forecasts, evidence


def forecast_of(
    one: Measured,
    limit_is: str,
    now: datetime,
    *,
    evidence_id: str = "",
    horizon_s: float = HORIZON_S,
    trend_s: float | None = None,
) -> Forecast | None:
    """
    Forecast when an indicator reaches 1, its limit; None when it is not heading there.

    Args:
        trend_s: read the trend from so many of the latest seconds only.
    """
    late = slice(None) if trend_s is None else one.times > one.times[-1] - trend_s
    outlook = time_to(one.times[late], one.values[late], 1.0, level=LEVEL, now=now.timestamp(), horizon_s=horizon_s)
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


def running_out(one: Measured | None, now: datetime, *, horizon_s: float = HORIZON_S) -> Forecast | None:
    """
    Forecast when a limited indicator that has left its normal range reaches its limit.

    Returns: None when it is in its range or not heading there within the horizon, and where the forecast has no upper
        bound: a trend that may be none is no forecast.
    """
    if one is None or one.kind.name not in LIMITED or not one.out_of_range():
        return None
    made = forecast_of(one, LIMITED[one.kind.name], now, horizon_s=horizon_s, trend_s=TREND_S)
    return made if made is not None and made.in_s and made.high_s is not None else None


def callers_of(service: str, edges: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the services that call one, directly or through others: nearest first, then by name."""
    found: dict[str, None] = {}
    nearest = {service}
    while nearest:
        nearest = {caller for caller, callee in edges if callee in nearest} - found.keys() - {service}
        found |= dict.fromkeys(sorted(nearest))
    return tuple(found)


def _failing_share(measured: Sequence[Measured], telemetry: Telemetry) -> float | None:
    """
    Return the share of the entries' requests that fail now above normal; None when it was not measured.

    Entries weigh by their requests; where the rate of one is unknown, all weigh the same.
    """
    called = {callee for _, callee in telemetry.edges}
    entries = {caller for caller, _ in telemetry.edges} - called
    shares, weights = [], []
    for entry in sorted(entries):
        one = find(measured, entry, "error_ratio")
        if one is not None and one.judged and one.recent().size:
            usual = one.normal.center if one.normal is not None else 0.0
            shares.append(max(float(one.recent().mean()) - usual, 0.0))
            weights.append(latest(telemetry, entry, "request_rate", within_s=RATE_S))
    if not shares:
        return None
    rates = [weight for weight in weights if weight is not None]
    total = sum(rates)
    if len(rates) < len(shares) or total <= 0:
        return round(sum(shares) / len(shares), 4)
    return round(sum(share * rate for share, rate in zip(shares, rates, strict=True)) / total, 4)


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
        parts.append(f"{say(share, 'ratio')} of requests at the entry fail, beyond what is usual")
    return "; ".join(parts)
