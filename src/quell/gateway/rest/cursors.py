"""Cursors: where a page ended, opaque to clients."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from quell.errors import Malformed
from quell.eventlog.projections.board import Key

_SHAPES: dict[str, Any] = {
    "open": tuple[str, int, str, int, str],
    "newest": tuple[str, int, str],
    "alerts": tuple[str, int, str, str],
    "rejected": tuple[str, int],
}
"""The tag, then the key of the last row, by list."""

_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def write_cursor(listing: str, key: Key | None) -> str | None:
    """Return the cursor for a list and the key of its last row; None for None."""
    if key is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode((listing, *key))).decode().rstrip("=")


def read_cursor(listing: str, cursor: str | None) -> Key | None:
    """Return the key in a cursor; None for None. Raises: Malformed: it is no cursor of this list."""
    if cursor is None:
        return None
    if not _ALPHABET.issuperset(cursor):
        raise Malformed("the cursor is not one of ours: take it from `next_cursor` as it is")
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        tag, *key = msgspec.json.decode(text, type=_SHAPES[listing])
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise Malformed("the cursor is not one of this list: take it from `next_cursor` as it is") from error
    if tag != listing:
        raise Malformed("the cursor is one of another list, or of other filters")
    return tuple(key)
