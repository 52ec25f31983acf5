"""Releases: each is a file with a service's code, kept in the lab's folder; the next one may differ from it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from quell.errors import ConfigError, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A difference between two releases: `old` occurs exactly once in the code, and becomes `new`."""

    old: str
    new: str


class Releases:
    """The code of every release of every service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, list[str]] = {}

    def publish(self, service: str, module: str, version: str, patch: Patch | None = None) -> None:
        """Write a release's file. Raises: ConfigError: the patch does not fit the code."""
        text = source_of(module)
        if patch is not None:
            if text.count(patch.old) != 1:
                raise ConfigError(f"the change to {module} does not fit its code: {patch.old[:60]!r}")
            text = text.replace(patch.old, patch.new)
        path = self._folder / service / version / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        versions = self._known.setdefault(service, [])
        if version not in versions:
            versions.append(version)

    def file(self, service: str, module: str, version: str) -> Path:
        """Return where a release's code is; raise `NotFound`."""
        if version not in self._known.get(service, ()):
            raise NotFound(f"{service} has no release {version}; there is {', '.join(self._known.get(service, ()))}")
        return self._folder / service / version / f"{module}.py"

    def next_version(self, service: str, rng: random.Random) -> str:
        """Return a version above all there were: the next minor or the next patch."""
        major, minor, patch = max(_parts(self._known[service]))
        return f"{major}.{minor + 1}.0" if rng.random() < 0.5 else f"{major}.{minor}.{patch + 1}"


def source_of(module: str) -> str:
    """Return the code of a service as the package ships it."""
    return (resources.files("quell_lab.shop") / f"{module}.py").read_text("utf-8")


def _parts(versions: Iterable[str]) -> list[tuple[int, int, int]]:
    """Return versions as numbers."""
    parts = []
    for version in versions:
        numbers = [int(number) for number in version.split(".")]
        major, minor, patch = (*numbers, 0, 0, 0)[:3]
        parts.append((major, minor, patch))
    return parts
