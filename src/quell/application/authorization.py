"""Whether somebody may do something: the one place that is asked, before anything is decided or shown live."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from quell.incident.actor import Actor


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"
    """Follow what is shown live."""
    RESPOND = "respond"
    """Take an incident, end it, open it again, merge it, change its severity, write something down."""
    DECIDE = "decide"
    """Say yes or no to a change of a system, and have one taken back."""
    SILENCE = "silence"
    """Keep alerts out of incidents, and let them in again."""
    SET_AUTONOMY = "set_autonomy"
    """Say what is done without asking."""
    CORRECT = "correct"
    """Correct a record, and set what figures assume."""
    IMPORT = "import"
    """Take over incidents of the past."""
    DRILL = "drill"
    """Break something in the lab."""


class Authorizer(Protocol):
    """Knows who may do what."""

    def authorize(self, actor: Actor, permission: Permission, resource: str) -> None:
        """
        Return when somebody may.

        Args:
            resource: what it is done to: `incident/INC-1`, `silence/...`, `channel/events`.

        Raises: Forbidden.
        """
        ...


class EverybodyMay:
    """Allows everything: whoever has the token of this Quell is its operator."""

    def authorize(self, actor: Actor, permission: Permission, resource: str) -> None:
        """Allow it."""


EVERYBODY_MAY = EverybodyMay()
