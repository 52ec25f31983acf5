"""The silences there are and were, and how much each kept back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from quell.incident import events as ev
from quell.incident.actor import signed_event
from quell.incident.events import Event, Matcher, SilenceCreated

OVER_KEPT = 500
"""Silences kept in all once there are more, those that ended first go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """A silence as it stands."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    by: str
    comment: str
    state: str
    """`pending`, `active`, `expired`, or `ended` before its time."""
    matched: int | None
    """Alerts it kept back, repeats included; None while intake does not say which silence kept an alert back."""


class Silences:
    """The silences, folded from their stream and from what intake says they kept back."""

    def __init__(self) -> None:
        self._created: dict[str, SilenceCreated] = {}
        self._ended: dict[str, datetime] = {}
        self._matched: Counter[str] = Counter()
        self._unattributed = False

    def apply(self, event: Event, at: datetime) -> bool:
        """Take in an event of any stream; return whether a silence changed."""
        match event:
            case ev.SilenceCreated():
                self._created[event.silence_id] = event
                self._forget(at)
            case ev.SilenceEnded():
                self._ended.setdefault(event.silence_id, at)
            case ev.BatchTaken() if event.silenced:
                self._matched.update(event.silenced_by)
                self._unattributed = self._unattributed or sum(event.silenced_by.values()) != event.silenced
            case _:
                return False
        return True

    def _forget(self, now: datetime) -> None:
        """Let go of those that are over, the earliest first, while there are too many."""
        if len(self._created) <= OVER_KEPT:
            return
        over = [silence for silence in self._created.values() if self._over(silence, now)]
        over.sort(key=self._end_of)
        for silence in over[: len(self._created) - OVER_KEPT]:
            del self._created[silence.silence_id]
            self._ended.pop(silence.silence_id, None)
            self._matched.pop(silence.silence_id, None)

    def _end_of(self, silence: SilenceCreated) -> datetime:
        return min(self._ended.get(silence.silence_id, silence.ends_at), silence.ends_at)

    def _over(self, silence: SilenceCreated, now: datetime) -> bool:
        return self._end_of(silence) <= now

    def get(self, silence_id: str, now: datetime) -> SilenceView | None:
        """Return a silence as it stands now, or None."""
        silence = self._created.get(silence_id)
        return self._view(silence, now) if silence is not None else None

    def all(self, now: datetime) -> list[SilenceView]:
        """Return every silence: those in force first, by their end; then pending; then those that are over."""
        order = {"active": 0, "pending": 1, "ended": 2, "expired": 2}
        views = [self._view(silence, now) for silence in self._created.values()]
        over = {view.id: -self._end_of(self._created[view.id]).timestamp() for view in views}
        return sorted(
            views, key=lambda v: (order[v.state], over[v.id] if order[v.state] == 2 else v.ends_at.timestamp(), v.id)
        )

    def _view(self, silence: SilenceCreated, now: datetime) -> SilenceView:
        return SilenceView(
            id=silence.silence_id,
            matchers=silence.matchers,
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
            by=signed_event(silence),
            comment=silence.comment,
            state=self._state(silence, now),
            matched=None if self._unattributed else self._matched[silence.silence_id],
        )

    def _state(self, silence: SilenceCreated, now: datetime) -> str:
        if silence.silence_id in self._ended:
            return "ended"
        if now >= silence.ends_at:
            return "expired"
        return "active" if now >= silence.starts_at else "pending"
