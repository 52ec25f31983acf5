"""
What alerts say is wrong, as far as their words tell: used to be careful with an answer, and never as evidence.

Whoever sends alerts writes their words, so a claim never makes anything true. It only keeps Quell from calling well
what it could not read, and from contradicting an alert by telemetry that may be of something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from quell.incident.alert import Alert, Severity

TEXT_CHARS = 4_000
"""Of an alert's name, summary and expression that are read."""

_WORDS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("error_ratio",), re.compile(r"\b(errors?|5xx|5\.\.|fail(s|ed|ing|ures?)?|availability)\b|5\.\.|5xx")),
    (("latency_p99", "latency_mean"), re.compile(r"\b(latency|slow|p9\d|response times?|durations?)\b")),
    (("up",), re.compile(r"\b(down|unreachable|unavailable|absent)\b|\bup\s*(\{[^}]*\})?\s*==\s*0")),
    (("disk_use",), re.compile(r"\b(disks?|filesystems?|volumes?)\b")),
    (("pool_use",), re.compile(r"\b(pools?|connections)\b")),
)
"""The indicators that words are about: any of a group tells of it."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an alert says is wrong with a service."""

    alert: str
    """Its name."""
    service: str
    indicators: tuple[str, ...]
    """Any of these tells of it."""
    critical: bool


def claims_of(alerts: Sequence[Alert]) -> tuple[Claim, ...]:
    """Return what the alerts that name a service say is wrong with it, in their order."""
    return tuple(
        Claim(
            alert=alert.name,
            service=alert.service,
            indicators=indicators,
            critical=alert.severity is Severity.CRITICAL,
        )
        for alert in alerts
        if alert.service
        for indicators, words in _WORDS
        if words.search(_text(alert))
    )


def _text(alert: Alert) -> str:
    """Return the words in which an alert says what it is about: its name, its summary, its expression."""
    name = _CAMEL.sub(" ", alert.name)
    expression = unquote_plus(alert.link) if alert.link and "expr=" in alert.link else ""
    return f"{name}\n{alert.annotations.get('summary', '')}\n{expression}"[:TEXT_CHARS].lower()
