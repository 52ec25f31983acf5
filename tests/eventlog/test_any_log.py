"""A start with a log in any state that a writer can produce, through every fold and every channel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quell.eventlog.log import Recorded
from quell.eventlog.projections import accuracy, board, earned, history, intake, models, prevention, silences, timeline
from quell.eventlog.projections.board import Wanted
from quell.eventlog.projections.faults import DisplayFaults
from quell.eventlog.projections.history import History
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.story import fold_story
from quell.gateway import broadcast
from quell.gateway.broadcast import Broadcaster
from quell.gateway.health import Component, display_probe
from quell.gateway.live import Hub
from quell.gateway.outcomes import OutcomeDesk
from quell.gateway.protocol import encode
from quell.incident.correlation import CorrelationRules
from quell.incident.events import State, incident_stream
from quell.ingest.fold import Fold
from quell.outcomes.record import Origin
from tests.eventlog.anything import INCIDENTS, START, Anything
from tests.fakes.event_log import MemoryEventLog

CHANNELS = ("incidents", "events", "alerts", "agents", "health", "intake", "metrics", "ai")
LATER = START + timedelta(days=2)
seeds = st.integers(min_value=0, max_value=2**48)


@pytest.fixture(autouse=True, scope="module")
def _little_is_kept() -> Iterator[None]:
    """Let go of almost everything, so that a short log is enough to be over every bound."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (accuracy, earned, history, prevention):
            patched.setattr(module, "KEPT", 2)
        patched.setattr(board, "WHOLE_ENDED_KEPT", 1)
        patched.setattr(intake, "HELD_KEPT", 2)
        patched.setattr(silences, "OVER_KEPT", 1)
        patched.setattr(timeline, "ENTRIES_KEPT", 6)
        patched.setattr(timeline, "ALERTS_VERBATIM", 1)
        patched.setattr(models, "FEED_REMEMBERED", 9)
        patched.setattr(models, "FEED_KEPT", 4)
        patched.setattr(broadcast, "REMEMBERED", 3)
        yield


class Process:
    """All that one process folds and shows."""

    def __init__(self, faults: DisplayFaults | None = None) -> None:
        self.models, self.history = ReadModels(faults=faults), History()
        self.outcomes = OutcomeDesk(MemoryEventLog(clock=lambda: LATER), clock=lambda: LATER, kept=2)
        self.intake = Fold(CorrelationRules())

    def fold(self, records: Sequence[Recorded]) -> models.Changes:
        for record in records:
            self.history.apply(record)
            self.outcomes.take(record)
        self.intake.take(records)
        return self.models.apply_all(records)

    def open_channels(self) -> None:
        self.hub = Hub(epoch="process", server="test", now=lambda: LATER)
        self.broadcaster = Broadcaster(self.hub, self.models, Healthy(), log_epoch="log", outcomes=self.outcomes)

    def follow(self, records: Sequence[Recorded]) -> None:
        self.broadcaster.publish(self.fold(records), records)

    def shown(self) -> dict[str, object]:
        """Return every snapshot, as a client gets it."""
        return {name: json.loads(self.hub.snapshot(self.hub.room(name))) for name in CHANNELS}

    def asked(self) -> None:
        """Ask everything that is asked of the folds."""
        self.history.runs(), self.history.all_records()
        for incident_id in (*INCIDENTS, ""):
            self.history.disturbed(incident_id)
            self.history.similar(incident_id)
            encode(self.models.detail(incident_id))
        every = Wanted(states=frozenset(State))
        rows, _ = self.models.board.page(every, after=None, limit=50)
        encode(rows)
        encode([view for _, view in self.models.alerts(incident_id=None, status=None, after=None, limit=50)])
        encode([self.models.earned.all(), self.models.preventions.newest(), self.models.sources.all()])
        encode(self.models.silences.all(LATER))
        for origin in Origin:
            encode(self.outcomes.records(origin=origin))


class Healthy:
    async def components(self) -> tuple[Component, ...]:
        return ()


def pages(records: Sequence[Recorded], seed: int) -> Iterator[Sequence[Recorded]]:
    """Yield the records in runs of any length, as a log gives them."""
    rng, at = Random(seed), 0
    while at < len(records):
        size = rng.choice([1, 1, 2, 5, 40, 500])
        yield records[at : at + size]
        at += size


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_a_start_with_any_log_folds_it_opens_every_channel_and_answers_every_question(seed: int) -> None:
    records = Anything(seed).log(150)
    process = Process()
    for page in pages(records, seed):
        process.fold(page)

    process.open_channels()

    assert process.models.position == len(records)
    assert not process.models.faults.counts, process.models.faults.last
    assert set(process.shown()) == set(CHANNELS)
    process.asked()
    for incident_id in INCIDENTS:
        if process.models.detail(incident_id) is not None:
            own = [one for one in records if one.stream == incident_stream(incident_id)]
            story = fold_story(own)
            assert story is not None
            assert encode(story.detail()) == encode(process.models.detail(incident_id))


@settings(max_examples=60, deadline=None)
@given(seeds)
@example(256)  # an undo failed after its incident had ended
def test_a_process_that_follows_any_log_shows_the_same_as_one_that_starts_after_it(seed: int) -> None:
    records = Anything(seed).log(120)
    before = len(records) // 3
    live, started = Process(), Process()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(timeline, "ENTRIES_KEPT", 1_000)
        live.fold(records[:before])
        live.open_channels()
        for page in pages(records[before:], seed):
            live.follow(page)
        started.fold(records)
        started.open_channels()

    assert not live.models.faults.counts, live.models.faults.last
    for name in ("incidents", "events", "agents", "intake"):
        was, now = live.shown()[name], started.shown()[name]
        assert isinstance(was, dict)
        assert isinstance(now, dict)
        assert was["snapshot"] == now["snapshot"], name


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_who_comes_back_at_or_past_the_floor_of_the_feed_misses_no_entry(seed: int) -> None:
    records = Anything(seed).log(120)
    process = Process()
    newest: dict[tuple[str, int], int] = {}
    for page in pages(records, seed):
        changes = process.fold(page)
        newest |= {(entry.incident_id, at): changes.entry_moments[at].position for at, entry in changes.entries.items()}

    floor, fed = process.models.fed()
    positions = [moment.position for moment, _ in fed]

    assert positions == sorted(set(positions))
    assert all(position > floor for position in positions)
    assert {at for at in newest.values() if at > floor} == set(positions)


def test_a_channel_that_cannot_show_something_is_counted_and_stops_neither_start_nor_reading() -> None:
    records = Anything(7).log(150)
    told: list[str] = []
    process = Process(DisplayFaults(lambda part, position, error: told.append(f"{part}: {error}")))
    process.fold(records[:100])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Hub, "publish", _refuses)
        process.open_channels()
        process.follow(records[100:])
    (seen,) = display_probe(process.models.faults)()

    assert process.models.position == len(records)
    assert seen.state == "degraded"
    assert "cannot be published" in seen.says
    assert process.models.faults.counts["channel events"] > 1
    assert "channel events: it cannot be published" in told
    assert len(told) < process.models.faults.counts.total()


def test_an_entry_that_cannot_be_put_in_words_leaves_the_incident_and_what_it_earns_as_they_are() -> None:
    records = Anything(7).log(150)
    whole, broken = Process(), Process()
    whole.fold(records)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(timeline.Timeline, "add", _refuses)
        broken.fold(records)

    assert broken.models.faults.counts["timeline"] > 1
    assert encode(broken.models.board.open_summaries()) == encode(whole.models.board.open_summaries())
    assert broken.models.earned.all() == whole.models.earned.all()


def _refuses(*args: object, **kwargs: object) -> None:
    raise ValueError("it cannot be published")
