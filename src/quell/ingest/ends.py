"""Which firings are known to be over, so that one whose message arrives after that of its end opens nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from quell.incident.alert import Alert
from quell.incident.correlation import CorrelationRules
from quell.incident.events import EarlyEnd


class End(NamedTuple):
    """When a firing began and ended, as its sender says, in Unix seconds."""

    started_s: float | None
    """None when the sender did not say."""
    ended_s: float | None
    """None when the sender gave only the beginning."""


class _Heard(NamedTuple):
    end: End
    at_s: float
    until_s: float


class KnownEnds:
    """The latest end of each alert by fingerprint: for a while, and of a bounded number."""

    def __init__(self, rules: CorrelationRules) -> None:
        self._rules = rules
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        """The one heard of longest ago first."""

    def __len__(self) -> int:
        return len(self._heard)

    def note(self, fingerprint: str, end: End, now_s: float, *, fired: bool) -> None:
        """
        Remember an end.

        Args:
            fired: whether the firing was known; it is remembered for less long then.
        """
        span_s = self._rules.late_s if fired else self._rules.early_end_s
        self._heard[fingerprint] = _Heard(end, now_s, now_s + span_s)
        self._heard.move_to_end(fingerprint)

    def knows(self, fingerprint: str, end: End, now_s: float) -> bool:
        """Return whether this end, or the end of a later firing of the same alert, is remembered."""
        heard = self._heard.get(fingerprint)
        if heard is None or heard.until_s < now_s:
            return False
        if end.started_s is None or heard.end.started_s is None:
            return end == heard.end
        return end.started_s <= heard.end.started_s

    def is_over(self, alert: Alert, now_s: float) -> bool:
        """Return whether a firing began no later than one that is known to be over, or before that one was over."""
        heard = self._heard.get(alert.fingerprint)
        started_s = alert.started_s
        if heard is None or started_s is None or heard.until_s < now_s:
            return False
        began_s, ended_s = heard.end
        return (began_s is not None and started_s <= began_s) or (ended_s is not None and started_s < ended_s)

    def prune(self, now_s: float) -> None:
        """Forget what is too old to matter, and the oldest past the bound."""
        horizon_s = now_s - max(self._rules.early_end_s, self._rules.late_s)
        while self._heard:
            heard = next(iter(self._heard.values()))
            if heard.at_s >= horizon_s and len(self._heard) <= self._rules.tracked_alerts:
                break
            self._heard.popitem(last=False)


def end_of(alert: Alert) -> EarlyEnd | None:
    """
    Return the end that a resolved alert tells of; None when it gives no time.

    The time of receipt proves nothing: a script that says "resolved" with every good check and then tells of a failure
    that began before its last good check must be believed.
    """
    starts_at = None if alert.started_s is None else alert.starts_at
    if starts_at is None and alert.ends_at is None:
        return None
    ended_at = None if alert.ends_at is None else min(alert.ends_at, alert.received_at)
    return EarlyEnd(starts_at=starts_at, ended_at=ended_at)


def seconds(end: EarlyEnd) -> End:
    """Return the same in Unix seconds."""
    return End(
        None if end.starts_at is None else end.starts_at.timestamp(),
        None if end.ended_at is None else end.ended_at.timestamp(),
    )
