"""Comma-separated files, read one line at a time: what is held does not grow with the file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

from quell.errors import Malformed, TooLarge
from quell.ingest.past.fields import ALIASES, Row, find_columns, plain

LINE_CHARACTERS = 1_048_576
SEPARATORS = ",;\t"

Values = dict[str, str]
Finish = Callable[[Values, Mapping[str, str]], None]
"""Changes a row's values by what else its line says, whose columns are named as by `plain`."""


def header_of(line: str) -> tuple[list[str], str]:
    """Return the columns that a first line names, and what separates them: `,`, `;` or a tab."""
    separator = max(SEPARATORS, key=line.count)
    return next(csv.reader([line.strip()], delimiter=separator), []), separator


def csv_rows(
    file: TextIO,
    mapping: Mapping[str, str],
    *,
    known: Mapping[str, Sequence[str]] = ALIASES,
    finish: Finish | None = None,
) -> Iterator[Row]:
    """
    Return the rows of a file whose first line names its columns.

    Args:
        file: opened with `newline=""`.
        mapping: columns by field.
        known: columns that are taken for a field without being mapped.

    Raises: Malformed: there is no first line, or no column for what is needed; the rows are not read then.
        TooLarge, when the rows are read: a line has more than a million characters.
    """
    columns, separator = header_of(next(_lines(file), ""))
    if not columns:
        raise Malformed("the file is empty")
    return _rows(file, columns, separator, find_columns(columns, mapping, known), finish)


def _rows(
    file: TextIO, columns: Sequence[str], separator: str, places: Mapping[str, int], finish: Finish | None
) -> Iterator[Row]:
    reader = csv.reader(_lines(file), delimiter=separator)
    plains = [plain(column) for column in columns]
    names = {name: columns[at] for name, at in places.items()}
    while True:
        # A row is named by the line on which it begins: a quoted text may go over several.
        place = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # Its text can hold a piece of the row; what csv says for the size alone is of use.
            yield Row(place=place, values={}, fault="the line cannot be read as CSV", raw=str(error)[:200])
            continue
        if not any(cells):
            continue
        if len(cells) != len(columns):
            many = "more" if len(cells) > len(columns) else "fewer"
            yield Row(place=place, values={}, fault=f"the line has {many} columns than the first", raw=cells[:100])
            continue
        values = {name: cells[at] for name, at in places.items()}
        if finish is not None:
            finish(values, dict(zip(plains, cells, strict=True)))
        yield Row(place=place, values=values, columns=names, raw=cells)


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(LINE_CHARACTERS + 1):
        if len(line) > LINE_CHARACTERS:
            raise TooLarge(f"a line of the file has more than {LINE_CHARACTERS} characters")
        yield line
