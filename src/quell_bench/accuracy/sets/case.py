"""What a set of incidents gives: cases, each with its truth, and a way to read one."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from quell.errors import ConfigError
from quell_bench.accuracy.recording import Recording

CELL_CHARS = 1_000_000
FILE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident of a set."""

    id: str
    system: str
    fault_type: str
    truth: str
    """The service at fault."""
    read: Callable[[], Recording]
    """Read the incident's data. Raises: ConfigError."""


def folder(data: Path, name: str, part: str) -> Path:
    """Return the folder of a part of a set. Raises: ConfigError: there is none."""
    found = data / name / part
    if not found.is_dir():
        raise ConfigError(f"{found}: no such folder; DIR holds the sets as {name}/{part}/")
    return found


@contextmanager
def expected_layout(what: str) -> Iterator[None]:
    """Turn what goes wrong with files of another layout into one line. Raises: ConfigError."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{what}: {error}") from error
    except (LookupError, TypeError, ValueError) as error:
        said = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{what}: not in the expected layout ({said[:200]})") from error


def load_json(path: Path) -> Any:
    """Read a JSON file. Raises: ConfigError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error


def rows(path: Path) -> Iterator[list[str]]:
    """
    Yield the rows of a CSV file, plain or packed (`.gz`, `.xz`), the head too.

    Raises: ConfigError: it cannot be read, or unpacks to more than 500 MB.
    """
    csv.field_size_limit(CELL_CHARS)
    read_bytes = 0
    try:
        with _opened(path) as file:
            for row in csv.reader(file):
                read_bytes += sum(map(len, row))
                if read_bytes > FILE_BYTES:
                    raise ConfigError(f"{path}: more than {FILE_BYTES} characters")
                yield row
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise ConfigError(f"{path}: {error}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not CSV: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def number(text: str) -> float:
    """Return a number, NaN for what is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def utc(text: str) -> float:
    """Return Unix seconds of `2023-01-30 13:15:43...`, in UTC. Raises: ConfigError."""
    try:
        return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise ConfigError(f"{text[:40]!r} is not a time like 2023-01-30 13:15:43") from error
