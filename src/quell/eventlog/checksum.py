"""The checksum of a row of the log: a bit that flipped on the disk must not become an event that never happened."""

from __future__ import annotations

from zlib import crc32

Row = tuple[int, str, int, int, str, bytes, str | None, int | None]
"""Position, stream, offset, at in µs since 1970, type, body, key, events of the append."""


def checksum_of(row: Row) -> int:
    """
    Return the checksum of a row's whole content, 32 bits.

    CRC-32 finds every single flipped bit and every damaged stretch of up to 32 bits; it is no defence against a person.
    Source: Koopman (2002), 32-Bit Cyclic Redundancy Codes for Internet Applications.
    """
    position, stream, offset, at_us, type_name, body, key, appended = row
    # Names hold no NUL, so no two rows have the same head.
    head = (
        f"{position}\0{stream}\0{offset}\0{at_us}\0{type_name}\0{key or ''}\0{'' if appended is None else appended}\0"
    )
    return crc32(body, crc32(head.encode()))
