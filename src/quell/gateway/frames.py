"""WebSocket frames that a server sends, made once for any number of clients (RFC 6455; RFC 7692 without a context)."""

from __future__ import annotations

import struct
import zlib

_TEXT = 0x81
_PACKED_TEXT = 0xC1
_SYNC_TAIL = b"\x00\x00\xff\xff"
WORTH_PACKING_BYTES = 256
"""Shorter messages go as they are: the RFC lets each message choose."""
PACKING_LEVEL = 1


class Frame:
    """One text message, framed; packed only if some client asked for that, and then once."""

    __slots__ = ("_packed", "payload", "plain")

    def __init__(self, payload: bytes) -> None:
        """Take UTF-8 text."""
        self.payload = payload
        self.plain = _head(_TEXT, len(payload)) + payload
        self._packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """Return it for a client that agreed to permessage-deflate with `server_no_context_takeover`."""
        if self._packed is None:
            self._packed = self.plain if len(self.payload) < WORTH_PACKING_BYTES else _pack(self.payload)
        return self._packed


def _pack(payload: bytes) -> bytes:
    # No context from message to message: so the same bytes do for every client, whenever it came.
    deflate = zlib.compressobj(PACKING_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = (deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_SYNC_TAIL)
    return _head(_PACKED_TEXT, len(body)) + body


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)
