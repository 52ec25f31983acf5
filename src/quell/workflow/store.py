"""The file in which the engine keeps its workflows, read and mended beside the engine."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from quell.errors import StorageCorrupt, StorageError, StorageFull, StorageReadOnly
from quell.workflow.engine import Unfinished

UNDER_WAY = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
"""The states of DBOS in which a workflow has not ended."""

CHECK_S = 2.0
"""How long a file is checked for damage at the start; a large one as far as that goes."""

_STEPS_OF_PROGRESS = 10_000
"""Of SQLite's virtual machine, between two looks at the clock."""

_UNDER_WAY = "status IN ('PENDING', 'ENQUEUED', 'DELAYED')"


class WorkflowStore:
    """
    The engine's SQLite file.

    Args:
        executor: whose workflows count as this process's.
        version: of the order of steps; a workflow that began under another is not this engine's to go on with.
    """

    def __init__(self, path: Path, *, executor: str, version: str) -> None:
        self._path = path
        self._executor = executor
        self._version = version

    def prepare(self) -> None:
        """
        Make the file when there is none, and see whether it can be used.

        Raises: StorageReadOnly, StorageCorrupt, StorageError.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._opened() as file:
                file.execute("PRAGMA journal_mode=WAL")
                file.execute("BEGIN IMMEDIATE")  # refused when the file or its folder cannot be written
                file.execute("CREATE TABLE IF NOT EXISTS quell_probe (n INTEGER)")
                file.execute("ROLLBACK")
                self._check(file)
        except OSError as error:
            raise self.unusable(error) from error

    def _check(self, file: sqlite3.Connection) -> None:
        until = time.monotonic() + CHECK_S
        file.set_progress_handler(lambda: time.monotonic() > until, _STEPS_OF_PROGRESS)
        try:
            (said,) = file.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return
        finally:
            file.set_progress_handler(None, 0)
        if said != "ok":
            raise sqlite3.DatabaseError(" ".join(str(said).split()))

    def unfinished(self) -> list[Unfinished]:
        """Return every workflow that has not ended, with its durable steps; none when there is no file yet."""
        if not self._path.exists():
            return []
        with self._opened() as file:
            if not _tables(file):
                return []
            rows = file.execute(f"SELECT workflow_uuid, application_version FROM workflow_status WHERE {_UNDER_WAY}")  # noqa: S608
            versions = dict(rows.fetchall())
            steps: dict[str, set[str]] = {workflow: set() for workflow in versions}
            for workflow, found in steps.items():
                done = file.execute("SELECT function_name FROM operation_outputs WHERE workflow_uuid = ?", (workflow,))
                found.update(name for (name,) in done)
        return [
            Unfinished(workflow_id=workflow, steps=frozenset(found), ours=versions[workflow] == self._version)
            for workflow, found in steps.items()
        ]

    def pending(self) -> list[str]:
        """Return the workflows that run, as far as the file knows, in this executor and version."""
        query = "SELECT workflow_uuid FROM workflow_status WHERE status = 'PENDING' AND executor_id = ?"
        with self._opened() as file:
            rows = file.execute(f"{query} AND application_version = ?", (self._executor, self._version))
            return [workflow for (workflow,) in rows]

    def status(self, workflow_id: str) -> str | None:
        """Return the state of a workflow, None when there is none of this id."""
        with self._opened() as file:
            row = file.execute("SELECT status FROM workflow_status WHERE workflow_uuid = ?", (workflow_id,)).fetchone()
        return None if row is None else str(row[0])

    def cancel(self, workflow_ids: Sequence[str]) -> None:
        """End workflows that no engine has in hand."""
        with self._opened() as file, file:
            file.executemany(
                "UPDATE workflow_status SET status = 'CANCELLED', queue_name = NULL WHERE workflow_uuid = ?",
                [(workflow,) for workflow in workflow_ids],
            )

    def unusable(self, error: Exception) -> StorageError:
        """Return our error for one of SQLite's, with what to do about it."""
        said = str(getattr(error, "orig", None) or error)
        where = f"the workflow store {self._path} cannot be used: {said}"
        if "readonly" in said or "read-only" in said or isinstance(error, PermissionError):
            return StorageReadOnly(f"{where}. Make the file and its folder writable for this user")
        if "unable to open" in said:
            return StorageReadOnly(f"{where}. Look at the path and its permissions")
        if "full" in said:
            return StorageFull(f"{where}. Make room and start again")
        if "locked" in said:
            return StorageError(f"{where}. Another process has it open")
        return StorageCorrupt(
            f"{where}. Move it and its -wal and -shm files away and start again: the log has all that counts, and "
            "responses are taken up from there"
        )

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self._path)) as file:
                yield file
        except sqlite3.Error as error:
            raise self.unusable(error) from error


def _tables(file: sqlite3.Connection) -> bool:
    found = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {"workflow_status", "operation_outputs"} <= found
