"""Who makes a request, as far as that is proven. Bodies and headers name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quell.incident.actor import OPERATOR, Actor, clean_name


class Proof(StrEnum):
    """What a caller gave to prove who it is."""

    TOKEN = "token"  # noqa: S105 - a name for it
    """The bearer token of this Quell, which everybody shares who may use it."""
    REACH = "reach"
    """Nothing: there is no token, and only this machine reaches the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who was let in, and by which proof."""

    id: str = OPERATOR
    proven_by: Proof = Proof.REACH


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request: the principal, and the name in its `X-Quell-User` header, which proves nothing."""

    principal: Principal
    typed_name: str = ""

    def actor(self, typed_name: str | None = None) -> Actor:
        """Return who does it; a name typed in the body counts over the one in the header."""
        name = clean_name(typed_name) or clean_name(self.typed_name)
        return Actor(id=self.principal.id, typed_name=name, proven_by=self.principal.proven_by)
