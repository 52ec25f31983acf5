"""Changes of what a service's host has besides it: files on its disk, other processes on its CPU."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quell.actions.action import Done, Target
from quell.actions.process.change import Callers, Impossible, Params, ProcessChange, no_callers
from quell.actions.process.supervisor import Service, SupervisorClient


class ClearDisk(ProcessChange):
    """Removes the files from the service's disk that were made to be fetched once: exports, dumps."""

    name = "clear_disk"
    verb = "clear_disk"
    expected = "The service has space to write again"
    risk = "An export that nobody has fetched yet is gone, and has to be made anew."
    undo_is = "Removed files cannot be brought back; the service can make them anew."
    reversible = False
    pins = ("used_bytes",)

    def __init__(self, supervisor: SupervisorClient, *, callers: Callers = no_callers) -> None:
        super().__init__(supervisor, callers=callers)
        self._cleared: set[str] = set()

    def pin(self, now: Service, params: Params) -> Params:
        """Name how much lies there."""
        if now.disk_used_bytes is None:
            raise Impossible(f"{now.name} has no disk of its own")
        return {**params, "used_bytes": params.get("used_bytes") or str(now.disk_used_bytes)}

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: {_megabytes(pinned['used_bytes'])} on its disk → what it needs"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Ask for no more than that."""
        return {}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """Less lies there than did."""
        before = int(pinned["used_bytes"]) if pinned["used_bytes"].isdecimal() else 0
        return now.disk_used_bytes is not None and now.disk_used_bytes < before

    async def run(self, target: Target, *, key: str) -> Done:
        """Make the change."""
        done = await super().run(target, key=key)
        self._cleared.add(target.service)
        return done

    async def verify(self, target: Target) -> bool:
        """
        Return whether it was cleared: a disk that has filled again cannot be told from one that was never cleared,
        so there the supervisor's answer to the run stands.
        """
        return await super().verify(target) or target.service in self._cleared


class StopNeighbour(ProcessChange):
    """Ends the processes on the service's host that belong to somebody else."""

    name = "stop_neighbour"
    verb = "stop_neighbour"
    expected = "The service has its host's CPU to itself"
    risk = "What the other process had computed so far is lost; whoever runs it has to start it again, elsewhere."
    undo_is = "The end of another's process cannot be taken back; its owner starts it again."
    reversible = False
    pins = ("neighbours",)

    def pin(self, now: Service, params: Params) -> Params:
        """Name the processes that are to end."""
        if "neighbours" not in params and not now.neighbours:
            raise Impossible(f"nothing but {now.name} runs on its host")
        return {**params, "neighbours": params.get("neighbours") or json.dumps(sorted(now.neighbours))}

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: {', '.join(_names(pinned['neighbours']))} on its host → nothing else"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Ask for no more than that."""
        return {}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """None of them is there any more."""
        return not set(_names(pinned["neighbours"])) & set(now.neighbours)


def _names(text: str) -> list[str]:
    try:
        names = json.loads(text)
    except ValueError as error:
        raise Impossible(f"the params name no processes: {text[:80]!r}") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Impossible(f"the params name no processes: {text[:80]!r}")
    return names


def _megabytes(text: str) -> str:
    return f"{int(text) / 1e6:.3g} MB" if text.isdecimal() else "what lies"
