"""Webhooks of the settings: the actions and runbooks that they are, and what is refused because it could go astray."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations

from quell.actions.catalog import score_of
from quell.actions.hosts import AllowedHosts
from quell.actions.http import HttpActionSpec, HttpCall, changed_by, check_spec
from quell.actions.patterns import common_name, matches_any
from quell.actions.process import CHANGES
from quell.actions.runbook import Entry, Match, Runbook, Step
from quell.errors import ConfigError
from quell.incident.events import Cause, TrackRecord
from quell.settings import Settings, Webhook

ANY = "*"


def specs(settings: Settings) -> Iterator[HttpActionSpec]:
    """Yield the action that each webhook is."""
    for name, webhook in settings.actions.webhooks.items():
        yield _spec(name, webhook, settings.actions.timeout_s)


def _spec(name: str, webhook: Webhook, timeout_s: float) -> HttpActionSpec:
    headers = {"authorization": f"Bearer {webhook.token.get_secret_value()}"} if webhook.token else {}

    def call(url: str) -> HttpCall:
        body = {"service": "{service}"}
        return HttpCall(method=webhook.method, url=url, headers=headers, body=body, timeout_s=timeout_s)

    return HttpActionSpec(
        name=name,
        services=webhook.services,
        run=call(webhook.url),
        expected=webhook.expected,
        risk=webhook.risk,
        dry_run=call(webhook.dry_run_url) if webhook.dry_run_url else None,
        verify=call(webhook.verify_url) if webhook.verify_url else None,
        undo=call(webhook.undo_url) if webhook.undo_url else None,
        undo_is=_undo_is(webhook),
        secret_path=webhook.secret_path,
    )


def _undo_is(webhook: Webhook) -> str:
    return "a second call takes it back" if webhook.undo_url else "It cannot be taken back."


def runbooks(settings: Settings) -> tuple[Entry, ...]:
    """
    Return a runbook for each webhook that names causes itself.

    Raises: ConfigError: a webhook names no service, or a cause that there is not, or is called as a change of the
        supervisor.
    """
    changes = {change.name for change in CHANGES} if settings.actions.supervisor is not None else set()
    for name, webhook in settings.actions.webhooks.items():
        if name in changes:
            raise ConfigError(f"actions.webhooks.{name}: the supervisor has a change of that name: call it otherwise")
        if not any(pattern.strip() for pattern in webhook.services):
            raise ConfigError(
                f"actions.webhooks.{name}.services: must name the services that it changes, by name or pattern"
            )
    return tuple(
        Entry(runbook=_runbook(name, webhook), origin="settings")
        for name, webhook in settings.actions.webhooks.items()
        if webhook.causes
    )


def _runbook(name: str, webhook: Webhook) -> Runbook:
    causes = tuple(dict.fromkeys(_cause(word, name) for word in webhook.causes))
    return Runbook(
        name=f"webhook-{name}",
        version="settings",
        title=f"Call webhook {name}",
        why="is what the settings name for it",
        expected=webhook.expected,
        undo=_undo_is(webhook),
        risk="medium",
        match=Match(causes=causes, services=webhook.services),
        steps=(Step(action=name),),
    )


def _cause(word: str, webhook: str) -> Cause:
    try:
        return Cause(word)
    except ValueError as error:
        raise ConfigError(f"actions.webhooks.{webhook}.causes: no cause {word!r}; known: {', '.join(Cause)}") from error


def check_calls(settings: Settings) -> None:
    """
    Check every call of every webhook, as `check_spec`, and that none that only asks makes the change of another one.

    Raises: ConfigError.
    """
    hosts = AllowedHosts(settings.actions.allowed_hosts)
    found = tuple(specs(settings))
    for spec in found:
        check_spec(spec, hosts)
    for spec, other in permutations(found, 2):
        for asks, call in (("the dry run", spec.dry_run), ("verify", spec.verify)):
            if call is not None and (changes := changed_by(other, call.method, call.url)):
                raise ConfigError(
                    f"actions.webhooks.{spec.name}: the address of {asks} is that of {changes} of {other.name}: "
                    "it needs its own"
                )


def check_told_apart(settings: Settings, entries: Iterable[Entry]) -> None:
    """
    Check that of any two webhooks that fit the same cause of the same service a runbook says which comes first.

    Two are told apart when their runbooks differ in weight, risk, kinds, series, labels or pre-conditions, or when one
    runbook has both as steps. Whether two patterns can match the same service is worked out for every name there could
    be: services are not all known when Quell starts.

    Raises: ConfigError: it names both, the cause, and a service as an example.
    """
    webhooks = settings.actions.webhooks
    books = [entry.runbook for entry in entries if entry.runbook.enabled]
    using = [(book, step.action) for book in books for step in book.steps if step.action in webhooks]
    ordered = {frozenset(pair) for book in books for pair in combinations([step.action for step in book.steps], 2)}
    known = _known_services(settings)
    for (book, one), (other_book, other) in combinations(using, 2):
        causes = [cause for cause in book.match.causes if cause in other_book.match.causes]
        if one == other or book is other_book or not causes or frozenset((one, other)) in ordered:
            continue
        if _merits(book) != _merits(other_book):
            continue
        patterns = (webhooks[one].services, webhooks[other].services, book.match.services, other_book.match.services)
        service = _service_of_all(patterns, known)
        if service is not None:
            raise ConfigError(
                f"actions.webhooks.{one} and actions.webhooks.{other} both fit {causes[0]} of service {service!r}, and "
                "nothing tells them apart: give each its own services or causes, or write a runbook that prefers one"
            )


def _merits(book: Runbook) -> tuple[object, ...]:
    """Return all by which a runbook is preferred to another, but for the record."""
    score = score_of(book, 1.0, TrackRecord(helped=0, tried=0))
    return round(score.total, 9), book.match.kinds, book.match.series, sorted(book.match.labels.items()), book.when


def _service_of_all(sets: Sequence[Sequence[str]], known: Sequence[str]) -> str | None:
    """Return a service that each set of patterns matches, a known one if there is one; an empty set matches any."""
    sets = [patterns for patterns in sets if patterns and ANY not in patterns] or [(ANY,)]
    found = next((name for name in known if all(matches_any(name, patterns) for patterns in sets)), None)
    if found is not None:
        return found
    chosen: list[tuple[str, ...]] = [()]
    for patterns in sets:
        chosen = [
            (*so_far, pattern) for so_far in chosen for pattern in dict.fromkeys(patterns) if _meet(*so_far, pattern)
        ]
    return common_name(chosen[0]) if chosen else None


def _meet(*patterns: str) -> bool:
    return common_name(tuple(dict.fromkeys(patterns))) is not None


def _known_services(settings: Settings) -> tuple[str, ...]:
    """Return the services that the settings name."""
    evidence = settings.evidence
    return tuple(
        dict.fromkeys(
            [
                *(target.service for target in evidence.targets),
                *(service for edge in evidence.edges for service in edge),
            ]
        )
    )
