"""Events to bytes and back: JSON with a type beside it, so that any tool can read the log."""

from __future__ import annotations

from typing import Any

import msgspec

from quell.errors import StorageCorrupt
from quell.eventlog.registry import REGISTRY
from quell.incident.events import Event, UnknownEvent

_encode = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


def encode(event: Event) -> tuple[str, bytes]:
    """Return (type as the log holds it, JSON). Raises: KeyError: the event is of no kind that is written."""
    return REGISTRY.type_of(event), _encode(event)


def decode(type_text: str, body: bytes, *, as_written: bool = False) -> Event:
    """
    Return the event.

    Args:
        as_written: the row is known to be as it was written. Then what cannot be read is not damaged but of a newer
            Quell, which has another kind of event, or has given this one another field or value: an `UnknownEvent`.

    Raises: StorageCorrupt: the type is unknown or the body does not fit it.
    """
    try:
        try:
            return REGISTRY.decode(type_text, body)
        except (KeyError, msgspec.ValidationError):
            if not as_written:
                raise
            return UnknownEvent(type=type_text, fields=_decode_fields(body))
    except KeyError as error:
        raise StorageCorrupt(f"the log holds an event of unknown type {type_text!r}") from error
    except msgspec.DecodeError as error:
        raise StorageCorrupt(f"an event {type_text} in the log cannot be read: {error}") from error
