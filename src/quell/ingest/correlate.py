"""Where an alert goes: into an incident, into a new one, or into a group that waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from quell.incident import events as ev
from quell.incident.alert import Alert
from quell.incident.correlation import Match, title_of, worse, worst
from quell.incident.nearness import Topology
from quell.incident.severity import INCIDENT_SEVERITY
from quell.ingest.batch import Batch
from quell.ingest.ends import end_of
from quell.ingest.ledger import Ledger
from quell.ingest.simple import OWN_TEST
from quell.ingest.source import Parsed
from quell.ingest.tracks import Case, Waiting

BY = "system:intake"


class Correlator:
    """Decides for one alert after the other; every decision is folded into the ledger before the next is taken."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rules = ledger.rules
        self.topology = Topology()

    def place(self, alert: Alert, batch: Batch) -> bool:
        """Put a firing alert where it belongs; return whether it opened an incident."""
        ledger, now_s = self._ledger, batch.now_s
        if alert.test:
            return self._place_test(alert, batch)
        first = ledger.first_of_its_kind(alert)
        track = ledger.tracks.get(alert.fingerprint)
        if track is not None:
            ledger.forgive(track)
        flaps = track is not None and track.would_flap(now_s, self._rules)
        if batch.ended:
            batch.ended.pop(alert.fingerprint, None)
        found = self._find(alert, now_s, may_reopen=first or not flaps)
        if found is not None:
            case, why = found
            if case.done_s is not None:
                self._emit(batch, ev.incident_stream(case.key), ev.IncidentReopened(by=BY, reason=why))
            self._join(case, alert, why, batch)
            self._bring_waiting(case, alert, batch)
        elif flaps and not first:
            says = f"It changed between firing and resolved {self._rules.flap_changes} times within"
            self._hold(alert, f"{says} {self._rules.flap_s:.0f} s; it waits until it has been quiet as long.", batch)
        else:
            return self._open_or_hold(alert, first, batch)
        return False

    def _place_test(self, alert: Alert, batch: Batch) -> bool:
        """
        Put a test where it meets nothing real: into an incident of its own, if it is one of Quell's own tests and bad
        enough, else to those that wait. It ends by itself.
        """
        track = self._ledger.tracks.get(alert.fingerprint)
        home = self._ledger.home(track.group) if track is not None and not track.waiting else None
        if home is not None and home.test and home.done_s is None:
            self._join(home, alert, "It is in this test already.", batch)
            return False
        if alert.test != OWN_TEST or not self._rules.opens(self._rules.weight(alert.severity)):
            why = "It is a test of the way from its sender: it opens no incident, and ends by itself."
            self._emit(batch, ev.INTAKE_STREAM, ev.AlertHeld(alert=alert, why=why, group=alert.fingerprint))
            return False
        reason = "It is a test: it counts nowhere, and ends by itself."
        self._join(self._open([alert], reason, batch, test=True), alert, f"It opened the incident: {reason}", batch)
        return True

    def say_not_sent(self, incident_ids: Iterable[str], parsed: Parsed, batch: Batch) -> None:
        """Say in the incidents of a request's alerts how many alerts its sender left out, when that is news."""
        group = parsed.alerts[0].group if parsed.alerts else ""
        for incident_id in incident_ids:
            case = self._ledger.home(incident_id)
            if (
                case is None
                or case.done_s is not None
                or case.not_sent.get((batch.source, group), 0) == parsed.not_sent
            ):
                continue
            event = ev.AlertsNotSent(source=batch.source, group=group, count=parsed.not_sent)
            self._emit(batch, ev.incident_stream(case.key), event)

    def end_test(self, fingerprint: str, batch: Batch) -> None:
        """End a test that has fired for long enough."""
        track = self._ledger.tracks[fingerprint]
        if track.waiting:
            self._ledger.ends(fingerprint, batch.now_s)
            batch.ended[fingerprint] = None
            return
        now = datetime.fromtimestamp(batch.now_s, UTC)
        home = self._ledger.home(track.group)
        stream = ev.incident_stream(home.key if home is not None else track.group)
        self._emit(batch, stream, ev.AlertResolved(fingerprint=fingerprint, name=track.kind[0], ended_at=now))

    def end(self, alert: Alert, batch: Batch) -> None:
        """Note that an alert which fires has ended."""
        ledger = self._ledger
        track = ledger.tracks[alert.fingerprint]
        if track.waiting:
            end = end_of(alert)
            if end is not None:
                ledger.note_end(alert.fingerprint, end, batch.now_s)
                batch.early_ends[alert.fingerprint] = end
            ledger.ends(alert.fingerprint, batch.now_s)
            batch.ended[alert.fingerprint] = None
            return
        home = ledger.home(track.group)
        stream = ev.incident_stream(home.key if home is not None else track.group)
        ended_at = min(alert.ends_at or alert.received_at, alert.received_at)
        name = track.kind[0]
        starts_at = None if alert.started_s is None else alert.starts_at
        resolved = ev.AlertResolved(fingerprint=alert.fingerprint, name=name, ended_at=ended_at, starts_at=starts_at)
        self._emit(batch, stream, resolved)
        self._say_flapping(alert.fingerprint, stream, batch)

    def _find(self, alert: Alert, now_s: float, *, may_reopen: bool) -> tuple[Case, str] | None:
        """Return the incident an alert joins, the best rule first, and why."""
        ledger = self._ledger
        track = ledger.tracks.get(alert.fingerprint)
        home = ledger.home(track.group) if track is not None and not track.waiting else None
        if track is not None and home is not None and home.done_s is None:
            if track.firing:
                return home, f"It is in this incident already; now it says {alert.severity}, before {track.severity}."
            return home, f"It was in this incident before and fires again after {now_s - track.seen_s:.0f} s."
        matches = ledger.open.same_service(alert.service, now_s) or ledger.open.hinted(alert, now_s)
        if matches:
            return matches[0].group, matches[0].why
        if may_reopen:
            for case in (home, ledger.home(ledger.kinds.get((alert.name, alert.service)))):
                if case is not None and self._reopens(case, now_s):
                    what = f"{alert.name} on {alert.service}" if alert.service else alert.name
                    return case, f"{what} fires again {now_s - (case.done_s or now_s):.0f} s after it was resolved."
        matches = ledger.open.neighbouring(alert.service, self.topology, now_s)
        if not matches and len(ledger.open):
            matches = ledger.open.sharing(ledger.common.distinctive(self._rules.pairs(alert.labels)), now_s)
            matches = matches or ledger.open.storming(alert, now_s)
        return (matches[0].group, matches[0].why) if matches else None

    def _reopens(self, case: Case, now_s: float) -> bool:
        return case.done_s is not None and not case.closed and now_s - case.done_s <= self._rules.reopen_s

    def _join(self, case: Case, alert: Alert, why: str, batch: Batch) -> None:
        stream = ev.incident_stream(case.key)
        worsens = worse(alert.severity, case.worst)
        self._emit(batch, stream, ev.AlertGrouped(alert=alert, why=why))
        batch.joined[case.key] = None
        after = INCIDENT_SEVERITY[alert.severity]
        # A person's severity stands until an alert worse than any before it joins.
        if worsens and after < case.severity:
            reason = f"{alert.name} is {alert.severity}, worse than all alerts before it."
            self._emit(batch, stream, ev.SeverityChanged(before=case.severity, after=after, by=BY, reason=reason))
        self._say_flapping(alert.fingerprint, stream, batch)

    def _bring_waiting(self, case: Case, alert: Alert, batch: Batch) -> None:
        """Take alerts along that waited below the threshold and belong to one that joined."""
        if not len(self._ledger.held):
            return
        for match in self._related(alert, batch.now_s):
            for waiting, weight in list(match.group.alerts.values()):
                waited = self._waited(waiting, weight)
                self._join(case, waiting, f"{waited}, and {alert.name} brought it along. {match.why}", batch)

    def _waited(self, alert: Alert, weight: float) -> str:
        """Say why an alert that joins now had waited; one that flapped when it came weighs less than its severity."""
        if weight < self._rules.weight(alert.severity):
            return "It waited since it kept changing between firing and resolved"
        return "It waited below the threshold"

    def _open_or_hold(self, alert: Alert, first: bool, batch: Batch) -> bool:
        related = self._related(alert, batch.now_s)
        own = self._rules.weight(alert.severity)
        # What waits is listed only once it opens an incident: listing it for each alert is quadratic in a storm.
        total = own + sum(match.group.weight_without(alert.fingerprint) for match in related)
        if not (first or self._rules.opens(total)):
            says = f"One {alert.severity} alert weighs {own:g}; with what waits there it makes {total:g}"
            self._hold(alert, f"{says}, and {self._rules.threshold:g} opens an incident.", batch, related)
            return False
        waiting = [
            (each, weight, match.why)
            for match in related
            for each, weight in match.group.alerts.values()
            if each.fingerprint != alert.fingerprint
        ]
        alerts = [each for each, _, _ in waiting] + [alert]
        if self._rules.opens(total):
            counted = sum(weight > 0 for _, weight, _ in waiting) + (own > 0)
            said = "One alert weighs" if counted == 1 else f"{counted} alerts together weigh"
            reason = f"{said} {total:g}, and {self._rules.threshold:g} opens an incident."
        else:
            reason = "It is the first critical alert of its kind."
        case = self._open(alerts, reason, batch)
        for each, weight, why in waiting:
            self._join(case, each, f"{self._waited(each, weight)}. {why}", batch)
        self._join(case, alert, f"It opened the incident: {reason}", batch)
        return True

    def _open(self, alerts: list[Alert], reason: str, batch: Batch, *, test: bool = False) -> Case:
        """Open an incident for these alerts, which do not join it yet."""
        lead = worst(alerts)
        opened = ev.IncidentOpened(
            incident_id=f"INC-{self._ledger.last_number + 1}",
            title=title_of(lead),
            severity=INCIDENT_SEVERITY[lead.severity],
            service=lead.service,
            reason=reason,
            drill=self._rules.is_drill(alerts),
            test=test,
        )
        self._emit(batch, ev.incident_stream(opened.incident_id), opened)
        return self._ledger.cases[opened.incident_id]

    def _related(self, alert: Alert, now_s: float) -> list[Match[Waiting]]:
        """Return the waiting groups an alert fits, the best first, each once."""
        held = self._ledger.held
        if not len(held):
            return []
        pairs = self._ledger.common.distinctive(self._rules.pairs(alert.labels))
        found: dict[str, Match[Waiting]] = {}
        for match in (
            *held.same_service(alert.service, now_s),
            *held.hinted(alert, now_s),
            *held.neighbouring(alert.service, self.topology, now_s),
            *held.sharing(pairs, now_s),
        ):
            found.setdefault(match.group.key, match)
        return list(found.values())

    def _hold(self, alert: Alert, why: str, batch: Batch, related: list[Match[Waiting]] | None = None) -> None:
        ledger = self._ledger
        if related is None:
            related = self._related(alert, batch.now_s)
        track = ledger.tracks.get(alert.fingerprint)
        home = ledger.home(track.group) if track is not None and not track.waiting else None
        group = related[0].group.key if related else alert.fingerprint
        self._emit(batch, ev.INTAKE_STREAM, ev.AlertHeld(alert=alert, why=why, group=group))
        if home is not None:
            self._say_flapping(alert.fingerprint, ev.incident_stream(home.key), batch)

    def _say_flapping(self, fingerprint: str, stream: str, batch: Batch) -> None:
        """Record once per spell that an alert flaps."""
        track = self._ledger.tracks.get(fingerprint)
        flaps = track.flaps if track is not None else None
        if track is None or flaps is None or not flaps.flapping or flaps.said:
            return
        changes_s = flaps.changes_s
        event = ev.AlertFlapping(
            fingerprint=fingerprint,
            name=track.kind[0],
            changes=len(changes_s),
            within_s=changes_s[-1] - changes_s[0],
        )
        self._emit(batch, stream, event)

    def _emit(self, batch: Batch, stream: str, event: ev.Event) -> None:
        batch.add(stream, event)
        self._ledger.fold(stream, event, batch.now_s)
