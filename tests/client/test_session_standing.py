"""The client's side of the live channel: connections that come and go, commands, and how all of it stands."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.client.effects import (
    Answered,
    CatchingUp,
    CommandFailed,
    ConnectAt,
    Connecting,
    Effect,
    GiveUp,
    Live,
    Reconnecting,
)
from quell.client.session import LONGEST_RETRY_S, SILENCE_S, STEADY_S, Session, retry_in_s
from quell.client.wire import FRAME_BYTES, Cursor
from quell.errors import (
    Conflict,
    Forbidden,
    IllegalTransition,
    InputError,
    Malformed,
    NotFound,
    Overloaded,
    QuellError,
    TooLarge,
    Unauthenticated,
    UpstreamError,
)
from tests.client.given import HELLO, Told, event, live, sent, subscribed


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_first_retry_comes_within_a_second_and_none_after_the_longest_wait(failures: int, chance: float) -> None:
    assert 0 <= retry_in_s(1, chance) < 1
    assert 0 <= retry_in_s(failures, chance) <= LONGEST_RETRY_S
    assert retry_in_s(failures, chance) <= retry_in_s(failures + 1, chance)


def test_the_first_connection_is_wanted_at_once() -> None:
    session = Session()

    assert session.start(3.0) == [ConnectAt(3.0)]
    assert session.state == Connecting()
    assert session.due_s == math.inf


FINAL = {4500: InputError, 4501: Unauthenticated, 4502: InputError, 4503: Forbidden, 4504: InputError, 4999: InputError}


@pytest.mark.parametrize("code", [*FINAL, 1000, 1006, 1009, 4001, 4002, 4003, 4004, 4499, 5000])
def test_codes_from_4500_on_are_given_up_and_all_others_come_back(code: int) -> None:
    told = live()

    (effect,) = told.lose(code=code, reason="why")

    if code in FINAL:
        assert isinstance(effect, GiveUp)
        assert type(effect.error) is FINAL[code]
        assert str(effect.error) == f"the server closed the connection ({code}): why"
    else:
        assert effect == ConnectAt(0.4)
        assert told.session.state == Reconnecting(why="why", failures=1, wait_s=0.4)


STATUSES = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 400: None, 429: None, 500: None, 503: None}


@pytest.mark.parametrize("status", STATUSES)
def test_401_403_and_404_are_given_up_and_other_answers_come_back(status: int) -> None:
    session = Session()

    (effect,) = session.turned_away(status, "why", 0.0, 0.5)

    if (kind := STATUSES[status]) is not None:
        assert isinstance(effect, GiveUp)
        assert type(effect.error) is kind
    else:
        assert effect == ConnectAt(0.4)


def test_a_server_that_says_when_to_come_back_is_obeyed_within_reason() -> None:
    session = Session()

    assert session.turned_away(503, "full", 0.0, 0.5, retry_after_s=5.0) == [ConnectAt(5.4)]
    assert session.turned_away(503, "full", 0.0, 0.5, retry_after_s=9999.0) == [ConnectAt(LONGEST_RETRY_S)]


def wait_s(effects: list[Effect], now_s: float) -> float:
    (effect,) = effects
    assert isinstance(effect, ConnectAt)
    return effect.at_s - now_s


def test_failures_in_a_row_make_the_waits_longer_and_a_steady_connection_starts_afresh() -> None:
    session = Session()
    waits = [wait_s(session.unreached("nobody there", 0.0, 0.5), 0.0) for _ in range(7)]
    session.opened(0.0)
    short = wait_s(session.closed(1006, "", STEADY_S - 0.1, 0.5), STEADY_S - 0.1)
    session.opened(20.0)
    steady = wait_s(session.closed(1006, "", 20.0 + STEADY_S, 0.5), 20.0 + STEADY_S)

    assert waits == pytest.approx([0.4, 0.8, 1.6, 3.2, 6.4, 7.5, 7.5])
    assert (short, steady) == pytest.approx((7.5, 0.4))


def test_a_server_that_is_silent_for_too_long_is_left() -> None:
    told = live("a")
    told.hear(event("a", 6), now_s=100.0)

    assert told.session.due_s == 100.0 + SILENCE_S
    assert told.session.tick(100.0 + SILENCE_S - 0.1, 0.5) == []
    (effect,) = told.session.tick(100.0 + SILENCE_S, 0.5)
    assert effect == ConnectAt(100.0 + SILENCE_S + 0.4)
    assert told.session.state == Reconnecting(why="no heartbeat for 15 s", failures=1, wait_s=0.4)
    assert told.lose() == []
    assert told.hear(event("a", 7)) == []


def test_silence_counts_from_when_frames_are_read_again() -> None:
    told = live("a")

    told.session.listening(100.0)

    assert told.session.due_s == 100.0 + SILENCE_S
    assert sent(told.session.alive()) == [{"type": "pong"}]


def test_nothing_is_sent_without_a_connection() -> None:
    session = Session()

    assert session.follow(["a"], {}) == []
    assert session.command("k", "note", "INC-1", {}) == []
    assert session.unfollow(["a"]) == []
    assert session.alive() == []
    assert [message["type"] for message in sent(session.opened(0.0))] == ["command"]


def test_the_state_goes_from_connecting_over_catching_up_to_live() -> None:
    told = Told("a", "b", a=Cursor(epoch="e", offset=5))
    states = [told.session.state]
    for message in (
        HELLO,
        subscribed("a", 40, recovered=True, behind=2),
        subscribed("b", 3),
        event("a", 20, after=5),
        event("a", 40, after=20),
    ):
        told.hear(message)
        states.append(told.session.state)

    assert states == [Connecting(), CatchingUp(None), CatchingUp(None), CatchingUp(2), CatchingUp(1), Live()]


def test_who_is_not_told_how_many_follow_has_caught_up_at_the_offset_told() -> None:
    told = Told("a", a=Cursor(epoch="e", offset=5))
    told.hear(HELLO, subscribed("a", 7, recovered=True), event("a", 6))
    before = told.session.state
    told.hear(event("a", 7))

    assert (before, told.session.state) == (CatchingUp(None), Live())


def test_who_has_missed_nothing_is_live_at_once() -> None:
    told = Told("a", a=Cursor(epoch="e", offset=5))
    told.hear(HELLO, subscribed("a", 5, recovered=True, behind=0))

    assert told.session.state == Live()


def test_it_is_reconnecting_until_the_server_greets_again() -> None:
    told = live("a")
    states = []
    told.lose(reason="stopping")
    states.append(told.session.state)
    told.session.opened(1.0)
    states.append(told.session.state)
    told.hear(HELLO)
    states.append(told.session.state)

    away = Reconnecting(why="stopping", failures=1, wait_s=0.4)
    assert states == [away, away, CatchingUp(None)]


def test_a_command_is_sent_until_it_is_answered_always_with_the_same_id() -> None:
    told = live()

    first = told.session.command("k", "acknowledge", "INC-7", {"note": "on it"})
    told.lose()
    again = told.session.opened(1.0)
    effects = told.hear(HELLO, {"type": "reply", "id": "k", "ok": True, "data": {"state": "acknowledged"}})
    told.lose(now_s=2.0)

    args = {"note": "on it"}
    command = {"type": "command", "id": "k", "name": "acknowledge", "incident_id": "INC-7", "args": args}
    assert sent(first) == sent(again) == [command]
    assert effects == [Answered("k", {"state": "acknowledged"})]
    assert told.session.opened(3.0) == []


CODES = {
    "illegal_transition": IllegalTransition,
    "not_found": NotFound,
    "malformed": Malformed,
    "overloaded": Overloaded,
    "forbidden": Forbidden,
    "internal": UpstreamError,
    "not_ready": UpstreamError,
}


@pytest.mark.parametrize("code", CODES)
def test_a_command_that_was_not_done_fails_with_the_error_that_its_code_means(code: str) -> None:
    told = live()
    told.session.command("k", "note", "INC-7", {})

    (effect,) = told.hear({"type": "error", "id": "k", "code": code, "message": "INC-7 is closed"})

    assert isinstance(effect, CommandFailed)
    assert (effect.id, type(effect.error)) == ("k", CODES[code])
    assert "INC-7 is closed" in str(effect.error)
    told.lose()
    assert told.session.opened(1.0) == []


def test_a_forgotten_command_is_not_sent_again_and_its_answer_is_nobodys() -> None:
    told = live()
    told.session.command("k", "note", "INC-7", {})
    told.session.forget("k")

    assert told.hear({"type": "reply", "id": "k", "ok": True, "data": {}}) == []
    told.lose()
    assert told.session.opened(1.0) == []


COMMANDS: dict[str, tuple[str, str, str, dict[str, Any], type[QuellError]]] = {
    "no id": ("", "note", "INC-7", {}, Malformed),
    "a long id": ("k" * 201, "note", "INC-7", {}, Malformed),
    "no incident": ("k", "note", "", {}, Malformed),
    "a long name": ("k", "n" * 51, "INC-7", {}, Malformed),
    "args that are no JSON": ("k", "note", "INC-7", {"note": object()}, Malformed),
    "args that are no text": ("k", "note", "INC-7", {"note": "\ud800"}, Malformed),
    "too long": ("k", "note", "INC-7", {"note": "x" * FRAME_BYTES}, TooLarge),
    "under way": ("known", "note", "INC-7", {}, Conflict),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_the_server_would_not_read_is_refused_before_it_is_sent(name: str) -> None:
    key, command, incident_id, args, error = COMMANDS[name]
    told = live()
    told.session.command("known", "note", "INC-7", {})

    with pytest.raises(error):
        told.session.command(key, command, incident_id, args)
    told.lose()
    assert [message["id"] for message in sent(told.session.opened(1.0))] == ["known"]
