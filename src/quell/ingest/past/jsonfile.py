"""JSON: one document with a list of incidents, or JSON lines; each incident is decoded by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from quell.errors import Malformed, TooLarge
from quell.ingest.past.fields import ALIASES, EXTRA, FIELDS, TIMES, Row, plain

DOCUMENT_BYTES = 512 * 1024 * 1024
LINE_BYTES = 1_048_576
LISTS = ("incidents", "scheduled_maintenances", "items", "data", "results")
"""Where a document that is an object has its incidents; those of all are read."""

Item = tuple[int, Any, str]
"""(place, what is there, why it cannot be read or empty)."""

_document = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder()
_FAULT = "it cannot be read as JSON"


def items_of(path: Path) -> tuple[str, Iterator[Item]]:
    """
    Return what a place in the file is called, `line` or `item`, and its incidents as they are.

    Raises: Malformed: it is neither a list, nor an object with one, nor JSON lines. TooLarge: a document over 512 MiB;
        JSON lines may be of any length. OSError.
    """
    with path.open("rb") as file:
        first = file.readline(LINE_BYTES + 1)
        while first and not first.strip():
            first = file.readline(LINE_BYTES + 1)
    return ("line", _lines(path)) if _is_line(first) else ("item", _items(path))


def _is_line(line: bytes) -> bool:
    """Return whether a first line is one incident by itself."""
    if not line.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        return False
    try:
        found = _document.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, RecursionError):
        return False
    return not any(name in found and bytes(found[name]).lstrip().startswith(b"[") for name in LISTS)


def _lines(path: Path) -> Iterator[Item]:
    with path.open("rb") as file:
        for place, line in enumerate(_bounded(file), start=1):
            if line.strip():
                yield _decoded(place, line.removeprefix(b"\xef\xbb\xbf") if place == 1 else line)


def _bounded(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LINE_BYTES + 1):
        if len(line) > LINE_BYTES:
            raise TooLarge(f"a line of the file has more than {LINE_BYTES} bytes")
        yield line


def _items(path: Path) -> Iterator[Item]:
    size = path.stat().st_size
    if size > DOCUMENT_BYTES:
        raise TooLarge(
            f"the document has {size} bytes, and {DOCUMENT_BYTES} are allowed; JSON lines may be of any length"
        )
    # One byte more than allowed would be read of a file that grew meanwhile.
    with path.open("rb") as file:
        whole = file.read(DOCUMENT_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
    raws = _raws(whole)
    return (_decoded(place, raw) for place, raw in enumerate(raws, start=1))


def _raws(whole: bytes) -> list[msgspec.Raw]:
    if not whole.strip():
        raise Malformed("the file is empty")
    try:
        if whole.lstrip().startswith(b"["):
            return _list.decode(whole)
        found = _document.decode(whole)
        lists = [found[name] for name in LISTS if name in found]
        if not lists:
            raise Malformed(f"the document has no list of incidents: none of {', '.join(LISTS)}")
        return [raw for one in lists for raw in _list.decode(one)]
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"the file cannot be read as JSON: {error}") from error


def _decoded(place: int, raw: bytes | msgspec.Raw) -> Item:
    try:
        found = _any.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return place, None, _FAULT
    return (place, found, "") if isinstance(found, dict) else (place, found, "it is not a JSON object")


def text_at(item: Any, path: str) -> str:
    """
    Return what stands under a dotted path, as text; empty when there is nothing, or an object.

    A name with dots in it goes before the path; the texts of a list are joined.
    """
    found = item.get(path) if isinstance(item, dict) else None
    if found is None and "." in path:
        found = item
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    return as_text(found)


def as_text(found: Any) -> str:
    """Return a JSON value as text: `true` and `false`, numbers as they are; empty for null and objects."""
    match found:
        case str():
            return found
        case bool():
            return "true" if found else "false"
        case int() | float():
            return str(found)
        case list():
            return ", ".join(one for one in found[:100] if isinstance(one, str))
    return ""


def json_values(item: Any, mapping: Mapping[str, str], known: Mapping[str, Sequence[str]] = ALIASES) -> dict[str, str]:
    """Return the texts of an incident by field: where it is mapped to, else under its own name or one that is known."""
    values = {}
    taken = set(mapping.values())
    plains = {plain(key): key for key in reversed(item)}
    for name in (*FIELDS, *EXTRA):
        if name in mapping:
            values[name] = text_at(item, mapping[name])
            continue
        found = [plains[one] for one in (name, *known.get(name, ())) if one in plains]
        # A `resolved: true` says that, and not when.
        names = [one for one in found if one not in taken and not (name in TIMES and isinstance(item[one], bool))]
        if names:
            values[name] = as_text(item[names[0]])
            taken.add(names[0])
    return values


def json_row(place: int, item: Any, fault: str, values: Mapping[str, str]) -> Row:
    """Return one incident as a row."""
    return Row(place=place, values=values, fault=fault, raw=item)
