"""Changes of what a service has at hand: connections in its pool, entries in its cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from quell.actions.action import Done, Target
from quell.actions.process.change import Callers, Impossible, Params, ProcessChange, no_callers
from quell.actions.process.supervisor import Service, SupervisorClient


class ScalePool(ProcessChange):
    """
    Changes how many connections the service's pool may hold.

    Params: `size`; left open, it is the present size times `factor`, at most `max_size`.
    """

    name = "scale_pool"
    verb = "scale_pool"
    expected = "Requests stop waiting for a connection, as far as the store behind the pool can take more"
    risk = "The store gets more connections at once; a leak fills the larger pool too."
    undo_is = "The pool gets the size it had."
    pins = ("size", "from")
    takes: ClassVar[Mapping[str, str]] = {"size": "[1-9]|[1-5][0-9]|6[0-4]"}

    def __init__(
        self, supervisor: SupervisorClient, *, factor: float = 2.0, max_size: int = 64, callers: Callers = no_callers
    ) -> None:
        super().__init__(supervisor, callers=callers)
        self._factor = factor
        self._max_size = max_size

    def pin(self, now: Service, params: Params) -> Params:
        """Name both sizes."""
        if now.pool_size is None:
            raise Impossible(f"{now.name} has no pool")
        before = _size(params["from"]) if "from" in params else now.pool_size
        size = _size(params["size"]) if "size" in params else min(round(before * self._factor), self._max_size)
        if not 1 <= size <= self._max_size:
            raise Impossible(f"the pool of {now.name} may have 1 to {self._max_size} connections, not {size}")
        if size == before:
            raise Impossible(f"the pool of {now.name} has {before} connections, and more are not allowed")
        return {**params, "size": str(size), "from": str(before)}

    def moved(self, now: Service, pinned: Params) -> str:
        """A third size."""
        sizes = {_size(pinned["from"]), _size(pinned["size"])}
        return "" if now.pool_size in sizes else f"its pool has {now.pool_size} connections"

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: pool of {pinned['from']} → {pinned['size']} connections"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Name the new size."""
        return {"size": _size(pinned["size"])}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """The pool has the new size."""
        return now.pool_size == _size(pinned["size"])

    def inverse(self, pinned: Params) -> Params:
        """The other way."""
        return {"size": pinned["from"], "from": pinned["size"]}

    async def take_back(self, service: str, inverse: Params, *, key: str) -> str:
        """Give the pool the size it had."""
        return await self._supervisor.change(
            service, self.verb, self.body(inverse), key=key, in_place=lambda s: self.in_place(s, inverse)
        )


class FlushCache(ProcessChange):
    """Removes all entries of the service's cache."""

    name = "flush_cache"
    verb = "flush_cache"
    expected = "The service fills its cache anew from the store; an entry it could not digest is gone"
    risk = "Every read goes to the store until the cache is warm again: slower, and more load there."
    undo_is = "Flushed entries cannot be brought back; the service fills its cache by itself."
    reversible = False
    pins = ("entries",)

    def __init__(self, supervisor: SupervisorClient, *, callers: Callers = no_callers) -> None:
        super().__init__(supervisor, callers=callers)
        self._flushed: set[str] = set()

    def pin(self, now: Service, params: Params) -> Params:
        """Name how many entries there are."""
        if now.up and now.cache_entries is None:
            raise Impossible(f"{now.name} has no cache")
        entries = "unknown" if now.cache_entries is None else str(now.cache_entries)
        return {**params, "entries": params.get("entries") or entries}

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: cache of {pinned['entries']} → 0 entries"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Ask for no more than that."""
        return {}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """The cache is empty, or has fewer entries than it had."""
        before = int(pinned["entries"]) if pinned["entries"].isdecimal() else 1
        return now.cache_entries is not None and (now.cache_entries == 0 or now.cache_entries < before)

    async def run(self, target: Target, *, key: str) -> Done:
        """Make the change."""
        done = await super().run(target, key=key)
        self._flushed.add(target.service)
        return done

    async def verify(self, target: Target) -> bool:
        """
        Return whether it was flushed: a cache that has filled up again cannot be told from one that was never
        flushed, so there the supervisor's answer to the run stands.
        """
        return await super().verify(target) or target.service in self._flushed


def _size(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Impossible(f"a pool size is a whole number, not {text[:40]!r}") from error
