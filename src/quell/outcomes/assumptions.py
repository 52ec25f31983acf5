"""What only the customer can know: what a minute costs, what Quell costs, how fast is fast enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """
    One version of what the customer says; each part may be None, not given, and then nothing is made up for it.

    Raises: ValueError: a range that does not rise from above zero, half a range, or an amount below zero.
    """

    version: int
    """Rises by one with every change; 0 is nothing given yet."""
    cost_per_minute_low: float | None = None
    """The customer's 5th percentile of what a minute of an incident costs, in `currency`."""
    cost_per_minute_high: float | None = None
    """The 95th; between them it is log-normal."""
    currency: str = "USD"
    running_cost_month: float | None = None
    """Of running Quell, without models and services, in `currency`."""
    target_s: Mapping[str, float] | None = None
    """Seconds to restore by severity."""
    cost_cap: float | None = None
    """Dollars of models and services that a run may cost and still be clean."""
    set_by: str = ""
    set_at: datetime | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        low, high = self.cost_per_minute_low, self.cost_per_minute_high
        if (low is None) != (high is None):
            raise ValueError("the cost per minute is a range: give both its 5th and its 95th percentile")
        if low is not None and high is not None and not (0 < low <= high and isfinite(high)):
            raise ValueError("the cost per minute goes from above zero up")
        amounts = [self.running_cost_month, self.cost_cap]
        if any(one is not None and not (one >= 0 and isfinite(one)) for one in amounts):
            raise ValueError("a cost is a number, not below zero")
        if any(not (one > 0 and isfinite(one)) for one in (self.target_s or {}).values()):
            raise ValueError("a target is a number of seconds above zero")

    @property
    def cost_per_minute(self) -> tuple[float, float] | None:
        """5th and 95th percentile; None: not given."""
        low, high = self.cost_per_minute_low, self.cost_per_minute_high
        return None if low is None or high is None else (low, high)


NOT_GIVEN = Assumptions(version=0)
