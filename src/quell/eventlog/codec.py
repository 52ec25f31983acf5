"""Events to bytes and back: JSON with a type name beside it, so that any tool can read the log."""

from __future__ import annotations

from typing import get_args

import msgspec

from quell.errors import StorageCorrupt
from quell.incident.events import Event

EVENT_TYPES: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()}
_encode = msgspec.json.Encoder().encode


def encode(event: Event) -> tuple[str, bytes]:
    """Return (type name, JSON)."""
    return type(event).__name__, _encode(event)


def decode(name: str, body: bytes) -> Event:
    """
    Return the event.

    Raises: StorageCorrupt: the type is unknown or the body does not fit it.
    """
    try:
        return _DECODERS[name].decode(body)
    except KeyError as error:
        raise StorageCorrupt(f"the log holds an event of unknown type {name!r}: written by a newer Quell?") from error
    except msgspec.ValidationError as error:
        raise StorageCorrupt(f"an event {name} in the log cannot be read: {error}") from error
