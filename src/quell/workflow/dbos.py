"""Durable execution on DBOS Transact, with its state in an SQLite file beside the log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

from quell.workflow.engine import Work, Workflow

APPLICATION_VERSION = "1"
"""Bumped by hand when the order of steps changes; a source hash would strand running work on every deploy."""

AfterStep = Callable[[str, str], None]


class JsonSerializer(Serializer):
    """Step words and errors as JSON, so that nothing is ever unpickled."""

    def name(self) -> str:
        return "quell_json"

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=lambda thing: {"error": f"{type(thing).__name__}: {thing}"})

    def deserialize(self, serialized_data: str) -> Any:
        value = json.loads(serialized_data)
        if isinstance(value, dict) and set(value) == {"error"}:
            return RuntimeError(value["error"])
        return value


class DbosEngine:
    """
    Runs one kind of workflow on DBOS.

    Args:
        path: its SQLite file; made when missing.
        after_step: called with (workflow id, step) once a step's word is durable; tests end the process there.
    """

    def __init__(self, path: Path, workflow: Workflow, *, after_step: AfterStep | None = None) -> None:
        self._path = path
        self._workflow = workflow
        self._after_step = after_step
        self._running: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._registered: Callable[[str], Any] | None = None

    async def launch(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._path)) as file:
            file.execute("PRAGMA journal_mode=WAL")
        config: DBOSConfig = {
            "name": "quell",
            "system_database_url": f"sqlite:///{self._path}",
            "application_version": APPLICATION_VERSION,
            "executor_id": "0",
            "serializer": JsonSerializer(),
            "log_level": "ERROR",
            "enable_otlp": False,
            "use_listen_notify": False,
        }
        DBOS(config=config)

        async def run(workflow_id: str) -> str:
            return await self._run(workflow_id)

        self._registered = DBOS.workflow(name="respond", max_recovery_attempts=1000)(run)
        left = self._left_behind()
        # Inside the running loop: DBOS then runs what it recovers on this loop and not on one of its own.
        DBOS.launch()
        return left

    def _left_behind(self) -> int:
        with contextlib.closing(sqlite3.connect(self._path)) as file:
            tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "workflow_status" not in tables:
                return 0
            pending = file.execute("SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')")
            return int(pending.fetchone()[0])

    async def _run(self, workflow_id: str) -> str:
        async def step(name: str, work: Work) -> str:
            word: str = await DBOS.run_step_async({"name": name}, work)
            if self._after_step is not None:
                self._after_step(workflow_id, name)
            return word

        self._running.add(workflow_id)
        try:
            return await self._workflow(step, workflow_id)
        finally:
            self._running.discard(workflow_id)

    async def start(self, workflow_id: str) -> None:
        assert self._registered is not None, "launch() comes first"
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self._registered, workflow_id)

    @property
    def running(self) -> int:
        return len(self._running)

    async def stop(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)
        # DBOS makes its own pool the loop's default and shuts it down: others on the loop still need one.
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="quell"))
