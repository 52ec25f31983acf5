"""What a service's code has at hand: settings, log, metrics, the store, and the services it calls."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from quell.errors import BadAnswer, TimedOut, Unreachable
from quell_lab.disk import Disk
from quell_lab.http.client import Address, Answer, Client
from quell_lab.http.message import RouteHandler
from quell_lab.store import Connection, Pool
from quell_lab.telemetry.log import TRACE_ID, Log
from quell_lab.telemetry.metrics import Counter, Histogram, Registry
from quell_lab.waiting import MeasuredLock, Workers

TURN_S = 0.12
"""How long work beside the requests goes on before it lets them have their turn."""


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
        self._retries: Counter = registry.counter(
            "http_client_retries_total", "service", "peer", text="Calls made again after no answer came in time."
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
        retries: int | None = None,
    ) -> dict[str, Any]:
        """
        Call a service and return its JSON object.

        Args:
            label: the name of the callee in metrics and messages, if it is not `peer`.
            retries: how often to try again, at once, when no answer came in time; None: this call never is.

        Raises: TimedOut, Unreachable: no answer. Rejected: it answered 4xx. BadAnswer: 5xx, or not JSON.
        """
        name = label or peer
        if retries is not None:
            self._retries.add(self._service, name, by=0.0)
        for _ in range(retries or 0):
            try:
                return await self._once(peer, name, method, path, timeout_ms, data)
            except TimedOut:
                self._retries.add(self._service, name)
        return await self._once(peer, name, method, path, timeout_ms, data)

    async def _once(
        self, peer: str, name: str, method: str, path: str, timeout_ms: int, data: object | None
    ) -> dict[str, Any]:
        """Call once."""
        started, code = time.perf_counter(), "503"
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
        disk: Disk | None,
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
        self._disk = disk
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def disk(self) -> Disk:
        """The folder for files."""
        assert self._disk is not None, f"{self.name} has no disk"
        return self._disk

    def lock(self, what: str) -> MeasuredLock:
        """Return a new lock, whose waiting is measured."""
        lock, labels = MeasuredLock(), (self.name, what)
        self.registry.gauge(
            "lock_wait_seconds_total",
            "service",
            "lock",
            text="Waited for a lock.",
            read=lambda: {labels: lock.waited_s},
            counts=True,
        )
        return lock

    def workers(self, count: int, *, queue: int) -> Workers:
        """Return new workers, whose queue is measured."""
        workers = Workers(count, queue=queue)
        self.registry.gauge(
            "request_queue_depth",
            "service",
            text="Requests that wait for a worker.",
            read=lambda: {(self.name,): float(workers.waiting)},
        )
        return workers

    def work(self, steps: Iterable[object]) -> None:
        """Go through steps beside the requests."""
        self.beside(_in_turns(steps))

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the requests until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

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


async def _in_turns(steps: Iterable[object]) -> None:
    """Go through steps; after each turn, whoever waits comes first."""
    end = time.perf_counter() + TURN_S
    for _ in steps:
        if time.perf_counter() >= end:
            await asyncio.sleep(0)
            end = time.perf_counter() + TURN_S


class Service(Protocol):
    """A service's code, as each module of the shop gives it with `build(runtime)`."""

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handler of each (method, path pattern)."""
        ...

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return what runs beside the requests; the process ends when one of them raises."""
        ...


__all__ = ["Calls", "Connection", "Pool", "Rejected", "Runtime", "Service"]
