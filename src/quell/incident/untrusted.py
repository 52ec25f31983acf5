"""
Text that came from outside (log lines, labels, annotations, alert names) made harmless, and what is suspicious in it.

Such text is data. Before it is shown, or given to any model, `neutralise` takes away what could act on a screen, a
terminal or a reader of mark-up, and says what in it looks like an attempt to give orders. The log keeps the raw text.
No list of patterns finds every attempt: that nothing is done on the word of such text is what protects
(`quell.agents.taint`), the flags are for the person who reads.

Sources: Unicode Technical Report 36 (bidirectional overrides, invisible characters) and Technical Standard 39
(confusable characters); ECMA-48 (control sequences of terminals); Greshake et al. (2023), Not what you've signed up
for; OWASP Top 10 for LLM Applications (2025), LLM01 and LLM05.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any

from quell.incident.injection import orders_in

SCANNED_CHARACTERS = 20_000
"""Of a text, so many are searched for patterns; what is beyond them is made harmless all the same."""

_REMEMBERED, _REMEMBERED_CHARACTERS = 2_048, 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutral:
    """Text that can be shown."""

    text: str
    flags: tuple[str, ...]
    """What was suspicious in it, in words, in a fixed order; empty for nearly all text."""


def neutralise(text: str) -> Neutral:
    """
    Return text that acts on nothing, and what was suspicious in it.

    Text without anything suspicious comes back as it is, and making harmless twice is the same as once.
    """
    return _kept(text) if len(text) <= _REMEMBERED_CHARACTERS else _neutralise(text)


def harmless(text: str) -> str:
    """Return the text of `neutralise` alone."""
    return neutralise(text).text


def harmless_values(values: Mapping[str, str]) -> dict[str, str]:
    """Return labels or annotations with names and values made harmless."""
    return {harmless(name): harmless(value) for name, value in values.items()}


def flags_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what is suspicious in any of the texts, each once."""
    return tuple(dict.fromkeys(flag for text in texts for flag in neutralise(text).flags))


def made_harmless(value: Any) -> Any:
    """
    Return a value of events or views with every text in it made harmless; itself when there is nothing to do.

    Reaches into dataclasses, tuples, lists and dicts; enumerations, numbers and times are left alone.
    """
    if isinstance(value, str):
        return value if isinstance(value, Enum) else harmless(value)
    if isinstance(value, tuple | list):
        if not value or value[0] is None or isinstance(value[0], int | float):
            return value
        found = [made_harmless(one) for one in value]
        return value if all(a is b for a, b in zip(found, value, strict=True)) else type(value)(found)
    if isinstance(value, dict):
        return {made_harmless(name): made_harmless(one) for name, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for one in fields(value):
            old = getattr(value, one.name)
            new = made_harmless(old)
            if new is not old and new != old:
                changed[one.name] = new
        return replace(value, **changed) if changed else value
    return value


_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065"
    "\u206a-\u206f\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_EMOJI_JOINER = re.compile(
    "(?<=[\u2190-\ufdff\ufe10-\ufefe\uff00-\uff9f\uffa1-\ufff8\ufffc-\U0001faff])[\u200d\ufe0e\ufe0f]+"
)
"""Joiners and selectors that belong to a picture character hide nothing; to an invisible one none belongs."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|\r")

_SHOWN_CONTROL = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}


def _shown(found: re.Match[str]) -> str:
    """Return a picture of a control character: it is seen, and does nothing."""
    return _SHOWN_CONTROL.get(ord(found[0]), "\ufffd")


_TAG = re.compile(r"<(?=[/!?|a-zA-Z])([^<>\n]{0,500})>?")
_IMAGE = re.compile(r"!\[([^\]\n]{0,200})\]\s{0,3}(?=[(\[])")
_LINK = re.compile(r"\]\((?=\s{0,3}<?(?:[a-z][a-z0-9+.-]{1,20}:|//))", re.IGNORECASE)
_ACTIVE_URI = re.compile(r"\b(data|javascript|vbscript)(:)(?=[^\s/])", re.IGNORECASE)
_REAL_DATA = re.compile(r"\bdata:(?:[a-z]+/[a-z0-9.+-]+|;base64|,)|\b(?:javascript|vbscript):\S", re.IGNORECASE)


def _neutralise(text: str) -> Neutral:
    flags = dict.fromkeys(_hidden(text))
    plain = _CONTROL.sub(_shown, _strip(text))
    flags |= dict.fromkeys(orders_in(plain[:SCANNED_CHARACTERS]))
    if _IMAGE.search(plain) or _LINK.search(plain):
        plain = _LINK.sub("] (", _IMAGE.sub(r"[image: \1] ", plain))
    if _REAL_DATA.search(plain):
        plain = _ACTIVE_URI.sub(lambda found: f"{found[1]}\u2236", plain)
    return Neutral(text=_TAG.sub(lambda found: f"\u2039{found[1]}\u203a", plain), flags=tuple(flags))


def _strip(text: str) -> str:
    """Return text without control sequences, direction overrides and invisible characters."""
    kept: list[str] = []
    last = 0
    bare = _BIDI.sub("", _ANSI.sub("", text))
    for joined in _EMOJI_JOINER.finditer(bare):
        kept += [_INVISIBLE.sub("", bare[last : joined.start()]), joined[0]]
        last = joined.end()
    return "".join([*kept, _INVISIBLE.sub("", bare[last:])])


def _hidden(text: str) -> list[str]:
    if text.isascii() and text.isprintable():
        return []
    found = []
    if _ANSI.search(text):
        found.append("terminal control sequence")
    if _CONTROL.search(_ANSI.sub("", text).replace("\r\n", "\n")):
        found.append("control character")
    if _BIDI.search(text):
        found.append("text direction override")
    if _INVISIBLE.search(_EMOJI_JOINER.sub("", text)):
        found.append("invisible character")
    return found


_kept = lru_cache(maxsize=_REMEMBERED)(_neutralise)
