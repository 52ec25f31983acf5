"""Tables in Markdown, and the marked places of a page that a script fills in."""

from __future__ import annotations

import re
from collections.abc import Sequence

GENERATED = "<!-- Written by `make docs` from the code; changes made here are lost. -->\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """
    Return a table.

    Args:
        right: columns to align to the right.
    """
    rule = ["---:" if column in right else "---" for column in range(len(head))]
    lines = [_line(head), f"|{'|'.join(rule)}|", *(_line([str(cell) for cell in row]) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def code(text: str) -> str:
    """Return text in the type of code; nothing for nothing."""
    return f"`{text}`" if text else ""


def fill(page: str, name: str, content: str) -> str:
    """
    Return a page with what stands between `<!-- name -->` and `<!-- /name -->` replaced.

    Raises: ValueError: the marks are not there exactly once.
    """
    marks = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    filled, found = marks.subn(lambda match: f"{match[1]}{content.strip()}\n{match[2]}", page)
    if found != 1:
        raise ValueError(f"the marks of {name} are there {found} times, not once")
    return filled
