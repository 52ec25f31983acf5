"""Which incidents began when and how long they took, as it was known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from quell.outcomes.record import OutcomeRecord
from quell.outcomes.survival import SHORTEST_OPEN_S, Array, Durations

DAY_S = 86_400.0
Names = npt.NDArray[np.str_]


def by_severity(record: OutcomeRecord) -> str:
    """
    The stratum of a record unless the caller has a better one.

    Strata are what is known when an incident begins. Who restored it is no stratum of a comparison over time: more
    incidents restored by Quell is the change that one looks for, and within "by Quell" it cannot be seen.
    """
    return record.severity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """
    Incidents in the order in which they were detected.

    Raises: ValueError: the arrays differ in length.
    """

    began_s: Array
    """(n,) Unix seconds at which each was detected, rising."""
    ended_s: Array
    """(n,) Unix seconds at which its impact ended; infinite while it is open."""
    stratum: Names
    """(n,)"""

    def __post_init__(self) -> None:
        if not self.began_s.size == self.ended_s.size == self.stratum.size:
            raise ValueError("every incident has a beginning, an end and a stratum")

    @classmethod
    def of(
        cls, began_s: Sequence[float] | Array, ended_s: Sequence[float] | Array, stratum: Sequence[str] | None = None
    ) -> Timeline:
        """Take them in any order; those that ended before they began are left out."""
        began, ended = np.asarray(began_s, float), np.asarray(ended_s, float)
        names = np.full(began.size, "") if stratum is None else np.asarray(stratum, dtype=np.str_)
        some = np.flatnonzero(ended > began)
        order = some[np.argsort(began[some], kind="stable")]
        return cls(began_s=began[order], ended_s=ended[order], stratum=names[order])

    def known_at(self, at: datetime) -> Timeline:
        """What had begun before a moment; an end after it was not known yet."""
        now = at.timestamp()
        upto = int(np.searchsorted(self.began_s, now))
        ended = self.ended_s[:upto]
        return Timeline(
            began_s=self.began_s[:upto],
            ended_s=np.where(ended <= now, ended, np.inf),
            stratum=self.stratum[:upto],
        )

    def between(self, start: datetime, end: datetime, *, as_of: datetime) -> dict[str, Durations]:
        """
        Durations by stratum of those that began from `start` until before `end`.

        Args:
            as_of: how long the open ones have lasted is counted until here; a later end counts as open.
        """
        now = as_of.timestamp()
        first, last = np.searchsorted(self.began_s, [start.timestamp(), end.timestamp()])
        began, ended, names = self.began_s[first:last], self.ended_s[first:last], self.stratum[first:last]
        over = ended <= now
        lasted = np.where(over, ended, now) - began
        return {
            str(name): Durations(
                ended_s=lasted[over & (names == name)],
                open_s=np.maximum(lasted[~over & (names == name)], SHORTEST_OPEN_S),
            )
            for name in np.unique(names)
        }
