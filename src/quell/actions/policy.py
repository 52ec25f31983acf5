"""What Quell may do by itself: rules from the settings, the first that matches wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    """What holds, or where `earned` the most that may be earned."""
    earned: bool = False

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
        standing: what an action has earned on a service, and why in words; without it nothing is ever earned.
        overridden: a person's word on an action on a service; one that allows less than a rule counts over the rule.
    """

    def __init__(
        self,
        rules: Iterable[PolicyRule] = (),
        default: Autonomy = Autonomy.APPROVE,
        *,
        standing: Callable[[str, str], tuple[Autonomy, str]] | None = None,
        overridden: Callable[[str, str], Autonomy | None] = lambda action, service: None,
    ) -> None:
        self._rules = tuple(rules)
        self._default = default
        self._standing = standing
        self._overridden = overridden

    def decide(self, action: str, service: str) -> Decision:
        """Return what Quell may do with an action on a service."""
        decision, word = self._by_rules(action, service), self._overridden(action, service)
        if word is None or word is decision.autonomy or allows(word, decision.autonomy):
            return decision
        return Decision(
            autonomy=word, reason=f"{_MEANS[word]}: a person set it so, where else it would be {decision.autonomy}."
        )

    def _by_rules(self, action: str, service: str) -> Decision:
        what = f"{action} on {service[:SHOWN_CHARS]}"
        for number, rule in enumerate(self._rules, start=1):
            if rule.matches(action, service):
                name = f"rule {number} (action {rule.action}, service {rule.service})"
                if rule.earned:
                    return self._earned(rule, name, action, service)
                return Decision(
                    autonomy=rule.autonomy, reason=f"{_MEANS[rule.autonomy]}: {name} is the first that matches {what}."
                )
        return Decision(
            autonomy=self._default, reason=f"{_MEANS[self._default]}: no rule matches {what}, so the default holds."
        )

    def _earned(self, rule: PolicyRule, name: str, action: str, service: str) -> Decision:
        """Return what was earned, and never more than the rule allows."""
        earned, why = self._standing(action, service) if self._standing else (Autonomy.RECOMMEND, "nothing was earned")
        level = earned if allows(rule.autonomy, earned) else rule.autonomy
        bound = "" if level is earned else f", and {name} allows no more"
        return Decision(autonomy=level, reason=f"{_MEANS[level]}: by {name} it is earned{bound}; {why}.")


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
