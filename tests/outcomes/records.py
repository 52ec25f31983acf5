"""Records of incidents for tests: a good one, changed where a test says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from quell.outcomes.record import Clock, Origin, OutcomeRecord, RestoredBy, Stamp

DAY = datetime(2026, 11, 2, tzinfo=UTC)
"""A Monday."""


def at(minutes: float, clock: Clock = Clock.MACHINE) -> Stamp:
    """So many minutes into the day."""
    return Stamp(at=DAY + timedelta(minutes=minutes), clock=clock)


def record(**changes: Any) -> OutcomeRecord:
    """An incident that Quell restored after 30 minutes, with nothing missing."""
    good = OutcomeRecord(
        id="I1",
        title="Inventory errors",
        service="inventory",
        team="shop",
        severity="SEV2",
        origin=Origin.REAL,
        source="quell",
        started=at(0),
        detected=at(1),
        acknowledged=at(2),
        acknowledged_by="agent",
        restored=at(31),
        closed=at(60),
        restored_by=RestoredBy.QUELL,
        attempts=1,
        verified=1,
        alerts=3,
        followed_up=True,
        cost_usd=0.2,
    )
    return replace(good, **changes)
