"""The client's side of the live channel: what is asked for, and what is delivered."""

import json
from typing import Any

import pytest

from quell.client.effects import ChannelFailed, ConnectAt, Event, GiveUp, Live, Refused, Send, Snapshot
from quell.client.session import Session
from quell.client.wire import FRAME_BYTES, Cursor
from quell.errors import BadAnswer, Conflict, Malformed, NotFound, QuellError
from tests.client.given import HELLO, Told, event, frame, live, offsets, sent, subscribed


def test_everything_followed_is_asked_for_on_opening_each_from_where_it_stands() -> None:
    told = Told("a", "b", b=Cursor(epoch="e", offset=7))

    assert told.asked == [
        {"type": "subscribe", "channel": "a"},
        {"type": "subscribe", "channel": "b", "since": {"epoch": "e", "offset": 7}},
    ]


def test_sixty_channels_are_asked_for_in_frames_that_the_server_reads() -> None:
    session = Session()
    session.follow([f"{number:0200}" for number in range(60)], {})

    frames = [effect.frame for effect in session.opened(0.0) if isinstance(effect, Send)]

    assert [len(json.loads(each)) for each in frames] == [50, 10]
    assert max(map(len, frames)) <= FRAME_BYTES


def test_a_frame_of_several_channels_is_delivered_in_its_order() -> None:
    told = live("a", "b")

    effects = told.hear(event("a", 6, key="INC-1"), event("b", 9, after=5), event("a", 7))

    first = Event(channel="a", epoch="e", offset=6, key="INC-1", kind="k", ts="t", data=6)
    assert effects[0] == first
    assert offsets(effects) == [("a", 6), ("b", 9), ("a", 7)]


def test_channels_count_in_epochs_of_their_own() -> None:
    told = Told("a", "b")
    told.hear(HELLO, subscribed("a", 5, epoch="one"), subscribed("b", 6, epoch="two"))
    told.lose()

    assert [asked["since"]["epoch"] for asked in sent(told.session.opened(1.0))] == ["one", "two"]


EVENTS: dict[str, tuple[list[dict[str, Any]], list[int], bool]] = {
    "the next": ([event("a", 6)], [6], False),
    "one that says what it follows": ([event("a", 9, after=5)], [9], False),
    "one that follows an earlier one": ([event("a", 9, after=3)], [9], False),
    "one that was there": ([event("a", 5), event("a", 4), event("a", 6), event("a", 6)], [6], False),
    "one too far": ([event("a", 7)], [], True),
    "one after one that is missing": ([event("a", 9, after=6)], [], True),
    "more after a gap": ([event("a", 6), event("a", 8), event("a", 9), event("a", 7)], [6], True),
    "another channel's": ([event("b", 6)], [], False),
    "of no channel": ([{"type": "event"}], [], False),
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_delivered_only_where_it_follows_and_a_gap_is_asked_for_once(name: str) -> None:
    heard, delivered, gap = EVENTS[name]
    told = live("a")

    effects = told.hear(*heard)

    at = max([5, *delivered])
    assert [offset for _, offset in offsets(effects)] == delivered
    asked = [{"type": "subscribe", "channel": "a", "since": {"epoch": "e", "offset": at}}]
    assert sent(effects) == (asked if gap else [])


def test_after_a_gap_all_that_was_missing_is_delivered() -> None:
    told = live("a")
    told.hear(event("a", 8))

    effects = told.hear(subscribed("a", 9, recovered=True, behind=4), *(event("a", number) for number in range(6, 10)))

    assert offsets(effects) == [("a", 6), ("a", 7), ("a", 8), ("a", 9)]


def test_a_gap_that_asking_does_not_close_is_left_behind_with_a_snapshot_that_says_so() -> None:
    told = live("a")
    told.hear(event("a", 8))

    again = told.hear(subscribed("a", 9, recovered=True), event("a", 8))
    effects = told.hear(subscribed("a", 9, snapshot=[9]))

    assert sent(again) == [{"type": "subscribe", "channel": "a"}]
    assert effects == [Snapshot(channel="a", epoch="e", offset=9, data=[9], missed=True)]


def test_a_reset_is_answered_by_asking_anew_and_the_snapshot_says_that_events_were_missed() -> None:
    told = live("a", "b")

    asked = told.hear({"type": "reset", "channel": "a", "epoch": "e", "offset": 900})
    effects = told.hear(event("a", 901), subscribed("a", 902, snapshot={"items": []}), event("a", 903))

    assert sent(asked) == [{"type": "subscribe", "channel": "a"}]
    assert effects[0] == Snapshot(channel="a", epoch="e", offset=902, data={"items": []}, missed=True)
    assert offsets(effects) == [("a", 902), ("a", 903)]


def test_a_reset_of_what_is_asked_for_already_is_not_asked_for_twice() -> None:
    told = live("a")
    told.hear(event("a", 8))

    assert told.hear({"type": "reset", "channel": "a", "epoch": "e", "offset": 900}) == []


def test_a_reset_is_not_forgotten_over_a_lost_connection() -> None:
    told = live("a")
    told.hear({"type": "reset", "channel": "a", "epoch": "e", "offset": 900})
    told.lose()

    assert sent(told.session.opened(1.0)) == [{"type": "subscribe", "channel": "a"}]


@pytest.mark.parametrize(("epoch", "offset", "missed"), [("e", 5, False), ("e", 6, True), ("other", 5, True)])
def test_a_snapshot_after_a_cursor_says_whether_events_were_missed(epoch: str, offset: int, missed: bool) -> None:
    told = Told("a", a=Cursor(epoch="e", offset=5))

    effects = told.hear(HELLO, subscribed("a", offset, epoch=epoch, snapshot=1))

    assert effects == [Snapshot(channel="a", epoch=epoch, offset=offset, data=1, missed=missed)]


def test_a_first_snapshot_misses_nothing() -> None:
    assert Told("a").hear(HELLO, subscribed("a", 5)) == [
        Snapshot(channel="a", epoch="e", offset=5, data=None, missed=False)
    ]


def test_an_answer_to_an_earlier_question_is_not_taken_for_the_one_that_counts() -> None:
    told = Told("a", a=Cursor(epoch="e", offset=5))
    told.session.unfollow(["a"])
    told.session.follow(["a"], {})

    effects = told.hear(HELLO, subscribed("a", 9, recovered=True), event("a", 6), subscribed("a", 9), event("a", 10))

    assert offsets(effects) == [("a", 9), ("a", 10)]
    assert sent(effects) == []


def test_a_channel_that_is_not_there_fails_and_the_others_go_on() -> None:
    told = Told("a", "b")

    gone = {"type": "error", "code": "not_found", "message": "there is no a", "channel": "a"}
    effects = told.hear(HELLO, gone, subscribed("b", 1), event("b", 2))

    assert isinstance(effects[0], ChannelFailed)
    assert (effects[0].channel, type(effects[0].error), str(effects[0].error)) == ("a", NotFound, "there is no a")
    assert offsets(effects) == [("b", 1), ("b", 2)]
    assert told.session.state == Live()


def test_what_is_followed_no_longer_is_told_and_not_delivered() -> None:
    told = live("a", "b")

    effects = told.session.unfollow(["a", "unknown"])

    assert sent(effects) == [{"type": "unsubscribe", "channel": "a"}]
    assert offsets(told.hear(event("a", 6), event("b", 6))) == [("b", 6)]


def test_a_channel_that_rests_goes_on_from_where_it_stood_whatever_came_meanwhile() -> None:
    told = live("a")
    told.hear(event("a", 6))

    assert sent(told.session.hold(["a"])) == [{"type": "unsubscribe", "channel": "a"}]
    assert told.hear(event("a", 7), subscribed("a", 9), {"type": "reset", "channel": "a", "offset": 9}) == []
    told.lose()
    assert told.session.opened(1.0) == []
    asked = sent(told.session.release(["a"]))
    assert asked == [{"type": "subscribe", "channel": "a", "since": {"epoch": "e", "offset": 6}}]


REFUSED_WISHES: dict[str, tuple[list[str], dict[str, Cursor], type[QuellError]]] = {
    "none": ([], {}, Malformed),
    "no name": ([""], {}, Malformed),
    "a long name": (["x" * 201], {}, Malformed),
    "a name that is no text": (["\ud800"], {}, Malformed),
    "an offset before the first": (["a"], {"a": Cursor(epoch="e", offset=-1)}, Malformed),
    "a long epoch": (["a"], {"a": Cursor(epoch="e" * 101, offset=1)}, Malformed),
    "what is followed": (["new", "known"], {}, Conflict),
}


@pytest.mark.parametrize("name", REFUSED_WISHES)
def test_what_the_server_would_not_read_is_refused_before_it_is_sent(name: str) -> None:
    names, since, error = REFUSED_WISHES[name]
    told = live("known")

    with pytest.raises(error):
        told.session.follow(names, since)
    told.lose()
    assert [asked["channel"] for asked in sent(told.session.opened(1.0))] == ["known"]


def test_a_ping_is_answered() -> None:
    assert sent(live().hear({"type": "ping", "ts": "t"})) == [{"type": "pong"}]


UNKNOWN = [
    {"type": "weather", "offset": "high", "channel": 7},
    {"type": ["event"]},
    {"no": "type"},
    "text",
    None,
    {"type": "reply", "id": "nobody's", "ok": True, "data": {}},
    {"type": "error", "code": "odd", "message": "of nothing"},
    {"type": "pong", "id": 4},
    {"type": "subscribed", "channel": "b", "offset": 1},
    {"type": "reset", "channel": "b"},
    HELLO,
]


@pytest.mark.parametrize("message", UNKNOWN, ids=str)
def test_what_is_not_known_or_asked_for_is_passed_over(message: Any) -> None:
    assert offsets(live("a").hear(event("a", 6, more={"new": 1}), message, event("a", 7))) == [("a", 6), ("a", 7)]


def test_one_message_that_is_no_array_is_read_too() -> None:
    assert offsets(live("a").session.receive(json.dumps(event("a", 6)), 0.0, 0.5)) == [("a", 6)]


BROKEN: dict[str, str | bytes] = {
    "no JSON": "[{",
    "no text": b'["\xff"]',
    "an offset that is none": frame({"type": "event", "channel": "a", "offset": "six"}),
    "a place that is not said": frame({"type": "subscribed", "channel": "a"}),
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_frame_that_cannot_be_read_costs_the_connection_and_no_event(name: str) -> None:
    told = live("a")
    told.hear(event("a", 6))

    effects = told.session.receive(BROKEN[name], 1.0, 0.5)

    assert effects == [ConnectAt(1.4)]
    assert sent(told.session.opened(2.0))[0]["since"] == {"epoch": "e", "offset": 6}


def test_what_came_before_a_message_that_cannot_be_read_is_delivered() -> None:
    effects = live("a").hear(event("a", 6), {"type": "subscribed", "channel": "a"})

    assert offsets(effects) == [("a", 6)]
    assert effects[-1] == ConnectAt(0.4)


@pytest.mark.parametrize("greeting", ["[]", "[{", "<html>", frame(subscribed("a", 1)), frame(HELLO | {"version": 2})])
def test_what_does_not_greet_as_this_protocol_does_is_given_up(greeting: str) -> None:
    told = Told("a")

    (effect,) = told.session.receive(greeting, 0.0, 0.5)

    assert isinstance(effect, GiveUp)
    assert isinstance(effect.error, BadAnswer)
    assert told.session.state == Refused(effect.error)
