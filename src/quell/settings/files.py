"""Small files that a person wrote: settings, and the token that stands alone in one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from quell.errors import ConfigError

MOST_BYTES = 1_000_000


def read_small(path: Path) -> str:
    """Return a file's text, which is UTF-8. Raises: ConfigError: it cannot be read, or is too long for such a file."""
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(body) > MOST_BYTES:
        raise ConfigError(f"{path}: more than {MOST_BYTES:,} bytes")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: it is not UTF-8") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says. Raises: ConfigError."""
    try:
        return tomllib.loads(read_small(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: not TOML that can be read: nested too deep, or a number too long") from error
