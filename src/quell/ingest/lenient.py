"""Fields of an alert that are not quite as they should be: read as far as they can be, else dropped and said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from quell.errors import Malformed

NOTES = 8
"""Sentences kept of one alert."""
_EARLIEST_S, _LATEST_S = 1e8, 1e11


class Fields:
    """The fields of one alert, and what had to be said of them."""

    def __init__(self, raw: bytes | msgspec.Raw) -> None:
        """Raises: Malformed: it is no JSON object."""
        try:
            fields = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(str(error)) from error
        if not isinstance(fields, dict):
            raise Malformed("it is not an object")
        self._fields: dict[str, Any] = fields
        self.notes: list[str] = []

    def text(self, name: str) -> str:
        """Return a text; empty when it is not there, or dropped because it is none."""
        value = self._fields.get(name)
        if value is None or isinstance(value, str | int | float | bool):
            return text_of(value)
        self._drop(name, "no text")
        return ""

    def texts(self, name: str, *, needed: bool = False) -> dict[str, str]:
        """
        Return texts by name, values that are no text written as JSON.

        Raises: Malformed: it is needed and no object.
        """
        value = self._fields.get(name)
        if isinstance(value, dict):
            return {str(key): text_of(each) for key, each in value.items()}
        if needed:
            raise Malformed(f"its {name} are no object")
        if value is not None:
            self._drop(name, "no object")
        return {}

    def time(self, name: str) -> datetime | None:
        """Return a time out of ISO 8601 or Unix seconds or milliseconds; None without one that can be read."""
        value = self._fields.get(name)
        if value is None or value == "":
            return None
        try:
            number = float(value) if not isinstance(value, bool) else None
        except (TypeError, ValueError):
            number = None
        if number is not None:
            for unit_s in (1.0, 1e-3):
                if _EARLIEST_S < number * unit_s < _LATEST_S:
                    return datetime.fromtimestamp(number * unit_s, UTC)
        elif isinstance(value, str):
            try:
                return msgspec.convert(value.strip(), datetime)
            except msgspec.ValidationError:
                pass
        self._drop(name, "no time that can be read")
        return None

    def _drop(self, name: str, why: str) -> None:
        self.notes.append(f"Its {name} was dropped: it is {why}.")


def text_of(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return str(value)
    return msgspec.json.encode(value, order="sorted").decode()


MOST = 1_000_000_000
"""More alerts than this nobody holds back: a larger number is a sender's fault, and would not fit where it is shown."""


def count_of(value: Any) -> int:
    """Return a number of alerts, however it is written, at most `MOST`; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return min(max(0, int(value)), MOST)
    except (ValueError, OverflowError):
        return 0
