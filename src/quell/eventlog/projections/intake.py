"""What became of every alert that was received, and what could not be taken."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quell.eventlog.log import Recorded
from quell.eventlog.projections.views import AlertView, flagged
from quell.incident import events as ev
from quell.incident.alert import Alert, AlertStatus
from quell.incident.untrusted import harmless, harmless_values

REJECTED_KEPT = 200
HELD_KEPT = 10_000
LAST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCounts:
    """Alerts by the stage that ended their way: `received` is the sum of the others."""

    received: int = 0
    rejected: int = 0
    silenced: int = 0
    duplicate: int = 0
    grouped: int = 0
    opening: int = 0
    tests: int = 0
    """Of the received: tests of the way from a sender."""
    not_sent: int = 0
    """Left out of their requests by senders; not among the received."""

    def plus(self, batch: ev.BatchTaken) -> StageCounts:
        """Return the counts with one more request."""
        return StageCounts(
            received=self.received + batch.received,
            rejected=self.rejected + batch.rejected,
            silenced=self.silenced + batch.silenced,
            duplicate=self.duplicate + batch.duplicate,
            grouped=self.grouped + batch.grouped,
            opening=self.opening + batch.opening,
            tests=self.tests + batch.tests,
            not_sent=self.not_sent + batch.not_sent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMinute:
    """What the last 60 seconds brought."""

    received: int
    incidents_opened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeView:
    """Alerts by stage since the log began: received = rejected + silenced + duplicate + grouped + opening."""

    received: int
    rejected: int
    silenced: int
    duplicate: int
    grouped: int
    """Joined an incident, waits below the threshold, or ended."""
    opening: int
    held: int
    """Of the grouped: how many wait now because they are not past the threshold of an incident."""
    by_source: dict[str, StageCounts]
    last_minute: LastMinute
    since: datetime | None
    """When the first request came; None before."""
    tests: int = 0
    """Of the received: tests of the way from a sender. They open no incident that counts, and end by themselves."""
    not_sent: int = 0
    """Alerts that senders said they left out of their requests, each time they did; not among the received."""
    ends_unmatched: int = 0
    """Of the duplicates: ends that could be that of several alerts, with other labels; none was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedView:
    """A request, or part of one, that could not be taken."""

    position: int
    at: datetime
    source: str
    reason: str
    detail: str
    body: str
    """The start of it."""
    body_bytes: int
    alerts: int


@dataclass(slots=True, kw_only=True)
class _Second:
    at: datetime
    received: int = 0
    opened: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An alert that waits."""

    alert: Alert
    why: str

    def view(self) -> AlertView:
        """Return it as an alert of no incident."""
        alert = self.alert
        return AlertView(
            fingerprint=alert.fingerprint,
            name=harmless(alert.name),
            service=harmless(alert.service) if alert.service is not None else None,
            source=alert.source,
            severity=alert.severity,
            severity_raw=alert.severity_raw,
            severity_known=alert.severity_known,
            status=AlertStatus.FIRING,
            flapping=False,
            starts_at=alert.starts_at,
            received_at=alert.received_at,
            labels=harmless_values(alert.labels),
            annotations=harmless_values(alert.annotations),
            link=alert.link,
            why=self.why,
            incident_id="",
            flagged=flagged(alert),
            test=bool(alert.test),
            notes=tuple(map(harmless, alert.notes)),
        )


@dataclass(slots=True, kw_only=True)
class Intake:
    """The counts of intake, folded from its stream."""

    total: StageCounts = StageCounts()
    ends_unmatched: int = 0
    by_source: dict[str, StageCounts] = field(default_factory=dict)
    since: datetime | None = None
    held: OrderedDict[str, Held] = field(default_factory=OrderedDict)
    """By fingerprint, the longest waiting first."""
    rejected: deque[RejectedView] = field(default_factory=lambda: deque(maxlen=REJECTED_KEPT))
    """The oldest first."""
    _seconds: deque[_Second] = field(default_factory=deque)

    def apply(self, recorded: Recorded) -> bool:
        """Take in an event of any stream; return whether a count changed."""
        event, at = recorded.event, recorded.at
        match event:
            case ev.BatchTaken():
                self._batch(event, at)
            case ev.BodyRejected():
                self._body(event, recorded)
            case ev.AlertHeld():
                self._hold(event)
            case ev.IncidentOpened(test=False):
                self._second(at).opened += 1
            case ev.AlertGrouped():
                return self.held.pop(event.alert.fingerprint, None) is not None
            case _:
                return False
        return True

    def _batch(self, batch: ev.BatchTaken, at: datetime) -> None:
        self.since = self.since or at
        self.total = self.total.plus(batch)
        self.by_source[batch.source] = self.by_source.get(batch.source, StageCounts()).plus(batch)
        self._second(at).received += batch.received
        self.ends_unmatched += batch.ends_unmatched
        for fingerprint in batch.ended:
            self.held.pop(fingerprint, None)

    def _body(self, event: ev.BodyRejected, recorded: Recorded) -> None:
        self.rejected.append(
            RejectedView(
                position=recorded.position,
                at=recorded.at,
                source=event.source,
                reason=event.reason,
                detail=event.detail,
                body=event.body,
                body_bytes=event.body_bytes,
                alerts=event.alerts,
            )
        )

    def _hold(self, event: ev.AlertHeld) -> None:
        self.held[event.alert.fingerprint] = Held(alert=event.alert, why=event.why)
        self.held.move_to_end(event.alert.fingerprint)
        if len(self.held) > HELD_KEPT:
            self.held.popitem(last=False)

    def _second(self, at: datetime) -> _Second:
        """Return the count of the second that `at` is in, and forget those older than a minute."""
        while self._seconds and at - self._seconds[0].at > LAST:
            self._seconds.popleft()
        second = at.replace(microsecond=0)
        if not self._seconds or self._seconds[-1].at < second:
            self._seconds.append(_Second(at=second))
        return self._seconds[-1]

    def view(self, now: datetime) -> IntakeView:
        """Return the counts, with the last minute seen from `now`."""
        recent = [second for second in self._seconds if now - second.at <= LAST]
        total = self.total
        return IntakeView(
            received=total.received,
            rejected=total.rejected,
            silenced=total.silenced,
            duplicate=total.duplicate,
            grouped=total.grouped,
            opening=total.opening,
            held=len(self.held),
            by_source=dict(self.by_source),
            last_minute=LastMinute(
                received=sum(second.received for second in recent),
                incidents_opened=sum(second.opened for second in recent),
            ),
            since=self.since,
            tests=total.tests,
            not_sent=total.not_sent,
            ends_unmatched=self.ends_unmatched,
        )
