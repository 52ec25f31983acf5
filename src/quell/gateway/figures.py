"""Figures of how the responses do, each with what it rests on; unknown until enough has happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quell.eventlog.projections.models import ReadModels
from quell.incident.events import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number, as far as it is known."""

    key: str
    value: float | None
    """None while too little has happened to say."""
    unit: str
    n: int
    """How many observations it rests on."""
    says: str


def figures(models: ReadModels) -> Iterator[Figure]:
    """Yield what is known now."""
    incidents = len(models.board)
    yield Figure(key="incidents_open", value=models.board.open, unit="incidents", n=incidents, says="incidents open")
    joined = models.board.alerts_joined
    yield Figure(key="alerts_joined", value=joined, unit="alerts", n=joined, says="alerts that joined an incident")
    for phase in Phase:
        took = models.agents.seconds.get(phase)
        runs = sum(took.counts) if took is not None else 0
        median_s = models.phase_median(phase)
        yield Figure(key=f"{phase}_median_s", value=median_s, unit="s", n=runs, says=f"median time to {phase}")
