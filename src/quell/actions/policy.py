"""What Quell may do by itself: rules from the settings, the first that matches wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from quell.incident.events import Autonomy

SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One line of the settings; `*`, `?` and `[...]` match as in file names, and case matters."""

    action: str = "*"
    service: str = "*"
    autonomy: Autonomy

    def matches(self, action: str, service: str) -> bool:
        """Return whether the rule is about this action on this service."""
        return fnmatchcase(action, self.action) and fnmatchcase(service, self.service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What Quell may do, and which rule says so."""

    autonomy: Autonomy
    reason: str

    @property
    def proposes(self) -> bool:
        """Whether the action may be shown to a person as the thing to do."""
        return allows(self.autonomy, Autonomy.RECOMMEND)

    @property
    def runs(self) -> bool:
        """Whether Quell may make the change at all, with a person's yes or without."""
        return allows(self.autonomy, Autonomy.APPROVE)

    @property
    def asks(self) -> bool:
        """Whether a person has to say yes first."""
        return self.autonomy is Autonomy.APPROVE


class Policy:
    """
    The rules in their order.

    Args:
        default: what holds where no rule matches.
    """

    def __init__(self, rules: Iterable[PolicyRule] = (), default: Autonomy = Autonomy.APPROVE) -> None:
        self._rules = tuple(rules)
        self._default = default

    def decide(self, action: str, service: str) -> Decision:
        """Return what Quell may do with an action on a service."""
        what = f"{action} on {service[:SHOWN_CHARS]}"
        for number, rule in enumerate(self._rules, start=1):
            if rule.matches(action, service):
                name = f"rule {number} (action {rule.action}, service {rule.service})"
                return Decision(
                    autonomy=rule.autonomy, reason=f"{_MEANS[rule.autonomy]}: {name} is the first that matches {what}."
                )
        return Decision(
            autonomy=self._default, reason=f"{_MEANS[self._default]}: no rule matches {what}, so the default holds."
        )


def allows(given: Autonomy, wanted: Autonomy) -> bool:
    """Return whether the autonomy given covers the one wanted: they go from least to most."""
    order = list(Autonomy)
    return order.index(given) >= order.index(wanted)


_MEANS = {
    Autonomy.OBSERVE: "Quell only watches",
    Autonomy.RECOMMEND: "Quell recommends, and a person acts",
    Autonomy.APPROVE: "A person approves first",
    Autonomy.AUTO: "Quell acts by itself",
}
