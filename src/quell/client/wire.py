"""The messages of `docs/protocol.md` as a client reads and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from quell import errors
from quell.errors import BadAnswer, Malformed, Overloaded, QuellError, TooLarge, UpstreamError

VERSION = 1
FRAME_BYTES = 65_536
"""The longest frame that the server reads."""
PONG = b'{"type":"pong"}'
_SUBSCRIPTIONS_PER_FRAME = 50
_OVERLOADED_S = 1.0
_TYPES = ("hello", "subscribed", "event", "reset", "ping", "pong", "reply", "error")
_KINDS: dict[str, type[QuellError]] = {
    kind.reason: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, QuellError)
}


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a channel: everything up to `offset`, counted in `epoch`, was taken."""

    epoch: str
    offset: int


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Any message of the server. One shape with the fields of all types, so that a whole frame is read at once."""

    type: str
    channel: str | None = None
    epoch: str | None = None
    offset: int = -1
    after: int | None = None
    key: str | None = None
    kind: str = ""
    ts: str = ""
    data: Any = None
    recovered: bool = False
    behind: int | None = None
    snapshot: Any = None
    id: str | int | None = None
    code: str = ""
    message: str = ""
    version: int = 0


_read = msgspec.json.Decoder(list[Message]).decode


def read(frame: str | bytes) -> list[Message]:
    """
    Return the messages of a frame, in order; those of unknown types may be left out.

    Raises: BadAnswer: it is no JSON, or a message of a known type is not what the protocol says.
    """
    try:
        try:
            return _read(frame)
        except msgspec.ValidationError:
            return _read_one_by_one(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"the server sent a frame that cannot be read: {error}") from error


def _read_one_by_one(frame: str | bytes) -> list[Message]:
    """Return the messages of known types: one that is not known may have any shape."""
    found = msgspec.json.decode(frame)
    said = found if isinstance(found, list) else [found]
    known = [message for message in said if isinstance(message, dict) and message.get("type") in _TYPES]
    return msgspec.convert(known, list[Message])


def subscribes(wishes: Iterable[tuple[str, Cursor | None]]) -> list[bytes]:
    """Return frames that ask for channels, each from a cursor or anew."""
    said = [
        {"type": "subscribe", "channel": channel} | ({} if since is None else {"since": since})
        for channel, since in wishes
    ]
    return _frames(said)


def unsubscribes(channels: Iterable[str]) -> list[bytes]:
    """Return frames that end the following of channels."""
    return _frames([{"type": "unsubscribe", "channel": channel} for channel in channels])


def _frames(said: list[dict[str, Any]]) -> list[bytes]:
    """Return messages in frames short enough for the server."""
    steps = range(0, len(said), _SUBSCRIPTIONS_PER_FRAME)
    return [msgspec.json.encode(said[start : start + _SUBSCRIPTIONS_PER_FRAME]) for start in steps]


def command(key: str, name: str, incident_id: str, args: Mapping[str, Any]) -> bytes:
    """
    Return the frame of a command.

    Raises: Malformed: a name that the server would not read, or args that are no JSON. TooLarge: over `FRAME_BYTES`.
    """
    check_text(key, "id of a command", 200)
    check_text(name, "name of a command", 50)
    check_text(incident_id, "id of an incident", 100)
    said = {"type": "command", "id": key, "name": name, "incident_id": incident_id, "args": args}
    try:
        frame = msgspec.json.encode(said)
    except (TypeError, ValueError, RecursionError) as error:
        raise Malformed(f"the args of {name} cannot be sent as JSON: {error}") from error
    if len(frame) > FRAME_BYTES:
        raise TooLarge(f"{name} {incident_id} takes {len(frame)} bytes: the server reads at most {FRAME_BYTES}")
    return frame


def check_text(text: str, what: str, most: int) -> None:
    """Raise Malformed when a text is empty, has more than `most` characters, or some that cannot be shown."""
    if not 0 < len(text) <= most:
        raise Malformed(f"the {what} has {len(text)} characters: it must have 1 to {most}")
    if not text.isprintable():
        raise Malformed(f"the {what} has characters that cannot be shown: {text!r}")


def error_of(code: str, message: str) -> QuellError:
    """Return the error that the server means by a code; one that is not known here is a fault of the server's."""
    kind = _KINDS.get(code)
    if kind is None:
        return UpstreamError(f"{message} ({code})")
    if issubclass(kind, Overloaded):
        return kind(message, retry_after_s=_OVERLOADED_S)
    return kind(message)
