"""Whether Quell can be run as the settings say: the start, the check and the doctor ask it before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import partial

import httpx

from quell.app import parts, runbooks, vendors, webhooks
from quell.app.combining import all_of
from quell.errors import ConfigError
from quell.eventlog.projections.prevention import WATCH
from quell.settings import Settings
from quell.settings.telemetry import Evidence


def accept(settings: Settings) -> None:
    """
    Build what the settings name, use none of it, and look at whether it makes sense together.

    Raises: ConfigError: a line for each fault that can be found.
    """
    # Nobody is called with it: sources only want to hold one.
    client = httpx.AsyncClient(trust_env=False)
    checks: list[Callable[[], object]] = [
        settings.access_token,
        partial(parts.correlation_rules, settings),
        partial(check_senders, settings),
        partial(check_policy, settings),
        partial(check_verification, settings),
        *_sources(settings.evidence, client),
        partial(runbooks.shelf, settings),
        partial(webhooks.check_calls, settings),
    ]
    all_of(checks)


def _sources(wanted: Evidence, client: httpx.AsyncClient) -> Iterator[Callable[[], object]]:
    """Yield what builds each source."""
    yield from (partial(parts.scrape_target, number, target) for number, target in enumerate(wanted.targets))
    if wanted.prometheus is not None:
        yield partial(parts.prometheus, wanted.prometheus, client)
    yield from vendors.builders(wanted, client)


def check_senders(settings: Settings) -> None:
    """Check the sources of alerts. Raises: ConfigError."""
    parts.senders(settings)
    names = settings.ingest.senders
    if WATCH in names:
        raise ConfigError(f"ingest.senders.{WATCH}: Quell's own watch has that name: call it otherwise")
    if not names and not settings.watch.enabled:
        raise ConfigError("ingest.senders is empty and watch.enabled is false: nothing could ever open an incident")


def check_policy(settings: Settings) -> None:
    """Check that each rule can count for an action that there could be. Raises: ConfigError."""
    rules = settings.policy.rules
    known = sorted(runbooks.vocabulary(settings).actions)
    faults = [
        f"policy.rules.{number}.action: no action {rule.action!r}; known: {', '.join(known)}"
        for number, rule in enumerate(rules)
        if not any(fnmatchcase(name, rule.action) for name in known)
    ]
    for number, rule in enumerate(rules):
        for before, other in enumerate(rules[:number]):
            if other.action in ("*", rule.action) and other.service in ("*", rule.service):
                faults.append(
                    f"policy.rules.{number}: never counts, as policy.rules.{before} (action {other.action}, service "
                    f"{other.service}) comes first and matches all that it matches"
                )
                break
    if faults:
        raise ConfigError(*faults)


def check_verification(settings: Settings) -> None:
    """Check that a service that recovers can be seen to, or a right fix would be taken back. Raises: ConfigError."""
    within_s, steady = settings.response.verify_within_s, settings.response.steady_readings
    prometheus = settings.evidence.prometheus
    faults = []
    if steady > within_s:
        faults.append(
            f"response.steady_readings is {steady} and response.verify_within_s {within_s:g}: "
            "there is at most one reading a second, so nothing could ever be seen to recover"
        )
    if prometheus is not None and prometheus.span_s >= within_s:
        faults.append(
            f"evidence.prometheus.span_s is {prometheus.span_s:g} and response.verify_within_s {within_s:g}: rates "
            "would show the time before a fix until verification ends; verify_within_s must be more than span_s"
        )
    if faults:
        raise ConfigError(*faults)
