"""The runbooks in use: those that Quell ships, those of the folder that the settings name, and those of webhooks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from quell.actions.process import CHANGES
from quell.actions.runbook import Entry, Runbook
from quell.actions.runbookfiles import Folder, Vocabulary, overlaid, read_folder, refused, shipped
from quell.agents.indicators import KIND_OF
from quell.app import webhooks
from quell.app.combining import all_of
from quell.settings import Settings


def vocabulary(settings: Settings) -> Vocabulary:
    """Return what a runbook may name here; an action may be named where nothing is set up that could carry it out."""
    hooks: dict[str, dict[str, str]] = {name: {} for name in settings.actions.webhooks}
    return Vocabulary(actions={**{change.name: change.takes for change in CHANGES}, **hooks}, series=KIND_OF.keys())


def check(folder: Path, settings: Settings) -> Folder:
    """Return what a folder of runbooks holds. Raises: ConfigError: it cannot be read."""
    return read_folder(folder, vocabulary(settings))


def shelf(settings: Settings) -> tuple[Entry, ...]:
    """
    Return every runbook by name; one of the settings' folder takes the place of a shipped one of its name.

    Raises: ConfigError: it names every file that cannot be used; or a webhook names no service or a cause that there is
        not, or two of them fit the same and nothing tells them apart.
    """
    entries = unchecked(settings)
    webhooks.check_told_apart(settings, entries)
    return entries


def unchecked(settings: Settings) -> tuple[Entry, ...]:
    """Return every runbook by name, whether or not webhooks are told apart. Raises: ConfigError, as `shelf`."""
    words = vocabulary(settings)
    of_webhooks, own = all_of((partial(webhooks.runbooks, settings), partial(_own, settings, words)))
    return overlaid(shipped(words), of_webhooks, own)


def _own(settings: Settings, words: Vocabulary) -> tuple[Entry, ...]:
    """Return the runbooks of the settings' folder. Raises: ConfigError."""
    if settings.actions.runbooks is None:
        return ()
    folder = read_folder(settings.actions.runbooks, words)
    if folder.problems:
        raise refused(folder.problems)
    return folder.entries


def in_use(entries: tuple[Entry, ...]) -> tuple[Runbook, ...]:
    """Return the runbooks that may be chosen."""
    return tuple(entry.runbook for entry in entries if entry.runbook.enabled)
