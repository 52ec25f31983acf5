"""The adapters: built from settings here, and named nowhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import structlog

from quell.actions.action import Action
from quell.actions.catalog import FITS, Fit
from quell.actions.hosts import AllowedHosts
from quell.actions.http import HttpAction, HttpActionSpec, HttpCall
from quell.actions.policy import Policy, PolicyRule
from quell.actions.process import (
    FlagSwitch,
    FlushCache,
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    SupervisorClient,
    SwitchFlag,
)
from quell.errors import ConfigError, QuellError
from quell.evidence.changes import ChangeLogSource
from quell.evidence.logfiles import LogFileSource
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import EvidenceSource, Scope
from quell.incident.correlation import CorrelationRules
from quell.incident.events import Autonomy, Cause, EvidenceKind, Window
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.bounds import AlertBounds
from quell.ingest.proof import BearerToken, Proof, Signature
from quell.ingest.simple import SimpleAlerts
from quell.ingest.source import AlertSource
from quell.settings import Sender, Settings

logger = structlog.get_logger()


def clock() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def senders(settings: Settings) -> dict[str, AlertSource]:
    """Return a reader for each source of alerts that the settings name."""
    bounds = AlertBounds(alerts=settings.ingest.alerts_per_body)
    kinds: dict[str, type[Alertmanager] | type[SimpleAlerts]] = {
        "alertmanager": Alertmanager,
        "grafana": Alertmanager,
        "simple": SimpleAlerts,
    }
    return {
        name: kinds[sender.kind](name=name, proofs=_proofs(sender), bounds=bounds)
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
            [ScrapeTarget(service=target.service, url=target.url) for target in wanted.targets],
            client,
            clock=time.time,
            interval_s=wanted.scrape_interval_s,
            keep_s=wanted.scrape_keep_s,
            on_state_change=report,
        )
        found.append(scrape)
    if wanted.logs:
        found.append(LogFileSource(wanted.logs))
    if wanted.changes is not None:
        found.append(ChangeLogSource(wanted.changes))
    return scrape, found


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
        ]
    hosts = AllowedHosts(settings.actions.allowed_hosts)
    found += [HttpAction(_webhook(settings, name), client, hosts) for name in settings.actions.webhooks]
    return {action.name: action for action in found}


def _webhook(settings: Settings, name: str) -> HttpActionSpec:
    wanted = settings.actions.webhooks[name]
    headers = {"authorization": f"Bearer {wanted.token.get_secret_value()}"} if wanted.token else {}

    def call(url: str | None) -> HttpCall | None:
        if url is None:
            return None
        body = {"service": "{service}"}
        return HttpCall(method=wanted.method, url=url, headers=headers, body=body, timeout_s=settings.actions.timeout_s)

    run = call(wanted.url)
    assert run is not None
    undo = call(wanted.undo_url)
    return HttpActionSpec(
        name=name,
        run=run,
        expected=wanted.expected,
        risk=wanted.risk,
        dry_run=call(wanted.dry_run_url),
        verify=call(wanted.verify_url),
        undo=undo,
        undo_is="a second call takes it back" if undo else "It cannot be taken back.",
    )


def fits(settings: Settings) -> dict[Cause, tuple[Fit, ...]]:
    """
    Return which action can mend which cause: what Quell knows, and what the settings say of webhooks.

    Raises: ConfigError: a webhook names a cause that there is not.
    """
    found = dict(FITS)
    for name, webhook in settings.actions.webhooks.items():
        for word in webhook.causes:
            try:
                cause = Cause(word)
            except ValueError as error:
                known = ", ".join(Cause)
                raise ConfigError(f"actions.webhooks.{name}.causes: no cause {word!r}; known: {known}") from error
            found[cause] = (*found.get(cause, ()), Fit(action=name, why="is what the settings name for it"))
    return found


def policy(settings: Settings) -> Policy:
    """Return what Quell may do by itself."""
    rules = [
        PolicyRule(action=rule.action, service=rule.service, autonomy=Autonomy(rule.autonomy))
        for rule in settings.policy.rules
    ]
    return Policy(rules, default=Autonomy(settings.policy.default))


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


class Topology:
    """Which service calls which: what the settings say, and what telemetry showed lately."""

    def __init__(self, fixed: tuple[tuple[str, str], ...], scrape: ScrapeSource | None) -> None:
        self._fixed = frozenset(fixed)
        self._scrape = scrape
        self.edges: frozenset[tuple[str, str]] = self._fixed
        self.as_of: datetime | None = None

    async def keep(self, every_s: float = 5.0) -> None:
        """Look again and again; an edge once seen stays, as services that fail are called less."""
        while self._scrape is not None:
            await asyncio.sleep(every_s)
            await self.look()

    async def look(self, back_s: float = 60.0) -> None:
        """Take in who called whom lately."""
        if self._scrape is None:
            return
        now = clock()
        window = Window(start=now - timedelta(seconds=back_s), end=now)
        try:
            seen = await self._scrape.collect(Scope(kinds=(EvidenceKind.TOPOLOGY,)), window)
        except QuellError as error:
            logger.warning("topology_unknown", error=str(error))
            return
        self.edges = self.edges | frozenset(seen.edges)
        self.as_of = now

    def callers(self, service: str) -> list[str]:
        """Return the services that call one, by name."""
        return sorted({caller for caller, callee in self.edges if callee == service})
