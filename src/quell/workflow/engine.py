"""What runs a response so that a restart resumes it, and a small engine in memory for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from quell.errors import QuellError


class StepFailed(QuellError):
    """A step had failed before the process ended: all that is left of its error is what it said."""

    reason = "step_failed"


Work = Callable[[], Coroutine[Any, Any, str]]
"""The body of a step. It returns one word, which is what the workflow branches on."""


class Step(Protocol):
    """Runs one step of a workflow at least once, and remembers its word for good."""

    async def __call__(self, name: str, work: Work) -> str:
        """Return the word of the step; a step that ended before a restart is not run again."""
        ...


Workflow = Callable[[Step, str], Awaitable[str]]
"""A workflow: given its steps and its id, it returns how it ended. It must branch on step words alone."""


class Started(StrEnum):
    """What came of asking for a workflow."""

    ANEW = "anew"
    """It begins now."""
    KNOWN = "known"
    """It is under way already."""
    ENDED = "ended"
    """It was under way and is over, however it ended: nothing was begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A workflow that an earlier process left under way."""

    workflow_id: str
    steps: frozenset[str]
    """Those whose word is durable: they are not run again."""
    ours: bool = True
    """Whether this version of the steps may go on with it."""


class Engine(Protocol):
    """
    Durable execution: a workflow that was started ends, whatever happens to the process meanwhile.

    Steps are at-least-once: a step that was running when the process died runs again.
    """

    async def unfinished(self) -> list[Unfinished]:
        """Return what an earlier process left under way; to be asked before `launch`."""
        ...

    async def cancel(self, workflow_ids: Iterable[str]) -> None:
        """Let go of workflows of an earlier process for good; to be called before `launch`."""
        ...

    async def launch(self) -> int:
        """Begin, and take up what an earlier process left; return how many workflows that is."""
        ...

    async def start(self, workflow_id: str) -> Started:
        """
        Start a workflow unless one with this id was ever started; return at once.

        Raises: StorageError.
        """
        ...

    @property
    def running(self) -> int:
        """Workflows of this process that have not ended."""
        ...

    async def stop(self) -> None:
        """Let go of running workflows where they stand; the next process takes them up."""
        ...


class MemoryEngine:
    """Runs workflows in this process and forgets them with it: for tests of what a response does."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self._words: dict[tuple[str, str], str] = {}

    async def unfinished(self) -> list[Unfinished]:
        """Return nothing: it dies with its process."""
        return []

    async def cancel(self, workflow_ids: Iterable[str]) -> None:
        """Nothing of an earlier process is left in memory."""

    async def launch(self) -> int:
        """Begin with nothing."""
        return 0

    async def start(self, workflow_id: str) -> Started:
        """Start a workflow as a task of its own."""
        known = self._tasks.get(workflow_id)
        if known is not None:
            return Started.ENDED if known.done() else Started.KNOWN
        self._tasks[workflow_id] = asyncio.create_task(self._run(workflow_id))
        return Started.ANEW

    async def _run(self, workflow_id: str) -> str:
        async def step(name: str, work: Work) -> str:
            if (workflow_id, name) not in self._words:
                self._words[workflow_id, name] = await work()
            return self._words[workflow_id, name]

        return await self._workflow(step, workflow_id)

    @property
    def running(self) -> int:
        """Return how many have not ended."""
        return sum(not task.done() for task in self._tasks.values())

    async def result(self, workflow_id: str) -> str:
        """Wait for a workflow and return how it ended."""
        return await self._tasks[workflow_id]

    async def stop(self) -> None:
        """End all of them."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
