"""
Dates as other tools write them: `12/Mar/26 3:04 PM`, `13.03.2026 15:04`, `2026/03/13 15:04:05`.

Which of two numbers is the day is never guessed: a file settles it by a number over 12, or a person says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from quell.errors import Malformed


class Order(StrEnum):
    """Which comes first where both are numbers."""

    DAY = "day-first"
    MONTH = "month-first"


_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv enero ene gennaio gen januari janeiro",
            "feb february februar fevrier fevr febrero febbraio februari fevereiro fev",
            "mar march marz maerz mrz mars marzo maart mrt marco",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio mag mei maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet juil julio luglio lug julho",
            "aug august aout agosto ago augustus",
            "sep sept september septembre septiembre settembre set setembro",
            "oct october oktober okt octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dezember dez decembre diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
"""Month names of English, German, French, Spanish, Italian, Dutch and Portuguese, without accents."""
_ACCENTS = str.maketrans("äáàâéèêíìîóòôöúùûüç", "aaaaeeeiiioooouuuuc")

_CLOCK = (
    r"(?:,?\s+|T)(?:um\s+|at\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?:\s*(?P<half>[ap])\.?\s?m\.?)?(?P<zone>\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
)
_SEPARATED = re.compile(
    r"(?P<one>\d{1,4})(?P<by>[/.-])(?P<two>\d{1,2})(?P=by)(?P<three>\d{1,4})" + _CLOCK, re.IGNORECASE
)
_NAMED = re.compile(
    r"(?:[^\W\d]{2,10}\.?,?\s+)??(?:(?P<day>\d{1,2})\.?[\s/-]+(?P<month>[^\W\d]{3,10})\.?|"
    r"(?P<month2>[^\W\d]{3,10})\.?[\s/-]+(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?)"
    r"[\s/-]+(?P<year>\d{4}|\d{2})" + _CLOCK,
    re.IGNORECASE,
)
_JAVA = (
    ("yyyy", "%Y"), ("yy", "%y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("hh", "%I"),
    ("mm", "%M"), ("ss", "%S"), ("M", "%m"), ("d", "%d"), ("H", "%H"), ("h", "%I"), ("m", "%M"), ("s", "%S"),
    ("a", "%p"), ("Z", "%z"), ("X", "%z"),
)  # fmt: skip
_PARTS = re.compile("|".join(token for token, _ in _JAVA))


@dataclass(slots=True, kw_only=True)
class DateFormat:
    """How a file writes its dates."""

    order: Order | None = None
    """For all columns, as a person said it."""
    pattern: str | None = None
    """As of `strptime`, which goes before all else."""
    of_column: dict[str, Order] = field(default_factory=dict)
    """By field, as its column settles it."""

    def order_in(self, column: str) -> Order | None:
        """Return which comes first in a column; None: it is not known."""
        return self.order or self.of_column.get(column)


def read_format(text: str | None) -> DateFormat:
    """
    Return what a person says of the dates: an order, a pattern of `strptime`, or one like Jira's `dd/MMM/yy h:mm a`.

    Raises: Malformed: it is none of those, or has no day, month, year, hour or minute.
    """
    if text is None:
        return DateFormat()
    if text in tuple(Order):
        return DateFormat(order=Order(text))
    letters = dict(_JAVA)
    pattern = text if "%" in text else _PARTS.sub(lambda found: letters[found[0]], text)
    found = set(re.findall(r"%([A-Za-z])", pattern))
    whole = all(found & set(one) for one in ("dcx", "mbBcx", "Yycx", "HIcX", "McX"))
    if "I" in found and "p" not in found:
        whole = False
    try:
        datetime.strptime(datetime(2026, 3, 12, 15, 4, 5, tzinfo=UTC).strftime(pattern), pattern)  # noqa: DTZ007
    except (ValueError, re.error):
        whole = False
    if not whole:
        raise Malformed(
            f"the date format {text[:60]!r} is none: say day-first, month-first, or a pattern with day, month, year, "
            "hour and minute such as '%d/%b/%y %I:%M %p' or 'dd/MMM/yy h:mm a'"
        )
    return DateFormat(pattern=pattern)


def read_date(text: str, order: Order | None) -> datetime | None:
    """
    Return the time that a text names, aware if it has a zone; None when it has none of the shapes known here.

    Raises: Ambiguous: it may be one of two days. ValueError: there is no such day or time.
    """
    named = _NAMED.fullmatch(text)
    if named is not None:
        month = _MONTHS.get((named["month"] or named["month2"]).lower().translate(_ACCENTS))
        if month is None:
            return None
        return _time(named, _year(named["year"]), month, int(named["day"] or named["day2"]))
    found = _SEPARATED.fullmatch(text)
    if found is None:
        return None
    one, two = int(found["one"]), int(found["two"])
    if len(found["one"]) == 4:
        return _time(found, one, two, int(found["three"])) if len(found["three"]) <= 2 else None
    if len(found["one"]) == 3 or len(found["three"]) not in (2, 4):
        return None
    order = _settled(found["by"], one, two) or order or (Order.DAY if one == two else None)
    if order is None:
        raise Ambiguous
    day, month = (one, two) if order is Order.DAY else (two, one)
    return _time(found, _year(found["three"]), month, day)


class Ambiguous(ValueError):
    """A date that is one of two days, and nothing says which."""


def order_shown(text: str) -> Order | None:
    """Return what a date shows of the order in which its column is written; None when it shows nothing."""
    found = _SEPARATED.fullmatch(text.strip())
    if found is None or len(found["one"]) > 2:
        return None
    return _settled(found["by"], int(found["one"]), int(found["two"]))


def is_ambiguous(text: str) -> bool:
    """Return whether a date by itself may be one of two days."""
    try:
        read_date(text.strip(), None)
    except Ambiguous:
        return True
    except ValueError:
        return False
    return False


class Columns:
    """What the columns of a file show of the order of day and month, one value at a time."""

    def __init__(self) -> None:
        self._shown: dict[str, set[Order]] = {}
        self._ambiguous: dict[str, str] = {}
        """By field, the first date that needs an order."""

    def note(self, column: str, text: str) -> None:
        """Look at one value of a column."""
        shown = order_shown(text)
        if shown is not None:
            self._shown.setdefault(column, set()).add(shown)
        elif column not in self._ambiguous and is_ambiguous(text):
            self._ambiguous[column] = text.strip()[:40]

    def settled(self, given: DateFormat) -> DateFormat:
        """
        Return the format with the order of each column that shows one.

        Raises: Malformed: a column needs an order and shows none, or two; a person did not say it.
        """
        if given.order is not None or given.pattern is not None:
            return given
        for column, text in self._ambiguous.items():
            shown = self._shown.get(column, set())
            if len(shown) != 1:
                why = "no row of its column shows which" if not shown else "its column has rows of both orders"
                raise Malformed(
                    f"{column} {text!r} may be day/month or month/day, and {why}: say --date-format day-first or "
                    "--date-format month-first"
                )
        settled = {column: next(iter(shown)) for column, shown in self._shown.items() if len(shown) == 1}
        return DateFormat(of_column=settled)


def _settled(by: str, one: int, two: int) -> Order | None:
    """Return what two numbers show; 05/05 is the same day either way and shows nothing of the others."""
    # Dates with dots have the day first wherever they are written.
    if by == "." or one > 12:
        return Order.DAY
    return Order.MONTH if two > 12 else None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 69 else 1900)


def _time(found: re.Match[str], year: int, month: int, day: int) -> datetime:
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError("no such hour")
    if half:
        hour = hour % 12 + 12 * (half == "p")
    minute, second = int(found["minute"]), int(found["second"] or 0)
    at = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is not known here
    zone = (found["zone"] or "").strip().upper()
    if not zone:
        return at
    return datetime.fromisoformat(at.isoformat() + ("+00:00" if zone in ("Z", "UTC", "GMT") else zone))
