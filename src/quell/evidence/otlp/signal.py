"""The words of OTLP/HTTP that the gateway and the store share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """What a request carries."""

    SPANS = "spans"
    LINES = "lines"


class Encoding(StrEnum):
    """How it is written; the answer is written the same way."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one request."""

    accepted: int
    rejected: int = 0
    message: str = ""
    """Why some were rejected; empty when none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One signal since the start, and what is held of it now."""

    accepted: int
    rejected: int
    """Spans or lines that were in a body that could be read and could not be used themselves."""
    dropped: int
    """Accepted once and given way since, for age or for room."""
    held: int
    held_bytes: int
    bound_bytes: int
