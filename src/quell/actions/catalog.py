"""Which actions can mend which cause, and in which order to consider them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from quell.actions.action import Action
from quell.incident.events import Cause, Change, Hypothesis, TrackRecord

Records = Mapping[tuple[str, Cause], TrackRecord]
"""How often an action helped against a cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """An action that can mend a cause."""

    action: str
    why: str
    """How it mends the cause: ends a sentence that starts with the action's name."""
    weight: float = 1.0
    """How well it fits beside the others of the same cause, in (0, 1]."""
    params_from: Callable[[Hypothesis], Mapping[str, str]] = lambda hypothesis: {}
    """The action's params as far as the hypothesis tells them; the action's dry run names the rest."""
    after_release: bool = False
    """Only fits when the service got a new release shortly before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An action to consider for a hypothesis."""

    action: Action
    params: Mapping[str, str]
    score: float
    """Weight of the fit times the smoothed share of tries that helped, in (0, 1)."""
    record: TrackRecord
    reason: str


def dependency_of(hypothesis: Hypothesis) -> Mapping[str, str]:
    """Name the dependency to get away from."""
    return {"dependency": hypothesis.subject} if hypothesis.subject else {}


FITS: Mapping[Cause, tuple[Fit, ...]] = {
    Cause.BAD_RELEASE: (Fit(action="roll_back", why="puts the release before back, without the defect"),),
    Cause.BAD_CONFIG: (Fit(action="roll_back_config", why="puts the values back that worked"),),
    Cause.SLOW_DEPENDENCY: (
        Fit(action="switch_flag", why="sends the calls to the other party", params_from=dependency_of),
    ),
    Cause.POOL_EXHAUSTION: (
        Fit(action="restart", why="gives back every connection that the process held"),
        Fit(action="scale_pool", why="gives requests more connections, for as long as they last", weight=0.5),
        Fit(
            action="roll_back",
            why="takes back the release that may have brought the leak",
            weight=0.4,
            after_release=True,
        ),
    ),
    Cause.MEMORY_LEAK: (
        Fit(action="restart", why="gives back the memory that the process held"),
        Fit(
            action="roll_back",
            why="takes back the release that may have brought the leak",
            weight=0.4,
            after_release=True,
        ),
    ),
    Cause.CRASH_LOOP: (
        Fit(action="roll_back", why="takes back the release that came just before the crashes", after_release=True),
        Fit(action="flush_cache", why="removes what the process may choke on when it starts", weight=0.6),
    ),
    Cause.TRAFFIC_SURGE: (Fit(action="scale_pool", why="lets more requests be served at once"),),
    Cause.UNKNOWN: (),
}
"""By cause, the best fit first."""


def choose(
    hypothesis: Hypothesis,
    available: Iterable[Action],
    records: Records,
    *,
    release: Change | None = None,
    fits: Mapping[Cause, tuple[Fit, ...]] = FITS,
) -> tuple[Candidate, ...]:
    """
    Return the actions that may mend a hypothesis, the best first; none when nothing fits.

    Args:
        release: the release that its service got shortly before, see `fresh_release`.
    """
    actions = {action.name: action for action in available}
    found = [
        _candidate(fit, actions[fit.action], hypothesis, records.get((fit.action, hypothesis.cause)), release)
        for fit in fits.get(hypothesis.cause, ())
        if fit.action in actions and (release is not None or not fit.after_release)
    ]
    return tuple(sorted(found, key=lambda candidate: -candidate.score))


def helped_share(record: TrackRecord) -> float:
    """
    Return the share of tries that helped, smoothed as if one more had helped and one more had not: in (0, 1), and
    0.5 without any try.

    Source: Laplace's rule of succession.
    """
    return (record.helped + 1) / (record.tried + 2)


def fresh_release(
    changes: Iterable[Change], service: str, *, onset: datetime, within_s: float = 900.0, slack_s: float = 5.0
) -> Change | None:
    """
    Return the last release that a service got before an onset, if it is recent and not Quell's own doing.

    Args:
        slack_s: how much later than the onset a release may be recorded and still count as before it.
    """
    earliest, latest = onset - timedelta(seconds=within_s), onset + timedelta(seconds=slack_s)
    deploys = [c for c in changes if c.service == service and c.kind == "deploy" and c.at <= latest]
    last = max(deploys, key=lambda change: change.at, default=None)
    return last if last is not None and last.at >= earliest and last.by != "quell" else None


def _candidate(
    fit: Fit, action: Action, hypothesis: Hypothesis, record: TrackRecord | None, release: Change | None
) -> Candidate:
    record = record or TrackRecord(helped=0, tried=0)
    score = fit.weight * helped_share(record)
    after = f" ({release.before} → {release.after})" if release is not None and fit.after_release else ""
    past = f"it helped {record.helped} of {record.tried} times before" if record.tried else "it was not tried before"
    return Candidate(
        action=action,
        params=dict(fit.params_from(hypothesis)),
        score=score,
        record=record,
        reason=f"{action.name} {fit.why}{after}; against {_words(hypothesis.cause)} {past}.",
    )


def _words(cause: Cause) -> str:
    return cause.value.replace("_", " ")
