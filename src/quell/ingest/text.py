"""Text from outside, made fit to keep and to show. It stays untrusted: it is bounded, and invisible things go."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

CUT = "\u2026[cut]"
"""Ends a text that was longer than it may be."""
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})


def clean(text: str, *, most: int, lines: bool = False) -> str:
    """
    Return the text without control and invisible formatting characters, at most `most` characters long.

    Args:
        lines: keep line breaks and tabs.
    """
    if len(text) <= most and text.isprintable():
        return text
    kept = "".join(c for c in text[: most + 1] if (lines and c in "\n\t") or unicodedata.category(c) not in _HIDDEN)
    return kept if len(text) <= most else kept[: most - len(CUT)] + CUT


def clean_all(texts: Mapping[str, str], *, most: int, lines: bool = False) -> dict[str, str]:
    """Return the texts cleaned, names too."""
    return {
        name if name.isprintable() else clean(name, most=most): (
            text if len(text) <= most and text.isprintable() else clean(text, most=most, lines=lines)
        )
        for name, text in texts.items()
    }
