"""What the links between services allow diagnosis to say: how sure of a cause it may be, and what is not of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quell.agents.case import Case
from quell.agents.indicators import Measured, say, worst
from quell.agents.suspects import Suspects
from quell.incident.events import Cause, Elsewhere, Hypothesis
from quell.signals.causes import causes_of, only_seen_from_outside
from quell.signals.facts import Candidate, ServiceFacts

JUST_BELOW = 0.01
"""How far below what is stood behind an explanation is held that the links do not bear."""

SHOWN = 8
"""Other trouble recorded at most."""


def held_back(
    ranked: Sequence[Candidate], none: float, facts: Sequence[ServiceFacts], suspects: Suspects, believed: float
) -> tuple[list[Candidate], float]:
    """
    Hold explanations below what is stood behind where the links do not bear them.

    That is all of them where the alerts name no service, and "something of its own" of a service that calls something
    which was not measured, or is in trouble while the calls to it were not measured. What they lose goes to "none of
    these".

    Returns: the candidates by falling probability, ties in their order, and the probability of none of these.
    """
    outside = {one.service for one in facts if (one.unmeasured or one.beside) and only_seen_from_outside(one)}
    most = max(believed - JUST_BELOW, 0.0)
    held = [
        replace(one, probability=min(one.probability, most))
        if not suspects.named or (one.cause is Cause.UNKNOWN and one.service in outside)
        else one
        for one in ranked
    ]
    lost = sum(before.probability - after.probability for before, after in zip(ranked, held, strict=True))
    return sorted(held, key=lambda one: -one.probability), none + lost


def elsewhere_of(
    case: Case, measured: Sequence[Measured], facts: Sequence[ServiceFacts], suspects: Suspects
) -> tuple[Elsewhere, ...]:
    """Return the services in trouble that no known link leads to from what the alerts name, by name."""
    if not suspects.named:
        return ()
    out: dict[str, list[str]] = {}
    for one in measured:
        if one.kind.symptom and one.recent().size and one.out_of_range():
            out.setdefault(one.service, []).append(f"{one.kind.says} {say(worst(one), one.kind.unit)}")
    for fact in facts:
        if fact.service not in out and (rows := causes_of(fact)):
            out[fact.service] = [rows[0][3][0].says]
    found = []
    for service in sorted(out.keys() - suspects.services)[:SHOWN]:
        incident = case.open_on.get(service)
        says = f"{service}: {out[service][0]}" + (f"; {incident} is open on it" if incident else "")
        found.append(Elsewhere(service=service, says=says, incident_id=incident))
    return tuple(found)


def say_links(
    best: Hypothesis | None, facts: Sequence[ServiceFacts], suspects: Suspects, elsewhere: Sequence[Elsewhere]
) -> list[str]:
    """Say what is not known of links, and what other trouble there is: a clause each."""
    said = []
    if not suspects.named:
        said.append("the alerts name no service")
    elif not suspects.linked:
        said.append(f"no links of {' and '.join(suspects.named)} are known, so nothing else was looked at")
    blamed = next((one for one in facts if best is not None and one.service == best.service), None)
    if blamed is not None and blamed.unmeasured:
        said.append(f"not measured, and called by {blamed.service}: {', '.join(blamed.unmeasured)}")
    if elsewhere:
        names = ", ".join(f"{one.service} ({one.incident_id})" if one.incident_id else one.service for one in elsewhere)
        said.append(f"other trouble at this time that no known link leads to: {names}")
    return said
