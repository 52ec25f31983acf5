"""
Which firing alert an end belongs to whose labels are not those with which it fired.

An end is matched by what its sender calls the alert; else by name and beginning, when exactly one alert fires that
differs in nothing but labels which may change. Everything else is left: an end too few is seen, one too many hides
trouble.
"""

from __future__ import annotations

from collections.abc import Mapping

from quell.incident.alert import SERVICE_LABELS, Alert
from quell.incident.correlation import CorrelationRules
from quell.incident.severity import SEVERITY_LABELS

LOOKED_AT = 16
"""More alerts of one name that began at one moment are too many to tell apart."""
_THINGS = frozenset({*SERVICE_LABELS, "pod", "container", "device", "mountpoint", "environment", "env", "tenant"})
_CHANGING = frozenset(SEVERITY_LABELS)

Called = tuple[str, ...]


class Firing:
    """The alerts that fire, by what an end may say of them."""

    def __init__(self, rules: CorrelationRules) -> None:
        self._naming = _THINGS.union(rules.labels)
        """Labels that name a thing: an alert with one and an alert without it are two."""
        self._by_key: dict[Called, str] = {}
        self._by_start: dict[tuple[Called, float], dict[str, Mapping[str, str]]] = {}
        self._places: dict[str, tuple[Called | None, tuple[Called, float] | None]] = {}

    def add(self, alert: Alert) -> None:
        """Note that an alert fires."""
        self.remove(alert.fingerprint)
        key = _of(alert, alert.sender_key) if alert.sender_key else None
        start = (_of(alert, alert.name), alert.started_s) if alert.started_s is not None else None
        if key is not None:
            self._by_key[key] = alert.fingerprint
        if start is not None:
            self._by_start.setdefault(start, {})[alert.fingerprint] = alert.labels
        if key is not None or start is not None:
            self._places[alert.fingerprint] = key, start

    def remove(self, fingerprint: str) -> None:
        """Note that an alert no longer fires; one that is not here is ignored."""
        key, start = self._places.pop(fingerprint, (None, None))
        if key is not None and self._by_key.get(key) == fingerprint:
            del self._by_key[key]
        if start is not None:
            held = self._by_start[start]
            del held[fingerprint]
            if not held:
                del self._by_start[start]

    def ended_by(self, end: Alert) -> list[str]:
        """Return the fingerprints of the alerts that this may be the end of; more than one: it cannot be told."""
        known = self._by_key.get(_of(end, end.sender_key)) if end.sender_key else None
        if known is not None:
            return [known]
        if end.started_s is None:
            return []
        held = self._by_start.get((_of(end, end.name), end.started_s), {})
        if len(held) > LOOKED_AT:
            return list(held)
        return [fingerprint for fingerprint, labels in held.items() if self._fits(labels, end.labels)]

    def _fits(self, fired: Mapping[str, str], ended: Mapping[str, str]) -> bool:
        """Return whether only labels differ that change, or that were added or taken away and name no thing."""
        return all(
            name in _CHANGING
            or fired.get(name) == ended.get(name)
            or (name not in self._naming and not (name in fired and name in ended))
            for name in {*fired, *ended}
        )


def _of(alert: Alert, called: str) -> Called:
    return alert.source, alert.org, called
