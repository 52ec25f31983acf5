"""Changes a recording as sites differ: the alert is early or late, values are missing, names and units are others."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from quell.incident.events import Series
from quell_bench.accuracy.recording import Recording

MISSING_SHARE = 0.2


def shifted(recording: Recording, steps: int) -> Recording:
    """
    Let the alert come so many readings later, or, negative, earlier.

    The agents look as long after a late alert as they would have, as far as the recording goes. After an early one
    they look when they would have anyway: before that the fault may not even have begun.
    """
    by_s = steps * recording.step_s
    now_s = min(recording.now_s + max(by_s, 0.0), recording.ends_s)
    return replace(recording, alert_at_s=recording.alert_at_s + by_s, now_s=now_s)


def thinned(recording: Recording) -> Recording:
    """Lose a fifth of the values, spans and log lines; the same ones for the same recording."""
    rng = np.random.default_rng(zlib.crc32(f"{recording.alert_at_s}".encode()))

    def kept(count: int) -> list[bool]:
        return [bool(one) for one in rng.random(count) >= MISSING_SHARE]

    return replace(
        recording,
        series=[_without(one, kept(len(one.times))) for one in recording.series],
        spans=[one for one, keep in zip(recording.spans, kept(len(recording.spans)), strict=True) if keep],
        lines=[one for one, keep in zip(recording.lines, kept(len(recording.lines)), strict=True) if keep],
    )


def _without(series: Series, kept: list[bool]) -> Series:
    return replace(
        series, values=tuple(value if keep else None for value, keep in zip(series.values, kept, strict=True))
    )


def name_of(service: str) -> str:
    """Return the other name of a service: it sorts in no order that has to do with the old one."""
    return f"svc-{hashlib.blake2b(service.encode(), digest_size=4).hexdigest()}"


def renamed(recording: Recording) -> Recording:
    """Call every service otherwise, in everything but the text of log lines and the names of spans."""
    return replace(
        recording,
        service=None if recording.service is None else name_of(recording.service),
        series=[_renamed(one) for one in recording.series],
        edges=[(name_of(caller), name_of(callee)) for caller, callee in recording.edges],
        spans=[replace(one, service=name_of(one.service)) for one in recording.spans],
        lines=[replace(one, service=name_of(one.service)) for one in recording.lines],
    )


def _renamed(series: Series) -> Series:
    labels = {key: name_of(value) if key == "peer" else value for key, value in series.labels.items()}
    return replace(series, service=name_of(series.service), labels=labels)


def in_milliseconds(recording: Recording) -> Recording:
    """Give every recorded time in milliseconds, and say so in its unit; spans have no unit that could be another."""
    return replace(recording, series=[_in_ms(one) if one.unit == "s" else one for one in recording.series])


def _in_ms(series: Series) -> Series:
    values = tuple(None if value is None else 1000 * value for value in series.values)
    return replace(series, unit="ms", values=values)


def _same(service: str) -> str:
    return service


Change = tuple[Callable[[Recording], Recording], Callable[[str], str]]
"""What is done to a recording, and what a service is called afterwards."""

CHANGES: Mapping[str, Change] = {
    "early-2": (lambda one: shifted(one, -2), _same),
    "early-1": (lambda one: shifted(one, -1), _same),
    "late-1": (lambda one: shifted(one, 1), _same),
    "late-2": (lambda one: shifted(one, 2), _same),
    "missing": (thinned, _same),
    "renamed": (renamed, name_of),
    "unit": (in_milliseconds, _same),
}
"""By the word that `--perturb` takes."""
