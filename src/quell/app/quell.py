"""
The composition root: every object is built here, once, in one straight line.

    log ─► read models ─► REST, channels
        ├► history, watch (wakes who waits), intake (its own fold)
        └► triggers ─► queue ─► engine ─► response ─► agents, actions ─► log
    alerts ─► intake ─► log          a person's click ─► commands ─► log
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import httpx
import structlog
from starlette.types import Scope

from quell import __version__
from quell.agents.learning import SiteCalibration
from quell.agents.resolution import Means, action_barred, run_barred
from quell.agents.team import Team
from quell.agents.verification import Patience
from quell.app import openfiles, parts, runbooks, watching
from quell.app.openapi import describe_ingest
from quell.app.parts import Topology, clock
from quell.app.watching import StandingWatch, WatchLimits
from quell.errors import QuellError, StorageError
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import Recorded, Write
from quell.eventlog.projections.faults import DisplayFaults
from quell.eventlog.projections.history import History
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.prevention import WATCH
from quell.eventlog.projections.sources import TopologyView, topology_view
from quell.eventlog.sqlite import SqliteEventLog
from quell.evidence import keepsake
from quell.evidence.scrape import ScrapeSource
from quell.gateway.admission import Admission, AdmissionLimits
from quell.gateway.bounds import Bounds
from quell.gateway.broadcast import Broadcaster
from quell.gateway.commands import Commands
from quell.gateway.front import FrontDoor
from quell.gateway.health import Health, display_probe, queue_probe, sockets_probe, unknown_probe, workflow_probe
from quell.gateway.ingest_http import IngestEndpoint, IngestFirst, IngestLimits
from quell.gateway.lines import Lines
from quell.gateway.live import Hub
from quell.gateway.metrics import Metrics
from quell.gateway.otlp_http import OtlpEndpoint, OtlpLimits, otlp_routes
from quell.gateway.outcomes import OutcomeDesk
from quell.gateway.pages import OrNoApi, Pages
from quell.gateway.principal import Caller, caller_of
from quell.gateway.rest import About, Lab, create_app, create_rest
from quell.gateway.rest.runbooks import RunbookRoutes
from quell.incident import events as ev
from quell.incident.events import SYSTEM_STREAM, Event, Phase
from quell.incident.look_again import RHYTHM
from quell.ingest.fold import Fold
from quell.ingest.intake import Intake, IntakeLimits
from quell.ingest.proof import BearerToken
from quell.outcomes.record import Origin
from quell.settings import Settings
from quell.signals.calibration import Calibration
from quell.workflow.dbos import DbosEngine
from quell.workflow.engine import Step
from quell.workflow.looking import Looking
from quell.workflow.names import is_take_back, response_of
from quell.workflow.phases import PhaseRunner
from quell.workflow.queue import StartQueue, Turns
from quell.workflow.reconcile import reconcile
from quell.workflow.response import respond
from quell.workflow.takeback import PendingTakeBacks, TakeBackParts, TakeBackWork, take_back
from quell.workflow.triggers import Triggers
from quell.workflow.waiting import Watch
from quell.workflow.work import ResponseParts, ResponseWork

logger = structlog.get_logger()

LOG_FILE = "log.db"
WORKFLOW_FILE = "workflows.db"
WINDOW_FILE = "window.npz"
WINDOW_KEPT_S = 900.0
WINDOW_EVERY_S = 10.0
DASHBOARD = Path(__file__).parents[1] / "dashboard"
QUEUED_EVENTS = 50_000
LOOK_EVERY_S = 1.0
REVIVE_EVERY_S = 15.0
FOLDED_AT_ONCE = 50
"""Events that are shown in one go; after so many everything else has its turn, however long a batch is."""


class Quell:
    """The running whole. `open` builds and starts it; `close` ends it in the reverse order."""

    def __init__(self) -> None:
        """Build nothing yet: `open` is the way in."""
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
        quell = cls()
        try:
            await quell._open(settings, lab)
        except BaseException:
            await quell._stack.aclose()
            raise
        return quell

    async def _open(self, settings: Settings, lab: Lab | None) -> None:
        self.settings, self.started_at = settings, clock()
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.client = await self._stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        self.log = await SqliteEventLog.open(settings.data_dir / LOG_FILE, clock=clock, queue_events=QUEUED_EVENTS)
        self._stack.push_async_callback(self.log.close)
        self.incidents = Incidents(self.log)
        self.faults = DisplayFaults(_display_failed)
        kind_of, drills = parts.kind_of(settings), settings.lab.enabled
        self.history = History(kind_of)
        self.models = ReadModels(kind_of=kind_of, earn_by_drills=drills, faults=self.faults)
        shown = Origin.DRILL if settings.lab.enabled else Origin.REAL
        self.outcomes = OutcomeDesk(self.log, clock=clock, shown=shown, kept=settings.outcomes.exact)
        self.calibrations = SiteCalibration(drills=settings.lab.enabled)
        self.watch = Watch(self.incidents, clock)

        self.scrape, self.sources = parts.evidence_sources(settings, self.client, self._source_changed)
        self.otlp = parts.otlp_source(settings)
        if self.otlp is not None:
            self.sources.append(self.otlp)
        self.topology = Topology(settings.evidence.edges, self.sources)
        self.actions = parts.actions(settings, self.client, self.topology.callers)
        self.policy, self.shelf = parts.policy(settings, self.models.earned), runbooks.shelf(settings)
        self.runbooks = runbooks.in_use(self.shelf)
        secret, rules = watching.new_secret(), parts.correlation_rules(settings)
        self.intake = Intake(
            self.log,
            {**parts.senders(settings), WATCH: watching.source(secret)},
            limits=IntakeLimits(),
            rules=rules,
            topology=lambda: self.topology.edges,
            clock=clock,
        )
        patience = Patience(within_s=settings.response.verify_within_s, steady=settings.response.steady_readings)
        self.team = Team(
            self.sources,
            clock=clock,
            disturbed=self.history.disturbed,
            means=self._means,
            patience=patience,
            calibration=self._calibration,
            similar=self.history.similar,
            occurrences=self.history.occurrences,
            believed=settings.response.believed,
            limits=parts.limits(settings),
            edges=lambda: self.topology.edges,
            open_on=lambda incident_id: parts.open_on(self.models, incident_id),
        )
        rhythm = RHYTHM.at_most(settings.response.look_again_s)
        self.engine = DbosEngine(settings.data_dir / WORKFLOW_FILE, self._respond)
        self.turns = Turns(settings.response.at_once)
        self.queue = StartQueue(self.engine.start, self._cannot_run, at_once=settings.response.at_once)
        runner = PhaseRunner(
            self.incidents, clock=clock, expected_s=self._expected_s, turns=self.turns, aside=self.queue.aside
        )
        self.response = ResponseParts(
            incidents=self.incidents,
            runner=runner,
            watch=self.watch,
            agents=self.team,
            actions=self.actions,
            clock=clock,
            approval_s=settings.response.approval_s,
            barred=self._barred,
            concerned=self.models.board.concerned,
            rhythm=rhythm,
        )
        looking = Looking(self.incidents, self.team, clock=clock, rhythm=rhythm, telemetry=self._telemetry)
        self.looking = looking
        self.triggers = Triggers(self.incidents, self.queue, looking, self.turns, start=self.engine.start)
        self.take_back = TakeBackParts(incidents=self.incidents, actions=self.actions)
        self.out_of_step = ""
        self.standing = self._standing_watch(secret)

        self.pending_take_backs = PendingTakeBacks()
        past = await self._fold_past(Fold(rules))
        self.files = files_for(settings)
        limits = AdmissionLimits(
            connections=self.files.http,
            # One address alone must not keep all others out.
            waiting_per_address=min(settings.http.waiting_per_address, max(1, self.files.http // 2)),
        )
        self.admission = Admission(limits)
        bounds = Bounds(connections=self.files.live)
        self.hub = Hub(epoch=uuid.uuid4().hex, server=__version__, bounds=bounds, now=clock)
        probes = (
            queue_probe(lambda: self.log.events_waiting, bound=QUEUED_EVENTS),
            display_probe(self.faults),
            unknown_probe(self.models.unknown),
            workflow_probe(
                running=lambda: self.engine.running,
                waiting=lambda: self.queue.waiting + self.turns.waiting,
                at_once=settings.response.at_once,
                mended=lambda: self.out_of_step,
            ),
            sockets_probe(self.hub),
        )
        self.health = Health(self.models, self.log, clock=clock, sources=self.sources, probes=probes)
        self.broadcaster = Broadcaster(
            self.hub, self.models, self.health, log_epoch=self.log.epoch, outcomes=self.outcomes
        )
        self.commands = Commands(self.log, self.incidents, clock=clock)
        self.asgi = self._front(lab)
        self.live = Lines(self.hub, commands=self.commands.run, admit=self._admit, packs=settings.live.compress)
        await self._start(past)

    def _standing_watch(self, secret: str) -> StandingWatch | None:
        """Return the watch, or None when the settings want none."""
        wanted = self.settings.watch
        if not wanted.enabled:
            return None
        # In the lab whatever happens is a drill, what the watch finds too.
        name, _, value = self.settings.correlation.drill_label.partition("=")
        limits = WatchLimits(
            every_s=wanted.every_s,
            horizon_s=wanted.horizon_s,
            trouble_looks=max(2, round(wanted.trouble_s / wanted.every_s)),
            absolute=parts.limits(self.settings),
        )
        return StandingWatch(
            self.sources,
            self.intake,
            self.incidents,
            self.models,
            clock=clock,
            disturbed=self.history.disturbed,
            labels={name: value} if self.settings.lab.enabled and name else {},
            secret=secret,
            limits=limits,
        )

    def _front(self, lab: Lab | None) -> FrontDoor:
        """Return everything that answers over HTTP and WebSocket, behind the front door."""
        settings = self.settings
        otlp = self._otlp_endpoint()
        metrics = Metrics(
            self.models,
            self.log,
            hub=self.hub,
            queued=lambda: self.log.events_waiting,
            otlp=otlp,
            admission=self.admission,
        )
        environment = "lab" if settings.lab.enabled else "live"
        router = create_rest(
            models=self.models,
            log=self.log,
            commands=self.commands,
            health=self.health,
            metrics=metrics,
            about=About(version=__version__, started_at=self.started_at, environment=environment),
            clock=clock,
            lab=lab,
            topology=self._topology_view,
            outcomes=self.outcomes,
            runbooks=RunbookRoutes(self.shelf, self.history.all_records),
        )
        app = create_app(router, version=__version__)
        describe_ingest(app)
        limits = IngestLimits(
            body_bytes=settings.ingest.body_bytes,
            body_s=settings.http.body_s,
            requests_per_s=settings.ingest.requests_per_s,
            burst=2 * settings.ingest.requests_per_s,
        )
        ingest = IngestEndpoint(self.intake, limits=limits, clock=clock, monotonic=time.monotonic)
        app.router.routes.extend(otlp_routes(otlp) if otlp is not None else ())
        app.router.default = OrNoApi(Pages(DASHBOARD))
        return FrontDoor(
            IngestFirst(ingest, app), hosts=(*settings.allowed_hosts, settings.host), token=settings.access_token()
        )

    def _otlp_endpoint(self) -> OtlpEndpoint | None:
        """Return what takes telemetry in, or None when nothing may be pushed."""
        if self.otlp is None:
            return None
        wanted = self.settings.evidence.otlp
        limits = OtlpLimits(
            body_bytes=wanted.body_bytes,
            body_s=self.settings.http.body_s,
            requests_per_s=wanted.requests_per_s,
            burst=2 * wanted.requests_per_s,
        )
        proof = BearerToken(wanted.token.get_secret_value()) if wanted.token is not None else None
        return OtlpEndpoint(self.otlp, limits=limits, proof=proof, record=self._note, monotonic=time.monotonic)

    async def _note(self, source: str, reason: str, detail: str, start: bytes, body_bytes: int) -> None:
        """Keep a body of telemetry that could not be read; its sender is answered all the same when that fails."""
        try:
            await self.intake.note(source, reason, detail, start, body_bytes)
        except QuellError as error:
            logger.warning("body_not_recorded", source=source, error=str(error))

    def _admit(self, scope: Scope) -> Caller:
        return caller_of(scope, self.asgi.check(scope))

    async def _start(self, past: Fold) -> None:
        await self._remember()
        await self.intake.start(past)
        await self._reconcile()
        recovered = await self.engine.launch()
        self._stack.push_async_callback(self.engine.stop)
        started = ev.ProcessStarted(version=__version__, epoch=self.log.epoch, recovered=recovered)
        await self.log.append([Write(stream=SYSTEM_STREAM, events=[started])])
        self._spawn(self._follow(past.position), "follow")
        self._start_responses(past.position)
        self._spawn(self.intake.follow(), "intake")
        self._spawn(self.intake.keep_time(), "intake_time")
        self._spawn(self._look_around(), "health")
        if self.standing is not None:
            self._spawn(self.standing.run(), "watch")
        self._spawn(self._revive(), "revive")
        if self.scrape is not None:
            self._spawn(self.scrape.run(), "scrape")
            self._spawn(self._keep_window(self.scrape), "window")
        self._spawn(self.topology.keep(), "topology")
        self._stack.push_async_callback(self._stop_tasks)

    async def _fold_past(self, intake: Fold) -> Fold:
        """Fold what earlier processes recorded, for all that is shown and for intake; return how far that went."""
        while page := await self.log.read(after=intake.position, limit=2000):
            self._fold(page)
            self.models.apply_all(page)
            intake.take(page)
        return intake

    def _fold(self, records: list[Recorded]) -> None:
        """Take events into the past that agents ask of, and into the figures that are only shown."""
        for record in records:
            self.history.apply(record)
            self.pending_take_backs.apply(record)
            with self.faults.contain("outcomes", record.position):
                self.outcomes.take(record)

    async def _remember(self) -> None:
        """Take up what was scraped before: alerts are grouped by it, and responses go on with it, from the start."""
        if self.scrape is not None:
            kept = await asyncio.to_thread(keepsake.read, self.settings.data_dir / WINDOW_FILE)
            if self.scrape.restore(kept):
                await self.topology.look(back_s=WINDOW_KEPT_S)

    async def _follow(self, after: int) -> None:
        """Keep everything that is folded up to date, show it, and wake who waits."""
        async for batch in self.log.subscribe(after=after):
            for start in range(0, len(batch), FOLDED_AT_ONCE):
                part = batch[start : start + FOLDED_AT_ONCE]
                # No await from here to `publish`: a snapshot and its offset must agree.
                self.broadcaster.publish(self.models.apply_all(part), part)
                self._fold(part)
                for record in part:
                    self.watch.notify(record)
                await asyncio.sleep(0)

    async def _reconcile(self) -> None:
        """Let go of what the engine has under way and the log does not bear out; what it lacks is started later."""
        story = self.models.board.story
        found = reconcile(
            [one for one in await self.engine.unfinished() if not is_take_back(one.workflow_id)],
            [incident for incident in self.models.board.unfinished() if incident.responding],
            lambda incident_id: one.incident if (one := story(incident_id)) else None,
        )
        if found.says:
            self.out_of_step = found.says
            logger.warning("workflows_out_of_step", says=found.says, let_go=found.let_go, begun_anew=found.begun_anew)
        await self.engine.cancel(found.let_go)

    async def _cannot_run(self, response: str) -> None:
        """Ask for a person where a response cannot be run."""
        logger.error("response_cannot_run", response=response)
        work = ResponseWork(self.response, response)
        if await work.begin() == "begun":
            await work.give_up("it was begun again and again, and broke every time")

    def _telemetry(self) -> frozenset[str]:
        return frozenset(f"{kind} of {source.name}" for source in self.sources for kind in source.kinds)

    async def _revive(self) -> None:
        """Take up responses that stand still, now and then, and start what the log wants and nobody has started."""
        while True:
            await asyncio.sleep(REVIVE_EVERY_S)
            self.triggers.catch_up(self.models.board.unfinished())
            self.triggers.start_take_backs(self.pending_take_backs.workflows)
            try:
                revived = await self.engine.revive()
            except StorageError as error:
                logger.warning("workflows_unreadable", error=str(error))
                continue
            if revived:
                logger.warning("responses_taken_up_again", count=revived)

    async def _look_around(self) -> None:
        """Look at every part of Quell again and again, so that what is degraded is seen without asking."""
        while True:
            await self.broadcaster.look()
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

    def _topology_view(self) -> TopologyView:
        return topology_view(tuple(sorted(self.topology.edges)), self.topology.as_of)

    def _start_responses(self, after: int) -> None:
        """Start what earlier processes left to be started, and what follows from new events."""
        self.triggers.catch_up(self.models.board.unfinished())
        self.triggers.start_take_backs(self.pending_take_backs.workflows)
        self.looking.hasten("Quell started again")
        self._spawn(self._trigger(after), "triggers")
        self._spawn(self.triggers.run(), "what follows")
        self._spawn(self.queue.run(), "responses")
        self._spawn(self.looking.run(), "looks")

    async def _trigger(self, after: int) -> None:
        async for batch in self.log.subscribe(after=after):
            for record in batch:
                self.triggers.take(record)

    async def _respond(self, step: Step, workflow: str) -> str:
        if is_take_back(workflow):
            return await take_back(step, TakeBackWork(self.take_back, workflow))
        with self.queue.under_way(response_of(workflow)):
            return await respond(step, ResponseWork(self.response, workflow))

    def _means(self) -> Means:
        response = self.settings.response
        return Means(
            actions=self.actions,
            policy=self.policy,
            runbooks=self.runbooks,
            kind_of=parts.kind_of(self.settings),
            records=self.history.records,
            runs=self.history.runs(),
            verify_within_s=response.verify_within_s,
            steady_s=float(response.steady_readings),
            hold_out=response.hold_out,
        )

    def _barred(self, plan: ev.Plan) -> str:
        """Say what holds a plan back that was made a while ago: settings or runs of its runbook may say so since."""
        return action_barred(plan, self.actions) or run_barred(plan, self.runbooks, self.history.runs(), now=clock())

    def _calibration(self) -> Calibration | None:
        """Return what diagnosis' scores are worth here; None while too few incidents have a known truth."""
        return self.calibrations.of(self.models.accuracy)

    def _expected_s(self, phase: Phase) -> float | None:
        """Return how long a phase usually takes; nobody can say it of a person's answer."""
        return None if phase is Phase.APPROVE else self.models.phase_median(phase)

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
        await self.live.drain()
        with contextlib.suppress(QuellError):
            await self.log.append([Write(stream=SYSTEM_STREAM, events=[ev.ProcessStopped(reason="told to stop")])])


def _display_failed(part: str, position: int, error: Exception) -> None:
    """Log a fault in what is only shown, with where it was raised."""
    logger.error("not_shown", part=part, position=position, error=repr(error), exc_info=error)


def files_for(settings: Settings) -> openfiles.Share:
    """Return how many connections the first process may hold, besides those of its relays."""
    inside = openfiles.RELAY_SOCKETS * (settings.live.processes - 1)
    return openfiles.share(live=settings.live.connections, http=settings.http.connections, inside=inside)
