"""
Reads runbooks from TOML files: those that Quell ships, and those of a folder of one's own.

Files are untrusted input: their size and number are bounded, every key is checked, and every file that cannot be used
is named with the key and the reason, all in one error.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from quell.actions.runbook import Entry, Origin, Runbook
from quell.errors import ConfigError

FILE_BYTES = 64 * 1024
FILES = 500
SAID = 12
"""Problems in one error; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What a runbook may name."""

    actions: Mapping[str, Mapping[str, str]]
    """By action, the params that a runbook may set, each with the pattern that its value must match."""
    series: Collection[str]
    """The series that agents read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a file cannot be used."""

    file: str
    key: str
    """Empty when it is not about one key."""
    reason: str

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.file}: {self.key}: {self.reason}" if self.key else f"{self.file}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What a folder holds."""

    entries: tuple[Entry, ...]
    """By name."""
    problems: tuple[Problem, ...]


def shipped(vocabulary: Vocabulary) -> tuple[Entry, ...]:
    """Return the runbooks that come with Quell, by name. Raises: ConfigError: the installation is damaged."""
    with resources.as_file(resources.files("quell") / "runbooks") as path:
        found = read_folder(path, vocabulary, origin="shipped")
    if found.problems:
        raise refused(found.problems)
    return found.entries


def read_folder(path: Path, vocabulary: Vocabulary, *, origin: Origin = "own") -> Folder:
    """
    Return the runbooks in the `.toml` files right below a folder, and what is wrong with the other files there.

    Raises: ConfigError: the folder cannot be listed, or holds more than `FILES` such files.
    """
    try:
        files = sorted(file for file in path.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"runbooks {path}: {error.strerror}") from error
    if len(files) > FILES:
        raise ConfigError(f"runbooks {path}: {len(files)} files, and at most {FILES} are read")
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            runbook = parse(_read(file), vocabulary)
        except _Unusable as error:
            problems.append(Problem(file=str(file), key=error.key, reason=error.reason))
            continue
        if runbook.name in entries:
            reason = f"{entries[runbook.name].file} has the name {runbook.name} already"
            problems.append(Problem(file=str(file), key="name", reason=reason))
            continue
        entries[runbook.name] = Entry(runbook=runbook, origin=origin, file=file.name)
    return Folder(entries=tuple(entries[name] for name in sorted(entries)), problems=tuple(problems))


def refused(problems: Sequence[Problem]) -> ConfigError:
    """Return one error that names every problem, or as many as can be read."""
    more = [f"and {len(problems) - SAID} more"] if len(problems) > SAID else []
    return ConfigError(*map(str, problems[:SAID]), *more)


def overlaid(*shelves: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the runbooks by name; of those with the same name, that of the last shelf counts."""
    found = {entry.runbook.name: entry for shelf in shelves for entry in shelf}
    return tuple(found[name] for name in sorted(found))


class _Unusable(Exception):
    """A file cannot be used."""

    def __init__(self, reason: str, *, key: str = "") -> None:
        super().__init__(reason)
        self.key, self.reason = key, reason


def _read(file: Path) -> bytes:
    try:
        if not file.is_file():
            raise _Unusable("not a file")
        with file.open("rb") as opened:
            body = opened.read(FILE_BYTES + 1)
    except OSError as error:
        raise _Unusable(error.strerror or "cannot be read") from error
    if len(body) > FILE_BYTES:
        raise _Unusable(f"more than {FILE_BYTES} bytes")
    return body


def parse(body: bytes, vocabulary: Vocabulary) -> Runbook:
    """Return the runbook in a body of TOML. Raises: an error with `key` and `reason`, as `read_folder` collects it."""
    try:
        table = tomllib.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _Unusable("not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise _Unusable(f"not TOML: {error}") from error
    except (RecursionError, ValueError) as error:
        raise _Unusable("not TOML that can be read: nested too deep, or a number too long") from error
    try:
        # Strict JSON knows lists and no tuples, as TOML does; what TOML has beside it (dates) is no value here.
        runbook = _adapter().validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        raise _unusable(error) from error
    except (RecursionError, ValueError) as error:
        raise _Unusable("nested too deep") from error
    _check_words(runbook, vocabulary)
    return runbook


@cache
def _adapter() -> TypeAdapter[Runbook]:
    return TypeAdapter(Runbook)


_BRANCHES = ("constrained-str", "int")
"""What pydantic adds to the place of a value that may be one of two types."""


def _unusable(error: ValidationError) -> _Unusable:
    """Return the first problem: the others of a file are often its consequences."""
    problem: Any = error.errors(include_url=False, include_context=False)[0]
    place = [str(part) for part in problem["loc"] if part not in _BRANCHES]
    key = ".".join(place)[:120]
    match problem["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return _Unusable("there is no such key", key=key)
        case "missing" | "missing_keyword_only_argument":
            return _Unusable("is missing", key=key)
        case "tuple_type":
            return _Unusable("must be a list", key=key)
        case "string_pattern_mismatch" if not problem["input"]:
            return _Unusable("is empty", key=key)
        case "string_pattern_mismatch":
            return _Unusable(f"{str(problem['input'])[:40]!r} has a character that is not allowed here", key=key)
    said = str(problem["msg"])
    return _Unusable(f"{said[:1].lower()}{said[1:200]}", key=key)


def _check_words(runbook: Runbook, vocabulary: Vocabulary) -> None:
    """Check that actions, params and series are such that there are. Raises: _Unusable."""
    for number, step in enumerate(runbook.steps):
        place = f"steps.{number}"
        takes = vocabulary.actions.get(step.action)
        if takes is None:
            known = ", ".join(sorted(vocabulary.actions))
            raise _Unusable(f"no action {step.action!r}; known: {known}", key=f"{place}.action")
        for name, value in step.params_for("").items():
            if name not in takes:
                raise _Unusable(_takes(step.action, takes), key=f"{place}.params.{name}")
            if not re.fullmatch(takes[name], value):
                raise _Unusable(f"{value[:40]!r} is not allowed: {takes[name]}", key=f"{place}.params.{name}")
        if step.subject and step.subject not in takes:
            raise _Unusable(_takes(step.action, takes), key=f"{place}.subject")
        if step.subject in step.params:
            raise _Unusable(f"{step.subject} has a value in params already", key=f"{place}.subject")
    for place, names in (("match.series", runbook.match.series), ("verify.series", runbook.verify.series)):
        for name in names:
            if name not in vocabulary.series:
                raise _Unusable(f"no series {name!r}; known: {', '.join(sorted(vocabulary.series))}", key=place)


def _takes(action: str, takes: Mapping[str, str]) -> str:
    return f"{action} takes {', '.join(sorted(takes)) if takes else 'no params'}"
