"""Numbers as a person reads them: always with their unit, never with more digits than they are worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from quell.incident.counting import say_count

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB")


def say_duration(seconds: float) -> str:
    """Return a length of time in at most two units: `350 ms`, `12.4 s`, `4 min 21 s`, `2 h 5 min`."""
    if seconds < 0:
        return f"-{say_duration(-seconds)}"
    if seconds == 0:
        return "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < MINUTE_S - 0.05:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < HOUR_S:
        return _two(whole, MINUTE_S, "min", 1, "s")
    if whole < DAY_S:
        return _two(whole, HOUR_S, "h", MINUTE_S, "min")
    return _two(whole, DAY_S, "d", HOUR_S, "h")


def _two(seconds: int, big_s: int, big: str, small_s: int, small: str) -> str:
    count, rest = divmod(seconds, big_s)
    return f"{count} {big} {rest // small_s} {small}" if rest // small_s else f"{count} {big}"


def say_value(value: float | None, unit: str) -> str:
    """Return a measured value with its unit; `ratio` becomes per cent, `s` and `bytes` a fitting size."""
    if value is None or not math.isfinite(value):
        return "no value"
    if unit == "ratio":
        return f"{value * 100:.3g} %" if abs(value) < 10 else f"{value * 100:.0f} %"
    if unit == "s":
        return say_duration(value)
    if unit == "bytes":
        return _say_bytes(value)
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def _say_bytes(value: float) -> str:
    for name in _BYTES[:-1]:
        if abs(value) < 1024:
            return f"{value:.3g} {name}" if abs(value) < 100 else f"{value:.0f} {name}"
        value /= 1024
    return f"{value:.3g} {_BYTES[-1]}"


def say_share(probability: float) -> str:
    """Return a probability in per cent; never 0 % or 100 % for something that is not quite so."""
    if 0 < probability < 0.01:
        return "under 1 %"
    if 0.99 < probability < 1:
        return "over 99 %"
    return f"{probability * 100:.0f} %"


def say_time(at: datetime) -> str:
    """Return the time of day: `13:58:04 UTC`."""
    return f"{at:%H:%M:%S} UTC"


def say_counts(counts: Mapping[str, int], *, total: int, kinds: int, named: int = 3) -> str:
    """
    Return the most frequent by name and the rest by number: `92 HighLatency and 5 of 2 other kinds`.

    Args:
        counts: by name; may leave rare ones out.
        total: of all names, also those left out.
        kinds: how many names there are in all.
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:named]
    said = ", ".join(f"{count:,} {name}" for name, count in ranked)
    others = kinds - len(ranked)
    if others <= 0:
        return said
    left = total - sum(count for _, count in ranked)
    return f"{said} and {left:,} of {say_count(others, 'other kind')}"
