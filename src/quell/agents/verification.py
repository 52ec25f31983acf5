"""Verification: are the indicators that were out of range back in their own normal range, and do they stay there?"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from quell.agents.case import Progress, gather
from quell.agents.indicators import KIND_OF, latest, say
from quell.evidence.source import EvidenceSource
from quell.incident.counting import say_count
from quell.incident.events import Checks, EvidenceKind, Indicator, Reading, Verified, Window

READ_BACK = timedelta(seconds=240)
"""Some readings even of a source that has one a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long verification watches."""

    within_s: float = 90.0
    """No recovery by then is `not_recovered`."""
    every_s: float = 1.0
    steady: int = 6
    """Readings in a row with every indicator in range that make it `recovered`."""
    worse: int = 8
    """Readings in a row with one indicator well past its worst that make it `worse`."""
    past_worst: float = 0.5
    """How far past its worst an indicator must be, as a share of its distance from normal at its worst."""

    def as_wanted(self, checks: Checks) -> Patience:
        """Return the patience that a runbook wants, where it says so."""
        return replace(
            self,
            within_s=self.within_s if checks.within_s is None else checks.within_s,
            steady=self.steady if checks.steady is None else checks.steady,
        )


def watched(
    indicators: Sequence[Indicator], services: Sequence[str], series: Sequence[str] = ()
) -> tuple[Indicator, ...]:
    """
    Return what to watch: the symptoms that raised the alerts, or all that was out of range when none matches.

    Args:
        series: watched in any case, as far as they were out of range.
    """
    symptoms = [one for one in indicators if one.service in services and KIND_OF[one.series].symptom]
    return (
        tuple(one for one in indicators if one in symptoms or one.series in series) if symptoms else tuple(indicators)
    )


async def never(worsened: frozenset[str]) -> bool:
    """Explain nothing."""
    return False


async def verify(
    indicators: Sequence[Indicator],
    sources: Sequence[EvidenceSource],
    *,
    clock: Callable[[], datetime],
    progress: Progress,
    patience: Patience,
    elsewhere: Callable[[frozenset[str]], Awaitable[bool]] = never,
) -> Verified:
    """
    Read the indicators until they are steadily back, clearly worse, or time is up.

    Args:
        elsewhere: asked of the services that got worse, whether something that the change cannot have touched explains
            it; then it is watched on.

    Returns: `recovered`, `worse`, `not_recovered`, or `unknown` when they could not be read at all.
    """
    begun = clock()
    steady = worse = 0
    readings: tuple[Reading, ...] = ()
    seen, read = False, -math.inf
    worsened: frozenset[str] = frozenset()
    while True:
        readings, newest = await _read(indicators, sources, clock())
        seen = seen or any(one.value is not None for one in readings)
        if newest > read:
            # Only what a source measured since counts: the same reading twice is no second one.
            steady = steady + 1 if all(one.in_range for one in readings) else 0
            past = past_worst(indicators, readings, patience.past_worst)
            worse, worsened = (worse + 1, worsened | past) if past else (0, past)
            read = newest
        elif not all(one.in_range for one in readings):
            steady = 0
        took_s = (clock() - begun).total_seconds()
        await progress(min(steady, patience.steady), patience.steady, _say_now(readings))
        if steady >= patience.steady:
            return _verdict("recovered", readings, took_s)
        if worse >= patience.worse:
            if not await elsewhere(worsened):
                return _verdict("worse", readings, took_s)
            worse, worsened = 0, frozenset()
        if took_s >= patience.within_s:
            return _verdict("not_recovered" if seen else "unknown", readings, took_s)
        await asyncio.sleep(patience.every_s)


async def _read(
    indicators: Sequence[Indicator], sources: Sequence[EvidenceSource], now: datetime
) -> tuple[tuple[Reading, ...], float]:
    """Return the readings, and when the newest of any series was taken, Unix seconds."""
    services = tuple(sorted({one.service for one in indicators}))
    window = Window(start=now - READ_BACK, end=now)
    telemetry = await gather(sources, window, kinds=(EvidenceKind.METRIC,), services=services, timeout_s=5.0)
    found = []
    for one in indicators:
        value = latest(telemetry, one.service, one.series, within_s=5.0)
        in_range = value is not None and (
            value <= one.normal_high if one.bad_when == "above" else value >= one.normal_low
        )
        found.append(
            Reading(
                service=one.service,
                series=one.series,
                unit=one.unit,
                value=None if value is None else round(value, 6),
                normal_low=one.normal_low,
                normal_high=one.normal_high,
                in_range=in_range,
            )
        )
    newest = max(
        (one.times[-1] for group in telemetry.series.values() for one in group if one.times), default=-math.inf
    )
    return tuple(found), newest


def past_worst(indicators: Sequence[Indicator], readings: Sequence[Reading], share: float) -> frozenset[str]:
    """Return the services with an indicator past its worst by a share of how far that was out of range."""
    found = set()
    for one, reading in zip(indicators, readings, strict=True):
        if reading.value is None or KIND_OF[one.series].trailing:
            continue
        edge = one.normal_high if one.bad_when == "above" else one.normal_low
        if np.sign(one.worst - edge) * (reading.value - one.worst) > share * abs(one.worst - edge) > 0:
            found.add(one.service)
    return frozenset(found)


def _say_now(readings: Sequence[Reading]) -> str:
    back = sum(one.in_range for one in readings)
    return f"{back} of {say_count(len(readings), 'indicator')} in range"


def _verdict(verdict: str, readings: tuple[Reading, ...], took_s: float) -> Verified:
    out = [one for one in readings if not one.in_range]
    if verdict == "recovered":
        says = f"recovered: {_all(len(readings))} back in the normal range after {took_s:.0f} s"
    elif verdict == "unknown":
        says = f"could not be verified: no reading within {took_s:.0f} s"
    else:
        word = "got worse" if verdict == "worse" else f"not recovered within {took_s:.0f} s"
        says = f"{word}: {'; '.join(_say_reading(one) for one in out[:3])}"
    return Verified(verdict=verdict, says=says, readings=readings, took_s=round(took_s, 1))


def _all(count: int) -> str:
    return "the one indicator is" if count == 1 else f"all {count} indicators are"


def _say_reading(one: Reading) -> str:
    kind = KIND_OF[one.series]
    value = "no reading" if one.value is None else say(one.value, one.unit)
    bound = one.normal_high if kind.bad_when == "above" else one.normal_low
    side = "up" if kind.bad_when == "above" else "down"
    return f"{one.service} {kind.says} {value} (normal: {side} to {say(bound, one.unit)})"
