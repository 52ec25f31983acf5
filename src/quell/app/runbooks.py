"""The runbooks in use: those that Quell ships, those of the folder that the settings name, and those of webhooks."""

from __future__ import annotations

from pathlib import Path

from quell.actions.process import CHANGES
from quell.actions.runbook import Entry, Match, Runbook, Step
from quell.actions.runbookfiles import Folder, Vocabulary, overlaid, read_folder, refused, shipped
from quell.agents.indicators import KIND_OF
from quell.errors import ConfigError
from quell.incident.events import Cause
from quell.settings import Settings


def vocabulary(settings: Settings) -> Vocabulary:
    """Return what a runbook may name here; an action may be named where nothing is set up that could carry it out."""
    webhooks: dict[str, dict[str, str]] = {name: {} for name in settings.actions.webhooks}
    return Vocabulary(actions={**{change.name: change.takes for change in CHANGES}, **webhooks}, series=KIND_OF.keys())


def check(folder: Path, settings: Settings) -> Folder:
    """Return what a folder of runbooks holds. Raises: ConfigError: it cannot be read."""
    return read_folder(folder, vocabulary(settings))


def shelf(settings: Settings) -> tuple[Entry, ...]:
    """
    Return every runbook by name; one of the settings' folder takes the place of a shipped one of its name.

    Raises: ConfigError: it names every file that cannot be used; or a webhook names a cause that there is not.
    """
    words = vocabulary(settings)
    own: tuple[Entry, ...] = ()
    if settings.actions.runbooks is not None:
        folder = read_folder(settings.actions.runbooks, words)
        if folder.problems:
            raise refused(folder.problems)
        own = folder.entries
    return overlaid(shipped(words), _of_webhooks(settings), own)


def in_use(entries: tuple[Entry, ...]) -> tuple[Runbook, ...]:
    """Return the runbooks that may be chosen."""
    return tuple(entry.runbook for entry in entries if entry.runbook.enabled)


def _of_webhooks(settings: Settings) -> tuple[Entry, ...]:
    """Return a runbook for each webhook that names causes itself."""
    return tuple(
        Entry(runbook=_of_webhook(settings, name), origin="settings")
        for name, webhook in settings.actions.webhooks.items()
        if webhook.causes
    )


def _of_webhook(settings: Settings, name: str) -> Runbook:
    webhook = settings.actions.webhooks[name]
    return Runbook(
        name=f"webhook-{name}",
        version="settings",
        title=f"Call webhook {name}",
        why="is what the settings name for it",
        expected=webhook.expected,
        undo="a second call takes it back" if webhook.undo_url else "It cannot be taken back.",
        risk="medium",
        match=Match(causes=tuple(dict.fromkeys(_cause(word, name) for word in webhook.causes))),
        steps=(Step(action=name),),
    )


def _cause(word: str, webhook: str) -> Cause:
    try:
        return Cause(word)
    except ValueError as error:
        raise ConfigError(f"actions.webhooks.{webhook}.causes: no cause {word!r}; known: {', '.join(Cause)}") from error
