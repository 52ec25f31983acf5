"""Waiting for something to become true of an incident: what happens while one looks is not missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Recorded
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.state import Incident
from quell.workflow.waiting import Watch

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOTE = Recorded(position=2, stream="incident/INC-1", offset=2, at=AT, event=ev.NoteAdded(by="person:kim", text="yes"))


def incident(offset: int) -> Incident:
    return Incident(id="INC-1", title="t", severity=IncidentSeverity.SEV1, opened_at=AT, updated_at=AT, offset=offset)


class Late(Incidents):
    """A log that is read before a note comes, and answers after it."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self.loads = 0

    async def load(self, incident_id: str) -> Incident:
        self.loads += 1
        if self.loads > 1:
            return incident(offset=2)
        as_read = incident(offset=1)
        assert self.watch is not None
        self.watch.notify(NOTE)
        await asyncio.sleep(0)
        return as_read


async def test_a_note_that_comes_between_the_reading_of_the_log_and_the_wait_is_not_missed() -> None:
    late = Late()
    late.watch = Watch(late, lambda: datetime.now(UTC))

    async with asyncio.timeout(5):
        word = await late.watch.until(
            "INC-1",
            lambda now: "there" if now.offset == 2 else None,
            deadline=datetime.now(UTC) + timedelta(minutes=5),
        )

    assert word == "there"


async def test_events_of_others_wake_nobody_and_a_passed_deadline_ends_the_wait() -> None:
    late = Late()
    late.loads = 1
    late.watch = Watch(late, lambda: AT)
    late.watch.notify(NOTE)

    assert await late.watch.until("INC-1", lambda now: None, deadline=AT) is None
    assert late.watch._waiting == {}


async def test_one_note_has_the_incident_read_once_and_the_wait_goes_on() -> None:
    late = Late()
    late.loads = 1
    late.watch = Watch(late, lambda: AT)
    deadline = AT + timedelta(minutes=5)
    waiting = asyncio.create_task(late.watch.until("INC-1", lambda now: None, deadline=deadline))
    await asyncio.sleep(0.02)
    late.watch.notify(NOTE)
    await asyncio.sleep(0.02)

    assert late.loads == 3, "one look as the wait begins, and one for the note"
    waiting.cancel()


async def test_what_comes_shortly_before_the_deadline_is_not_given_up_early() -> None:
    late = Late()
    late.watch = Watch(late, lambda: datetime.now(UTC))
    deadline = datetime.now(UTC) + timedelta(seconds=0.8)

    async def note() -> None:
        await asyncio.sleep(0.1)
        assert late.watch is not None
        late.watch.notify(NOTE)

    coming = asyncio.create_task(note())
    word = await late.watch.until(
        "INC-1", lambda now: "there" if now.offset == 2 and coming.done() else None, deadline=deadline
    )

    assert word == "there"
