"""The server's side of `docs/protocol.md` as a model: channels that are never forgotten by the test, and one client."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

HELLO = {"type": "hello", "version": 1, "epoch": "any", "server": "0", "heartbeat_s": 5.0}


@dataclass(frozen=True, slots=True)
class Told:
    """What happened on a channel."""

    offset: int
    key: str
    value: int


@dataclass(slots=True)
class Channel:
    """All that ever happened in an epoch; what the server still remembers is after `floor`."""

    conflates: bool
    epoch: str = "e0"
    told: list[Told] = field(default_factory=list)
    floor: int = 0

    @property
    def head(self) -> int:
        return self.told[-1].offset if self.told else 0

    @property
    def rows(self) -> dict[str, int]:
        """The state that everything adds up to."""
        return {one.key: one.value for one in self.told}

    def after(self, offset: int) -> list[Told]:
        return [one for one in self.told if one.offset > offset]

    def before(self, offset: int) -> int:
        """Return the offset before one."""
        return max((one.offset for one in self.told if one.offset < offset), default=0)

    def restart(self) -> None:
        """Begin anew as another process would: the state is kept, offsets start over."""
        rows, self.epoch = self.rows, f"e{int(self.epoch[1:]) + 1}"
        self.told = [Told(number, key, value) for number, (key, value) in enumerate(rows.items(), start=1)]
        self.floor = self.head


@dataclass(slots=True)
class Follower:
    """Where the server believes its client to stand in a channel."""

    since: dict[str, Any] | None
    offset: int | None = None
    exact: bool = False


class Server:
    """Serves one connection at a time; what is on its way in either direction is lost with it."""

    def __init__(self) -> None:
        self.channels = {
            "stream": Channel(conflates=False),
            "sparse": Channel(conflates=False),
            "state": Channel(conflates=True),
        }
        self.up: deque[bytes] = deque()
        self.down: deque[str] = deque()
        self.followers: dict[str, Follower] = {}
        self.asked = 0

    def open(self) -> None:
        self.lose()
        self._say(HELLO)

    def lose(self) -> None:
        self.up.clear()
        self.down.clear()
        self.followers.clear()

    def read(self) -> None:
        """Obey the next frame of the client."""
        said = json.loads(self.up.popleft())
        for message in said if isinstance(said, list) else [said]:
            match message["type"]:
                case "subscribe":
                    self.asked += 1
                    self.followers[message["channel"]] = Follower(message.get("since"))
                case "unsubscribe":
                    self.followers.pop(message["channel"], None)

    def serve(self, names: list[str], most: int) -> None:
        """Send a frame with what is next in some channels, at most so many events of each."""
        messages: list[dict[str, Any]] = [{"type": "news", "offset": None}]
        for name in names:
            if (follower := self.followers.get(name)) is not None:
                messages += self._next(name, follower, most)
        if len(messages) > 1:
            self._say(*messages)

    def _next(self, name: str, follower: Follower, most: int) -> list[dict[str, Any]]:
        channel = self.channels[name]
        if follower.offset is None:
            return [self._begin(name, channel, follower)]
        if follower.offset < channel.floor:
            del self.followers[name]
            return [{"type": "reset", "channel": name, "epoch": channel.epoch, "offset": channel.head}]
        due = channel.after(follower.offset)
        if channel.conflates and not follower.exact:
            newest = {one.key: one.offset for one in due}
            due = [one for one in due if newest[one.key] == one.offset]
        messages = []
        for one in due[:most]:
            says = {"type": "event", "channel": name, "offset": one.offset, "key": one.key, "data": one.value}
            messages.append(says if follower.offset == one.offset - 1 else says | {"after": follower.offset})
            follower.offset = one.offset
        if follower.offset == channel.head:
            follower.exact = False
        return messages

    def _begin(self, name: str, channel: Channel, follower: Follower) -> dict[str, Any]:
        since = follower.since
        says = {"type": "subscribed", "channel": name, "epoch": channel.epoch, "offset": channel.head}
        if since is not None and since["epoch"] == channel.epoch and channel.floor <= since["offset"] <= channel.head:
            follower.offset, follower.exact = since["offset"], True
            return says | {"recovered": True, "behind": len(channel.after(since["offset"]))}
        follower.offset = channel.head
        return says | {"recovered": False, "snapshot": channel.rows}

    def swallow(self, name: str) -> None:
        """Believe to have sent the next event of a channel without having done so."""
        follower = self.followers.get(name)
        if follower is not None and follower.offset is not None and (due := self.channels[name].after(follower.offset)):
            follower.offset = due[0].offset

    def _say(self, *messages: dict[str, Any]) -> None:
        self.down.append(json.dumps(messages))
