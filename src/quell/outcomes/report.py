"""The shape of a report: every figure with its interval, what it rests on, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from quell.outcomes.estimate import Estimate
from quell.outcomes.quality import Confidence, Share
from quell.outcomes.record import Origin
from quell.outcomes.rolling import RollingDay
from quell.outcomes.savings import Savings
from quell.outcomes.sentence import Sentence
from quell.outcomes.trend import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a report."""

    key: str
    """Of its definition: `time_to_restore`; see `definitions.py`."""
    title: str
    estimate: Estimate
    confidence: Confidence
    k: int | None = None
    """Of a share: how many, of `estimate.n`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Incidents of the window, by what became of them."""

    handled: int
    """Ended; false alarms and merged ones are not among them."""
    open: int
    restored_by: Mapping[str, int]
    """Of the ended ones, by `quell`, `person`, `itself`, `unknown`."""
    prevented: int
    """Forecast breaches, acted upon before they were due, that turned back."""
    reopened: int
    false_alarms: int
    merged: int
    attempts: int
    """Eligible attempts of Quell to mend something."""
    verified: int
    undecided: int
    """Attempts of which it is not known whether they helped; they count as attempts and not as verified."""
    held_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Incidents that a figure leaves out, and why."""

    why: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityView:
    """How good the records of the window are."""

    value: float | None
    shares: tuple[Share, ...]
    worst: str
    """In words; empty when nothing is wrong."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """The figures of one kind of incident."""

    name: str
    """Empty: not known."""
    n: int
    open: int
    figures: tuple[Figure, ...]
    """Time to restore, verified success, clean runs, as far as there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How incidents of one kind went that began in a window."""

    as_of: datetime
    window_days: int
    """0: all that is known."""
    start: datetime | None
    """Of the window; None: all that is known."""
    origin: Origin
    exact: bool
    """Computed from every incident; False: from the day sketches, within the error that the figures say."""
    sentence: Sentence
    figures: tuple[Figure, ...]
    """
    `time_to_restore` (median), `geometric_mean`, `capped_mean`, `percentile_90`, `time_to_detect`,
    `time_to_acknowledge`, `time_to_close`, `mtbf`, `verified_success`, `clean_runs`, `spend_per_recovery`.
    """
    counts: Counts
    quality: QualityView
    clean_failed: Mapping[str, int]
    """How many runs failed each part of the clean-run score."""
    excluded: tuple[Exclusion, ...]
    by: str
    """What the strata are: `severity`, `service`, `team`, `restored_by`; empty: none were asked for."""
    strata: tuple[Stratum, ...]
    others: Mapping[str, int]
    """Incidents of the other origins in the same window: `drill`, `maintenance`, `real`."""
    assumptions_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One incident on the picture of the last 90 days."""

    id: str
    title: str
    service: str
    severity: str
    began_at: datetime
    lasted_s: float
    """Until its impact ended, or until now."""
    open: bool
    restored_by: str
    imported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """One of the last things that happened, for the row at the end of the executives' page."""

    id: str
    title: str
    at: datetime
    did: str
    """What was done: `rolled back inventory`; empty: nothing by Quell."""
    restored_by: str
    lasted_s: float | None
    prevented: bool
    imported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendReport:
    """The word of the week, and what is drawn beside it."""

    as_of: datetime
    origin: Origin
    decided_at: datetime
    decision: Decision
    until: datetime
    """Where the line and the dots end; the decision and the last deeds are those of `as_of`."""
    line: tuple[RollingDay, ...]
    dots: tuple[Dot, ...]
    """The newest 2,000 of the days of the line, oldest first."""
    dots_left_out: int
    did: tuple[Did, ...]
    """The last five, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsReport:
    """What was saved in a window."""

    as_of: datetime
    window_days: int
    origin: Origin
    savings: Savings
