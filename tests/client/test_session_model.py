"""Whatever happens to a connection and in which order: each event once, in order, or the client says that it is not."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from quell.client.effects import ConnectAt, Effect, Event, Live, Send, Snapshot
from quell.client.session import Session
from quell.client.wire import Cursor
from tests.client.model import Server, Told

NAMES = ("stream", "sparse", "state")
names = st.sampled_from(NAMES)
ROUNDS = 200
"""More than enough to catch up."""


class Following(RuleBasedStateMachine):
    """A session and a server with two queues of frames between them, each step of which may be the next."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.session = Session()
        self.now_s = 0.0
        self.connected = False
        self.value = 0
        self.place: dict[str, Cursor | None] = {}
        """The last that was delivered of each channel followed."""
        self.rows: dict[str, dict[str, int]] = {}
        self.held: set[str] = set()

    @initialize(followed=st.sets(names, min_size=1))
    def begin(self, followed: set[str]) -> None:
        for name in followed:
            self.follow(name, from_here=False)
        self.perform(self.session.start(self.now_s))
        self.connect()
        self.exchange(4, 1)

    @rule(name=names, many=st.integers(1, 6), key=st.sampled_from("abc"), skips=st.integers(1, 4))
    def publish(self, name: str, many: int, key: str, skips: int) -> None:
        self._publish(name, many, key, 1 if name == "stream" else skips)

    @precondition(lambda self: self.connected)
    @rule(name=names, several=st.booleans(), most=st.integers(1, 4))
    def serve(self, name: str, several: bool, most: int) -> None:
        self.server.serve(list(NAMES) if several else [name], most)

    @precondition(lambda self: self.server.up)
    @rule()
    def server_reads(self) -> None:
        self.server.read()

    @precondition(lambda self: self.server.down)
    @rule(twice=st.booleans())
    def client_reads(self, twice: bool) -> None:
        frame = self.server.down.popleft()
        for _ in range(2 if twice and "event" in frame and "subscribed" not in frame else 1):
            self.perform(self.session.receive(frame, self.now_s, 0.5))

    @precondition(lambda self: self.connected)
    @rule()
    def lose_the_connection(self) -> None:
        self.server.lose()
        self.connected = False
        self.perform(self.session.closed(1006, "", self.now_s, 0.5))

    @precondition(lambda self: self.connected)
    @rule(name=names)
    def restart(self, name: str) -> None:
        self.server.channels[name].restart()
        self.lose_the_connection()

    @precondition(lambda self: not self.connected)
    @rule()
    def connect(self) -> None:
        self.server.open()
        self.connected = True
        self.perform(self.session.opened(self.now_s))

    @rule(name=names, keeps=st.integers(0, 2))
    def forget_history(self, name: str, keeps: int) -> None:
        channel = self.server.channels[name]
        floors = [0, *(one.offset for one in channel.told)]
        channel.floor = max(channel.floor, floors[max(0, len(floors) - 1 - keeps)])

    @precondition(lambda self: self.connected)
    @rule(name=names, before=st.integers(0, 2), after=st.integers(0, 2))
    def lose_an_event(self, name: str, before: int, after: int) -> None:
        self._publish(name, before, "b", 1)
        self.server.serve([name], 4)
        self._publish(name, 1, "a", 1)
        self.server.swallow(name)
        self._publish(name, after, "c", 1)

    @precondition(lambda self: self.connected)
    @rule(most=st.integers(1, 4), times=st.integers(1, 3))
    def exchange(self, most: int, times: int) -> None:
        for _ in range(times):
            while self.server.up:
                self.server.read()
            self.server.serve(list(NAMES), most)
            while self.server.down:
                self.client_reads(False)

    @rule(name=names, from_here=st.booleans())
    def follow(self, name: str, from_here: bool) -> None:
        if name not in self.place:
            here = self.server.channels[name]
            since = Cursor(epoch=here.epoch, offset=here.head) if from_here else None
            self.place[name] = since
            self.rows[name] = dict(here.rows) if from_here else {}
            self.perform(self.session.follow([name], {name: since} if since else {}))

    @rule(name=names)
    def unfollow(self, name: str) -> None:
        if name in self.place:
            del self.place[name]
            self.held.discard(name)
            self.perform(self.session.unfollow([name]))

    @rule(name=names)
    def hold_or_release(self, name: str) -> None:
        if name in self.held:
            self.held.discard(name)
            self.perform(self.session.release([name]))
        elif name in self.place:
            self.held.add(name)
            self.perform(self.session.hold([name]))

    def perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    assert self.connected
                    self.server.up.append(effect.frame)
                case Snapshot():
                    self.check_snapshot(effect)
                case Event():
                    self.check_event(effect)
                case ConnectAt():
                    assert not self.connected
                case _:
                    raise AssertionError(f"not for nothing: {effect}")

    def check_snapshot(self, item: Snapshot) -> None:
        assert item.channel in self.place
        assert item.channel not in self.held
        place, here = self.place[item.channel], Cursor(epoch=item.epoch, offset=item.offset)
        assert item.missed == (place is not None and place != here)
        self.place[item.channel], self.rows[item.channel] = here, dict(item.data)

    def check_event(self, item: Event) -> None:
        place = self.place[item.channel]
        assert place is not None, "an event before there is anything to go on from"
        assert item.channel not in self.held
        channel = self.server.channels[item.channel]
        assert item.epoch == place.epoch
        assert item.offset > place.offset, "a double"
        if item.epoch == channel.epoch:
            (truth,) = [one for one in channel.told if one.offset == item.offset]
            assert (item.key, item.data) == (truth.key, truth.value)
            if not channel.conflates:
                assert channel.before(item.offset) <= place.offset, "an event is missing"
        self.place[item.channel] = Cursor(epoch=item.epoch, offset=item.offset)
        self.rows[item.channel][item.key or ""] = item.data

    def teardown(self) -> None:
        """Let everything calm down: then everyone knows everything, without many words."""
        for name in list(self.held):
            self.hold_or_release(name)
        if not self.connected:
            self.connect()
        self._settle()
        for name in self.place:
            self._publish(name, 1, "a", 1)
        asked = self.server.asked
        self._settle()
        assert self.server.asked - asked <= 2 * len(self.place), "asks again and again"
        assert self.session.state == Live()
        for name, place in self.place.items():
            channel = self.server.channels[name]
            assert place == Cursor(epoch=channel.epoch, offset=channel.head)
            assert self.rows[name] == channel.rows

    def _settle(self) -> None:
        for _ in range(ROUNDS):
            while self.server.up:
                self.server.read()
            self.server.serve(list(NAMES), 4)
            if not self.server.down:
                return
            while self.server.down:
                self.perform(self.session.receive(self.server.down.popleft(), self.now_s, 0.5))
        raise AssertionError("it never calms down")

    def _publish(self, name: str, many: int, key: str, skips: int) -> None:
        channel = self.server.channels[name]
        for _ in range(many):
            self.value += 1
            channel.told.append(Told(channel.head + skips, key, self.value))


Following.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestWhateverHappens = Following.TestCase
