"""
One live connection as a pure state machine: frames and times in, effects out; it never waits and reads no clock.

`docs/protocol.md` says the same for people who write clients. Times are seconds of any clock that only rises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any

import msgspec

VERSION = 1
SUBPROTOCOL = "quell.v1"
COMMANDS = frozenset({"acknowledge", "approve", "reject", "resolve", "reopen", "look_again", "take_back", "note"})


LOOKS = 4
"""How often in a heartbeat a transport calls `tick`."""


class CloseCode(IntEnum):
    """Why the server hangs up: below 4500 come back, from 4500 on trying again is of no use."""

    DRAINING = 4001
    TOO_SLOW = 4002
    HEARTBEAT_MISSED = 4003
    BROKE = 4004
    BAD_MESSAGE = 4500
    UNAUTHENTICATED = 4501
    TOO_MANY_SUBSCRIPTIONS = 4502
    FORBIDDEN_ORIGIN = 4503
    TOO_MANY_MESSAGES = 4504


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may ask for."""

    frame_bytes: int = 65_536
    """Longest frame from a client."""
    messages_per_frame: int = 100
    messages_per_s: float = 50.0
    """Sustained; a burst of `messages_burst` is fine."""
    messages_burst: float = 200.0
    subscriptions: int = 64
    commands_at_once: int = 8
    """Commands of one client that wait for their answer."""
    heartbeat_s: float = 5.0
    silence_s: float = 20.0
    """A client that sends nothing for this long is hung up on; every frame counts, `pong` is enough."""


ChannelName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
PingNumber = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """The place in a channel up to which a client has seen everything."""

    epoch: Annotated[str, msgspec.Meta(max_length=100)]
    offset: Annotated[int, msgspec.Meta(ge=0)]


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="type", frozen=True, kw_only=True):
    """Follow a channel, from `since` if history reaches so far."""

    channel: ChannelName
    since: Since | None = None


class Unsubscribe(msgspec.Struct, tag="unsubscribe", tag_field="type", frozen=True, kw_only=True):
    """Follow it no longer."""

    channel: ChannelName


class ClientPing(msgspec.Struct, tag="ping", tag_field="type", frozen=True, kw_only=True):
    """Asks for a pong with the same id."""

    id: MessageId | PingNumber | None = None


class ClientPong(msgspec.Struct, tag="pong", tag_field="type", frozen=True, kw_only=True):
    """Answers our ping."""


class Command(msgspec.Struct, tag="command", tag_field="type", frozen=True, kw_only=True):
    """Something a person does; `id` is its idempotency key."""

    id: MessageId
    name: Annotated[str, msgspec.Meta(max_length=50)]
    incident_id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    args: dict[str, Any] = {}


ClientMessage = Subscribe | Unsubscribe | ClientPing | ClientPong | Command
_read = msgspec.json.Decoder(ClientMessage | list[ClientMessage]).decode


class Hello(msgspec.Struct, tag="hello", tag_field="type", frozen=True, kw_only=True):
    """The first message of every connection."""

    version: int
    epoch: str
    server: str
    heartbeat_s: float


class Subscribed(msgspec.Struct, tag="subscribed", tag_field="type", frozen=True, kw_only=True, omit_defaults=True):
    """
    With `recovered` the `behind` missed events up to `offset` follow; otherwise `snapshot` is the state at `offset`.

    Offsets are counted in the channel's `epoch`: go on with both.
    """

    channel: str
    epoch: str
    offset: int
    recovered: bool
    behind: int | None = None
    snapshot: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class EventMessage(msgspec.Struct, tag="event", tag_field="type", frozen=True, kw_only=True, omit_defaults=True):
    """A publication of a channel; it follows the offset `after`, or `offset - 1` where it does not say."""

    after: int | None = None
    channel: str
    offset: int
    key: str | None = None
    kind: str
    ts: datetime
    data: Any


class Reset(msgspec.Struct, tag="reset", tag_field="type", frozen=True, kw_only=True):
    """The client fell further behind than history reaches and no longer follows the channel."""

    channel: str
    epoch: str
    offset: int


class Ping(msgspec.Struct, tag="ping", tag_field="type", frozen=True, kw_only=True):
    """The heartbeat."""

    ts: datetime


class Pong(msgspec.Struct, tag="pong", tag_field="type", frozen=True, kw_only=True, omit_defaults=True):
    """Answers a client's ping."""

    id: str | int | None = None


class Reply(msgspec.Struct, tag="reply", tag_field="type", frozen=True, kw_only=True):
    """A command was done."""

    id: str
    ok: bool
    data: Any


class ErrorMessage(msgspec.Struct, tag="error", tag_field="type", frozen=True, kw_only=True, omit_defaults=True):
    """A message could not be obeyed; `id` names the command, `channel` the subscription. The connection stays."""

    code: str
    message: str
    id: str | None = None
    channel: str | None = None


ServerMessage = Hello | Subscribed | EventMessage | Reset | Ping | Pong | Reply | ErrorMessage
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Send:
    """Give this message to the client."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Join:
    """Let the connection follow a channel, anew if it does already."""

    channel: str
    since: Since | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Let it follow a channel no longer."""

    channel: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection; the reason fits a close frame."""

    code: int
    reason: str


Effect = Send | Join | Leave | Command | HangUp


def hang_up(code: CloseCode, reason: str) -> HangUp:
    """Return the close with its reason cut to the 123 bytes that a close frame holds."""
    return HangUp(code, reason.encode()[:123].decode(errors="ignore"))


class Session:
    """What the server knows of one client's conversation."""

    __slots__ = ("_allowance", "_allowed_at_s", "_limits", "_pinged_s", "channels", "closed", "heard_s", "running")

    def __init__(self, *, limits: Limits, now_s: float) -> None:
        self._limits = limits
        self._allowance = limits.messages_burst
        self._allowed_at_s = now_s
        self._pinged_s = now_s
        self.heard_s = now_s
        # Tuples, since they are short, and an empty one takes nothing, for each of thousands of connections.
        self.channels: tuple[str, ...] = ()
        self.running: tuple[str, ...] = ()
        """Ids of the commands without an answer yet."""
        self.closed = False

    def open(self, *, epoch: str, server: str) -> Hello:
        """Return the greeting."""
        return Hello(version=VERSION, epoch=epoch, server=server, heartbeat_s=self._limits.heartbeat_s)

    def tick(self, now_s: float, at: datetime) -> list[Effect]:
        """
        Return the heartbeat when it is time for it, or the end when the client has been silent for too long.

        Call it `LOOKS` times in a heartbeat; so no two heartbeats are further apart than they may be.
        """
        if self.closed:
            return []
        if now_s - self.heard_s >= self._limits.silence_s:
            return self._end(CloseCode.HEARTBEAT_MISSED, f"nothing heard for {now_s - self.heard_s:.0f} s")
        if now_s - self._pinged_s < self._limits.heartbeat_s * (1 - 1 / LOOKS):
            return []
        self._pinged_s = now_s
        return [Send(Ping(ts=at))]

    def receive(self, frame: str | bytes, now_s: float) -> list[Effect]:
        """
        Return what a frame asks for, in its order; a frame that breaks the protocol ends the session.

        Args:
            frame: text as str; bytes are a binary frame, which the protocol does not have.
        """
        if self.closed:
            return []
        self.heard_s = now_s
        if isinstance(frame, bytes):
            return self._end(CloseCode.BAD_MESSAGE, "a binary frame: this protocol has text frames only")
        if len(frame) > self._limits.frame_bytes:
            too_long = f"a frame of {len(frame)} characters: the limit is {self._limits.frame_bytes} bytes"
            return self._end(CloseCode.BAD_MESSAGE, too_long)
        try:
            read = _read(frame)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            return self._end(CloseCode.BAD_MESSAGE, f"a message that cannot be read: {error}")
        except RecursionError:
            return self._end(CloseCode.BAD_MESSAGE, "a message that is nested too deeply")
        messages = read if isinstance(read, list) else [read]
        if len(messages) > self._limits.messages_per_frame:
            too_many = f"{len(messages)} messages in a frame: the limit is {self._limits.messages_per_frame}"
            return self._end(CloseCode.BAD_MESSAGE, too_many)
        if not self._afford(len(messages), now_s):
            return self._flooded()
        return self._obey(messages)

    def receive_control(self, now_s: float) -> list[Effect]:
        """Take in a ping or pong of WebSocket itself: it shows that the client is there, and counts as a message."""
        if self.closed:
            return []
        self.heard_s = now_s
        return [] if self._afford(1, now_s) else self._flooded()

    def _flooded(self) -> list[Effect]:
        most = self._limits.messages_per_s
        return self._end(CloseCode.TOO_MANY_MESSAGES, f"more than {most:g} messages a second")

    def _afford(self, messages: int, now_s: float) -> bool:
        earned = (now_s - self._allowed_at_s) * self._limits.messages_per_s
        self._allowance = min(self._limits.messages_burst, self._allowance + earned) - messages
        self._allowed_at_s = now_s
        return self._allowance >= 0

    def _obey(self, messages: Iterable[ClientMessage]) -> list[Effect]:
        effects: list[Effect] = []
        for message in messages:
            effects.extend(self._one(message))
            if self.closed:
                break
        return effects

    def _one(self, message: ClientMessage) -> Sequence[Effect]:
        match message:
            case Subscribe():
                return self._subscribe(message)
            case Unsubscribe():
                known = message.channel in self.channels
                self.left(message.channel)
                return [Leave(message.channel)] if known else []
            case ClientPing():
                return [Send(Pong(id=message.id))]
            case ClientPong():
                return []
            case Command():
                return self._command(message)

    def _subscribe(self, message: Subscribe) -> Sequence[Effect]:
        if message.channel not in self.channels:
            if len(self.channels) >= self._limits.subscriptions:
                reason = f"more than {self._limits.subscriptions} subscriptions on one connection"
                return self._end(CloseCode.TOO_MANY_SUBSCRIPTIONS, reason)
            self.channels += (message.channel,)
        return [Join(message.channel, message.since)]

    def _command(self, message: Command) -> Sequence[Effect]:
        if message.name not in COMMANDS:
            says = f"there is no command {message.name!r}; there are {', '.join(sorted(COMMANDS))}"
            return [Send(ErrorMessage(code="not_found", message=says, id=message.id))]
        if message.id in self.running:
            says = "this command is being worked on; its answer will come once"
            return [Send(ErrorMessage(code="conflict", message=says, id=message.id))]
        if len(self.running) >= self._limits.commands_at_once:
            says = f"{len(self.running)} commands wait for their answer: send this one again after one has come"
            return [Send(ErrorMessage(code="overloaded", message=says, id=message.id))]
        self.running += (message.id,)
        return [message]

    def left(self, channel: str) -> None:
        """Take in that the server ended a subscription: no such channel, or a reset."""
        self.channels = tuple(name for name in self.channels if name != channel)

    def done(self, command_id: str, data: Any) -> Reply:
        """Return the answer to a command that was done."""
        self._answered(command_id)
        return Reply(id=command_id, ok=True, data=data)

    def failed(self, command_id: str, code: str, message: str) -> ErrorMessage:
        """Return the answer to a command that was not."""
        self._answered(command_id)
        return ErrorMessage(code=code, message=message, id=command_id)

    def _answered(self, command_id: str) -> None:
        self.running = tuple(running for running in self.running if running != command_id)

    def _end(self, code: CloseCode, reason: str) -> list[Effect]:
        self.closed = True
        return [hang_up(code, reason)]
