"""What a session wants done, items to deliver among it, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from quell.errors import QuellError


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel has come to; it replaces what was known before."""

    channel: str
    epoch: str
    offset: int
    data: Any
    missed: bool
    """True when events were missed since the last one taken, which history no longer holds."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a channel, in order, each once."""

    channel: str
    epoch: str
    offset: int
    key: str | None
    kind: str
    ts: str
    data: Any


Item = Snapshot | Event


@dataclass(frozen=True, slots=True)
class Send:
    """Give this frame to the server, as text."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class ConnectAt:
    """Close the connection if there is one, and open another at this time."""

    at_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Close the connection if there is one: trying again is of no use."""

    error: QuellError


@dataclass(frozen=True, slots=True)
class ChannelFailed:
    """The server does not have this channel; the others go on."""

    channel: str
    error: QuellError


@dataclass(frozen=True, slots=True)
class Answered:
    """A command was done, and this came back."""

    id: str
    data: Any


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """A command was not done."""

    id: str
    error: QuellError


Effect = Item | Send | ConnectAt | GiveUp | ChannelFailed | Answered | CommandFailed


@dataclass(frozen=True, slots=True)
class Connecting:
    """The first connection is not there yet."""


@dataclass(frozen=True, slots=True)
class Live:
    """Everything followed is up to date."""


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Connected, and events are still to come until everything followed is up to date."""

    behind: int | None
    """How many; None while the server has not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnecting:
    """Not connected any more, or never in spite of trying; another try comes, or is under way."""

    why: str
    failures: int
    """In a row."""
    wait_s: float
    """From the loss to the next try."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server does not want this client; nothing is tried any more."""

    error: QuellError


State = Connecting | Live | CatchingUp | Reconnecting | Refused
