"""Who did something: a principal, which was proven, and beside it the name that a person typed, which was not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from quell.incident.events import Event

OPERATOR = "person:operator"
"""Until there is sign-on, everybody who holds the token, or reaches a Quell without one, is this principal."""
NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something."""

    id: str
    """The principal: `person:<name>`, `agent:<name>` or `system:<part>`."""
    typed_name: str = ""
    """What a person typed as their name; empty when nothing was. It is shown, and allows nothing."""
    roles: frozenset[str] = frozenset()
    """What the principal is allowed by; none until there is sign-on."""
    proven_by: str = ""
    """What it gave to prove that it is this principal; empty for a part of Quell."""

    @property
    def kind(self) -> str:
        """Return `person`, `agent` or `system`."""
        return self.id.partition(":")[0]

    def is_same_as(self, other: Actor) -> bool:
        """Return whether both are one person, as far as it is known: same principal, same typed name in any case."""
        return self.id == other.id and self.typed_name.casefold() == other.typed_name.casefold()

    def __str__(self) -> str:
        """Return it as it is shown."""
        return signed(self.id, self.typed_name)


def signed(by: str, typed_name: str = "") -> str:
    """Return who did it as it is shown everywhere: `person:operator (says: alice)` marks the name as unproven."""
    return f"{by} (says: {typed_name})" if typed_name else by


def signed_event(event: Event) -> str:
    """Return who did what an event tells, as `signed`; an event of a kind that nobody does has no such thing."""
    return signed(getattr(event, "by", ""), getattr(event, "typed_name", ""))


def clean_name(raw: str | None) -> str:
    """Return a typed name as events keep it: letters, digits, spaces and `._@+'-`; empty when nothing is left."""
    text = unicodedata.normalize("NFKC", (raw or "").removeprefix("person:"))
    kept = "".join(c if c.isalnum() or c in "._@+'-" else " " for c in text)
    return " ".join(kept.split())[:NAME_CHARACTERS].strip()


def with_typed_name(events: Iterable[Event], actor: Actor) -> list[Event]:
    """Return events with the typed name of who does them; those that another principal does stay as they are."""
    return [_named(event, actor) for event in events]


def _named(event: Any, actor: Actor) -> Event:
    own = getattr(event, "by", None) == actor.id and any(one.name == "typed_name" for one in fields(event))
    named: Event = replace(event, typed_name=actor.typed_name) if own else event
    return named
