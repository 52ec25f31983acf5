"""
Which alerts belong together, and why: the rules alone. Times are Unix seconds, spans are seconds.

An alert joins a group it fits, best rule first: the same service; for an alert without one, the same alert in the same
group of its sender; a service near it in the calls; shared labels. The last two only within a window since an alert
joined. A group becomes an incident when its weight reaches a threshold.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from quell.errors import ConfigError
from quell.incident.alert import Alert, Severity
from quell.incident.nearness import Topology

Pair = tuple[str, str]
"""A label's name and value."""

Hint = tuple[str, ...]
"""What a sender's grouping says of an alert without a service: its group, the alert's name, and where it is."""

TITLE_CHARACTERS = 120
GROUPS_LOOKED_AT = 256
"""Of the groups that hold a service, a label value or a hint, the newest so many are looked at for an alert."""
PAIRS_PER_GROUP = 512
"""A group stops learning label values here; it still takes alerts by service."""
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_NEVER_SHARED = frozenset({"severity", "environment"})
_PLACES = ("cluster", "region", "datacenter", "environment", "env")
"""Alerts of one name in two of these are two things, whatever groups their sender makes."""


TWO_CALLS_WINDOW_S = 60.0
"""A service two calls away joins only this soon: further off in the graph, coincidence is likelier."""

_WORD = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRules:
    """The numbers behind grouping. Raises: ConfigError: they do not make sense."""

    window_s: float = 300.0
    """How long after a group's last alert a neighbour or a bearer of its labels still joins."""
    labels: tuple[str, ...] = (
        "alertname", "cluster", "namespace", "region", "zone", "node", "host", "instance", "database", "queue",
    )  # fmt: skip
    """Labels that can tie alerts together when their values are equal."""
    labels_needed: int = 2
    """How many of `labels` must be shared; at least one of them other than `alertname`."""
    storm_after: int = 5
    """So many incidents of one alert without a service, joined within the window, are a storm: the next joins them."""
    common_after: int = 8
    """A label value carried by more services than this ties nothing together."""
    weights: Mapping[Severity, float] = field(
        default_factory=lambda: {
            Severity.CRITICAL: 1.0,
            Severity.ERROR: 1.0,
            Severity.WARNING: 0.5,
            Severity.INFO: 0.0,
        }
    )
    threshold: float = 1.0
    """Weight at which a group becomes an incident."""
    reopen_s: float = 600.0
    """How long after an incident was resolved a returning alert reopens it."""
    settle_s: float = 300.0
    """How long after an incident was resolved its alerts may go on repeating before that counts as a return."""
    flap_changes: int = 4
    flap_s: float = 600.0
    """So many changes between firing and resolved within so long is flapping; quiet for so long ends it."""
    early_end_s: float = 3_600.0
    """How long the end of a firing that is not known is remembered: the firing may arrive after it."""
    late_s: float = 60.0
    """How long after an end the same firing counts as one that was delayed. Alertmanager merges what overlaps and may
    send an old start again for an alert that is back, but not sooner than its `group_interval`."""
    test_s: float = 600.0
    """How long a test alert fires; nobody sends its end."""
    stale_s: float = 86_400.0
    """An alert not heard of for so long is forgotten."""
    tracked_alerts: int = 500_000
    """How many alerts are remembered at most; the one longest unheard of is forgotten first."""
    drill_label: Pair | None = ("environment", "lab")
    """Alerts that carry this are a drill's."""
    _tying: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tying", frozenset(self.labels))
        wrong = _NEVER_SHARED.intersection(self.labels)
        if wrong:
            raise ConfigError(
                f"correlation labels: {', '.join(sorted(wrong))} says nothing about what belongs together"
            )
        if self.labels_needed < 2:
            raise ConfigError("correlation labels_needed: one shared label is too little to join incidents by")
        if self.flap_changes < 2:
            raise ConfigError("correlation flap_changes: must be at least 2")
        if min(self.window_s, self.flap_s, self.stale_s, self.threshold) <= 0:
            raise ConfigError("correlation: window_s, flap_s, stale_s and threshold must be above 0")
        if min(self.reopen_s, self.settle_s) < 0:
            raise ConfigError("correlation: reopen_s and settle_s must not be below 0")

    def weight(self, severity: Severity) -> float:
        """Return what an alert of this severity adds to its group."""
        return self.weights.get(severity, 0.0)

    def opens(self, weight: float) -> bool:
        """Return whether a group of this weight is an incident."""
        return weight >= self.threshold - 1e-9

    def pairs(self, labels: Mapping[str, str]) -> list[Pair]:
        """Return the label values of an alert that can tie it to others."""
        tying = self._tying
        return [pair for pair in labels.items() if pair[0] in tying and pair[1]]

    def is_drill(self, alerts: Iterable[Alert]) -> bool:
        """Return whether every one of the alerts carries the drill's label."""
        if self.drill_label is None:
            return False
        name, value = self.drill_label
        return all(alert.labels.get(name) == value for alert in alerts)


def worse(one: Severity, other: Severity) -> bool:
    """Return whether the first is strictly worse than the second."""
    return _RANK[one] < _RANK[other]


def worst(alerts: Sequence[Alert]) -> Alert:
    """Return the worst alert, the first among equals; alerts must not be empty."""
    return min(alerts, key=lambda alert: _RANK[alert.severity])


def title_of(alert: Alert) -> str:
    """
    Return a title of at most 120 printable characters: the service and the alert's name in words.

    A summary is not taken: it holds the value of one moment, and a title stays.
    """
    words = _WORD.sub(r" \1", alert.name).replace("_", " ").strip()
    # Only what was written in capitals inside a name is brought down: `HighErrorRate`, and not `API gateway 5xx`.
    name = words[:1].upper() + words[1:].lower() if words.count(" ") > alert.name.count(" ") else words
    title = f"{alert.service}: {name[:1].lower()}{name[1:]}" if alert.service else name
    return "".join(c for c in title if c.isprintable())[:TITLE_CHARACTERS]


def incident_number(incident_id: str) -> int:
    """Return 7 for INC-7, and 0 for an id that is not ours."""
    digits = incident_id.removeprefix("INC-")
    return int(digits) if digits.isascii() and digits.isdigit() and digits != incident_id else 0


class Commonness:
    """How many services carry a label value: what everything shares ties nothing together."""

    def __init__(self, common_after: int, *, remembered: int = 50_000) -> None:
        self._common_after = common_after
        self._remembered = remembered
        self._carriers: OrderedDict[Pair, str | set[str]] = OrderedDict()
        """The one service that carries it, as for most, or those that do; what was seen last stands last."""

    def note(self, pairs: Iterable[Pair], service: str | None) -> None:
        """Remember that a service carries these; all alerts without a service count as one more."""
        name, all_carriers = service or "", self._carriers
        for pair in pairs:
            carriers = all_carriers.get(pair)
            if carriers is None:
                if len(all_carriers) >= self._remembered:
                    all_carriers.popitem(last=False)
                all_carriers[pair] = name
                continue
            all_carriers.move_to_end(pair)
            if isinstance(carriers, str):
                if carriers != name:
                    all_carriers[pair] = {carriers, name}
            elif len(carriers) <= self._common_after:
                carriers.add(name)

    def distinctive(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return those that few services carry."""
        return [pair for pair in pairs if self._carried_by(pair) <= self._common_after]

    def _carried_by(self, pair: Pair) -> int:
        carriers = self._carriers.get(pair, "")
        return 1 if isinstance(carriers, str) else len(carriers)


@dataclass(slots=True, eq=False, kw_only=True)
class Group:
    """Alerts that belong together, as far as joining needs to know them."""

    key: str
    joined_s: float
    """When an alert last joined."""
    services: dict[str, None] = field(default_factory=dict)
    """In the order in which they joined."""
    pairs: dict[Pair, None] = field(default_factory=dict)
    hints: dict[Hint, None] = field(default_factory=dict)


G = TypeVar("G", bound=Group)
K = TypeVar("K")


class Match(NamedTuple, Generic[G]):
    """A group that an alert fits, and the sentence that says why."""

    group: G
    why: str


class Groups(Generic[G]):
    """The groups that can be joined, found by what they hold."""

    def __init__(self, rules: CorrelationRules) -> None:
        self._rules = rules
        self._by_key: dict[str, G] = {}
        self._by_service: dict[str, dict[str, G]] = {}
        self._by_pair: dict[Pair, dict[str, G]] = {}
        self._by_hint: dict[Hint, dict[str, G]] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterable[G]:
        return iter(self._by_key.values())

    def add(self, group: G) -> None:
        """Let alerts join a group."""
        self._by_key[group.key] = group
        for service in group.services:
            self._by_service.setdefault(service, {})[group.key] = group
        for pair in group.pairs:
            self._by_pair.setdefault(pair, {})[group.key] = group
        for hint in group.hints:
            self._by_hint.setdefault(hint, {})[group.key] = group

    def remove(self, group: G) -> None:
        """Let no more alerts join a group; one that is not here is ignored."""
        if self._by_key.pop(group.key, None) is None:
            return
        for service in group.services:
            _drop(self._by_service, service, group.key)
        for pair in group.pairs:
            _drop(self._by_pair, pair, group.key)
        for hint in group.hints:
            _drop(self._by_hint, hint, group.key)

    def widen(
        self, group: G, service: str | None, pairs: Iterable[Pair], now_s: float, *, hints: Iterable[Hint] = ()
    ) -> None:
        """Note what a joining alert brings to a group that is here."""
        group.joined_s = max(group.joined_s, now_s)
        if service is not None and service not in group.services:
            group.services[service] = None
            self._by_service.setdefault(service, {})[group.key] = group
        known = group.pairs
        for pair in pairs:
            if pair not in known and len(known) < PAIRS_PER_GROUP:
                known[pair] = None
                self._by_pair.setdefault(pair, {})[group.key] = group
        for hint in hints:
            if hint not in group.hints and len(group.hints) < PAIRS_PER_GROUP:
                group.hints[hint] = None
                self._by_hint.setdefault(hint, {})[group.key] = group

    def same_service(self, service: str | None, now_s: float) -> list[Match[G]]:
        """Return the groups that hold the service, the latest joined first."""
        found = self._by_service.get(service) if service is not None else None
        if not found:
            return []
        return [
            Match(group, f"Same service ({service}), {_ago(now_s, group)} the last alert that joined.")
            for group in (found.values() if len(found) == 1 else _latest(_newest(found)))
        ]

    def hinted(self, alert: Alert, now_s: float) -> list[Match[G]]:
        """
        Return the groups that hold the same alert of the same group of its sender, for an alert without a service.

        A group of a sender says no more than that: one that is made by no label holds everything there is.
        """
        hint = _hint_in(alert.group, alert) if alert.group and not alert.service else None
        found = self._by_hint.get(hint) if hint is not None else None
        if not found:
            return []
        why = (
            f"Its sender groups it with alerts that are here, and it is the same alert ({alert.name}) without a service"
        )
        return [Match(group, f"{why}, {_ago(now_s, group)} the last that joined.") for group in _latest(_newest(found))]

    def storming(self, alert: Alert, now_s: float) -> list[Match[G]]:
        """Return the groups of a storm that an alert without a service is part of; none when there is no storm."""
        found = None if alert.service else self._by_hint.get(_hint_in("", alert))
        if not found or len(found) < self._rules.storm_after:
            return []
        recent = [group for group in _newest(found) if now_s - group.joined_s <= self._rules.window_s]
        if len(recent) < self._rules.storm_after:
            return []
        why = f"A storm of {_name_of(alert)} without a service: {len(recent)} incidents have it already."
        return [Match(group, why) for group in _latest(recent)]

    def neighbouring(self, service: str | None, topology: Topology, now_s: float) -> list[Match[G]]:
        """
        Return the groups that hold a service near this one and were joined lately: within the window for one call
        away, within a minute for two.
        """
        found: dict[str, tuple[G, str]] = {}
        near = topology.neighbours(service) if service is not None else {}
        # Those one call away come first.
        for other, how in near.items():
            held = self._by_service.get(other)
            if held is None:
                continue
            within_s = self._rules.window_s if how.direct else min(self._rules.window_s, TWO_CALLS_WINDOW_S)
            for group in _newest(held):
                if now_s - group.joined_s <= within_s:
                    found.setdefault(group.key, (group, how.says))
        return [
            Match(
                group=group,
                why=f"Neighbouring service: {found[group.key][1]}; {_ago(now_s, group)} the last alert that joined.",
            )
            for group in _latest(group for group, _ in found.values())
        ]

    def sharing(self, pairs: Sequence[Pair], now_s: float) -> list[Match[G]]:
        """Return the groups that share enough of these (distinctive) labels and were joined within the window."""
        needed = self._rules.labels_needed
        held = sorted((found for pair in pairs if (found := self._by_pair.get(pair))), key=len)
        groups: dict[str, G] = {}
        # A group that shares enough of them shares one of all but the `needed - 1` that most groups carry.
        for found in held[: len(held) - needed + 1]:
            for group in _newest(found):
                if now_s - group.joined_s <= self._rules.window_s:
                    groups[group.key] = group
        matches: list[Match[G]] = []
        for group in _latest(groups.values()):
            shared = [pair for pair in pairs if pair in group.pairs]
            if len(shared) >= needed:
                why = f"Shares {_listed(shared)}; {_ago(now_s, group)} the last alert that joined."
                matches.append(Match(group=group, why=why))
        return matches


def _drop(index: dict[K, dict[str, G]], at: K, key: str) -> None:
    held = index.get(at)
    if held is not None:
        held.pop(key, None)
        if not held:
            del index[at]


def hints_of(alert: Alert) -> list[Hint]:
    """Return by what an alert without a service can be found again; none for one with a service."""
    if alert.service:
        return []
    return [_hint_in(group, alert) for group in dict.fromkeys((alert.group, ""))]


def _hint_in(group: str, alert: Alert) -> Hint:
    # In a storm that nobody grouped a data source that gives nothing to a hundred rules is one trouble.
    name = alert.name if group else _name_of(alert)
    return (group, name, *(alert.labels.get(place, "") for place in _PLACES))


def _name_of(alert: Alert) -> str:
    return alert.labels.get("alertname") or alert.name


def _newest(held: dict[str, G]) -> Iterator[G]:
    return islice(reversed(held.values()), GROUPS_LOOKED_AT)


def _latest(groups: Iterable[G]) -> list[G]:
    return sorted(groups, key=lambda group: (-group.joined_s, group.key))


def _ago(now_s: float, group: Group) -> str:
    return f"{max(0.0, now_s - group.joined_s):.0f} s after"


def _listed(pairs: Sequence[Pair]) -> str:
    return " and ".join(f"{name}={value}" for name, value in pairs)
