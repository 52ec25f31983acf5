"""What a change that Quell can make looks like: it can be tried dry, checked and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an action is asked to change."""

    service: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What would happen, found out without changing anything."""

    possible: bool
    steps: tuple[str, ...]
    """One line for each change that would be made, with the values before and after."""
    reason: str = ""
    """Why it is not possible."""
    undo_params: Mapping[str, str] = field(default_factory=dict)
    """What undo needs to know of the state before: recorded before anything is changed."""
    params: Mapping[str, str] = field(default_factory=dict)
    """The target's params with everything named that was read from the state: a plan that holds these does what was
    shown, or nothing when the state has moved on. Empty: the target's own are all there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was changed."""

    output: str
    """A few lines for a person."""
    undo_params: Mapping[str, str] = field(default_factory=dict)


class Action(Protocol):
    """
    One kind of change. `key` names the intent: a second `run` or `undo` with the same key changes nothing more
    and answers as the first did.
    """

    name: str
    """Verb: `roll_back`."""
    reversible: bool
    expected: str
    """The effect one should see, in words."""
    risk: str
    undo_is: str
    """How it is taken back, in words."""

    async def dry_run(self, target: Target) -> DryRun:
        """Say what would happen. Raises: UpstreamError."""
        ...

    def covers(self, service: str) -> bool:
        """Return whether the action is for a service at all; one that is not is never asked to change it."""
        ...

    def calls(self, target: Target) -> tuple[str, ...]:
        """
        Return every HTTP call that the change may make, as `METHOD address`, secrets masked and values filled in: that
        which makes it first, then those that look after it and take it back, with what they are for.
        """
        ...

    def blast_radius(self, target: Target) -> tuple[str, ...]:
        """Return the services that feel the change itself."""
        ...

    async def run(self, target: Target, *, key: str) -> Done:
        """Make the change. Raises: ActionFailed: it did not complete; UpstreamError: nothing is known of it."""
        ...

    async def verify(self, target: Target) -> bool:
        """Return whether the change itself is in place (not whether it helped). Raises: UpstreamError."""
        ...

    async def undo_check(self, target: Target, undo_params: Mapping[str, str]) -> DryRun:
        """
        Say whether the change can still be taken back, without changing anything: it is in place, and nobody has moved
        the state on since. Raises: UpstreamError.
        """
        ...

    async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        """Take the change back. Raises: ActionFailed: it could not be; UpstreamError."""
        ...
