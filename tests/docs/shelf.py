"""The project's pages, and what stands in them."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(
    r"(?:<!-- test: (?P<mark>\w+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    language: str
    mark: str
    """What the comment before it says: `run`, or nothing."""
    text: str

    @property
    def commands(self) -> list[str]:
        """What a person types in it."""
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def name_of(path: Path) -> str:
    """Return a path as people write it."""
    return path.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """Return a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[Block]:
    """Return the fenced blocks of a language."""
    found = [
        Block(language=match["language"], mark=match["mark"] or "", text=match["text"])
        for match in _FENCE.finditer(text)
    ]
    return [block for block in found if block.language == language]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)
