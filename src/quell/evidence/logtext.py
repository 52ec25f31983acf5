"""Reads what a log line says of itself: its level, its message, its trace; JSON, logfmt or plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

TEXT_CHARS = 2_000
NAME_CHARS = 200

LEVELS: Mapping[str, str] = {
    "trace": "trace", "verbose": "trace", "debug": "debug", "dbug": "debug", "info": "info", "information": "info",
    "informational": "info", "notice": "info", "warn": "warning", "warning": "warning", "err": "error",
    "error": "error", "eror": "error", "severe": "error", "crit": "critical", "critical": "critical",
    "alert": "critical", "fatal": "fatal", "panic": "fatal", "emerg": "fatal", "emergency": "fatal",
}  # fmt: skip
"""By the word that programs write, lower case."""

LEVEL_KEYS = ("level", "detected_level", "severity", "lvl", "severity_text", "log.level", "loglevel")
TEXT_KEYS = ("msg", "message", "body", "log")
TRACE_KEYS = ("trace_id", "traceid", "traceID", "traceId", "trace.id")
SPAN_KEYS = ("span_id", "spanid", "spanID", "spanId", "span.id")

_PAIR = re.compile(r'(?<![\w.\-])([A-Za-z_][\w.\-]{0,60})=("(?:[^"\\]|\\.){0,2000}"|[^\s"]{0,2000})')
_WORD = re.compile(r"\b(" + "|".join(sorted(LEVELS, key=len, reverse=True)) + r")\b", re.IGNORECASE)

_TELLING = frozenset({*LEVEL_KEYS, "msg"})
"""A line that has none of these as `key=` is plain text."""

HEAD_CHARS = 80
"""A level that stands as a mere word is looked for in so much of a line."""


def fields_of(text: str) -> Mapping[str, Any]:
    """Return what a line holds by name, when it is a JSON object or logfmt; else nothing."""
    stripped = text.lstrip()
    if stripped.startswith("{"):
        try:
            found = msgspec.json.decode(stripped)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
    if not any(f"{key}=" in text for key in _TELLING):
        return {}
    pairs = dict(_PAIR.findall(text[:TEXT_CHARS]))
    if not pairs.keys() & _TELLING:
        return {}
    return {key: _unquoted(value) for key, value in pairs.items()}


def level_of(text: str, named: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """
    Return the level of a line in our words; `info` when nothing tells.

    Args:
        named: what the source says beside the line: labels, metadata. It counts first.
        fields: what the line itself says, from `fields_of`.
    """
    for held in (named, fields):
        for key in LEVEL_KEYS:
            if (known := LEVELS.get(str(held.get(key, "")).strip().lower())) is not None:
                return known
    if fields:
        return "info"
    word = _WORD.search(text[:HEAD_CHARS])
    return LEVELS[word.group(1).lower()] if word else "info"


def message_of(text: str, fields: Mapping[str, Any]) -> str:
    """Return the message of a line, or the whole of it when it names none; cut to `TEXT_CHARS`."""
    said = first(fields, TEXT_KEYS)
    return (said or text)[:TEXT_CHARS]


def first(held: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """Return the first value that is there and is a text or a number; else nothing."""
    for key in keys:
        value = held.get(key)
        if isinstance(value, str | int | float) and value != "":
            return str(value)
    return ""


def _unquoted(value: str) -> str:
    return value[1:-1].replace('\\"', '"') if value.startswith('"') and value.endswith('"') else value
