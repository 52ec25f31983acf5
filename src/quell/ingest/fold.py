"""What intake knows, folded from the log page by page: at a start together with everything else, or by itself."""

from __future__ import annotations

from collections.abc import Sequence

from quell.eventlog.log import Recorded
from quell.incident import events as ev
from quell.incident.correlation import CorrelationRules
from quell.ingest.counts import Totals
from quell.ingest.ledger import Ledger


class Fold:
    """The state of intake after the log's first `position` events."""

    def __init__(self, rules: CorrelationRules) -> None:
        """Begin with an empty log."""
        self.ledger, self.totals = Ledger(rules), Totals()
        self.position = 0
        self.intake_events = 0
        """How many of them are in the stream `intake`."""

    def take(self, records: Sequence[Recorded]) -> None:
        """Take in the next events of the log."""
        for recorded in records:
            self.ledger.replay(recorded.stream, recorded.event, recorded.at.timestamp())
            self.intake_events += recorded.stream == ev.INTAKE_STREAM
            if type(recorded.event) is ev.BatchTaken:
                self.totals.add(recorded.event)
            self.position = recorded.position
