"""Who a request comes from, as far as it is proven at the front door. Bodies and headers name nobody."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quell.incident.actor import OPERATOR, Actor, clean_name

PRINCIPAL = "quell.principal"
"""Where the front door leaves a `Principal` in the scope of a request."""


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
        return Actor(id=self.principal.id, typed_name=clean_name(typed_name) or clean_name(self.typed_name))


def caller_of(scope: MutableMapping[str, Any], principal: Principal) -> Caller:
    """Return who opens a live connection, with the name in its header."""
    named = dict(scope["headers"]).get(b"x-quell-user", b"")
    return Caller(principal=principal, typed_name=clean_name(named.decode("latin-1")))
