"""A bank: an outside party that charges cards. How long it takes is set from outside through `behave`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from quell_lab.http.message import Request, Response, RouteHandler, answer, problem
from quell_lab.runtime import Runtime

MERCHANT = "shop-eu-7"
USUAL_S = 0.018
DECLINED = 0.012
BUSY = 0.004
HICCUP = 0.006


class Bank:
    """Charges cards, mostly."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {("POST", "/charges"): self.charge}

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Nothing runs beside the requests."""
        return ()

    async def charge(self, request: Request, _: Mapping[str, str]) -> Response:
        """Charge one card."""
        rng = self.runtime.rng
        await asyncio.sleep(self.thinking_s())
        if request.json().get("merchant") != MERCHANT:
            return problem(403, "unknown merchant")
        chance = rng.random()
        if chance < DECLINED:
            return problem(402, "declined")
        if chance < DECLINED + BUSY:
            return problem(503, "busy, try later")
        return answer({"charged": True}, status=201)

    def thinking_s(self) -> float:
        """How long this charge takes, seconds."""
        rng, extra_s = self.runtime.rng, int(self.runtime.config.get("extra_ms", 0)) / 1000
        seconds = USUAL_S * rng.lognormvariate(0.0, 0.35)
        if rng.random() < HICCUP:
            seconds += rng.uniform(0.2, 0.5)
        return seconds + extra_s * rng.uniform(0.65, 1.25)


def build(runtime: Runtime) -> Bank:
    """Return the service."""
    return Bank(runtime)
