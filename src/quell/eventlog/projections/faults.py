"""What went wrong in what is only shown: counted and told, so that a broken view is seen and stops nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str, int, Exception], None]
"""Called with the part that failed, the position in the log (0 when it is of no single event) and the error."""


def _untold(part: str, position: int, error: Exception) -> None:
    """Tell nobody."""


class DisplayFaults:
    """
    Contains the failures of folds and channels that are only for display.

    Nothing that Quell decides or does may be folded inside `contain`: a fault there must stop it.
    """

    def __init__(self, tell: Tell = _untold) -> None:
        """
        Count from none.

        Args:
            tell: called for the first fault of a part and whenever their number has doubled: a view that fails of
                every event must not flood what it is told to.
        """
        self.counts: Counter[str] = Counter()
        """By part."""
        self.last = ""
        """The newest one, in words."""
        self._tell = tell

    @contextmanager
    def contain(self, part: str, position: int = 0) -> Iterator[None]:
        """Run what only shows something; what it raises is counted and told, and goes no further."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a view fails of, the log and the responses go on
            self.counts[part] += 1
            where = f" at position {position}" if position else ""
            self.last = f"{part}{where}: {type(error).__name__}: {error}"
            count = self.counts[part]
            if count & (count - 1) == 0:
                self._tell(part, position, error)
