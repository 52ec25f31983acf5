"""The way of one alert (silence > repeat > correlate), and what time brings to those that are known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from quell.incident import events as ev
from quell.incident.alert import Alert, AlertStatus
from quell.ingest.batch import Batch
from quell.ingest.correlate import Correlator
from quell.ingest.ends import end_of, seconds
from quell.ingest.ledger import Ledger

SLICE = 100
"""Alerts that are decided before everything else on the event loop gets a turn; some milliseconds."""

Stage = Callable[[Alert, Batch], bool]
"""Looks at one alert and returns whether its way ends here; counts it if so."""


class Way:
    """Takes alerts one after the other; every decision is folded into the ledger before the next is taken."""

    def __init__(self, ledger: Ledger, correlator: Correlator) -> None:
        self._ledger = ledger
        self._correlator = correlator
        self._stages: Sequence[Stage] = (self._silence, self._deduplicate, self._correlate)

    def take(self, alert: Alert, batch: Batch) -> None:
        """Decide what becomes of one alert."""
        batch.tests += bool(alert.test)
        known, fits_several = self._ledger.recognise(alert)
        batch.ends_unmatched += fits_several
        if known.status is AlertStatus.RESOLVED and self._ledger.silenced.pop(known.fingerprint, None) is not None:
            batch.ended[known.fingerprint] = None
        for stage in self._stages:
            if stage(known, batch):
                break

    async def go_on(self, batch: Batch) -> None:
        """Do what is due: end the tests that are over, let through what a silence or its own flapping kept back."""
        ledger = self._ledger
        for fingerprint in ledger.tests_over(batch.now_s):
            self._correlator.end_test(fingerprint, batch)
        for alert in ledger.calm_again(batch.now_s):
            self._correlator.place(alert, batch)
        if not ledger.silences.any_over:
            return
        for index, alert in enumerate(list(ledger.silenced.values()), start=1):
            if index % SLICE == 0:
                await asyncio.sleep(0)
            first = ledger.first_of_its_kind(alert)
            if ledger.silences.covering(alert, batch.now_s, first_of_its_kind=first) is not None:
                continue
            if ledger.is_repeat(alert, batch.now_s):
                ledger.silenced.pop(alert.fingerprint, None)
                batch.ended[alert.fingerprint] = None
            else:
                self._correlator.place(alert, batch)
        ledger.silences.any_over = False

    def _silence(self, alert: Alert, batch: Batch) -> bool:
        """Keep silenced alerts back. The end of an alert that fires is news all the same."""
        ledger = self._ledger
        if not len(ledger.silences):
            return False
        if alert.status is AlertStatus.RESOLVED and not ledger.is_repeat(alert, batch.now_s):
            return False
        first = ledger.first_of_its_kind(alert)
        silence = ledger.silences.covering(alert, batch.now_s, first_of_its_kind=first)
        if silence is None:
            return False
        if alert.fingerprint not in ledger.silenced and not ledger.is_repeat(alert, batch.now_s):
            batch.ended.pop(alert.fingerprint, None)
            self._emit(batch, ev.AlertSilenced(alert=alert, silence_id=silence))
        if alert.status is AlertStatus.RESOLVED:
            self._note_end(alert, batch)
        batch.silenced += 1
        batch.repeat(alert.fingerprint)
        return True

    def _deduplicate(self, alert: Alert, batch: Batch) -> bool:
        ledger = self._ledger
        if not ledger.is_repeat(alert, batch.now_s):
            return False
        batch.duplicate += 1
        batch.repeat(alert.fingerprint)
        track = ledger.tracks.get(alert.fingerprint)
        if track is None or not track.firing:
            if alert.status is AlertStatus.RESOLVED:
                self._note_end(alert, batch)
        elif alert.status is AlertStatus.FIRING and track.begins_later(alert):
            track.started_s = alert.started_s
            batch.later_starts[alert.fingerprint] = alert.starts_at
        return True

    def _note_end(self, alert: Alert, batch: Batch) -> None:
        """Remember the end of a firing that is not known, so that the firing itself opens nothing when it comes."""
        end = end_of(alert)
        if end is None or self._ledger.over.knows(alert.fingerprint, seconds(end), batch.now_s):
            return
        batch.early_ends[alert.fingerprint] = end
        self._ledger.note_end(alert.fingerprint, end, batch.now_s)

    def _correlate(self, alert: Alert, batch: Batch) -> bool:
        if alert.status is AlertStatus.RESOLVED:
            self._correlator.end(alert, batch)
            batch.grouped += 1
        elif self._correlator.place(alert, batch):
            batch.opening += 1
        else:
            batch.grouped += 1
        return True

    def _emit(self, batch: Batch, event: ev.Event) -> None:
        batch.add(ev.INTAKE_STREAM, event)
        self._ledger.fold(ev.INTAKE_STREAM, event, batch.now_s)
