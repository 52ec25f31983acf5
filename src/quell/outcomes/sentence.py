"""
The one sentence on top of the executives' page, written by rule.

Every branch ends in plain words about what is known, and says so when little is.
"""

from __future__ import annotations

from dataclasses import dataclass

from quell.outcomes.estimate import Estimate
from quell.outcomes.quality import Quality
from quell.outcomes.trend import FEWEST_RESOLVED, LOWEST_QUALITY, WINDOW, Decision, Word
from quell.outcomes.wording import between, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of the text."""

    text: str
    strong: bool = False
    """To be shown in bold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The summary; the texts of the parts, one after the other, are the text."""

    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the sentence is about: real incidents of one window, false alarms and merged ones left out."""

    days: int
    """Length of the window; 0: everything that is known."""
    ended: int
    open: int
    drills: int
    """In the window; never mixed with real ones."""
    typical: Estimate
    """Median time to restore, in seconds."""
    decision: Decision
    quality: Quality
    by_quell: int
    """Of the ended ones, those that Quell restored."""
    without_person: int
    """Of those, how many in which no person approved or corrected anything."""
    verified: int
    """Of those, how many were verified."""
    prevented: int = 0
    """Forecasts that were acted on in time, and had no impact."""
    by_nobody_known: int = 0
    """Of the ended ones, those whose record does not say who restored them."""


FEWEST = 6


def sentence(facts: Facts) -> Sentence:
    """Return the summary of a window."""
    window = f"in the last {facts.days} days" if facts.days else "in all that is known"
    if facts.ended + facts.open == 0:
        return _made(_nothing(facts, window))
    parts = [*_typical(facts, window), *_compared(facts), *_restored(facts)]
    return _made(parts)


def _made(parts: list[Part]) -> Sentence:
    return Sentence(text="".join(part.text for part in parts), parts=tuple(parts))


def _nothing(facts: Facts, window: str) -> list[Part]:
    parts = [Part(text="No incidents", strong=True), Part(text=f" {window}.")]
    if facts.prevented:
        parts += [
            Part(text=f" {facts.prevented} {'was' if facts.prevented == 1 else 'were'} "),
            Part(text="prevented", strong=True),
            Part(text="."),
        ]
    if facts.drills:
        drills = "1 drill is" if facts.drills == 1 else f"{facts.drills} drills are"
        parts.append(Part(text=f" {drills} shown apart and not counted."))
    return parts


def _typical(facts: Facts, window: str) -> list[Part]:
    """How long it takes; or why that is not known."""
    everything = facts.ended + facts.open
    if facts.open > facts.ended:
        return [
            Part(text=f"{facts.open} of {_incidents(everything)}", strong=True),
            Part(text=f" {window} {_are(facts.open)} still open, so how long a typical one takes is not known yet."),
        ]
    if facts.ended < FEWEST or facts.typical.value is None:
        still = f", {facts.open} of them still open" if facts.open else ""
        return [
            Part(text=_incidents(everything), strong=True),
            Part(text=f" {window}{still}: too few to say how long a typical one takes."),
        ]
    low, high = facts.typical.low, facts.typical.high
    parts = [
        Part(text="A typical incident is restored in "),
        Part(text=duration(facts.typical.value), strong=True),
        Part(text=f"{_interval(facts.typical.value, low, high, facts.typical.level)}."),
    ]
    if facts.open:
        parts.append(Part(text=f" {facts.open} {_are(facts.open)} still open."))
    return parts


def _compared(facts: Facts) -> list[Part]:
    """Whether it got better, or why nobody can say."""
    decision = facts.decision
    if facts.quality.value is not None and facts.quality.value < LOWEST_QUALITY:
        worst = f": {facts.quality.worst.words}" if facts.quality.worst else ""
        return [
            Part(text=" The records are "),
            Part(text="not good enough", strong=True),
            Part(text=f" to compare{worst}."),
        ]
    if decision.word is Word.NOT_ENOUGH:
        return [Part(text=f" {_too_few(decision, facts)}")] if facts.ended >= FEWEST else []
    days = WINDOW.days
    told = f"Compared with the {days} days before"
    since = Part(text=f" {told if facts.days == days else f'The last {days} days against the {days} before'}: ")
    if decision.word is Word.NO_CLEAR_CHANGE:
        return [since, Part(text="no clear change", strong=True), Part(text=".")]
    word = "improved" if decision.word is Word.IMPROVED else "worse"
    return [since, Part(text=word, strong=True), Part(text=f", {_times(decision.ratio)}.")]


def _too_few(decision: Decision, facts: Facts) -> str:
    if facts.quality.value is None:
        return "The records are too few to compare."
    if min(decision.n_before, decision.n_after) >= FEWEST_RESOLVED:
        return f"Nothing was decided on Monday: {decision.says}."
    days = WINDOW.days
    return (
        f"Too few to compare the last {days} days with the {days} before: {decision.n_before} resolved then and "
        f"{decision.n_after} since, as of Monday; {FEWEST_RESOLVED} in each are needed."
    )


def _times(ratio: Estimate) -> str:
    """The ratio in words: `0.62 times as long (95 %: 0.48 to 0.80)`."""
    if ratio.value is None:
        return "by how much is not known"
    told = f"{ratio.value:.2f} times as long"
    if ratio.low is None or ratio.high is None:
        return told
    return f"{told} ({_percent(ratio.level)}: {ratio.low:.2f} to {ratio.high:.2f})"


def _restored(facts: Facts) -> list[Part]:
    """How many Quell restored, and how many of those are known to have stayed so."""
    told = facts.ended - facts.by_nobody_known
    if facts.ended == 0:
        return []
    if told == 0:
        return [
            Part(text=" Who restored them is not recorded." if facts.ended > 1 else " Who restored it is not recorded.")
        ]
    of = f"{told} whose record says by whom" if facts.by_nobody_known else f"{facts.ended}"
    if facts.by_quell == 0:
        return [
            Part(text=" It was not restored by Quell." if facts.ended == 1 else f" None of {of} was restored by Quell.")
        ]
    k, alone, verified = facts.by_quell, facts.without_person, facts.verified
    first = f" {k} of {of} {'was' if k == 1 else 'were'} restored by Quell"
    if 0 < alone < k:
        first += f", {alone} of them without a person"
        those = f"the {k}"
    else:
        first += " without a person" if alone else " after a person approved or corrected something"
        those = "those"
    if verified >= k:
        return [Part(text=f"{first}, and {'it' if k == 1 else 'every one of ' + those} was verified.")]
    if verified == 0:
        return [Part(text=f"{first}, and {'it was not' if k == 1 else f'none of {those} was'} verified.")]
    return [Part(text=f"{first}, and {verified} of {those} {'was' if verified == 1 else 'were'} verified.")]


def _interval(value: float, low: float | None, high: float | None, level: float) -> str:
    return "" if low is None else f" ({_percent(level)}: {between(low, high, value)})"


def _percent(level: float) -> str:
    return f"{100 * level:.3g} %"


def _incidents(count: int) -> str:
    return "1 incident" if count == 1 else f"{count} incidents"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
