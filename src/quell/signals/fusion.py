"""One ranking of services from whatever there is to look at: measures, calls, traces, log lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quell.signals.localize import Measures, Sign, Suspect, Symptom, measure_signs, suspects
from quell.signals.sequences import TracedLine, breaks, sequence_signs
from quell.signals.traces import Spans, calls, trace_signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is known of a system around an onset. Any part may be missing."""

    onset_s: float
    """What is before it is the past."""
    until_s: float
    """Nothing later is read."""
    measures: Measures | None = None
    edges: Sequence[tuple[str, str]] = ()
    """(caller, callee); calls in traces and measures are added."""
    symptom: Symptom | None = None
    spans: Spans | None = None
    lines: Sequence[TracedLine] = ()


def signs_of(seen: Observation) -> list[Sign]:
    """Return every sign of every source, strongest first, ties by name."""
    signs: list[Sign] = []
    edges = list(seen.edges)
    if seen.spans is not None:
        signs += trace_signs(seen.spans, onset_s=seen.onset_s, until_s=seen.until_s)
        edges += calls(seen.spans)
    if seen.lines:
        signs += sequence_signs(breaks(seen.lines, onset_s=seen.onset_s, until_s=seen.until_s))
    if seen.measures is not None:
        signs += measure_signs(seen.measures, edges, onset_s=seen.onset_s, until_s=seen.until_s, symptom=seen.symptom)
    return sorted(signs, key=lambda sign: (-sign.strength, sign.service, sign.family))


def locate(seen: Observation) -> list[Suspect]:
    """
    Return every service, the most suspect first, ties by name.

    The strongest sign of each family counts, and families add up: a service that is slow by its measures and by its
    traces is likelier than one of which only one of them says so.
    """
    candidates = seen.measures.services if seen.measures is not None else ()
    return suspects(signs_of(seen), candidates)
