"""Changes that replace the service's process: a restart, a roll-back to an earlier release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from quell.actions.process.change import Impossible, Params, ProcessChange
from quell.actions.process.supervisor import Service


class Restart(ProcessChange):
    """Ends the service's process and starts a new one of the same release."""

    name = "restart"
    verb = "restart"
    expected = "What the process had piled up (leaked memory, connections not given back) is gone with it"
    risk = "Requests in flight fail; the service is away until the new process answers."
    undo_is = "A restart cannot be taken back."
    reversible = False
    interrupts = True
    pins = ("pid",)

    def pin(self, now: Service, params: Params) -> Params:
        """Name the process that is to end."""
        return {**params, "pid": params.get("pid") or str(now.pid or "none")}

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: process {pinned['pid']} → a new one"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Ask for no more than that."""
        return {}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """Another process answers."""
        return now.up and now.pid is not None and str(now.pid) != pinned["pid"]


class RollBack(ProcessChange):
    """
    Puts an earlier release of the service in place of the one that runs.

    Params: `to`, the release. It is never left open: the one before may be as bad as the one that runs.
    """

    name = "roll_back"
    verb = "roll_back"
    expected = "The service runs an earlier release, and errors that came with the new one end"
    risk = "What the new release had mended or added is gone; the service is away while its process is replaced."
    undo_is = "The release that ran before the roll-back is deployed again."
    undo_verb = "deploy"
    interrupts = True
    pins = ("from", "to")
    takes: ClassVar[Mapping[str, str]] = {"to": "[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}"}

    def pin(self, now: Service, params: Params) -> Params:
        """Name both releases."""
        before, to = params.get("from") or now.version, params.get("to")
        if not to:
            raise Impossible(f"no release is named to go back to from {now.version} of {now.name}")
        if before == to:
            raise Impossible(f"{now.name} runs {to} already")
        return {**params, "from": before, "to": to}

    def moved(self, now: Service, pinned: Params) -> str:
        """A third release."""
        return "" if now.version in {pinned["from"], pinned["to"]} else f"it runs release {now.version}"

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: release {pinned['from']} → {pinned['to']}"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Name the release to go to."""
        return {"to": pinned["to"]}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """The earlier release runs."""
        return now.up and now.version == pinned["to"]

    def inverse(self, pinned: Params) -> Params:
        """The other way."""
        return {"from": pinned["to"], "to": pinned["from"]}

    async def take_back(self, service: str, inverse: Params, *, key: str) -> str:
        """Deploy the release there was."""
        return await self._supervisor.change(
            service, "deploy", {"version": inverse["to"]}, key=key, in_place=lambda s: self.in_place(s, inverse)
        )
