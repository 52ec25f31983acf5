"""Which services an incident can be about: those that its alerts name, and what is linked to them by calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quell.agents.case import Case

TEXT_CHARS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """Where the cause of an incident may lie."""

    named: tuple[str, ...]
    """What the alerts name, in their order."""
    services: frozenset[str]
    """Those, what they call directly or through others, and who calls them; empty where the alerts name none."""
    linked: bool
    """Whether any link of what the alerts name is known; without, only they themselves can be looked at."""


def suspects_of(case: Case, known: Iterable[str], edges: Sequence[tuple[str, str]]) -> Suspects:
    """
    Return whom to look at.

    What is called can be the cause whatever lies between, so callees count through others. Who calls only suffers, or
    sends too much: the nearest callers are enough.

    Args:
        known: services that there is telemetry of.
        edges: (caller, callee).
    """
    named = case.services or _in_words(case, known)
    callers = {caller for caller, callee in edges if callee in named}
    return Suspects(
        named=named,
        services=frozenset({*named, *callees_of(named, edges), *callers}),
        linked=any(set(edge) & set(named) for edge in edges),
    )


def callees_of(services: Iterable[str], edges: Sequence[tuple[str, str]]) -> set[str]:
    """Return what services call, directly or through others."""
    found: set[str] = set()
    nearest = set(services)
    while nearest:
        nearest = {callee for caller, callee in edges if caller in nearest} - found
        found |= nearest
    return found


def neighbours_of(services: Iterable[str], edges: Sequence[tuple[str, str]]) -> set[str]:
    """Return the services and those one call away, either way."""
    near = set(services)
    return near | {other for edge in edges if set(edge) & near for other in edge}


def _in_words(case: Case, known: Iterable[str]) -> tuple[str, ...]:
    """Return the services that the alerts name in their words, where no label names one; whole words only."""
    texts = [
        "\n".join((one.name, *one.labels.values(), *one.annotations.values()))[:TEXT_CHARS].lower()
        for one in case.alerts
    ]
    return tuple(
        service
        for service in sorted(known)
        if any(re.search(rf"(?<![\w-]){re.escape(service.lower())}(?![\w-])", text) for text in texts)
    )
