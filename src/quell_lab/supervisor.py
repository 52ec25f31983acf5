"""Keeps the shop's processes running: starts them, restarts what ends with growing pauses, enforces memory limits."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import socket
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quell.errors import ActionFailed, QuellError, TimedOut
from quell_lab import store
from quell_lab.changes import Changes
from quell_lab.host import Host
from quell_lab.http.client import Address, Client
from quell_lab.orders import Start
from quell_lab.process import listen_on
from quell_lab.releases import Releases
from quell_lab.roster import BATCH, CUSTOMERS, MEMBERS, SERVICES, Member, Setting
from quell_lab.spawning import READY_S, Forkserver, Running
from quell_lab.telemetry.log import Log
from quell_lab.telemetry.metrics import Registry, add_process_metrics, resident_memory_bytes

BACK_OFF_S = 0.5
BACK_OFF_MAX_S = 5.0
STEADY_S = 20.0
"""A process that ran this long is not part of a row of crashes."""
WATCH_MEMORY_S = 0.2
HEALTHY_S = 10.0
FIRST_START_S = 20.0
"""When all start at once, on a machine that may be busy."""
PROBE_TIMEOUT_S = 1.0
INSIDE = "shop"
"""Folder below the lab's that Quell is not told of: emptied at each start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of a service's configuration."""

    number: int
    values: Mapping[str, Setting]


class Unit:
    """A member of the shop with its present settings and process."""

    def __init__(self, member: Member, reserved: socket.socket) -> None:
        self.member = member
        self.name = member.name
        self.reserved = reserved
        self.port: int = reserved.getsockname()[1]
        self.versions = list(member.releases)
        """Releases that ran, the present one last."""
        self.revisions = [Revision(number=1, values=dict(member.config))]
        self.revision_count = 1
        self.flags = {name: choices[0] for name, choices in member.flags.items()}
        self.pool_size = member.pool_size
        self.host = Host()
        self.hidden: tuple[str, ...] = ()
        """Telemetry that does not come: `metrics`, `logs`."""
        self.cleared = 0
        """How often someone had its disk cleared."""
        self.probe_timeout_s = PROBE_TIMEOUT_S
        """How long the probe from outside waits for an answer."""
        self.state = "down"
        self.current: Running | None = None
        self.restarts = 0
        self.replaced = 0
        """How often someone had the process replaced on purpose."""
        self.crashes_in_row = 0
        self.hurry = asyncio.Event()
        """Set to cut the pause before the next start."""
        self.seated = asyncio.Event()
        """Set while a process serves."""
        self.lock = asyncio.Lock()

    @property
    def version(self) -> str:
        """The release that runs."""
        return self.versions[-1]

    @property
    def config(self) -> Mapping[str, Setting]:
        """The configuration in force."""
        return self.revisions[-1].values


class Supervisor:
    """All units of the shop."""

    def __init__(self, data: Path, *, seed: int) -> None:
        self.data = data
        self.seed = seed
        self.releases = Releases(data / INSIDE / "releases")
        self.changes = Changes(data / "changes.jsonl")
        self.log = Log(data / "logs" / "supervisor.log", "supervisor")
        self.units = {one.name: Unit(one, listen_on(0)) for one in (*MEMBERS, CUSTOMERS)}
        self.closing = False
        self.registry = Registry()
        self._measure()
        self._keys = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._forks = Forkserver(data / INSIDE / "console.log", self._ended)

    def _measure(self) -> None:
        """Add the supervisor's own metrics."""
        watched = [self.units[name] for name in SERVICES]
        self.registry.gauge(
            "service_up",
            "service",
            text="Whether the process serves.",
            read=lambda: {(unit.name,): float(unit.state == "up") for unit in watched},
        )
        self.registry.gauge(
            "service_restarts_total",
            "service",
            text="Restarts after an unexpected end.",
            read=lambda: {(unit.name,): float(unit.restarts) for unit in watched},
            counts=True,
        )
        self.registry.gauge(
            "container_cpu_cfs_throttled_seconds_total",
            "service",
            text="Kept from running by its host.",
            read=lambda: {(unit.name,): unit.host.throttled_s for unit in watched},
            counts=True,
        )
        self.registry.gauge(
            "host_other_cpu_seconds_total",
            "service",
            text="CPU time of other processes on the service's host.",
            read=lambda: {(unit.name,): unit.host.others_cpu_s() for unit in watched},
            counts=True,
        )
        add_process_metrics(self.registry, memory_limit_bytes=None)

    async def start(self) -> None:
        """Bring everybody up. Raises: ActionFailed."""
        await self._forks.listen()
        for unit in self.units.values():
            if unit.member.module != CUSTOMERS.module:
                for version in unit.versions:
                    self.releases.publish(unit.name, unit.member.module, version)
        launches = (self.launch(self.units[one.name], within_s=FIRST_START_S) for one in MEMBERS)
        for found in await asyncio.gather(*launches, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found
        await self.launch(self.units[CUSTOMERS.name], within_s=FIRST_START_S)
        self._own(self._watch_memory())

    async def lost(self) -> None:
        """Return only if no process can be started any more. Raises: ActionFailed."""
        await self._forks.lost.wait()
        raise ActionFailed("the process that starts all others ended")

    async def stop(self) -> None:
        """End everything within a few seconds."""
        self.closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(unit.host.evict() for unit in self.units.values()))
        runnings = [unit.current for unit in reversed(self.units.values()) if unit.current is not None]
        await asyncio.gather(*(running.stop() for running in runnings))
        await self._forks.close()
        for unit in self.units.values():
            unit.reserved.close()
        self.log.close()

    async def launch(self, unit: Unit, *, within_s: float = READY_S) -> Running:
        """Start a process for a unit that has none. Raises: ActionFailed."""
        unit.state = "starting"
        try:
            running = await self._forks.start(self._told(unit), within_s=within_s)
        except ActionFailed:
            unit.state = "crashed"
            raise
        self._seat(unit, running)
        return running

    async def replace(self, unit: Unit) -> Running:
        """
        Put a new process in the place of the present one, which goes on until the new one serves, then drains.

        Raises: ActionFailed: the new one did not come up; the old one, if any, still serves.
            TimedOut: the new one does not answer /healthz.
        """
        old = unit.current
        if old is None:
            running = await self.launch(unit)
        else:
            running = await self._forks.start(self._told(unit))
            self._seat(unit, running)
            await old.stop()
        unit.replaced += 1
        unit.crashes_in_row = 0
        await self._healthy(unit, running)
        return running

    async def settle(self, unit: Unit) -> None:
        """Give the present settings to the process, if one runs. Raises: UpstreamError."""
        if unit.current is not None:
            config, flags, size = dict(unit.config), dict(unit.flags), unit.pool_size
            await unit.current.line.ask("settings", config=config, flags=flags, pool_size=size)

    async def hide(self, unit: Unit, *what: str) -> None:
        """Let some of a unit's telemetry not come (`metrics`, `logs`), and all else again. Raises: UpstreamError."""
        unit.hidden = what
        if unit.current is not None:
            await unit.current.line.ask("hide", what=list(what))

    async def crowd(self, unit: Unit) -> None:
        """Put another department's process on a unit's host. Raises: ActionFailed."""
        self._keys += 1
        inside = str(self.data / INSIDE)
        start = Start(
            key=self._keys,
            name=BATCH.name,
            module=BATCH.module,
            version="",
            source="",
            data=inside,
            logs=inside,
            port=0,
            peers={},
        )
        unit.host.admit(await self._forks.start(start), unit)

    def _seat(self, unit: Unit, running: Running) -> None:
        """Make a process the unit's present one; it may have ended already."""
        unit.current, unit.state = running, "up"
        unit.seated.set()
        if running.ended.done():
            self._ended(running, running.ended.result())

    def _told(self, unit: Unit) -> Start:
        """Return what a new process of a unit is told."""
        self._keys += 1
        one, source = unit.member, ""
        if one.module != CUSTOMERS.module:
            source = str(self.releases.file(unit.name, one.module, unit.version))
        return Start(
            key=self._keys,
            name=unit.name,
            module=one.module,
            version=unit.version,
            source=source,
            data=str(self.data / INSIDE),
            logs=str(self.data / "logs" if one.watched else self.data / INSIDE / "logs"),
            port=unit.port,
            peers={peer: self.units[peer].port for peer in one.calls},
            config=dict(unit.config),
            flags=dict(unit.flags),
            pool_size=unit.pool_size,
            memory_limit_bytes=one.memory_limit_bytes,
            disk_quota_bytes=one.disk_quota_bytes,
            hidden=unit.hidden,
            seed=self.seed,
        )

    async def _healthy(self, unit: Unit, running: Running) -> None:
        """Wait until the new process answers at the unit's address. Raises: TimedOut."""
        seen, client = "no answer", Client()
        try:
            async with asyncio.timeout(HEALTHY_S):
                while True:
                    client.close()
                    try:
                        found = await client.request("GET", Address(port=unit.port), "/healthz", timeout_s=1.0)
                        answer = found.json()
                        if isinstance(answer, dict) and answer.get("pid") == running.pid:
                            return
                        seen = f"{found.status} from another process"
                    except QuellError as error:
                        seen = str(error)
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise TimedOut(f"{unit.name} did not answer /healthz within {HEALTHY_S:.0f} s: {seen}") from error
        finally:
            client.close()

    def _ended(self, running: Running, code: int) -> None:
        """Take note of a process's end; one that nobody asked for brings the unit back after a pause."""
        unit = self.units.get(running.name)
        if unit is None or running.stopping or self.closing or unit.current is not running:
            return
        unit.current, unit.state = None, "crashed"
        unit.seated.clear()
        lived_s = time.monotonic() - running.started_at
        unit.crashes_in_row = 1 if lived_s > STEADY_S else unit.crashes_in_row + 1
        pause_s = min(BACK_OFF_MAX_S, BACK_OFF_S * 2 ** (unit.crashes_in_row - 1))
        how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        if unit.member.watched:
            self.log.error(f"{unit.name}: process {running.pid} ended with {how}; next start in {pause_s:.1f} s")
        self._own(self._come_back(unit, running, pause_s))

    async def _come_back(self, unit: Unit, ended: Running, pause_s: float) -> None:
        """Start a unit again after a pause, unless somebody else did."""
        await ended.line.close()
        unit.hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await unit.hurry.wait()
        while not self.closing and unit.current is None:
            async with unit.lock:
                if unit.current is not None:
                    return
                try:
                    unit.restarts += 1
                    await self.launch(unit)
                except ActionFailed as error:
                    self.log.error(str(error))
            await asyncio.sleep(0 if unit.current else BACK_OFF_MAX_S)

    async def _watch_memory(self) -> None:
        """Kill a process that is over its limit, as a kernel would."""
        while True:
            await asyncio.sleep(WATCH_MEMORY_S)
            for unit in self.units.values():
                limit, running = unit.member.memory_limit_bytes, unit.current
                if limit is None or running is None:
                    continue
                used = resident_memory_bytes(running.pid)
                if used > limit:
                    megabytes = f"{used / 1e6:.0f} MB of {limit / 1e6:.0f} MB"
                    self.log.error(f"{unit.name}: process {running.pid} killed, out of memory: {megabytes}")
                    running.kill(signal.SIGKILL)

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside, and keep hold of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def prepare(data: Path, rng: random.Random) -> None:
    """Make the lab's folders and a new store; what an earlier run left inside is removed."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    inside = data / INSIDE
    shutil.rmtree(inside, ignore_errors=True)
    for folder in (data / "logs", inside / "logs", inside / "cache" / "catalog"):
        folder.mkdir(parents=True, exist_ok=True)
    store.create(inside / "shop.db", rng)
