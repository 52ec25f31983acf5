"""What the site's own resolved incidents say about how far diagnosis is to be believed."""

from __future__ import annotations

from quell.eventlog.projections.accuracy import AccuracyFold, Group
from quell.signals.calibration import Calibration

NEEDED = 30
"""Resolved incidents with known truth below which nothing is learned."""


class SiteCalibration:
    """
    Fits the map from diagnosis' scores to probabilities anew when incidents were resolved or their cause was told.

    Args:
        drills: learn from drills, at a site that has nothing else; else from real incidents. They are never mixed.
    """

    def __init__(self, *, drills: bool) -> None:
        self._group = Group.DRILLS if drills else Group.REAL
        self._version = -1
        self._map: Calibration | None = None

    def of(self, fold: AccuracyFold) -> Calibration | None:
        """Return the map for what is folded now; None below 30 incidents."""
        if fold.version != self._version:
            self._version = fold.version
            pairs = fold.pairs(self._group)
            enough = len(pairs) >= NEEDED
            self._map = Calibration.fit([one.score for one in pairs], [one.right for one in pairs]) if enough else None
        return self._map
