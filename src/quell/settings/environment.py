"""Which variables of the environment are Quell's: one that is misspelt must not be passed over in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

PREFIX = "QUELL_"
NESTED = "__"
OTHERS = frozenset({"QUELL_SENDER_TOKEN", "QUELL_OTLP_TOKEN", "QUELL_FIELD", "QUELL_FIELD_UNBOUND", "QUELL_SOAK_S"})
"""Of a command that sends alerts, of exporters as the documentation sets them up, and of Quell's own tests."""
TESTS = "QUELL_TEST_"
_KUBERNETES = re.compile(r"QUELL_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
"""Kubernetes sets these in every pod for a Service of the namespace that is called `quell` or `quell-...`."""
_KUBERNETES_PORT = re.compile(r"QUELL_\w+_PORT=(tcp|udp|sctp)://")


def unknown_variables(environment: Mapping[str, str], settings: type[BaseModel]) -> list[str]:
    """Return a line for each variable with Quell's prefix that is no setting, with the nearest one that is."""
    known = sorted(OTHERS | set(_names(settings, PREFIX)))
    found = []
    for name in sorted(environment):
        word = name.upper()
        if not word.startswith(PREFIX) or word in OTHERS or word.startswith(TESTS):
            continue
        if _is_read(word, settings) or _is_of_kubernetes(word, environment[name]):
            continue
        nearest = get_close_matches(word, known, n=1, cutoff=0.0)[0]
        found.append(f"{name}: there is no such variable; the nearest is {nearest}")
    return found


def _is_read(word: str, settings: type[BaseModel]) -> bool:
    """Return whether the settings read a variable; what is wrong below a table of theirs they say themselves."""
    first, nested, _ = word.removeprefix(PREFIX).lower().partition(NESTED)
    field = settings.model_fields.get(first)
    return field is not None and (not nested or _section(field.annotation) is not None)


def _is_of_kubernetes(word: str, value: str) -> bool:
    return bool(_KUBERNETES.fullmatch(word) or _KUBERNETES_PORT.match(f"{word}={value}"))


def _names(section: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yield the variable of each setting; those of a table by name have names that nobody can know."""
    for name, field in section.model_fields.items():
        inner = _section(field.annotation)
        if inner is None:
            yield f"{prefix}{name.upper()}"
        else:
            yield from _names(inner, f"{prefix}{name.upper()}{NESTED}")


def _section(annotation: Any) -> type[BaseModel] | None:
    """Return the table that a setting is, if it is one; it may be one that is left out."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if _is_section(kind)), None)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
