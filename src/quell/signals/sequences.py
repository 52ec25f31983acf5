"""
Whether the log lines of a request still follow one another as they used to.

Code that works writes the same lines in the same order; code that throws stops in the middle, and a wrong value takes
another branch. Within one span (or one service of a trace) each line is named by the statement that wrote it, and a
follower that was never seen after a statement is a break. The request's first line is no follower: which requests come
is the caller's doing.

Source: breaks of the usual order as a sign of the service at fault follow Yu et al. (2023), Nezha: Interpretable
Fine-Grained Root Causes Analysis for Microservices on Multi-Modal Observability Data, with a likelihood ratio in place
of its fitted store of patterns.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from quell.signals.localize import Sign, strength_of
from quell.signals.templates import LineLike, mask

LEAST_PAST = 3
"""A statement seen less often before the onset has no usual follower."""

BAD_LEVELS = frozenset({"error", "critical", "fatal", "severe"})

HEAD_CHARS = 200
"""Where in a line its level and the place of its statement are looked for."""

SURPRISE_PER_SCALE = 4.0
"""A log-likelihood ratio of this much counts as one scale out of range."""

BRANCH = 0.2
"""How much a new follower counts that is no error: other inputs take other branches too."""

_END = "(end)"
_PLACE = re.compile(r"(?<![\w.#])([\w.$\[\]]+#\d+|[\w/.-]+\.(?:java|py|go|js|ts|rb|cs|cpp|kt|scala|php|rs):\d+)\b")
_LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)\b")


class TracedLine(LineLike, Protocol):
    """A log line that names its request; `quell.evidence.source.LogLine` does."""

    @property
    def trace_id(self) -> str:
        """Return the trace that it belongs to."""
        ...

    @property
    def span_id(self) -> str:
        """Return its id in the trace."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A statement that is followed by something it never was followed by."""

    service: str
    statement: str
    follower: str
    """`(end)` when nothing follows any more."""
    usual: str
    """What followed most often before."""
    count: int
    """How often since the onset."""
    of: int
    """How often the statement was written since the onset."""
    past: int
    """How often it was written before."""
    surprise: float
    """Log-likelihood ratio, > 0."""
    bad: bool
    """Whether the follower is an error, or the end."""


def statement_of(text: str) -> tuple[str, str]:
    """
    Return (statement, level) of a log line: the place in the code when the line names it, else its masked text.

    Two statements of the same words on different lines of the code are two statements.
    """
    head = text[:HEAD_CHARS]
    place, level = _PLACE.search(head), _LEVEL.search(head)
    return (place.group(1) if place else mask(text[:HEAD_CHARS])), (level.group(1).lower() if level else "")


def breaks(lines: Iterable[TracedLine], *, onset_s: float, until_s: float | None = None) -> list[Break]:
    """
    Return where the order of log lines broke since the onset, most surprising first, ties by name.

    Lines without a trace id say nothing here; the same line twice counts once.
    """
    past, now, levels = _followers(lines, onset_s, math.inf if until_s is None else until_s)
    found = []
    for key, followers in now.items():
        before = past.get(key)
        seen = before.total() if before else 0
        if before is None or seen < LEAST_PAST:
            continue
        of = followers.total()
        for follower, count in followers.items():
            if before[follower]:
                continue
            surprise = 2 * count * math.log(count / of * (seen + 1) / 0.5)
            if surprise <= 0:
                continue
            bad = follower == _END or levels.get((key[0], follower), "") in BAD_LEVELS
            found.append(
                Break(
                    service=key[0],
                    statement=key[1],
                    follower=follower,
                    usual=before.most_common(1)[0][0],
                    count=count,
                    of=of,
                    past=seen,
                    surprise=surprise,
                    bad=bad,
                )
            )
    return sorted(found, key=lambda one: (-one.surprise, one.service, one.statement, one.follower))


def sequence_signs(found: Sequence[Break]) -> list[Sign]:
    """Return a sign for each service whose order of lines broke; strongest first, ties by name."""
    surprise: dict[str, float] = defaultdict(float)
    worst: dict[str, Break] = {}
    for one in found:
        surprise[one.service] += one.surprise * (1.0 if one.bad else BRANCH)
        known = worst.get(one.service)
        if known is None or (one.bad, one.surprise) > (known.bad, known.surprise):
            worst[one.service] = one
    signs = [
        Sign(
            service=service,
            family="log_order",
            strength=strength_of(total / SURPRISE_PER_SCALE * 3.0),
            says=_say(worst[service]),
        )
        for service, total in surprise.items()
    ]
    return sorted(signs, key=lambda sign: (-sign.strength, sign.service))


def _followers(
    lines: Iterable[TracedLine], onset_s: float, end: float
) -> tuple[
    Mapping[tuple[str, str], Counter[str]], Mapping[tuple[str, str], Counter[str]], Mapping[tuple[str, str], str]
]:
    """Return what followed each statement before and since, and the level of each statement."""
    spans: dict[tuple[str, str, str], list[tuple[float, str]]] = defaultdict(list)
    levels: dict[tuple[str, str], str] = {}
    known: dict[str, tuple[str, str]] = {}
    seen: set[tuple[str, str, str, float, str]] = set()
    for line in lines:
        if not line.trace_id or line.at > end:
            continue
        if line.text not in known:
            known[line.text] = statement_of(line.text)
        statement, level = known[line.text]
        key = (line.service, line.trace_id, line.span_id)
        if (*key, line.at, statement) in seen:
            continue
        seen.add((*key, line.at, statement))
        levels.setdefault((line.service, statement), (line.level or level).lower())
        spans[key].append((line.at, statement))
    past: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    now: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (service, _, _), written in spans.items():
        written.sort()
        names = [name for _, name in written] + [_END]
        for i, (at, name) in enumerate(written):
            (past if at < onset_s else now)[service, name][names[i + 1]] += 1
    return past, now, levels


def _say(one: Break) -> str:
    after = "nothing follows any more" if one.follower == _END else f"{one.follower[:80]} follows"
    return f"{after} after {one.statement[:80]} in {one.count} of {one.of}, {one.usual[:80]} did before"
