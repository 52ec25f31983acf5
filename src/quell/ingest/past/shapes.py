"""Which shape a file has, and its rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from quell.errors import Malformed
from quell.ingest.past import pagerduty, statuspage
from quell.ingest.past.csvfile import LINE_CHARACTERS, csv_rows, header_of
from quell.ingest.past.fields import ALIASES, Row, plain
from quell.ingest.past.jsonfile import Item, items_of, json_row, json_values


class Shape(StrEnum):
    """What a file looks like."""

    AUTO = "auto"
    """Found out from its beginning."""
    CSV = "csv"
    JSON = "json"
    """A list, an object with one, or JSON lines."""
    PAGERDUTY = "pagerduty"
    STATUSPAGE = "statuspage"
    GITHUB_STATUS = "github-status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file that is being read."""

    shape: Shape
    place: str
    """What `Row.place` counts: `line` or `item`."""
    rows: Iterator[Row]


@contextmanager
def opened(path: Path, shape: Shape, mapping: Mapping[str, str]) -> Iterator[Opened]:
    """
    Have the rows of a file for the length of a block; one at a time, but for JSON documents.

    Args:
        mapping: columns, or for JSON dotted paths, by field; they go before what the shape says.

    Raises: Malformed: it cannot be read so. TooLarge. Both also while the rows are read.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            if _is_json(file, path, shape):
                yield _json(path, shape, mapping)
            else:
                yield _csv(file, shape, mapping)
    except OSError as error:
        raise Malformed(f"{path} cannot be read: {error.strerror or error}") from error


def _is_json(file: TextIO, path: Path, shape: Shape) -> bool:
    start = file.read(4096).lstrip()[:1]
    file.seek(0)
    if shape in (Shape.CSV, Shape.JSON):
        return shape is Shape.JSON
    return start in ("{", "[") or (not start and path.suffix == ".json")


def _csv(file: TextIO, shape: Shape, mapping: Mapping[str, str]) -> Opened:
    columns, _ = header_of(file.readline(LINE_CHARACTERS))
    file.seek(0)
    has = {plain(column) for column in columns}
    if shape is Shape.AUTO:
        shape = Shape.CSV
        if {"downtime_start", "downtime_end"} <= has:
            shape = Shape.GITHUB_STATUS
        elif "incident_number" in has and has & {"created_on", "created_at"}:
            shape = Shape.PAGERDUTY
    match shape:
        case Shape.GITHUB_STATUS | Shape.STATUSPAGE:
            whole = {**{name: one for name, one in statuspage.CSV_COLUMNS.items() if one in columns}, **mapping}
            rows = csv_rows(file, whole, known={}, finish=statuspage.from_csv)
        case Shape.PAGERDUTY:
            rows = csv_rows(file, mapping, known=pagerduty.CSV_COLUMNS, finish=pagerduty.from_csv)
        case _:
            rows = csv_rows(file, mapping, known=ALIASES)
    return Opened(shape=shape, place="line", rows=rows)


def _json(path: Path, shape: Shape, mapping: Mapping[str, str]) -> Opened:
    place, items = items_of(path)
    first = next(items, None)
    shape = _shape_of(first[1] if first else None) if shape is Shape.AUTO else shape
    rows = _json_rows(itertools.chain([first] if first else [], items), shape, mapping)
    return Opened(shape=shape, place=place, rows=rows)


def _shape_of(item: Any) -> Shape:
    if isinstance(item, dict):
        if "incident_updates" in item:
            return Shape.STATUSPAGE
        if "incident_number" in item and "created_at" in item:
            return Shape.PAGERDUTY
    return Shape.JSON


def _json_rows(items: Iterator[Item], shape: Shape, mapping: Mapping[str, str]) -> Iterator[Row]:
    for place, item, fault in items:
        yield json_row(place, item, fault, {} if fault else _values(item, shape, mapping))


def _values(item: Any, shape: Shape, mapping: Mapping[str, str]) -> dict[str, str]:
    match shape:
        case Shape.PAGERDUTY:
            own = pagerduty.from_rest(item)
        case Shape.STATUSPAGE | Shape.GITHUB_STATUS:
            own = statuspage.from_rest(item)
        case _:
            return json_values(item, mapping)
    mapped = json_values(item, mapping, {}) if mapping else {}
    return {**own, **{name: mapped[name] for name in mapping}}
