"""Reads JSON into a type, from any thread."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_BUILDING = threading.Lock()
"""msgspec learns the fields of a type when it is first asked for; two threads that do so at once end the process."""


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    with _BUILDING:
        return msgspec.json.Decoder[Any](kind)


def decode(body: bytes | msgspec.Raw | str, kind: type[T]) -> T:
    """
    Return what a JSON text holds.

    Raises: msgspec.DecodeError: it is no JSON, or no `kind` (ValidationError). RecursionError: it is nested too deep.
    """
    shape: Any = kind
    found: T = _decoder(shape).decode(body)
    return found
