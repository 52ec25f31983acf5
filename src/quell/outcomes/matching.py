"""Strata of two groups side by side, with enough of each group in every stratum to compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quell.outcomes.survival import Durations, pooled

FEWEST = 6
"""Ended in each group of a stratum; smaller strata join the next larger one."""

NOTHING = Durations(ended_s=np.zeros(0), open_s=np.zeros(0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """One stratum of both groups."""

    names: tuple[str, ...]
    """Of the strata that were joined in it."""
    first: Durations
    second: Durations

    @property
    def smaller(self) -> int:
        """Ended in the group that has fewer."""
        return min(self.first.ended_s.size, self.second.ended_s.size)


def matched(
    first: Mapping[str, Durations], second: Mapping[str, Durations], *, fewest: int = FEWEST
) -> tuple[Pair, ...]:
    """
    Return the strata of both groups, in the order of their names; small ones joined, the smallest with the next.

    Which ones join hangs on how many there are and never on how long they took, so a comparison stays fair. One pair
    is left at least, however small; none without any incident.
    """
    names = sorted({*first, *second})
    pairs = [Pair(names=(name,), first=first.get(name, NOTHING), second=second.get(name, NOTHING)) for name in names]
    pairs = [pair for pair in pairs if _count(pair) > 0]
    while len(pairs) > 1 and min(pair.smaller for pair in pairs) < fewest:
        order = sorted(range(len(pairs)), key=lambda i: (pairs[i].smaller, _count(pairs[i]), i))
        low, high = sorted(order[:2])
        gone = pairs.pop(high)
        kept = pairs[low]
        pairs[low] = Pair(
            names=(*kept.names, *gone.names),
            first=pooled((kept.first, gone.first)),
            second=pooled((kept.second, gone.second)),
        )
    return tuple(pairs)


def _count(pair: Pair) -> int:
    return sum(part.ended_s.size + part.open_s.size for part in (pair.first, pair.second))
