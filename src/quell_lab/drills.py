"""Drills: one fault at a time, bounded in time, always undone; the record says what broke and when it was mended."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from quell.errors import Conflict, Malformed, NotFound, QuellError
from quell_lab.faults.catalogue import BY_ITSELF, BY_NAME, FAULTS, OVERLAY, REAL
from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.faults.releases import HARMLESS, harmless_deploy
from quell_lab.operations import Settings
from quell_lab.roster import SERVICES
from quell_lab.telemetry.log import timestamp

LIMIT_S = 180.0
WARM_UP_S = 25.0
PAUSE_S = 60.0
AFTER_MENDED_S = 25.0
HARMLESS_S = 40.0
DECOY_BEFORE_S = 6.0
LOOK_S = 0.2
UNDO_TRIES = 3
KEPT = 200
SOURCES = ("metrics", "logs")


@dataclass(slots=True, kw_only=True)
class Also:
    """The second fault of a drill."""

    fault: Fault
    service: str
    mended_at: datetime | None = None

    def shown(self) -> dict[str, object]:
        """Return it as the control interface shows it."""
        return {
            "fault": self.fault.name,
            "service": self.service,
            "cause": self.fault.cause,
            "actions": list(self.fault.actions),
            "mended_at": _shown(self.mended_at),
        }


@dataclass(slots=True, kw_only=True)
class Drill:
    """One run of a fault."""

    id: str
    name: str
    """As asked for: a fault's name, or `overlay`."""
    fault: Fault
    service: str
    decoy: str | None
    """The service that gets a harmless deploy shortly before."""
    also: Also | None = None
    """A second fault, on another service, in the same drill."""
    missing: str | None = None
    """Telemetry of the victim that does not come meanwhile: `metrics` or `logs`."""
    started_at: datetime
    injected_at: datetime | None = None
    mended_at: datetime | None = None
    ended_at: datetime | None = None
    state: str = "starting"
    """starting, running, ended; failed when it could not be injected or undone."""
    error: str = ""

    def shown(self) -> dict[str, object]:
        """Return the drill as the control interface shows it."""
        return {
            "id": self.id,
            "fault": self.name,
            "inner": self.fault.name,
            "service": self.service,
            "decoy": self.decoy,
            "cause": self.fault.cause,
            "actions": list(self.fault.actions),
            "also": None if self.also is None else self.also.shown(),
            "missing": self.missing,
            "state": self.state,
            "error": self.error,
            "started_at": _shown(self.started_at),
            "injected_at": _shown(self.injected_at),
            "mended_at": _shown(self.mended_at),
            "ended_at": _shown(self.ended_at),
        }


class Drills:
    """Runs drills, one after the other."""

    def __init__(self, scene: Scene, *, limit_s: float = LIMIT_S) -> None:
        self._scene = scene
        self._limit_s = limit_s
        self._past: deque[Drill] = deque(maxlen=KEPT)
        self._now: Drill | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._order: list[str] = []

    def truth(self) -> list[dict[str, object]]:
        """Return every fault with what is wrong, and what mends it."""
        rows: list[dict[str, object]] = [
            {
                "fault": fault.name,
                "services": list(fault.services),
                "cause": fault.cause,
                "actions": list(fault.actions),
            }
            for fault in FAULTS
        ]
        return [*rows, {"fault": OVERLAY, "services": [], "cause": None, "actions": [], "of": [f.name for f in REAL]}]

    def listed(self) -> list[dict[str, object]]:
        """Return all drills, the newest last."""
        return [drill.shown() for drill in (*self._past, *([self._now] if self._now else []))]

    async def start(
        self,
        fault: str | None = None,
        service: str | None = None,
        of: str | None = None,
        also: str | None = None,
        also_service: str | None = None,
        missing: str | None = None,
    ) -> dict[str, object]:
        """
        Begin a drill; without a fault, the next of a shuffled order.

        Args:
            of: with `overlay`, the fault that follows the harmless deploy.
            also: a second fault at the same time, on another service (`also_service`, or any).
            missing: telemetry of the victim that does not come meanwhile: `metrics` or `logs`.

        Raises: Conflict: one runs. NotFound: no such fault. Malformed: the service cannot be its victim, or there is
            no such telemetry.
        """
        if self._now is not None:
            raise Conflict(f"drill {self._now.id} runs")
        if missing not in (None, *SOURCES):
            raise Malformed(f"what is missing can be {' or '.join(SOURCES)}, not {missing[:60]!r}")
        drill = self._plan(fault or self._next_name(), service, of)
        drill.missing = missing
        if also is not None:
            drill.also = self._second(also, also_service, drill)
        self._now = drill
        self._stop = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(drill, self._stop))
        return drill.shown()

    async def end(self, drill_id: str) -> dict[str, object]:
        """End a drill and undo what is left of it. Raises: NotFound."""
        if self._now is not None and self._now.id == drill_id:
            drill, task = self._now, self._task
            self._stop.set()
            if task is not None:
                await asyncio.wait({task})
            return drill.shown()
        for drill in self._past:
            if drill.id == drill_id:
                return drill.shown()
        raise NotFound(f"no drill {drill_id[:60]!r}")

    async def close(self, within_s: float) -> None:
        """End the drill that runs, if any; undo for at most `within_s`."""
        self._stop.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=within_s)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.5)

    async def run_by_itself(self) -> None:
        """Drill again and again, in a shuffled order, until cancelled."""
        await asyncio.sleep(WARM_UP_S)
        while True:
            if self._now is None:
                await self.start()
            assert self._now is not None
            assert self._task is not None
            drill, task = self._now, self._task
            while not task.done():
                await asyncio.wait({task}, timeout=1.0)
                done_at = drill.mended_at
                since = done_at or (drill.injected_at if drill.fault.cause is None else None)
                wait_s = AFTER_MENDED_S if done_at else HARMLESS_S
                if since is not None and (datetime.now(UTC) - since).total_seconds() > wait_s:
                    self._stop.set()
            await asyncio.sleep(PAUSE_S)

    def _next_name(self) -> str:
        """Return the next fault of the shuffled order; the first is never the harmless one."""
        if not self._order:
            self._order = [*BY_ITSELF, OVERLAY]
            self._scene.rng.shuffle(self._order)
            if BY_NAME.get(self._order[0]) not in REAL:
                self._order.append(self._order.pop(0))
        return self._order.pop(0)

    def _plan(self, name: str, service: str | None, of: str | None) -> Drill:
        """Choose what is open. Raises: NotFound, Malformed."""
        rng, decoy = self._scene.rng, None
        fault = BY_NAME.get(name) if name != OVERLAY else BY_NAME.get(of or rng.choice(REAL).name)
        if fault is None:
            raise NotFound(f"no fault {name[:60]!r}; there is {', '.join((*BY_NAME, OVERLAY))}")
        victim = service or rng.choice(fault.services)
        if victim not in fault.services:
            raise Malformed(f"{fault.name} can happen to {', '.join(fault.services)}, not to {victim[:60]!r}")
        if name == OVERLAY:
            decoy = rng.choice([other for other in HARMLESS if other != victim])
        return Drill(
            id=secrets.token_hex(4),
            name=name,
            fault=fault,
            service=victim,
            decoy=decoy,
            started_at=datetime.now(UTC),
        )

    def _second(self, name: str, service: str | None, drill: Drill) -> Also:
        """Choose a second victim. Raises: NotFound, Malformed."""
        fault = BY_NAME.get(name)
        if fault is None or fault.cause is None:
            raise NotFound(f"no fault {name[:60]!r}; there is {', '.join(one.name for one in REAL)}")
        free = [one for one in fault.services if one != drill.service]
        if (service is not None and service not in free) or not free:
            raise Malformed(f"{name} can be the second on {', '.join(free) or 'no service'}, not on {service!r}")
        return Also(fault=fault, service=service or self._scene.rng.choice(free))

    async def _run(self, drill: Drill, stop: asyncio.Event) -> None:
        """Break, watch, undo, and leave every service as it was."""
        before = self._scene.operations.snapshot()
        try:
            async with asyncio.timeout(self._limit_s), self._decoy(drill, stop), self._silence(drill):
                if not stop.is_set():
                    async with drill.fault.inject(self._scene, drill.service) as broken, self._other(drill) as other:
                        drill.injected_at, drill.state = datetime.now(UTC), "running"
                        await _watch(drill, broken, other, stop)
        except TimeoutError:
            drill.error = f"ended after {self._limit_s:.0f} s"
        except QuellError as error:
            drill.state, drill.error = "failed", str(error)
        finally:
            try:
                await self._restore(drill, before)
            finally:
                drill.ended_at = datetime.now(UTC)
                drill.state = "failed" if drill.state == "failed" else "ended"
                self._past.append(drill)
                self._now = None

    @asynccontextmanager
    async def _decoy(self, drill: Drill, stop: asyncio.Event) -> AsyncIterator[None]:
        """Deploy something harmless first, if the drill wants it."""
        if drill.decoy is None:
            yield
            return
        async with harmless_deploy(self._scene, drill.decoy):
            with suppress(TimeoutError):
                async with asyncio.timeout(DECOY_BEFORE_S):
                    await stop.wait()
            yield

    @asynccontextmanager
    async def _other(self, drill: Drill) -> AsyncIterator[Break]:
        """Break a second service, if the drill wants it."""
        if drill.also is None:
            yield Break(mended=None)
            return
        async with drill.also.fault.inject(self._scene, drill.also.service) as broken:
            yield broken

    @asynccontextmanager
    async def _silence(self, drill: Drill) -> AsyncIterator[None]:
        """Let some of the victim's telemetry not come, if the drill wants it."""
        if drill.missing is None:
            yield
            return
        supervisor, unit = self._scene.supervisor, self._scene.supervisor.units[drill.service]
        try:
            await supervisor.hide(unit, drill.missing)
            yield
        finally:
            await supervisor.hide(unit)

    async def _restore(self, drill: Drill, before: Mapping[str, Settings]) -> None:
        """Bring every service back to its settings before the drill; try again if that fails."""
        for name in SERVICES:
            for attempt in range(UNDO_TRIES):
                try:
                    await self._scene.operations.restore(name, before[name], by="ops")
                    break
                except QuellError as error:
                    if attempt + 1 == UNDO_TRIES:
                        drill.state, drill.error = "failed", f"{name} was not restored: {error}"
                    await asyncio.sleep(attempt + 0.5)


async def _watch(drill: Drill, broken: Break, other: Break, stop: asyncio.Event) -> None:
    """Wait for the end of the drill; note when its cause was mended, and that of the second fault."""
    while not stop.is_set():
        if drill.mended_at is None and broken.mended is not None and broken.mended():
            drill.mended_at = datetime.now(UTC)
        if drill.also is not None and drill.also.mended_at is None and other.mended is not None and other.mended():
            drill.also.mended_at = datetime.now(UTC)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await stop.wait()


def _shown(at: datetime | None) -> str | None:
    """Return a time as ISO-8601."""
    return None if at is None else timestamp(at)
