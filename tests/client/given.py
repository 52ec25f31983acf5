"""A session without a network, and what a server says to it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from quell.client.effects import Effect, Event, Send, Snapshot
from quell.client.session import Session
from quell.client.wire import Cursor

HELLO = {"type": "hello", "version": 1, "epoch": "x", "server": "0.1.0", "heartbeat_s": 5.0}


def frame(*messages: Any) -> str:
    return json.dumps(messages)


def subscribed(channel: str, offset: int, *, epoch: str = "e", **more: Any) -> dict[str, Any]:
    return {"type": "subscribed", "channel": channel, "epoch": epoch, "offset": offset, "recovered": False} | more


def event(channel: str, offset: int, **more: Any) -> dict[str, Any]:
    said = {"type": "event", "channel": channel, "offset": offset, "kind": "k", "ts": "t", "data": offset}
    return said | more


def sent(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for effect in effects:
        if isinstance(effect, Send):
            said = json.loads(effect.frame)
            found += said if isinstance(said, list) else [said]
    return found


def offsets(effects: Iterable[Effect]) -> list[tuple[str, int]]:
    return [(effect.channel, effect.offset) for effect in effects if isinstance(effect, Event | Snapshot)]


class Told:
    """A session that is told things at time 0 unless said otherwise, with a chance of a half."""

    def __init__(self, *channels: str, **since: Cursor) -> None:
        self.session = Session()
        self.session.start(0.0)
        if channels:
            self.session.follow(channels, since)
        self.asked = sent(self.session.opened(0.0))

    def hear(self, *messages: Any, now_s: float = 0.0) -> list[Effect]:
        return self.session.receive(frame(*messages), now_s, 0.5)

    def lose(self, *, now_s: float = 0.0, code: int = 1006, reason: str = "") -> list[Effect]:
        return self.session.closed(code, reason, now_s, 0.5)


def live(*channels: str, offset: int = 5) -> Told:
    """A session whose channels have had their snapshots."""
    told = Told(*channels)
    told.hear(HELLO, *(subscribed(channel, offset) for channel in channels))
    return told
