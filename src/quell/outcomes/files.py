"""Records as files: CSV (RFC 4180) and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import msgspec

from quell.outcomes.record import OutcomeRecord, Stamp

A_CHUNK = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula."""

_encode = msgspec.json.Encoder().encode


def as_json(rows: Sequence[OutcomeRecord]) -> Iterator[bytes]:
    """Yield a JSON array in pieces."""
    yield b"["
    for first in range(0, len(rows), A_CHUNK):
        chunk = b",\n".join(_encode(row) for row in rows[first : first + A_CHUNK])
        yield (b",\n" if first else b"") + chunk
    yield b"]\n"


def as_csv(rows: Sequence[OutcomeRecord]) -> Iterator[bytes]:
    """Yield a table in pieces: a time takes two columns, itself and where it comes from."""
    yield _lines([[column for name in _names() for column in _columns(name)]])
    for first in range(0, len(rows), A_CHUNK):
        yield _lines(
            [[cell for name in _names() for cell in _cells(name, row)] for row in rows[first : first + A_CHUNK]]
        )


_STAMPS = ("started", "detected", "acknowledged", "restored", "closed")


def _names() -> list[str]:
    return [field.name for field in fields(OutcomeRecord)]


def _columns(name: str) -> tuple[str, ...]:
    return (f"{name}_at", f"{name}_clock") if name in _STAMPS else (name,)


def _cells(name: str, row: OutcomeRecord) -> tuple[str, ...]:
    value: Any = getattr(row, name)
    if name in _STAMPS:
        return (value.at.isoformat(), value.clock) if isinstance(value, Stamp) else ("", "")
    if value is None:
        return ("",)
    if isinstance(value, tuple):
        return (" ".join(value),)
    return (harmless(value.isoformat() if hasattr(value, "isoformat") else str(value)),)


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
