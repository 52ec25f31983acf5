"""What a ledger knows, as plain values that can be compared."""

from __future__ import annotations

from typing import Any

from quell.ingest.intake import Intake
from quell.ingest.ledger import Ledger


def snapshot(intake: Intake) -> dict[str, Any]:
    """Return all that later decisions rest on."""
    ledger: Ledger = intake._ledger
    return {
        "tracks": {
            fingerprint: (
                track.kind,
                track.severity,
                track.firing,
                track.seen_s,
                track.group,
                track.waiting,
                track.started_s,
                (track.flaps.changes_s, track.flaps.flapping, track.flaps.said) if track.flaps else None,
            )
            for fingerprint, track in ledger.tracks.items()
        },
        "cases": {
            key: (
                sorted(case.services),
                sorted(case.pairs),
                case.joined_s,
                case.severity,
                case.worst,
                case.done_s,
                case.closed,
                case.into,
                key in ledger.open,
            )
            for key, case in ledger.cases.items()
        },
        "waiting": {
            key: (sorted(group.alerts), round(group.weight, 6), sorted(group.services), group.joined_s)
            for key, group in ledger.waiting.items()
        },
        "kinds": dict(ledger.kinds),
        "over": {fingerprint: heard.end for fingerprint, heard in ledger.over._heard.items()},
        "silenced": sorted(ledger.silenced),
        "tests": dict(ledger.tests),
        "firing": dict(sorted(ledger.firing._places.items())),
        "silences": len(ledger.silences),
        "counts": intake.counts(),
        "last_number": ledger.last_number,
        "intake_offset": intake._intake_offset,
    }
