"""
What intake knows, folded from the log and from nothing else: which alerts fire, what they are in, what is silenced.

The same `fold` takes in what intake decides, what others append and, at a restart, the whole log, so that a restarted
intake goes on exactly where it stopped. Everything here is bounded: by age, and by a number where age is not enough.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from quell.incident import events as ev
from quell.incident.alert import Alert, AlertStatus, Severity
from quell.incident.alert import fingerprint as by_labels
from quell.incident.correlation import (
    Commonness,
    CorrelationRules,
    Groups,
    hints_of,
    incident_number,
    worse,
)
from quell.ingest.ends import End, KnownEnds, seconds
from quell.ingest.firing import Firing
from quell.ingest.silences import Silences
from quell.ingest.tracks import Case, Kind, Track, Waiting

KINDS_REMEMBERED = 200_000
"""The kind longest known is forgotten first; its next critical alert then counts as the first of its kind again."""
DONE_REMEMBERED = 5_000
"""Incidents that are over; alerts of one that is forgotten are correlated as if they were new."""
MERGE_HOPS = 16
SILENCED_REMEMBERED = 10_000
"""Silenced alerts that are looked at again when their silence ends; of more, the oldest wait for their next repeat."""
DECIDED_HERE = (
    ev.IncidentOpened, ev.AlertGrouped, ev.AlertResolved, ev.AlertFlapping, ev.AlertsNotSent,
    ev.AlertHeld, ev.AlertSilenced, ev.BatchTaken, ev.BodyRejected,
)  # fmt: skip
"""The events that only intake writes."""

MENDER = "agent:resolution"
"""Who resolves an incident because a fix was verified."""


class Ledger:
    """The state of intake. Only `fold` and `prune` change it."""

    def __init__(self, rules: CorrelationRules) -> None:
        self.rules = rules
        self.tracks: OrderedDict[str, Track] = OrderedDict()
        """By fingerprint, the one longest unheard of first."""
        self.cases: dict[str, Case] = {}
        self.open: Groups[Case] = Groups(rules)
        self.waiting: dict[str, Waiting] = {}
        self.held: Groups[Waiting] = Groups(rules)
        self.kinds: dict[Kind, str | None] = {}
        """Every kind that ever fired, and the incident it was last in."""
        self.common = Commonness(rules.common_after)
        self.silences = Silences()
        self.over = KnownEnds(rules)
        self.firing = Firing(rules)
        self.silenced: OrderedDict[str, Alert] = OrderedDict()
        """By fingerprint: alerts that fire and would have been news but for a silence, the oldest first."""
        self.tests: OrderedDict[str, float] = OrderedDict()
        """Tests that fire, and since when; the oldest first."""
        self.flapped: OrderedDict[str, float] = OrderedDict()
        """Alerts held because they flapped, and when, the oldest first; some of them may have gone on since."""
        self.last_number = 0
        self._done: OrderedDict[str, None] = OrderedDict()
        self._takers: Mapping[type, Callable[[str, Any, float], None]] = {
            ev.IncidentOpened: self._opened,
            ev.AlertGrouped: self._grouped,
            ev.AlertResolved: self._resolved,
            ev.AlertFlapping: self._flapping,
            ev.AlertsNotSent: self._not_sent,
            ev.StateChanged: self._state_changed,
            ev.IncidentReopened: self._reopened,
            ev.IncidentMerged: self._merged,
            ev.SeverityChanged: self._severity_changed,
            ev.AlertHeld: self._held,
            ev.AlertSilenced: self._silenced,
            ev.BatchTaken: self._batch_taken,
            ev.SilenceCreated: self._silence_created,
            ev.SilenceEnded: self._silence_ended,
        }

    def first_of_its_kind(self, alert: Alert) -> bool:
        """Return whether the alert is critical and none of its name and service ever fired."""
        return alert.severity is Severity.CRITICAL and (alert.name, alert.service) not in self.kinds

    def home(self, incident_id: str | None) -> Case | None:
        """Return the incident, or the one it was merged into; None when it is forgotten."""
        for _ in range(MERGE_HOPS):
            case = self.cases.get(incident_id) if incident_id is not None else None
            if case is None or case.into is None:
                return case
            incident_id = case.into
        return None

    def recognise(self, alert: Alert) -> tuple[Alert, bool]:
        """
        Return an alert under the fingerprint by which it is known, and whether it is an end that fits several.

        Logs of before sources and organisations were told apart have an alert under its labels alone. An end whose
        labels changed is that of the one alert it can be of.
        """
        if alert.fingerprint in self.tracks or alert.fingerprint in self.silenced:
            return alert, False
        former = by_labels(alert.labels)
        track = self.tracks.get(former)
        if track is not None and track.source == alert.source:
            return replace(alert, fingerprint=former), False
        if alert.status is not AlertStatus.RESOLVED:
            return alert, False
        found = self.firing.ended_by(alert)
        return (replace(alert, fingerprint=found[0]), False) if len(found) == 1 else (alert, bool(found))

    def due(self, now_s: float) -> bool:
        """Return whether time alone brings something: a silence that keeps alerts back is over, a test, or flapping."""
        self.silences.prune(now_s)
        if next(iter(self.tests.values()), now_s) < self._tests_until(now_s):
            return True
        if next(iter(self.flapped.values()), now_s) < now_s - self.rules.flap_s:
            return True
        return bool(self.silenced and self.silences.any_over)

    def calm_again(self, now_s: float) -> list[Alert]:
        """Return the alerts that fire, wait because they flapped, and have been quiet since; each is returned once."""
        found = []
        while self.flapped and next(iter(self.flapped.values())) < now_s - self.rules.flap_s:
            fingerprint, _ = self.flapped.popitem(last=False)
            track = self.tracks.get(fingerprint)
            if track is None or not (track.firing and track.waiting) or track.flaps_at(now_s, self.rules):
                continue
            group = self.waiting.get(track.group)
            if group is not None and fingerprint in group.alerts:
                found.append(group.alerts[fingerprint][0])
        return found

    def tests_over(self, now_s: float) -> list[str]:
        """Return the tests that have fired for long enough."""
        return [known for known, since_s in self.tests.items() if since_s < self._tests_until(now_s)]

    def _tests_until(self, now_s: float) -> float:
        return now_s - self.rules.test_s

    def is_repeat(self, alert: Alert, now_s: float) -> bool:
        """
        Return whether an alert says nothing new.

        A firing alert repeats itself unless it got worse, or is the first critical one of its kind under a known key,
        or goes on although its incident was resolved, or waits because it flapped and has been quiet since. Neither a
        firing that is known to be over nor the end of one before that which is known is news, whenever it arrives.
        """
        track = self.tracks.get(alert.fingerprint)
        if alert.status is AlertStatus.RESOLVED:
            return track is None or not track.firing or track.begins_after(alert)
        if track is None or not track.firing or now_s - track.seen_s > self.rules.stale_s:
            return self.over.is_over(alert, now_s)
        if worse(alert.severity, track.severity) or (not alert.test and self.first_of_its_kind(alert)):
            return False
        if track.waiting:
            return track.flaps is None or not track.flaps.flapping or track.flaps.active(now_s, self.rules)
        return not self._returned(alert, self.home(track.group), now_s)

    def _returned(self, alert: Alert, home: Case | None, now_s: float) -> bool:
        """Return whether an alert that never stopped firing is back, seen from its incident."""
        if home is None:
            return True
        if home.done_s is None:
            return False
        # A sender that gives no start has `starts_at` filled in with the time of receipt: it proves nothing.
        restarted = alert.starts_at != alert.received_at and alert.starts_at.timestamp() > home.done_s
        return restarted or now_s - home.done_s > self.rules.settle_s

    def replay(self, stream: str, event: ev.Event, at_s: float) -> None:
        """Take in what the log holds: as it was decided, after forgetting what was then too old."""
        if isinstance(event, DECIDED_HERE):
            self.prune(at_s)
        self.fold(stream, event, at_s)

    def fold(self, stream: str, event: ev.Event, at_s: float) -> None:
        """Take in what happened; events that do not concern intake are ignored."""
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(stream, event, at_s)

    def prune(self, now_s: float) -> None:
        """Forget what is too old to matter."""
        horizon_s = now_s - self.rules.stale_s
        while self.tracks:
            fingerprint, track = next(iter(self.tracks.items()))
            if track.seen_s >= horizon_s and len(self.tracks) <= self.rules.tracked_alerts:
                break
            self._stop_waiting(fingerprint, track)
            self._stop_firing(fingerprint)
            del self.tracks[fingerprint]
        while len(self._done) > DONE_REMEMBERED:
            del self.cases[self._done.popitem(last=False)[0]]
        self.silences.prune(now_s)
        self.over.prune(now_s)

    def _opened(self, stream: str, event: ev.IncidentOpened, at_s: float) -> None:
        case = Case(key=event.incident_id, joined_s=at_s, severity=event.severity, worst=Severity.INFO)
        case.test = event.test
        self.cases[case.key] = case
        self._let_join(case)
        self.last_number = max(self.last_number, incident_number(event.incident_id))

    def _grouped(self, stream: str, event: ev.AlertGrouped, at_s: float) -> None:
        alert, now_s = event.alert, event.alert.received_at.timestamp()
        case = self.cases.get(_incident_of(stream))
        if case is None:
            return
        track = self._fires(alert, now_s, group=case.key, waiting=False)
        if alert.test:
            return
        self.kinds[track.kind] = case.key
        pairs = self.rules.pairs(alert.labels)
        self.common.note(pairs, alert.service)
        # An alert that waited joins with the time it came: it must not draw the window back.
        self.open.widen(case, alert.service, pairs, max(now_s, at_s), hints=hints_of(alert))
        if worse(alert.severity, case.worst):
            case.worst = alert.severity

    def _held(self, stream: str, event: ev.AlertHeld, at_s: float) -> None:
        alert, now_s = event.alert, event.alert.received_at.timestamp()
        track = self._fires(alert, now_s, group=event.group, waiting=True)
        if alert.test:
            return
        self.kinds.setdefault(track.kind, None)
        pairs = self.rules.pairs(alert.labels)
        self.common.note(pairs, alert.service)
        group = self.waiting.get(event.group)
        if group is None:
            group = self.waiting[event.group] = Waiting(key=event.group, joined_s=now_s)
            self.held.add(group)
        self.held.widen(group, alert.service, pairs, now_s, hints=hints_of(alert))
        flaps = track.flaps_at(now_s, self.rules)
        if flaps:
            self.flapped[alert.fingerprint] = now_s
            self.flapped.move_to_end(alert.fingerprint)
        weight = 0.0 if flaps else self.rules.weight(alert.severity)
        group.alerts[alert.fingerprint] = (alert, weight)
        group.weight += weight

    def _fires(self, alert: Alert, now_s: float, *, group: str, waiting: bool) -> Track:
        """Note that an alert fires, and where it is now."""
        kind = (alert.name, alert.service)
        track = self.tracks.get(alert.fingerprint)
        self.silenced.pop(alert.fingerprint, None)
        if alert.test:
            self.tests.setdefault(alert.fingerprint, now_s)
        self.firing.add(alert)
        if track is not None:
            self._stop_waiting(alert.fingerprint, track)
            self.tracks.move_to_end(alert.fingerprint)
        if track is None or now_s - track.seen_s > self.rules.stale_s:
            track = Track(kind=kind, severity=alert.severity, firing=True, seen_s=now_s, group=group, waiting=waiting)
            track.source = alert.source
            self.tracks[alert.fingerprint] = track
        else:
            if not track.firing:
                self.forgive(track)
                track.change(True, now_s, self.rules)
            elif track.flaps is not None:
                track.flaps.settle(now_s, self.rules)
            track.kind, track.severity = kind, alert.severity
            track.seen_s, track.group, track.waiting = max(track.seen_s, now_s), group, waiting
        track.started_s = alert.started_s
        if kind not in self.kinds and len(self.kinds) >= KINDS_REMEMBERED:
            del self.kinds[next(iter(self.kinds))]
        return track

    def _stop_waiting(self, fingerprint: str, track: Track) -> None:
        group = self.waiting.get(track.group) if track.waiting else None
        if group is None:
            return
        group.weight -= group.alerts.pop(fingerprint, (None, 0.0))[1]
        if not group.alerts:
            self.held.remove(group)
            del self.waiting[group.key]

    def _stop_firing(self, fingerprint: str) -> None:
        self.firing.remove(fingerprint)
        self.tests.pop(fingerprint, None)

    def _silenced(self, stream: str, event: ev.AlertSilenced, at_s: float) -> None:
        self.silenced[event.alert.fingerprint] = event.alert
        if len(self.silenced) > SILENCED_REMEMBERED:
            self.silenced.popitem(last=False)

    def ends(self, fingerprint: str, at_s: float) -> None:
        """Note that an alert no longer fires."""
        track = self.tracks.get(fingerprint)
        if track is None or not track.firing:
            return
        self._stop_waiting(fingerprint, track)
        self._stop_firing(fingerprint)
        self.tracks.move_to_end(fingerprint)
        track.seen_s = max(track.seen_s, at_s)
        self.forgive(track)
        track.change(False, at_s, self.rules)

    def forgive(self, track: Track) -> None:
        """Count no change of an alert that came before a fix which ended its incident."""
        home = self.home(track.group) if track.flaps is not None and not track.waiting else None
        if home is not None and home.mended_s is not None and track.flaps is not None:
            track.flaps.forget(home.mended_s)

    def _resolved(self, stream: str, event: ev.AlertResolved, at_s: float) -> None:
        track = self.tracks.get(event.fingerprint)
        started_s = event.starts_at.timestamp() if event.starts_at is not None else None
        if track is not None and started_s is None:
            started_s = track.started_s
        self.over.note(event.fingerprint, End(started_s, event.ended_at.timestamp()), at_s, fired=True)
        self.ends(event.fingerprint, at_s)

    def _flapping(self, stream: str, event: ev.AlertFlapping, at_s: float) -> None:
        track = self.tracks.get(event.fingerprint)
        if track is not None and track.flaps is not None:
            track.flaps.said = True

    def _not_sent(self, stream: str, event: ev.AlertsNotSent, at_s: float) -> None:
        case = self.cases.get(_incident_of(stream))
        if case is not None:
            case.not_sent[event.source, event.group] = event.count

    def _batch_taken(self, stream: str, event: ev.BatchTaken, at_s: float) -> None:
        for fingerprint in event.repeats:
            track = self.tracks.get(fingerprint)
            # A stale one is forgotten: that it was asked about does not bring it back.
            if track is not None and track.firing and at_s - track.seen_s <= self.rules.stale_s:
                track.seen_s = max(track.seen_s, at_s)
                self.tracks.move_to_end(fingerprint)
        for fingerprint, later in event.later_starts.items():
            track = self.tracks.get(fingerprint)
            if track is not None and track.firing:
                track.started_s = later.timestamp()
        for fingerprint, end in event.early_ends.items():
            self.note_end(fingerprint, end, at_s)
        for fingerprint in event.ended:
            self.silenced.pop(fingerprint, None)
            self.ends(fingerprint, at_s)

    def note_end(self, fingerprint: str, end: ev.EarlyEnd, at_s: float) -> None:
        """Remember the end of a firing that is in no incident."""
        spoken, track = seconds(end), self.tracks.get(fingerprint)
        fired = track is not None and track.started_s == spoken.started_s
        self.over.note(fingerprint, spoken, at_s, fired=fired)

    def _state_changed(self, stream: str, event: ev.StateChanged, at_s: float) -> None:
        case = self.cases.get(_incident_of(stream))
        if case is None or case.into is not None:
            return
        if event.after in (ev.State.RESOLVED, ev.State.CLOSED):
            if event.by == MENDER:
                case.mended_s = at_s
            self._end(case, at_s, closed=event.after is ev.State.CLOSED)
        elif case.done_s is not None and event.after is not ev.State.MERGED:
            self._reopen(case)

    def _end(self, case: Case, at_s: float, *, closed: bool) -> None:
        case.done_s = at_s if case.done_s is None else case.done_s
        case.closed = closed
        self.open.remove(case)
        self._done[case.key] = None

    def _reopened(self, stream: str, event: ev.IncidentReopened, at_s: float) -> None:
        case = self.cases.get(_incident_of(stream))
        if case is not None and case.into is None:
            self._reopen(case)

    def _reopen(self, case: Case) -> None:
        case.done_s, case.closed = None, False
        self._done.pop(case.key, None)
        self._let_join(case)

    def _let_join(self, case: Case) -> None:
        """Let alerts find an incident; a test is found by nothing but its own alert."""
        if not case.test:
            self.open.add(case)

    def _merged(self, stream: str, event: ev.IncidentMerged, at_s: float) -> None:
        case = self.cases.get(_incident_of(stream))
        if case is None:
            return
        self._end(case, at_s, closed=True)
        case.into = event.into
        target = self.home(event.into)
        if target is None:
            return
        if target.key in self.open:
            for service in case.services or (None,):
                self.open.widen(target, service, case.pairs, case.joined_s, hints=case.hints)
        target.worst = case.worst if worse(case.worst, target.worst) else target.worst

    def _severity_changed(self, stream: str, event: ev.SeverityChanged, at_s: float) -> None:
        case = self.cases.get(_incident_of(stream))
        if case is not None:
            case.severity = event.after

    def _silence_created(self, stream: str, event: ev.SilenceCreated, at_s: float) -> None:
        self.silences.add(event)

    def _silence_ended(self, stream: str, event: ev.SilenceEnded, at_s: float) -> None:
        self.silences.end(event.silence_id)


def _incident_of(stream: str) -> str:
    return stream.removeprefix("incident/")
