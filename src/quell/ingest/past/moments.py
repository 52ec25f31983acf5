"""Times as other tools write them, to aware UTC."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from quell.ingest.past.dates import Ambiguous, Order, read_date

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=5)
"""So much another clock may be ahead of ours."""

_UNIX = re.compile(r"-?\d{9,11}(\.\d{1,9})?")
_UNIX_MS = re.compile(r"\d{12,13}")
_MOMENT_CHARACTERS = 60


class BadTime(ValueError):
    """A text that is not one moment; `args[0]` says why, without the text."""


def read_moment(
    text: str, zone: ZoneInfo | None, *, order: Order | None = None, pattern: str | None = None
) -> datetime:
    """
    Return the moment that a text names.

    Args:
        text: ISO 8601 with or without a zone, Unix seconds or milliseconds, or a date as `dates` reads it.
        zone: where a time without a zone was written; None refuses those.
        order: whether the day or the month comes first where both are numbers.
        pattern: of `strptime`; what fits it is read so, before all else.

    Raises: BadTime: it cannot be read, has no zone, or its clock showed it twice or never (summer time).
    """
    text = text.strip()
    if len(text) > _MOMENT_CHARACTERS:
        raise BadTime("is not a time")
    if _UNIX_MS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1e3, UTC)
    if _UNIX.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    at = _read(text, order, pattern)
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC)
        if zone is None:
            raise BadTime("has no time zone: say where it was written with --time-zone")
        return _local(at, zone)
    except OverflowError:
        raise BadTime("is not a time") from None


def _read(text: str, order: Order | None, pattern: str | None) -> datetime:
    """Return the time that a text says, aware if it has a zone. Raises: BadTime."""
    if pattern is not None:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone follows
    iso = text[:-4].rstrip() + "Z" if text.endswith((" UTC", " GMT")) else text
    try:
        date: datetime | None = datetime.fromisoformat(iso)
    except ValueError:
        date = None
    if date is not None:
        if len(iso) <= 10:
            raise BadTime("is a date without a time")
        return date
    try:
        date = read_date(text, order)
    except Ambiguous:
        raise BadTime("may be day/month or month/day: say --date-format") from None
    except ValueError:
        date = None
    if date is None:
        raise BadTime("is not a time")
    return date


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which a clock of the zone showed a time, if there is exactly one."""
    first, second = (at.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return moment
    if moment.astimezone(zone).replace(tzinfo=None) == at:
        raise BadTime("was on the clock twice, when summer time ended")
    raise BadTime("was never on the clock, since summer time began")
