"""Webhooks of the settings: the actions and runbooks that they are, and what is refused because it could go astray."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations, permutations

from quell.actions.catalog import score_of
from quell.actions.hosts import AllowedHosts
from quell.actions.http import HttpActionSpec, HttpCall, changed_by, check_spec
from quell.actions.patterns import common_name, matches_any
from quell.actions.process import CHANGES
from quell.actions.runbook import Entry, Match, Runbook, Step
from quell.app.combining import all_of
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
    webhooks = settings.actions.webhooks.items()
    entries = all_of(partial(_entry, name, webhook, settings) for name, webhook in webhooks)
    return tuple(one for one in entries if one is not None)


def _entry(name: str, webhook: Webhook, settings: Settings) -> Entry | None:
    """Return the runbook of a webhook, or None when it names no cause. Raises: ConfigError, as `runbooks`."""
    if settings.actions.supervisor is not None and name in {change.name for change in CHANGES}:
        raise ConfigError(f"actions.webhooks.{name}: the supervisor has a change of that name: call it otherwise")
    if not webhook.services:
        raise ConfigError(
            f"actions.webhooks.{name}.services: must name the services that it changes, by name or pattern"
        )
    return Entry(runbook=_runbook(name, webhook), origin="settings") if webhook.causes else None


def _runbook(name: str, webhook: Webhook) -> Runbook:
    causes = tuple(dict.fromkeys(all_of(partial(_cause, word, name) for word in webhook.causes)))
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
    all_of(check for _, check in _checks_of_calls(settings))


def _checks_of_calls(settings: Settings) -> Iterator[tuple[tuple[str, ...], Callable[[], None]]]:
    """Yield each check of calls with the webhooks that it is about."""
    hosts = AllowedHosts(settings.actions.allowed_hosts)
    found = tuple(specs(settings))
    for spec in found:
        yield (spec.name,), partial(check_spec, spec, hosts)
    for spec, other in permutations(found, 2):
        yield (spec.name, other.name), partial(_check_apart, spec, other)


def faults_by_webhook(settings: Settings, entries: Iterable[Entry] | None) -> dict[str, list[str]]:
    """
    Return what `runbooks`, `check_calls` and `check_told_apart` refuse, by the webhooks that it is about.

    Args:
        entries: all runbooks, those of webhooks too; None where they are not known, and nothing is said of them.
    """
    found: dict[str, list[str]] = {name: [] for name in settings.actions.webhooks}
    checks: list[tuple[tuple[str, ...], Callable[[], object]]] = [
        *(((name,), partial(_entry, name, one, settings)) for name, one in settings.actions.webhooks.items()),
        *_checks_of_calls(settings),
    ]
    for names, check in checks:
        try:
            check()
        except ConfigError as error:
            for name in names:
                found[name] += error.faults
    for names, fault in _clashes(settings, entries) if entries is not None else ():
        for name in names:
            found[name].append(fault)
    return found


def _check_apart(spec: HttpActionSpec, other: HttpActionSpec) -> None:
    """Check that no call of one webhook that only asks makes the change of another. Raises: ConfigError."""
    for asks, call in (("the dry run", spec.dry_run), ("verify", spec.verify)):
        if call is not None and (changes := changed_by(other, call.method, call.url)):
            raise ConfigError(
                f"actions.webhooks.{spec.name}: the address of {asks} is that of {changes} of {other.name}: "
                "it needs its own"
            )


def check_told_apart(settings: Settings, entries: Iterable[Entry]) -> None:
    """
    Check that each webhook can be called, and that of two that fit the same cause and service one comes first.

    Two are told apart when their runbooks differ in weight, risk, kinds, series, labels or pre-conditions, or when one
    runbook has both as steps. Whether two patterns can match the same service is worked out for every name there could
    be: services are not all known when Quell starts.

    Raises: ConfigError: for each pair that is not, it names both, the cause, and a service as an example.
    """
    faults = [fault for _, fault in _clashes(settings, entries)]
    if faults:
        raise ConfigError(*faults)


def _clashes(settings: Settings, entries: Iterable[Entry]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the webhooks that are not told apart or never called, and what is wrong with them."""
    entries = tuple(entries)
    webhooks = settings.actions.webhooks
    named = {step.action for entry in entries for step in entry.runbook.steps}
    for name, webhook in webhooks.items():
        if not webhook.causes and name not in named:
            yield (
                (name,),
                f"actions.webhooks.{name}.causes: is empty, and no runbook names the webhook, so it would never be "
                "called: name the causes that it mends, or write a runbook that uses it",
            )
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
            yield (
                (one, other),
                f"actions.webhooks.{one} and actions.webhooks.{other} both fit {causes[0]} of service {service!r}, and "
                "nothing tells them apart: give each its own services or causes, or write a runbook that prefers one",
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
