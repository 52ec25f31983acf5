"""What is wrong with what somebody sent, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FAULTS_SAID = 5


def say_faults(faults: Sequence[Any]) -> str:
    """Return validation errors in words, at most five; what was sent is not repeated."""
    said = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults[:FAULTS_SAID]]
    more = len(faults) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")
