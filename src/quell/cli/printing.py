"""What the commands share: how they are told what to read, and how they print an answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
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
