"""How bad an alert is, out of the words in which tools say it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quell.incident.alert import IncidentSeverity, Severity

SEVERITY_WORDS: Mapping[str, Severity] = {
    **dict.fromkeys(
        (
            "critical", "crit", "fatal", "page", "emergency", "emerg", "alert", "panic", "p0", "p1", "sev0", "sev1",
            "s0", "s1", "high", "highest", "urgent", "immediate", "blocker", "disaster", "severe", "outage",
        ),
        Severity.CRITICAL,
    ),
    **dict.fromkeys(("error", "err", "major", "serious", "average", "p2", "sev2", "s2"), Severity.ERROR),
    **dict.fromkeys(("warning", "warn", "minor", "moderate", "medium", "p3", "sev3", "s3"), Severity.WARNING),
    **dict.fromkeys(
        (
            "info", "information", "informational", "notice", "debug", "trace", "none", "low", "lowest", "trivial",
            "planning", "p4", "p5", "sev4", "sev5", "s4", "s5",
        ),
        Severity.INFO,
    ),
}  # fmt: skip
"""The published mapping from what tools write to ours. Case, blanks and punctuation do not matter."""

UNKNOWN_SEVERITY = Severity.ERROR
"""What an unknown or missing word counts as: if unsure, take the higher; the alert is marked."""

SEVERITY_LABELS = ("severity", "priority", "severity_text", "alert_severity", "sev", "urgency")
"""Which labels say how bad an alert is, the first with a word that is known; else the first that is there."""

INCIDENT_SEVERITY: Mapping[Severity, IncidentSeverity] = {
    Severity.CRITICAL: IncidentSeverity.SEV1,
    Severity.ERROR: IncidentSeverity.SEV2,
    Severity.WARNING: IncidentSeverity.SEV3,
    Severity.INFO: IncidentSeverity.SEV4,
}
"""The published mapping from the worst alert of an incident to its severity. SEV5 is only given by a person."""

WORD_CHARACTERS = 60
"""A longer text is no word for a severity."""
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_LEVEL = re.compile(r"\b(?:(p|prio|priority)|(s|sev|severity))[\s_.:#-]*([0-5])\b")
_PARTS = re.compile(r"[^\W_]+")
_FILLERS = frozenset({"severity", "priority", "sev", "level"})


def known_severity(text: str, own: Mapping[str, Severity] | None = None) -> Severity | None:
    """
    Return what a text counts as, or None when it holds a word that is not known.

    `P1 - critical`, `Sev 1` and `[warning]` are known: every word in them is, and the worst of them counts. A number
    alone is not: 1 is the worst in some tools and the least in others.

    Args:
        own: words of a site, as by `plain_word`; they go before the published ones.
    """
    if len(text) > WORD_CHARACTERS:
        return None
    word = plain_word(text)
    known = (own or {}).get(word) or SEVERITY_WORDS.get(word)
    if known is not None or not word:
        return known
    levels = _LEVEL.sub(lambda found: f" {'p' if found[1] else 'sev'}{found[3]} ", text.lower())
    words = [part for part in _PARTS.findall(levels) if part not in _FILLERS]
    named = [part for part in words if not part.isdigit()]
    if not named:
        return None
    counted = [(own or {}).get(part) or SEVERITY_WORDS.get(part) for part in named]
    severities = [severity for severity in counted if severity is not None]
    return min(severities, key=_RANK.__getitem__) if len(severities) == len(counted) else None


def plain_word(text: str) -> str:
    """Return a word for a severity in lower case, with one blank between its parts."""
    return " ".join(_PARTS.findall(text.lower()))


def severity_in(labels: Mapping[str, str], own: Mapping[str, Severity] | None = None) -> tuple[Severity, str, bool]:
    """Return (severity, what the sender wrote, whether that was known) of an alert with these labels."""
    first = ""
    for name in SEVERITY_LABELS:
        word = labels.get(name, "").strip()
        if not word:
            continue
        first = first or word
        # The words of nearly all senders are found at once.
        known = SEVERITY_WORDS.get(word) if not own else None
        known = known or known_severity(word, own)
        if known is not None:
            return known, word, True
    return UNKNOWN_SEVERITY, first, False
