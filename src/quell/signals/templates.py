"""Which log templates are new, gone, or come at another rate than before."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from quell.signals.series import spread

MOST_LINES = 20_000
"""More lines than this on one side are sampled evenly in time."""

LINE_CHARS = 2_000
EXAMPLE_CHARS = 300

NOTABLE = 3.0
"""A change of rate of this many standard deviations is listed; new templates are listed always."""

MOST_TEMPLATES = 500
"""Templates kept per service and level; the least recently seen give way."""

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", "<uuid>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b", "<host>"),
        (r"\b(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z][a-zA-Z0-9-]*:\d{2,5}\b", "<host>"),
        (r"\[[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}\](?::\d{1,5})?", "<host>"),
        (r"\[[^\]\s]*\d[^\]\s]*\]", "[<id>]"),
        (r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
        (r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{6,}\b", "<hex>"),
        (r"(?<![A-Za-z0-9_.<])[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?(?![A-Za-z0-9_]*>)", "<num>"),
        (r"(?<=[A-Za-z])([-_])\d+\b", r"\1<num>"),
    )
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


class LineLike(Protocol):
    """What a log line must have; `quell.evidence.source.LogLine` does."""

    @property
    def at(self) -> float:
        """Return when it was written, Unix seconds."""
        ...

    @property
    def service(self) -> str:
        """Return who wrote it."""
        ...

    @property
    def level(self) -> str:
        """Return its level in lower case."""
        ...

    @property
    def text(self) -> str:
        """Return what it says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternShift:
    """How one template of one service and level changed."""

    template: str
    service: str
    level: str
    kind: str
    """`new`, `vanished`, `more` or `less`."""
    count_before: int
    count_after: int
    """As counted in the lines that were read."""
    rate_before: float
    rate_after: float
    """1/s, with sampling taken out."""
    score: float
    """Standard deviations by which the rate changed; negative when it fell."""
    first_seen: float
    """Unix seconds, over both sides."""
    example: str
    """A line as it was written, newest side first, at most 300 characters."""
    read: float
    """Share of the given lines that was read, in (0, 1]; below 1 they were sampled evenly."""


@dataclass(slots=True)
class _Seen:
    """What was counted of one template."""

    before: int = 0
    after: int = 0
    first: float = math.inf
    example: str = ""


def mask(text: str, *, quoted: bool = False) -> str:
    """
    Replace what differs from line to line: ids, hosts with ports, times, hex, numbers.

    Args:
        quoted: also what stands in quotes. Off by default: the name in `KeyError: 'currency'` tells the fault.
    """
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return _QUOTED.sub("<str>", text) if quoted else text


def sample(lines: Sequence[LineLike], most: int) -> list[LineLike]:
    """Return at most `most` of the lines, spread evenly over them in time order."""
    ordered = sorted(lines, key=lambda line: (line.at, line.service, line.level, line.text))
    if len(ordered) <= most:
        return ordered
    return [ordered[i] for i in spread(len(ordered), most)]


def compare(
    before: Sequence[LineLike],
    after: Sequence[LineLike],
    *,
    before_s: float | None = None,
    after_s: float | None = None,
    max_lines: int = MOST_LINES,
    quoted: bool = False,
) -> list[PatternShift]:
    """
    Compare the log templates of two stretches of time, per service and level.

    Args:
        before, after: any order; the same lines always give the same answer.
        before_s, after_s: how long the stretches last; None for the span of their lines.
        max_lines: bound on the lines read of each side; more are sampled evenly, `read` says so.
        quoted: see `mask`.

    Returns: what is new, vanished, more or less often, strongest first. A template that is new is listed however
        rare; the others from 3 standard deviations.
    Source: He et al. (2017), Drain: An Online Log Parsing Approach with Fixed Depth Tree; for the change of rate
        Huffman (1984), An Improved Approximate Two-Sample Poisson Test.
    """
    sides = (sample(before, max_lines), sample(after, max_lines))
    shares = tuple(len(kept) / len(given) if given else 1.0 for kept, given in zip(sides, (before, after), strict=True))
    lasted = (_lasted(before, before_s), _lasted(after, after_s))
    seen = _count(sides, quoted)
    shifts = []
    for (service, level, template), entry in seen.items():
        rates = (entry.before / lasted[0] / shares[0], entry.after / lasted[1] / shares[1])
        score = _score(entry, lasted[0] * shares[0], lasted[1] * shares[1])
        kind = _kind(entry, score)
        if kind is None:
            continue
        shifts.append(
            PatternShift(
                template=template,
                service=service,
                level=level,
                kind=kind,
                count_before=entry.before,
                count_after=entry.after,
                rate_before=rates[0],
                rate_after=rates[1],
                score=score,
                first_seen=entry.first,
                example=entry.example[:EXAMPLE_CHARS],
                read=min(shares),
            )
        )
    return sorted(shifts, key=lambda s: (-abs(s.score), s.service, s.level, s.template))


def _lasted(lines: Sequence[LineLike], given_s: float | None) -> float:
    """Return the seconds a side lasts, at least one."""
    if given_s is not None:
        return max(given_s, 1.0)
    times = [line.at for line in lines]
    return max(max(times) - min(times), 1.0) if times else 1.0


def _count(sides: tuple[list[LineLike], list[LineLike]], quoted: bool) -> dict[tuple[str, str, str], _Seen]:
    """Mine one tree of templates per service and level over both sides, and count per side."""
    trees: dict[tuple[str, str], Any] = {}
    clusters: dict[tuple[str, str, str], Any] = {}
    found: dict[tuple[str, str, int], tuple[Any, _Seen]] = {}
    for side, lines in enumerate(sides):
        for line in lines:
            text = line.text[:LINE_CHARS]
            masked = mask(text, quoted=quoted)
            place = (line.service, line.level)
            cluster = clusters.get((*place, masked))
            if cluster is None:
                tree = trees.get(place) or trees.setdefault(place, _tree())
                cluster, _ = tree.add_log_message(masked)
                clusters[(*place, masked)] = cluster
            _, entry = found.setdefault((*place, cluster.cluster_id), (cluster, _Seen()))
            if side == 0:
                entry.before += 1
            else:
                entry.after += 1
            if side == 1 and entry.after == 1:
                entry.example = text
            entry.example = entry.example or text
            entry.first = min(entry.first, line.at)
    return _by_template(found)


def _by_template(found: dict[tuple[str, str, int], tuple[Any, _Seen]]) -> dict[tuple[str, str, str], _Seen]:
    """Join clusters that ended up with the same words."""
    joined: dict[tuple[str, str, str], _Seen] = {}
    for (service, level, _), (cluster, entry) in found.items():
        known = joined.setdefault((service, level, str(cluster.get_template())), entry)
        if known is not entry:
            known.before += entry.before
            known.after += entry.after
            known.first = min(known.first, entry.first)
    return joined


def _tree() -> Any:
    from drain3.drain import Drain  # with the first logs, not at the start: it brings a lot along

    return Drain(depth=4, sim_th=0.5, max_children=100, max_clusters=MOST_TEMPLATES, param_str="<*>")


def _score(entry: _Seen, before_s: float, after_s: float) -> float:
    """Return the standard deviations between two Poisson counts over different times."""
    ratio = after_s / before_s
    return 2 * (math.sqrt(entry.after + 3 / 8) - math.sqrt(ratio * (entry.before + 3 / 8))) / math.sqrt(1 + ratio)


def _kind(entry: _Seen, score: float) -> str | None:
    if entry.before == 0:
        return "new"
    if abs(score) < NOTABLE:
        return None
    if entry.after == 0:
        return "vanished"
    return "more" if score > 0 else "less"
