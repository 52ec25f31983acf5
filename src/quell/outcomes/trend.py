"""
Is it getting better? One decision a week, so that looking often does not make it say yes.

With nothing changed, a bare percentage shows a change of 10 % or more in most looks, and a test at 5 % refreshed daily
fires in most quarters. So the word is decided once a week (Monday 00:00 UTC, with what was known then, and it stands
until the next), on 28 days against the 28 before, by permutation within strata at p < 0.005, and only with at least 20
resolved incidents in each window and records that are good enough. Incidents of one day may have one cause and one
length, so a word must also hold when whole days are shuffled instead of incidents. How often it is wrong is measured by
`benchmarks/outcomes.py`; docs/metrics.md has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from scipy import special

from quell.outcomes.estimate import Estimate
from quell.outcomes.matching import Pair, matched
from quell.outcomes.permutation import Group, two_sided
from quell.outcomes.survival import SHORTEST_OPEN_S, Array, Durations, LifeTable, pooled
from quell.outcomes.timeline import DAY_S, Timeline

WINDOW = timedelta(days=28)
P_BELOW = 0.005
FEWEST_RESOLVED = 20
FEWEST_SHOWN = 6
"""Resolved in each window, for a ratio to be shown although nothing is decided."""
LOWEST_QUALITY = 0.8
POWER = 0.8
METHOD = "ratio_stratified_t"


class Word(StrEnum):
    """What may be said of the change."""

    IMPROVED = "improved"
    WORSE = "worse"
    NO_CLEAR_CHANGE = "no_clear_change"
    NOT_ENOUGH = "not_enough"
    """Too few resolved incidents, or records that are not good enough: nothing was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, and on what."""

    word: Word
    ratio: Estimate
    """Geometric mean of the later window over that of the earlier one, within strata: 0.8 is a fifth shorter."""
    p: float | None
    """Two-sided; with open incidents counted against the word. None when nothing was decided."""
    n_before: int
    """Resolved, in the earlier window."""
    n_after: int
    open_before: int
    open_after: int
    detectable: float | None
    """The ratio nearest to 1, and below it, that this volume shows with 80 % power; None with fewer than 6 resolved."""
    quality: float | None
    """Of the records, in [0, 1]."""
    says: str
    """Why the word is what it is, when it is undecided; empty otherwise."""


def decision_at(as_of: datetime) -> datetime:
    """Return the last Monday 00:00 UTC, at which the word of this week was decided."""
    now = as_of.astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def weekly(timeline: Timeline, *, as_of: datetime, quality: float | None, rng: np.random.Generator) -> Decision:
    """
    Decide for the week that `as_of` lies in, with what was known when it began.

    Args:
        rng: seeded by the week, so that the same week gets the same word when it is decided again.
    """
    at = decision_at(as_of)
    known = timeline.known_at(at)
    after = known.between(at - WINDOW, at, as_of=at)
    before = known.between(at - 2 * WINDOW, at - WINDOW, as_of=at)
    found = decide(before, after, quality=quality, rng=rng)
    if found.p is None or found.word is Word.NO_CLEAR_CHANGE:
        return found
    p = two_sided([_by_day(known, at, matched(before, after), found.word)], rng)
    if p < P_BELOW:
        return replace(found, p=max(p, found.p))
    says = "the difference may come from a few days with many incidents alike: shuffling whole days makes it too"
    return replace(found, word=Word.NO_CLEAR_CHANGE, p=p, says=says)


def _by_day(known: Timeline, at: datetime, pairs: Sequence[Pair], word: Word) -> Group:
    """What each day of the two windows adds to the statistic, open incidents counted against the word."""
    start_s = (at - 2 * WINDOW).timestamp()
    first = int(np.searchsorted(known.began_s, start_s))
    began, ended, names = known.began_s[first:], known.ended_s[first:], known.stratum[first:]
    day = ((began - start_s) // DAY_S).astype(np.int64)
    later = day >= WINDOW.days
    over = np.isfinite(ended)
    lasted = np.where(over, ended, at.timestamp()) - began
    longer = ~over & (later if word is Word.IMPROVED else ~later)
    value = np.zeros(began.size)
    for pair in pairs:
        here = np.isin(names, pair.names)
        longest = float(np.max(lasted[here & over], initial=0.0))
        logs = np.log(np.where(longer, np.maximum(lasted, longest), lasted)[here])
        value[here] = logs - logs.mean()
    sums = np.asarray(np.bincount(day, value, 2 * WINDOW.days), float)
    return Group(before=sums[: WINDOW.days], after=sums[WINDOW.days :])


def decide(
    before: Mapping[str, Durations],
    after: Mapping[str, Durations],
    *,
    quality: float | None,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Decision:
    """
    Compare two windows, each with its durations by stratum; incidents belong to the window in which they began.

    Open incidents must not make a word: against "improved" an open one of the later window counts as long as the
    longest resolved one of its stratum, and one of the earlier window as it has lasted so far; against "worse" the
    other way round. The interval of the ratio reaches from the one to the other.

    Args:
        quality: of the records, in [0, 1]; None: not known, so nothing is decided.
    """
    pairs = matched(before, after)
    everything, later = pooled(before.values()), pooled(after.values())
    counts = (everything.ended_s.size, later.ended_s.size, everything.open_s.size, later.open_s.size)
    ratio, detectable = _ratio(pairs, counts, level)
    word, p, says = Word.NOT_ENOUGH, None, _lacks(counts, quality)
    if not says:
        word, p = _word(pairs, rng)
        says = _undecided(ratio, detectable) if word is Word.NO_CLEAR_CHANGE else ""
    return Decision(
        word=word,
        ratio=ratio,
        p=p,
        n_before=counts[0],
        n_after=counts[1],
        open_before=counts[2],
        open_after=counts[3],
        detectable=detectable,
        quality=quality,
        says=says,
    )


def _lacks(counts: tuple[int, int, int, int], quality: float | None) -> str:
    """What is missing for a decision; empty when nothing is."""
    if min(counts[:2]) < FEWEST_RESOLVED:
        seen = f"{counts[0]} resolved in the 28 days before and {counts[1]} in the last 28"
        return f"{seen}; {FEWEST_RESOLVED} in each are needed"
    if quality is None:
        return "the quality of the records is not known"
    if quality < LOWEST_QUALITY:
        return f"the quality of the records is {quality:.2f}; {LOWEST_QUALITY:.2f} is needed"
    return ""


def _undecided(ratio: Estimate, detectable: float | None) -> str:
    """Why there is no word: too small a change for so few incidents, or one that next week may confirm."""
    apart = ratio.low is not None and ratio.high is not None and not ratio.low <= 1.0 <= ratio.high
    if apart:
        return f"the interval leaves out 1, but a decision every week asks for p < {P_BELOW}"
    if detectable is None:
        return ""
    return f"at this volume a change shows if it is to {detectable:.2f} times or less, or {1 / detectable:.2f} or more"


def _word(pairs: Sequence[Pair], rng: np.random.Generator) -> tuple[Word, float]:
    """The word, and the p value of the direction in which the difference points."""
    still = any(part.open_s.size for pair in pairs for part in (pair.first, pair.second))
    against_improved = [Group(before=_so_far(pair.first), after=_longest(pair.second, pair)) for pair in pairs]
    difference = _difference(against_improved)[0]
    p = two_sided(against_improved, rng)
    if difference < 0 or not still:
        decided = (Word.IMPROVED if difference < 0 else Word.WORSE) if p < P_BELOW else Word.NO_CLEAR_CHANGE
        return decided, p
    against_worse = [Group(before=_longest(pair.first, pair), after=_so_far(pair.second)) for pair in pairs]
    if _difference(against_worse)[0] <= 0:  # it hangs on the open ones which way it points
        return Word.NO_CLEAR_CHANGE, 1.0
    p = two_sided(against_worse, rng)
    return Word.WORSE if p < P_BELOW else Word.NO_CLEAR_CHANGE, p


def _ratio(pairs: Sequence[Pair], counts: tuple[int, int, int, int], level: float) -> tuple[Estimate, float | None]:
    """The ratio with its interval, and the ratio that would show."""
    n, still = counts[0] + counts[1], counts[2] + counts[3]
    if min(counts[:2]) < FEWEST_SHOWN:
        says = f"fewer than {FEWEST_SHOWN} resolved in a window"
        return _estimate((None, None, None), n, still, level, says), None
    middle = [Group(before=_expected(pair.first, pair), after=_expected(pair.second, pair)) for pair in pairs]
    value, error, freedom = _difference(middle)
    if error == 0:
        says = "all durations are equal: nothing is known of their spread"
        return _estimate((float(np.exp(value)), None, None), n, still, level, says), None
    worst = [Group(before=_so_far(pair.first), after=_longest(pair.second, pair)) for pair in pairs]
    best = [Group(before=_longest(pair.first, pair), after=_so_far(pair.second)) for pair in pairs]
    quantile = float(special.stdtrit(freedom, (1.0 + level) / 2.0))
    (low, low_error, _), (high, high_error, high_freedom) = _difference(best), _difference(worst)
    span = (min(low - quantile * low_error, value), max(high + quantile * high_error, value))
    reach = float(special.stdtrit(high_freedom, 1.0 - P_BELOW / 2) + special.stdtrit(high_freedom, POWER)) * high_error
    detectable = float(np.exp(-reach - max(high - value, 0.0)))
    found = (float(np.exp(value)), float(np.exp(span[0])), float(np.exp(span[1])))
    says = "open incidents widen the interval" if still else ""
    return _estimate(found, n, still, level, says), detectable


def _estimate(
    found: tuple[float | None, float | None, float | None], n: int, still: int, level: float, says: str
) -> Estimate:
    value, low, high = found
    return Estimate(
        value=value, low=low, high=high, unit="ratio", n=n, open=still, level=level, method=METHOD, says=says
    )


def _difference(groups: Sequence[Group]) -> tuple[float, float, float]:
    """
    Mean difference of logs over strata, its standard error, and degrees of freedom (Welch 1947, Satterthwaite 1946).

    The weights n_b * n_a / (n_b + n_a) are those of the permutation's statistic, so the two agree on the direction.
    """
    total = difference = variance = squares = 0.0
    for group in groups:
        n_before, n_after = group.before.size, group.after.size
        if not n_before or not n_after:
            continue
        weight = n_before * n_after / (n_before + n_after)
        total += weight
        difference += weight * float(group.after.mean() - group.before.mean())
        for part in (group.before, group.after):
            if part.size > 1:
                one = weight**2 * float(part.var(ddof=1)) / part.size
                variance += one
                squares += one**2 / (part.size - 1)
    if total == 0 or variance <= (1e-9 * total) ** 2:
        return difference / total if total else 0.0, 0.0, 1.0
    return difference / total, float(np.sqrt(variance)) / total, variance**2 / squares


def _so_far(durations: Durations) -> Array:
    """Logs of seconds, open ones as far as they have come."""
    return np.asarray(np.log(np.concatenate([durations.ended_s, durations.open_s])))


def _longest(durations: Durations, pair: Pair) -> Array:
    """The same, open ones as long as the longest resolved one of the stratum, or as they have come."""
    longest = max((float(part.ended_s[-1]) for part in (pair.first, pair.second) if part.ended_s.size), default=0.0)
    return np.asarray(np.log(np.concatenate([durations.ended_s, np.maximum(durations.open_s, longest)])))


def _expected(durations: Durations, pair: Pair) -> Array:
    """The same, open ones as long as those of both windows together that lasted longer than them, on average."""
    if durations.open_s.size == 0:
        return np.log(durations.ended_s)
    table = pooled((pair.first, pair.second)).table()
    return np.concatenate([np.log(durations.ended_s), expected_log(table, durations.open_s)])


def expected_log(table: LifeTable, age_s: Array) -> Array:
    """
    Mean log seconds of those that last longer than an age, by Kaplan-Meier.

    What is still open at the longest time of the table counts as ending there. Beyond the longest: the age itself.
    """
    mass = -np.diff(table.survival(), prepend=1.0)
    mass[-1] += float(table.survival()[-1])
    logs = np.log(table.at_s)
    after = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
    weighted = np.append(np.cumsum((mass * logs)[::-1])[::-1], 0.0)
    at = np.searchsorted(table.at_s, age_s, side="right")
    own = np.log(np.maximum(age_s, SHORTEST_OPEN_S))
    known = after[at] > 1e-12
    return np.where(known, np.divide(weighted[at], after[at], out=own.copy(), where=known), own)
