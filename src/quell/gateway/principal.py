"""Who was let in at the front door, from the scope of a request or of a live connection."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from quell.application.caller import Caller, Principal
from quell.incident.actor import clean_name

PRINCIPAL = "quell.principal"
"""Where the front door leaves a `Principal` in the scope of a request."""


def caller_of(scope: MutableMapping[str, Any], principal: Principal) -> Caller:
    """Return who opens a live connection, with the name in its header."""
    named = dict(scope["headers"]).get(b"x-quell-user", b"")
    return Caller(principal=principal, typed_name=clean_name(named.decode("latin-1")))
