"""How good each agent was, out of what its work came to; see `quell.eventlog.projections.accuracy` for the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from quell.eventlog.projections.accuracy import AccuracyFold, Group, Judged, Verdict
from quell.eventlog.projections.agents import AGENTS, AgentHealth
from quell.eventlog.projections.models import ReadModels
from quell.incident.counting import say_count
from quell.signals.scoring import Bin, brier, ece, reliability, wilson

NEEDED = 30
"""Resolved incidents with known truth below which an agent is called uncalibrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How often an agent was right in one group of resolved incidents; see `says` in words."""

    of: Group
    """`real` or `drills`; they are never mixed."""
    resolved: int
    """Resolved incidents remembered, at most 1,000."""
    n: int
    """Those whose truth is known: `right` + `wrong` + `abstained`."""
    right: int
    wrong: int
    abstained: int
    unknown: int
    """Resolved, and nobody knows whether the agent was right."""
    by_person: int
    """Of `n`: the truth is a person's word. For the others it is whether the fix helped, which is weaker."""
    precision: float | None
    """Share right of what it said was there; None when it said nothing."""
    recall: float | None
    """Share of what was there that it found; None when nothing was."""
    share_right: float | None
    """`right` / (`right` + `wrong`)."""
    low95: float | None
    high95: float | None
    """Wilson's interval of `share_right` at 95 %."""
    coverage: float | None
    """Share of `n` in which it did not abstain."""
    calibrated: bool
    """False below `needed` incidents with known truth."""
    needed: int
    pairs: int
    """Stated probabilities (diagnosis) or intervals (prediction) whose outcome is known."""
    brier: float | None
    """Mean square of probability less outcome: 0 is perfect; diagnosis only."""
    ece: float | None
    """Expected calibration error over 10 bins; diagnosis only."""
    in_interval: float | None
    """Share of forecast breaches that came within their interval; prediction only."""
    bins: tuple[Bin, ...]
    """Reliability of the stated probabilities; diagnosis only."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReport(AgentHealth):
    """How an agent is doing now, and how often it was right."""

    accuracy: tuple[Accuracy, ...]
    """Real incidents, then drills; one of them when only that was asked for."""


class Scorecards:
    """Computes accuracy when it changed, and keeps it until then."""

    def __init__(self, models: ReadModels) -> None:
        self._models = models
        self._kept: dict[tuple[str, Group], Accuracy] = {}
        self._version = -1

    def report(self, agent: str, of: Group | None = None) -> AgentReport:
        """Return an agent's report on one group, or on both. Raises: KeyError: there is no such agent."""
        health = self._models.agents.health(agent)
        known = {one.name: getattr(health, one.name) for one in fields(health)}
        groups = (of,) if of is not None else tuple(Group)
        return AgentReport(**known, accuracy=tuple(self._of(agent, group) for group in groups))

    def all(self, of: Group | None = None) -> list[AgentReport]:
        """Return every agent's report, in the order of a response."""
        return [self.report(agent, of) for agent in AGENTS]

    def _of(self, agent: str, group: Group) -> Accuracy:
        fold = self._models.accuracy
        if fold.version != self._version:
            self._kept, self._version = {}, fold.version
        key = (agent, group)
        if key not in self._kept:
            self._kept[key] = accuracy(agent, group, fold)
        return self._kept[key]


def accuracy(agent: str, group: Group, fold: AccuracyFold) -> Accuracy:
    """Return how good an agent was in a group. Raises: KeyError: there is no such agent."""
    verdicts = fold.verdicts(agent, group)
    counts = Counter(one.judged for one in verdicts)
    right, wrong, abstained = counts[Judged.RIGHT], counts[Judged.WRONG], counts[Judged.ABSTAINED]
    n, said = right + wrong + abstained, right + wrong
    pairs = fold.pairs(group) if agent == "diagnosis" else []
    stated, outcomes = [one.probability for one in pairs], [one.right for one in pairs]
    within = fold.forecasts(group) if agent == "prediction" else []
    low95, high95 = wilson(right, said) if said else (None, None)
    precision, recall = _precision_recall(agent, verdicts)
    return Accuracy(
        of=group,
        resolved=len(verdicts),
        n=n,
        right=right,
        wrong=wrong,
        abstained=abstained,
        unknown=counts[Judged.UNKNOWN],
        by_person=sum(one.by_person for one in verdicts if one.judged is not Judged.UNKNOWN),
        precision=precision,
        recall=recall,
        share_right=_share(right, said),
        low95=_rounded(low95),
        high95=_rounded(high95),
        coverage=_share(said, n),
        calibrated=n >= NEEDED,
        needed=NEEDED,
        pairs=len(pairs) or len(within),
        brier=_rounded(brier(stated, outcomes)) if pairs else None,
        ece=_rounded(ece(stated, outcomes)) if pairs else None,
        in_interval=_share(sum(within), len(within)),
        bins=tuple(reliability(stated, outcomes)) if pairs else (),
        says=_says(n, right, wrong, counts[Judged.UNKNOWN], group),
    )


def _precision_recall(agent: str, verdicts: Sequence[Verdict]) -> tuple[float | None, float | None]:
    """
    Return precision and recall.

    Detection claims that something is wrong, so "no sign" in a false alarm is right and neither; the others claim a
    cause, a breach or a fix, so what is right of what they claim is both counts' numerator.
    """
    judged = [one for one in verdicts if one.judged is not Judged.UNKNOWN]
    claims = [one for one in judged if one.said]
    hits = sum(one.judged is Judged.RIGHT for one in claims)
    if agent == "prediction":
        return _share(hits, len(claims)), None
    return _share(hits, len(claims)), _share(hits, sum(one.positive is not False for one in judged))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _says(n: int, right: int, wrong: int, unknown: int, group: Group) -> str:
    what = "drill" if group is Group.DRILLS else "incident"
    if not n:
        left = f"; of {say_count(unknown, what)} nobody said what it was" if unknown else ""
        return f"unknown: no resolved {what} has a known truth{left}"
    worth = "" if n >= NEEDED else f"; uncalibrated below {NEEDED}"
    return f"right in {right} of {right + wrong} judged, over {say_count(n, what)} with known truth{worth}"
