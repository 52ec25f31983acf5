"""The supplier: an outside party that tells the prices of the day, to few callers at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from quell_lab.http.message import Request, Response, RouteHandler, answer
from quell_lab.runtime import Runtime

AT_ONCE = 2
MAY_WAIT = 24
USUAL_S = 0.11


class Supplier:
    """Answers what is for sale in a category."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.workers = runtime.workers(AT_ONCE, queue=MAY_WAIT)

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {("GET", "/categories/{id}"): self.category}

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Nothing runs beside the requests."""
        return ()

    async def category(self, _: Request, values: Mapping[str, str]) -> Response:
        """Whether a category's prices hold."""
        async with self.workers.turn():
            await asyncio.sleep(USUAL_S * self.runtime.rng.lognormvariate(0.0, 0.2))
        return answer({"category": values["id"], "valid": True})


def build(runtime: Runtime) -> Supplier:
    """Return the service."""
    return Supplier(runtime)
