"""How far a subscriber with side effects has come, kept beside the log: after a restart it goes on where it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from quell.eventlog.log import EventLog, Recorded


class Checkpoints(Protocol):
    """Durable positions in one log, by the name of a subscriber."""

    async def checkpoint(self, subscriber: str) -> int:
        """Return the position that a subscriber has reached, 0 for a new one; never past the head of the log."""
        ...

    async def reached(self, subscriber: str, position: int) -> None:
        """
        Keep that a subscriber has done all up to a position; one that it had passed before changes nothing.

        Raises: Malformed: the name is none that can be kept. StorageError: it may not be kept.
        """
        ...


async def deliver(
    log: EventLog, checkpoints: Checkpoints, subscriber: str, handle: Callable[[Recorded], Awaitable[None]]
) -> None:
    """
    Give a subscriber every event that it has not handled, in order, until the log is closed.

    An event is given again where the process ended between its handling and the checkpoint, at most a batch of them:
    what `handle` does outside needs an idempotency key, for which the subscriber's name and the event's position are
    enough.

    Raises: what `handle` raises; the event is then given again after the next start. StorageError.
    """
    async for batch in log.subscribe(after=await checkpoints.checkpoint(subscriber)):
        for recorded in batch:
            await handle(recorded)
        await checkpoints.reached(subscriber, batch[-1].position)
