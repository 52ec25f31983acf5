"""
What decides and acts: every object of it is built here, once, in one straight line. Nothing of it runs yet.

    log ─► read models        alerts ─► intake ─► log
        ├► history, watch (wakes who waits), intake (its own fold)
        └► triggers ─► queue ─► engine ─► response ─► agents, actions ─► log
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import structlog

from quell.agents.learning import SiteCalibration
from quell.agents.resolution import Means, action_barred, run_barred
from quell.agents.team import Team
from quell.agents.verification import Patience
from quell.app import parts, runbooks, watching
from quell.app.parts import Topology, clock
from quell.app.watching import StandingWatch, WatchLimits
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import EventLog, Recorded
from quell.eventlog.projections.faults import DisplayFaults
from quell.eventlog.projections.history import History
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.projections.prevention import WATCH
from quell.gateway.outcomes import OutcomeDesk
from quell.incident import events as ev
from quell.incident.events import Phase
from quell.incident.look_again import RHYTHM
from quell.ingest.fold import Fold
from quell.ingest.intake import Intake, IntakeLimits
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

WORKFLOW_FILE = "workflows.db"
PAGE = 2_000

SourceChanged = Callable[[str, bool, str, str], None]
"""Told of a source by name: whether it answers, and if not, the reason and its detail."""


class Core:
    """The objects between the log and the world."""

    def __init__(
        self, settings: Settings, log: EventLog, client: httpx.AsyncClient, *, source_changed: SourceChanged
    ) -> None:
        """Build all of them. Raises: StorageError, ConfigError."""
        self.settings, self.log = settings, log
        self._build_folds()
        self.scrape, self.sources = parts.evidence_sources(settings, client, source_changed)
        self.otlp = parts.otlp_source(settings)
        if self.otlp is not None:
            self.sources.append(self.otlp)
        self.topology = Topology(settings.evidence.edges, self.sources)
        self.actions = parts.actions(settings, client, self.topology.callers)
        self.policy, self.shelf = parts.policy(settings, self.models.earned), runbooks.shelf(settings)
        self.runbooks = runbooks.in_use(self.shelf)
        self._build_intake()
        self.team = self._team()
        self._build_workflow()
        self.standing = self._standing_watch()

    def _build_folds(self) -> None:
        kind_of, drills = parts.kind_of(self.settings), self.settings.lab.enabled
        self.incidents = Incidents(self.log)
        self.faults = DisplayFaults(_display_failed)
        self.history = History(kind_of)
        self.models = ReadModels(kind_of=kind_of, earn_by_drills=drills, faults=self.faults)
        shown = Origin.DRILL if drills else Origin.REAL
        self.outcomes = OutcomeDesk(self.log, clock=clock, shown=shown, kept=self.settings.outcomes.exact)
        self.calibrations = SiteCalibration(drills=drills)
        self.watch = Watch(self.incidents, clock)
        self.pending_take_backs = PendingTakeBacks()

    def _build_intake(self) -> None:
        self._secret = watching.new_secret()
        self._rules = parts.correlation_rules(self.settings)
        self.intake = Intake(
            self.log,
            {**parts.senders(self.settings), WATCH: watching.source(self._secret)},
            limits=IntakeLimits(),
            rules=self._rules,
            topology=lambda: self.topology.edges,
            clock=clock,
        )

    def _team(self) -> Team:
        response = self.settings.response
        return Team(
            self.sources,
            clock=clock,
            disturbed=self.history.disturbed,
            means=self._means,
            patience=Patience(within_s=response.verify_within_s, steady=response.steady_readings),
            calibration=self._calibration,
            similar=self.history.similar,
            occurrences=self.history.occurrences,
            believed=response.believed,
            limits=parts.limits(self.settings),
            edges=lambda: self.topology.edges,
            open_on=lambda incident_id: parts.open_on(self.models, incident_id),
        )

    def _build_workflow(self) -> None:
        response = self.settings.response
        rhythm = RHYTHM.at_most(response.look_again_s)
        self.engine = DbosEngine(self.settings.data_dir / WORKFLOW_FILE, self._respond)
        self.turns = Turns(response.at_once)
        self.queue = StartQueue(self.engine.start, self._cannot_run, at_once=response.at_once)
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
            approval_s=response.approval_s,
            barred=self._barred,
            concerned=self.models.board.concerned,
            rhythm=rhythm,
        )
        self.looking = Looking(self.incidents, self.team, clock=clock, rhythm=rhythm, telemetry=self._telemetry)
        self.triggers = Triggers(self.incidents, self.queue, self.looking, self.turns, start=self.engine.start)
        self.take_back = TakeBackParts(incidents=self.incidents, actions=self.actions)
        self.out_of_step = ""
        """How the store of workflows and the log differed at the start, and what was done about it."""

    def _standing_watch(self) -> StandingWatch | None:
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
            secret=self._secret,
            limits=limits,
        )

    async def fold_past(self) -> Fold:
        """Fold what earlier processes recorded, for all that is shown and for intake; return what is intake's."""
        intake = Fold(self._rules)
        while page := await self.log.read(after=intake.position, limit=PAGE):
            self.fold(page)
            self.models.apply_all(page)
            intake.take(page)
        return intake

    def fold(self, records: list[Recorded]) -> None:
        """Take events into the past that agents ask of, and into the figures that are only shown."""
        for record in records:
            self.history.apply(record)
            self.pending_take_backs.apply(record)
            with self.faults.contain("outcomes", record.position):
                self.outcomes.take(record)

    async def reconcile(self) -> None:
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

    def catch_up(self) -> None:
        """Start what incidents lack, as they stand."""
        self.triggers.catch_up(self.models.board.unfinished())
        self.triggers.start_take_backs(self.pending_take_backs.workflows)

    async def _respond(self, step: Step, workflow: str) -> str:
        if is_take_back(workflow):
            return await take_back(step, TakeBackWork(self.take_back, workflow))
        with self.queue.under_way(response_of(workflow)):
            return await respond(step, ResponseWork(self.response, workflow))

    async def _cannot_run(self, response: str) -> None:
        """Ask for a person where a response cannot be run."""
        logger.error("response_cannot_run", response=response)
        work = ResponseWork(self.response, response)
        if await work.begin() == "begun":
            await work.give_up("it was begun again and again, and broke every time")

    def _telemetry(self) -> frozenset[str]:
        return frozenset(f"{kind} of {source.name}" for source in self.sources for kind in source.kinds)

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


def _display_failed(part: str, position: int, error: Exception) -> None:
    """Log a fault in what is only shown, with where it was raised."""
    logger.error("not_shown", part=part, position=position, error=repr(error), exc_info=error)
