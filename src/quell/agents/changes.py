"""
Changes of a service, weighed by the trouble that began after each and before the next; and what was healthy before.

What a service ran between two of its changes is one stretch. Trouble that was there before a change is not of it, and
a stretch that was well until the next change is no cause of what came after. The last stretch that was well says what
to go back to; where none is known to have been, that is a choice for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import numpy as np

from quell.actions.catalog import BackTo
from quell.agents.indicators import RECENT_S, Measured, reach
from quell.agents.past import step_of
from quell.agents.prediction import LIMITED
from quell.incident.events import Change
from quell.signals.causes import AFTER_ONSET_S, SLOW_CHANGE_S
from quell.signals.facts import ChangeFacts

CHANGE_REACH_S = 300.0
"""Changes up to this long before the onset are looked at; up to `SLOW_CHANGE_S` where something fills up."""

ORDERED_BY = "quell"

SETTLE_S, SETTLE_STEPS = 10.0, 4.0
"""Readings so soon after a change tell of what was before: they are taken over a while that reaches back."""

AT_END_S = 20.0
"""How a stretch was is read from so many of its last seconds."""

FEWEST = 3
"""Fewer readings than this say nothing of a stretch."""

MOSTLY = 0.5
"""A stretch in which this share of readings is out of range is in trouble."""

NOT_SEEN = "was seen healthy before the trouble, so which one to go back to is a choice for a person"


class Health(StrEnum):
    """How a service was at the end of a stretch."""

    WELL = "well"
    TROUBLED = "troubled"
    UNKNOWN = "unknown"


def changes_of(
    changes: Iterable[Change], measured: Sequence[Measured], service: str, onset: datetime
) -> tuple[ChangeFacts, ...]:
    """
    Return the changes of a service that its trouble may have begun with.

    Left out are those that trouble came before, those that were well until the next change, those that the next change
    took back, and those that Quell made.

    Args:
        onset: when the service left its range.
    """
    mine = [one for one in measured if one.service == service]
    fills = any(one.kind.name in LIMITED and one.out_of_range() for one in mine)
    reach_s = SLOW_CHANGE_S if fills else CHANGE_REACH_S
    found = sorted((one for one in changes if one.service == service), key=lambda one: one.at)
    kept = []
    for number, change in enumerate(found):
        before_s = (onset - change.at).total_seconds()
        if change.by == ORDERED_BY or not -AFTER_ONSET_S <= before_s <= reach_s:
            continue
        earlier = found[number - 1] if number else None
        later = found[number + 1] if number + 1 < len(found) else None
        if _came_after(mine, earlier, change, onset):
            continue
        if later is not None and _is_out(mine, change, later, onset):
            continue
        kept.append(ChangeFacts(kind=change.kind, subject=name_change(change), before_onset_s=before_s))
    return tuple(kept)


def _came_after(mine: Sequence[Measured], earlier: Change | None, change: Change, onset: datetime) -> bool:
    """
    Whether the trouble was there already when a change came on top of an earlier one.

    An only change is dated by the onset alone: it may be recorded a little after it took effect.
    """
    if earlier is None or earlier.at >= onset:
        return False
    since_s, until_s = earlier.at.timestamp(), change.at.timestamp()
    return health(mine, since_s, until_s, over_s=RECENT_S) is Health.TROUBLED


def _is_out(mine: Sequence[Measured], change: Change, later: Change, onset: datetime) -> bool:
    """Whether a change had nothing to do with the trouble, or was no longer in place when that began."""
    if later.at >= onset:
        return False
    if (later.kind, later.what, later.after) == (change.kind, change.what, change.before):
        return True
    return health(mine, change.at.timestamp(), later.at.timestamp()) is Health.WELL


def health(mine: Sequence[Measured], start_s: float, end_s: float, *, over_s: float = AT_END_S) -> Health:
    """
    Return how a service was at the end of a stretch between two of its changes.

    It is well when what users feel was in range on average, and so was whatever is out of range now. One failed request
    of a quiet service is seen in as many readings as overlap, so it is not their number that tells.

    Args:
        mine: the indicators of the service.
        start_s: Unix seconds of the change that began it, minus infinity for none.
        end_s: Unix seconds of the change that ended it.
        over_s: how much of its end to read.
    """
    verdicts: dict[str, Health] = {}
    wanted = {one.kind.name for one in mine if one.recent().size and one.out_of_range() and _tells(one)}
    for one in mine:
        if one.judged and _tells(one):
            verdicts[one.kind.name] = _health_by(one, start_s, end_s, over_s)
    if Health.TROUBLED in verdicts.values():
        return Health.TROUBLED
    felt = [verdict for name, verdict in verdicts.items() if name in ("error_ratio", "latency_p99", "latency_mean")]
    seen = all(verdicts[name] is Health.WELL for name in wanted)
    return Health.WELL if seen and Health.WELL in felt else Health.UNKNOWN


def _tells(one: Measured) -> bool:
    return (one.kind.symptom or one.kind.name in LIMITED) and not one.kind.trailing


def _health_by(one: Measured, start_s: float, end_s: float, over_s: float) -> Health:
    settled = start_s + max(SETTLE_S, SETTLE_STEPS * step_of(one.times))
    since = max(settled, end_s - reach(one.times, over_s) - step_of(one.times))
    values = one.values[(one.times >= since) & (one.times < end_s) & np.isfinite(one.values)]
    if values.size < FEWEST:
        return Health.UNKNOWN
    share = sum(one.bad(float(value)) for value in values) / values.size
    if share >= MOSTLY:
        return Health.TROUBLED
    return Health.UNKNOWN if one.bad(float(values.mean())) else Health.WELL


def release_to_go_back_to(changes: Iterable[Change], measured: Sequence[Measured], service: str) -> BackTo:
    """Return the last release of a service that was seen healthy before the one that runs, or why there is none."""
    deploys = sorted((one for one in changes if (one.service, one.kind) == (service, "deploy")), key=lambda one: one.at)
    mine = [one for one in measured if one.service == service]
    if not deploys:
        return BackTo(why_not=f"no release of {service} is recorded; none {NOT_SEEN}")
    starts = [-np.inf, *(one.at.timestamp() for one in deploys)]
    ran = [deploys[0].before, *(one.after for one in deploys)]
    seen = {version: health(mine, *ends) for version, ends in zip(ran, pairwise(starts), strict=False)}
    # Of a release that ran twice the later time counts, and it is the later one that `seen` holds.
    well = next((one for one in reversed(ran) if one and one != ran[-1] and seen.get(one) is Health.WELL), "")
    if not well:
        return BackTo(why_not=f"no release of {service} {NOT_SEEN}")
    return BackTo(version=well, is_before_last=well == deploys[-1].before)


def configuration_to_go_back_to(changes: Iterable[Change], measured: Sequence[Measured], service: str) -> BackTo:
    """Say whether the configuration before the last change of it was seen healthy."""
    times = sorted(one.at.timestamp() for one in changes if (one.service, one.kind) == (service, "config"))
    mine = [one for one in measured if one.service == service]
    if times and health(mine, times[-2] if len(times) > 1 else -np.inf, times[-1]) is Health.WELL:
        return BackTo(is_before_last=True)
    return BackTo(why_not=f"no configuration of {service} {NOT_SEEN}")


def name_change(change: Change) -> str:
    """Say what changed: `release 1.5.0 (was 1.4.2)`, `config timeout_ms = 5 (was 800)`."""
    if change.kind == "deploy":
        return f"release {change.after} (was {change.before})"
    return f"{change.kind} {change.what} = {change.after} (was {change.before})"
