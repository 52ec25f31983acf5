"""
The client's side of the live channel as a pure state machine: frames and times in, effects out; it reads no clock.

It follows any number of channels on one connection and never yields an event twice or past a gap: after a lost
connection, a gap or a pause it asks for each channel from where it stands. Times are seconds of any clock that only
rises; `chance` is in [0, 1). `docs/protocol.md` is the protocol.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from quell.client import wire
from quell.client.effects import (
    Answered,
    CatchingUp,
    ChannelFailed,
    CommandFailed,
    ConnectAt,
    Connecting,
    Effect,
    Event,
    GiveUp,
    Live,
    Reconnecting,
    Refused,
    Send,
    Snapshot,
    State,
)
from quell.client.wire import Cursor, Message
from quell.errors import BadAnswer, Conflict, Forbidden, InputError, Malformed, NotFound, QuellError, Unauthenticated

FIRST_RETRY_S = 0.8
LONGEST_RETRY_S = 15.0
SILENCE_S = 15.0
"""The server pings every 5 s; after this long without a word the line is dead."""
STEADY_S = 10.0
"""A connection that lasted this long starts the back-off afresh."""
_FINAL_CLOSES = range(4500, 5000)
_CLOSES: Mapping[int, type[InputError]] = {4501: Unauthenticated, 4503: Forbidden}
_STATUSES: Mapping[int, type[InputError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound}


def retry_in_s(failures: int, chance: float) -> float:
    """
    Return how long to wait before trying again: exponential with full jitter, the first time under a second.

    Args:
        failures: in a row, >= 1.
    """
    return chance * min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 30))


class _Stand(Enum):
    WANTED = 1
    """To be asked for, once connected."""
    ASKED = 2
    """Without an answer yet; what still comes was sent before the server knew, and comes again."""
    LIVE = 3
    HELD = 4
    """Not asked for until it is released."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Channel:
    name: str
    epoch: str | None = None
    """Of its offsets; None until there is something to go on from."""
    offset: int = -1
    """Everything up to here was delivered."""
    stand: _Stand = _Stand.WANTED
    lost: bool = False
    """History no longer holds what comes next: only a snapshot helps."""
    gap_at: int = -1
    """The offset at which an event was missing last."""
    head: int = -1
    """The offset to reach before it is up to date."""
    behind: int | None = None
    """Events to come until then."""

    @property
    def since(self) -> Cursor | None:
        """What to ask with."""
        if self.epoch is None or self.lost:
            return None
        return Cursor(epoch=self.epoch, offset=self.offset)

    @property
    def missing(self) -> int | None:
        """Events until it is up to date, 0 when it is, None while that is unknown."""
        if self.stand is not _Stand.LIVE:
            return None
        return 0 if self.offset >= self.head else self.behind


class Session:
    """What the client knows of its conversation with the server, over all connections."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}
        self._commands: dict[str, bytes] = {}
        """Frames of the commands without an answer, by id."""
        self._open = False
        self._greeted = False
        self._opened_s = self._heard_s = 0.0
        self._failures = 0
        self._away: Connecting | Reconnecting | Refused = Connecting()
        """How it stands while there is no greeted connection."""

    @property
    def state(self) -> State:
        """How the connection and all channels stand."""
        if not self._greeted:
            return self._away
        missing = [channel.missing for channel in self._channels.values()]
        known = [count for count in missing if count is not None]
        if len(known) < len(missing):
            return CatchingUp(None)
        return CatchingUp(sum(known)) if any(known) else Live()

    @property
    def due_s(self) -> float:
        """When `tick` has something to do."""
        return self._heard_s + SILENCE_S if self._open else math.inf

    def start(self, now_s: float) -> list[Effect]:
        """Return the first connection to open."""
        return [ConnectAt(now_s)]

    def opened(self, now_s: float) -> list[Effect]:
        """Take in that a connection was opened; everything followed and every command without an answer is sent."""
        self._open, self._opened_s, self._heard_s = True, now_s, now_s
        wanted = [channel for channel in self._channels.values() if channel.stand is not _Stand.HELD]
        return [*self._ask(wanted), *map(Send, self._commands.values())]

    def closed(self, code: int, reason: str, now_s: float, chance: float) -> list[Effect]:
        """Take in that the connection was closed, with 1006 where no close frame came."""
        if not self._open:
            return []
        if code in _FINAL_CLOSES:
            kind = _CLOSES.get(code, InputError)
            return self._give_up(kind(f"the server closed the connection ({code}): {reason}"))
        return self._lost(reason or f"the connection was lost ({code})", now_s, chance)

    def unreached(self, why: str, now_s: float, chance: float) -> list[Effect]:
        """Take in that no connection could be opened."""
        return self._lost(why, now_s, chance)

    def turned_away(
        self, status: int, says: str, now_s: float, chance: float, *, retry_after_s: float = 0.0
    ) -> list[Effect]:
        """Take in that the handshake was answered by another status than 101."""
        if status in _STATUSES:
            return self._give_up(_STATUSES[status](f"the server refused the connection ({status}): {says}"))
        return self._lost(f"the server answered {status}: {says}", now_s, chance, at_least_s=retry_after_s)

    def tick(self, now_s: float, chance: float) -> list[Effect]:
        """Take in that time has passed: a server that says nothing for `SILENCE_S` is gone."""
        if now_s < self.due_s:
            return []
        return self._lost(f"no heartbeat for {SILENCE_S:g} s", now_s, chance)

    def listening(self, now_s: float) -> None:
        """Take in that frames are read again after a pause: silence counts from here."""
        self._heard_s = max(self._heard_s, now_s)

    def alive(self) -> list[Effect]:
        """Return a sign of life for a server whose pings are not read now."""
        return [Send(wire.PONG)] if self._open else []

    def _lost(self, why: str, now_s: float, chance: float, *, at_least_s: float = 0.0) -> list[Effect]:
        steady = self._open and now_s - self._opened_s >= STEADY_S
        self._failures = 1 if steady else self._failures + 1
        wait_s = min(at_least_s + retry_in_s(self._failures, chance), LONGEST_RETRY_S)
        self._leave(Reconnecting(why=why, failures=self._failures, wait_s=wait_s))
        return [ConnectAt(now_s + wait_s)]

    def _give_up(self, error: QuellError) -> list[Effect]:
        self._leave(Refused(error))
        return [GiveUp(error)]

    def _leave(self, away: Reconnecting | Refused) -> None:
        self._open = self._greeted = False
        self._away = away
        for channel in self._channels.values():
            if channel.stand is not _Stand.HELD:
                channel.stand = _Stand.WANTED

    def follow(self, names: Iterable[str], since: Mapping[str, Cursor]) -> list[Effect]:
        """
        Follow channels, each from its cursor in `since` or with a snapshot first.

        Raises: Malformed: a name or cursor that the server would not read. Conflict: it is followed already.
        """
        channels = {name: _new_channel(name, since.get(name)) for name in names}
        if not channels:
            raise Malformed("no channel is named to follow")
        if twice := channels.keys() & self._channels.keys():
            raise Conflict(f"this client follows {', '.join(sorted(twice))} already")
        self._channels |= channels
        return self._ask(channels.values()) if self._open else []

    def unfollow(self, names: Iterable[str]) -> list[Effect]:
        """Follow channels no longer, if they are."""
        gone = [self._channels.pop(name) for name in names if name in self._channels]
        told = [channel.name for channel in gone if channel.stand in (_Stand.ASKED, _Stand.LIVE)]
        return [*map(Send, wire.unsubscribes(told))]

    def hold(self, names: Iterable[str]) -> list[Effect]:
        """Let channels rest where they stand."""
        channels = [self._channels[name] for name in names if name in self._channels]
        told = [channel.name for channel in channels if channel.stand in (_Stand.ASKED, _Stand.LIVE)]
        for channel in channels:
            channel.stand = _Stand.HELD
        return [*map(Send, wire.unsubscribes(told))]

    def release(self, names: Iterable[str]) -> list[Effect]:
        """Let channels that rested go on from where they stood."""
        channels = [self._channels[name] for name in names if name in self._channels]
        for channel in channels:
            channel.stand = _Stand.WANTED
        return self._ask(channels) if self._open else []

    def command(self, key: str, name: str, incident_id: str, args: Mapping[str, Any]) -> list[Effect]:
        """
        Send a command, and again on every new connection until it is answered or forgotten.

        Raises: Malformed, TooLarge: the server would not read it. Conflict: one with this id has no answer yet.
        """
        if key in self._commands:
            raise Conflict(f"a command with the id {key} waits for its answer already")
        self._commands[key] = frame = wire.command(key, name, incident_id, args)
        return [Send(frame)] if self._open else []

    def forget(self, key: str) -> None:
        """Wait no longer for the answer to a command."""
        self._commands.pop(key, None)

    def _ask(self, channels: Iterable[_Channel]) -> list[Effect]:
        wishes = []
        for channel in channels:
            channel.stand = _Stand.ASKED
            wishes.append((channel.name, channel.since))
        return [*map(Send, wire.subscribes(wishes))]

    def receive(self, frame: str | bytes, now_s: float, chance: float) -> list[Effect]:
        """Return what follows from a frame, items among it, in the order in which they are to be given on."""
        if not self._open:
            return []
        self._heard_s = now_s
        effects: list[Effect] = []
        try:
            messages = wire.read(frame)
            for message in messages if self._greeted else self._greet(messages):
                if message.type == "event":
                    if (event := self._event(message, effects)) is not None:
                        effects.append(event)
                else:
                    effects += self._other(message)
        except BadAnswer as error:
            # Who spoke the protocol once may speak it again.
            effects += self._lost(str(error), now_s, chance) if self._greeted else self._give_up(error)
        return effects

    def _greet(self, messages: list[Message]) -> list[Message]:
        first = messages[0] if messages else None
        if first is None or first.type != "hello":
            raise BadAnswer("what answers there is no Quell: it does not greet")
        if first.version != wire.VERSION:
            raise BadAnswer(f"the server speaks protocol {first.version}, this is {wire.VERSION}: use the same Quell")
        self._greeted = True
        return messages[1:]

    def _event(self, message: Message, effects: list[Effect]) -> Event | None:
        channel = self._channels.get(message.channel or "")
        if channel is None or channel.stand is not _Stand.LIVE:
            return None
        offset, stands = message.offset, channel.offset
        if offset <= stands:
            return None
        if (offset - 1 if message.after is None else message.after) > stands:
            channel.lost = channel.gap_at == stands
            channel.gap_at = stands
            effects += self._ask([channel])
            return None
        channel.offset = offset
        if channel.behind:
            channel.behind -= 1
        return Event(
            channel=channel.name,
            epoch=channel.epoch or "",
            offset=offset,
            key=message.key,
            kind=message.kind,
            ts=message.ts,
            data=message.data,
        )

    def _other(self, message: Message) -> list[Effect]:
        match message.type:
            case "ping":
                return [Send(wire.PONG)]
            case "subscribed":
                return self._subscribed(message)
            case "reset":
                return self._reset(message)
            case "reply" if (key := str(message.id)) in self._commands:
                self.forget(key)
                return [Answered(key, message.data)]
            case "error":
                return self._error(message)
        return []

    def _subscribed(self, message: Message) -> list[Effect]:
        channel = self._channels.get(message.channel or "")
        if channel is None or channel.stand not in (_Stand.ASKED, _Stand.LIVE):
            return []
        if message.epoch is None or message.offset < 0:
            raise BadAnswer(f"the server does not say where {channel.name} stands")
        if message.recovered:
            # Another epoch, or none to go on from: the answer to a question before the one that counts.
            if channel.since is None or channel.epoch != message.epoch:
                return []
            channel.stand, channel.head, channel.behind = _Stand.LIVE, message.offset, message.behind
            return []
        stood, channel.lost = channel.since, False
        missed = channel.epoch is not None and stood != Cursor(epoch=message.epoch, offset=message.offset)
        channel.stand, channel.head, channel.behind = _Stand.LIVE, message.offset, 0
        channel.epoch, channel.offset = message.epoch, message.offset
        return [
            Snapshot(
                channel=channel.name, epoch=message.epoch, offset=message.offset, data=message.snapshot, missed=missed
            )
        ]

    def _reset(self, message: Message) -> list[Effect]:
        channel = self._channels.get(message.channel or "")
        if channel is None or channel.stand is not _Stand.LIVE:
            return []
        channel.lost = True
        return self._ask([channel])

    def _error(self, message: Message) -> list[Effect]:
        error = wire.error_of(message.code, message.message)
        if (key := str(message.id)) in self._commands:
            self.forget(key)
            return [CommandFailed(key, error)]
        channel = self._channels.get(message.channel or "")
        if channel is None or channel.stand is not _Stand.ASKED:
            return []
        del self._channels[channel.name]
        return [ChannelFailed(channel.name, error)]


def _new_channel(name: str, since: Cursor | None) -> _Channel:
    wire.check_text(name, "name of a channel", 200)
    if since is None:
        return _Channel(name=name)
    if since.offset < 0 or len(since.epoch) > 100:
        raise Malformed(f"{name} cannot go on from offset {since.offset} in epoch {since.epoch[:100]!r}")
    return _Channel(name=name, epoch=since.epoch, offset=since.offset)
