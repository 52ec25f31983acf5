"""The adapters: built from settings here, and named nowhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial

import httpx
import structlog

from quell.actions.action import Action
from quell.actions.hosts import AllowedHosts
from quell.actions.http import HttpAction
from quell.actions.policy import Policy, PolicyRule
from quell.actions.process import (
    ClearDisk,
    FlagSwitch,
    FlushCache,
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    StopNeighbour,
    SupervisorClient,
    SwitchFlag,
)
from quell.agents.case import Limits
from quell.app import vendors, webhooks
from quell.app.combining import all_of
from quell.errors import ConfigError, QuellError
from quell.eventlog.projections.earned import EarnedAutonomy, KindOf
from quell.eventlog.projections.models import SERVICE, ReadModels
from quell.evidence.changes import ChangeLogSource
from quell.evidence.indicatorqueries import QUERIES
from quell.evidence.logfiles import LogFileSource
from quell.evidence.otlp.rows import RowLimits
from quell.evidence.otlp.source import OtlpSource
from quell.evidence.prometheus import Mapped, PrometheusSource
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import EvidenceSource, Scope
from quell.incident.alert import Severity
from quell.incident.correlation import CorrelationRules
from quell.incident.events import Autonomy, EvidenceKind, Window
from quell.incident.severity import plain_word
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.bounds import AlertBounds
from quell.ingest.proof import BearerToken, Proof, Signature
from quell.ingest.simple import SimpleAlerts
from quell.ingest.source import AlertSource
from quell.settings import Sender, Settings
from quell.settings.telemetry import Prometheus, Target

logger = structlog.get_logger()


def clock() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def senders(settings: Settings) -> dict[str, AlertSource]:
    """Return a reader for each source of alerts that the settings name."""
    bounds = AlertBounds(alerts=settings.ingest.alerts_per_body)
    severities = {plain_word(word): Severity(known) for word, known in settings.ingest.severities.items()}
    kinds: dict[str, type[Alertmanager] | type[SimpleAlerts]] = {
        "alertmanager": Alertmanager,
        "grafana": Alertmanager,
        "simple": SimpleAlerts,
    }
    return {
        name: kinds[sender.kind](name=name, proofs=_proofs(sender), bounds=bounds, severities=severities)
        for name, sender in settings.ingest.senders.items()
    }


def _proofs(sender: Sender) -> list[Proof]:
    proofs: list[Proof] = []
    if sender.token is not None:
        proofs.append(BearerToken(sender.token.get_secret_value()))
    if sender.hmac_secret is not None:
        proofs.append(Signature(sender.hmac_secret.get_secret_value(), clock=clock))
    return proofs


def evidence_sources(
    settings: Settings, client: httpx.AsyncClient, report: Callable[[str, bool, str, str], None]
) -> tuple[ScrapeSource | None, list[EvidenceSource]]:
    """Return the source that scrapes, if there is anything to scrape, and all sources."""
    wanted, found = settings.evidence, list[EvidenceSource]()
    scrape = None
    if wanted.targets:
        scrape = ScrapeSource(
            all_of(partial(scrape_target, number, target) for number, target in enumerate(wanted.targets)),
            client,
            clock=time.time,
            interval_s=wanted.scrape_interval_s,
            keep_s=wanted.scrape_keep_s,
            on_state_change=report,
        )
        found.append(scrape)
    if wanted.prometheus is not None:
        found.append(prometheus(wanted.prometheus, client))
    if wanted.logs:
        found.append(LogFileSource(wanted.logs))
    if wanted.changes is not None:
        found.append(ChangeLogSource(wanted.changes))
    found += vendors.sources(wanted, client)
    return scrape, found


def prometheus(wanted: Prometheus, client: httpx.AsyncClient) -> PrometheusSource:
    """
    Return the source that asks a Prometheus.

    Raises: ConfigError: a query is for a series that agents do not read.
    """
    if unknown := sorted(set(wanted.queries) - set(QUERIES)):
        raise ConfigError(f"evidence.prometheus.queries: no series {', '.join(unknown)}; known: {', '.join(QUERIES)}")
    queries = {
        name: replace(query, promql=wanted.queries.get(name, query.promql))
        for name, query in QUERIES.items()
        if wanted.queries.get(name, query.promql).strip()
    }
    return PrometheusSource(
        wanted.url,
        client,
        clock=time.time,
        mapped=Mapped(service_labels=wanted.service_labels, peer_labels=wanted.peer_labels, queries=queries),
        step_s=wanted.step_s,
        span_s=wanted.span_s,
        timeout_s=wanted.timeout_s,
        headers=vendors.credentials(wanted),
    )


def scrape_target(number: int, wanted: Target) -> ScrapeTarget:
    """Return an endpoint to watch. Raises: ConfigError: its authority cannot be read."""
    return ScrapeTarget(
        service=wanted.service,
        url=wanted.url,
        headers=vendors.credentials(wanted),
        trusted=vendors.trusted(f"evidence.targets.{number}.ca_file", wanted.url, wanted.ca_file),
    )


def otlp_source(settings: Settings) -> OtlpSource | None:
    """
    Return the source of what exporters push, or None when nothing may be pushed.

    It goes last: a series that is scraped as well is read from what was scraped, which no sampling has thinned.
    """
    wanted = settings.evidence.otlp
    if not wanted.enabled:
        return None
    limits = RowLimits(rows=wanted.items_per_body)
    return OtlpSource(clock=time.time, keep_s=wanted.keep_s, max_bytes=wanted.max_bytes, limits=limits)


def actions(settings: Settings, client: httpx.AsyncClient, callers: Callable[[str], list[str]]) -> dict[str, Action]:
    """Return every action that the settings allow Quell to know."""
    found: list[Action] = []
    if settings.actions.supervisor is not None:
        wanted = settings.actions.supervisor
        supervisor = SupervisorClient(client, wanted.url, wanted.token.get_secret_value(), settings.actions.timeout_s)
        switches = [FlagSwitch(flag=one.flag, values=one.values, dependency=one.dependency) for one in wanted.switches]
        found += [
            Restart(supervisor, callers=callers),
            RollBack(supervisor, callers=callers),
            RollBackConfig(supervisor, callers=callers),
            ScalePool(supervisor, callers=callers),
            SwitchFlag(supervisor, switches=switches, callers=callers),
            FlushCache(supervisor, callers=callers),
            ClearDisk(supervisor, callers=callers),
            StopNeighbour(supervisor, callers=callers),
        ]
    hosts = AllowedHosts(settings.actions.allowed_hosts)
    found += [HttpAction(spec, client, hosts) for spec in webhooks.specs(settings)]
    return {action.name: action for action in found}


def policy(settings: Settings, earned: EarnedAutonomy | None = None) -> Policy:
    """Return what Quell may do by itself."""
    rules = [
        PolicyRule(
            action=rule.action,
            service=rule.service,
            autonomy=Autonomy.AUTO if rule.autonomy == "earned" else Autonomy(rule.autonomy),
            earned=rule.autonomy == "earned",
        )
        for rule in settings.policy.rules
    ]

    def standing(action: str, service: str) -> tuple[Autonomy, str]:
        assert earned is not None, "asked only where there is one"
        found = earned.standing(action, service)
        return found.level, found.says

    def overridden(action: str, service: str) -> Autonomy | None:
        return earned.standing(action, service).override if earned is not None else None

    default = Autonomy(settings.policy.default)
    standings = standing if earned is not None else None
    return Policy(rules, default=default, standing=standings, overridden=overridden)


def kind_of(settings: Settings) -> KindOf:
    """Return what tells the kind of a service: the first pattern of the settings that matches."""
    kinds = tuple(settings.policy.kinds.items())
    return lambda service: next((kind for pattern, kind in kinds if fnmatchcase(service, pattern)), SERVICE)


def correlation_rules(settings: Settings) -> CorrelationRules:
    """Return the numbers behind grouping."""
    wanted = settings.correlation
    name, _, value = wanted.drill_label.partition("=")
    return CorrelationRules(
        window_s=wanted.window_s,
        threshold=wanted.threshold,
        reopen_s=wanted.reopen_s,
        settle_s=min(wanted.settle_s, wanted.reopen_s),
        flap_changes=wanted.flapping_changes,
        flap_s=wanted.flapping_window_s,
        labels=wanted.labels,
        drill_label=(name, value) if name else None,
    )


def limits(settings: Settings) -> Limits:
    """Return what is out of range whatever the past was."""
    return Limits(error_ratio=settings.limits.error_ratio, full=settings.limits.full)


def open_on(models: ReadModels, incident_id: str) -> Mapping[str, str]:
    """Return of each service the incident that is open on it, the one that it is named by first; not an id's own."""
    rows = [row for row in models.board.open_summaries() if row.id != incident_id]
    touched = {service: row.id for row in reversed(rows) for service in row.services}
    return {**touched, **{row.service: row.id for row in reversed(rows) if row.service}}


class Topology:
    """Which service calls which: what the settings say, and what telemetry showed lately."""

    def __init__(self, fixed: tuple[tuple[str, str], ...], sources: Sequence[EvidenceSource]) -> None:
        """
        Begin with what the settings say.

        Args:
            sources: asked again and again, as far as they know who calls whom.
        """
        self._fixed = frozenset(fixed)
        self._sources = sources
        self._silent: dict[str, str] = {}
        self.edges: frozenset[tuple[str, str]] = self._fixed
        self.as_of: datetime | None = None

    async def keep(self, every_s: float = 5.0) -> None:
        """Look again and again; an edge once seen stays, as services that fail are called less."""
        while self._sources:
            await asyncio.sleep(every_s)
            await self.look()

    async def look(self, back_s: float = 60.0) -> None:
        """Take in who called whom lately."""
        now = clock()
        window = Window(start=now - timedelta(seconds=back_s), end=now)
        for source in self._sources:
            if EvidenceKind.TOPOLOGY not in source.kinds:
                continue
            try:
                seen = await source.collect(Scope(kinds=(EvidenceKind.TOPOLOGY,)), window)
            except QuellError as error:
                if self._silent.get(source.name) != error.reason:
                    logger.warning("topology_unknown", source=source.name, error=str(error))
                self._silent[source.name] = error.reason
                continue
            self._silent.pop(source.name, None)
            self.edges = self.edges | frozenset(seen.edges)
            self.as_of = now

    def callers(self, service: str) -> list[str]:
        """Return the services that call one, by name."""
        return sorted({caller for caller, callee in self.edges if callee == service})
