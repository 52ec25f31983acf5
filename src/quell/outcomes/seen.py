"""Which imported incidents are known, in 8 bytes each."""

from __future__ import annotations

import hashlib

import numpy as np

LOOSE = 4_096
"""Ids that are kept in a set before they are sorted in with the others."""


class SeenIds:
    """A set of texts that can be asked and added to; it may take one in 10^12 for another, at a million."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._sorted = np.empty(0, np.uint64)
        self._loose: set[int] = set()

    def __len__(self) -> int:
        return self._sorted.size + len(self._loose)

    def __contains__(self, text: str) -> bool:
        return self._has(_number(text))

    def _has(self, number: int) -> bool:
        if number in self._loose:
            return True
        at = int(self._sorted.searchsorted(np.uint64(number)))
        return at < self._sorted.size and int(self._sorted[at]) == number

    def add(self, text: str) -> bool:
        """Take a text in; return whether it was not there."""
        number = _number(text)
        if self._has(number):
            return False
        self._loose.add(number)
        if len(self._loose) >= LOOSE + self._sorted.size // 16:
            fresh = np.fromiter(self._loose, np.uint64, len(self._loose))
            self._sorted = np.sort(np.concatenate([self._sorted, fresh]))
            self._loose.clear()
        return True


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
