"""One process of the shop: loads its release, listens, answers, and drains when told to stop."""

from __future__ import annotations

import asyncio
import gc
import importlib.machinery
import importlib.util
import os
import random
import signal
import socket
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from quell.errors import Conflict, InputError, Malformed, NotFound, QuellError, TimedOut, UpstreamError
from quell.linkage import name_process
from quell_lab.disk import Disk
from quell_lab.http.client import Address, Client
from quell_lab.http.message import Request, Response, Router, answer, problem
from quell_lab.http.server import Server
from quell_lab.orders import Start, obey
from quell_lab.runtime import Calls, Rejected, Runtime, Service
from quell_lab.store import Pool, PoolTimeout
from quell_lab.telemetry.log import TRACE_ID, Log, brief, stack_of
from quell_lab.telemetry.metrics import (
    CONTENT_TYPE,
    Registry,
    add_process_metrics,
    mark_start,
    resident_memory_bytes,
)
from quell_lab.waiting import QueueFull

DRAIN_S = 0.8
LOG_ONE_IN = 25
WATCH_MEMORY_S = 1.0
COLLECT_AT = 0.72
PASSED_ON = (402, 404, 409)
"""What a callee says about the customer's wish, not about our request."""


def listen_on(port: int) -> socket.socket:
    """Return a socket bound to a port that an older process of the same service may still listen on."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


def load_release(start: Start, runtime: Runtime) -> Service:
    """Import the release's file and build its service."""
    name = f"shop_{start.module}"
    loader = importlib.machinery.SourceFileLoader(name, start.source)
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    service: Service = module.build(runtime)
    return service


class Process:
    """A running service."""

    def __init__(self, start: Start) -> None:
        self.start = start
        data = Path(start.data)
        self.log = Log(Path(start.logs) / f"{start.name}.log", start.name)
        self.registry = Registry()
        self.pool: Pool | None = None
        if start.pool_size is not None:
            wait_s = int(start.config["pool_wait_ms"]) / 1000
            self.pool = Pool(data / "shop.db", size=start.pool_size, wait_s=wait_s)
        self.disk: Disk | None = None
        if start.disk_quota_bytes is not None:
            self.disk = Disk(data / "disk" / start.name, quota_bytes=start.disk_quota_bytes)
        addresses = {peer: Address(port=port) for peer, port in start.peers.items()}
        self.runtime = Runtime(
            name=start.name,
            version=start.version,
            data=data,
            log=self.log,
            registry=self.registry,
            calls=Calls(start.name, Client(), addresses, self.registry),
            pool=self.pool,
            disk=self.disk,
            rng=random.Random(f"{start.seed}/{start.name}/{start.key}"),
        )
        self.runtime.apply(config=start.config, flags=start.flags, pool_size=start.pool_size)
        self._measure()
        self.service = load_release(start, self.runtime)
        self.router = Router(self.service.routes())
        self.server = Server(self.answer, observe=self._observe, failed=self._failed)
        self._hide(start.hidden)
        self._answered = 0

    def _measure(self) -> None:
        """Add the metrics that every service has."""
        name, version, registry = self.start.name, self.start.version, self.registry
        self.requests = registry.counter("http_requests_total", "service", "code", text="Requests answered.")
        self.seconds = registry.histogram("http_request_duration_seconds", "service", text="Time to answer.")
        registry.gauge("build_info", "service", "version", text="Release.", read=lambda: {(name, version): 1.0})
        add_process_metrics(registry, memory_limit_bytes=self.start.memory_limit_bytes)
        if (pool := self.pool) is not None:
            registry.gauge("db_pool_in_use", "service", text="Lent out.", read=lambda: {(name,): pool.in_use})
            registry.gauge("db_pool_size", "service", text="At most.", read=lambda: {(name,): pool.size})
            registry.gauge(
                "db_pool_timeouts_total",
                "service",
                text="Waited in vain.",
                read=lambda: {(name,): pool.timeouts},
                counts=True,
            )

        if (disk := self.disk) is not None:
            registry.gauge("disk_used_bytes", "service", text="Files.", read=lambda: {(name,): disk.used_bytes()})
            registry.gauge("disk_quota_bytes", "service", text="At most.", read=lambda: {(name,): disk.quota_bytes})

    def _hide(self, what: Sequence[str]) -> None:
        """Let no more come of some telemetry, and everything else again."""
        self.log.mute("logs" in what)
        self.shows_metrics = "metrics" not in what

    async def answer(self, request: Request) -> Response:
        """Answer one request; errors of ours become the status that says whose they are."""
        TRACE_ID.set(request.trace_id)
        if request.path == "/metrics" and self.shows_metrics:
            return Response(status=200, body=self.registry.render(), content_type=CONTENT_TYPE)
        if request.path == "/healthz":
            return answer({"status": "ok", "service": self.start.name, "pid": os.getpid()})
        try:
            run, values, _ = self.router.find(request.method, request.path)
            return await run(request, values)
        except QuellError as error:
            status = status_of(error)
            if status >= 500:
                self.log.error(f"{request.method} {request.path} failed: {error}")
            return problem(status, str(error))

    def _observe(self, request: Request, response: Response, seconds: float) -> None:
        """Count an answer, and log some."""
        if request.path in ("/metrics", "/healthz"):
            return
        self.requests.add(self.start.name, str(response.status))
        self.seconds.observe(self.start.name, seconds=seconds)
        self._answered += 1
        if self._answered % LOG_ONE_IN == 0:
            line = f"{request.method} {request.path} {response.status} in {seconds * 1000:.1f} ms"
            self.log.info(line, trace_id=request.trace_id)

    def _failed(self, request: Request, error: BaseException) -> None:
        """Log what a handler did not expect."""
        line = f"{request.method} {request.path}: unhandled {brief(error)}"
        self.log.error(line, trace_id=request.trace_id, stack=stack_of(error))

    async def take(self, do: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an order of the supervisor."""
        if do == "settings":
            self.runtime.apply(config=values["config"], flags=values["flags"], pool_size=values["pool_size"])
            return {}
        if do == "hide":
            self._hide(values["what"])
            return {}
        raise ValueError(f"unknown order {do!r}")

    async def run(self, line: socket.socket) -> int:
        """Serve until told to stop, or until something that must run ends; return the exit code."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        await self.server.start(listen_on(self.start.port))
        self.log.info(f"{self.start.name} {self.start.version} listens", trace_id="")
        beside: list[Coroutine[Any, Any, Any]] = [stop.wait(), obey(line, self.take), self.watch_memory()]
        beside += [_run(task) for task in self.service.tasks()]
        tasks = [loop.create_task(each) for each in beside]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            error = task.exception()
            if error is not None:
                self.log.error(f"ending after unhandled {brief(error)}", trace_id="", stack=stack_of(error))
                return 1
        for task in pending - {tasks[1]}:
            task.cancel()
        await self.server.drain(DRAIN_S)
        self.log.info(f"{self.start.name} {self.start.version} stopped", trace_id="")
        return 0

    async def watch_memory(self) -> None:
        """Collect garbage when memory runs short, as far as that helps."""
        limit = self.start.memory_limit_bytes
        while limit is not None:
            await asyncio.sleep(WATCH_MEMORY_S)
            share = resident_memory_bytes() / limit
            if share > COLLECT_AT:
                freed = gc.collect()
                self.log.warning(f"memory at {share:.0%} of the limit; collected {freed} objects", trace_id="")
        await asyncio.Event().wait()


async def _run(task: Any) -> None:
    """Run something beside the requests."""
    await task()


def status_of(error: QuellError) -> int:
    """Return the HTTP status that says whose fault an error is."""
    if isinstance(error, Rejected):
        return error.status if error.status in PASSED_ON else 502
    for kind, status in (
        (PoolTimeout, 503),
        (QueueFull, 503),
        (TimedOut, 504),
        (UpstreamError, 502),
        (NotFound, 404),
        (Malformed, 400),
        (InputError, 400),
        (Conflict, 409),
    ):
        if isinstance(error, kind):
            return status
    return 500


def main(start: Start, line: socket.socket) -> int:
    """Be one process of the shop until the end; return the exit code."""
    sys.dont_write_bytecode = True
    mark_start()
    name_process(start.name)
    return asyncio.run(_serve(start, line))


async def _serve(start: Start, line: socket.socket) -> int:
    """Build the process inside its loop."""
    return await Process(start).run(line)
