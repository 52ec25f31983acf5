"""The ring alone, and the whole of hub, connections and rings under any sequence of events."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.errors import NotFound
from quell.gateway.bounds import Bounds
from quell.gateway.channel import Channel
from quell.gateway.connection import Connection
from quell.gateway.frames import Frame
from quell.gateway.live import Hub

AT = datetime(2026, 1, 2, tzinfo=UTC)


def filled(*keys: str | None, urgent: tuple[int, ...] = (), conflates: bool = True, **bounds: int) -> Channel:
    channel = Channel("incidents", epoch="e", conflates=conflates, **bounds)
    for number, key in enumerate(keys, start=1):
        channel.publish("changed", {"n": number}, at=AT, key=key, urgent=number in urgent)
    return channel


def events(body: bytes) -> list[dict[str, Any]]:
    return json.loads(b"[" + body + b"]")


def test_a_publication_carries_everything_a_client_needs() -> None:
    channel = filled("a")

    [event] = events(channel.piece(0, limit_bytes=1).body)

    assert event == {
        "type": "event",
        "channel": "incidents",
        "offset": 1,
        "key": "a",
        "kind": "changed",
        "ts": "2026-01-02T00:00:00Z",
        "data": {"n": 1},
    }


def test_an_event_without_a_key_has_none_on_the_wire() -> None:
    [event] = events(filled(None).piece(0, limit_bytes=1).body)

    assert "key" not in event


@pytest.mark.parametrize(
    ("after", "limit_bytes", "offsets"),
    [(0, 10**6, [1, 2, 3, 4]), (2, 10**6, [3, 4]), (4, 10**6, []), (1, 1, [2]), (0, 150, [1, 2])],
)
def test_a_piece_follows_its_offset_and_holds_at_least_one_event(
    after: int, limit_bytes: int, offsets: list[int]
) -> None:
    channel = filled("a", "b", "a", "c")

    piece = channel.piece(after, limit_bytes=limit_bytes)

    assert [event["offset"] for event in events(piece.body)] == offsets
    assert piece.offset == (offsets[-1] if offsets else after)
    assert (piece.events, piece.left_out) == (len(offsets), 0)


def test_the_ring_keeps_no_more_events_than_it_may() -> None:
    channel = filled(*"abcdef", ring_events=3)

    assert (channel.floor, channel.offset, len(channel)) == (3, 6, 3)
    assert [channel.reaches(offset) for offset in range(8)] == [False, False, False, True, True, True, True, False]


def test_the_ring_keeps_no_more_bytes_than_it_may_but_always_the_newest() -> None:
    channel = filled(*"abc", ring_bytes=250)
    channel.publish("big", "x" * 1000, at=AT, key="d")

    assert (channel.floor, channel.offset, len(channel)) == (3, 4, 1)
    assert channel.ring_bytes == channel.pending_bytes(3) > 1000


def test_a_channel_can_start_past_zero_and_reaches_only_its_start() -> None:
    channel = Channel("incident:1", epoch="e", conflates=False, start=40)

    assert [channel.reaches(offset) for offset in (39, 40, 41)] == [False, True, False]
    assert channel.publish("changed", 1, at=AT).offset == 41


def test_offsets_may_skip_and_then_each_event_says_what_it_follows() -> None:
    channel = Channel("events", epoch="log", conflates=False, start=10)
    for offset in (11, 15, 16, 40):
        channel.publish("happened", offset, at=AT, offset=offset)

    told = {after: events(channel.piece(after, limit_bytes=10**6).body) for after in (10, 13, 15, 39, 40)}

    assert [(event["offset"], event.get("after")) for event in told[10]] == [(11, None), (15, 11), (16, None), (40, 16)]
    assert [(event["offset"], event.get("after")) for event in told[13]] == [(15, 13), (16, None), (40, 16)]
    assert [(event["offset"], event.get("after")) for event in told[39]] == [(40, None)]
    assert [channel.behind(after) for after in (10, 13, 15, 39, 40)] == [4, 3, 2, 1, 0]
    with pytest.raises(ValueError, match="40"):
        channel.publish("happened", 0, at=AT, offset=40)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.integers(1, 400))
def test_pieces_of_a_ring_that_lets_go_are_what_it_keeps(steps: list[int], limit_bytes: int) -> None:
    channel, offset = Channel("events", epoch="log", conflates=False, ring_events=7), 0
    for step in steps:
        offset += step
        channel.publish("happened", offset, at=AT, offset=offset)

    at, told = channel.floor, []
    while at < channel.offset:
        piece = channel.piece(at, limit_bytes=limit_bytes)
        for event in events(piece.body):
            assert event.get("after", event["offset"] - 1) == at
            at = event["offset"]
            told.append(at)
        assert at == piece.offset

    assert told == list(itertools.accumulate(steps))[-7:]


def test_conflation_leaves_the_newest_of_each_key_and_says_what_each_follows() -> None:
    channel = filled("a", "b", "a", "c", "a", "b")

    piece = channel.piece(0, limit_bytes=10**6, conflate=True)

    told = [(event["offset"], event.get("after"), event["key"]) for event in events(piece.body)]
    assert told == [(4, 0, "c"), (5, None, "a"), (6, None, "b")]
    assert (piece.offset, piece.events, piece.left_out) == (6, 3, 3)


def test_conflation_never_leaves_out_what_is_urgent_or_has_no_key() -> None:
    channel = filled("a", None, "a", "a", urgent=(1,))

    piece = channel.piece(0, limit_bytes=10**6, conflate=True)

    assert [event["offset"] for event in events(piece.body)] == [1, 2, 4]
    assert events(piece.body)[-1]["after"] == 2


def test_a_stream_is_never_conflated() -> None:
    channel = filled("a", "a", "a", conflates=False)

    assert channel.piece(0, limit_bytes=10**6, conflate=True).events == 3


def test_conflated_pieces_together_are_the_conflated_whole() -> None:
    channel = filled(*"abcabdabeab")

    whole = channel.piece(0, limit_bytes=10**6, conflate=True)
    pieces, at = [], 0
    while at < channel.offset:
        pieces.append(channel.piece(at, limit_bytes=1, conflate=True))
        at = pieces[-1].offset

    assert b",".join(piece.body for piece in pieces) == whole.body
    assert sum(piece.left_out for piece in pieces) == whole.left_out


KEYS = ("a", "b", "c")
NAMES = ("state", "stream", "named:1", "named:2", "named:3")


@dataclass
class Truth:
    """What the server knows: the newest value of each key, and lists of everything that ever happened."""

    state: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in NAMES[1:]})


@dataclass
class Client:
    """A client as `docs/protocol.md` asks for: it checks that nothing is missing and nothing comes twice."""

    cursor: dict[str, tuple[str, int]] = field(default_factory=dict)
    state: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list[int]] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    asked: dict[str, bool] = field(default_factory=dict)
    """Whether the answer is still to come; until then what was under way is not taken in: it comes again."""
    again: set[str] = field(default_factory=set)
    """Asked for more than once on this connection: only then may an event come twice."""
    connection: Connection | None = None
    roused: bool = False
    blocked: bool = False
    held_bytes: int = 0
    takes: int = 0
    """How many more frames its socket takes whole; the next one is held for it."""
    held: list[Frame] = field(default_factory=list)

    def rouse(self) -> None:
        self.roused = True

    def push(self, frame: Frame) -> bool:
        assert not self.blocked
        self.takes -= 1
        if self.takes < 0:
            self.blocked = True
            self.held.append(frame)
            return False
        self.read(frame.payload)
        return True

    def unblock(self, takes: int) -> None:
        self.takes = takes
        self.blocked = False
        for frame in self.held:
            self.read(frame.payload)
        self.held.clear()

    def subscribe(self, name: str) -> None:
        assert self.connection is not None
        since = self.cursor.get(name)
        wish: dict[str, Any] = {"type": "subscribe", "channel": name}
        if since is not None:
            wish["since"] = {"epoch": since[0], "offset": since[1]}
        self.subscribed.add(name)
        if name in self.asked:
            self.again.add(name)
        self.asked[name] = True
        assert self.connection.receive(json.dumps(wish)) == []

    def read(self, frame: bytes) -> None:
        for message in json.loads(frame):
            match message["type"]:
                case "subscribed":
                    self.settle(message)
                case "event":
                    self.event(message)
                case "reset" if not self.asked[message["channel"]]:
                    self.cursor.pop(message["channel"])
                    self.subscribe(message["channel"])
                case "reset":
                    pass  # asked anew meanwhile: the answer comes
                case "hello":
                    pass
                case other:
                    raise AssertionError(other)

    def settle(self, message: dict[str, Any]) -> None:
        name = message["channel"]
        self.asked[name] = False
        if message["recovered"]:
            assert self.cursor[name][0] == message["epoch"]
            return
        self.cursor[name] = (message["epoch"], message["offset"])
        if name == "state":
            self.state = message["snapshot"]
        else:
            self.lists[name] = message["snapshot"]

    def event(self, message: dict[str, Any]) -> None:
        name, offset = message["channel"], message["offset"]
        if self.asked[name]:
            return
        epoch, seen = self.cursor[name]
        if offset <= seen and name in self.again:
            return
        assert message.get("after", offset - 1) == seen, "an event is missing or came twice"
        self.cursor[name] = (epoch, offset)
        if name == "state":
            self.state[message["key"]] = message["data"]
        else:
            self.lists[name].append(message["data"])


@dataclass
class World:
    """A hub with tiny rings and some clients on it."""

    truth: Truth = field(default_factory=Truth)
    clients: list[Client] = field(default_factory=lambda: [Client(), Client(), Client()])
    happened: int = 0
    flushing: Iterator[None] | None = None

    def __post_init__(self) -> None:
        bounds = Bounds(
            ring_events=6,
            named_ring_events=4,
            idle_channels=1,
            piece_bytes=150,
            conflate_past=2,
            snapshot_s=60.0,
            slice_connections=1,
        )
        self.hub = Hub(epoch="e", server="test", bounds=bounds, clock=lambda: 0.0, now=lambda: AT)
        self.hub.state_channel("state", snapshot=lambda: dict(self.truth.state))
        self.hub.stream_channel("stream", snapshot=lambda: list(self.truth.lists["stream"]))
        self.hub.stream_channel("named:{id}", snapshot=lambda part: list(self.truth.lists[f"named:{part}"]))

    def publish(self, name: str, key: str, urgent: bool, skipping: bool) -> None:
        self.happened += 1
        if name == "state":
            self.truth.state[key] = self.happened
            self.hub.publish(name, "changed", self.happened, key=key, urgent=urgent)
            return
        self.truth.lists[name].append(self.happened)
        if skipping and not self.hub.wanted(name):
            self.hub.skip(name)
        else:
            self.hub.publish(name, "happened", self.happened)

    def connect(self, client: Client) -> None:
        if client.connection is None:
            client.connection = self.hub.connect(client)
            client.asked.clear()
            client.again.clear()
            for name in sorted(client.subscribed):
                client.subscribe(name)

    def disconnect(self, client: Client) -> None:
        if client.connection is not None:
            client.connection.end()
            client.connection = None
            client.held.clear()
            client.blocked = False

    def take(self, client: Client, frames: int) -> None:
        """Let a socket take what it is owed, as many frames."""
        client.unblock(frames)
        for _ in range(frames):
            if client.connection is None or client.blocked or (frame := client.connection.take()) is None:
                return
            client.push(frame)

    def flush(self, pauses: int) -> None:
        """Go on with the flush under way, or begin one; leave off after so many pauses."""
        self.flushing = self.flushing or self.hub.flush()
        for _ in range(pauses):
            if next(self.flushing, "over") == "over":
                self.flushing = None
                return

    def settle(self) -> None:
        for client in self.clients:
            self.connect(client)
        while self.hub.dirty or self.flushing is not None or any(self.waits(client) for client in self.clients):
            for client in self.clients:
                self.take(client, 10_000)
            self.flush(10_000)

    def waits(self, client: Client) -> bool:
        roused, client.roused = client.roused, False
        return roused or client.blocked

    def check(self) -> None:
        for client in self.clients:
            for name in client.subscribed:
                if name == "state":
                    assert client.state == self.truth.state
                else:
                    assert client.lists[name] == self.truth.lists[name]
                assert client.cursor[name][1] == self.hub.room(name).channel.offset


who = st.integers(0, 2)
publishing = st.tuples(st.just("publish"), st.sampled_from(NAMES), st.sampled_from(KEYS), st.booleans(), st.booleans())
steps = st.one_of(
    publishing,
    publishing,
    st.tuples(st.just("connect"), who),
    st.tuples(st.just("disconnect"), who),
    st.tuples(st.just("subscribe"), who, st.sampled_from(NAMES)),
    st.tuples(st.just("unsubscribe"), who, st.sampled_from(NAMES)),
    st.tuples(st.just("take"), who, st.integers(0, 4)),
    st.tuples(st.just("flush"), st.integers(1, 4)),
)


def play(world: World, step: tuple[Any, ...]) -> None:
    if step[0] == "publish":
        world.publish(*step[1:])
        return
    if step[0] == "flush":
        world.flush(step[1])
        return
    client = world.clients[step[1]]
    match step[0]:
        case "connect":
            world.connect(client)
        case "disconnect":
            world.disconnect(client)
        case "subscribe" if client.connection is not None:
            client.subscribe(step[2])
        case "unsubscribe" if client.connection is not None:
            client.subscribed.discard(step[2])
            client.connection.receive(json.dumps({"type": "unsubscribe", "channel": step[2]}))
        case "take":
            world.take(client, step[2])


@given(st.lists(steps, min_size=30, max_size=150))
@settings(max_examples=300, deadline=None)
def test_whatever_happens_a_client_ends_with_what_the_server_knows(history: list[tuple[Any, ...]]) -> None:
    world = World()
    for step in history:
        play(world, step)

    world.settle()

    world.check()
    assert world.hub.subscriptions == sum(len(client.subscribed) for client in world.clients)
    assert world.hub.lagging == 0


@given(st.lists(st.one_of(publishing, st.just(("settle",))), max_size=60))
@settings(max_examples=100, deadline=None)
def test_what_is_published_to_those_who_have_everything_is_due(history: list[tuple[Any, ...]]) -> None:
    world = World()
    for client in world.clients:
        world.connect(client)
        for name in NAMES:
            client.subscribe(name)
    world.settle()
    for step in history:
        if step[0] == "settle":
            world.settle()
            world.check()
            continue
        told: list[bool] = []
        world.hub.due = told.append
        world.publish(*step[1:])

        assert told == [step[3] and step[1] == "state"]
        assert world.hub.dirty


def test_forgotten_channels_leave_nothing_behind_and_are_resumed_only_when_nothing_was_missed() -> None:
    world = World()
    client = world.clients[0]
    world.connect(client)
    for name in ("named:1", "named:2"):
        client.subscribe(name)
    world.publish("named:1", "a", False, False)
    world.take(client, 10)
    world.flush(10)
    world.disconnect(client)
    kept = world.hub.channels
    world.publish("named:1", "a", False, False)

    world.settle()

    assert kept == 3
    assert client.lists == {"named:1": [1, 2], "named:2": []}
    assert world.hub.counts.lost == 1


def test_names_of_channels_that_cannot_be_are_refused() -> None:
    world = World()
    connection = world.hub.connect(Client())

    for name in ("other", "named:", "named:../x", "named:" + "1" * 101, "xnamed:1"):
        connection.receive(json.dumps({"type": "subscribe", "channel": name}))
    said = [message for frame in iter(connection.take, None) for message in json.loads(frame.payload)]

    assert [(message["code"], message["channel"]) for message in said[1:]] == [
        ("not_found", name) for name in ("other", "named:", "named:../x", "named:" + "1" * 101, "xnamed:1")
    ]
    assert world.hub.channels == 2
    with pytest.raises(NotFound):
        world.hub.publish("other", "x", 1)


def test_a_channel_whose_snapshot_is_not_found_is_answered_with_an_error_and_not_followed() -> None:
    def missing(part: str) -> object:
        raise NotFound(f"there is no incident {part}")

    hub = Hub(epoch="e", server="test", bounds=Bounds(idle_channels=0))
    hub.stream_channel("incident:{id}", snapshot=missing)
    connection = hub.connect(Client())
    connection.receive('{"type":"subscribe","channel":"incident:INC-9"}')

    frame = connection.take()
    assert frame is not None
    said = json.loads(frame.payload)

    assert said[1] == {
        "type": "error",
        "code": "not_found",
        "message": "there is no incident INC-9",
        "channel": "incident:INC-9",
    }
    assert (hub.channels, hub.subscriptions) == (0, 0)
