"""Durable execution on DBOS Transact, with its state in an SQLite file beside the log."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from quell.errors import StorageError, WrongOffset
from quell.workflow.engine import Started, StepFailed, Unfinished, Work, Workflow
from quell.workflow.store import UNDER_WAY, WorkflowStore

logger = structlog.get_logger()

APPLICATION_VERSION = "1"
EXECUTOR = "0"
"""Bumped by hand when the order of steps changes; a source hash would strand running work on every deploy."""

AfterStep = Callable[[str, str], None]

STORAGE_WAITS_S = (0.5, 1.0, 2.0, 5.0)
"""Between tries of a step that our own store refused; the last goes on for as long as the store does."""


def patient(work: Work) -> Work:
    """Let a step wait for our own store: a full disk or a storm of alerts must delay a response, not end it."""

    async def waiting() -> str:
        for wait_s in itertools.chain(STORAGE_WAITS_S, itertools.repeat(STORAGE_WAITS_S[-1])):
            try:
                return await work()
            except (StorageError, WrongOffset) as error:
                if not error.retryable:
                    raise
                logger.warning("step_waits_for_the_store", error=str(error), wait_s=wait_s)
                await asyncio.sleep(wait_s)
        raise AssertionError("unreachable: the waits never end")

    return waiting


class JsonSerializer(Serializer):
    """Step words and errors as JSON, so that nothing is ever unpickled."""

    def name(self) -> str:
        """Return the name under which it is recorded."""
        return "quell_json"

    def serialize(self, data: Any) -> str:
        """Return a value as JSON; what has no JSON is an error that says what it was."""
        return json.dumps(data, default=lambda thing: {"error": f"{type(thing).__name__}: {thing}"})

    def deserialize(self, serialized_data: str) -> Any:
        """Return what was serialized; of an error its words are left."""
        value = json.loads(serialized_data)
        if isinstance(value, dict) and set(value) == {"error"}:
            return StepFailed(value["error"])
        return value


class DbosEngine:
    """
    Runs one kind of workflow on DBOS.

    Args:
        path: its SQLite file; made when missing.
        after_work: called with (workflow id, step) once a step has done its work, before its word is durable.
        after_step: called so once it is; tests end the process there.
    """

    def __init__(
        self,
        path: Path,
        workflow: Workflow,
        *,
        after_work: AfterStep | None = None,
        after_step: AfterStep | None = None,
    ) -> None:
        self._path = path
        self._store = WorkflowStore(path, executor=EXECUTOR, version=APPLICATION_VERSION)
        self._workflow = workflow
        self._after_work = after_work
        self._after_step = after_step
        self._running: dict[str, asyncio.Task[Any] | None] = {}
        self._standing: set[str] = set()
        self._registered: Callable[[str], Any] | None = None

    async def unfinished(self) -> list[Unfinished]:
        """
        Return what an earlier process left under way; before `launch`.

        Raises: StorageError: the file cannot be used.
        """
        return await asyncio.to_thread(self._store.unfinished)

    async def cancel(self, workflow_ids: Iterable[str]) -> None:
        """Let go of workflows of an earlier process for good; before `launch`, which takes the others up."""
        if ids := list(workflow_ids):
            await asyncio.to_thread(self._store.cancel, ids)

    async def launch(self) -> int:
        """
        Begin, and take up what an earlier process left; return how many workflows that is.

        Raises: StorageError: the file cannot be used; one line says why, and what to do.
        """
        await asyncio.to_thread(self._store.prepare)
        left = len(await self.unfinished())
        config: DBOSConfig = {
            "name": "quell",
            "system_database_url": f"sqlite:///{self._path}",
            "application_version": APPLICATION_VERSION,
            "executor_id": EXECUTOR,
            "serializer": JsonSerializer(),
            "log_level": "ERROR",
            "enable_otlp": False,
            "use_listen_notify": False,
        }
        DBOS(config=config)

        async def run(workflow_id: str) -> str:
            return await self._run(workflow_id)

        self._registered = DBOS.workflow(name="respond", max_recovery_attempts=1000)(run)
        try:
            # Inside the running loop: DBOS then runs what it recovers on this loop and not on one of its own.
            DBOS.launch()
        except (SQLAlchemyError, sqlite3.Error) as error:
            DBOS.destroy(workflow_completion_timeout_sec=0)
            raise self._store.unusable(error) from error
        return left

    async def _run(self, workflow_id: str) -> str:
        async def step(name: str, work: Work) -> str:
            word: str = await DBOS.run_step_async({"name": name}, patient(self._told(workflow_id, name, work)))
            if self._after_step is not None:
                self._after_step(workflow_id, name)
            return word

        self._running[workflow_id] = asyncio.current_task()
        try:
            return await self._workflow(step, workflow_id)
        finally:
            self._running.pop(workflow_id, None)

    def _told(self, workflow_id: str, name: str, work: Work) -> Work:
        if (tell := self._after_work) is None:
            return work

        async def told() -> str:
            word = await work()
            tell(workflow_id, name)
            return word

        return told

    async def revive(self) -> int:
        """
        Take up workflows that stand still at two calls in a row: neither ended nor running here.

        A full disk does it: DBOS cannot write a step's word, gives the workflow up, and cannot write that either.

        Returns: how many were taken up.
        Raises: StorageError: the workflows' file cannot be read or written.
        """
        try:
            standing = {one for one in await asyncio.to_thread(self._store.pending) if one not in self._running}
            again = standing & self._standing
            self._standing = standing - again
            for workflow_id in sorted(again):
                await DBOS.resume_workflow_async(workflow_id)
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise StorageError(f"the workflows in {self._path} cannot be looked at: {error}") from error
        return len(again)

    async def start(self, workflow_id: str) -> Started:
        """Start a workflow, or say that it is known."""
        assert self._registered is not None, "launch() comes first"
        if workflow_id in self._running:
            return Started.KNOWN
        known = await asyncio.to_thread(self._store.status, workflow_id)
        if known is not None:
            return Started.KNOWN if known in UNDER_WAY else Started.ENDED
        try:
            with SetWorkflowID(workflow_id):
                await DBOS.start_workflow_async(self._registered, workflow_id)
        except SQLAlchemyError as error:
            raise StorageError(f"{workflow_id} cannot be written to {self._path}: {error}") from error
        return Started.ANEW

    @property
    def running(self) -> int:
        """Return how many workflows of this process have not ended."""
        return len(self._running)

    async def stop(self) -> None:
        """Let go of what runs; the next process takes it up."""
        loop = asyncio.get_running_loop()
        running = [task for task in self._running.values() if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)
        # DBOS makes its own pool the loop's default and shuts it down: others on the loop still need one.
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="quell"))
