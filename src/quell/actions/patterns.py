"""Patterns of names, as of file names (`*`, `?`, `[...]`): whether one matches, whether several match one name."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

STATES = 200_000
"""Combinations of places in patterns that are looked at before an overlap counts as not excluded."""

TOKEN = re.compile(r"\*+|\?|\[!?+\]?+[^\]]*+\]|.", re.DOTALL)
"""As `fnmatch` reads a pattern: a `[` without its `]` stands for itself."""

ORDINARY = "aA0-"
SPECIAL = "*?[]!"
"""Tried first and last where any character would do, so that an example reads like a name."""


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Return whether one of the patterns matches a name; case matters."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def common_name(patterns: Sequence[str]) -> str | None:
    """
    Return the shortest name (never an empty one) that all patterns match, as an example; None when there is none.

    The patterns are walked through side by side, a character at a time. Patterns so long that this takes more than
    `STATES` combinations count as overlapping: the first of them is returned then.
    """
    tokens = [TOKEN.findall(pattern) for pattern in patterns]
    characters = _characters(tokens)
    start = _closed(tuple(0 for _ in tokens), tokens)
    # Where it starts it may come by once more, with a name that is not empty any more.
    seen, line = set[Places](), deque((places, "") for places in start)
    while line:
        places, name = line.popleft()
        if name and all(place == len(one) for place, one in zip(places, tokens, strict=True)):
            return name
        if len(seen) > STATES:
            return patterns[0]
        for character in characters:
            for after in _after(places, character, tokens):
                if after not in seen:
                    seen.add(after)
                    line.append((after, name + character))
    return None


Places = tuple[int, ...]


def _closed(places: Places, tokens: Sequence[Sequence[str]]) -> list[Places]:
    """Return the places and all that are reached from them by letting a star stand for nothing."""
    found = [places]
    for number, one in enumerate(tokens):
        for at in list(found):
            place = at[number]
            while place < len(one) and one[place].startswith("*"):
                place += 1
                found.append((*at[:number], place, *at[number + 1 :]))
    return found


def _after(places: Places, character: str, tokens: Sequence[Sequence[str]]) -> list[Places]:
    """Return where the patterns may stand after one more character."""
    moved = []
    for place, one in zip(places, tokens, strict=True):
        if place == len(one):
            return []
        if one[place].startswith("*"):
            moved.append(place)
        elif fnmatchcase(character, one[place]):
            moved.append(place + 1)
        else:
            return []
    return _closed(tuple(moved), tokens)


def _characters(tokens: Sequence[Sequence[str]]) -> list[str]:
    """Return characters enough: whatever the classes of the patterns tell apart, one of these is on each side of it."""
    named = "".join(text for one in tokens for text in one)
    beside = {chr(code) for c in named for code in (ord(c) - 1, ord(c), ord(c) + 1) if 0 < code < 0x110000}
    ordered = dict.fromkeys([*named, *ORDINARY, *sorted(beside)])
    return sorted(ordered, key=lambda c: (c in SPECIAL, not c.isprintable()))
