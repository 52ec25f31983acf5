"""Times as other tools write them, to aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=5)
"""So much another clock may be ahead of ours."""

_UNIX = re.compile(r"-?\d{9,11}(\.\d{1,9})?")
_MOMENT_CHARACTERS = 40


class BadTime(ValueError):
    """A text that is not one moment; `args[0]` says why, without the text."""


def read_moment(text: str, zone: ZoneInfo | None) -> datetime:
    """
    Return the moment that a text names.

    Args:
        text: ISO 8601 with or without a zone, or Unix seconds.
        zone: where a time without a zone was written; None refuses those.

    Raises: BadTime: it cannot be read, has no zone, or its clock showed it twice or never (summer time).
    """
    text = text.strip()
    if len(text) > _MOMENT_CHARACTERS:
        raise BadTime("is not a time")
    if _UNIX.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    if text.endswith((" UTC", " GMT")):
        text = text[:-4].rstrip() + "Z"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadTime("is not a time") from None
    if len(text) <= 10:
        raise BadTime("is a date without a time")
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC)
        if zone is None:
            raise BadTime("has no time zone")
        return _local(at, zone)
    except OverflowError:
        raise BadTime("is not a time") from None


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which a clock of the zone showed a time, if there is exactly one."""
    first, second = (at.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return moment
    if moment.astimezone(zone).replace(tzinfo=None) == at:
        raise BadTime("was on the clock twice, when summer time ended")
    raise BadTime("was never on the clock, since summer time began")
