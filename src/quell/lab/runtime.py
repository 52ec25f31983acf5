"""What a service's code has at hand: settings, log, metrics, the store, and the services it calls."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from quell.errors import BadAnswer, TimedOut, Unreachable
from quell.lab.http.client import Address, Answer, Client
from quell.lab.http.message import RouteHandler
from quell.lab.store import Connection, Pool
from quell.lab.telemetry.log import TRACE_ID, Log
from quell.lab.telemetry.metrics import Counter, Histogram, Registry


class Rejected(BadAnswer):
    """A service we called said that the request was wrong (4xx)."""

    reason = "rejected"

    def __init__(self, message: str, *, status: int, body: bytes) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class Calls:
    """Calls to other services, counted per callee. A call that got no answer counts as 503 or 504."""

    def __init__(self, service: str, client: Client, addresses: Mapping[str, Address], registry: Registry) -> None:
        self._service = service
        self._client = client
        self._addresses = addresses
        self._count: Counter = registry.counter(
            "http_client_requests_total", "service", "peer", "code", text="Calls to other services."
        )
        self._seconds: Histogram = registry.histogram(
            "http_client_request_duration_seconds", "service", "peer", text="Duration of calls to other services."
        )

    async def call(
        self,
        peer: str,
        method: str,
        path: str,
        *,
        timeout_ms: int,
        data: object | None = None,
        label: str | None = None,
    ) -> dict[str, Any]:
        """
        Call a service and return its JSON object.

        Args:
            label: the name of the callee in metrics and messages, if it is not `peer`.

        Raises: TimedOut, Unreachable: no answer. Rejected: it answered 4xx. BadAnswer: 5xx, or not JSON.
        """
        name, started, code = label or peer, time.perf_counter(), "503"
        try:
            answer = await self._client.request(
                method,
                self._addresses[peer],
                path,
                timeout_s=timeout_ms / 1000,
                headers={"x-trace-id": TRACE_ID.get()},
                body=b"" if data is None else msgspec.json.encode(data),
            )
            code = str(answer.status)
        except TimedOut as error:
            code = "504"
            raise TimedOut(f"{name}: {error}") from error
        except Unreachable as error:
            raise Unreachable(f"{name}: {error}") from error
        finally:
            self._count.add(self._service, name, code)
            self._seconds.observe(self._service, name, seconds=time.perf_counter() - started)
        return _read(name, f"{method} {path}", answer)


def _read(name: str, what: str, answer: Answer) -> dict[str, Any]:
    """Return the object in an answer, or raise what its status means."""
    if answer.status >= 500:
        raise BadAnswer(f"{name} answered {answer.status} to {what}")
    if answer.status >= 400:
        raise Rejected(f"{name} answered {answer.status} to {what}", status=answer.status, body=answer.body)
    found = answer.json()
    if not isinstance(found, dict):
        raise BadAnswer(f"{name} answered {what} with something that is not an object")
    return found


class Runtime:
    """Given to a service's code when it starts; settings change in place while it runs."""

    def __init__(
        self,
        *,
        name: str,
        version: str,
        data: Path,
        log: Log,
        registry: Registry,
        calls: Calls,
        pool: Pool | None,
        rng: random.Random,
    ) -> None:
        self.name = name
        self.version = version
        self.data = data
        self.log = log
        self.registry = registry
        self.calls = calls
        self.rng = rng
        self.config: dict[str, Any] = {}
        self.flags: dict[str, str] = {}
        self._pool = pool

    @property
    def pool(self) -> Pool:
        """The pool of connections to the store."""
        assert self._pool is not None, f"{self.name} has no pool"
        return self._pool

    def apply(self, *, config: Mapping[str, Any], flags: Mapping[str, str], pool_size: int | None) -> None:
        """Take new settings."""
        self.config = dict(config)
        self.flags = dict(flags)
        if self._pool is not None and pool_size is not None:
            self._pool.wait_s = int(config["pool_wait_ms"]) / 1000
            self._pool.resize(pool_size)


class Service(Protocol):
    """A service's code, as each module of the shop gives it with `build(runtime)`."""

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handler of each (method, path pattern)."""
        ...

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return what runs beside the requests; the process ends when one of them raises."""
        ...


__all__ = ["Calls", "Connection", "Pool", "Rejected", "Runtime", "Service"]
