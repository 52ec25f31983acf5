"""What the commands share: how they are told what to read, and how they print an answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer

from quell.errors import ConfigError


class Output(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"


Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings; see docs/settings.md.")]
Format = Annotated[Output, typer.Option("--output", "-o", help="table for people, json for programs.")]


def print_rows(rows: list[dict[str, Any]], output: Output, columns: list[str]) -> None:
    """Print rows: as JSON all that they hold, as a table the columns named."""
    if output is Output.JSON:
        print(json.dumps(rows, indent=2, default=str))
        return
    widths = [max([len(name), *(len(str(row.get(name, ""))) for row in rows)]) for name in columns]
    for line in [dict(zip(columns, columns, strict=True)), *rows]:
        cells = (str(line.get(name, "")).ljust(width) for name, width in zip(columns, widths, strict=True))
        print("  ".join(cells).rstrip())


LEAST_CHARS = 20
"""A column is no narrower, however narrow the terminal is."""


def print_wrapped(rows: list[dict[str, str]], columns: dict[str, int | None], *, width: int) -> None:
    """
    Print a table whose cells go on below themselves, so that no line is longer than the terminal is wide.

    Args:
        rows: a line break in a cell begins a new line of it.
        columns: most characters of each; None for the last, which has what is left.
        width: characters, at least what the columns need with `LEAST_CHARS` for the last.
    """
    sizes = list[int]()
    for name, most in columns.items():
        longest = max(len(name), *(len(row[name]) for row in rows))
        left = max(LEAST_CHARS, width - sum(sizes) - 2 * len(sizes))
        sizes.append(left if most is None else min(most, longest))
    for row in [dict(zip(columns, columns, strict=True)), *rows]:
        cells = [_wrapped(row[name], size) for name, size in zip(columns, sizes, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            print("  ".join(part.ljust(size) for part, size in zip(parts, sizes, strict=True)).rstrip())


def _wrapped(cell: str, size: int) -> list[str]:
    lines = [on_one_line(line) for line in cell.split("\n")]
    return [part for line in lines for part in wrap(line, size, break_on_hyphens=False) or [""]]


def on_one_line(text: str) -> str:
    """Return a text without what could drive the terminal: a file or a server may have said it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def write_to(path: Path | None, pieces: Iterable[bytes]) -> None:
    """Write pieces to a file, or to the terminal. Raises: ConfigError."""
    if path is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    try:
        with path.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
