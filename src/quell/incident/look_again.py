"""
When the agents look again at an incident that they handed over because they found no sign of it, or no cause.

Trouble takes time to show: a rate over 30 s cannot move within 13 s. Everything here is computed from the incident as
the log has it, so that a restart forgets no look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from quell.incident.events import Cause, Phase
from quell.incident.state import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often they look again, in seconds."""

    waits_s: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0, 300.0)
    """After the first look, the second ...; the last one counts from then on."""
    joined_s: float = 3.0
    """After an alert joined: a burst of them is one reason to look, not many."""
    apart_s: float = 15.0
    """At least, between two looks that no person asked for."""

    def wait_s(self, in_vain: int) -> float:
        """Return how long to wait after so many looks again."""
        return self.waits_s[min(in_vain, len(self.waits_s) - 1)]

    def at_most(self, longest_s: float) -> Rhythm:
        """Return the rhythm with no wait longer than this."""
        waits = tuple(min(wait_s, longest_s) for wait_s in self.waits_s)
        return replace(self, waits_s=waits, apart_s=min(self.apart_s, longest_s))


RHYTHM = Rhythm()

_FOUND_NOTHING = frozenset({"no_sign", "no_data", "failed", "timed_out"})
_NOT_SURE = frozenset({"abstained", "failed", "timed_out"})


def undecided(incident: Incident) -> bool:
    """Return whether the last response found no sign or no cause: looking again may show more than it did."""
    detect, diagnose = (incident.phases.get(phase) for phase in (Phase.DETECT, Phase.DIAGNOSE))
    if incident.plan is not None or detect is None:
        return False
    if detect.word in _FOUND_NOTHING or (diagnose is not None and diagnose.word in _NOT_SURE):
        return True
    found = incident.diagnosis
    return found is not None and bool(found.hypotheses) and found.hypotheses[0].cause is Cause.UNKNOWN


def due_at(incident: Incident, rhythm: Rhythm = RHYTHM) -> datetime | None:
    """Return when the agents look again, possibly in the past; None when they do not by themselves."""
    looks = incident.looks
    if not waits_for_a_look(incident):
        return None
    last_at = looks.last_at or incident.opened_at
    planned = looks.next_at or last_at + timedelta(seconds=rhythm.wait_s(looks.in_vain))
    if looks.joined_at is None:
        return planned
    soon = looks.joined_at + timedelta(seconds=rhythm.joined_s)
    return min(planned, max(soon, last_at + timedelta(seconds=rhythm.apart_s)))


def waits_for_a_look(incident: Incident) -> bool:
    """Return whether a look by themselves is planned: nobody works on it, it fires, and nothing is known of it."""
    wanted = incident.open and bool(incident.firing) and incident.outcome == "escalated"
    return wanted and not incident.responding and not wants_response(incident) and undecided(incident)


def wants_response(incident: Incident) -> bool:
    """Return whether a response is to begin now: the first one, one after a fix in part, or one that looks again."""
    if not incident.open or incident.responding:
        return False
    asked = incident.looks.requested is not None or bool(incident.looks.news)
    return incident.needs_response or incident.outcome == "helped_in_part" or asked


def reason(incident: Incident) -> str:
    """Return why the response that is about to begin looks again; empty when it does not."""
    if incident.needs_response or incident.outcome == "helped_in_part":
        return ""
    asked = incident.looks.requested
    if asked is not None:
        who = asked.by.removeprefix("person:")
        return f"{who} asked for it{f': {asked.reason}' if asked.reason else ''}"
    return incident.looks.news


def why_now(incident: Incident, now: datetime) -> str:
    """Return what made a look due."""
    looks = incident.looks
    if looks.joined:
        return "an alert joined" if looks.joined == 1 else f"{looks.joined} alerts joined"
    waited_s = (now - (looks.last_at or incident.opened_at)).total_seconds()
    return f"after {waited_s:.0f} s" if waited_s < 120 else f"after {waited_s / 60:.0f} min"
