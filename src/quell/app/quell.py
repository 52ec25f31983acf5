"""
The running whole: opens the log, builds what decides and what answers, and keeps everything going that runs for ever.

    log ─► core (decides and acts) ─► log
        └► door (answers)   a person's click ─► commands ─► log
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self

import httpx
import structlog

from quell import __version__
from quell.app.core import Core
from quell.app.door import QUEUED_EVENTS, Door
from quell.app.parts import clock
from quell.errors import QuellError, StorageError
from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.evidence import keepsake
from quell.evidence.scrape import ScrapeSource
from quell.gateway.rest import Lab
from quell.incident import events as ev
from quell.incident.events import SYSTEM_STREAM, Event
from quell.ingest.fold import Fold
from quell.settings import Settings

logger = structlog.get_logger()

LOG_FILE = "log.db"
WINDOW_FILE = "window.npz"
WINDOW_KEPT_S = 900.0
WINDOW_EVERY_S = 10.0
LOOK_EVERY_S = 1.0
REVIVE_EVERY_S = 15.0
FOLDED_AT_ONCE = 50
"""Events that are shown in one go; after so many everything else has its turn, however long a batch is."""


class Quell:
    """The running whole. `open` builds and starts it; `close` ends it in the reverse order."""

    core: Core
    door: Door
    log: SqliteEventLog

    def __init__(self, settings: Settings) -> None:
        """Build nothing yet: `open` is the way in."""
        self.settings, self.started_at = settings, clock()
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with an error when a part that must run for ever has ended."""

    @classmethod
    async def open(cls, settings: Settings, *, lab: Lab | None = None) -> Self:
        """
        Build and start everything.

        Args:
            lab: the lab that runs beside, for the button that starts a drill.

        Raises: StorageError, ConfigError.
        """
        quell = cls(settings)
        try:
            await quell._open(lab)
        except BaseException:
            await quell._stack.aclose()
            raise
        return quell

    async def _open(self, lab: Lab | None) -> None:
        folder = self.settings.data_dir
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        client = await self._stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        self.log = await SqliteEventLog.open(folder / LOG_FILE, clock=clock, queue_events=QUEUED_EVENTS)
        self._stack.push_async_callback(self.log.close)
        self.core = Core(self.settings, self.log, client, source_changed=self._source_changed)
        past = await self.core.fold_past()
        self.door = Door(self.core, self.log, started_at=self.started_at, lab=lab)
        await self._start(past)

    async def _start(self, past: Fold) -> None:
        core = self.core
        await self._remember()
        await core.intake.start(past)
        await core.reconcile()
        recovered = await core.engine.launch()
        self._stack.push_async_callback(core.engine.stop)
        started = ev.ProcessStarted(version=__version__, epoch=self.log.epoch, recovered=recovered)
        await self.log.append([Write(stream=SYSTEM_STREAM, events=[started])])
        self._spawn(self._follow(past.position), "follow")
        self._start_responses(past.position)
        self._spawn(core.intake.follow(), "intake")
        self._spawn(core.intake.keep_time(), "intake_time")
        self._spawn(self._look_around(), "health")
        if core.standing is not None:
            self._spawn(core.standing.run(), "watch")
        self._spawn(self._revive(), "revive")
        if core.scrape is not None:
            self._spawn(core.scrape.run(), "scrape")
            self._spawn(self._keep_window(core.scrape), "window")
        self._spawn(core.topology.keep(), "topology")
        self._stack.push_async_callback(self._stop_tasks)

    async def _remember(self) -> None:
        """Take up what was scraped before: alerts are grouped by it, and responses go on with it, from the start."""
        if self.core.scrape is not None:
            kept = await asyncio.to_thread(keepsake.read, self.settings.data_dir / WINDOW_FILE)
            if self.core.scrape.restore(kept):
                await self.core.topology.look(back_s=WINDOW_KEPT_S)

    def _start_responses(self, after: int) -> None:
        """Start what earlier processes left to be started, and what follows from new events."""
        core = self.core
        core.catch_up()
        core.looking.hasten("Quell started again")
        self._spawn(self._trigger(after), "triggers")
        self._spawn(core.triggers.run(), "what follows")
        self._spawn(core.queue.run(), "responses")
        self._spawn(core.looking.run(), "looks")

    async def _trigger(self, after: int) -> None:
        async for batch in self.log.subscribe(after=after):
            for record in batch:
                self.core.triggers.take(record)

    async def _follow(self, after: int) -> None:
        """Keep everything that is folded up to date, show it, and wake who waits."""
        core = self.core
        async for batch in self.log.subscribe(after=after):
            for start in range(0, len(batch), FOLDED_AT_ONCE):
                part = batch[start : start + FOLDED_AT_ONCE]
                # No await from here to `publish`: a snapshot and its offset must agree.
                self.door.broadcaster.publish(core.models.apply_all(part), part)
                core.fold(part)
                for record in part:
                    core.watch.notify(record)
                await asyncio.sleep(0)

    async def _revive(self) -> None:
        """Take up responses that stand still, now and then, and start what the log wants and nobody has started."""
        while True:
            await asyncio.sleep(REVIVE_EVERY_S)
            self.core.catch_up()
            try:
                revived = await self.core.engine.revive()
            except StorageError as error:
                logger.warning("workflows_unreadable", error=str(error))
                continue
            if revived:
                logger.warning("responses_taken_up_again", count=revived)

    async def _look_around(self) -> None:
        """Look at every part of Quell again and again, so that what is degraded is seen without asking."""
        while True:
            await self.door.broadcaster.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _keep_window(self, scrape: ScrapeSource) -> None:
        """Write what was scraped to disk now and then: what is normal must survive a restart in mid-incident."""
        path = self.settings.data_dir / WINDOW_FILE
        while True:
            await asyncio.sleep(WINDOW_EVERY_S)
            try:
                await asyncio.to_thread(keepsake.write, path, scrape.keep(seconds=WINDOW_KEPT_S))
            except OSError as error:
                logger.warning("window_not_kept", path=str(path), error=str(error))

    def _source_changed(self, source: str, ok: bool, reason: str, detail: str) -> None:
        """Record that a source began to fail, or answers again."""
        event: Event = (
            ev.SourceRecovered(source=source, after_s=0.0)
            if ok
            else ev.SourceFailed(source=source, reason=reason, detail=detail)
        )
        self._spawn(self._record(event), f"source {source}", must_run=False)

    async def _record(self, event: Event) -> None:
        try:
            await self.log.append([Write(stream=SYSTEM_STREAM, events=[event])])
        except QuellError as error:
            logger.error("not_recorded", event=type(event).__name__, error=str(error))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str, *, must_run: bool = True) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(lambda done: self._ended(done, must_run))

    def _ended(self, task: asyncio.Task[None], must_run: bool) -> None:
        self._tasks.remove(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("part_failed", part=task.get_name(), error=f"{type(error).__name__}: {error}")
        if error is not None and must_run and not self.failed.done():
            self.failed.set_exception(error)

    async def _stop_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop where everything stands: what was acknowledged is durable, what runs goes on at the next start."""
        await self._stack.aclose()

    async def drain(self) -> None:
        """Send live clients away with "come back" before the process ends."""
        await self.door.live.drain()
        with contextlib.suppress(QuellError):
            await self.log.append([Write(stream=SYSTEM_STREAM, events=[ev.ProcessStopped(reason="told to stop")])])
