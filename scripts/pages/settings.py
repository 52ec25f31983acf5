"""docs/settings.md: every setting, from `quell.settings`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pages.table import GENERATED, code, table
from quell.settings import Settings

UNITS = {"_per_s": "1/s", "_s": "s", "_bytes": "bytes"}
"""By how a name ends, the longest first."""

INTRO = """
# Settings

Quell reads one TOML file, named with `--config`, and then the environment, which counts more. What the command line
says counts most. `quell check-config --config FILE` lists all that it finds wrong, a line each, in the words in which
`quell serve` refuses it before it makes anything; `quell doctor` also tries what the settings name.

Names in a file are nested tables; in the environment they are upper case, start with `QUELL_` and are joined by two
underscores. Lists in the environment are JSON: `QUELL_ALLOWED_HOSTS='["quell.example"]'`. A setting without an entry
under *Environment* is part of a list: set it in the file, or the whole list as JSON.

Secrets are never logged, recorded or shown by `quell check-config`. Keep the token out of the file with `QUELL_TOKEN`,
or in a file of its own with `QUELL_TOKEN_FILE`.

A variable that starts with `QUELL_` and is no setting is refused, with the nearest name that is one. Left alone are
`QUELL_SENDER_TOKEN`, `QUELL_OTLP_TOKEN`, those of Quell's own tests (`QUELL_TEST_...`), and those that Kubernetes sets
for a Service called `quell-...`. A token that is blank is refused too: leave it out where none is wanted.

`quell serve` raises its limit on open files as far as the system allows, and refuses to start where that is below 512,
or 200 more for each further one of `live.processes`.

Naming a source under `ingest.senders` in the file replaces the three that are there without it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that can be set."""

    name: str
    """As in the file: `evidence.targets[].url`, `ingest.senders.<name>.kind`."""
    environment: str
    """Empty when it is part of a list."""
    kind: str
    unit: str
    default: str
    secret: bool
    says: str


def every_setting() -> list[Setting]:
    """Return every setting, in the order of the code."""
    return [setting for _, settings in _sections() for setting in settings]


def page() -> str:
    """Return docs/settings.md."""
    parts = [GENERATED, INTRO.strip(), ""]
    for title, settings in _sections():
        rows = [
            (
                code(one.name),
                code(one.environment),
                one.kind,
                one.unit,
                one.default,
                "yes" if one.secret else "",
                one.says,
            )
            for one in settings
        ]
        parts.append(f"## {title}\n")
        parts.append(table(["Setting", "Environment", "Type", "Unit", "Default", "Secret", "What it is"], rows))
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, list[Setting]]]:
    plain = {name: field for name, field in Settings.model_fields.items() if _section_in(field.annotation) is None}
    yield "Quell itself", [_setting(name, field, "", in_list=False) for name, field in plain.items()]
    for name, field in Settings.model_fields.items():
        section = _section_in(field.annotation)
        if section is not None:
            yield _title(name, section), list(_walk(section, f"{name}.", in_list=False))


def _title(name: str, section: type[BaseModel]) -> str:
    said = (inspect.getdoc(section) or "").rstrip(".")
    return f"`{name}`: {said[0].lower()}{said[1:]}"


def _walk(section: type[BaseModel], prefix: str, *, in_list: bool) -> Iterator[Setting]:
    for name, field in section.model_fields.items():
        inner = _section_in(field.annotation)
        yield _setting(name, field, prefix, in_list=in_list)
        if inner is not None:
            step = _step(field.annotation)
            yield from _walk(inner, f"{prefix}{name}{step}.", in_list=in_list or step == "[]")


def _setting(name: str, field: FieldInfo, prefix: str, *, in_list: bool) -> Setting:
    environment = "QUELL_" + f"{prefix}{name}".replace(".", "__").replace("<name>", "<NAME>").upper()
    return Setting(
        name=f"{prefix}{name}",
        environment="" if in_list else environment,
        kind=_kind(field.annotation) + _bounds(field),
        unit=next((unit for ending, unit in UNITS.items() if name.endswith(ending)), ""),
        default=_default(field),
        secret=_is_secret(field.annotation),
        says=field.description or "",
    )


def _parts(annotation: Any) -> list[Any]:
    """Return the members of a union without None, and without what is checked of them; else the annotation itself."""
    if get_origin(annotation) is Annotated:
        return _parts(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for part in get_args(annotation) if part is not type(None) for inner in _parts(part)]
    return [annotation]


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section that an annotation holds: itself, or in a list or mapping."""
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
        if get_origin(part) in (tuple, dict):
            return next((found for inner in get_args(part) if (found := _section_in(inner))), None)
    return None


def _step(annotation: Any) -> str:
    origin = get_origin(_parts(annotation)[0])
    return {tuple: "[]", dict: ".<name>"}.get(origin, "")


def _is_secret(annotation: Any) -> bool:
    return any(part is SecretStr for part in _parts(annotation))


def _kind(annotation: Any) -> str:
    return " or ".join(_kind_of(part) for part in _parts(annotation))


def _kind_of(part: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", SecretStr: "text"}
    origin = get_origin(part)
    if origin is Literal:
        return ", ".join(code(str(value)) for value in get_args(part))
    if origin is tuple:
        inner = [argument for argument in get_args(part) if argument is not Ellipsis]
        whole = len(get_args(part)) == len(inner)
        return f"[{', '.join(map(_kind, inner))}]" if whole else f"list of {_several(_kind(inner[0]))}"
    if origin is dict:
        return "table by name"
    return "table" if isinstance(part, type) and issubclass(part, BaseModel) else names[part]


def _several(kind: str) -> str:
    return {"text": "texts", "path": "paths", "table": "tables"}.get(kind, kind)


def _bounds(field: FieldInfo) -> str:
    words = {"gt": "over", "ge": "from", "lt": "under", "le": "to"}
    said = [
        f"{words[name]} {getattr(bound, name)}" for bound in field.metadata for name in words if hasattr(bound, name)
    ]
    return f", {' '.join(said)}" if said else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value = field.default if field.default is not PydanticUndefined else field.get_default(call_default_factory=True)
    return _said(value)


def _said(value: Any) -> str:
    if value is None or value == () or value == {} or isinstance(value, BaseModel):
        return ""
    if isinstance(value, Mapping):
        return ", ".join(code(name) for name in value)
    if isinstance(value, tuple):
        return ", ".join(code(str(item)) for item in value)
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(f"{value:g}" if isinstance(value, float) else str(value))
