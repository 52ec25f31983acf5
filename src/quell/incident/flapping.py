"""When an alert that keeps changing between firing and resolved counts as flapping. Times are Unix seconds."""

from __future__ import annotations

from quell.incident.correlation import CorrelationRules


class Flaps:
    """The changes of one alert between firing and resolved."""

    __slots__ = ("changes_s", "flapping", "said")

    def __init__(self) -> None:
        self.changes_s: list[float] = []
        """The latest, oldest first; at most as many as the rule counts."""
        self.flapping = False
        self.said = False
        """Whether this spell of flapping is already recorded."""

    def change(self, now_s: float, rules: CorrelationRules) -> None:
        """Note that the alert went from firing to resolved or back."""
        self.settle(now_s, rules)
        self.changes_s.append(now_s)
        del self.changes_s[: -rules.flap_changes]
        if len(self.changes_s) == rules.flap_changes and now_s - self.changes_s[0] <= rules.flap_s:
            self.flapping = True

    def settle(self, now_s: float, rules: CorrelationRules) -> None:
        """End the spell when the alert was quiet for the window."""
        if self.flapping and not self.active(now_s, rules):
            self.flapping = self.said = False
            self.changes_s.clear()

    def forget(self, until_s: float) -> None:
        """Let go of the changes up to a time: what a fix ended does not flap, however often it breaks."""
        if self.changes_s and self.changes_s[0] <= until_s:
            self.changes_s = [one for one in self.changes_s if one > until_s]
            self.flapping = self.said = False

    def active(self, now_s: float, rules: CorrelationRules) -> bool:
        """Return whether the alert flaps now."""
        return self.flapping and now_s - self.changes_s[-1] <= rules.flap_s

    def would_flap(self, now_s: float, rules: CorrelationRules) -> bool:
        """Return whether the alert flaps once it changes now."""
        if self.active(now_s, rules):
            return True
        changes_s = [] if self.flapping else self.changes_s[1 - rules.flap_changes :]
        return len(changes_s) == rules.flap_changes - 1 and now_s - changes_s[0] <= rules.flap_s
