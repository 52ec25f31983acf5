"""
Regular expressions whose matching takes time linear in the text, whatever the expression.

Anyone who may write a silence, or send a label, must not be able to stop intake with a pattern that backtracks. So a
pattern becomes a small automaton that reads each character once. What cannot be done that way (back-references,
look-around) is refused. A pattern matches the whole value; `^` at its start and `$` at its end say nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quell.errors import Malformed

PATTERN_CHARACTERS = 256
LETTERS = 256
"""Bound on the automaton: what `{m,n}` may grow to."""
PARTS = 2_048
"""Bound on the work of laying it out: repeats of nothing make no letters."""
DEPTH = 16
MEMO = 4_096

Test = Callable[[str], bool]

_DIGITS = frozenset("0123456789")
_WORD = _DIGITS | frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_SPACE = frozenset(" \t\n\r\f\v")
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class _Letter:
    test: Test


@dataclass(frozen=True, slots=True)
class _Sequence:
    items: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    item: _Node
    low: int
    high: int | None


_Node = _Letter | _Sequence | _Choice | _Repeat


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which letters a part begins and ends with, as bit masks, and whether it matches the empty text."""

    first: int
    last: int
    empty: bool


_NOTHING = _Shape(first=0, last=0, empty=True)


class Pattern:
    """
    A compiled pattern.

    Raises: Malformed: it cannot be read, is too long, or asks for what takes more than linear time.
    """

    def __init__(self, text: str) -> None:
        if len(text) > PATTERN_CHARACTERS:
            raise Malformed(f"a pattern may have {PATTERN_CHARACTERS} characters, this one has {len(text)}")
        self.text = text
        self._tests: list[Test] = []
        self._follow: list[int] = []
        """For each letter, those that may come next."""
        self._parts = 0
        shape = self._lay_out(_Reader(text).read())
        self._start, self._last, self._empty = shape.first, shape.last, shape.empty
        self._memo: dict[tuple[int, str], tuple[int, int]] = {}

    def matches(self, value: str) -> bool:
        """Return whether the whole value matches."""
        if not value:
            return self._empty
        allowed, reached = self._start, 0
        for character in value:
            reached, allowed = self._memo.get((allowed, character)) or self._step(allowed, character)
            if not reached:
                return False
        return bool(reached & self._last)

    def _step(self, allowed: int, character: str) -> tuple[int, int]:
        """Return the letters that took the character, and those that may come next."""
        reached = following = 0
        left = allowed
        while left:
            bit = left & -left
            left ^= bit
            letter = bit.bit_length() - 1
            if self._tests[letter](character):
                reached |= bit
                following |= self._follow[letter]
        if len(self._memo) >= MEMO:
            self._memo.clear()
        self._memo[allowed, character] = reached, following
        return reached, following

    def _lay_out(self, node: _Node) -> _Shape:
        """Number the letters and link each to those that may come next (Glushkov's construction)."""
        self._parts += 1
        if len(self._tests) >= LETTERS or self._parts > PARTS:
            raise Malformed(f"the pattern {self.text!r} grows past {LETTERS} letters")
        if isinstance(node, _Letter):
            self._tests.append(node.test)
            self._follow.append(0)
            bit = 1 << (len(self._tests) - 1)
            return _Shape(first=bit, last=bit, empty=False)
        if isinstance(node, _Sequence):
            shape = _NOTHING
            for item in node.items:
                shape = self._chain(shape, self._lay_out(item))
            return shape
        if isinstance(node, _Choice):
            shapes = [self._lay_out(option) for option in node.options]
            first = last = 0
            for shape in shapes:
                first, last = first | shape.first, last | shape.last
            return _Shape(first=first, last=last, empty=any(shape.empty for shape in shapes))
        return self._lay_out_repeat(node)

    def _lay_out_repeat(self, node: _Repeat) -> _Shape:
        shape = _NOTHING
        for _ in range(node.low):
            shape = self._chain(shape, self._lay_out(node.item))
        if node.high is None:
            again = self._lay_out(node.item)
            self._link(again.last, again.first)
            return self._chain(shape, _Shape(first=again.first, last=again.last, empty=True))
        for _ in range(node.high - node.low):
            once = self._lay_out(node.item)
            shape = self._chain(shape, _Shape(first=once.first, last=once.last, empty=True))
        return shape

    def _chain(self, one: _Shape, other: _Shape) -> _Shape:
        self._link(one.last, other.first)
        return _Shape(
            first=one.first | (other.first if one.empty else 0),
            last=other.last | (one.last if other.empty else 0),
            empty=one.empty and other.empty,
        )

    def _link(self, sources: int, targets: int) -> None:
        while sources:
            bit = sources & -sources
            sources ^= bit
            self._follow[bit.bit_length() - 1] |= targets


class _Reader:
    """Reads the text of a pattern into its tree."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> _Node:
        if self._peek() == "^":
            self._at += 1
        node = self._choice(0)
        if self._at < len(self._text):
            raise self._refuse("an unopened )")
        return node

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise self._refuse("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _refuse(self, why: str) -> Malformed:
        return Malformed(f"the pattern {self._text!r} cannot be used: {why} at character {self._at + 1}")

    def _choice(self, depth: int) -> _Node:
        if depth > DEPTH:
            raise self._refuse("too many groups within groups")
        options = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def _sequence(self, depth: int) -> _Node:
        items: list[_Node] = []
        while (character := self._peek()) and character not in "|)":
            if character == "$" and self._at == len(self._text) - 1:
                self._at += 1
                break
            items.append(self._repeated(self._item(depth)))
        return _Sequence(tuple(items))

    def _item(self, depth: int) -> _Node:
        character = self._take()
        if character == "(":
            if self._text.startswith("?:", self._at):
                self._at += 2
            elif self._peek() == "?":
                raise self._refuse("look-around, flags and named groups are not known here")
            node = self._choice(depth + 1)
            if self._peek() != ")":
                raise self._refuse("a ( is not closed")
            self._at += 1
            return node
        if character == "[":
            return _Letter(self._set())
        if character == ".":
            return _Letter(lambda c: c != "\n")
        if character == "\\":
            return _Letter(self._escape())
        if character in "*+?{}^$]":
            raise self._refuse(f"a bare {character}")
        return _Letter(lambda c: c == character)

    def _repeated(self, node: _Node) -> _Node:
        bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        character = self._peek()
        if character == "{":
            low, high = self._bounds()
        elif character and character in bounds:
            self._at += 1
            low, high = bounds[character]
        else:
            return node
        if self._peek() == "?":  # lazy or greedy: the same values match
            self._at += 1
        if self._peek() and self._peek() in "*+?{":
            raise self._refuse("a repeat of a repeat")
        return _Repeat(node, low, high)

    def _bounds(self) -> tuple[int, int | None]:
        end = self._text.find("}", self._at)
        low, comma, high = self._text[self._at + 1 : end].partition(",") if end > 0 else ("", "", "")
        digits = all(not part or (part.isascii() and part.isdigit() and len(part) <= 3) for part in (low, high))
        if not digits or not low:
            raise self._refuse("a repeat that is not {n}, {n,} or {n,m}")
        self._at = end + 1
        least = int(low)
        most = least if not comma else int(high) if high else None
        if most is not None and most < least:
            raise self._refuse("a repeat with its bounds the wrong way round")
        return least, most

    def _escape(self) -> Test:
        letters = self._escaped()
        return letters if callable(letters) else lambda c: c == letters

    def _escaped(self) -> str | Test:
        """Return the one character that is meant, or a test for the class."""
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character].__contains__
        if character.lower() in _CLASSES:
            others = _CLASSES[character.lower()]
            return lambda c: c not in others
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character.isascii() and character.isalnum():
            raise self._refuse(f"\\{character} is not known here")
        return character

    def _set(self) -> Test:
        negated = self._peek() == "^"
        self._at += negated
        ranges: list[tuple[str, str]] = []
        classes: list[Test] = []
        while (character := self._take()) != "]" or not (ranges or classes):
            low = self._escaped() if character == "\\" else character
            ranged = self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", "")
            if not isinstance(low, str):
                if ranged:
                    raise self._refuse("a range that is not one")
                classes.append(low)
                continue
            high: str | Test = low
            if ranged:
                self._at += 1
                high = self._take()
                high = self._escaped() if high == "\\" else high
            if not isinstance(high, str) or high < low:
                raise self._refuse("a range that is not one")
            ranges.append((low, high))

        def inside(c: str) -> bool:
            return any(low <= c <= high for low, high in ranges) or any(test(c) for test in classes)

        return (lambda c: not inside(c)) if negated else inside
