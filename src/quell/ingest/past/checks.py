"""What every past incident must keep to, wherever it comes from: the same checks at the door and at the server's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from quell.errors import Malformed
from quell.incident.events import PastIncident
from quell.ingest.past.moments import EARLIEST, SKEW

ID_CHARACTERS, TITLE_CHARACTERS, NAME_CHARACTERS = 200, 300, 100
MOST_ALERTS = 1_000_000
LONGEST = timedelta(days=5 * 365 + 2)

SOURCE_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,49}$"
OWN_SOURCE = "quell"


def check_source(source: str) -> str:
    """Return the name of a source. Raises: Malformed: it cannot be one."""
    if not re.fullmatch(SOURCE_PATTERN, source) or source == OWN_SOURCE:
        raise Malformed(
            f"a source is named with 1 to 50 of a-z, 0-9, '.', '_' and '-', and not quell, so not {source[:60]!r}"
        )
    return source


def fault_in(past: PastIncident, now: datetime) -> str:
    """Return why an incident cannot have been so, in words that are the same for the same fault; empty when it can."""
    first = past.detected_at or past.started_at
    if first is None:
        return "neither a start nor a detection"
    if not past.id or len(past.id) > ID_CHARACTERS or not past.id.isprintable():
        return f"the id is not 1 to {ID_CHARACTERS} characters that can be shown"
    times = (past.started_at, past.detected_at, past.acknowledged_at, past.restored_at, past.closed_at)
    given = [at for at in times if at is not None]
    if max(given) > now + SKEW:
        return "a time is in the future"
    if min(given) < EARLIEST:
        return f"a time is before {EARLIEST.year}"
    return _fault_in_length(past, first)


def _fault_in_length(past: PastIncident, first: datetime) -> str:
    start = min(first, past.started_at or first)
    if past.restored_at is not None:
        if past.restored_at < max(first, past.started_at or first):
            return "the end is before the start"
        if past.restored_at == first:
            return "it lasted no time at all"
        if past.restored_at - start > LONGEST:
            return "it lasted more than 5 years"
    return ""
