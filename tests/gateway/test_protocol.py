"""The session alone: frames and times in, effects out."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.gateway.protocol import (
    COMMANDS,
    LOOKS,
    CloseCode,
    Command,
    ErrorMessage,
    HangUp,
    Join,
    Leave,
    Limits,
    Ping,
    Pong,
    Send,
    Session,
    Since,
    encode,
    hang_up,
)

PONG = '{"type":"pong"}'
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIMITS = Limits(frame_bytes=2000, messages_per_frame=5, messages_per_s=10, messages_burst=20, subscriptions=3)


def session() -> Session:
    return Session(limits=LIMITS, now_s=100.0)


def command(**over: object) -> dict[str, object]:
    return {"type": "command", "id": "c1", "name": "acknowledge", "incident_id": "INC-1", "args": {}} | over


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"type": "subscribe", "channel": "incidents"}, [Join("incidents", None)]),
        (
            {"type": "subscribe", "channel": "events", "since": {"epoch": "e", "offset": 3}},
            [Join("events", Since(epoch="e", offset=3))],
        ),
        ({"type": "subscribe", "channel": "events", "since": None}, [Join("events", None)]),
        ({"type": "subscribe", "channel": "events", "later": {"field": 1}}, [Join("events", None)]),
        ({"type": "unsubscribe", "channel": "events"}, []),
        ({"type": "ping", "id": "7"}, [Send(Pong(id="7"))]),
        ({"type": "ping", "id": 7}, [Send(Pong(id=7))]),
        ({"type": "ping"}, [Send(Pong())]),
        ({"type": "pong"}, []),
        ([], []),
        (
            [{"type": "subscribe", "channel": "a"}, {"type": "unsubscribe", "channel": "a"}],
            [Join("a", None), Leave("a")],
        ),
        (command(args={"note": "x"}), [Command(id="c1", name="acknowledge", incident_id="INC-1", args={"note": "x"})]),
    ],
)
def test_a_frame_becomes_its_effects_in_order(said: object, meant: list[object]) -> None:
    assert session().receive(json.dumps(said), 101.0) == meant


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("null", "cannot be read"),
        ("12", "cannot be read"),
        ('{"type":"sing"}', "sing"),
        ("{}", "type"),
        ('{"type":"subscribe"}', "channel"),
        ('{"type":"subscribe","channel":""}', "channel"),
        ('{"type":"subscribe","channel":7}', "channel"),
        ('{"type":"subscribe","channel":"a","since":{"epoch":"e","offset":-1}}', "offset"),
        ('{"type":"subscribe","channel":"a","since":{"epoch":"e","offset":1.5}}', "offset"),
        ('[{"type":"ping"},{"type":"sing"}]', "sing"),
        ('[[{"type":"ping"}]]', "cannot be read"),
        (json.dumps(command(args=[1])), "args"),
        (json.dumps(command(id="")), "id"),
        ('{"type":"command","id":"c","name":"note","incident_id":"I","args":{"a":' + "[" * 900 + "]" * 900 + "}}", ""),
        (json.dumps([{"type": "pong"}] * 6), "6 messages in a frame: the limit is 5"),
        ('{"type":"ping","id":"' + "x" * 2000 + '"}', "the limit is 2000 bytes"),
        (b'{"type":"ping"}', "text frames only"),
        ('{"type":"ping","id":' + "9" * 40 + "}", "id"),
        ("\ud800", ""),
    ],
)
def test_a_frame_that_breaks_the_protocol_ends_the_session_with_a_reason(frame: str | bytes, says: str) -> None:
    talk = session()

    effects = talk.receive(frame, 101.0)

    assert [type(effect) for effect in effects] in ([HangUp], [Command])
    if isinstance(effects[0], HangUp):
        assert effects[0].code == CloseCode.BAD_MESSAGE
        assert says in effects[0].reason
        assert talk.receive('{"type":"ping"}', 102.0) == []


def test_a_message_nested_without_end_is_refused() -> None:
    talk = Session(limits=Limits(), now_s=0.0)

    effects = talk.receive('{"type":"subscribe","channel":"a","x":' + "[" * 30_000 + "]" * 30_000 + "}", 1.0)

    assert effects == [HangUp(CloseCode.BAD_MESSAGE, "a message that is nested too deeply")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
types = st.sampled_from(["subscribe", "unsubscribe", "ping", "pong", "command", "hello", ""])
fields = st.sampled_from(["channel", "since", "id", "name", "incident_id", "args", "epoch", "offset"])
bodies = st.dictionaries(fields, json_values, max_size=5)
nearly = st.builds(lambda kind, body: {"type": kind, **body}, types, bodies)
frames = st.text(max_size=200) | st.builds(json.dumps, json_values | nearly | st.lists(nearly, max_size=6))


@given(st.lists(frames, max_size=5))
def test_no_frame_breaks_the_server(said: list[str]) -> None:
    talk = session()
    for frame in said:
        for effect in talk.receive(frame, 101.0):
            match effect:
                case Send(message):
                    assert json.loads(encode(message))["type"] in {"pong", "error"}
                case HangUp(_, reason):
                    assert len(reason.encode()) <= 123
                    assert talk.closed


def test_a_close_reason_fits_its_frame_and_stays_text() -> None:
    end = hang_up(CloseCode.BAD_MESSAGE, "ü" * 200)

    assert end.reason == "ü" * 61


def test_a_subscription_over_the_limit_ends_the_session() -> None:
    talk = session()
    for name in "abc":
        talk.receive(json.dumps({"type": "subscribe", "channel": name}), 101.0)

    again = talk.receive('{"type":"subscribe","channel":"c"}', 101.0)
    over = talk.receive('{"type":"subscribe","channel":"d"}', 101.0)

    assert again == [Join("c", None)]
    assert over == [HangUp(CloseCode.TOO_MANY_SUBSCRIPTIONS, "more than 3 subscriptions on one connection")]


def test_subscriptions_that_ended_make_room_for_others() -> None:
    talk = session()
    for name in "abc":
        talk.receive(json.dumps({"type": "subscribe", "channel": name}), 101.0)
    talk.receive('{"type":"unsubscribe","channel":"a"}', 101.0)
    talk.left("b")

    effects = talk.receive('[{"type":"subscribe","channel":"d"},{"type":"subscribe","channel":"e"}]', 101.0)

    assert effects == [Join("d", None), Join("e", None)]


def test_a_burst_is_fine_and_a_flood_is_not() -> None:
    talk = session()
    burst = json.dumps([{"type": "pong"}] * 5)

    within = [talk.receive(burst, 100.0) for _ in range(4)]
    earned = talk.receive(burst, 100.5)
    over = talk.receive('{"type":"pong"}', 100.5)

    assert within == [[], [], [], []]
    assert earned == []
    assert over == [HangUp(CloseCode.TOO_MANY_MESSAGES, "more than 10 messages a second")]


def test_effects_after_the_message_that_ends_the_session_are_left_out() -> None:
    talk = session()
    names = [{"type": "subscribe", "channel": name} for name in "abcde"]

    effects = talk.receive(json.dumps(names), 101.0)

    assert [type(effect) for effect in effects] == [Join, Join, Join, HangUp]


@pytest.mark.parametrize("late_s", [0.0, 0.4, 1.2])
def test_heartbeats_are_never_further_apart_than_they_may_be(late_s: float) -> None:
    talk = session()
    looks = [100.0 + late_s + n * 5.0 / LOOKS for n in range(60)]

    told_at = [
        now_s for now_s in looks if talk.tick(now_s, AT) == [Send(Ping(ts=AT))] and not talk.receive(PONG, now_s)
    ]

    apart = [then - now for now, then in itertools.pairwise([100.0, *told_at])]
    assert min(apart) > 3.7
    assert max(apart) <= 5.0 + 1e-9
    assert len(told_at) >= 14


def test_the_heartbeat_says_when_it_was_sent() -> None:
    assert encode(Ping(ts=AT)) == b'{"type":"ping","ts":"2026-01-02T03:04:05Z"}'


def test_a_client_that_answers_stays_and_a_silent_one_is_hung_up_on() -> None:
    talk = session()
    for now_s in (105.0, 110.0, 115.0):
        talk.tick(now_s, AT)
    talk.receive('{"type":"pong"}', 116.0)

    kept = talk.tick(120.0, AT)
    gone = talk.tick(136.0, AT)

    assert kept == [Send(Ping(ts=AT))]
    assert gone == [HangUp(CloseCode.HEARTBEAT_MISSED, "nothing heard for 20 s")]
    assert talk.tick(150.0, AT) == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_passed_on(name: str) -> None:
    [effect] = session().receive(json.dumps(command(name=name)), 101.0)

    assert isinstance(effect, Command)
    assert effect.name == name


def test_an_unknown_command_is_answered_and_the_session_goes_on() -> None:
    talk = session()

    [effect] = talk.receive(json.dumps(command(name="explode")), 101.0)

    assert isinstance(effect, Send)
    assert isinstance(effect.message, ErrorMessage)
    assert (effect.message.code, effect.message.id) == ("not_found", "c1")
    assert not talk.closed


def test_a_command_is_not_run_twice_at_once_and_its_answer_frees_its_place() -> None:
    talk = Session(limits=Limits(commands_at_once=2), now_s=0.0)
    talk.receive(json.dumps([command(), command(id="c2")]), 1.0)

    refused = talk.receive(json.dumps([command(), command(id="c3")]), 1.0)
    talk.done("c1", {})
    talk.failed("c2", "conflict", "moved on")
    after = talk.receive(json.dumps([command(), command(id="c3")]), 1.0)

    codes = [
        effect.message.code
        for effect in refused
        if isinstance(effect, Send) and isinstance(effect.message, ErrorMessage)
    ]
    assert codes == ["conflict", "overloaded"]
    assert [type(effect) for effect in after] == [Command, Command]
